package dataset

import "io"

const (
	inputSize = 256 << 10 // how much compressed data is read at once
	maxTake   = 32        // how many bits take returns at most
)

// A bitInput reads a stream bit by bit, beginning at each byte's lowest (RFC 1951, 3.1.1). It reads ahead.
type bitInput struct {
	source io.Reader
	ended  error  // why the source gives no more
	total  int64  // how many bytes it has given
	buf    []byte // of these the last ones
	pos    int    // where in buf the bytes begin that are not in bits yet
	bits   uint64 // the next nbits bits of the stream, the very next one lowest, and zeros
	nbits  uint   // at most 63
}

// topUp loads bits, so that 56 or more are at hand, or all that are left.
func (in *bitInput) topUp() {
	for in.nbits < 56 && (in.pos < len(in.buf) || in.more()) {
		in.bits |= uint64(in.buf[in.pos]) << in.nbits
		in.pos++
		in.nbits += 8
	}
}

// more reads on, and reports whether there was anything.
func (in *bitInput) more() bool {
	if in.buf == nil {
		in.buf = make([]byte, 0, inputSize)
	}
	n := copy(in.buf, in.buf[in.pos:])
	in.buf, in.pos = in.buf[:n], 0
	for tries := 0; in.ended == nil && tries < 100; tries++ { // as often as bufio tries
		var k int
		k, in.ended = in.source.Read(in.buf[n:cap(in.buf)])
		in.buf = in.buf[:n+k]
		in.total += int64(k)
		if k > 0 {
			return true
		}
	}
	if in.ended == nil {
		in.ended = io.ErrNoProgress
	}
	return false
}

// atEnd reports whether nothing is left.
func (in *bitInput) atEnd() bool {
	in.topUp()
	return in.nbits == 0 && in.ended == io.EOF
}

// cut returns why there are fewer bits than there must be.
func (in *bitInput) cut() error {
	if in.ended == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return in.ended
}

// used returns how many bytes of the source have been used, the one at hand included.
func (in *bitInput) used() int64 {
	return in.total - int64(len(in.buf)-in.pos) - int64(in.nbits/8)
}

func (in *bitInput) drop(n uint) {
	in.bits >>= n
	in.nbits -= n
}

// align goes to the next byte.
func (in *bitInput) align() { in.drop(in.nbits % 8) }

// take returns the next n bits, at most maxTake.
func (in *bitInput) take(n uint) (uint32, error) {
	in.topUp()
	if in.nbits < n {
		return 0, in.cut()
	}
	b := uint32(in.bits & (1<<n - 1))
	in.drop(n)
	return b, nil
}

// symbol returns the entry and the value of the next symbol, looked up by level bits. Zeros stand for bits behind the end: as
// shorter codes come before longer ones, they never make a code look longer than it is.
func (in *bitInput) symbol(table []entry, level int) (entry, int, error) {
	in.topUp()
	e := table[in.bits&(1<<level-1)]
	if e&isPointer != 0 {
		e = table[int(e>>valueShift)+int(in.bits>>level&(1<<e.size()-1))]
	}
	if e.size() > in.nbits {
		return 0, 0, in.cut()
	}
	value := e.value(in.bits)
	in.drop(e.size())
	return e, value, nil
}
