package replay

import (
	"cmp"
	"maps"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// Ages of records and delays of labels are counted in calendar days (UTC): a day's records, of which some are reported as fraud on
// that day, the next, and so on. What happened on the last day of a history may be cut off, so it counts for nothing.

// An AgeProfile tells when the frauds of each day were reported.
type AgeProfile struct {
	// LastDay is the last whole day, in days since 1970-01-01: the day before the last time of a record or a label.
	LastDay int
	// Days are those with records up to LastDay, in order.
	Days []DayAges
	// Undated counts the frauds with no time of their label, or none of their own, or one after the other: they are in no day's
	// Reports.
	Undated int64
}

// DayAges are the records of one day.
type DayAges struct {
	Day     int   // since 1970-01-01
	Records int64 // but for the undated frauds
	// Reports count the frauds by the days after Day on which they were reported, up to LastDay, in order; none is empty.
	Reports []DayReports
}

// DayReports are the frauds that were reported so many days later, 0 for the same day.
type DayReports struct {
	Delay  int
	Frauds int64
}

// An ageCounter counts one worker's share.
type ageCounter struct {
	latest  int64 // of all times
	records map[int]int64
	reports map[report]int64
	undated int64
}

// A report is when a fraud was and when it was reported, in days since 1970-01-01.
type report struct{ day, known int }

func newAgeCounter() ageCounter {
	return ageCounter{latest: dataset.NoTime, records: map[int]int64{}, reports: map[report]int64{}}
}

// add counts a record; its times are NoTime where they are not known.
func (a *ageCounter) add(at, known int64, label dataset.Label) {
	a.latest = max(a.latest, at, known)
	fraud := label == dataset.Fraud
	switch {
	case fraud && (at == dataset.NoTime || known == dataset.NoTime || dayOf(known) < dayOf(at)):
		a.undated++
		return
	case at == dataset.NoTime:
		return
	case fraud:
		a.reports[report{dayOf(at), dayOf(known)}]++
	}
	a.records[dayOf(at)]++
}

func (a *ageCounter) merge(b *ageCounter) {
	a.latest, a.undated = max(a.latest, b.latest), a.undated+b.undated
	for day, n := range b.records {
		a.records[day] += n
	}
	for r, n := range b.reports {
		a.reports[r] += n
	}
}

// freeze leaves out what is later than the last whole day.
func (a *ageCounter) freeze() AgeProfile {
	out := AgeProfile{Undated: a.undated}
	if a.latest == dataset.NoTime {
		return out
	}
	out.LastDay = dayOf(a.latest) - 1
	place := map[int]int{}
	for _, day := range slices.Sorted(maps.Keys(a.records)) {
		if day <= out.LastDay {
			place[day] = len(out.Days)
			out.Days = append(out.Days, DayAges{Day: day, Records: a.records[day]})
		}
	}
	for r, n := range a.reports {
		if r.known <= out.LastDay { // and so is r.day
			d := &out.Days[place[r.day]]
			d.Reports = append(d.Reports, DayReports{r.known - r.day, n})
		}
	}
	for i := range out.Days {
		slices.SortFunc(out.Days[i].Reports, func(x, y DayReports) int { return cmp.Compare(x.Delay, y.Delay) })
	}
	return out
}
