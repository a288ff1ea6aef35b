package calibrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/replay"
)

// Text prints what was held to the bound: "1.40 %", "≤ 1.86 %" for a bound, "-1.50 pp", "1.12 x". It has as many digits as it
// takes to see on which side of the limit it is; bounds are rounded away from it.
func (v Verdict) Text() string {
	if !v.Seen.Defined() {
		return "n/a"
	}
	lead, scale, unit, limit := "", 1.0, "", v.Bound.String()
	switch {
	case v.Kind == replay.Times:
		unit = " x"
	case replay.IsShare(v.Measure):
		scale, unit, limit = 100, " %", v.Bound.Percent()
		if v.Kind == replay.Change {
			unit = " pp"
		}
	case v.Challenger.Unit == BPS:
		unit = " bps"
	case v.Challenger.Unit == Odds && v.Kind == replay.Absolute:
		unit = " : 1"
	case v.Challenger.Unit == PerDay:
		unit = " a day"
	}
	if v.OnBound {
		lead = "≤ "
		if v.AtLeast {
			lead = "≥ "
		}
	}
	bound, _ := strconv.ParseFloat(limit, 64)
	return lead + v.digits(float64(v.Seen)*scale, bound) + unit
}

// digits prints x with two digits after the point, or with as many more as tell it from the limit that it breaks or keeps.
func (v Verdict) digits(x, limit float64) string {
	text := ""
	for places := 2; places <= 8; places++ {
		text = strconv.FormatFloat(v.round(x, places), 'f', places, 64)
		shown, _ := strconv.ParseFloat(text, 64)
		if v.Ruling == TooSmall || v.kept(shown, limit) == (v.Ruling == Holds) {
			break
		}
	}
	if v.Kind == replay.Change {
		switch shown, _ := strconv.ParseFloat(text, 64); {
		case shown == 0:
			return strings.TrimPrefix(text, "-")
		case shown > 0:
			return "+" + text
		}
	}
	return text
}

func (v Verdict) kept(x, limit float64) bool {
	if v.AtLeast {
		return x >= limit
	}
	return x <= limit
}

// round rounds a bound to its own side. The last 1e-9 keeps one that is exact in decimal from being carried on by its binary
// neighbour.
func (v Verdict) round(x float64, places int) float64 {
	power := math.Pow10(places)
	switch {
	case !v.OnBound:
		return x
	case v.AtLeast:
		return math.Floor(x*power+1e-9) / power
	default:
		return math.Ceil(x*power-1e-9) / power
	}
}

// Counted prints the counts behind a verdict: "39 of 2,786", and of a limit on two policies "39 of 2,786 → 41 of 2,900".
func (v Verdict) Counted() string {
	one := parts(v.Challenger)
	if v.Kind == replay.Absolute {
		return one[0] + v.between() + one[1]
	}
	other := parts(v.Champion)
	if one[1] == other[1] {
		return other[0] + " → " + one[0] + v.between() + one[1]
	}
	return other[0] + v.between() + other[1] + " → " + one[0] + v.between() + one[1]
}

func (v Verdict) between() string {
	switch v.Challenger.Unit {
	case Odds:
		return " : "
	case PerDay:
		return " in "
	}
	return " of "
}

func parts(m Measure) [2]string {
	if m.ByValue {
		return [2]string{money(m.Numerator), money(m.Denominator)}
	}
	whole := count(m.Denominator)
	switch {
	case m.Unit == PerDay && m.Denominator == 1:
		whole += " day"
	case m.Unit == PerDay:
		whole += " days"
	}
	return [2]string{count(m.Numerator), whole}
}

// money prints minor units as major ones.
func money(minor int64) string { return fmt.Sprintf("%s.%02d", count(minor/100), minor%100) }

// Sentence tells a verdict in one line: the limit, what was seen, the counts and what they leave out. The window of the records
// and the policies are for the caller to name.
func (v Verdict) Sentence(confidence float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", v.Criterion, map[Ruling]string{Holds: "holds", Broken: "is broken", TooSmall: "is not judged"}[v.Ruling])
	switch {
	case v.Seen.Defined():
		b.WriteString(v.Text())
	case !v.Challenger.Value.Defined() || v.Kind != replay.Absolute && !v.Champion.Value.Defined():
		b.WriteString("undefined")
	case v.Kind == replay.Times:
		b.WriteString("the champion's is 0")
	default:
		b.WriteString("the records cannot tell")
	}
	if v.OnBound && v.Seen.Defined() {
		fmt.Fprintf(&b, " with %s %% confidence", strconv.FormatFloat(math.Round(confidence*1e8)/1e6, 'f', -1, 64))
	}
	fmt.Fprintf(&b, " (%s)", v.Counted())
	if v.Undecided > 0 {
		fmt.Fprintf(&b, "; undecided, counted against it: %s", count(v.Undecided))
		if v.Straddles {
			b.WriteString(", which alone break it")
		}
	}
	if v.Withheld > 0 {
		fmt.Fprintf(&b, "; swap-ins without a label, counted as fraud, because more are missing than by chance: %s", count(v.Withheld))
	}
	if left := v.Unlabeled - v.Withheld; left > 0 {
		fmt.Fprintf(&b, "; swap-ins without a label, not counted: %s", count(left))
	}
	return b.String()
}
