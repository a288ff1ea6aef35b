package calibrate

import (
	"fmt"
	"math"
)

// MethodGreenwood is the normal interval of log(-log S) on Greenwood's standard error.
const MethodGreenwood = "greenwood_loglog"

// A DelayCount counts the records of one delay in whole days.
type DelayCount struct {
	// Reported were reported as fraud after just this many days. Open were not reported when last looked at, and were this many
	// days old then: they may be yet.
	Reported int64 `json:"reported"`
	Open     int64 `json:"open"`
}

// A Development is how frauds are reported as records age, estimated from records old and young (Kaplan and Meier,
// "Nonparametric estimation from incomplete observations", 1958). It is for watching a label grow: a rate is measured on mature
// records, where nothing is estimated.
//
// It takes young records to become like the old ones: a change of the fraud itself, or of how fast it is reported, is not told
// from age.
type Development struct {
	// logLeft is the logarithm of the share not reported after the day, -Inf where all were, spread Greenwood's sum of
	// d / (n (n-d)) up to it, atRisk how many records were followed to the day at least. It is the logarithm that is kept because
	// 1 less a share of nearly 1 has few digits.
	logLeft, spread []float64
	atRisk          []int64
}

// NewDevelopment returns the curve of records counted by day, the index. A record that was last looked at on the day is counted
// as followed through that day's reports, the usual convention. A negative count panics, and so does a sum beyond an int64.
func NewDevelopment(byDay []DelayCount) *Development {
	var n int64
	for day, c := range byDay {
		if c.Reported < 0 || c.Open < 0 || c.Reported > math.MaxInt64-c.Open || n > math.MaxInt64-c.Reported-c.Open {
			panic(fmt.Sprintf("calibrate: %d reported and %d open records on day %d", c.Reported, c.Open, day))
		}
		n += c.Reported + c.Open
	}
	for len(byDay) > 0 && byDay[len(byDay)-1] == (DelayCount{}) {
		byDay = byDay[:len(byDay)-1]
	}
	d := &Development{make([]float64, len(byDay)), make([]float64, len(byDay)), make([]int64, len(byDay))}
	logLeft, spread := 0.0, 0.0
	for day, c := range byDay {
		if c.Reported > 0 {
			logLeft += math.Log1p(-float64(c.Reported) / float64(n))
			spread += float64(c.Reported) / float64(n) / float64(n-c.Reported)
		}
		d.logLeft[day], d.spread[day], d.atRisk[day] = logLeft, spread, n
		n -= c.Reported + c.Open
	}
	return d
}

// LastDay returns the greatest age that any record was seen at; -1 for no record. Nothing is known beyond.
func (d *Development) LastDay() int { return len(d.logLeft) - 1 }

// A Developed is a point of a development curve.
type Developed struct {
	// Value is the share reported within Day days, Day included; SE its standard error. Low and High, both included, hold it at
	// the Confidence, approximately, for this one day: not the whole curve at once.
	Day        int    `json:"day"`
	Value      Number `json:"value"`
	SE         Number `json:"se"`
	Low        Number `json:"low"`
	High       Number `json:"high"`
	Confidence Number `json:"confidence"`
	Method     string `json:"method"`
	// AtRisk is how many records were followed for Day days.
	AtRisk int64 `json:"at_risk"`
}

// At returns the share of all records that is reported as fraud within so many days: 1 - S of Kaplan and Meier, with Greenwood's
// interval of log(-log S), which stays within 0..1. Where nothing was reported yet, the interval is Clopper-Pearson's over the
// records followed so far, and where all were there is none. All is undefined beyond LastDay. day is 0 or more.
func (d *Development) At(day int, confidence float64) Developed {
	check(0, 0, confidence)
	p := d.point(day)
	if !p.Value.Defined() {
		return p
	}
	logLeft, spread := d.logLeft[day], d.spread[day]
	switch {
	case logLeft == 0:
		p.Low, p.High = 0, Number(UpperBound(0, p.AtRisk, (1-confidence)/2))
		p.Confidence, p.Method = Number(confidence), MethodClopperPearson
	case !math.IsInf(logLeft, -1):
		z := normalQuantile(confidence) * math.Sqrt(spread) / -logLeft
		p.SE = Number(math.Exp(logLeft) * math.Sqrt(spread))
		p.Low = Number(-math.Expm1(logLeft * math.Exp(-z)))
		p.High = Number(-math.Expm1(logLeft * math.Exp(z)))
		p.Confidence, p.Method = Number(confidence), MethodGreenwood
	}
	return p
}

// point returns a point without an interval.
func (d *Development) point(day int) Developed {
	if day < 0 {
		panic(fmt.Sprintf("calibrate: day %d", day))
	}
	u := Undefined()
	p := Developed{Day: day, Value: u, SE: u, Low: u, High: u, Confidence: u, Method: MethodNone}
	if day <= d.LastDay() {
		p.Value, p.AtRisk = Number(d.reported(day)), d.atRisk[day]
	}
	return p
}

// reported returns 1 - S.
func (d *Development) reported(day int) float64 { return -math.Expm1(d.logLeft[day]) }

// Within returns the share of the frauds which is reported within so many days, of all that is reported within horizon days:
// (1-S(day)) / (1-S(horizon)). What is reported later than that counts as no fraud, as in a rate whose maturity is horizon; the
// rate of records day days old, divided by it, is what to expect at maturity. horizon is day or more; all is undefined where it is
// beyond LastDay, and where no fraud was reported by then.
//
// The interval is normal on the logit, with the variance of the ratio by the delta method: S(horizon) is S(day) times what is left
// of it later, and the two are independent. It is undefined at 0 and at 1, as at day = horizon.
func (d *Development) Within(day, horizon int, confidence float64) Developed {
	check(0, 0, confidence)
	if horizon < day {
		panic(fmt.Sprintf("calibrate: share of %d days within %d", horizon, day))
	}
	p := d.point(day)
	p.Value = Undefined()
	if horizon > d.LastDay() || d.logLeft[horizon] == 0 {
		return p
	}
	early, all, later := d.reported(day), d.reported(horizon), math.Exp(d.logLeft[horizon])
	value := early / all
	p.Value = Number(value)
	if value == 0 || value == 1 || later == 0 {
		return p
	}
	// The derivatives by log S(day) and by the log of what is left later, each with its part of Greenwood's sum.
	first, second := (early-all)/(all*all), later*early/(all*all)
	se := math.Sqrt(first*first*d.spread[day] + second*second*(d.spread[horizon]-d.spread[day]))
	half := normalQuantile(confidence) * se / (value * (1 - value))
	logit := math.Log(value / (1 - value))
	p.SE, p.Low, p.High = Number(se), Number(1/(1+math.Exp(half-logit))), Number(1/(1+math.Exp(-half-logit)))
	p.Confidence, p.Method = Number(confidence), MethodGreenwood
	return p
}
