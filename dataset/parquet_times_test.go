package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/google/go-cmp/cmp"
)

func sameMonth(first, last int64) bool { return MonthOf(first) == MonthOf(last) }

// timesFile writes row groups of times, some of which are null, and of scores, some of which are to be rejected. Either the times are
// in order and go on for months, or they are of one month in any order. It returns the true times, NoTime for nulls, and which records
// are bad.
func timesFile(t *testing.T, r *rand.Rand, rep parquet.Repetition, version parquet.DataPageVersion) (b []byte, times []int64, bad []bool) {
	nodes := schema.FieldList{
		leafNode(t, "timestamp", rep, parquet.Types.Int64, schema.NewTimestampLogicalType(true, schema.TimeUnitMillis), -1),
		intNode(t, "session_score"),
	}
	const day = 24 * 3600 * 1000
	start := time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	at, ordered, long := start, r.IntN(2) == 0, r.IntN(8) == 0
	var groups [][]testChunk
	for range 3 {
		n := 1000 + r.IntN(2*BatchRows)
		if long { // so that pages are longer than what is read ahead
			n += 10 * BatchRows
		}
		var ms, scores []int64
		var defs []int16
		few := r.IntN(4) // bad records: none, a few in the group's first batch, a few in its second, the last
		nulls := rep == optional && r.IntN(2) == 0
		for i := range n {
			if at += r.Int64N(60 * day / int64(n)); !ordered {
				at = start + r.Int64N(31*day)
			}
			if few == 3 && i == n-1 { // at the end of the history's period, but for being bad
				at = max(at, start+31*day-1)
			}
			if nulls && r.IntN(int(n)/4) == 0 {
				defs, times = append(defs, 0), append(times, NoTime)
			} else {
				defs, ms, times = append(defs, 1), append(ms, at), append(times, at*1000)
			}
			score := r.Int64N(1001)
			is := few == 1 && i < BatchRows && r.IntN(2000) == 0 || few == 2 && i > BatchRows && r.IntN(2000) == 0 || few == 3 && i == n-1
			if is {
				score = 1001
			}
			scores, bad = append(scores, score), append(bad, is)
		}
		if rep != optional {
			defs = nil
		}
		groups = append(groups, []testChunk{{ms, defs}, {scores, slices.Repeat([]int16{1}, n)}})
	}
	size := int64(8 << r.IntN(14))
	if long {
		size = 1 << 19
	}
	return writeParquet(t, nodes, groups, parquet.WithDataPageVersion(version), parquet.WithDataPageSize(size),
		parquet.WithDictionaryDefault(r.IntN(3) == 0), parquet.WithBatchSize(64)), times, bad
}

// readAlike reads the times of a file in which those of a month are alike.
func readAlike(t *testing.T, b []byte) (times []int64, bad []bool, a Account) {
	t.Helper()
	s, err := parquetScan(false, []Field{{Timestamp, KindTime}, {"session", KindState}}, memoryInput(b))
	if err != nil {
		t.Fatal(err)
	}
	s.Alike(sameMonth)
	var batch Batch
	for {
		if err := s.Next(context.Background(), &batch); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for r := range batch.N {
			times, bad = append(times, batch.Cols[0].I64[r]), append(bad, batch.Rejected(r))
		}
	}
	if a, err = s.Account(); err != nil {
		t.Fatal(err)
	}
	return times, bad, a
}

// checkAlike holds what was read against the truth, and returns how many records did not get their own time.
func checkAlike(t *testing.T, b []byte, times []int64, bad []bool) (others int) {
	t.Helper()
	got, gotBad, a := readAlike(t, b)
	if !slices.Equal(gotBad, bad) {
		t.Fatal("other records are rejected")
	}
	want := noPeriod
	for i, us := range times {
		if bad[i] {
			continue
		}
		want.count(us)
		if us != got[i] {
			others++
			if us == NoTime || got[i] == NoTime || !sameMonth(us, got[i]) {
				t.Fatalf("record %d: time %d, want one like %d", i, got[i], us)
			}
		}
	}
	if diff := cmp.Diff(&want, a.Period); diff != "" {
		t.Fatalf("period (-true +got):\n%s", diff)
	}
	return others
}

// TestParquetTimesAlike checks that records whose page is not read get a time like their own, and that the period is that of the true
// times of the records that count, wherever bad records, nulls, pages and batches end.
func TestParquetTimesAlike(t *testing.T) {
	others := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 5))
		b, times, bad := timesFile(t, r, []parquet.Repetition{optional, required}[seed%2], []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2}[seed/2%2])
		others += checkAlike(t, b, times, bad)
	}
	if others < 1000 {
		t.Errorf("%d records have another's time: no page was passed", others)
	}
}

// TestParquetTimesBelied gives the first page of a row group other statistics than it has. Then no page of the group is passed, and each
// of its records has its own time, whatever a reader has read before.
func TestParquetTimesBelied(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var b []byte
	var times []int64
	var bad []bool
	for { // until a file has pages that are passed
		b, times, bad = timesFile(t, r, required, parquet.DataPageV1)
		if checkAlike(t, b, times, bad) > 0 {
			break
		}
	}
	all := b
	for group := range 3 {
		checkAlike(t, belie(t, b, group), times, bad)
		all = belie(t, all, group)
	}
	if others := checkAlike(t, all, times, bad); others > 0 {
		t.Errorf("%d records have another's time, though the statistics are wrong", others)
	}
}

// belie returns a file whose first page of times of a row group claims to go a millisecond further than it does.
func belie(t *testing.T, b []byte, group int) []byte {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.MetaData().RowGroup(group).ColumnChunk(0)
	if err != nil {
		t.Fatal(err)
	}
	at := int(c.DataPageOffset())
	var h pageHeader
	n, err := h.read(b[at:])
	if err != nil || !h.stats.known {
		t.Fatal(err, "without statistics")
	}
	last := binary.LittleEndian.AppendUint64(nil, uint64(h.stats.last))
	other := binary.LittleEndian.AppendUint64(nil, uint64(h.stats.last+1))
	return slices.Concat(b[:at], bytes.ReplaceAll(b[at:at+n], last, other), b[at+n:])
}
