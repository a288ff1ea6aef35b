package calibrate

import (
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestDistributions holds the distributions to gonum's, bit by bit.
func TestDistributions(t *testing.T) {
	same := func(name string, got, want, of, at float64) {
		if got != want {
			t.Errorf("%s(%v) at %v is %v, want %v", name, of, at, got, want)
		}
	}
	for _, p := range []float64{0, 1e-9, 0.001, 0.025, 0.05, 0.2, 0.5, 0.75, 0.8, 0.95, 0.975, 0.99, 0.999, 1 - 1e-9, 1} {
		if p > 0 && p < 1 {
			same("normal quantile", normalQuantile(p), distuv.UnitNormal.Quantile((1+p)/2), 0, p)
		}
		for _, k := range []float64{1, 2, 3, 4, 9, 19, 30, 99, 1000, 123_456} {
			same("chi-square quantile", chiSquaredQuantile(k, p), distuv.ChiSquared{K: k}.Quantile(p), k, p)
			same("Student quantile", studentQuantile(k, p), distuv.StudentsT{Sigma: 1, Nu: k}.Quantile(p), k, p)
		}
	}
	for _, k := range []float64{1, 2, 5.5, 19, 400} {
		for _, x := range []float64{-1, 0, 1e-9, 0.5, 1, 3.84, 10, 100, 1000} {
			same("chi-square survival", chiSquaredSurvival(k, x), distuv.ChiSquared{K: k}.Survival(x), k, x)
		}
		for n := range 200 {
			same("Poisson probability", poissonProb(k, float64(n)), distuv.Poisson{Lambda: k}.Prob(float64(n)), k, float64(n))
		}
	}
}
