package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserEnv says what happens where there is no browser and none can be installed: "required" fails the tests that want one,
// anything else skips them.
const browserEnv = "TRUSTREPLAY_BROWSER"

// startTime is how long a browser may take to be installed and to start: a slow machine with cold disks needs a while.
const startTime = 5 * time.Minute

// theOne is the browser that the tests of this binary share. It starts with the first test that asks for it; each page has a
// context of its own, as a private window has, so that tests do not see each other.
var theOne struct {
	once  sync.Once
	ctx   context.Context
	stop  func()
	cause error // why there is none
}

// testsWithBrowser runs the tests and then ends the browser that they may have started.
type testsWithBrowser struct{ *testing.M }

func (m testsWithBrowser) Run() int {
	code := m.M.Run()
	if theOne.stop != nil {
		theOne.stop()
	}
	return code
}

// theBrowser returns the context of the shared browser, or ends the test where there is none.
func theBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds to start")
	}
	theOne.once.Do(startBrowser)
	if theOne.cause != nil {
		if os.Getenv(browserEnv) == "required" {
			t.Fatalf("%s=required, and there is no browser: %v", browserEnv, theOne.cause)
		}
		t.Skipf("no browser: %v", theOne.cause)
	}
	return theOne.ctx
}

func startBrowser() {
	path, err := findBrowser()
	if err != nil {
		theOne.cause = err
		return
	}
	dir, err := os.MkdirTemp("", "trustreplay-browser-")
	if err != nil {
		theOne.cause = err
		return
	}
	var said bytes.Buffer
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.WSURLReadTimeout(startTime), chromedp.CombinedOutput(&said),
		chromedp.NoSandbox, // the tests may run as root, where the sandbox refuses to
		chromedp.DisableGPU,
		chromedp.Env("HOME="+dir),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), // no name resolves, whatever else may leak
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	// Events of a newer browser that the library cannot read are no fault of a page.
	ctx, _ := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	theOne.stop = func() {
		within, done := context.WithTimeout(ctx, 30*time.Second)
		defer done()
		chromedp.Cancel(within)
		cancel()
		os.RemoveAll(dir)
	}
	// The first call starts the browser and binds its life to the context, so the time is watched from outside.
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	select {
	case err = <-started:
	case <-time.After(startTime):
		err = fmt.Errorf("it did not start within %v", startTime)
	}
	if err != nil {
		theOne.cause = fmt.Errorf("%s: %w\n%s", path, err, said.String())
		return
	}
	theOne.ctx = ctx
}

// browserNames are those of the browsers that the library can drive, as systems call them.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// findBrowser returns the path of a browser, which it installs on a Debian machine where it may.
func findBrowser() (string, error) {
	for _, name := range browserNames {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if err := installBrowser(); err != nil {
		return "", err
	}
	return exec.LookPath("chromium")
}

// installBrowser installs Debian's chromium. It is one of the few things that tests change on a machine, so it is done where
// tests are root alone: in a container, or on a machine that is theirs.
func installBrowser() error {
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return fmt.Errorf("none of %s is installed, and this is no Debian: install one", strings.Join(browserNames, ", "))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("none of %s is installed: as root, apt-get install chromium", strings.Join(browserNames, ", "))
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	// Two test binaries at a time wait for each other.
	const script = "apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=240 update && apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=240 install -y --no-install-recommends chromium"
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", script, err, out)
	}
	return nil
}
