package dataset

import (
	"context"
	"io"
	"os"
	"sync"
	"testing"
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

// BenchmarkParquetFile reads the Parquet file that PARQUET_FILE names.
func BenchmarkParquetFile(b *testing.B) {
	name := os.Getenv("PARQUET_FILE")
	if name == "" {
		b.Skip("PARQUET_FILE names no file")
	}
	for _, job := range []struct {
		name   string
		fields []Field
	}{{"replay1", replay1}, {"replayfull", replayFull}} {
		b.Run(job.name, func(b *testing.B) { benchmarkScan(b, name, job.fields) })
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
