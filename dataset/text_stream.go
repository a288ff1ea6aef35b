package dataset

import (
	"bytes"
	"io"
)

// streamAhead is how many runs of lines may wait to be parsed: enough to even out that some take longer than others.
const streamAhead = 4

// A lineStream cuts a stream into runs of whole lines, in a goroutine of its own: decompression is one task that cannot be
// shared, so it must never wait for its turn. Reading under the scan's lock instead made the goroutines wake each other
// for every run, which took a third of the time of a .zst on two cores.
type lineStream struct {
	r       io.Reader
	decoder io.Closer // of r, nil where there is nothing to free
	chunk   int
	maxLine int
	carry   []byte // the beginning of a line whose end has not been read
	ended   bool

	runs chan lineRun  // closed at the end
	free chan []byte   // the memory of parsed runs
	stop chan struct{} // closed where nobody wants the rest
	gone chan struct{} // closed when nothing is read any more
}

// A lineRun is some whole lines, or why there are no more.
type lineRun struct {
	data []byte
	err  error
}

// startLines begins to read r. The stream frees the decoder when it has ended or been stopped.
func startLines(r io.Reader, decoder io.Closer, chunk, maxLine int) *lineStream {
	l := &lineStream{r: r, decoder: decoder, chunk: chunk, maxLine: maxLine, runs: make(chan lineRun, streamAhead),
		free: make(chan []byte, 2*streamAhead), stop: make(chan struct{}), gone: make(chan struct{})}
	go l.read()
	return l
}

// read hands out runs until the stream ends, breaks, or is stopped.
func (l *lineStream) read() {
	defer close(l.gone)
	defer close(l.runs)
	if l.decoder != nil {
		defer l.decoder.Close()
	}
	for {
		var run lineRun
		run.err = guard(func() (err error) {
			run.data, err = l.next()
			return err
		})
		if run.err == io.EOF {
			return
		}
		select {
		case l.runs <- run:
		case <-l.stop:
			return
		}
		if run.err != nil {
			return
		}
	}
}

// next reads the next run of lines. A line that is too long is a run on its own, without its end.
func (l *lineStream) next() ([]byte, error) {
	if l.ended {
		return nil, io.EOF
	}
	buf := append(l.buffer(), l.carry...)
	for {
		n := len(buf)
		buf = grow(buf, l.chunk)
		k, err := io.ReadFull(l.r, buf[n:n+l.chunk])
		buf = buf[:n+k]
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			l.ended = true
			if len(buf) == 0 {
				return nil, io.EOF
			}
			return buf, nil
		default:
			return nil, err
		}
		if end := bytes.LastIndexByte(buf[n:], '\n'); end >= 0 {
			end += n + 1
			l.carry = append(l.carry[:0], buf[end:]...)
			return buf[:end], nil
		}
		if len(buf) > l.maxLine {
			l.carry = l.carry[:0]
			return buf, l.discardLine()
		}
	}
}

// discardLine reads to the end of a line that is too long to keep, and keeps what follows it.
func (l *lineStream) discardLine() error {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.r.Read(buf)
		if end := bytes.IndexByte(buf[:n], '\n'); end >= 0 {
			l.carry = append(l.carry[:0], buf[end+1:n]...)
			return nil
		}
		switch {
		case err == io.EOF:
			l.ended = true
			return nil
		case err != nil:
			return err
		}
	}
}

// buffer returns an empty buffer, that of a parsed run where there is one.
func (l *lineStream) buffer() []byte {
	select {
	case buf := <-l.free:
		return buf[:0]
	default:
		return nil
	}
}

// recycle takes back the memory of a run.
func (l *lineStream) recycle(buf []byte) {
	select {
	case l.free <- buf:
	default:
	}
}
