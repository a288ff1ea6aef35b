package calibrate

import (
	"math"
	"sort"
)

// DifferenceInterval returns the two-sided interval of the difference k/n less j/m of two shares of independent records. It
// combines the exact intervals of the two (ClopperPearson) by the distances of their ends, as Newcombe's hybrid score method does
// with score intervals (Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10; Zou
// and Donner 2008 give the general argument): low = d - sqrt((p-l)^2 + (u'-p')^2), high likewise.
//
// Exact ends take the place of Wilson's because the interval is for one of many cells: at a level of 0.05/60 those of a rare cell
// exclude 0 for nothing four times as often as they may. With exact ends they never did, over the cells and sizes that the test
// goes through.
//
// confidence is in (0, 1). Both ends are NaN where n or m is 0.
func DifferenceInterval(k, n, j, m int64, confidence float64) (low, high float64) {
	check(k, n, confidence)
	check(j, m, confidence)
	if n == 0 || m == 0 {
		return math.NaN(), math.NaN()
	}
	return exactShare(k, n, confidence).less(exactShare(j, m, confidence))
}

// An estimate is a share with its interval.
type estimate struct{ at, low, high float64 }

func exactShare(k, n int64, confidence float64) estimate {
	low, high := ClopperPearson(k, n, confidence)
	return estimate{float64(k) / float64(n), low, high}
}

// less returns the interval of p less q.
func (p estimate) less(q estimate) (low, high float64) {
	d := p.at - q.at
	return max(-1, d-math.Hypot(p.at-p.low, q.high-q.at)), min(1, d+math.Hypot(p.high-p.at, q.at-q.low))
}

// leastRise returns the least share of n records that DifferenceInterval would show to be more than j of m, less j/m; undefined
// where not even all of the records would. It says what a comparison of so many records could have shown.
func leastRise(n, j, m int64, confidence float64) Number {
	if n == 0 || m == 0 {
		return Undefined()
	}
	base := exactShare(j, m, confidence)
	from := int64(base.at * float64(n))
	at := from + int64(sort.Search(int(n-from)+1, func(i int) bool {
		low, _ := exactShare(from+int64(i), n, confidence).less(base)
		return low > 0
	}))
	if at > n {
		return Undefined()
	}
	return Number(float64(at)/float64(n) - base.at)
}

// A Portion is a count of a whole: N 0 for nothing to be a part of.
type Portion struct{ K, N int64 }

// Share returns K/N, undefined for 0/0.
func (p Portion) Share() Number { return divide(p.K, p.N) }

// A Shift is a share in a period beside that in a baseline.
type Shift struct {
	// Kind says what it is the share of, such as "action" or "cell"; Of names the product where it is about one, and Name the thing
	// itself.
	Kind, Of, Name string
	Base, Now      Portion
	// Difference is that of the period less that of the baseline, Low and High its interval, simultaneous with those of the whole
	// family; undefined where one of the two has no records.
	Difference, Low, High Number
	// Least is the least rise of the share that would have been marked with as many records: what these numbers could have shown.
	Least Number
}

// Changed reports whether the interval excludes 0: more than chance, for all changes of the family together.
func (c Shift) Changed() bool { return c.Low > 0 || c.High < 0 }

// FewFrauds reports whether a fraud rate rests on so few frauds, of both sides together, that it says little.
func (c Shift) FewFrauds() bool { return c.Base.K+c.Now.K < fewFrauds }

// Shifts are a list of changes whose intervals hold together: with the confidence of the whole no change of it that is none is
// marked, however they depend on each other (Bonferroni). Tested counts those with records on both sides and something to
// compare; what nothing can be told of is not among them.
type Shifts struct {
	List       []Shift
	Tested     int
	Confidence float64 // of all together
}

// newShifts compares each portion of a list. What occurs on neither side, or is all on both, has no interval: whatever the other
// records were, it could not be marked.
func newShifts(changes []Shift, confidence float64) Shifts {
	s := Shifts{List: changes, Confidence: confidence}
	for _, c := range changes {
		if c.testable() {
			s.Tested++
		}
	}
	each := s.each()
	for i := range s.List {
		c := &s.List[i]
		c.Difference, c.Low, c.High, c.Least = Undefined(), Undefined(), Undefined(), Undefined()
		if c.Base.N == 0 || c.Now.N == 0 {
			continue
		}
		c.Difference = c.Now.Share() - c.Base.Share()
		if c.testable() {
			low, high := DifferenceInterval(c.Now.K, c.Now.N, c.Base.K, c.Base.N, each)
			c.Low, c.High = Number(low), Number(high)
			c.Least = leastRise(c.Now.N, c.Base.K, c.Base.N, each)
		}
	}
	return s
}

// each is the confidence of one interval of the family.
func (s Shifts) each() float64 { return 1 - (1-s.Confidence)/float64(max(1, s.Tested)) }

func (c Shift) testable() bool {
	return c.Base.N > 0 && c.Now.N > 0 && c.Base.K+c.Now.K > 0 && c.Base.K+c.Now.K < c.Base.N+c.Now.N
}

// Marked returns the changes whose interval excludes 0, in their order.
func (s Shifts) Marked() []Shift {
	var out []Shift
	for _, c := range s.List {
		if c.Changed() {
			out = append(out, c)
		}
	}
	return out
}

// Largest returns the marked change of the largest size, the first of those that tie; found is false where none is marked.
func (s Shifts) Largest() (largest Shift, found bool) {
	for _, c := range s.Marked() {
		if !found || math.Abs(float64(c.Difference)) > math.Abs(float64(largest.Difference)) {
			largest, found = c, true
		}
	}
	return largest, found
}

// Least returns the largest Least of the family: a rise of so much would have been marked whatever its change it was of. It is
// undefined where nothing was tested, or where some rise could not have been marked at all.
func (s Shifts) Least() Number {
	most := Undefined()
	for _, c := range s.List {
		if !c.testable() {
			continue
		}
		if !c.Least.Defined() {
			return Undefined()
		}
		if !most.Defined() || c.Least > most {
			most = c.Least
		}
	}
	return most
}
