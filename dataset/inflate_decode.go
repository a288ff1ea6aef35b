package dataset

import "encoding/binary"

const (
	// The fast loop goes round while there are so many bytes of input, for two loads of which each uses up at most seven, and ...
	inputSlack = 2 * 8
	// ... so much room: for a literal and the longest match, which is copied in steps of which the last may go too far.
	outputSlack = 1 + maxLength + copyStep
	maxLength   = 258
	copyStep    = 32
)

// decodeFast decodes while all is common: the ends of input and output are far away, codes fit a table's first level, and matches
// lie inside the output. It leaves anything else, and each error, to decode, which does the same with all care, and to copyMatch.
// Nearly all the time that a gzip file takes is spent here, much of it on branches that cannot be foreseen. So the next symbol
// is looked up before a match is copied: where the copying ends otherwise than expected, the lookup is done already, which
// gains a fifteenth. The rest is libdeflate's design. What was tried and gained nothing: entries of two literals, three
// literals in a row, steps of 16 or 64 bytes, memmove for long matches.
func (f *inflater) decodeFast(p []byte, out int) int {
	if len(f.buf)-f.pos < inputSlack && !f.more() {
		return out
	}
	literals, distances := &f.literals, &f.distances
	buf, pos, stream, nbits := f.buf, f.pos, f.bits, f.nbits
	lastPos, lastOut := len(buf)-inputSlack, len(p)-outputSlack
	if pos > lastPos || out > lastOut {
		return out
	}
	lowest := max(0, -f.before) // where the content begins
	stream, nbits, pos = refill(stream, nbits, buf, pos)
	e := literals[stream&(1<<literalBits-1)]
	for pos <= lastPos && out <= lastOut {
		if e&isLiteral != 0 {
			p[out] = byte(e >> valueShift)
			out++
			stream >>= e & 63
			nbits -= uint(e)
			e = literals[stream&(1<<literalBits-1)]
			if e&isLiteral != 0 {
				p[out] = byte(e >> valueShift)
				out++
				stream >>= e & 63
				nbits -= uint(e)
				stream, nbits, pos = refill(stream, nbits, buf, pos)
				e = literals[stream&(1<<literalBits-1)]
				continue
			}
			stream, nbits, pos = refill(stream, nbits, buf, pos)
		}
		if e&isCopy == 0 {
			break
		}
		behind := stream >> (e & 63)
		d := distances[behind&(1<<distanceBits-1)]
		if d&isCopy == 0 {
			break
		}
		length, distance := e.value(stream), d.value(behind)
		stream = behind >> (d & 63)
		nbits -= uint(e) + uint(d)
		from, to := out-distance, out
		if from < lowest || distance < copyStep/2 {
			f.length, f.distance = length, distance
			break
		}
		stream, nbits, pos = refill(stream, nbits, buf, pos)
		e = literals[stream&(1<<literalBits-1)]
		for out += length; to < out; to, from = to+copyStep, from+copyStep {
			// Each is a load and a store. The second half is read when the first has been written, so that it may repeat it.
			copy(p[to:to+copyStep/2], p[from:from+copyStep/2])
			copy(p[to+copyStep/2:to+copyStep], p[from+copyStep/2:from+copyStep])
		}
	}
	nbits &= 63
	f.pos, f.bits, f.nbits = pos, stream&(1<<nbits-1), nbits
	return out
}

// refill loads bits, so that 56 or more are at hand: a length and a distance take 48 at most. Those above nbits are not counted, but
// are what the next refill puts there again. Only the six lowest bits of nbits count, so that a whole entry can be subtracted.
func refill(stream uint64, nbits uint, buf []byte, pos int) (uint64, uint, int) {
	return stream | binary.LittleEndian.Uint64(buf[pos:])<<(nbits&63), nbits | 56, pos + int(7-nbits>>3&7)
}

// decode decodes one symbol, or a length and a distance, with all care.
func (f *inflater) decode(p []byte, out int) (int, error) {
	e, value, err := f.symbol(f.literals[:], literalBits)
	switch {
	case err != nil:
		return out, err
	case e&isLiteral != 0:
		p[out] = byte(value)
		return out + 1, nil
	case e&isCopy != 0:
		return out, f.decodeDistance(value)
	case value == endOfBlock:
		f.state = betweenBlocks
		return out, nil
	}
	return out, f.damaged("a code that stands for nothing")
}

func (f *inflater) decodeDistance(length int) error {
	e, distance, err := f.symbol(f.distances[:], distanceBits)
	if err != nil {
		return err
	}
	if e&isCopy == 0 {
		return f.damaged("a code that stands for nothing")
	}
	f.length, f.distance = length, distance
	return nil
}

// copyMatch copies as much of the match at hand as p has room for.
func (f *inflater) copyMatch(p []byte, out int) (int, error) {
	if f.distance > f.before+out {
		return out, f.damaged("a reference to before the beginning")
	}
	end := min(out+f.length, len(p))
	f.length -= end - out
	if missing := f.distance - out; missing > 0 {
		out += copy(p[out:end], f.history[maxDistance-missing:])
	}
	for from := out - f.distance; out < end; { // what has been copied once repeats, so that each step can be twice as long
		out += copy(p[out:end], p[from:out])
	}
	return out, nil
}
