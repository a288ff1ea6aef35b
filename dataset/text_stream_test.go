package dataset

import (
	"context"
	"io"
	"strings"
	"testing"
)

// A scan that is given up leaves no goroutine at the file, and does not wait for a pipe that is silent.
func TestStreamGivenUp(t *testing.T) {
	silent, w := io.Pipe()
	defer w.Close()
	for name, stdin := range map[string]io.Reader{
		write(t, "h.jsonl.gz", gzipped(t, history(2000))): nil,
		"-": io.MultiReader(strings.NewReader(history(3*sniffSize/30)), silent),
	} {
		s, err := Open(context.Background(), []string{name}, stdin, Options{Fields: idAndScore})
		if err != nil {
			t.Fatal(err)
		}
		source := s.sources[0].(*textSource)
		source.chunk = 64
		var b Batch
		if err := s.Next(context.Background(), &b); err != nil || b.N == 0 {
			t.Fatalf("%s: %d records, %v", name, b.N, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		select {
		case <-source.lines.gone:
		default:
			if stdin == nil {
				t.Errorf("%s: it is still read", name)
			}
		}
	}
}

// A decoder that panics is a damaged file, and the lines before count.
func TestStreamPanics(t *testing.T) {
	l := startLines(io.MultiReader(strings.NewReader("{}\n{}\n"), panicking{}), nil, 4, maxLine)
	if run := <-l.runs; string(run.data) != "{}\n" || run.err != nil {
		t.Errorf("got %q, %v", run.data, run.err)
	}
	if run := <-l.runs; run.err == nil || run.err.Error() != "damaged data: odd" {
		t.Errorf("got %q, %v", run.data, run.err)
	}
	if run, more := <-l.runs; more {
		t.Errorf("got %q, %v behind the end", run.data, run.err)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("odd") }
