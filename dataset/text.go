package dataset

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

const (
	// chunkSize is about how much text one unit of a plain file holds: enough that handing out units costs little, and little
	// enough to stay in the second-level cache between reading and parsing.
	chunkSize = 256 << 10
	// streamChunk is the same for a stream, whose runs pass from goroutine to goroutine: each is woken for a run.
	streamChunk = 1 << 20
	// streamAhead is how many runs of a stream may wait to be parsed: enough to even out that some take longer than others.
	streamAhead = 3
	// maxLine is the longest line that is read. Longer ones are issues, found without holding more than this in memory.
	maxLine = 16 << 20
)

// A textSource hands out runs of whole lines of JSON. A plain file is cut by position: each unit reads its own part, the
// lines that begin in it. Anything else is one stream: one goroutine reads it while the others parse what it has read.
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
	stream  io.Reader
	carry   []byte // the beginning of a line whose end has not been read
	ended   bool
	reading bool       // a goroutine is; the three fields above are its own meanwhile
	ahead   []lineRun  // read and not claimed yet
	waiting int        // goroutines that wait for a run
	parsing int        // runs that are claimed and not finished; those that failed stay, and only have the rest read ahead
	turn    *sync.Cond // of the scan's lock: reading has ended

	records atomic.Int64
	mu      sync.Mutex
	free    [][]byte // buffers of finished stream units
	seen    []uint64 // where values were met: see placement.places
}

var _ source = (*textSource)(nil)

// claim is called under the scan's lock.
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

// A lineRun is some whole lines of a stream, or why there are no more.
type lineRun struct {
	data []byte
	err  error
}

// claimStream returns the next run of lines. The goroutine that finds nobody reading the stream does, and goes on for as long as
// others parse what it has read: decompression is one task that cannot be shared, so it must not wait for its turn, and is
// fastest on a core that keeps to it. It is called under the scan's lock, and gives that up while it reads or waits.
func (t *textSource) claimStream() (unit, error) {
	for {
		others := t.waiting > 0 || t.parsing > 0
		switch {
		case !t.reading && !t.ended && (len(t.ahead) == 0 || others && len(t.ahead) < streamAhead):
			t.reading, t.begun = true, true
			t.scan.mu.Unlock()
			var run lineRun
			run.err = guard(func() (err error) {
				run.data, err = t.readRun()
				return err
			})
			t.scan.mu.Lock()
			t.reading, t.ended = false, t.ended || run.err != nil
			t.ahead = append(t.ahead, run)
			t.turn.Broadcast()
		case len(t.ahead) > 0:
			run := t.ahead[0]
			t.ahead = t.ahead[1:]
			if run.err != nil {
				return nil, run.err
			}
			t.parsing++
			return &textUnit{src: t, data: run.data, loaded: true}, nil
		case t.reading:
			t.waiting++
			t.turn.Wait()
			t.waiting--
		default:
			return nil, io.EOF
		}
	}
}

// readRun reads the next run of lines. A line that is too long is a run on its own, without its end.
func (t *textSource) readRun() ([]byte, error) {
	buf := append(t.buffer(), t.carry...)
	for {
		n := len(buf)
		buf = grow(buf, t.chunk)
		k, err := io.ReadFull(t.stream, buf[n:n+t.chunk])
		buf = buf[:n+k]
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			t.ended = true
			t.carry = nil
			if len(buf) == 0 {
				return nil, io.EOF
			}
			return buf, nil
		default:
			t.ended = true
			return nil, err
		}
		if end := bytes.LastIndexByte(buf[n:], '\n'); end >= 0 {
			end += n + 1
			t.carry = append(t.carry[:0], buf[end:]...)
			return buf[:end], nil
		}
		if len(buf) > t.maxLine {
			t.carry = t.carry[:0]
			return buf, t.discardLine()
		}
	}
}

// discardLine reads to the end of a line that is too long to keep, and keeps what follows it.
func (t *textSource) discardLine() error {
	buf := make([]byte, 64<<10)
	for {
		n, err := t.stream.Read(buf)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			t.carry = append(t.carry[:0], buf[end+1:n]...)
			return nil
		}
		switch {
		case err == io.EOF:
			t.ended = true
			return nil
		case err != nil:
			t.ended = true
			return err
		}
	}
}

// buffer returns an empty buffer, one of a finished unit where there is one.
func (t *textSource) buffer() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.free); n > 0 {
		buf := t.free[n-1]
		t.free = t.free[:n-1]
		return buf[:0]
	}
	return nil
}

// recycle takes back the memory of a run of a stream that has been parsed.
func (t *textSource) recycle(data []byte) {
	t.scan.mu.Lock()
	t.parsing--
	t.scan.mu.Unlock()
	t.mu.Lock()
	t.free = append(t.free, data)
	t.mu.Unlock()
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

func (t *textSource) release() error {
	if t.decoder != nil {
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
