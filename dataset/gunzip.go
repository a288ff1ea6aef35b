package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

var (
	errGzipChecksum = errors.New("its checksum is wrong")
	errGzipHeader   = errors.New("a header is damaged, or something else follows the content")
)

const (
	// sumStep is how much content is decoded before it is summed up, while the second-level cache still holds it.
	sumStep = 128 << 10
	// smallRead is the largest read that is served from a buffer: for so little it would not pay to remember what was before.
	smallRead = maxDistance - 1
)

// A gunzip reads a gzip file (RFC 1952): the content of its members, one after another. It is as strict as compress/gzip and
// klauspost/compress/gzip together: it checks headers, sums and sizes, and accepts nothing but members up to the end. The
// larger the reads, the faster: see inflater.
type gunzip struct {
	inflater
	err    error
	sum    uint32 // CRC-32 of the member's content so far, or of its header
	size   uint32 // of that content, modulo 2^32
	buffer []byte // content for small reads
	unread []byte // what they have left of it
}

// newGunzip reads the first header.
func newGunzip(r io.Reader) (*gunzip, error) {
	z := &gunzip{inflater: inflater{bitInput: bitInput{source: r}}}
	if err := z.header(); err != nil {
		return nil, err
	}
	return z, nil
}

// Read returns as much as p has room for, unless the content ends. It may use all of p.
func (z *gunzip) Read(p []byte) (int, error) {
	if len(z.unread) == 0 {
		if len(p) > smallRead {
			return z.readInto(p)
		}
		if z.buffer == nil {
			z.buffer = make([]byte, 2*maxDistance)
		}
		n, err := z.readInto(z.buffer)
		if err != nil {
			return 0, err
		}
		z.unread = z.buffer[:n]
	}
	n := copy(p, z.unread)
	z.unread = z.unread[n:]
	return n, nil
}

// readInto returns an error only where there is no content before it.
func (z *gunzip) readInto(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		to, err := z.inflate(p[:min(n+sumStep, len(p))], n)
		z.sum = crc32.Update(z.sum, crc32.IEEETable, p[n:to])
		z.size += uint32(to - n)
		n = to
		if err == io.EOF {
			err = z.nextMember(n)
		}
		z.err = err
	}
	z.leave(p[:n])
	if n > 0 {
		return n, nil
	}
	return 0, z.err
}

// nextMember ends a member, and begins the one whose content begins at out. The error is io.EOF where there is none.
func (z *gunzip) nextMember(out int) error {
	z.align()
	sum, size := z.sum, z.size
	var trailer [8]byte
	if err := z.take8(trailer[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(trailer[:]) != sum || binary.LittleEndian.Uint32(trailer[4:]) != size {
		return errGzipChecksum
	}
	if z.atEnd() {
		return io.EOF
	}
	z.begin(out)
	return z.header()
}

// RFC 1952, 2.3.1.
const (
	methodDeflate = 8

	flagSum      = 1 << 1
	flagExtra    = 1 << 2
	flagName     = 1 << 3
	flagComment  = 1 << 4
	flagReserved = 7 << 5

	maxName = 512 // with the zero behind it, also in compress/gzip
)

// header reads the header of a member.
func (z *gunzip) header() error {
	z.sum, z.size = 0, 0
	var head [10]byte // with time and system, which do not matter
	if err := z.take8(head[:]); err != nil {
		return err
	}
	flags := head[3]
	if !bytes.HasPrefix(head[:], gzipMagic) || head[2] != methodDeflate || flags&flagReserved != 0 {
		return errGzipHeader
	}
	if flags&flagExtra != 0 {
		if err := z.skipExtra(); err != nil {
			return err
		}
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag != 0 {
			if err := z.skipName(); err != nil {
				return err
			}
		}
	}
	if flags&flagSum != 0 {
		sum := uint16(z.sum)
		var want [2]byte
		if err := z.take8(want[:]); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(want[:]) != sum {
			return errGzipHeader
		}
	}
	z.sum = 0
	return nil
}

func (z *gunzip) skipExtra() error {
	var size [2]byte
	if err := z.take8(size[:]); err != nil {
		return err
	}
	return z.take8(make([]byte, binary.LittleEndian.Uint16(size[:])))
}

// skipName skips a text that ends in a zero.
func (z *gunzip) skipName() error {
	var b [1]byte
	for range maxName {
		if err := z.take8(b[:]); err != nil {
			return err
		}
		if b[0] == 0 {
			return nil
		}
	}
	return errGzipHeader
}

// take8 fills p with the next bytes, and adds them to the sum.
func (z *gunzip) take8(p []byte) error {
	for i := range p {
		b, err := z.take(8)
		if err != nil {
			return err
		}
		p[i] = byte(b)
	}
	z.sum = crc32.Update(z.sum, crc32.IEEETable, p)
	return nil
}
