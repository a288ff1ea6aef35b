package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// What stands where there is no number: a ratio of 0/0, and a share of nothing.
const (
	undefined = "n/a"
	none      = "–"
)

// An Amount is money in minor units (hundredths). It prints, and marshals, as an exact decimal number of major units.
type Amount int64

// String separates thousands: 1,234.50.
func (a Amount) String() string { return thousands(int64(a)/100) + a.cents() }

// Decimal has no separators: 1234.50.
func (a Amount) Decimal() string { return strconv.FormatInt(int64(a)/100, 10) + a.cents() }

// cents panics on debts: dataset admits no amount below zero, so a negative sum is an overflow that must not be printed.
func (a Amount) cents() string {
	if a < 0 {
		panic("reports: negative amount")
	}
	return fmt.Sprintf(".%02d", int64(a)%100)
}

// MarshalJSON writes a number with two decimals.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.Decimal()), nil }

// thousands separates groups of three digits by a comma, whatever the locale.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent prints a share with two decimals. A share that would round to nothing, or to all, says so instead.
func percent(v calibrate.Number) string {
	switch {
	case !v.Defined():
		return undefined
	case v > 0 && v < 0.00005:
		return "<0.01 %"
	case v < 1 && v >= 0.99995:
		return ">99.99 %"
	}
	return decimals(100*v) + " %"
}

func decimals(v calibrate.Number) string { return strconv.FormatFloat(float64(v), 'f', 2, 64) }

func atMost(v calibrate.Number) string { return "at most " + roundUp(v) }

// roundUp prints a bound: an "at most" that was rounded down would be false.
func roundUp(v calibrate.Number) string {
	// The last 1e-9 keeps a bound that is exact in decimal, such as 0.5, from being carried up by its binary neighbour.
	return decimals(calibrate.Number(math.Ceil(float64(v)*1e4-1e-9)/100)) + " %"
}

// extentText prints what a measure may be, where records are undecided: 1.20 – 3.40 %.
func extentText(m calibrate.Measure) string {
	end := func(v calibrate.Number) string {
		m := m
		m.Value, m.Numerator, m.Denominator, m.Least, m.Most, m.Method = v, 1, 0, calibrate.Undefined(), calibrate.Undefined(), calibrate.MethodNone
		text, _ := measureText(m)
		return text
	}
	low, high := end(m.Least), end(m.Most)
	if m.Unit == calibrate.Share {
		low = strings.TrimSuffix(low, " %")
	}
	return low + " – " + high
}

// measureText returns a measure's value and interval as they are printed, the interval empty where none is claimed.
func measureText(m calibrate.Measure) (value, interval string) {
	if m.Bounded() {
		return extentText(m), rangeText(m)
	}
	if !m.Value.Defined() {
		return undefined, ""
	}
	if bound, found := m.AtMost(); found {
		return "0", atMost(bound)
	}
	switch m.Unit {
	case calibrate.BPS:
		value = decimals(m.Value) + " bps"
	case calibrate.Odds:
		value = decimals(m.Value) + " : 1"
	case calibrate.PerRecord:
		value = moneyText(m.Value)
	case calibrate.PerDay:
		value = perDayText(m)
	default:
		value = percent(m.Value)
	}
	if m.Numerator == 0 {
		value = "0"
	}
	return value, rangeText(m)
}

// rangeText prints a measure's interval, empty where none is claimed. What is approximate says so.
func rangeText(m calibrate.Measure) string {
	show := percent
	low := decimals(100 * m.Low)
	switch m.Unit {
	case calibrate.BPS:
		show, low = func(v calibrate.Number) string { return decimals(v) + " bps" }, decimals(m.Low)
	case calibrate.Odds:
		show, low = func(v calibrate.Number) string { return decimals(v) + " : 1" }, decimals(m.Low)
	case calibrate.PerRecord:
		show, low = moneyText, moneyText(m.Low)
	}
	switch {
	case m.Method == calibrate.MethodNone:
		return ""
	case m.Method == calibrate.MethodGamma && m.Numerator == 0:
		return "≈ at most " + show(m.High)
	case m.Method == calibrate.MethodGamma:
		return "≈ at least " + show(m.Low)
	case m.Method == calibrate.MethodLinearized:
		low = "≈ " + low
	}
	return low + " – " + show(m.High)
}

// moneyText prints a price per record: four decimals, which are what prices are given in.
func moneyText(v calibrate.Number) string { return strconv.FormatFloat(float64(v), 'f', 4, 64) }

func daysText(n int64) string {
	if n == 1 {
		return "1 day"
	}
	return thousands(n) + " days"
}

// totalText prints a sum of money to the nearest cent, half away from zero: -1,234.50.
func totalText(m replay.Money) string {
	minor, half := m/replay.MoneyPerMinor, replay.MoneyPerMinor/2
	switch rest := m % replay.MoneyPerMinor; {
	case rest >= half:
		minor++
	case rest <= -half:
		minor--
	}
	if minor < 0 {
		return "-" + Amount(-minor).String()
	}
	return Amount(minor).String()
}

// perDayText prints a mean with a decimal, and a count of one day as it is.
func perDayText(m calibrate.Measure) string {
	if m.Denominator == 1 {
		return thousands(m.Numerator)
	}
	return strconv.FormatFloat(float64(m.Value), 'f', 1, 64)
}

// counted prints a measure's numerator and denominator.
func counted(m calibrate.Measure) string {
	switch {
	case m.Unit == calibrate.PerRecord:
		return totalText(replay.Money(m.Numerator)) + " for " + thousands(m.Denominator)
	case m.Unit == calibrate.PerDay && m.Name == "review_per_day":
		return thousands(m.Numerator) + " in " + daysText(m.Denominator)
	case m.Unit == calibrate.PerDay:
		return none
	}
	show := thousands
	if m.ByValue {
		show = func(n int64) string { return Amount(n).String() }
	}
	if m.Unit == calibrate.Odds {
		return show(m.Numerator) + " : " + show(m.Denominator)
	}
	return show(m.Numerator) + " of " + show(m.Denominator)
}

// confidenceText prints a confidence: 95 %.
func confidenceText(c float64) string {
	return strconv.FormatFloat(math.Round(c*1e8)/1e6, 'f', -1, 64) + " %"
}

// clean makes a text fit to print on one line of a terminal or a page: data must not move the cursor, colour the screen or
// turn the direction of what follows. White space becomes a space; other control characters and marks vanish.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unprintable(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// unprintable reports whether r is a control character (C0, DEL, C1) or a bidirectional mark.
func unprintable(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r <= 0x9F:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
		return true
	}
	return false
}
