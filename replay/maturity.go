package replay

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
)

// Maturity says when a label is final: fraud is what was reported within Days of the record. A record that is younger than
// that as of AsOf is immature, and its label says nothing yet: it leaves every labeled measure and stays in all others. A
// fraud that was reported later is legit, as it was after Days, so that old records are judged as new ones will be
// (STATISTICS.md, section 4). The zero Maturity takes labels as they are.
type Maturity struct {
	Days int
	// AsOf is the time at which the labels were read, in microseconds since 1970.
	AsOf int64
}

// MaxMaturity bounds the days: ten years.
const MaxMaturity = 3653

const microsPerDay = int64(24 * time.Hour / time.Microsecond)

// Label returns what a label says at maturity: of a record at a time, whose label became known at another, or at NoTime where
// that is not recorded. A record without a time is immature, because its age is not known.
func (m Maturity) Label(l dataset.Label, at, known int64) dataset.Label {
	if m.Days == 0 {
		return l
	}
	ripe := at + int64(m.Days)*microsPerDay
	switch {
	case at == dataset.NoTime || ripe > m.AsOf:
		return dataset.Unlabeled
	case l == dataset.Fraud && known != dataset.NoTime && known > ripe:
		return dataset.Legit
	}
	return l
}

// countTimes counts the labels of a batch, and those whose time is known.
func (p *Plan) countTimes(b *dataset.Batch, count *dataset.LabelTimes) {
	if p.Maturity.Days > 0 || p.known < 0 || b.N == 0 {
		return
	}
	labels, known := b.Cols[p.label].U8, b.Cols[p.known].I64
	for r, at := range known[:b.N] {
		if b.Rejected(r) {
			continue
		}
		if dataset.Label(labels[r]) != dataset.Unlabeled {
			count.Labeled++
		}
		if at != dataset.NoTime {
			count.Known++
		}
	}
}

// mature rewrites the labels of a batch and counts what it did.
func (p *Plan) mature(b *dataset.Batch, count *dataset.MatureCount) {
	if p.Saved != nil { // was applied when the cube was made
		p.leaveYoung(b)
		return
	}
	if p.Maturity.Days == 0 || b.N == 0 {
		return
	}
	labels, times, known := b.Cols[p.label].U8, b.Cols[p.time].I64, b.Cols[p.known].I64
	for r := range b.N {
		if b.Rejected(r) {
			continue
		}
		at := times[r]
		was := dataset.Label(labels[r])
		now := p.Maturity.Label(was, at, known[r])
		labels[r] = uint8(now)
		switch {
		case at == dataset.NoTime || at+int64(p.Maturity.Days)*microsPerDay > p.Maturity.AsOf:
			count.Immature++
			if p.MatureOnly && at != dataset.NoTime {
				leaveOut(b, r)
			}
		case was == dataset.Fraud && now == dataset.Legit:
			count.Late++
			fallthrough
		default:
			count.Newest = max(count.Newest, at)
		}
		if known[r] != dataset.NoTime {
			count.Known++
		}
	}
}

// Ages are what a history tells of its ages.
type Ages struct {
	// Latest is the last of all times, of records and of labels, in microseconds since 1970: as of then, the labels are what they
	// are. It is NoTime where no record has a time.
	Latest int64
	// Aged counts the records that say both when they were and when their label became known.
	Aged int64
}

// ReadAges reads a history's times to its end. The scan is opened with AgeFields.
func ReadAges(ctx context.Context, scan *dataset.Scan, workers int) (Ages, error) {
	defer scan.Close()
	parts := make([]Ages, max(1, workers))
	err := drain(ctx, scan, len(parts), func(i int) func(*dataset.Batch) error {
		parts[i].Latest = dataset.NoTime
		return func(b *dataset.Batch) error {
			parts[i].add(b)
			return nil
		}
	})
	all := Ages{Latest: dataset.NoTime}
	for _, t := range parts {
		all.Latest, all.Aged = max(all.Latest, t.Latest), all.Aged+t.Aged
	}
	return all, err
}

// PeekAges is ReadAges of the first records alone, one batch of them: enough to see that a history tells of its ages, not that
// it does not.
func PeekAges(ctx context.Context, scan *dataset.Scan) (Ages, error) {
	defer scan.Close()
	t := Ages{Latest: dataset.NoTime}
	var b dataset.Batch
	for b.N == 0 {
		switch err := scan.Next(ctx, &b); {
		case err == io.EOF:
			return t, nil
		case err != nil:
			return t, err
		}
	}
	t.add(&b)
	return t, nil
}

func (t *Ages) add(b *dataset.Batch) {
	at, known := b.Cols[0].I64, b.Cols[1].I64 // a scan may hold columns of its own behind these
	for r := range b.N {
		if b.Rejected(r) {
			continue
		}
		t.Latest = max(t.Latest, at[r], known[r])
		if at[r] != dataset.NoTime && known[r] != dataset.NoTime {
			t.Aged++
		}
	}
}

// AgeFields are what ReadAges reads.
var AgeFields = []dataset.Field{{Name: dataset.Timestamp, Kind: dataset.KindTime}, {Name: dataset.LabelTime, Kind: dataset.KindTime}}

// leaveOut takes a record out of what is counted; the scan has accounted for it.
func leaveOut(b *dataset.Batch, r int) {
	if b.Bad == nil {
		b.Bad = make([]bool, b.N)
	}
	b.Bad[r] = true
}

func (m Maturity) check() error {
	if m.Days < 0 || m.Days > MaxMaturity {
		return fmt.Errorf("a maturity of %d days, want 0..%d", m.Days, MaxMaturity)
	}
	return nil
}
