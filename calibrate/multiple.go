package calibrate

import (
	"cmp"
	"fmt"
	"slices"
)

// The three tests below take the p-values of several hypotheses and a level delta. They return the indices of those that
// are rejected, ascending, such that the probability of rejecting even one true hypothesis is at most delta, however the
// p-values depend on each other. A p-value of exactly the level is rejected; one outside [0, 1] panics.

// Bonferroni rejects what lies at or below delta divided by the number of hypotheses.
func Bonferroni(p []float64, delta float64) []int {
	checkTests(p, delta)
	var rejected []int
	for i, v := range p {
		if v <= delta/float64(len(p)) {
			rejected = append(rejected, i)
		}
	}
	return rejected
}

// Holm walks from the smallest p-value up, and divides delta by the hypotheses that are left; it stops at the first that it
// cannot reject. It rejects whatever Bonferroni does (Holm 1979).
func Holm(p []float64, delta float64) []int {
	checkTests(p, delta)
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	var rejected []int
	for i, at := range order {
		if p[at] > delta/float64(len(p)-i) {
			break
		}
		rejected = append(rejected, at)
	}
	slices.Sort(rejected)
	return rejected
}

// HolmAdjusted returns for each p-value the least delta at which Holm rejects its hypothesis, at most 1: the p-value corrected for
// having tested all of them. It ranks like p. A p-value outside [0, 1] panics.
func HolmAdjusted(p []float64) []float64 {
	order := make([]int, len(p))
	for i, v := range p {
		checkShare(v)
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted, worst := make([]float64, len(p)), 0.0
	for i, at := range order {
		worst = max(worst, min(1, p[at]*float64(len(p)-i))) // Holm stops at the first that it cannot reject
		adjusted[at] = worst
	}
	return adjusted
}

// adjustTested corrects the p-values of all members of a list that have one, by HolmAdjusted, and returns these members. of gives a
// member's p-value and the place of the corrected one.
func adjustTested[T any](list []T, of func(T) (p Number, adjusted *Number)) (tested []T) {
	var p []float64
	for _, x := range list {
		if v, _ := of(x); v.Defined() {
			tested, p = append(tested, x), append(p, float64(v))
		}
	}
	for i, v := range HolmAdjusted(p) {
		_, adjusted := of(tested[i])
		*adjusted = Number(v)
	}
	return tested
}

// FixedSequence walks the hypotheses in the order given, each at the full level delta, and stops at the first that it
// cannot reject: the guarantee holds because the order was fixed before the data were seen. With starts above 1 it walks
// from that many evenly spaced places, rounded down, each at delta/starts, for an order of which the beginning may be bad (Angelopoulos
// et al., "Learn then test", 2021). starts is at least 1; beyond len(p) there is one for each hypothesis.
func FixedSequence(p []float64, delta float64, starts int) []int {
	checkTests(p, delta)
	if starts < 1 {
		panic(fmt.Sprintf("calibrate: %d starts", starts))
	}
	starts = min(starts, len(p))
	passed := make([]bool, len(p))
	for s := range starts {
		for i := s * len(p) / starts; i < len(p) && p[i] <= delta/float64(starts); i++ {
			passed[i] = true
		}
	}
	var rejected []int
	for i, ok := range passed {
		if ok {
			rejected = append(rejected, i)
		}
	}
	return rejected
}

func checkTests(p []float64, delta float64) {
	check(0, 0, delta)
	for _, v := range p {
		checkShare(v)
	}
}
