package reports

import "testing"

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
