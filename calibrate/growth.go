package calibrate

import (
	"time"

	"github.com/trustreplay/trustreplay/replay"
)

// growthDays are the ages that a Growth is shown at.
var growthDays = [...]int{7, 14, 30, 60, 90, 120, 180}

// A Growth is how the frauds of a history come to be reported as its records age, for watching labels grow: the development curve of
// all records, as shares of what is reported within a horizon. Ages and delays are calendar days (UTC). Records that production
// blocked, of which nothing is ever reported, do not move these shares as long as they are as frequent on young days as on old ones.
type Growth struct {
	// LastDay is the last day that counts, such as "2025-09-26": the day before the last time in the history.
	LastDay string
	// Horizon is the greatest of 7, 14, 30, 60, 90, 120 and 180 days that some record was followed for, 0 where no fraud was reported
	// within it: then there is nothing else.
	Horizon int
	// Points are the shares of the frauds of the horizon that are reported within each of those days, up to the horizon.
	Points []Developed
	// Months are those of which the curve has more fraud to come within the horizon, in order. Where it is flat nothing is: no fraud
	// was seen to be reported that late.
	Months []MonthGrowth
	// Undated counts the frauds that do not say when they were or when they were reported; they are in none of this.
	Undated int64
}

// A MonthGrowth is how far the frauds of a month have come.
type MonthGrowth struct {
	Month   string // such as "2025-06"
	Records int64
	// Frauds were reported so far, within the horizon.
	Frauds int64
	// Reported is the share of the month's frauds of the horizon that is to be expected by now: the mean of Development.Within over
	// its records, each at its age. Its interval is the mean of theirs, which is on the wide side, and takes this month to be
	// like the ones before: 1 less it is still to come.
	Reported Developed
}

// GrowthOf returns the growth of a profile's frauds. confidence is that of the intervals, such as 0.95.
func GrowthOf(p *replay.AgeProfile, confidence float64) Growth {
	g := Growth{Undated: p.Undated}
	d := DevelopmentOf(p)
	if d.LastDay() >= 0 {
		g.LastDay = dayText(p.LastDay, time.DateOnly)
	}
	for _, day := range growthDays {
		if day <= d.LastDay() && d.reported(day) > 0 {
			g.Horizon = day
		}
	}
	if g.Horizon == 0 {
		return g
	}
	for _, day := range growthDays {
		if day <= g.Horizon {
			g.Points = append(g.Points, d.Within(day, g.Horizon, confidence))
		}
	}
	g.months(p, d, confidence)
	return g
}

// DevelopmentOf returns the development curve of all records of a profile that have a time.
func DevelopmentOf(p *replay.AgeProfile) *Development {
	var byDay []DelayCount
	at := func(day int) *DelayCount {
		if more := day + 1 - len(byDay); more > 0 {
			byDay = append(byDay, make([]DelayCount, more)...)
		}
		return &byDay[day]
	}
	for _, day := range p.Days {
		open := day.Records
		for _, r := range day.Reports {
			at(r.Delay).Reported += r.Frauds
			open -= r.Frauds
		}
		at(p.LastDay - day.Day).Open += open
	}
	return NewDevelopment(byDay)
}

// months adds the months of which some fraud is to come.
func (g *Growth) months(p *replay.AgeProfile, d *Development, confidence float64) {
	for _, group := range daysByMonth(p.Days) {
		m := MonthGrowth{Month: dayText(group[0].Day, "2006-01")}
		m.Reported = Developed{Day: p.LastDay - group[0].Day, Confidence: Number(confidence), Method: MethodGreenwood}
		young := false
		for _, day := range group {
			age := p.LastDay - day.Day
			share := d.Within(min(age, g.Horizon), g.Horizon, confidence)
			young = young || share.Value < 1
			m.add(day, share, g.Horizon)
		}
		if young {
			m.divide()
			g.Months = append(g.Months, m)
		}
	}
}

// add counts the records of a day, of which a share is to be reported by now.
func (m *MonthGrowth) add(day replay.DayAges, share Developed, horizon int) {
	n := Number(day.Records)
	low, high := share.Low, share.High
	if share.Value == 1 { // all of it, and no doubt that could be told
		low, high = 1, 1
	}
	m.Records += day.Records
	m.Reported.Value, m.Reported.Low, m.Reported.High = m.Reported.Value+n*share.Value, m.Reported.Low+n*low, m.Reported.High+n*high
	m.Reported.AtRisk += day.Records
	for _, r := range day.Reports {
		if r.Delay <= horizon {
			m.Frauds += r.Frauds
		}
	}
}

// divide turns the sums over the records into means.
func (m *MonthGrowth) divide() {
	r, n := &m.Reported, Number(m.Records)
	r.Value, r.Low, r.High, r.SE = r.Value/n, r.Low/n, r.High/n, Undefined()
	if !r.Low.Defined() || !r.High.Defined() { // a day so young that none of its age was ever reported
		r.Low, r.High, r.Confidence, r.Method = Undefined(), Undefined(), Undefined(), MethodNone
	}
}

// daysByMonth cuts ordered days into runs of one month.
func daysByMonth(days []replay.DayAges) [][]replay.DayAges {
	var out [][]replay.DayAges
	for i, day := range days {
		if i == 0 || dayText(day.Day, "2006-01") != dayText(days[i-1].Day, "2006-01") {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], day)
	}
	return out
}

// dayText formats a day, counted since 1970-01-01.
func dayText(day int, layout string) string {
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format(layout)
}
