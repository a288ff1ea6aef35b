package dataset

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// The example of the format's document (Encodings.md, BYTE_STREAM_SPLIT): three floats.
func TestUnsplit(t *testing.T) {
	split := []byte{0xAA, 0x00, 0xA3, 0xBB, 0x11, 0xB4, 0xCC, 0x22, 0xC5, 0xDD, 0x33, 0xD6}
	want := []byte{0xAA, 0xBB, 0xCC, 0xDD, 0x00, 0x11, 0x22, 0x33, 0xA3, 0xB4, 0xC5, 0xD6}
	if got, err := unsplit(split, 4); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % X (%v), want % X", got, err, want)
	}
	for _, width := range []int{0, 5, 7} {
		if _, err := unsplit(split, width); err == nil {
			t.Errorf("12 bytes of width %d: no error", width)
		}
	}
}

// TestUnsplitUndoesSplit writes values byte by byte as the format says and reads them back.
func TestUnsplitUndoesSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 16).Draw(t, "width")
		n := rapid.IntRange(0, 50).Draw(t, "values")
		plain := rapid.SliceOfN(rapid.Byte(), n*width, n*width).Draw(t, "plain")
		var split []byte
		for k := range width {
			for i := range n {
				split = append(split, plain[i*width+k])
			}
		}
		if got, err := unsplit(split, width); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got % X (%v), want % X", got, err, plain)
		}
	})
}
