package dataset

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// parquetScan opens files without the rest of the package, which recognises formats.
func parquetScan(slow bool, fields []Field, inputs ...input) (*Scan, error) {
	s := &Scan{opt: Options{Fields: fields}, fields: fields, inputs: inputs, units: make([][]unitInfo, len(inputs))}
	for _, f := range fields {
		s.want = append(s.want, Mapping{}.want(f))
	}
	for i := range inputs {
		p, err := newParquetSource(&s.inputs[i], s)
		if err != nil {
			s.Close()
			return nil, inFile(inputs[i].name, err)
		}
		p.slow = slow
		s.sources = append(s.sources, p)
	}
	return s, nil
}

var replay1 = []Field{{"session", KindState}, {"onboarding", KindState}, {Timestamp, KindTime}, {Amount, KindAmount}, {LabelField, KindLabel}}

var replayFull = append(replay1[:5:5], Field{"segment", KindText}, Field{"session.has_automated_browser", KindBool},
	Field{"session.has_ai_agent", KindBool}, Field{"session.has_spoofed_device", KindBool}, Field{"onboarding.ip.is_vpn", KindBool},
	Field{"reason_codes", KindCodes})

// BenchmarkParquetFile reads the Parquet files that HISTORY names, with commas between them, and says how far that is from the limits:
// reading the bytes of the columns alone, and decompressing their pages besides. Pages of times of one month are passed over, as they
// are in a replay by month.
func BenchmarkParquetFile(b *testing.B) {
	history := os.Getenv("HISTORY")
	if history == "" {
		b.Skip("the variable HISTORY names no file")
	}
	for _, name := range strings.Split(history, ",") {
		if filepath.Ext(name) != ".parquet" {
			continue
		}
		for _, job := range []struct {
			name   string
			fields []Field
		}{{"replay1", replay1}, {"replayfull", replayFull}} {
			b.Run(job.name+"/read/"+filepath.Base(name), func(b *testing.B) { benchmarkPages(b, name, job.fields, (*chunk).readBytes) })
			b.Run(job.name+"/decompress/"+filepath.Base(name), func(b *testing.B) { benchmarkPages(b, name, job.fields, (*chunk).readPages) })
			b.Run(job.name+"/decode/"+filepath.Base(name), func(b *testing.B) { benchmarkScan(b, name, job.fields) })
		}
	}
}

// benchmarkPages reads every chunk of the fields, the row groups shared among two goroutines as a scan shares them.
func benchmarkPages(b *testing.B, name string, fields []Field, read func(*chunk) error) {
	st, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := parquetScan(false, fields, input{name: name, size: st.Size()})
		if err != nil {
			b.Fatal(err)
		}
		p := s.sources[0].(*parquetSource)
		var next atomic.Int32
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for {
					group := int(next.Add(1)) - 1
					if group >= len(p.chunks) {
						return
					}
					r := p.newReader(&rowGroup{source: p, number: group})
					for i := range r.leaves {
						if err := read(r.leaves[i].chunk); err != nil {
							b.Error(err)
						}
					}
					p.spare.Put(r)
				}
			})
		}
		wg.Wait()
		s.Close()
	}
}

func (c *chunk) readBytes() error {
	for c.off < c.end {
		c.window, c.pos = c.window[:0], 0
		if _, err := c.ahead(windowSize); err != nil {
			return err
		}
	}
	return nil
}

func (c *chunk) readPages() error {
	c.passes = func(h *pageHeader) bool {
		return c.field == Timestamp && h.stats.known && h.stats.nulls == 0 && sameMonth(h.stats.first, h.stats.last)
	}
	for {
		if err := c.pager.next(&c.page); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func benchmarkScan(b *testing.B, name string, fields []Field) {
	st, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	rows := int64(0)
	for b.Loop() {
		s, err := parquetScan(false, fields, input{name: name, size: st.Size()})
		if err != nil {
			b.Fatal(err)
		}
		s.Alike(sameMonth)
		s.ReuseTexts()
		for _, f := range s.sources[0].info().Columns {
			if f.Path == nil {
				b.Fatalf("%s was not found", f.Field.Name)
			}
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				var batch Batch
				for {
					if err := s.Next(context.Background(), &batch); err == io.EOF {
						return
					} else if err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		a, err := s.Account()
		if err != nil || a.Rejected > 0 {
			b.Fatal(err, a.Rejected)
		}
		rows += a.Read
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkParquet reads a file of a million records as Convert writes it, two goroutines.
func BenchmarkParquet(b *testing.B) {
	name := filepath.Join(b.TempDir(), "history.parquet")
	writeHistory(b, name, 1_000_000)
	b.Run("replay1", func(b *testing.B) { benchmarkScan(b, name, replay1) })
	b.Run("replayfull", func(b *testing.B) { benchmarkScan(b, name, replayFull) })
}

// writeHistory writes n records with the fields of replayFull; 8 % of the products have no score.
func writeHistory(b *testing.B, name string, n int) {
	flats, cols, err := flatten(replayFull)
	if err != nil || len(flats) != len(replayFull) {
		b.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	t, err := newParquetTable(f, cols, compress.Codecs.Snappy)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	row := make([]Cell, len(cols))
	for i := range n {
		for k, c := range cols {
			row[k] = benchmarkCell(r, c, i)
		}
		if err := t.append(row); err != nil {
			b.Fatal(err)
		}
	}
	if err := t.close(); err != nil {
		b.Fatal(err)
	}
}

func benchmarkCell(r *rand.Rand, c TableColumn, i int) Cell {
	absent := r.IntN(100) < 8
	switch {
	case c.Kind == CellTime:
		return Cell{Int: 1_700_000_000_000_000 + int64(i)*1_000_001}
	case c.Kind == CellAmount:
		return Cell{Int: r.Int64N(100_000)}
	case c.Name == "label":
		return Cell{Text: labelNames[r.IntN(3)]}
	case strings.HasSuffix(c.Name, "_status"):
		return Cell{Text: "ok"}
	case absent && c.Kind == CellText:
		return Cell{}
	case absent:
		return Cell{Int: NoInt}
	case c.Kind == cellInt32:
		return Cell{Int: r.Int64N(MaxScore + 1)}
	case c.Kind == CellBool:
		return Cell{Int: r.Int64N(50) / 49}
	case c.Name == "segment":
		return Cell{Text: fmt.Sprint("segment", r.IntN(8))}
	}
	return Cell{Text: fmt.Sprintf("RC%03d,TC%03d", r.IntN(1000), r.IntN(1000))}
}
