package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

type predictiveReference struct {
	K, N, M   int64
	Posterior string
	Upper     int64 `json:"upper95_count"`
}

func TestPredictiveReference(t *testing.T) {
	eachReference(t, "predictive", `{"k": 12, "n": 5000, "m": 1500, "posterior": "Beta(12.5,4988.5)", "upper95_count": 8}`,
		func(t *testing.T, ref predictiveReference) {
			if got, found := PredictAtMost(ref.K, ref.N, ref.M, 0.05); !found || got != ref.Upper {
				t.Errorf("%d, %v, want %d", got, found, ref.Upper)
			}
			// The same bound is the upper end of the two-sided interval at 90 %.
			if p, _ := Predict(ref.K, ref.N, ref.M, 0.9); p.High != ref.Upper || !near(float64(p.Expected), 1500*12.5/5001) {
				t.Errorf("%+v", p)
			}
		})
}

// slowPrediction returns the probability of each count, from log-gammas.
func slowPrediction(k, n, m int64) []float64 {
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	logBeta := func(a, b float64) float64 { return lg(a) + lg(b) - lg(a+b) }
	a, b, size := float64(k)+0.5, float64(n-k)+0.5, float64(m)
	out := make([]float64, m+1)
	for j := range out {
		x := float64(j)
		out[j] = math.Exp(lg(size+1) - lg(x+1) - lg(size-x+1) + logBeta(x+a, size-x+b) - logBeta(a, b))
	}
	return out
}

func TestPredictionByCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1, 3000)).Draw(t, "n")
		k := rapid.OneOf(rapid.Int64Range(0, n), rapid.Just(int64(0)), rapid.Just(n)).Draw(t, "k")
		m := rapid.Int64Range(0, 500).Draw(t, "m")
		confidence := rapid.SampledFrom([]float64{0.5, 0.9, 0.95, 0.999}).Draw(t, "confidence")
		p, found := Predict(k, n, m, confidence)
		if !found || p.Records != m || p.Low < 0 || p.Low > p.High || p.High > m || float64(p.Confidence) != confidence {
			t.Fatalf("%+v, %v", p, found)
		}
		var below, above, mean float64
		for j, share := range slowPrediction(k, n, m) {
			mean += float64(j) * share
			if int64(j) < p.Low {
				below += share
			}
			if int64(j) > p.High {
				above += share
			}
		}
		all, tail := slowPrediction(k, n, m), (1-confidence)/2
		// Log-gammas are good to some 1e-10 of a probability here.
		if below > tail+1e-9 || above > tail+1e-9 || below+all[p.Low] < tail-1e-9 && p.Low < m || above+all[p.High] < tail-1e-9 && p.High > 0 {
			t.Errorf("%+v: %v below, %v above", p, below, above)
		}
		if math.Abs(mean-float64(p.Expected)) > 1e-7*(1+mean) {
			t.Errorf("expected %v, want %v", p.Expected, mean)
		}
		// Counting the others is the same question.
		if q, _ := Predict(n-k, n, m, confidence); math.Abs(below-tail) > 1e-9 && math.Abs(above-tail) > 1e-9 && (q.Low != m-p.High || q.High != m-p.Low) {
			t.Errorf("%+v, of the others %+v", p, q)
		}
	})
}

// TestPredictionCovers draws two periods of one rate: the second is within what the first predicts, and not within the interval
// of the rate.
func TestPredictionCovers(t *testing.T) {
	const runs, n, m, rate = 1000, 5000, 2000, 0.01
	rng := rand.New(rand.NewPCG(91, 4))
	draw := func(size int) (k int64) {
		for range size {
			k += int64(b2i(rng.Float64() < rate))
		}
		return k
	}
	var held, atMost, naive int
	for range runs {
		k, next := draw(n), draw(m)
		p, _ := Predict(k, n, m, 0.9)
		most, _ := PredictAtMost(k, n, m, 0.1)
		held += b2i(p.Low <= next && next <= p.High)
		atMost += b2i(next <= most)
		low, high := Wilson(k, n, 0.9)
		naive += b2i(low*m <= float64(next) && float64(next) <= high*m)
	}
	t.Logf("of %d next counts are within the prediction at 90 %% %d, at most the one-sided one %d, within the interval of the rate %d", runs, held, atMost, naive)
	least := 0.9*runs - 3*math.Sqrt(runs*0.9*0.1)
	if float64(held) < least || float64(atMost) < least || float64(naive) > least {
		t.Errorf("%d, %d and %d, at least %.0f", held, atMost, naive, least)
	}
}

func TestPredictionEdges(t *testing.T) {
	if _, found := Predict(0, 0, 100, 0.9); found {
		t.Error("nothing predicts something")
	}
	if _, found := PredictAtMost(0, 0, 100, 0.1); found {
		t.Error("nothing predicts something")
	}
	if p, found := Predict(3, 10, 0, 0.9); !found || p.Low != 0 || p.High != 0 || p.Expected != 0 {
		t.Errorf("of no records: %+v", p)
	}
	// A large period of a small rate is about normal: the mean and the standard deviation of the beta-binomial.
	p, _ := Predict(50_000, 10_000_000, MaxPredicted, 0.95)
	a, b, m := 50_000.5, 9_950_000.5, float64(MaxPredicted)
	sd := math.Sqrt(m * a * b * (a + b + m) / (a + b) / (a + b) / (a + b + 1))
	if math.Abs(float64(p.High)-float64(p.Expected)-1.96*sd) > 0.01*sd || math.Abs(float64(p.Expected)-float64(p.Low)-1.96*sd) > 0.01*sd {
		t.Errorf("%+v, standard deviation %v", p, sd)
	}
	if p, _ := Predict(math.MaxInt64/4, math.MaxInt64/2, MaxPredicted, 0.95); p.Low < 49_980_000 || p.High > 50_020_000 {
		t.Errorf("after everything: %+v", p)
	}
	for i, f := range []func(){
		func() { Predict(-1, 3, 3, 0.9) }, func() { Predict(4, 3, 3, 0.9) }, func() { Predict(1, 3, -1, 0.9) }, func() { Predict(1, 3, MaxPredicted+1, 0.9) },
		func() { Predict(1, 3, 3, 1) }, func() { PredictAtMost(1, 3, 3, 0) }, func() { PredictAtMost(1, 3, -3, 0.1) }, func() { PredictAtMost(1, 3, 3, math.NaN()) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}
