package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pageTime is how long a page may take for one thing. It is a bound of hanging, not of slowness.
const pageTime = 2 * time.Minute

// screenshotsEnv names the folder that screenshots go to, for a person to look at.
const screenshotsEnv = "TRUSTREPLAY_SCREENSHOTS"

// A browserPage is one page in the browser, with the network cut. What it does that a file for a locked-down browser must not do
// is a fault, and fails the test at its end: an error on the console, an exception that nobody caught, a violation of the page's own
// content security policy, and a request of anything but files, data and blobs.
type browserPage struct {
	t         *testing.T
	ctx       context.Context
	downloads string // the folder that downloads go to

	mu     sync.Mutex
	faults []string
}

// openPage opens a file in a fresh page, after # the fragment of its address.
func openPage(t *testing.T, path, fragment string) *browserPage {
	t.Helper()
	p := newPage(t)
	t.Cleanup(func() {
		for _, f := range p.found() {
			t.Errorf("the page is at fault: %s", f)
		}
	})
	p.goTo(path, fragment)
	return p
}

// newPage returns an empty page that nobody checks for faults.
func newPage(t *testing.T) *browserPage {
	t.Helper()
	p := &browserPage{t: t, downloads: t.TempDir()}
	ctx, cancel := chromedp.NewContext(theBrowser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p.ctx = ctx
	p.must(chromedp.Listen(ctx, p.watch))
	p.do(
		command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}), command(audits.Enable, cdp.Empty{}),
		command(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}),
		command(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}},
		}),
		// Without this, of several pages one has the focus, and keys go there alone.
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
	)
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, DownloadPath: p.downloads,
	})
	p.must(err)
	p.resize(1280, 900)
	return p
}

// command is an action of a command of the protocol whose result nobody needs.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// watch sees each event of the page in order, and notes the faults.
func (p *browserPage) watch(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			fault = "console error:"
			for _, a := range e.Args {
				fault += " " + string(a.Value) + a.Description
			}
		}
	case *audits.EventIssueAdded: // one that the page itself caught is not on the console
		if i := e.Issue.Details.ContentSecurityPolicyIssueDetails; i != nil {
			fault = fmt.Sprintf("the content security policy does not allow %s %s (%s)", i.ViolatedDirective, i.BlockedURL, i.ContentSecurityPolicyViolationType)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			fault = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if scheme, _, _ := strings.Cut(e.Request.URL, ":"); scheme != "file" && scheme != "data" && scheme != "blob" && scheme != "about" {
			fault = "request of " + e.Request.URL
		}
	}
	if fault != "" {
		p.mu.Lock()
		p.faults = append(p.faults, fault)
		p.mu.Unlock()
	}
}

// found returns the faults so far. A round trip to the page comes first, behind which no fault of before can be.
func (p *browserPage) found() []string {
	evaluate[bool](p, "true")
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// forget drops the faults so far.
func (p *browserPage) forget() {
	p.found()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// goTo loads a file into the page, or only sets the fragment where the page shows that file.
func (p *browserPage) goTo(path, fragment string) {
	p.t.Helper()
	abs, err := filepath.Abs(path)
	p.must(err)
	p.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: abs, Fragment: fragment}).String()))
}

// do performs actions within pageTime.
func (p *browserPage) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	p.must(chromedp.Do(ctx, actions...))
}

func (p *browserPage) within() (context.Context, context.CancelFunc) {
	// The first use of a page's context opens it and binds its life to it, so that must have no end of its own.
	if chromedp.FromContext(p.ctx).Target == nil {
		p.must(chromedp.Do(p.ctx))
	}
	return context.WithTimeout(p.ctx, pageTime)
}

// evaluate returns the value of a JavaScript expression, of a promise that which it comes to.
func evaluate[T any](p *browserPage, expression string) T {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", shortened(expression), err)
	}
	return v
}

// until waits for a JavaScript condition. The library's own Poll compiles text, which a strict page forbids.
func (p *browserPage) until(condition string) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(pageTime); !evaluate[bool](p, "!!("+condition+")"); <-tick.C {
		if time.Now().After(end) {
			p.t.Fatalf("not within %v: %s", pageTime, condition)
		}
	}
}

// text returns the text of the first element that a selector finds, as a reader of the page gets it.
func (p *browserPage) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// center returns the middle of an element in the window, after scrolling to it.
func (p *browserPage) center(selector string) (x, y float64) {
	p.t.Helper()
	at := evaluate[[]float64](p, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q); e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, selector))
	return at[0], at[1]
}

// click presses and releases the mouse over an element: whatever lies on top of it gets the click, as for a hand.
func (p *browserPage) click(selector string) {
	p.t.Helper()
	x, y := p.center(selector)
	p.do(chromedp.MouseClickXY(x, y))
}

// drag moves an element by a way with the mouse pressed, in steps.
func (p *browserPage) drag(selector string, dx, dy float64) {
	p.t.Helper()
	x, y := p.center(selector)
	p.dragFrom(x, y, dx, dy)
}

func (p *browserPage) dragFrom(x, y, dx, dy float64) {
	p.t.Helper()
	const steps = 8
	actions := []chromedp.Action[chromedp.Void]{
		chromedp.MouseEvent(chromedp.MouseMoved, x, y), chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
	}
	for i := 1; i <= steps; i++ {
		f := float64(i) / steps
		actions = append(actions, chromedp.MouseEvent(chromedp.MouseMoved, x+f*dx, y+f*dy, chromedp.ButtonLeft))
	}
	p.do(append(actions, chromedp.MouseEvent(chromedp.MouseReleased, x+dx, y+dy, chromedp.ButtonLeft, chromedp.ClickCount(1)))...)
}

// keys types, such as kb.Tab or "abc".
func (p *browserPage) keys(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// resize sets the size of the window, in CSS pixels.
func (p *browserPage) resize(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

// scheme makes the page light or dark.
func (p *browserPage) scheme(name string) {
	p.t.Helper()
	p.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}))
}

// screenshot writes a picture of the whole page, light or dark, for a person to look at, and returns its path.
func (p *browserPage) screenshot(name, scheme string) string {
	p.t.Helper()
	p.scheme(scheme)
	// Two frames later the page has drawn itself in the new colours.
	evaluate[bool](p, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
	beyond := true
	ctx, cancel := p.within()
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
	p.must(err)
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		dir = p.t.TempDir()
	}
	path := filepath.Join(dir, name+"-"+scheme+".png")
	p.must(os.MkdirAll(dir, 0o755))
	p.must(os.WriteFile(path, shot.Data, 0o644))
	return path
}

// downloaded waits for a file that the page lets one download, and returns what is in it.
func (p *browserPage) downloaded(name string) []byte {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(pageTime); ; <-tick.C {
		// The browser writes to a file of another name and renames it once it is whole.
		if b, err := os.ReadFile(filepath.Join(p.downloads, name)); err == nil {
			return b
		}
		if time.Now().After(end) {
			p.t.Fatalf("no download of %s within %v", name, pageTime)
		}
	}
}

func (p *browserPage) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func shortened(s string) string {
	if len(s) > 300 {
		return s[:300] + "..."
	}
	return s
}
