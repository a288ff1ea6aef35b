package dataset

import (
	"bytes"
	"fmt"
	"io"
)

// A textWorker is what one goroutine keeps from unit to unit: the reader with what it has learned, and memory.
type textWorker struct {
	scan  *Scan
	json  *jsonReader
	buf   []byte
	lines []int64
}

func (b *Batch) textWorker(s *Scan) *textWorker {
	if b.text == nil || b.text.scan != s {
		b.text = &textWorker{scan: s, json: newJSONReader(s.want, s.fields, nil), lines: make([]int64, BatchRows)}
	}
	return b.text
}

// A textUnit is a run of lines.
type textUnit struct {
	src      *textSource
	from, to int64 // of a plain file: lines that begin here or behind, and before to
	first    bool  // no line begins before
	data     []byte
	loaded   bool
	pos      int   // in data, of the next line
	lines    int64 // before pos
}

var _ unit = (*textUnit)(nil)

func (u *textUnit) size() int64 { return u.lines }
func (u *textUnit) group() int  { return -1 }

// fill reads the next lines. Blank lines are no records, but they count where an issue names its line.
func (u *textUnit) fill(b *Batch) error {
	w := b.textWorker(u.src.scan)
	if !u.loaded {
		if err := u.load(w); err != nil {
			return err
		}
		u.loaded = true
	}
	rows := u.src.scan.batchRows()
	b.reset(u.src.scan.fields, rows)
	b.Row, b.lines = u.lines, w.lines
	w.json.start(b)
	n := 0
	for n < rows && u.pos < len(u.data) {
		from := u.pos
		to := len(u.data)
		if end := bytes.IndexByte(u.data[from:], '\n'); end >= 0 {
			to = from + end
		}
		u.pos = min(to+1, len(u.data))
		u.lines++
		if blank(u.data[from:to]) {
			continue
		}
		w.lines[n] = u.lines - 1
		if to-from > u.src.maxLine {
			b.reject(n, LineTooLong, "", "")
		} else {
			w.json.padded(b, n, u.data[:cap(u.data)], from, to)
		}
		n++
	}
	w.json.finish(b)
	b.truncate(n)
	if n == 0 {
		u.end(w)
		return io.EOF
	}
	u.src.records.Add(int64(n))
	return nil
}

// blank reports whether a line has nothing but space; most lines are known not to by their first byte.
func blank(line []byte) bool {
	return len(line) == 0 || line[0] <= ' ' && len(bytes.TrimSpace(line)) == 0
}

// end gives back what the unit held.
func (u *textUnit) end(w *textWorker) {
	t := u.src
	if t.stream != nil {
		t.recycle(u.data)
	} else {
		t.scan.done.Add(u.to - u.from)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = w.json.places(t.seen, len(t.scan.fields))
	u.data = nil
}

// load reads the lines that begin in the unit's part of a plain file: from behind the first line end at or before its
// start, to the first line end at or behind its last byte.
func (u *textUnit) load(w *textWorker) error {
	from := u.from
	if !u.first {
		from-- // the line end before the first line may be the byte before
	}
	// Reading from the middle of a page takes the kernel three times as long: measured 500 against 150 ms for 1.47 GB.
	ahead := int(from % 4096)
	from -= int64(ahead)
	part := int(u.to - from)
	want := part + 16<<10 // most lines end soon behind the part
	w.buf = grow(w.buf[:0], want)
	buf, err := u.read(w.buf, from, part, want)
	if err != nil {
		return err
	}
	begin := ahead
	if !u.first {
		end := bytes.IndexByte(buf[ahead:part-1], '\n')
		if end < 0 {
			u.data = nil
			return nil
		}
		begin += end + 1
	}
	last := bytes.LastIndexByte(buf[begin:part-1], '\n') + 1 + begin // where the last line begins
	for scanned := part - 1; ; {
		if end := bytes.IndexByte(buf[scanned:], '\n'); end >= 0 {
			buf = buf[:scanned+end+1]
			break
		}
		scanned = len(buf)
		if from+int64(len(buf)) >= u.src.size || len(buf)-last > u.src.maxLine {
			break
		}
		more := max(64<<10, len(buf))
		buf = grow(buf, more)
		if buf, err = u.read(buf, from, len(buf)+1, len(buf)+more); err != nil {
			return err
		}
	}
	w.buf = buf
	u.data = buf[begin:]
	return nil
}

// read extends buf, which holds the file from position from on, to want bytes, or fewer, but at least need, at its end.
func (u *textUnit) read(buf []byte, from int64, need, want int) ([]byte, error) {
	n := len(buf)
	want = int(min(int64(want), u.src.size-from))
	k, err := u.src.file.ReadAt(buf[n:want], from+int64(n))
	if n+k < need || n+k < want {
		if err == nil || err == io.EOF {
			return nil, errChanged
		}
		return nil, fmt.Errorf("at byte %d: %w", from+int64(n+k), err)
	}
	return buf[:n+k], nil
}
