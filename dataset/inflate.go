package dataset

import (
	"fmt"
	"io"
)

// maxDistance is how far back a stream may refer to (RFC 1951, 2).
const maxDistance = 32 << 10

// An inflater decodes deflate streams (RFC 1951) straight into its caller's buffers, one after another. There is no window of
// its own that the text passes through, as in compress/flate: it refers back to what it has written, and remembers only the end
// of what it gave away before.
type inflater struct {
	bitInput
	state  blockState
	final  bool // the block is the stream's last
	stored int  // bytes of a stored block that are still to come

	length, distance int // of a match that is still to be copied

	before  int               // bytes of the stream's content before the output, at most maxDistance; negative where the stream begins inside
	history [maxDistance]byte // what stood before the output

	fixed     bool // the tables are those of fixed blocks
	literals  literalTable
	distances distanceTable
}

type blockState uint8

const (
	betweenBlocks blockState = iota
	inStored
	inCoded
)

// begin makes ready for a stream whose content begins at out.
func (f *inflater) begin(out int) {
	f.state, f.final, f.before = betweenBlocks, false, -out
}

// inflate decodes into p from out on until p is full, and returns how far it is filled. At the end of the stream the error is io.EOF.
// What stands in p before out is what was decoded before.
func (f *inflater) inflate(p []byte, out int) (int, error) {
	var err error
	for out < len(p) && err == nil {
		switch {
		case f.length > 0:
			out, err = f.copyMatch(p, out)
		case f.state == inStored:
			out, err = f.copyStored(p, out)
		case f.state == inCoded:
			out = f.decodeFast(p, out)
			if f.length == 0 {
				out, err = f.decode(p, out)
			}
		case f.final:
			err = io.EOF
		default:
			err = f.openBlock()
		}
	}
	return out, err
}

// leave keeps what the next output may refer to, where p is what has been filled since the last call.
func (f *inflater) leave(p []byte) {
	f.before = min(f.before+len(p), maxDistance)
	if len(p) < maxDistance {
		copy(f.history[:], f.history[len(p):])
	}
	end := p[max(0, len(p)-maxDistance):]
	copy(f.history[maxDistance-len(end):], end)
}

func (f *inflater) damaged(what string) error {
	return fmt.Errorf("damaged before byte %d: %s", f.used(), what)
}

// openBlock reads a block's header (RFC 1951, 3.2.3).
func (f *inflater) openBlock() error {
	header, err := f.take(3)
	if err != nil {
		return err
	}
	f.final = header&1 != 0
	switch header >> 1 {
	case 0:
		return f.openStored()
	case 1:
		f.openFixed()
		return nil
	case 2:
		return f.openDynamic()
	}
	return f.damaged("no such kind of block")
}

// openStored reads the size of a block that is not compressed (3.2.4).
func (f *inflater) openStored() error {
	f.align()
	sizes, err := f.take(32)
	if err != nil {
		return err
	}
	size, complement := uint16(sizes), uint16(sizes>>16)
	if size != ^complement {
		return f.damaged("the size of a stored block is not repeated")
	}
	if f.stored = int(size); size > 0 {
		f.state = inStored
	}
	return nil
}

func (f *inflater) copyStored(p []byte, out int) (int, error) {
	n := 1
	switch {
	case f.nbits > 0: // what has been loaded already
		p[out] = byte(f.bits)
		f.drop(8)
	case f.pos == len(f.buf) && !f.more():
		return out, f.cut()
	default:
		n = copy(p[out:], f.buf[f.pos:min(f.pos+f.stored, len(f.buf))])
		f.pos += n
	}
	if f.stored -= n; f.stored == 0 {
		f.state = betweenBlocks
	}
	return out + n, nil
}

// openFixed makes the codes that RFC 1951, 3.2.6 lays down, unless the last coded block had them too: a stream can be made of
// blocks of ten bits.
func (f *inflater) openFixed() {
	f.state = inCoded
	if f.fixed {
		return
	}
	f.fixed = true
	var lengths [literalSymbols]uint8
	fill(lengths[:144], 8)
	fill(lengths[144:256], 9)
	fill(lengths[256:280], 7)
	fill(lengths[280:], 8)
	buildTable(f.literals[:], literalBits, lengths[:], literalEntries[:])
	fill(lengths[:distanceSymbols], 5)
	buildTable(f.distances[:], distanceBits, lengths[:distanceSymbols], distanceEntries[:])
}

// openDynamic reads the codes of a block that brings its own (3.2.7).
func (f *inflater) openDynamic() error {
	header, err := f.take(14)
	if err != nil {
		return err
	}
	literals, distances, lengths := int(header&31)+257, int(header>>5&31)+1, int(header>>10)+4
	if literals > 286 || distances > 30 {
		return f.damaged("a code for symbols that do not exist")
	}
	var table lengthTable
	if err := f.readLengthCode(&table, lengths); err != nil {
		return err
	}
	var both [literalSymbols + distanceSymbols]uint8 // a repetition may begin in one code and end in the other
	if err := f.readLengths(&table, both[:literals+distances]); err != nil {
		return err
	}
	f.fixed = false
	if !buildTable(f.literals[:], literalBits, both[:literals], literalEntries[:]) ||
		!buildTable(f.distances[:], distanceBits, both[literals:literals+distances], distanceEntries[:]) {
		return f.damaged("a code with too many symbols or too few")
	}
	f.state = inCoded
	return nil
}

// lengthOrder is the order in which the lengths of code lengths' codes come, those that are often 0 last.
var lengthOrder = [lengthSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readLengthCode reads the code in which the lengths of the other two are written.
func (f *inflater) readLengthCode(table *lengthTable, n int) error {
	var lengths [lengthSymbols]uint8
	for _, symbol := range lengthOrder[:n] {
		length, err := f.take(3)
		if err != nil {
			return err
		}
		lengths[symbol] = uint8(length)
	}
	if !buildTable(table[:], lengthBits, lengths[:], lengthEntries[:]) {
		return f.damaged("a code with too many symbols or too few")
	}
	return nil
}

func (f *inflater) readLengths(table *lengthTable, lengths []uint8) error {
	last := -1
	for i := 0; i < len(lengths); {
		e, value, err := f.symbol(table[:], lengthBits)
		if err != nil {
			return err
		}
		if e == 0 {
			return f.damaged("a code that stands for nothing")
		}
		times := 1
		switch {
		case value >= repeatZero:
			last, times = 0, value-repeatZero+3
		case value >= repeatLast:
			times = value - repeatLast + 3
		default:
			last = value
		}
		if last < 0 || times > len(lengths)-i {
			return f.damaged("a repetition of nothing, or of too much")
		}
		for range times {
			lengths[i] = uint8(last)
			i++
		}
	}
	return nil
}
