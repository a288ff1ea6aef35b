package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A capacityJSON holds the reviews of a policy against how many can be done on a day.
type capacityJSON struct {
	PerDay int64 `json:"per_day"`
	Days   int64 `json:"days"`
	// Over are the days on which more were to be reviewed, Share the same of all days; null where the history was not cut by day.
	Over  *int64           `json:"days_over"`
	Share calibrate.Number `json:"share_over"`
}

// capacity is nil where the economics say nothing of it, or no time is known.
func (s screen) capacity(r replay.Result) *capacityJSON {
	set := s.setting(r)
	if e := s.treated(); e == nil || e.Treatments.ReviewsPerDay == 0 || set.Days == 0 {
		return nil
	}
	out := &capacityJSON{PerDay: r.Economics.Treatments.ReviewsPerDay, Days: set.Days, Share: calibrate.Undefined()}
	if set.ReviewsByDay != nil {
		over := calibrate.DaysOver(set.ReviewsByDay, out.PerDay)
		out.Over, out.Share = &over, calibrate.Number(float64(over)/float64(out.Days))
	}
	return out
}

// overCapacity names the policies that send more records to review than can be reviewed.
func (s screen) overCapacity(t *replay.Treatments) string {
	return s.overCapacityIn(t, calibrate.Days(s.account.Period))
}

// overCapacityIn is overCapacity over so many days: by the days on which it is too many, or by the mean where the history was not
// cut by day.
func (s screen) overCapacityIn(t *replay.Treatments, days int64) string {
	var over []string
	for _, r := range s.results {
		set := s.setting(r)
		set.Days = days
		list := set.Measures(r.Policy, r.Counts)
		m, found := calibrate.Find(list, "review_per_day")
		if !found || t.ReviewsPerDay == 0 {
			continue
		}
		if set.ReviewsByDay == nil {
			if m.Value > calibrate.Number(t.ReviewsPerDay) {
				over = append(over, fmt.Sprintf("%s (%s a day)", r.Policy.Name, perDayText(m)))
			}
			continue
		}
		if n := calibrate.DaysOver(set.ReviewsByDay, t.ReviewsPerDay); n > 0 {
			most, _ := calibrate.Find(list, "review_per_day_max")
			over = append(over, fmt.Sprintf("%s on %s of %s days, %s (%s a day, %s at most)", r.Policy.Name, thousands(n), thousands(days),
				percent(calibrate.Number(float64(n)/float64(days))), perDayText(m), perDayText(most)))
		}
	}
	if over == nil {
		return ""
	}
	return fmt.Sprintf("More reviews than the capacity of %s a day: %s. What is not reviewed is in none of these figures.", thousands(t.ReviewsPerDay), strings.Join(over, ", "))
}
