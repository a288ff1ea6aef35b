package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// damageFields are in the files of seedFiles.
var damageFields = []Field{sessionField, timeField, amountField, {LabelField, KindLabel}, {CustomerID, KindText}, {"session.has_ai_agent", KindBool}, {"onboarding", KindState}}

// seedFiles returns small files that together have every encoding, page version and codec.
func seedFiles(tb testing.TB) [][]byte {
	var files [][]byte
	nodes := schema.FieldList{
		intNode(tb, "session_score"),
		leafNode(tb, "timestamp", required, parquet.Types.Int64, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), -1),
		leafNode(tb, "amount", optional, parquet.Types.Double, nil, -1),
		textNode(tb, "label"), textNode(tb, "customer_id"),
		leafNode(tb, "has_ai_agent", optional, parquet.Types.Boolean, nil, -1),
		groupNode(tb, "onboarding", optional, groupNode(tb, "score", optional, intNode(tb, "score"))),
	}
	n := 60
	r := rand.New(rand.NewPCG(3, 4))
	var group []testChunk
	defs := func(highest int16) []int16 {
		d := make([]int16, n)
		for i := range d {
			d[i] = int16(r.IntN(int(highest) + 1))
			if i < 20 {
				d[i] = highest
			}
		}
		return d
	}
	fill := func(highest int16) ([]int16, int) {
		d, k := defs(highest), 0
		for _, l := range d {
			if l == highest {
				k++
			}
		}
		return d, k
	}
	d, k := fill(1)
	scores := make([]int64, k)
	for i := range scores {
		scores[i] = int64(i * 7 % 1001)
	}
	group = append(group, testChunk{scores, d})
	times := make([]int64, n)
	for i := range times {
		times[i] = 1_700_000_000_000_000 + int64(i)*1e9
	}
	group = append(group, testChunk{times, nil})
	d, k = fill(1)
	amounts := make([]float64, k)
	for i := range amounts {
		amounts[i] = float64(i) / 4
	}
	group = append(group, testChunk{amounts, d})
	for _, words := range [][]string{{"ok", "ko"}, {"c1", "c2", "c33", ""}} {
		d, k = fill(1)
		texts := make([]string, k)
		for i := range texts {
			texts[i] = words[r.IntN(len(words))]
		}
		group = append(group, testChunk{texts, d})
	}
	d, k = fill(1)
	flags := make([]bool, k)
	for i := range flags {
		flags[i] = i%5 == 0
	}
	group = append(group, testChunk{flags, d})
	d, k = fill(3)
	group = append(group, testChunk{scores[:min(k, len(scores))], d})
	if k > len(scores) {
		tb.Fatal("too few scores")
	}
	for i, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip, compress.Codecs.Brotli, codecLZ4Raw} {
		opts := []parquet.WriterProperty{parquet.WithCompression(codec), parquet.WithDictionaryDefault(i%3 != 1),
			parquet.WithDataPageVersion([]parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2}[i%2])}
		if i == 4 {
			opts = append(opts, parquet.WithDictionaryDefault(false), parquet.WithEncodingFor("session_score", parquet.Encodings.DeltaBinaryPacked),
				parquet.WithEncodingFor("customer_id", parquet.Encodings.DeltaByteArray), parquet.WithEncodingFor("label", parquet.Encodings.DeltaLengthByteArray))
		}
		files = append(files, writeParquet(tb, nodes, [][]testChunk{group, group}, opts...))
	}
	return files
}

// readDamaged reads a file that may be broken. It returns the records that were read, or the error; a file that claims
// more records than any of the seeds may be given up.
func readDamaged(b []byte) (int64, error) {
	s, err := parquetScan(false, damageFields, memoryInput(b))
	if err != nil {
		return 0, err
	}
	var batch Batch
	for range 1000 {
		if err := s.Next(context.Background(), &batch); err == io.EOF {
			a, err := s.Account()
			return a.Read, err
		} else if err != nil {
			return 0, err
		}
	}
	s.Close()
	return 0, errors.New("too long")
}

// TestParquetTruncated cuts files everywhere: every cut is an error.
func TestParquetTruncated(t *testing.T) {
	for _, b := range seedFiles(t) {
		if n, err := readDamaged(b); n != 120 || err != nil {
			t.Fatalf("whole: %d records, %v", n, err)
		}
		for n := 0; n < len(b); n += 1 + n/50 {
			if _, err := readDamaged(b[:n]); err == nil {
				t.Errorf("%d of %d bytes: no error", n, len(b))
			}
		}
	}
}

// TestParquetFlips flips bytes: the records that a file promises are read, or an error says why not.
func TestParquetFlips(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	flips := 1500
	if testing.Short() {
		flips = 150
	}
	for _, b := range seedFiles(t) {
		for range flips {
			c := append([]byte(nil), b...)
			c[r.IntN(len(c))] ^= byte(1 + r.IntN(255))
			n, err := readDamaged(c)
			if err == nil && n != 120 {
				s, _ := parquetScan(false, nil, memoryInput(c))
				if promised := s.sources[0].info().Records; promised != n {
					t.Fatalf("%d records read, the footer promises %d", n, promised)
				}
			}
		}
	}
}

// TestParquetMessages names the place of each error.
func TestParquetMessages(t *testing.T) {
	typ := testTypes()[0]
	chunk, _ := typ.rows(rand.New(rand.NewPCG(1, 2)), 2000, required)
	node := leafNode(t, "session_score", required, parquet.Types.Int32, nil, -1)
	b := writeParquet(t, schema.FieldList{node}, [][]testChunk{{chunk}}, parquet.WithCompression(compress.Codecs.Snappy))
	s, err := parquetScan(false, []Field{sessionField}, memoryInput(b))
	if err != nil {
		t.Fatal(err)
	}
	p := s.sources[0].(*parquetSource)
	at := p.chunks[0][0]
	for i := at.off + at.size/2; i < at.off+at.size; i++ {
		b[i] = 0xff
	}
	_, err = readDamaged(b)
	if want := `test.parquet: row group 0, column "session_score": page `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s...", err, want)
	}
	if _, err := readDamaged([]byte("PAR1 this is no such file PAR1")); err == nil {
		t.Error("a footer of text: no error")
	}
	if _, err := readDamaged([]byte("customer_id,label\nc1,ko\n")); err == nil || !strings.Contains(err.Error(), "PAR1") {
		t.Errorf("a CSV file: %v", err)
	}
	name := filepath.Join(t.TempDir(), "none.parquet")
	if _, err := parquetScan(false, nil, input{name: name}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestParquetChecksum flips a bit of a page whose header has a checksum.
func TestParquetChecksum(t *testing.T) {
	// V1 page of 4 plain bytes: type 0, sizes 4 and 4, crc, 1 value, PLAIN.
	header := func(crc uint32) []byte {
		b := []byte{0x15, 0x00, 0x15, 0x08, 0x15, 0x08, 0x15}
		b = binary.AppendUvarint(b, uint64(uint32(int32(crc)<<1)^uint32(int32(crc)>>31)))
		return append(b, 0x1c, 0x15, 0x02, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x00, 0x00)
	}
	body := []byte{1, 2, 3, 4}
	for crc, want := range map[uint32]string{0xb63cfbcd: "", 0xb63cfbcc: "its checksum is wrong"} { // crc32(01020304), by zlib
		b := append(header(crc), body...)
		p := pager{r: strings.NewReader(string(b))}
		p.reset(chunkPlace{0, int64(len(b)), compress.Codecs.Uncompressed})
		var pg page
		err := p.next(&pg)
		if got := ""; err != nil {
			got = err.Error()
			if got != want {
				t.Errorf("crc %x: %q, want %q", crc, got, want)
			}
		} else if want != "" {
			t.Errorf("crc %x: no error", crc)
		}
	}
}

// TestFooterLimits: what a footer claims is not believed.
func TestFooterLimits(t *testing.T) {
	deep := []byte{0x29, 0xfc} // field 2: a list of structures, size to follow
	deep = binary.AppendUvarint(deep, 1000)
	for range 1000 {
		deep = append(deep, 0x55, 0x02, 0x00) // num_children 1
	}
	for name, footer := range map[string][]byte{
		"empty":           {},
		"schema too deep": append(deep, 0),
		"schema too wide": {0x29, 0x2c, 0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x00, 0x00}, // two elements, the first of 2^31-1 children
		"list too long":   {0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07},
		"nested lists":    append([]byte{0x19}, strings.Repeat("\x19", 100_000)...),
		"long text":       {0x18, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		if err := checkFooter(footer); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzParquet reads anything without a crash, and never other records than the footer promises. The seeds are large for the
// fuzzer: run it with -fuzzminimizetime 1x.
func FuzzParquet(f *testing.F) {
	for _, b := range seedFiles(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parquetScan(false, damageFields, memoryInput(b))
		if err != nil {
			return
		}
		s.Close()
		if s.sources[0].info().Records > 1<<20 {
			return // a short file may hold billions of equal records; they are only slow
		}
		n, err := readDamaged(b)
		if err == nil && n != s.sources[0].info().Records {
			t.Fatalf("%d records read, the footer promises %d", n, s.sources[0].info().Records)
		}
	})
}
