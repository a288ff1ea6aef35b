package calibrate

import (
	"fmt"
	"slices"
	"time"

	"github.com/trustreplay/trustreplay/replay"
)

// A Window is a run of consecutive periods of a history.
type Window struct {
	// Name says what the window is for: propose, rank, certify or, where one is all there is, all.
	Name string
	// From and To are its first and last period that holds records, months ("2026-03") or days ("2026-03-04"), both included.
	From, To string
	// Total counts its records.
	Total replay.Tally
	cube  *replay.Cube
}

// Days returns the number of calendar days of the window.
func (w Window) Days() int64 {
	first, last := periodDay(w.From, false), periodDay(w.To, true)
	return int64(last.Sub(first)/(24*time.Hour)) + 1
}

// periodDay returns the first or the last day of a period.
func periodDay(period string, last bool) time.Time {
	if t, err := time.Parse(time.DateOnly, period); err == nil {
		return t
	}
	t, err := time.Parse("2006-01", period)
	if err != nil {
		return time.Time{} // a record without a time, which is in no window
	}
	if last {
		t = t.AddDate(0, 1, -1)
	}
	return t
}

// windowShares are how labeled records are dealt to propose and rank; certify has the rest (STATISTICS.md, section 2).
var windowShares = [2]float64{0.30, 0.20}

// A period is the smallest part of a history that windows are made of.
type period struct {
	key   string
	total replay.Tally
}

// periodsOf returns the periods of a cube that is split by month or by day, in order; records without a time come apart.
func periodsOf(cube *replay.Cube, champion *replay.Policy) (list []period, timeless int64, err error) {
	r, err := cube.Run(champion)
	if err != nil {
		return nil, 0, err
	}
	for _, g := range r.Groups {
		if g.Key[0] == "" {
			timeless = g.Total().N()
			continue
		}
		list = append(list, period{g.Key[0], g.Total()})
	}
	return list, timeless, nil
}

// Short reports whether a cube that is split by month has too few months for three windows, so that it is to be split by day.
func Short(cube *replay.Cube) bool {
	n := 0
	for _, key := range cube.Keys() {
		if key[0] != "" {
			n++
		}
	}
	return n < 3
}

// deal cuts periods into three windows, as near as whole periods allow to 30, 20 and 50 % of the labeled records. There are
// at least three periods.
func deal(list []period) [3][]period {
	sums := make([]int64, len(list)+1)
	for i, p := range list {
		sums[i+1] = sums[i] + p.total.Labeled()
	}
	all := float64(sums[len(list)])
	nearest := func(share float64, low, high int) int {
		best := low
		for at := low; at <= high; at++ {
			if distance(float64(sums[at]), share*all) < distance(float64(sums[best]), share*all) {
				best = at
			}
		}
		return best
	}
	first := nearest(windowShares[0], 1, len(list)-2)
	second := nearest(windowShares[0]+windowShares[1], first+1, len(list)-1)
	return [3][]period{list[:first], list[first:second], list[second:]}
}

func distance(a, b float64) float64 { return max(a-b, b-a) }

// windowOf returns the window of some periods.
func windowOf(name string, cube *replay.Cube, list []period) (Window, error) {
	w := Window{Name: name}
	var keys []string
	for _, p := range list {
		keys = append(keys, p.key)
		w.Total = w.Total.Add(p.total)
	}
	if len(keys) > 0 {
		w.From, w.To = keys[0], keys[len(keys)-1]
	}
	var err error
	w.cube, err = cube.Slice(func(key []string) bool { _, in := slices.BinarySearch(keys, key[0]); return in })
	return w, err
}

// String names a window by its days.
func (w Window) String() string {
	if w.From == w.To {
		return w.From
	}
	return fmt.Sprintf("%s to %s", w.From, w.To)
}
