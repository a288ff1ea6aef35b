package calibrate

import (
	"fmt"
	"slices"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
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
	// Left counts the records that are left out of it, because their entity has one in a later window too.
	Left int64
	cube *replay.Cube
	// seen is the time of the history's first and last record, nil where it is not known.
	seen *dataset.Period
}

// Days returns the number of calendar days of the window, both ends included. At the ends of the history these are the days
// of its first and its last record: a month that has just begun is not thirty days long.
func (w Window) Days() int64 {
	first, last := periodDay(w.From, false), periodDay(w.To, true)
	if w.seen != nil {
		from, to := w.seen.Days()
		if t := periodDay(from, false); t.After(first) && t.Before(last) {
			first = t
		}
		if t := periodDay(to, false); t.Before(last) && !t.Before(first) {
			last = t
		}
	}
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

// known leaves out the periods from Until on, if the goals name it. The list is its caller's to give away: it is cut in place.
func (g Goals) known(list []period) []period {
	if g.Until == "" {
		return list
	}
	return slices.DeleteFunc(list, func(p period) bool { return p.key >= g.Until })
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
// at least three periods. Where the goals say from which period on to certify, at least two before it and one from it, those
// before it are shared out in the same proportion.
func deal(list []period, from string) [3][]period {
	if from != "" {
		third := slices.IndexFunc(list, func(p period) bool { return p.key >= from })
		second := nearestCut(list[:third], windowShares[0]/(windowShares[0]+windowShares[1]), 1, third-1)
		return [3][]period{list[:second], list[second:third], list[third:]}
	}
	second := nearestCut(list, windowShares[0], 1, len(list)-2)
	third := nearestCut(list, windowShares[0]+windowShares[1], second+1, len(list)-1)
	return [3][]period{list[:second], list[second:third], list[third:]}
}

// nearestCut returns how many of the first periods hold a share of the labeled records, as near as low..high of them allow.
func nearestCut(list []period, share float64, low, high int) int {
	sums := make([]int64, len(list)+1)
	for i, p := range list {
		sums[i+1] = sums[i] + p.total.Labeled()
	}
	want := share * float64(sums[len(list)])
	best := low
	for at := low; at <= high; at++ {
		if distance(float64(sums[at]), want) < distance(float64(sums[best]), want) {
			best = at
		}
	}
	return best
}

func distance(a, b float64) float64 { return max(a-b, b-a) }

// windowsOf returns the windows of a search. Where records belong to entities, no two windows share one.
func windowsOf(cube *replay.Cube, champion *replay.Policy, dealt [3][]period) ([]Window, error) {
	var out []Window
	for i, name := range []string{"propose", "rank", "certify"} {
		w, err := windowOf(name, cube, dealt[i])
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	if cube.Entity() == "" {
		return out, nil
	}
	cubes, left, err := cube.SlicesApart(len(out), func(key []string) int {
		return slices.IndexFunc(dealt[:], func(list []period) bool {
			return slices.ContainsFunc(list, func(p period) bool { return p.key == key[0] })
		})
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		r, err := cubes[i].Run(champion)
		if err != nil {
			return nil, err
		}
		out[i].cube, out[i].Left, out[i].Total = cubes[i], left[i], r.Total()
	}
	return out, nil
}

// windowOf returns the window of some periods.
func windowOf(name string, cube *replay.Cube, list []period) (Window, error) {
	w := Window{Name: name, seen: seenIn(cube.Account)}
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

// seenIn returns the time of the first and the last record that can be in a window, nil where it is not known.
func seenIn(a dataset.Account) *dataset.Period {
	if a.Period == nil || a.Mature == nil || !a.Mature.Only || a.Mature.Newest == 0 {
		return a.Period
	}
	p := *a.Period
	p.Last = min(p.Last, a.Mature.Newest)
	return &p
}

// String names a window by its days.
func (w Window) String() string {
	if w.From == w.To {
		return w.From
	}
	return fmt.Sprintf("%s to %s", w.From, w.To)
}
