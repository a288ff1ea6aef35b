package dataset

import (
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

const (
	// chunkSize is about how much text one unit holds: enough that handing out units costs nothing, little enough to stay in
	// the second-level cache between reading and parsing.
	chunkSize = 256 << 10
	// maxLine is the longest line that is read. Longer ones are issues, found without holding more than this in memory.
	maxLine = 16 << 20
)

// A textSource hands out runs of whole lines of JSON. A plain file is cut by position: each unit reads its own part, the
// lines that begin in it. Anything else is one stream: claim reads the next lines under the scan's lock, while other
// goroutines parse those before.
type textSource struct {
	scan     *Scan
	in       *input
	file     *os.File
	decoder  io.Closer
	fileInfo FileInfo
	hash     hash.Hash // of a stream, nil where not asked for
	chunk    int
	maxLine  int

	// Of a plain file.
	start int64 // where the next unit begins
	size  int64 // of the file when it was opened
	begun bool

	// Of a stream.
	stream io.Reader
	lines  *lineStream // nil until the first claim

	records atomic.Int64
	mu      sync.Mutex
	seen    []uint64 // where values were met: see placement.places
}

var _ source = (*textSource)(nil)

func (t *textSource) claim() (unit, error) {
	if t.stream != nil {
		return t.claimStream()
	}
	if t.start >= t.size {
		return nil, io.EOF
	}
	u := &textUnit{src: t, from: t.start, to: min(t.start+int64(t.chunk), t.size), first: !t.begun}
	t.start, t.begun = u.to, true
	return u, nil
}

// claimStream hands out the next run of lines. The stream is read from the first claim on.
func (t *textSource) claimStream() (unit, error) {
	if t.lines == nil {
		t.begun = true
		t.lines = startLines(t.stream, t.decoder, t.chunk, t.maxLine)
	}
	run, more := <-t.lines.runs
	switch {
	case !more:
		return nil, io.EOF
	case run.err != nil:
		return nil, run.err
	}
	return &textUnit{src: t, data: run.data, loaded: true}, nil
}

// grow makes room for n more bytes, and for the padding behind them.
func grow(buf []byte, n int) []byte {
	if cap(buf)-len(buf) >= n+padding+1 {
		return buf
	}
	bigger := make([]byte, len(buf), 2*len(buf)+n+padding+1)
	copy(bigger, buf)
	return bigger
}

func (t *textSource) info() FileInfo {
	info := t.fileInfo
	info.Records = t.records.Load()
	if t.hash != nil {
		info.SHA256 = hex.EncodeToString(t.hash.Sum(nil))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	info.Columns = foundColumns(t.scan.want, t.seen)
	return info
}

// close releases the file. A file that is not what it was when it was opened is an error.
func (t *textSource) close() error {
	var err error
	if t.begun {
		err = t.in.unchanged()
	}
	return errors.Join(err, t.release())
}

// release frees what was opened. A goroutine that reads a file is gone afterwards; one that waits for a pipe or a terminal may
// wait there as long as the process lives, since nothing can wake it.
func (t *textSource) release() error {
	if t.lines != nil {
		close(t.lines.stop)
		if t.file != nil {
			<-t.lines.gone
		}
	} else if t.decoder != nil {
		t.decoder.Close()
	}
	if pipe, isOurs := t.in.stream.(closing); isOurs {
		return pipe.Close()
	}
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}
