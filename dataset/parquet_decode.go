package dataset

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unsafe"
)

// A hybrid reads Parquet's mix of repeated and bit-packed runs: definition levels, dictionary indices and booleans.
type hybrid struct {
	buf    []byte // not read yet
	width  uint   // bits of one value, 0..32
	repeat int    // values left of a repeated run
	value  uint32 // of that run
	packed int    // values left of a bit-packed run
	bits   []byte // from that run on
	bit    int    // position in bits
}

var (
	errRuns  = errors.New("its runs end before its values do")
	errWidth = errors.New("its bit width is above 32")
	errBits  = errors.New("a repeated value is larger than its bit width allows")
)

func newHybrid(buf []byte, width uint) hybrid { return hybrid{buf: buf, width: width} }

// next reads the header of the next run.
func (h *hybrid) next() error {
	if h.width == 0 { // one possible value: writers leave the runs out
		h.repeat, h.value = 1<<30, 0
		return nil
	}
	for h.repeat == 0 && h.packed == 0 {
		n, size := uint64(0), 1
		if len(h.buf) > 0 && h.buf[0] < 0x80 { // as nearly always
			n = uint64(h.buf[0])
		} else if n, size = binary.Uvarint(h.buf); size <= 0 {
			return errRuns
		}
		h.buf = h.buf[size:]
		if n&1 == 0 {
			if err := h.startRepeat(n >> 1); err != nil {
				return err
			}
			continue
		}
		// The last group of eight may be cut off where its values end.
		h.bits, h.bit = h.buf, 0
		groups := n >> 1
		if groups > 1<<31 || groups*uint64(h.width) >= uint64(len(h.buf)) {
			h.packed = len(h.buf) * 8 / int(h.width)
			h.buf = nil
			if h.packed == 0 {
				return errRuns
			}
			continue
		}
		h.packed = int(groups) * 8
		h.buf = h.buf[int(groups)*int(h.width):] // bits goes on behind the run: unpack loads eight bytes at a time
	}
	return nil
}

func (h *hybrid) startRepeat(n uint64) error {
	size := int(h.width+7) / 8
	if len(h.buf) < size || n > 1<<31 {
		return errRuns
	}
	h.value = 0
	for i := range size {
		h.value |= uint32(h.buf[i]) << (8 * i)
	}
	if uint64(h.value)>>h.width != 0 { // its bytes have room for more than a value has bits
		return errBits
	}
	h.buf, h.repeat = h.buf[size:], int(n)
	return nil
}

// constant takes up to n values that are known to be equal without looking at each; 0 where the next run is packed.
func (h *hybrid) constant(n int) (value uint32, taken int, err error) {
	if h.repeat == 0 && h.packed == 0 {
		if err := h.next(); err != nil {
			return 0, 0, err
		}
	}
	taken = min(n, h.repeat)
	h.repeat -= taken
	return h.value, taken, nil
}

// readRuns fills dst with the next values of h.
func readRuns[T uint8 | uint32](h *hybrid, dst []T) error {
	for len(dst) > 0 {
		v, n, err := h.constant(len(dst))
		if err != nil {
			return err
		}
		fill(dst[:n], T(v))
		dst = dst[n:]
		if n = min(len(dst), h.packed); n > 0 {
			unpack(dst[:n], h.bits, h.bit, h.width)
			h.bit += n * int(h.width)
			h.packed -= n
			dst = dst[n:]
		}
	}
	return nil
}

// readBits is readRuns of values of one bit: the levels of a column that is not nested. It returns how many are set. Nulls come singly, so
// runs are short, and what counts is the cost of one. It may write up to seven bytes behind dst, where its memory reaches that far.
func readBits(h *hybrid, dst []uint8) (set int, err error) {
	for len(dst) > 0 {
		if h.repeat == 0 && h.packed == 0 {
			n, some := h.shortRuns(dst)
			dst, set = dst[n:], set+some
			if len(dst) == 0 {
				break
			}
			if err := h.next(); err != nil {
				return 0, err
			}
		}
		if n := min(len(dst), h.repeat); n > 0 {
			repeatByte(dst[:n], uint8(h.value))
			set += n * int(h.value)
			h.repeat -= n
			dst = dst[n:]
		}
		if n := min(len(dst), h.packed); n > 0 {
			unpackBits(dst[:n], h.bits, h.bit)
			set += count(dst[:n])
			h.bit += n
			h.packed -= n
			dst = dst[n:]
		}
	}
	return set, nil
}

// shortRuns takes the runs of one bit a value that are plainly good, have a header of one byte, and end within dst. It returns how many
// values they have and how many of those are set.
func (h *hybrid) shortRuns(dst []uint8) (taken, set int) {
	buf := h.buf
	for len(buf) >= 2 && buf[0] < 0x80 {
		n := int(buf[0] >> 1)
		if buf[0]&1 == 0 {
			if v := int(buf[1]); v <= 1 && n <= len(dst)-taken {
				repeatByte(dst[taken:taken+n], uint8(v))
				taken, set, buf = taken+n, set+n*v, buf[2:]
				continue
			}
			break
		}
		if n >= len(buf) || 8*n > len(dst)-taken {
			break
		}
		for _, eight := range buf[1 : 1+n] {
			binary.LittleEndian.PutUint64(dst[taken:], toBytes(uint64(eight)))
			taken, set = taken+8, set+bits.OnesCount8(eight)
		}
		buf = buf[1+n:]
	}
	h.buf = buf
	return taken, set
}

// repeatByte is fill in steps of eight, the last of which may go beyond the end.
func repeatByte(dst []uint8, v uint8) {
	word, all := uint64(v)*ones, dst[:min(cap(dst), len(dst)+7)]
	i := 0
	for ; i < len(dst) && i+8 <= len(all); i += 8 {
		binary.LittleEndian.PutUint64(all[i:], word)
	}
	for ; i < len(dst); i++ {
		dst[i] = v
	}
}

// unpack reads values of width bits, least significant bit first, from position bit of src, which must hold them all.
func unpack[T uint8 | uint32](dst []T, src []byte, bit int, width uint) {
	if bytes, small := any(dst).([]uint8); small && width == 1 {
		unpackBits(bytes, src, bit)
		return
	}
	mask := uint64(1)<<width - 1
	// Whole groups of eight start at a byte. Two loads of eight bytes hold one up to 15 bits a value.
	if bit&7 == 0 && width <= 15 {
		w, half := width&63, int(width)*4
		for len(dst) >= 8 && len(src) >= bit>>3+half>>3+8 {
			s := src[bit>>3:]
			lo := binary.LittleEndian.Uint64(s)
			hi := binary.LittleEndian.Uint64(s[half>>3:]) >> (half & 7)
			d := dst[:8]
			d[0], d[4] = T(lo&mask), T(hi&mask)
			lo, hi = lo>>w, hi>>w
			d[1], d[5] = T(lo&mask), T(hi&mask)
			lo, hi = lo>>w, hi>>w
			d[2], d[6] = T(lo&mask), T(hi&mask)
			lo, hi = lo>>w, hi>>w
			d[3], d[7] = T(lo&mask), T(hi&mask)
			dst = dst[8:]
			bit += 8 * int(w)
		}
	}
	for i := range dst {
		dst[i] = T(load(src, bit>>3) >> (bit & 7) & mask)
		bit += int(width)
	}
}

// unpackBits is unpack for a width of one.
func unpackBits(dst []uint8, src []byte, bit int) {
	for len(dst) >= 8 {
		eight := load(src, bit>>3) >> (bit & 7) & 0xff
		binary.LittleEndian.PutUint64(dst, toBytes(eight))
		dst = dst[8:]
		bit += 8
	}
	for i := range dst {
		dst[i] = uint8(load(src, bit>>3) >> (bit & 7) & 1)
		bit++
	}
}

// toBytes makes a byte of 0 or 1 of each of eight bits, the lowest first.
func toBytes(eight uint64) uint64 {
	// Bit k of the eight is kept in byte k of the product alone, and adding 0x7f moves it to the top of that byte.
	return (eight*ones&0x8040201008040201 + 0x7f*ones) >> 7 & ones
}

// toBits is the reverse of toBytes.
func toBits(bytes uint64) uint64 { return bytes * 0x0102040810204080 >> 56 }

// spreadBits puts packed bits, from position bit of src on, into the rows that are present (1, else 0), all where present is nil: no for a
// bit of 0, the number behind it for 1. The other rows get 0. It does what unpackBits, a conversion and spread do, for eight rows at once.
func spreadBits(dst, present []uint8, src []byte, bit int, no uint8) {
	for ; len(dst) >= 8; dst = dst[8:] {
		there, levels := uint64(ones), uint64(0xff)
		if present != nil {
			there = binary.LittleEndian.Uint64(present)
			levels = toBits(there)
			present = present[8:]
		}
		v := load(src, bit>>3) >> (bit & 7)
		low, high := levels&15, levels>>4
		v = uint64(deposits[low][v&15]) | uint64(deposits[high][v>>bits.OnesCount64(low)&15])<<4
		binary.LittleEndian.PutUint64(dst, there*uint64(no)+toBytes(v))
		bit += bits.OnesCount64(levels)
	}
	for i := range dst {
		if present != nil && present[i] == 0 {
			dst[i] = 0
			continue
		}
		dst[i] = no + uint8(load(src, bit>>3)>>(bit&7)&1)
		bit++
	}
}

// deposits tell where the lowest bits of a value come to lie in the set bits of a mask: deposits[mask][value].
var deposits = func() (d [16][16]uint8) {
	for mask := range d {
		for value := range d[mask] {
			rest := value
			for at := range 4 {
				if mask>>at&1 == 1 {
					d[mask][value] |= uint8(rest&1) << at
					rest >>= 1
				}
			}
		}
	}
	return d
}()

// load returns the eight bytes of src at i, zeros behind its end.
func load(src []byte, i int) uint64 {
	if len(src) >= i+8 {
		return binary.LittleEndian.Uint64(src[i:])
	}
	var tail [8]byte
	copy(tail[:], src[i:])
	return binary.LittleEndian.Uint64(tail[:])
}

// spread moves the n values at the front of s, one for each row that is present (1, else 0), to their rows, in place, and sets none
// everywhere else. T has one, two, four or eight bytes, and no pointers.
func spread[T any](s []T, n int, present []uint8, none T) {
	p := unsafe.Pointer(&none)
	switch unsafe.Sizeof(none) {
	case 1:
		spreadWords(wordsOf[uint8](s), n, present, *(*uint8)(p))
	case 2:
		spreadWords(wordsOf[uint16](s), n, present, *(*uint16)(p))
	case 4:
		spreadWords(wordsOf[uint32](s), n, present, *(*uint32)(p))
	default:
		spreadWords(wordsOf[uint64](s), n, present, *(*uint64)(p))
	}
}

// wordsOf returns the memory of s as unsigned integers of the same size.
func wordsOf[W, T any](s []T) []W {
	return unsafe.Slice((*W)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// spreadWords is spread of integers. Which rows are null cannot be predicted, so there is no branch on one; that eight rows have no
// null among them can be.
func spreadWords[W uint8 | uint16 | uint32 | uint64](s []W, n int, present []uint8, none W) {
	i, j := len(present)-1, n-1
	for i > j { // where i == j the rest stands where it belongs
		if j >= 7 && binary.LittleEndian.Uint64(present[i-7:]) == ones {
			copy(s[i-7:i+1], s[j-7:j+1])
			i, j = i-8, j-8
			continue
		}
		for stop := max(i-8, j); i > stop; i-- {
			p := W(present[i])
			s[i] = none ^ (s[max(j, 0)]^none)&-p
			j -= int(p)
		}
	}
}

// presence sets present to 1 for each level that is the highest and to 0 for the others, and returns how many are.
func presence(present, levels []uint8, highest uint8) int {
	n := 0
	for i, l := range levels {
		p := uint8(0)
		if l == highest {
			p = 1
		}
		present[i] = p
		n += int(p)
	}
	return n
}

// count adds up bytes of 0 and 1.
func count(present []uint8) int {
	n := 0
	for ; len(present) >= 8; present = present[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(present))
	}
	for _, p := range present {
		n += int(p)
	}
	return n
}
