package replay

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestAgeProfile is the slow twin: every count is looked for in the list of records.
func TestAgeProfile(t *testing.T) {
	type row struct {
		at, known int64
		label     dataset.Label
	}
	rapid.Check(t, func(rt *rapid.T) {
		moment := rapid.OneOf(rapid.Just(int64(dataset.NoTime)), rapid.Int64Range(-3*microsPerDay, 5*microsPerDay), rapid.SampledFrom([]int64{-1, 0, microsPerDay - 1, microsPerDay}))
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			return row{moment.Draw(t, "at"), moment.Draw(t, "known"), dataset.Label(rapid.IntRange(0, dataset.NumLabels-1).Draw(t, "label"))}
		}), 0, 30).Draw(rt, "rows")
		cut := rapid.IntRange(0, len(rows)).Draw(rt, "cut")
		parts := [2]ageCounter{newAgeCounter(), newAgeCounter()}
		for i, r := range rows {
			part := &parts[0]
			if i >= cut {
				part = &parts[1]
			}
			part.add(r.at, r.known, r.label)
		}
		parts[0].merge(&parts[1])
		got := parts[0].freeze()

		latest := int64(dataset.NoTime)
		var want AgeProfile
		for _, r := range rows {
			latest = max(latest, r.at, r.known)
		}
		for _, r := range rows {
			if r.label == dataset.Fraud && (r.at == dataset.NoTime || r.known == dataset.NoTime || dayOf(r.known) < dayOf(r.at)) {
				want.Undated++
			}
		}
		if latest != dataset.NoTime {
			want.LastDay = dayOf(latest) - 1
		}
		for day := -3; latest != dataset.NoTime && day <= want.LastDay; day++ {
			d := DayAges{Day: day}
			for _, r := range rows {
				dated := r.known != dataset.NoTime && dayOf(r.known) >= day
				if r.at != dataset.NoTime && dayOf(r.at) == day && (dated || r.label != dataset.Fraud) {
					d.Records++
				}
			}
			for delay := 0; day+delay <= want.LastDay; delay++ {
				n := int64(len(slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
					return r.label != dataset.Fraud || r.at == dataset.NoTime || r.known == dataset.NoTime || dayOf(r.at) != day || dayOf(r.known) != day+delay
				})))
				if n > 0 {
					d.Reports = append(d.Reports, DayReports{delay, n})
				}
			}
			if d.Records > 0 {
				want.Days = append(want.Days, d)
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("looked for (-), counted (+): %s", diff)
		}
	})
}
