package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/google/go-cmp/cmp"
)

var testCodecs = map[string]compress.Compression{
	"none": compress.Codecs.Uncompressed, "snappy": compress.Codecs.Snappy, "zstd": compress.Codecs.Zstd,
	"gzip": compress.Codecs.Gzip, "brotli": compress.Codecs.Brotli, "lz4_raw": codecLZ4Raw,
}

// A testType is a way to store a field, with random values and what they are to be read as.
type testType struct {
	name    string
	field   Field
	typ     parquet.Type
	logical schema.LogicalType
	length  int
	delta   parquet.Encoding // a delta encoding for the type, or Plain
	values  func(r *rand.Rand, n int) (values any, want []string)
}

// gen makes values with f.
func gen[T any](f func(r *rand.Rand) (T, string)) func(*rand.Rand, int) (any, []string) {
	return func(r *rand.Rand, n int) (any, []string) {
		values, want := make([]T, n), make([]string, n)
		for i := range values {
			values[i], want[i] = f(r)
		}
		return values, want
	}
}

var (
	sessionField = Field{"session", KindState}
	timeField    = Field{Timestamp, KindTime}
	amountField  = Field{Amount, KindAmount}
)

func testTypes() []testType {
	bin, i32, i64 := parquet.Types.ByteArray, parquet.Types.Int32, parquet.Types.Int64
	plain, ints, lengths, strs := parquet.Encodings.Plain, parquet.Encodings.DeltaBinaryPacked, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaByteArray
	text := schema.StringLogicalType{}
	score := func(r *rand.Rand) (int, string) { v := r.IntN(1001); return v, strconv.Itoa(v) }
	seconds := func(r *rand.Rand) int64 { return 1_700_000_000 + r.Int64N(100_000_000) }
	return []testType{
		{"score int32", sessionField, i32, nil, -1, ints, gen(func(r *rand.Rand) (int32, string) { v, s := score(r); return int32(v), s })},
		{"score uint16", sessionField, i32, schema.NewIntLogicalType(16, false), -1, ints, gen(func(r *rand.Rand) (int32, string) { v, s := score(r); return int32(v), s })},
		{"score int64", sessionField, i64, nil, -1, ints, gen(func(r *rand.Rand) (int64, string) { v, s := score(r); return int64(v), s })},
		{"score float", sessionField, parquet.Types.Float, nil, -1, plain, gen(func(r *rand.Rand) (float32, string) { v, s := score(r); return float32(v), s })},
		{"score double", sessionField, parquet.Types.Double, nil, -1, plain, gen(func(r *rand.Rand) (float64, string) { v, s := score(r); return float64(v), s })},
		{"score text", sessionField, bin, text, -1, strs, gen(func(r *rand.Rand) (string, string) { _, s := score(r); return s + []string{"", ".0"}[r.IntN(2)], s })},
		{"cluster", Field{"session.score_cluster", KindCluster}, bin, text, -1, lengths, gen(func(r *rand.Rand) (string, string) {
			c := Clusters[r.IntN(5)]
			return strings.ToUpper(c.String()), c.String()
		})},
		{"label int32", Field{LabelField, KindLabel}, i32, nil, -1, ints, gen(func(r *rand.Rand) (int32, string) {
			v := r.IntN(2)
			return int32(v), []string{"legit", "fraud"}[v]
		})},
		{"label bool", Field{LabelField, KindLabel}, parquet.Types.Boolean, nil, -1, parquet.Encodings.RLE, gen(func(r *rand.Rand) (bool, string) {
			v := r.IntN(2)
			return v == 1, []string{"legit", "fraud"}[v]
		})},
		{"label ko", Field{LabelField, KindLabel}, bin, nil, -1, strs, gen(func(r *rand.Rand) (string, string) {
			v := r.IntN(2)
			return []string{"ok", "ko"}[v], []string{"legit", "fraud"}[v]
		})},
		{"action", Field{ActionField, KindAction}, bin, text, -1, lengths, gen(func(r *rand.Rand) (string, string) {
			a := Actions[r.IntN(5)]
			return a.String(), a.String()
		})},
		{"bool", Field{"session.has_ai_agent", KindBool}, parquet.Types.Boolean, nil, -1, parquet.Encodings.RLE, gen(func(r *rand.Rand) (bool, string) {
			v := r.IntN(100) == 0
			return v, strconv.FormatBool(v)
		})},
		{"time us", timeField, i64, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), -1, ints, gen(func(r *rand.Rand) (int64, string) {
			v := seconds(r)*1e6 + 123
			return v, fmt.Sprint(v)
		})},
		{"time ms", timeField, i64, schema.NewTimestampLogicalType(false, schema.TimeUnitMillis), -1, ints, gen(func(r *rand.Rand) (int64, string) {
			v := seconds(r)*1e3 + 7
			return v, fmt.Sprint(v * 1e3)
		})},
		{"time ns", timeField, i64, schema.NewTimestampLogicalType(true, schema.TimeUnitNanos), -1, ints, gen(func(r *rand.Rand) (int64, string) {
			v := seconds(r)*1e9 + 1999
			return v, fmt.Sprint(v / 1e3)
		})},
		{"time epoch", timeField, i64, nil, -1, ints, gen(func(r *rand.Rand) (int64, string) { v := seconds(r); return v, fmt.Sprint(v * 1e6) })},
		{"time date", timeField, i32, schema.DateLogicalType{}, -1, ints, gen(func(r *rand.Rand) (int32, string) {
			v := r.Int32N(80_000)
			return v, fmt.Sprint(int64(v) * 86400e6)
		})},
		{"time int96", timeField, parquet.Types.Int96, nil, -1, plain, gen(func(r *rand.Rand) (parquet.Int96, string) {
			t := time.Unix(seconds(r), 0).UTC()
			var v parquet.Int96
			day := t.Truncate(24 * time.Hour)
			v.SetNanoSeconds(int64(t.Sub(day)))
			d := uint32(day.Unix()/86400 + 2440588)
			v[8], v[9], v[10], v[11] = byte(d), byte(d>>8), byte(d>>16), byte(d>>24)
			return v, fmt.Sprint(t.UnixMicro())
		})},
		{"time text", timeField, bin, text, -1, strs, gen(func(r *rand.Rand) (string, string) {
			t := time.Unix(seconds(r), 0).UTC()
			return t.Format(time.RFC3339), fmt.Sprint(t.UnixMicro())
		})},
		{"amount double", amountField, parquet.Types.Double, nil, -1, plain, gen(func(r *rand.Rand) (float64, string) {
			v := r.Int64N(1e7)
			return float64(v) / 100, fmt.Sprint(v)
		})},
		{"amount float", amountField, parquet.Types.Float, nil, -1, plain, gen(func(r *rand.Rand) (float32, string) {
			v := r.Int64N(1e5)
			return float32(v) / 100, fmt.Sprint(v)
		})},
		{"amount int64", amountField, i64, nil, -1, ints, gen(func(r *rand.Rand) (int64, string) { v := r.Int64N(1e7); return v, fmt.Sprint(v * 100) })},
		{"amount decimal(9,2)", amountField, i32, schema.NewDecimalLogicalType(9, 2), -1, ints, gen(func(r *rand.Rand) (int32, string) { v := r.Int32N(1e9); return v, fmt.Sprint(v) })},
		{"amount decimal(18,2)", amountField, i64, schema.NewDecimalLogicalType(18, 2), -1, ints, gen(func(r *rand.Rand) (int64, string) { v := r.Int64N(1e13); return v, fmt.Sprint(v) })},
		{"amount decimal(18,4)", amountField, i64, schema.NewDecimalLogicalType(18, 4), -1, ints, gen(func(r *rand.Rand) (int64, string) { v := r.Int64N(1e9); return v * 100, fmt.Sprint(v) })},
		{"amount decimal bytes", amountField, parquet.Types.FixedLenByteArray, schema.NewDecimalLogicalType(9, 2), 4, plain, gen(func(r *rand.Rand) (parquet.FixedLenByteArray, string) {
			v := r.Int32N(1e9)
			return parquet.FixedLenByteArray{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}, fmt.Sprint(v)
		})},
		{"amount text", amountField, bin, text, -1, lengths, gen(func(r *rand.Rand) (string, string) {
			v := r.Int64N(1e7)
			return fmt.Sprintf("%d.%02d", v/100, v%100), fmt.Sprint(v)
		})},
		{"number double", Field{"x", KindNumber}, parquet.Types.Double, nil, -1, plain, gen(func(r *rand.Rand) (float64, string) {
			v := r.NormFloat64()
			return v, strconv.FormatFloat(v, 'g', -1, 64)
		})},
		{"number int32", Field{"x", KindNumber}, i32, nil, -1, ints, gen(func(r *rand.Rand) (int32, string) {
			v := r.Int32() - 1<<30
			return v, strconv.FormatFloat(float64(v), 'g', -1, 64)
		})},
		{"text", Field{"segment", KindText}, bin, text, -1, strs, gen(func(r *rand.Rand) (string, string) {
			s := strings.Repeat("é", r.IntN(3)) + fmt.Sprint(r.IntN(200))
			return s, s
		})},
		{"codes", Field{"session.reason_codes", KindCodes}, bin, text, -1, lengths, gen(func(r *rand.Rand) (string, string) {
			s := []string{"", "RC001,TC002", fmt.Sprintf("RC%03d", r.IntN(1000))}[r.IntN(3)]
			return s, s
		})},
		{"text int64", Field{"segment", KindText}, i64, nil, -1, ints, gen(func(r *rand.Rand) (int64, string) { v := r.Int64() - 1<<62; return v, fmt.Sprint(v) })},
		{"text bool", Field{"segment", KindText}, parquet.Types.Boolean, nil, -1, plain, gen(func(r *rand.Rand) (bool, string) { v := r.IntN(2) == 0; return v, fmt.Sprint(v) })},
		{"id uuid", Field{CustomerID, KindText}, parquet.Types.FixedLenByteArray, schema.UUIDLogicalType{}, 16, plain, gen(func(r *rand.Rand) (parquet.FixedLenByteArray, string) {
			return parquet.FixedLenByteArray("0123456789abcdef"), "30313233-3435-3637-3839-616263646566"
		})},
		{"status", Field{"session.status", KindStatus}, bin, text, -1, strs, gen(func(r *rand.Rand) (string, string) {
			s := Status(1 + r.IntN(NumStatuses-1))
			return s.String(), s.String()
		})},
	}
}

// column returns where the test types store their field.
func (t testType) column() string {
	if t.field.Kind == KindState {
		return "session_score"
	}
	return strings.ReplaceAll(t.field.Name, ".", "_")
}

// rows makes a chunk of n rows, with nulls if it is optional, and what is to be read.
func (t testType) rows(r *rand.Rand, n int, rep parquet.Repetition) (testChunk, []string) {
	want := make([]string, n)
	if t.field.Kind == KindState {
		for i := range want {
			want[i] = "absent"
		}
	}
	var c testChunk
	present := make([]int, 0, n)
	nullShare := r.Float64()
	for run, i := 0, 0; i < n; i++ {
		def := int16(1)
		if rep == optional {
			// Runs of equal levels and single ones.
			if run--; run < 0 && r.IntN(50) == 0 {
				run = r.IntN(3000)
			}
			if run < 0 && r.Float64() < nullShare || run > 0 && run&1024 != 0 {
				def = 0
			}
			c.defs = append(c.defs, def)
		}
		if def == 1 {
			present = append(present, i)
		}
	}
	values, texts := t.values(r, len(present))
	c.values = values
	for k, i := range present {
		want[i] = texts[k]
	}
	return c, want
}

// TestParquetTypes reads every type in every encoding, page version and nullability, with our decoder and with arrow's, and
// compares both with what was written.
func TestParquetTypes(t *testing.T) {
	codecs := []string{"none", "snappy", "zstd", "gzip", "brotli", "lz4_raw"}
	n := 0
	for _, typ := range testTypes() {
		for _, enc := range []string{"dict", "plain", "delta"} {
			for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
				for _, rep := range []parquet.Repetition{optional, required} {
					if enc == "delta" && typ.delta == parquet.Encodings.Plain || enc == "dict" && typ.typ == parquet.Types.Boolean {
						continue
					}
					codec := codecs[n%len(codecs)]
					n++
					if testing.Short() && n%7 != 0 { // 7 shares no factor with the loops, so each of their values stays
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/v%d/%s/%s", typ.name, enc, version+1, rep, codec), func(t *testing.T) {
						opts := []parquet.WriterProperty{parquet.WithCompression(testCodecs[codec]), parquet.WithDataPageVersion(version),
							parquet.WithDataPageSize(5000), parquet.WithDictionaryDefault(enc == "dict")}
						if enc == "delta" {
							opts = append(opts, parquet.WithEncoding(typ.delta))
						}
						if enc == "delta" && rep == optional { // arrow's encoder panics on a second page that has nulls only
							opts = append(opts, parquet.WithDataPageSize(1<<24))
						}
						checkType(t, typ, rep, rand.New(rand.NewPCG(1, uint64(n))), opts)
					})
				}
			}
		}
	}
}

func checkType(t *testing.T, typ testType, rep parquet.Repetition, r *rand.Rand, opts []parquet.WriterProperty) {
	t.Helper()
	checkGroups(t, typ, rep, r, opts, 1, BatchRows+700, 0, 1+r.IntN(3000))
}

// checkGroups is checkType of a file with row groups of the given sizes.
func checkGroups(t *testing.T, typ testType, rep parquet.Repetition, r *rand.Rand, opts []parquet.WriterProperty, sizes ...int) {
	t.Helper()
	node := leafNode(t, typ.column(), rep, typ.typ, typ.logical, typ.length)
	var want []string
	var groups [][]testChunk
	for _, n := range sizes {
		c, w := typ.rows(r, n, rep)
		groups = append(groups, []testChunk{c})
		want = append(want, w...)
	}
	b := writeParquet(t, schema.FieldList{node}, groups, opts...)
	for _, slow := range []bool{false, true} {
		s, err := parquetScan(slow, []Field{typ.field}, memoryInput(b))
		if err != nil {
			t.Fatal(err)
		}
		s.ReuseTexts()
		rows, a, err := readParquet(t, s)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(rows))
		for i, row := range rows {
			got[i] = row[0]
		}
		if !slices.Equal(want, got) || a.Rejected > 0 {
			t.Fatalf("slow %v, %d rejected: want -, got +\n%.2000s", slow, a.Rejected, cmp.Diff(want, got))
		}
	}
}

// TestParquetCodecs reads each codec with dictionary and plain pages of both versions.
func TestParquetCodecs(t *testing.T) {
	typ := testTypes()[0]
	for name, codec := range testCodecs {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			for _, dict := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/v%d/dict %v", name, version+1, dict), func(t *testing.T) {
					checkType(t, typ, optional, rand.New(rand.NewPCG(1, 2)), []parquet.WriterProperty{parquet.WithCompression(codec),
						parquet.WithDataPageVersion(version), parquet.WithDictionaryDefault(dict), parquet.WithDataPageSize(3000)})
				})
			}
		}
	}
}

// TestParquetLargeDictionary reads more than 65,536 entries, which some readers keep in 16 bits, and a dictionary that is
// given up in the middle of the chunk.
func TestParquetLargeDictionary(t *testing.T) {
	for _, limit := range []int64{1 << 26, 1 << 18} {
		for _, typ := range []testType{
			{"text", Field{"segment", KindText}, parquet.Types.ByteArray, schema.StringLogicalType{}, -1, 0, func(_ *rand.Rand, n int) (any, []string) {
				v := make([]string, n)
				for i := range v {
					v[i] = fmt.Sprint("s", i)
				}
				return v, v
			}},
			{"number", Field{"x", KindNumber}, parquet.Types.Int64, nil, -1, 0, func(_ *rand.Rand, n int) (any, []string) {
				v, want := make([]int64, n), make([]string, n)
				for i := range v {
					v[i], want[i] = int64(i), strconv.FormatFloat(float64(i), 'g', -1, 64)
				}
				return v, want
			}},
		} {
			r := rand.New(rand.NewPCG(1, 2))
			node := leafNode(t, typ.column(), optional, typ.typ, typ.logical, -1)
			c, want := typ.rows(r, 150_000, optional)
			b := writeParquet(t, schema.FieldList{node}, [][]testChunk{{c}}, parquet.WithDictionaryPageSizeLimit(limit))
			s, err := parquetScan(false, []Field{typ.field}, memoryInput(b))
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := readParquet(t, s)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows {
				if row[0] != want[i] {
					t.Fatalf("%s, limit %d: row %d is %q, want %q", typ.name, limit, i, row[0], want[i])
				}
			}
			if len(rows) != len(want) {
				t.Fatalf("%d rows, want %d", len(rows), len(want))
			}
		}
	}
}

// TestReuseTexts reads texts whose pages are all of one size, so that each takes the memory of an earlier one: with dictionaries, which a
// batch does not give up, without, and with those that are given up in the middle.
func TestReuseTexts(t *testing.T) {
	typ := testType{"text", Field{"segment", KindText}, parquet.Types.ByteArray, schema.StringLogicalType{}, -1, 0, func(r *rand.Rand, n int) (any, []string) {
		v := make([]string, n)
		for i := range v {
			v[i] = fmt.Sprintf("%07d", r.IntN(10_000_000))
		}
		return v, v
	}}
	for _, limit := range []int64{0, 1 << 14, 1 << 26} {
		r := rand.New(rand.NewPCG(1, uint64(limit)))
		opts := []parquet.WriterProperty{parquet.WithDataPageSize(5000), parquet.WithBatchSize(50),
			parquet.WithDictionaryDefault(limit > 0), parquet.WithDictionaryPageSizeLimit(limit)}
		checkGroups(t, typ, required, r, opts, 2*BatchRows+700, 3*BatchRows+300)
	}
}
