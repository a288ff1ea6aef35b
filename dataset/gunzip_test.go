package dataset

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	kgzip "github.com/klauspost/compress/gzip"
)

// gunzipAll reads all, in reads of the sizes that size returns.
func gunzipAll(src io.Reader, size func() int) ([]byte, error) {
	z, err := newGunzip(src)
	if err != nil {
		return nil, err
	}
	var content []byte
	for {
		p := make([]byte, size())
		n, err := z.Read(p)
		content = append(content, p[:n]...)
		if err == io.EOF {
			return content, nil
		}
		if err != nil {
			if _, again := z.Read(p); again != err {
				return nil, fmt.Errorf("an error that does not last: %w, %w", err, again)
			}
			return content, err
		}
	}
}

// checkGunzip compares with the two readers whose place a gunzip takes: it accepts what both accept. They differ in two points:
// compress/gzip overlooks reserved flags, and klauspost's takes a second header that is cut inside a name for the end.
func checkGunzip(t testing.TB, data []byte, size func() int) {
	t.Helper()
	want, wantErr := stdGunzip(data)
	_, strict := klauspostGunzip(data)
	got, err := gunzipAll(bytes.NewReader(data), size)
	switch {
	case (err == nil) != (wantErr == nil && strict == nil):
		t.Fatalf("%x: got %v, want %v and %v", headOf(data), err, wantErr, strict)
	case err == nil && !bytes.Equal(got, want):
		t.Fatalf("%x: got %d bytes that differ from the %d wanted", headOf(data), len(got), len(want))
	case !bytes.HasPrefix(got, want) && !bytes.HasPrefix(want, got):
		t.Fatalf("%x: another content before the error %v", headOf(data), err)
	}
}

func stdGunzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func klauspostGunzip(data []byte) ([]byte, error) {
	z, err := kgzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// member makes a member of a deflate stream, with what a header may have.
func member(stream []byte, content string, flags byte, extra, name, comment string) []byte {
	out := append([]byte("\x1f\x8b\x08"), flags, 1, 2, 3, 4, 0, 255)
	if flags&flagExtra != 0 {
		out = binary.LittleEndian.AppendUint16(out, uint16(len(extra)))
		out = append(out, extra...)
	}
	if flags&flagName != 0 {
		out = append(out, name+"\x00"...)
	}
	if flags&flagComment != 0 {
		out = append(out, comment+"\x00"...)
	}
	if flags&flagSum != 0 {
		out = binary.LittleEndian.AppendUint16(out, uint16(crc32.ChecksumIEEE(out)))
	}
	out = append(out, stream...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(content)))
	return binary.LittleEndian.AppendUint32(out, uint32(len(content)))
}

// packers are all the ways in which the two libraries compress.
func packers() map[string]func(text []byte) []byte {
	out := map[string]func([]byte) []byte{}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		out[fmt.Sprint("compress/flate ", level)] = func(text []byte) []byte {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			w.Write(text[:len(text)/3])
			w.Flush() // an empty stored block
			w.Write(text[len(text)/3:])
			w.Close()
			return member(b.Bytes(), string(text), 0, "", "", "")
		}
	}
	for level := kgzip.StatelessCompression; level <= kgzip.BestCompression; level++ {
		out[fmt.Sprint("klauspost ", level)] = func(text []byte) []byte {
			var b bytes.Buffer
			w, _ := kgzip.NewWriterLevel(&b, level)
			w.Write(text)
			w.Close()
			return b.Bytes()
		}
	}
	return out
}

// packedTexts are of many lengths and kinds: noise, few letters, one letter, repetitions from far and near.
func packedTexts(r *rand.Rand) [][]byte {
	var out [][]byte
	for _, n := range []int{0, 1, 2, 3, 258, 259, 32767, 32768, 32769, 65535, 65536, sumStep - 1, sumStep + 1, 300_000} {
		letters := 1 << r.IntN(9)
		noise, mixed := make([]byte, n), make([]byte, 0, n+400)
		for i := range noise {
			noise[i] = byte(r.IntN(letters))
		}
		for len(mixed) < n {
			if back := 1 + r.IntN(1<<r.IntN(17)); back <= len(mixed) && r.IntN(3) > 0 {
				for range 3 + r.IntN(1<<r.IntN(9)) {
					mixed = append(mixed, mixed[len(mixed)-back])
				}
			} else {
				mixed = append(mixed, byte(r.IntN(letters)))
			}
		}
		out = append(out, noise, mixed[:n])
	}
	return out
}

func TestGunzip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, text := range packedTexts(r) {
		for name, pack := range packers() {
			data := pack(text)
			for _, size := range []func() int{whole, sizes(rand.New(rand.NewPCG(5, 6)))} {
				got, err := gunzipAll(bytes.NewReader(data), size)
				if err != nil || !bytes.Equal(got, text) {
					t.Fatalf("%s: %d bytes become %d: %v", name, len(text), len(got), err)
				}
			}
		}
	}
}

// TestGunzipMembers reads many members at once, which must not refer to each other.
func TestGunzipMembers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var data []byte
	var want []byte
	packs := packers()
	for range 4 {
		for _, text := range packedTexts(r) {
			data = append(data, packs[fmt.Sprint("compress/flate ", r.IntN(10))](text)...)
			want = append(want, text...)
		}
	}
	for round := range uint64(5) {
		for name, src := range map[string]io.Reader{
			"one": bytes.NewReader(data), "halves": iotest.HalfReader(bytes.NewReader(data)),
			"buffered": bufio.NewReaderSize(bytes.NewReader(data), 16), "error with data": iotest.DataErrReader(bytes.NewReader(data)),
		} {
			if got, err := gunzipAll(src, sizes(rand.New(rand.NewPCG(round, 7)))); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	refers := func(near string) []byte {
		var d deflater
		b := d.fixed(1)
		b.text(near)
		b.match(30, len(near)+1) // from the last byte of the member before
		b.text(strings.Repeat("y", 1000))
		b.end()
		return member(d.out, strings.Repeat("x", 30), 0, "", "", "")
	}
	for _, before := range []int{1, 10, maxDistance, 100_000} {
		text := bytes.Repeat([]byte("x"), before)
		for _, near := range []string{"", strings.Repeat("z", 40)} {
			two := append(packs["klauspost 1"](text), refers(near)...)
			for _, size := range []func() int{whole, func() int { return 1 }, func() int { return maxDistance }} {
				if _, err := gunzipAll(bytes.NewReader(two), size); err == nil || !strings.Contains(err.Error(), "before the beginning") {
					t.Errorf("a reference to the member before: %v", err)
				}
			}
		}
	}
}

// smallFiles are small files of all sorts, to be damaged everywhere.
func smallFiles() map[string][]byte {
	var mixed deflater
	mixed.stored(0, "abcd")
	b := mixed.fixed(0)
	b.text("efg")
	b.match(9, 3)
	b.match(4, 11)
	b.end()
	b = mixed.dynamic(1, append(append(make([]int, 'a'), 1, 3, 4, 4), append(make([]int, 256-'e'), 3, 4, 4)...), []int{1, 2, 0, 0, 2})
	b.text("abba")
	b.match(3, 5)
	b.match(4, 1)
	b.end()
	content, _ := io.ReadAll(flate.NewReader(bytes.NewReader(mixed.out)))
	text := strings.Repeat("the quick brown fox jumps over the lazy dog, ", 3) + "and again the dog, the fox, and 0123456789"
	packs := packers()
	out := map[string][]byte{
		"mixed":  member(mixed.out, string(content), 0, "", "", ""),
		"header": member(mixed.out, string(content), flagSum|flagExtra|flagName|flagComment, "extra", "a name", "a comment"),
		"two":    append(member(mixed.out, string(content), flagName, "", "n", ""), member(mixed.out, string(content), flagName|flagSum, "", "m", "")...),
	}
	for _, name := range []string{"compress/flate -2", "compress/flate 0", "compress/flate 9", "klauspost 1"} {
		out[name] = packs[name]([]byte(text))
	}
	return out
}

// TestGunzipDamaged flips each bit, and cuts and lengthens at each place. Nearly all is refused.
func TestGunzipDamaged(t *testing.T) {
	for name, data := range smallFiles() {
		if _, err := gunzipAll(bytes.NewReader(data), whole); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for at := range data {
			for bit := range 8 {
				flipped := bytes.Clone(data)
				flipped[at] ^= 1 << bit
				checkGunzip(t, flipped, smallReads)
			}
			checkGunzip(t, data[:at], smallReads)
			checkInflate(t, data[10:max(10, at)], smallReads)
		}
		for _, tail := range []string{"\x00", "\n", "garbage", "\x1f", "\x1f\x8b\x08", strings.Repeat("\x00", 512)} {
			checkGunzip(t, append(bytes.Clone(data), tail...), smallReads)
		}
	}
}

func smallReads() int { return 1000 }

func TestGunzipHeaders(t *testing.T) {
	stream := []byte{3, 0} // an empty fixed block
	for flags := range 256 {
		if reserved := flags >> 5; reserved&(reserved-1) != 0 {
			continue // one of them at a time
		}
		for _, n := range []int{0, 1, maxName - 1, maxName} {
			name := strings.Repeat("n", n)
			data := member(stream, "", byte(flags), strings.Repeat("x", n), name, name)
			checkGunzip(t, data, smallReads)
			wrong := bytes.Clone(data)
			wrong[len(data)-11]++ // the last byte of the header
			checkGunzip(t, wrong, smallReads)
			if n == 1 {
				for at := range data {
					checkGunzip(t, data[:at], smallReads)
					checkGunzip(t, append(bytes.Clone(data), data[:at]...), smallReads)
				}
			}
		}
	}
}

// TestGunzipErrors looks at the words of errors, and at sources that fail.
func TestGunzipErrors(t *testing.T) {
	text := strings.Repeat("some text, ", 100)
	data := gzipped(t, text)
	change := func(at int) string {
		if at < 0 {
			at += len(data)
		}
		return data[:at] + string([]byte{data[at] ^ 1}) + data[at+1:]
	}
	boom := errors.New("boom")
	for _, c := range []struct {
		name, want string
		src        io.Reader
	}{
		{"cut header", "gzip: the file is cut off", strings.NewReader(data[:9])},
		{"cut", "gzip: the file is cut off", strings.NewReader(data[:len(data)/2])},
		{"cut trailer", "gzip: the file is cut off", strings.NewReader(data[:len(data)-1])},
		{"method", "gzip: a header is damaged, or something else follows the content", strings.NewReader(change(2))},
		{"sum", "gzip: its checksum is wrong", strings.NewReader(change(-5))},
		{"size", "gzip: its checksum is wrong", strings.NewReader(change(-1))},
		{"tail", "gzip: a header is damaged, or something else follows the content", strings.NewReader(data + "something else")},
		{"kind", "gzip: damaged before byte 11: no such kind of block", strings.NewReader(data[:10] + "\x07" + data[11:])},
		{"source", "gzip: boom", io.MultiReader(strings.NewReader(data[:len(data)/2]), iotest.ErrReader(boom))},
		{"source after the end", "gzip: boom", io.MultiReader(strings.NewReader(data), iotest.ErrReader(boom))},
		{"source that gives nothing", "gzip: multiple Read calls return no data or error", io.MultiReader(strings.NewReader(data[:20]), idle{})},
	} {
		_, err := gunzipAll(c.src, smallReads)
		if got := fmt.Sprint(unpackError("gzip", err)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// FuzzGunzip reads the input as a file, and, as sums rarely fit what a fuzzer makes up, as a deflate stream.
func FuzzGunzip(f *testing.F) {
	for _, data := range smallFiles() {
		f.Add(data, uint16(1000))
		f.Add(data[10:], uint16(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint16) {
		if len(data) > 8<<10 { // which may become 8 MiB
			t.Skip()
		}
		reads := func() int { return 100 + int(size) } // smaller ones spend all time on remembering what was before
		checkGunzip(t, data, reads)
		checkInflate(t, data, reads)
	})
}

func BenchmarkGunzip(b *testing.B) {
	var text bytes.Buffer
	if _, err := Synth(&text, SynthOptions{Records: 20_000}); err != nil {
		b.Fatal(err)
	}
	data := gzipped(b, text.String())
	chunk := make([]byte, streamChunk)
	for _, c := range []struct {
		name string
		open func(io.Reader) (io.Reader, error)
	}{
		{"ours", func(r io.Reader) (io.Reader, error) { return newGunzip(r) }},
		{"klauspost", func(r io.Reader) (io.Reader, error) { return kgzip.NewReader(r) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				z, err := c.open(strings.NewReader(data))
				for err == nil {
					_, err = io.ReadFull(z, chunk)
				}
				if err != io.EOF && err != io.ErrUnexpectedEOF {
					b.Fatal(err)
				}
			}
		})
	}
}
