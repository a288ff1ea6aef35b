package calibrate

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// The few distributions that intervals and tests need, straight from the special functions. gonum's distuv has them too, and a
// test holds these to it bit by bit; but its package imports the linear algebra of gonum, which the linker cannot leave out:
// two megabytes of the program that nothing calls.

// studentQuantile is the quantile of Student's t with nu degrees of freedom, p in [0, 1]. It comes from that of a beta: where
// t has the distribution, nu/(t^2+nu) is beta(nu/2, 1/2) (DLMF 8.17).
func studentQuantile(nu, p float64) float64 {
	if p == 0.5 {
		return 0
	}
	b := mathext.InvRegIncBeta(nu/2, 0.5, 2*min(p, 1-p))
	return math.Copysign(math.Sqrt(nu*(1-b)/b), p-0.5)
}

// chiSquaredQuantile is the quantile of a chi-square of k degrees of freedom, p in [0, 1].
func chiSquaredQuantile(k, p float64) float64 { return mathext.GammaIncRegInv(0.5*k, p) * 2 }

// chiSquaredSurvival is the probability that a chi-square of k degrees of freedom exceeds x.
func chiSquaredSurvival(k, x float64) float64 {
	if x < 0 {
		return 1
	}
	return mathext.GammaIncRegComp(0.5*k, 0.5*x)
}

// poissonProb is the probability that a Poisson count of mean lambda is n, a whole number from 0 on.
func poissonProb(lambda, n float64) float64 {
	lg, _ := math.Lgamma(n + 1)
	return math.Exp(n*math.Log(lambda) - lambda - lg)
}
