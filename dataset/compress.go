package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// maxWindow bounds the memory that a zstd frame may ask for. The widest window of zstd --ultra --long is 2 GiB.
const maxWindow = 512 << 20

// decompress recognises a compressed stream by its first bytes and returns its content and what it was compressed with, ""
// where it is not. Members that follow each other are read as one content; anything else behind the last is an error.
func decompress(r *bufio.Reader) (content io.Reader, name string, err error) {
	head, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := newGunzip(r)
		if err != nil {
			return nil, "", unpackError("gzip", err)
		}
		return &namedReader{z, "gzip", nil}, "gzip", nil
	case bytes.Equal(head, zstdMagic), len(head) == 4 && head[0]>>4 == 5 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}):
		// One goroutine: units are handed out while others are parsed, which pipelines without another one.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, "", unpackError("zstd", err)
		}
		return &namedReader{z, "zstd", z.Close}, "zstd", nil
	}
	return r, "", nil
}

// A namedReader says what could not be decompressed.
type namedReader struct {
	r     io.Reader
	name  string
	close func()
}

func (n *namedReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err == nil || err == io.EOF {
		return k, err
	}
	return k, unpackError(n.name, err)
}

// unpackError says in our words what a stream most often suffers from.
func unpackError(name string, err error) error {
	if err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%s: the file is cut off", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Close frees what the decoder holds.
func (n *namedReader) Close() error {
	if n.close != nil {
		n.close()
	}
	return nil
}
