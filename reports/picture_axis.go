package reports

import (
	"math"
	"strconv"
)

// A scale is an axis that was fitted to values: it shows first*step..last*step, and a tick at each multiple between.
type scale struct {
	step        float64
	first, last float64 // whole numbers
	percent     bool
	// names are those of an axis of names, nil for one of numbers, of which one of every so many is shown.
	names []string
	every int
}

func (s scale) low() float64  { return s.first * s.step }
func (s scale) high() float64 { return s.last * s.step }

// place returns where a value lies between the two ends, 0 to 1.
func (s scale) place(v float64) float64 { return (v - s.low()) / (s.high() - s.low()) }

// newScale fits an axis to values with about so many ticks, from a tick to a tick. It begins at 0 where that leaves at most
// a share of it without values.
func newScale(values []float64, percent bool, ticks int, idle float64) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if len(values) == 0 {
		low, high = 0, 1
	}
	if low > 0 && low <= idle*high {
		low = 0
	}
	if high-low <= 1e-9*max(math.Abs(low), math.Abs(high)) { // one value: give it room on both sides
		room := max(0.1*math.Abs(high), 0.01)
		if low -= room; low < 0 && high >= 0 {
			low = 0
		}
		high += room
	}
	s := scale{step: niceStep(max((high-low)/float64(ticks), 1e-300)), percent: percent}
	const slack = 1e-9 // a value at a tick, but for rounding, needs no tick beyond it
	s.first, s.last = math.Floor(low/s.step+slack), math.Ceil(high/s.step-slack)
	if s.last <= s.first {
		s.last = s.first + 1
	}
	return s
}

// niceStep returns the least of 1, 2, 2.5, 5 and 10 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// ticks returns the values of the ticks, from low to high.
func (s scale) ticks() []float64 {
	var out []float64
	if s.names != nil {
		for i := 0; i < len(s.names); i += s.every {
			out = append(out, float64(i))
		}
		return out
	}
	for k := s.first; k <= s.last; k++ {
		out = append(out, k*s.step)
	}
	return out
}

// text prints a tick with as many decimals as the step needs.
func (s scale) text(v float64) string {
	if s.names != nil {
		return s.names[int(v)]
	}
	unit, step := "", s.step
	if s.percent {
		unit, v, step = " %", 100*v, 100*step
	}
	if math.Abs(v) >= 1e15 || step < 1e-9 {
		return strconv.FormatFloat(v, 'g', 6, 64) + unit
	}
	digits := 0
	for scaled := step; digits < 12 && math.Abs(scaled-math.Round(scaled)) > 1e-6*scaled; digits++ {
		scaled *= 10
	}
	if digits == 0 {
		return thousands(int64(math.Round(v))) + unit
	}
	if v == 0 {
		return "0" + unit
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + unit
}
