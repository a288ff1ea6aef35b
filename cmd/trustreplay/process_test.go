package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A process is the program as users run it, in a folder of its own.
type process struct {
	dir string
	env []string
}

// start begins a run; stdout and stderr are kept.
func (p process) start(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), p.env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &stdout, &stderr
}

// run runs to the end.
func (p process) run(t *testing.T, args ...string) ran {
	t.Helper()
	cmd, stdout, stderr := p.start(t, args...)
	cmd.Wait()
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// tool runs the program, which must succeed.
func (p process) tool(t *testing.T, args ...string) string {
	t.Helper()
	got := p.run(t, append([]string{"trustreplay-main"}, args...)...)
	if got.code != exitDone {
		t.Fatalf("%q: exit code %d, %s", args, got.code, got.stderr)
	}
	return got.stdout
}

func (p process) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func (p process) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// files returns the names in the folder, hidden ones included.
func (p process) files(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// points is how many moments a signal is sent at.
func points() int {
	switch {
	case *hostileFull:
		return 20
	case testing.Short():
		return 3
	}
	return 8
}

// longRun returns a folder with a history whose conversion takes a while, the arguments of the run, what it writes, and how
// long it takes when nothing ends it.
func longRun(t *testing.T) (p process, args []string, whole string, took time.Duration) {
	p = process{dir: t.TempDir()}
	p.write(t, "h.jsonl", smallHistory(40_000))
	args = []string{"trustreplay-main", "convert", "h.jsonl", "--out", "out.parquet"}
	began := time.Now()
	p.tool(t, args[1:]...)
	return p, args, p.read(t, "out.parquet"), time.Since(began)
}

const before = "what was there before"

// TestSignals ends a run at random points: it is gone within two seconds (five, before the test fails: the machine may be
// busy), with the exit code of the signal, and what was there before is there still. A signal that comes too late finds the
// new file, whole.
func TestSignals(t *testing.T) {
	p, args, whole, took := longRun(t)
	rng := rand.New(rand.NewPCG(6, 1))
	ended, slowest := 0, time.Duration(0)
	for i := range points() {
		sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}[i%2]
		p.write(t, "out.parquet", before)
		wait := time.Duration(rng.Float64() * float64(took))
		cmd, _, stderr := p.start(t, args...)
		time.Sleep(wait)
		cmd.Process.Signal(sig)
		sent := time.Now()
		cmd.Wait()
		late := time.Since(sent)
		if slowest = max(slowest, late); late > 5*time.Second {
			t.Errorf("%v after %v: gone after %v, want at most 2s", sig, wait, late)
		}
		want := before
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		switch {
		case cmd.ProcessState.Success():
			want = whole
		case status.Signaled() && status.Signal() == sig: // before the program had begun, or it was too late for it to tell
			ended++
		default:
			ended++
			if code := cmd.ProcessState.ExitCode(); code != exitSignal+int(sig) || !strings.Contains(stderr.String(), "no file was written") {
				t.Errorf("%v after %v: exit code %d, %q", sig, wait, code, stderr)
			}
		}
		if p.read(t, "out.parquet") != want || p.files(t) != "h.jsonl out.parquet" {
			t.Errorf("%v after %v of %v, exit code %d: files %q, the output is not what it should be", sig, wait, took, cmd.ProcessState.ExitCode(), p.files(t))
		}
	}
	t.Logf("%d points within %v (seed 6, 1): %d runs ended by the signal, the slowest %v later; partial files 0, lost outputs 0", points(), took, ended, slowest)
}

// TestKilled kills a run, which nothing can clean up after: the output is the old or the new one, and what is left beside it
// neither confuses the next run nor is read as a history.
func TestKilled(t *testing.T) {
	p, args, whole, took := longRun(t)
	rng := rand.New(rand.NewPCG(6, 2))
	for range points() {
		p.write(t, "out.parquet", before)
		wait := time.Duration(rng.Float64() * float64(took))
		cmd, _, _ := p.start(t, args...)
		time.Sleep(wait)
		cmd.Process.Kill()
		cmd.Wait()
		if got := p.read(t, "out.parquet"); got != before && got != whole {
			t.Errorf("killed after %v of %v: the output is neither the old nor the new one", wait, took)
		}
	}
	p.tool(t, args[1:]...)
	if p.read(t, "out.parquet") != whole {
		t.Error("the run after it writes another file")
	}
	for _, name := range strings.Fields(p.files(t)) {
		if name != "h.jsonl" && name != "out.parquet" && !strings.HasPrefix(name, ".out.parquet.") {
			t.Errorf("%s is left", name)
		}
	}
	os.Remove(filepath.Join(p.dir, "out.parquet"))
	if out := p.tool(t, "inspect", "."); !strings.Contains(out, "40,000 read") {
		t.Errorf("a folder with what was left is read as another history: %s", out[:200])
	}
}

// TestTwoRunsIntoOneOutput: the last one wins, whole.
func TestTwoRunsIntoOneOutput(t *testing.T) {
	p := process{dir: t.TempDir()}
	p.write(t, "a.jsonl", smallHistory(3000))
	p.write(t, "b.jsonl", smallHistory(4000))
	var whole []string
	for _, name := range []string{"a.jsonl", "b.jsonl"} {
		p.tool(t, "convert", name, "--out", "out.parquet")
		whole = append(whole, p.read(t, "out.parquet"))
	}
	for range points() {
		a, _, _ := p.start(t, "trustreplay-main", "convert", "a.jsonl", "--out", "out.parquet")
		b, _, _ := p.start(t, "trustreplay-main", "convert", "b.jsonl", "--out", "out.parquet")
		a.Wait()
		b.Wait()
		got := p.read(t, "out.parquet")
		if !a.ProcessState.Success() || !b.ProcessState.Success() || got != whole[0] && got != whole[1] || p.files(t) != "a.jsonl b.jsonl out.parquet" {
			t.Fatalf("exit codes %d, %d, files %q, the output is one of the two: %v", a.ProcessState.ExitCode(), b.ProcessState.ExitCode(), p.files(t), got == whole[0] || got == whole[1])
		}
	}
}

// writers are runs that write a file named out.
var writers = [][]string{
	{"convert", "h.jsonl", "--out", "out.parquet"},
	{"replay", "--policy", "guide-session", "h.jsonl", "--decisions", "out.parquet"},
	{"inspect", "h.jsonl", "--format", "json", "--out", "out.parquet"},
	{"synth", "--records", "5000", "--out", "out.parquet"},
}

// checkUnwritten: exit code 2, a message that names the file, the old file and nothing else.
func (p process) checkUnwritten(t *testing.T, got ran, message string) {
	t.Helper()
	if got.code != exitNone || !strings.Contains(got.stderr, "out.parquet: ") || !strings.Contains(got.stderr, message) || strings.Contains(got.stderr, ".tmp") {
		t.Errorf("exit code %d, %q, want a refusal that names the file and says %q", got.code, clipped(got.stderr), message)
	}
	if p.read(t, "out.parquet") != before || p.files(t) != "h.jsonl out.parquet" {
		t.Errorf("files %q, the old one changed: %v", p.files(t), p.read(t, "out.parquet") != before)
	}
}

// TestFileSizeLimit: a file that may not grow is a full disk by another name.
func TestFileSizeLimit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	p := process{dir: t.TempDir()}
	p.write(t, "h.jsonl", smallHistory(20_000))
	for _, args := range writers {
		t.Run(args[0], func(t *testing.T) {
			p.write(t, "out.parquet", before)
			got := p.run(t, append([]string{"sh", "-c", `ulimit -f 4 && exec trustreplay-main "$@"`, "sh"}, args...)...)
			p.checkUnwritten(t, got, "file too large")
		})
	}
}

// TestFullDisk: a file system of 128 KiB, where this machine lets the test mount one.
func TestFullDisk(t *testing.T) {
	p := process{dir: t.TempDir()}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=128k", "none", p.dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here (%v: %s); TestFileSizeLimit and /dev/full say the same", err, bytes.TrimSpace(out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", p.dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	p.write(t, "h.jsonl", smallHistory(500))
	p.write(t, "out.parquet", before)
	fill := filepath.Join(p.dir, "fill")
	f, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	for _, err = f.Write(make([]byte, 4096)); err == nil; _, err = f.Write(make([]byte, 4096)) {
	}
	f.Close()
	for _, args := range writers {
		t.Run(args[0], func(t *testing.T) {
			got := p.run(t, append([]string{"trustreplay-main"}, args...)...)
			if got.code != exitNone || !strings.Contains(got.stderr, "out.parquet: ") || !strings.Contains(got.stderr, "no space left on device") || p.read(t, "out.parquet") != before || p.files(t) != "fill h.jsonl out.parquet" {
				t.Errorf("exit code %d, %q, files %q", got.code, got.stderr, p.files(t))
			}
		})
	}
}

// TestStandardOutput: full, closed, or of a reader that goes away, it takes no file with it.
func TestStandardOutput(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	p := process{dir: t.TempDir()}
	p.write(t, "h.jsonl", smallHistory(2000))
	p.write(t, "out.parquet", before)
	ask := `trustreplay-main replay --policy guide-session --format json --by timestamp h.jsonl --decisions out.parquet`
	for _, c := range []struct {
		name, redirect string
		code           int
		message        string
	}{
		{"full", ">/dev/full", exitNone, "no space left on device"},
		{"out is full", "--out /dev/full", exitNone, "no space left on device"},
		{"the reader goes away", "| true; exit ${PIPESTATUS[0]}", exitSignal + int(syscall.SIGPIPE), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath("bash"); err != nil {
				t.Skip(err)
			}
			got := p.run(t, "bash", "-c", ask+" "+c.redirect)
			if got.code != c.code || !strings.Contains(got.stderr, c.message) || p.read(t, "out.parquet") != before || p.files(t) != "h.jsonl out.parquet" {
				t.Errorf("exit code %d, %q, files %q, want %d", got.code, got.stderr, p.files(t), c.code)
			}
		})
	}
	// Go opens /dev/null in the place of a closed descriptor, so that no file of ours is taken for standard output.
	if got := p.run(t, "bash", "-c", ask+" >&- 2>&-"); got.code != exitDone || !strings.HasPrefix(p.read(t, "out.parquet"), "PAR1") {
		t.Errorf("closed: exit code %d", got.code)
	}
}

// TestOutputsThatAreInputs: neither a link to an input nor another name of it is written over, nor what cannot be.
func TestOutputsThatAreInputs(t *testing.T) {
	p := process{dir: t.TempDir()}
	text := smallHistory(100)
	p.write(t, "h.jsonl", text)
	p.write(t, "policy.yaml", policyHead+policyGate)
	for name, err := range map[string]error{
		"hard.parquet": os.Link(filepath.Join(p.dir, "h.jsonl"), filepath.Join(p.dir, "hard.parquet")),
		"soft.parquet": os.Symlink("h.jsonl", filepath.Join(p.dir, "soft.parquet")),
		"a.parquet":    os.Mkdir(filepath.Join(p.dir, "a.parquet"), 0o777),
	} {
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"convert", "--out"}, {"replay", "--policy", "policy.yaml", "--decisions"}, {"inspect", "--out"}} {
			got := p.run(t, append(append([]string{"trustreplay-main"}, args...), name, "h.jsonl")...)
			if got.code != exitNone || !strings.Contains(got.stderr, name) || p.read(t, "h.jsonl") != text {
				t.Errorf("%s %s: exit code %d, %q", args, name, got.code, got.stderr)
			}
		}
	}
}

// TestReadOnlyOutputs: neither a file that may not be written nor one in a folder that may not be is replaced.
func TestReadOnlyOutputs(t *testing.T) {
	bound := []string{"trustreplay-main"}
	if os.Geteuid() == 0 { // whom permissions do not bind, unless it gives up the right to pass over them
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skipf("root may write anywhere, and there is no setpriv to change that: %v", err)
		}
		bound = []string{"setpriv", "--bounding-set=-all", "--inh-caps=-all", "trustreplay-main"}
	}
	p := process{dir: t.TempDir()}
	p.write(t, "h.jsonl", smallHistory(100))
	p.write(t, "out.parquet", before)
	out := filepath.Join(p.dir, "out.parquet")
	for _, c := range []struct {
		name           string
		file, folder   os.FileMode
		output, refuse string
	}{
		{"file", 0o444, 0o755, "out.parquet", "out.parquet: permission denied"},
		{"file in folder", 0o644, 0o555, "out.parquet", "out.parquet: no file can be made there: permission denied"},
		{"folder", 0o644, 0o555, "new.parquet", "new.parquet: no file can be made there: permission denied"},
	} {
		if err := errors.Join(os.Chmod(out, c.file), os.Chmod(p.dir, c.folder)); err != nil {
			t.Fatal(err)
		}
		for _, args := range writers {
			t.Run(c.name+" "+args[0], func(t *testing.T) {
				got := p.run(t, append(slices.Clone(bound), strings.Split(strings.ReplaceAll(strings.Join(args, " "), "out.parquet", c.output), " ")...)...)
				if got.code != exitNone || !strings.Contains(got.stderr, c.refuse) {
					t.Errorf("exit code %d, %q, want %q", got.code, clipped(got.stderr), c.refuse)
				}
				if p.read(t, "out.parquet") != before || p.files(t) != "h.jsonl out.parquet" {
					t.Errorf("files %q, or the old one changed", p.files(t))
				}
			})
		}
		if err := os.Chmod(p.dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPipesAndFolders as inputs: what can be read is, what cannot be is refused by name.
func TestPipesAndFolders(t *testing.T) {
	p := process{dir: t.TempDir()}
	text := smallHistory(3000)
	p.write(t, "h.jsonl", text)
	for _, content := range []string{text, gzipped(text)} {
		pipe := filepath.Join(p.dir, "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skip(err)
		}
		done := make(chan error, 1)
		go func() { done <- os.WriteFile(pipe, []byte(content), 0o600) }()
		// Nobody has opened it yet, and a second reader would wait for ever: it is refused before it is opened.
		got := p.run(t, "trustreplay-main", "replay", "--policy", "guide-session", "pipe")
		if got.code != exitNone || !strings.Contains(got.stderr, "pipe: a pipe cannot be read twice") {
			t.Errorf("a pipe, to be read twice: exit code %d, %q", got.code, got.stderr)
		}
		if out := p.tool(t, "replay", "--policy", "guide-session", "--maturity", "0", "pipe"); !strings.Contains(out, "3,000 read") {
			t.Errorf("a pipe: %s", out)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		os.Remove(pipe)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"replay", "--policy", ".", "h.jsonl"}, "is a directory"},
		{[]string{"inspect", "--mapping", ".", "h.jsonl"}, "is a directory"},
		{[]string{"inspect", "/dev/null/x"}, "not a directory"},
		{[]string{"inspect", "/dev/zero"}, "/dev/zero: a pipe cannot be read twice"},
		{[]string{"replay", "--policy", "guide-session", "--maturity", "0", "/dev/zero"}, "/dev/zero: not Parquet, JSON lines or CSV"},
		{[]string{"replay", "--policy", "/dev/zero", "h.jsonl"}, "/dev/zero is longer than 2 MiB"},
		{[]string{"inspect", "h.jsonl", "./h.jsonl"}, "named twice"},
	} {
		got := p.run(t, append([]string{"trustreplay-main"}, c.args...)...)
		if got.code != exitNone || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%q: exit code %d, %q, want %q", c.args, got.code, got.stderr, c.want)
		}
	}
}

// TestSurroundings: the bytes do not depend on the time zone, the language or the number of processors.
func TestSurroundings(t *testing.T) {
	p := process{dir: t.TempDir()}
	p.write(t, "h.jsonl", smallHistory(5000))
	p.write(t, "labels.csv", "customer_id,label\nc1,ko\nc2,ok\nc4999,ko\n")
	answers := func(env ...string) string {
		q := process{p.dir, env}
		var out strings.Builder
		for _, args := range [][]string{
			{"inspect", "h.jsonl"}, {"replay", "--policy", "guide-session", "--by", "month", "--format", "json", "h.jsonl", "--decisions", "rows.csv"},
			{"convert", "h.jsonl", "--out", "out.parquet"}, {"compare", "--champion", "guide-session", "--challenger", "guide-onboarding", "h.jsonl"},
		} {
			out.WriteString(q.tool(t, args...))
		}
		return out.String() + p.read(t, "rows.csv") + p.read(t, "out.parquet")
	}
	want := answers()
	for _, env := range [][]string{
		{"TZ=Pacific/Kiritimati"}, {"TZ=America/New_York", "LC_ALL=tr_TR.UTF-8"}, {"TZ=:broken", "LC_ALL=de_DE.UTF-8", "LANG=C"}, {"LC_ALL=C", "GOMAXPROCS=1"},
		{"GOMAXPROCS=7", "NO_COLOR=1", "TERM=xterm"}, {"GOGC=10"},
	} {
		if got := answers(env...); got != want {
			t.Errorf("%v: other bytes: %s", env, firstDifference(want, got))
		}
	}
}

// memoryLimit is the address space that hostile inputs get; memoryPeak is what they may use of it.
const (
	memoryLimit = 2 << 30
	memoryPeak  = 1 << 30
)

// greedy are the inputs that ask for memory: bombs, long lines, what has data for keys, and Parquet files that promise more
// than they hold. Room that is asked for and never touched is no memory in use; only a limit of address space shows it.
func greedy() []hostile {
	small := func(h hostile) bool { return h.make == nil && len(h.data) < 1<<10 }
	modest := func(h hostile) bool { return !greedyName.MatchString(h.name) }
	return slices.Concat(hostileSizes(), slices.DeleteFunc(hostileShapes(), small), slices.DeleteFunc(hostileParquet(), modest))
}

var greedyName = regexp.MustCompile("2-[0-9]+|gib|bomb")

// TestMemory reads what is greedy in an address space of 2 GiB, of which the Go runtime reserves far more than it uses.
func TestMemory(t *testing.T) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip(err)
	}
	var peak int64
	for _, h := range greedy() {
		t.Run(h.name, func(t *testing.T) {
			p := process{dir: t.TempDir()}
			file := h.write(t, p.dir)
			for _, verb := range hostileVerbs {
				limit := memoryLimit
				if strings.HasPrefix(h.name, "bomb-of-records") {
					limit *= 2 // it reserves 2.1 GiB, of which it uses 0.3
				}
				cmd, _, stderr := p.start(t, append([]string{"prlimit", fmt.Sprintf("--as=%d", limit), "trustreplay-main"}, verb.args(file, p.dir)...)...)
				used := watchPeak(cmd)
				code := cmd.ProcessState.ExitCode()
				peak = max(peak, used)
				if code != exitDone && code != exitNone || strings.Contains(stderr.String(), "goroutine ") || used > memoryPeak {
					t.Errorf("%s: exit code %d, %d MiB, %q", verb.name, code, used>>20, clipped(stderr.String()))
				}
			}
		})
	}
	t.Logf("peak %d MiB", peak>>20)
}

// watchPeak waits for a process and returns the most memory that it was seen to use. What the kernel says of it in the end
// includes what this process used when it started the other.
func watchPeak(cmd *exec.Cmd) (most int64) {
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	for {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)); err == nil {
			_, rest, _ := strings.Cut(string(b), "VmHWM:")
			var kib int64
			fmt.Sscan(rest, &kib)
			most = max(most, kib<<10)
		}
		select {
		case <-done:
			return most
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestPipeThatFallsSilent is ended by a signal like any other run: see TestInterrupt. Here its writer goes away instead.
func TestPipeThatFallsSilent(t *testing.T) {
	p := process{dir: t.TempDir()}
	cmd := exec.Command("trustreplay-main", "replay", "--policy", "guide-session", "-")
	cmd.Dir = p.dir
	r, w := io.Pipe()
	cmd.Stdin = r
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, plainRecord+`{"customer_id":"b","session":{"sc`)
	w.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &exit) {
		t.Errorf("exit code %d, %s: the last line is a bad record, not the end of the run", exit.ExitCode(), &stderr)
	}
}
