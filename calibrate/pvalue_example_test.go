package calibrate_test

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

// Policies are tested from the one most likely to pass on, and the walk ends at the first that does not.
func ExampleFixedSequence() {
	counted := []struct{ frauds, labeled int64 }{{2, 1900}, {4, 2100}, {12, 2300}, {3, 2400}}
	var p []float64
	for _, c := range counted {
		p = append(p, calibrate.PValue(c.frauds, c.labeled, 0.005))
	}
	fmt.Printf("%.4f\n", p)
	fmt.Println("certified:", calibrate.FixedSequence(p, 0.05, 1))
	// Output:
	// [0.0041 0.0209 0.6331 0.0023]
	// certified: [0 1]
}

// What certifies a fraud rate of at most 0.5 % at 95 %.
func ExampleMinToCertify() {
	for _, frauds := range []int64{0, 5, 100} {
		fmt.Println(frauds, "frauds among", calibrate.MinToCertify(frauds, 0.005, 0.05))
	}
	// Output:
	// 0 frauds among 598
	// 5 frauds among 2100
	// 100 frauds among 23607
}

func ExamplePairedCounts_FraudRateDifference() {
	c := calibrate.PairedCounts{
		{{dataset.Legit: 3700, dataset.Fraud: 268}, {dataset.Legit: 1150, dataset.Fraud: 21}},
		{{dataset.Legit: 600, dataset.Fraud: 9}, {dataset.Legit: 14200, dataset.Fraud: 52}},
	}
	d := c.FraudRateDifference(0.95)
	fmt.Printf("%.3f %% -> %.3f %%, %+.3f points [%+.3f, %+.3f], p = %.3f\n", 100*d.First, 100*d.Second, 100*d.Value, 100*d.Low, 100*d.High, d.P)
	// Output:
	// 0.410 % -> 0.473 %, +0.063 points [-0.007, +0.133], p = 0.079
}
