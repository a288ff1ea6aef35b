package replay

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// A Decimal is an exact decimal number, Num/Den with Den a positive power of ten. The zero Decimal is invalid; those that
// ParseDecimal returns are in lowest terms, so that equal numbers are equal values.
type Decimal struct{ Num, Den int64 }

// maxDecimalDigits bounds the digits of a decimal as it is written. With the four that bps adds, both parts fit an int64.
const maxDecimalDigits = 12

// wantDecimal says what ParseDecimal reads.
const wantDecimal = "a decimal such as 0.5%, 0.005, 50bps or -0.5pp, of at most 12 digits"

// decimalUnits are the suffixes of a decimal and the powers of ten that they divide by.
var decimalUnits = []struct {
	suffix string
	zeros  int
}{{"%", 2}, {"pp", 2}, {"bps", 4}}

// ParseDecimal reads a decimal number: an optional sign, digits, an optional point with digits after it, and an optional
// unit, which is % or pp (both hundredths) or bps (hundredths of a percent), after a space or not. Exponents, separators of
// thousands, leading zeros, inf and nan are errors, and so are more than 12 digits.
func ParseDecimal(text string) (Decimal, error) {
	d, _, err := parseDecimal(text)
	return d, err
}

// parseDecimal also returns the unit, "" for none.
func parseDecimal(text string) (d Decimal, unit string, err error) {
	number, zeros := text, 0
	for _, u := range decimalUnits {
		if cut, found := strings.CutSuffix(text, u.suffix); found {
			number, unit, zeros = strings.TrimSuffix(cut, " "), u.suffix, u.zeros
		}
	}
	digits, negative := strings.CutPrefix(number, "-")
	if !negative {
		digits = strings.TrimPrefix(number, "+")
	}
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !plainDigits(whole) || len(whole) > 1 && whole[0] == '0' || pointed && !plainDigits(fraction) || len(whole)+len(fraction) > maxDecimalDigits {
		return d, unit, fmt.Errorf("%s: want %s", quoted(text), wantDecimal)
	}
	d.Num, _ = strconv.ParseInt(whole+fraction, 10, 64) // digits that fit
	d.Den = powerOfTen(len(fraction) + zeros)
	if negative {
		d.Num = -d.Num
	}
	return d.reduced(), unit, nil
}

func plainDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func powerOfTen(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func (d Decimal) reduced() Decimal {
	for d.Den > 1 && d.Num%10 == 0 {
		d.Num, d.Den = d.Num/10, d.Den/10
	}
	return d
}

// times10 returns d x 10^n, for n at least 0.
func (d Decimal) times10(n int) Decimal {
	for ; n > 0 && d.Den > 1; n-- {
		d.Den /= 10
	}
	d.Num *= powerOfTen(n)
	return d.reduced()
}

// Float returns the float64 nearest to d.
func (d Decimal) Float() float64 {
	f, _ := d.Rat().Float64()
	return f
}

// Rat returns d as a new rational number.
func (d Decimal) Rat() *big.Rat { return new(big.Rat).SetFrac64(d.Num, d.Den) }

// String prints d in full and without a unit: 0.005. ParseDecimal reads it back as d.
func (d Decimal) String() string {
	places := len(strconv.FormatInt(d.Den, 10)) - 1
	return d.Rat().FloatString(places)
}

// Percent prints d in hundredths, without the sign: 0.5 for 0.005.
func (d Decimal) Percent() string { return d.times10(2).String() }

// Cmp compares the ratio k/n with d, exactly: -1 where it is below, 0 where they are equal, 1 where it is above. n must not
// be 0.
func (d Decimal) Cmp(k, n int64) int {
	return new(big.Rat).SetFrac64(k, n).Cmp(d.Rat())
}

// A Limit holds a measure down or, with AtLeast, up; the bound itself is allowed. It is not checked here that there is a
// measure of the name, which calibrate knows.
type Limit struct {
	Measure string
	AtLeast bool
	// Bound is in the measure's unit: 0.005 for a share of 0.5 %, 50 for fraud_bps of 0.5 %.
	Bound Decimal
}

// wantLimit says what ParseLimit reads.
const wantLimit = "a measure, <= or >=, and a bound, such as fraud_rate <= 0.5%"

// limitSigns are the comparisons of a limit as they may be written, and which way they hold.
var limitSigns = []struct {
	text    string
	atLeast bool
}{{"<=", false}, {"=<", false}, {"≤", false}, {">=", true}, {"=>", true}, {"≥", true}}

// ParseLimit reads a limit such as "fraud_rate <= 0.5%" or "approval_rate>=0.85". The bound of a share is a percentage,
// in bps, or a plain number 0..1; that of fraud_bps is a percentage or in bps; any other measure takes a plain number.
func ParseLimit(text string) (Limit, error) {
	for _, sign := range limitSigns {
		measure, bound, found := strings.Cut(text, sign.text)
		if !found {
			continue
		}
		l := Limit{Measure: strings.TrimSpace(measure), AtLeast: sign.atLeast}
		if !measureName(l.Measure) {
			return Limit{}, fmt.Errorf("limit %s: measure %s: want %s", quoted(text), quoted(l.Measure), wantLimit)
		}
		var err error
		if l.Bound, err = parseBound(l.Measure, strings.TrimSpace(bound)); err != nil {
			return Limit{}, fmt.Errorf("limit %s: %w", quoted(text), err)
		}
		return l, nil
	}
	return Limit{}, fmt.Errorf("limit %s: want %s", quoted(text), wantLimit)
}

// measureName reports whether s has the form of a measure's name.
func measureName(s string) bool { return policyName(s) && strings.Trim(s, ".-") == s }

// String prints the limit as text that ParseLimit reads back as l.
func (l Limit) String() string {
	sign := "<="
	if l.AtLeast {
		sign = ">="
	}
	return l.Measure + " " + sign + " " + boundText(l.Measure, l.Bound)
}

// IsShare reports whether a measure is a share of a whole, 0..1, by its name. Those of METRICS.md that are not are
// the few below.
func IsShare(measure string) bool {
	switch strings.TrimSuffix(measure, "_value") {
	case bpsMeasure, "false_positive_ratio", "review_per_day", "review_per_day_p95", "review_per_day_max",
		"cost_per_record", "savings_approve_all", "savings_block_all":
		return false
	}
	return true
}

// bpsMeasure is the one measure whose unit is a hundredth of a percent.
const bpsMeasure = "fraud_bps"

// boundText prints a bound in the unit of the measure. A share that was given in the smallest bps has too many digits as a
// percentage, and stays in bps.
func boundText(measure string, d Decimal) string {
	switch percent := d.Percent(); {
	case !IsShare(measure):
		return d.String()
	case len(percent) > maxDecimalDigits+1:
		return d.times10(4).String() + "bps"
	default:
		return percent + "%"
	}
}

// parseBound reads the bound of a measure in its unit.
func parseBound(measure, text string) (Decimal, error) {
	d, unit, err := parseDecimal(text)
	switch {
	case err != nil:
		return d, err
	case unit == "pp":
		return d, fmt.Errorf("%s is a difference in percentage points: want a bound such as %s", quoted(text), strings.TrimSpace(strings.TrimSuffix(text, unit))+"%")
	case IsShare(measure):
		if d.Num < 0 || d.Num > d.Den {
			return d, fmt.Errorf("%s is no share: want 0%% to 100%%, such as 0.5%% or 0.005", quoted(text))
		}
	case measure == bpsMeasure:
		if unit != "" {
			d = d.times10(4)
		}
		if d.Num < 0 || d.Num > 10_000*d.Den {
			return d, fmt.Errorf("%s is no share: want 0bps to 10000bps, such as 50bps, or 50 for the same", quoted(text))
		}
	case unit != "":
		return d, fmt.Errorf("%s: %s is no share: want a plain number", quoted(text), measure)
	}
	return d, nil
}
