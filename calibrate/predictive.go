package calibrate

import "fmt"

// A Prediction is how many of the next Records will be counted, if the rate stays what k of n showed: the beta-binomial of
// Jeffreys' posterior, Beta(k+1/2, n-k+1/2). Unlike the interval of a rate it has the chance of the next period in it too, so
// that a count within it is no news. It holds about its level on average over rates and is no promise for each of them.
type Prediction struct {
	Records int64 `json:"records"`
	// Low and High are both included: with a probability of at most (1-Confidence)/2 each, the count is below Low and above
	// High; no narrower counts keep that. Expected is the mean.
	Low        int64  `json:"low"`
	High       int64  `json:"high"`
	Expected   Number `json:"expected"`
	Confidence Number `json:"confidence"`
}

// MaxPredicted is the largest next period that is predicted. After a single record, which says next to nothing, every count
// is possible and is looked at: that takes a second.
const MaxPredicted = 100_000_000

// Predict returns the prediction for the next m records, 0..MaxPredicted, after k of n; found is false for n = 0, which
// predicts nothing. confidence is in (0, 1).
func Predict(k, n, m int64, confidence float64) (p Prediction, found bool) {
	check(k, n, confidence)
	checkPredicted(m)
	if n == 0 {
		return Prediction{}, false
	}
	c := newNextCount(k, n, m)
	tail := (1 - confidence) / 2
	expected := float64(m) * (float64(k) + 0.5) / (float64(n) + 1)
	return Prediction{m, c.atLeast(tail), c.atMost(tail), Number(expected), Number(confidence)}, true
}

// PredictAtMost returns the one-sided prediction: the least count that the next m records exceed with a predictive probability
// of at most delta, in (0, 1). found is false for n = 0.
func PredictAtMost(k, n, m int64, delta float64) (most int64, found bool) {
	check(k, n, delta)
	checkPredicted(m)
	if n == 0 {
		return 0, false
	}
	return newNextCount(k, n, m).atMost(delta), true
}

func checkPredicted(m int64) {
	if m < 0 || m > MaxPredicted {
		panic(fmt.Sprintf("calibrate: %d records to predict, not in 0..%d", m, MaxPredicted))
	}
}

// A nextCount is the beta-binomial distribution of a count. It knows the probabilities of the two counts where its walks end, as
// multiples of that of the likeliest; those beyond add up to less than rounding. sum is that of all, in the same unit.
type nextCount struct {
	a, b, size      float64
	first, last     int64
	atFirst, atLast float64
	sum             float64
}

// leastShare is where a walk ends: a count of which this is the share of all those before it.
const leastShare = 1e-18

// newNextCount walks from the likeliest count up and down, each probability a ratio of its neighbour, until what is left is
// nothing. It takes a number of steps like the standard deviation of the count, and no factorial.
func newNextCount(k, n, m int64) nextCount {
	c := nextCount{a: float64(k) + 0.5, b: float64(n-k) + 0.5, size: float64(m), sum: 1}
	mode := m
	switch {
	case k == 0:
		mode = 0
	case k < n:
		// n is 2 or more. Where the product rounds, the walk starts next to the likeliest count, and loses nothing by it.
		mode = min(int64((c.size+1)*((c.a-1)/float64(n-1))), m)
	}
	c.last, c.atLast = mode, 1
	for ; c.last < m && c.atLast > c.sum*leastShare; c.last++ {
		c.atLast *= c.up(c.last)
		c.sum += c.atLast
	}
	c.first, c.atFirst = mode, 1
	for ; c.first > 0 && c.atFirst > c.sum*leastShare; c.first-- {
		c.atFirst /= c.up(c.first - 1)
		c.sum += c.atFirst
	}
	return c
}

// up returns how many times as likely as j the next count is.
func (c nextCount) up(j int64) float64 {
	x := float64(j)
	return (c.size - x) * (x + c.a) / ((x + 1) * (c.size - x - 1 + c.b))
}

// atMost returns the least count that is exceeded with a probability of at most tail. It adds up from the far end, where the
// terms are small and nothing is lost.
func (c nextCount) atMost(tail float64) int64 {
	above, t := 0.0, c.atLast
	for j := c.last; j > c.first; j-- {
		if above += t; above > tail*c.sum {
			return j
		}
		t /= c.up(j - 1)
	}
	return c.first
}

// atLeast returns the greatest count below which there is a probability of at most tail.
func (c nextCount) atLeast(tail float64) int64 {
	below, t := 0.0, c.atFirst
	for j := c.first; j < c.last; j++ {
		if below += t; below > tail*c.sum {
			return j
		}
		t *= c.up(j)
	}
	return c.last
}
