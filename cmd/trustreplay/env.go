package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// env is what a verb works in: its streams, and the outputs that must not stay behind half-written.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	stalled chan error // told by a watchdog when a read makes no progress

	mu      sync.Mutex
	outputs []*dataset.OutputFile
}

// create starts an output file that abort removes if the run ends before its commit.
func (e *env) create(path string, inputs []string) (*dataset.OutputFile, error) {
	if path == "-" {
		return nil, errors.New("- stands for standard output in --out alone: want the name of a file")
	}
	if err := dataset.SameFile(path, inputs); err != nil {
		return nil, err
	}
	f, err := dataset.CreateFile(path)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.outputs = append(e.outputs, f)
	return f, nil
}

// inputs names every file that a verb was told to read, which none of its outputs may replace.
func inputs(c *cli.Context) []string {
	names := append(c.Args().Slice(), c.String("mapping"), c.String("champion"), c.String("economics"), c.String("accept"), c.String("previous"), c.String("from"))
	if c.Command.Name == "verify" { // calibrate writes a certificate
		names = append(names, c.String("certificate"))
	}
	if name, one := c.Value("policy").(string); one {
		names = append(names, name)
	}
	return slices.Concat(names, c.StringSlice("labels"), c.StringSlice("policy"), c.StringSlice("challenger"), c.StringSlice("mark"), c.StringSlice("baseline"))
}

// abort removes every output that was not committed.
func (e *env) abort() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.outputs {
		f.Abort()
	}
}

// print writes a document in the asked format to --out or stdout.
func (e *env) print(c *cli.Context, doc reports.Document) error {
	var buf bytes.Buffer
	if err := reports.Write(&buf, doc, c.String("format"), e.textOptions(c.String("out"))); err != nil {
		return err
	}
	return e.deliver(c, buf.Bytes())
}

// deliver writes a finished answer to --out or stdout.
func (e *env) deliver(c *cli.Context, answer []byte) error {
	path := c.String("out")
	if path == "" || path == "-" {
		_, err := e.stdout.Write(answer)
		return err
	}
	f, err := e.create(path, inputs(c))
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(answer); err != nil {
		return err
	}
	return f.Commit()
}

// printIllustrated prints a document, with a picture where the format shows one.
func (e *env) printIllustrated(c *cli.Context, doc reports.Document, draw func() reports.Picture) error {
	if c.String("format") == "html" {
		doc = reports.Illustrated(doc, draw())
	}
	return e.print(c, doc)
}

// defaultWidth is the width of text that does not go to a terminal.
const defaultWidth = 100

// textOptions fits text to the terminal that it goes to, and gives it colour only there.
func (e *env) textOptions(path string) reports.TextOptions {
	tty, isFile := e.stdout.(*os.File)
	if path != "" && path != "-" || !isFile || !term.IsTerminal(int(tty.Fd())) {
		return reports.TextOptions{Width: defaultWidth}
	}
	width, _, err := term.GetSize(int(tty.Fd()))
	if err != nil {
		width = defaultWidth
	}
	return reports.TextOptions{Width: width, Color: os.Getenv("NO_COLOR") == ""}
}

// patience is how long a read of files may make no progress before it is given up as spinning.
const patience = 2 * time.Minute

// shortWork is how long a run may take without showing its progress.
const shortWork = 400 * time.Millisecond

// watch looks after a scan until the returned function is called: it shows its progress on a terminal, nothing in a pipe,
// and gives up a read that stands still.
func (e *env) watch(scan *dataset.Scan, what string) (stop func()) {
	var bar *progressbar.ProgressBar // once the work turns out to be long
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(150 * time.Millisecond)
		defer tick.Stop()
		_, total := scan.Progress()
		began := time.Now()
		beats, since := scan.Beats(), began
		for {
			select {
			case <-done:
				if bar != nil {
					bar.Clear()
				}
				return
			case <-tick.C:
				switch n, _ := scan.Progress(); {
				case bar != nil:
					bar.Set64(n)
				case time.Since(began) > shortWork:
					bar = e.bar(scan, what)
				}
				if b := scan.Beats(); b != beats || total == 0 { // a stream may be silent for as long as it likes
					beats, since = b, time.Now()
				} else if time.Since(since) > patience {
					e.stalled <- fmt.Errorf("no progress for %v while %s: an input is damaged in a way that its decoder cannot leave", patience, what)
					return
				}
			}
		}
	}()
	return func() { close(done); <-gone }
}

// bar returns a progress bar with rate and time left, one that draws nothing where standard error is no terminal.
func (e *env) bar(scan *dataset.Scan, what string) *progressbar.ProgressBar {
	_, total := scan.Progress()
	if total == 0 {
		total = -1
	}
	tty, isFile := e.stderr.(*os.File)
	if !isFile || !term.IsTerminal(int(tty.Fd())) {
		return progressbar.DefaultBytesSilent(total)
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(tty), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))
	bar.RenderBlank() // starts its clock: the first rate would be of no time at all
	return bar
}

// workers is how many goroutines read.
func workers(c *cli.Context) (int, error) {
	n := c.Int("workers")
	if n < 0 || n > 1024 {
		return 0, fmt.Errorf("--workers must be 1..1024, or 0 for one per core, got %d", n)
	}
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return n, nil
}

// buffered returns stdin as a stream that can be read twice when the inputs name it: discovery reads it before the scan, and so
// does the search for ages. A pipe by another name would be found empty the second time, or never answer.
func (e *env) buffered(ctx context.Context, inputs []string) (func() io.Reader, error) {
	for _, name := range inputs {
		if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() && !st.IsDir() {
			return nil, fmt.Errorf("%s: a pipe cannot be read twice, as this needs: pass it as -", name)
		}
	}
	for _, name := range inputs {
		if name == "-" {
			data, err := io.ReadAll(e.stdin)
			if err != nil {
				return nil, fmt.Errorf("stdin: %w", err)
			}
			return func() io.Reader { return bytes.NewReader(data) }, ctx.Err()
		}
	}
	return func() io.Reader { return e.stdin }, nil
}

// file writes a file whole or not at all.
func (e *env) file(c *cli.Context, name string, text []byte) error {
	f, err := e.create(name, inputs(c))
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Commit()
}
