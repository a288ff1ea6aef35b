package reports

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
)

// maxExact is the largest integer up to which a double, which is what a browser counts with, holds every one.
const maxExact = 1 << 53

// packTable writes the columns of a table one behind the other, as varints, and compresses them: first and second as steps, since
// rows are ordered by them, group and label as they are, records less one, and the amount. A column of like numbers compresses to
// little, which rows of unlike ones would not.
func packTable(t *replay.Table) ([]byte, error) {
	var raw []byte
	put := func(v uint32) { raw = binary.AppendUvarint(raw, uint64(v)) }
	var last uint32
	for _, v := range t.First {
		put(v - last)
		last = v
	}
	for i, v := range t.Second {
		if i > 0 && t.First[i] == t.First[i-1] {
			v -= t.Second[i-1]
		}
		put(v)
	}
	for _, v := range t.Group {
		put(v)
	}
	for _, l := range t.Label {
		put(uint32(l))
	}
	for _, n := range t.Records {
		raw = binary.AppendUvarint(raw, uint64(n-1))
	}
	var total int64
	for _, a := range t.Amount {
		if total += a; total > maxExact {
			return nil, fmt.Errorf("the amounts add up to more than %d, beyond which a browser does not count exactly: want a part of the history", int64(maxExact)/100)
		}
		raw = binary.AppendUvarint(raw, uint64(a))
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
