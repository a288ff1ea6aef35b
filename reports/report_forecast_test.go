package reports

import (
	"math/rand/v2"
	"testing"
)

// TestForecastFamily repeats months in which nothing has changed: at most 5 % of reports find anything outside.
func TestForecastFamily(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	count := func(n int64, rate float64) (k int64) {
		for range n {
			if rng.Float64() < rate {
				k++
			}
		}
		return k
	}
	const draws = 600
	outside := 0
	for range draws {
		found := false
		for _, rate := range []float64{0.6, 0.15, 0.02, 0.9, 0.08} { // as many as a report forecasts
			x := forecastMeasureJSON{K: count(400, rate), N: 400}
			r := realisedJSON{K: count(300, rate), N: 300}
			r.judge(x)
			found = found || r.Result != "inside"
		}
		if found {
			outside++
		}
	}
	if outside > 46 { // 0.05 + 3 s.e. of 600 draws
		t.Errorf("%d of %d calm reports find something outside", outside, draws)
	}
	t.Log(outside)
}

// TestJudge checks both sides of each edge of a prediction, and what is no prediction.
func TestJudge(t *testing.T) {
	x := forecastMeasureJSON{Name: "fraud_rate", K: 50, N: 1000}
	first := realisedJSON{K: 50, N: 1000}
	first.judge(x)
	if first.Result != "inside" || first.Low == nil {
		t.Fatalf("the same count: %+v", first)
	}
	low, high := *first.Low, *first.High
	for _, c := range []struct {
		k, n int64
		want string
	}{{low, 1000, "inside"}, {low - 1, 1000, "below"}, {high, 1000, "inside"}, {high + 1, 1000, "above"}, {0, 0, "unknown"}, {-1, 5, "inconsistent"}, {1, -5, "inconsistent"}, {6, 5, "inconsistent"}} {
		r := realisedJSON{K: c.k, N: c.n}
		if r.judge(x); r.Result != c.want {
			t.Errorf("%d of %d: %s, want %s", c.k, c.n, r.Result, c.want)
		}
	}
}
