package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/replay"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Methods of an interval by value. Both take records as independent and are approximate: where few records hold most of the
// amount, as frauds like to do, they are too narrow. No promise is made from them.
const (
	MethodLinearized = "linearized"      // normal on the standard error of the linearized ratio, two-sided
	MethodGamma      = "fay_feuer_gamma" // one-sided, where the numerator is all or nothing and the standard error 0
)

// byValue returns a ratio of the amounts of two regions, of which the first is a part of the second, or odds of two regions
// apart. Without the spread of the amounts no interval is claimed.
func byValue(name, unit string, num, den region, c replay.Counts, confidence float64) Measure {
	amounts := func(t replay.Tally, l int) int64 { return t.Amount[l] }
	m := plain(name, unit, num.sum(c, amounts), den.sum(c, amounts))
	m.ByValue = true
	switch unit {
	case Odds:
		return m.oddsByValue(num.spread(c), den.spread(c), confidence)
	case BPS:
		m = m.linearized(num.spread(c), den.spread(c), confidence)
		m.Value, m.Low, m.High = 10_000*m.Value, 10_000*m.Low, 10_000*m.High
		return m
	}
	return m.linearized(num.spread(c), den.spread(c), confidence)
}

// oddsByValue completes odds of a to b with the interval of the share a of a+b, turned into odds. Where that reaches 1, the
// odds have no upper end and no interval.
func (m Measure) oddsByValue(num, den replay.Spread, confidence float64) Measure {
	share := plain(m.Name, Share, m.Numerator, m.Numerator+m.Denominator).linearized(num, num.Add(den), confidence)
	if m.Denominator == 0 || share.Method == MethodNone || share.High >= 1 {
		return m
	}
	m.Low, m.High = share.Low/(1-share.Low), share.High/(1-share.High)
	m.Confidence, m.Method = share.Confidence, share.Method
	return m
}

// spread adds up the spreads of the region's amounts.
func (r region) spread(c replay.Counts) (s replay.Spread) {
	for a, t := range c.Actions {
		for l := range t.Spread {
			if r.actions>>a&1 != 0 && r.labels>>l&1 != 0 {
				s = s.Add(t.Spread[l])
			}
		}
	}
	return s
}

// linearized completes a ratio R = X/Y of amounts. A record of amount a in the numerator moves it by a(1-R)/Y, one in the
// denominator alone by -aR/Y; these add up to 0, and the standard error is the root of the sum of their squares (Woodruff 1971;
// Särndal, Swensson and Wretman, "Model assisted survey sampling", 1992, section 5.6).
func (m Measure) linearized(num, den replay.Spread, confidence float64) Measure {
	check(0, 0, confidence)
	if den.Most == 0 || m.Denominator == 0 {
		return m
	}
	x, y := m.Numerator, m.Denominator
	switch x {
	case 0:
		m.Low, m.High = 0, Number(GammaBound(0, y, replay.Spread{Most: den.Most}, 1-confidence))
	case y:
		m.Low, m.High = 1-Number(GammaBound(0, y, replay.Spread{Most: den.Most}, 1-confidence)), 1
	}
	if x == 0 || x == y {
		m.Confidence, m.Method = Number(confidence), MethodGamma
		return m
	}
	r := float64(m.Value)
	inside, outside := num.Squares(), den.Sub(num).Squares()
	se := math.Sqrt((1-r)*(1-r)*inside+r*r*outside) / float64(y)
	half := Number(se * distuv.UnitNormal.Quantile((1+confidence)/2))
	m.Low, m.High = max(m.Value-half, 0), min(m.Value+half, 1)
	m.Confidence, m.Method = Number(confidence), MethodLinearized
	return m
}

// GammaBound returns the upper bound of Fay and Feuer for the amount x as a share of the amount y: the rate at which a sum of
// independent Poisson counts, each weighted by an amount, is about as small as x with the probability delta ("Confidence
// intervals for directly standardized rates: a method based on the gamma distribution", 1997). s is the spread of x; its Most
// is the largest amount that a record of y has, not of x alone: the next fraud may be the largest. The bound held in their
// simulations and is not proven; it is at most 1, and NaN for y = 0. delta is in (0, 1).
func GammaBound(x, y int64, s replay.Spread, delta float64) float64 {
	check(0, 0, 1-delta)
	if y == 0 {
		return math.NaN()
	}
	most := float64(s.Most)
	sum, squares := float64(x)+most, s.Squares()+most*most
	if sum == 0 {
		return 0
	}
	return min(squares/sum*mathext.GammaIncRegInv(sum*sum/squares, 1-delta)/float64(y), 1)
}

// AtMostByValue returns GammaBound for a measure by value of Measures, such as fraud_rate_value, in its unit: approximate, for
// sentences that say so. It is undefined where the denominator is 0 and where the counts lack the spread of the amounts; found
// is false for measures that are no share of an amount.
func AtMostByValue(c replay.Counts, name string, delta float64) (bound Number, found bool) {
	for _, d := range definitions {
		scale := Number(1)
		switch {
		case d.unit != Share:
			continue
		case name == "fraud_bps" && d.name == "fraud_rate":
			scale = 10_000
		case name != d.name+valueSuffix:
			continue
		}
		m, most := byValue(name, Share, d.num, d.den, c, 1-delta), d.den.spread(c).Most
		if most == 0 {
			return Undefined(), true
		}
		s := d.num.spread(c)
		s.Most = most
		return scale * Number(GammaBound(m.Numerator, m.Denominator, s, delta)), true
	}
	return Undefined(), false
}

// valueSuffix ends the name of a measure by value.
const valueSuffix = "_value"
