package replay

import (
	"context"
	"fmt"
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

// mature rewrites the labels of a batch and counts what it did.
func (p *Plan) mature(b *dataset.Batch, count *dataset.MatureCount) {
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

// Latest reads a history's times to its end and returns the last of them, of records and of labels: as of then, the labels are
// what they are. It is NoTime where no record has a time. The scan is opened with LatestFields.
func Latest(ctx context.Context, scan *dataset.Scan, workers int) (latest int64, err error) {
	defer scan.Close()
	last := make([]int64, max(1, workers))
	err = drain(ctx, scan, len(last), func(i int) func(*dataset.Batch) error {
		last[i] = dataset.NoTime
		return func(b *dataset.Batch) error {
			for c := range LatestFields { // a scan may hold columns of its own behind these
				for r, t := range b.Cols[c].I64[:b.N] {
					if t > last[i] && !b.Rejected(r) {
						last[i] = t
					}
				}
			}
			return nil
		}
	})
	latest = dataset.NoTime
	for _, t := range last {
		latest = max(latest, t)
	}
	return latest, err
}

// LatestFields are what Latest reads.
var LatestFields = []dataset.Field{{Name: dataset.Timestamp, Kind: dataset.KindTime}, {Name: dataset.LabelTime, Kind: dataset.KindTime}}

func (m Maturity) check() error {
	if m.Days < 0 || m.Days > MaxMaturity {
		return fmt.Errorf("a maturity of %d days, want 0..%d", m.Days, MaxMaturity)
	}
	return nil
}
