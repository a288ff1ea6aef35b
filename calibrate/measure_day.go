package calibrate

import (
	"slices"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// perDay returns the reviews of a day: the mean over the days of the window, the 95th percentile and the maximum. Days
// without a record count, as the queue's staff were there; records without a time count in the mean and belong to no day. The
// percentile and the maximum are undefined, 0/0, where the counts were not split by day.
func (s Setting) perDay(c replay.Counts) []Measure {
	measure := func(name string, num, den int64) Measure { return plain(name, PerDay, num, den) }
	out := []Measure{measure("review_per_day", c.Actions[dataset.Review].N(), s.Days)}
	if s.ReviewsByDay == nil || s.Days == 0 {
		return append(out, measure("review_per_day_p95", 0, 0), measure("review_per_day_max", 0, 0))
	}
	list := slices.Sorted(slices.Values(s.ReviewsByDay))
	return append(out, measure("review_per_day_p95", nearestRank(list, s.Days, 95), 1), measure("review_per_day_max", nearestRank(list, s.Days, 100), 1))
}

// nearestRank returns the least count that is not exceeded on percent of the days: the nearest-rank percentile, which is a
// count that occurred and needs no interpolation. counts ascend; the days that they lack have none.
func nearestRank(counts []int64, days int64, percent int64) int64 {
	absent := days - int64(len(counts))
	rank := (days*percent + 99) / 100
	if rank <= absent {
		return 0
	}
	return counts[rank-absent-1]
}

// Days returns the number of UTC calendar days from the first to the last time of a period, both included; 0 for nil.
func Days(p *dataset.Period) int64 {
	if p == nil {
		return 0
	}
	return dayOf(p.Last) - dayOf(p.First) + 1
}

func dayOf(us int64) int64 {
	t := time.UnixMicro(us).UTC()
	return t.Unix() / secondsPerDay // rounds towards 0, and readers of histories refuse times before 1970
}

const secondsPerDay = 24 * 3600

// GroupDays returns the days of a period that a group can have records on: those of its month and its day where it is split by
// these. key and by are those of the group; a group without a time has none.
func GroupDays(p *dataset.Period, by, key []string) int64 {
	if p == nil {
		return 0
	}
	first, last := dayOf(p.First), dayOf(p.Last)
	for i, field := range by {
		var from, to time.Time
		var err error
		switch field {
		case replay.Month:
			from, err = time.Parse("2006-01", key[i])
			to = from.AddDate(0, 1, -1)
		case replay.Day:
			from, err = time.Parse(time.DateOnly, key[i])
			to = from
		default:
			continue
		}
		if err != nil {
			return 0
		}
		first, last = max(first, dayOf(from.UnixMicro())), min(last, dayOf(to.UnixMicro()))
	}
	return max(0, last-first+1)
}

// ReviewsByDay returns the reviews of each day that has records, in order, from the groups of a result split by fields of
// which one is the day; nil where none is.
func ReviewsByDay(groups []replay.Group, by []string) []int64 {
	at := slices.Index(by, replay.Day)
	if at < 0 {
		return nil
	}
	reviews := map[string]int64{}
	var days []string
	for _, g := range groups {
		day := g.Key[at]
		if day == "" {
			continue
		}
		if _, seen := reviews[day]; !seen {
			days = append(days, day)
		}
		reviews[day] += g.Actions[dataset.Review].N()
	}
	slices.Sort(days)
	out := make([]int64, len(days))
	for i, day := range days {
		out[i] = reviews[day]
	}
	return out
}

// DaysOver returns on how many days more than so many records were to be reviewed; reviews are those of ReviewsByDay.
func DaysOver(reviews []int64, capacity int64) (days int64) {
	for _, n := range reviews {
		if n > capacity {
			days++
		}
	}
	return days
}
