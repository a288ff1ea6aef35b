package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestDKWReference(t *testing.T) {
	type value struct {
		N          int64
		Delta, Eps float64
	}
	// The first entry of the file by hand: sqrt(log(40)/200).
	values := []value{{100, 0.05, 0.13581015157406195}}
	compare := func(t *testing.T, values []value) {
		for _, r := range values {
			if got := DKW(r.N, r.Delta); !near(got, r.Eps) {
				t.Errorf("DKW(%d, %v) = %v, want %v", r.N, r.Delta, got, r.Eps)
			}
		}
	}
	compare(t, values)
	t.Run("shared", func(t *testing.T) {
		var ref struct{ DKW []value }
		shared(t, &ref)
		if len(ref.DKW) < 4 {
			t.Fatalf("%d values to compare with", len(ref.DKW))
		}
		compare(t, ref.DKW)
	})
}

func TestSimultaneousBand(t *testing.T) {
	// One point is no multiple comparison; five at 95 % are each at 99 %.
	one := SimultaneousBand([]Ratio{{12, 5000}}, 0.95)
	if low, high := ClopperPearson(12, 5000, 0.95); !near(float64(one[0].Low), low) || !near(float64(one[0].High), high) {
		t.Errorf("one point: %v, want %v, %v", one, low, high)
	}
	points := []Ratio{{0, 30}, {1, 30}, {30, 30}, {12, 5000}, {0, 0}}
	for i, got := range SimultaneousBand(points, 0.95) {
		low, high := ClopperPearson(points[i].K, points[i].N, 0.99)
		if points[i].N == 0 {
			if got.Low.Defined() || got.High.Defined() {
				t.Errorf("nothing counted, and %v", got)
			}
			continue
		}
		if math.Abs(float64(got.Low)-low) > 1e-9*low || !near(float64(got.High), high) {
			t.Errorf("%v of %d points: %v, want %v, %v", points[i], len(points), got, low, high)
		}
	}
	if got := SimultaneousBand(nil, 0.95); len(got) != 0 {
		t.Errorf("a curve without a point: %v", got)
	}
}

// TestSimultaneousBandIsExact solves the tails at the far ends that a band of many points asks for.
func TestSimultaneousBandIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 200).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		points := make([]Ratio, rapid.IntRange(1, 1001).Draw(t, "points"))
		points[0] = Ratio{k, n}
		delta := 0.05 / 2 / float64(len(points))
		got := SimultaneousBand(points, 0.95)[0]
		if k < n && math.Abs(float64(got.High)-slowUpper(k, n, delta)) > 1e-9*float64(got.High) {
			t.Errorf("high %v, want %v", got.High, slowUpper(k, n, delta))
		}
		if k > 0 && math.Abs(float64(got.Low)-slowLower(k, n, delta)) > 1e-9*float64(got.Low)+1e-14 {
			t.Errorf("low %v, want %v", got.Low, slowLower(k, n, delta))
		}
	})
}

func TestDKWBand(t *testing.T) {
	got := DKWBand([]int64{0, 50, 100}, 100, 0.95)
	eps := Number(0.13581015157406195)
	want := []Interval{{0, eps}, {0.5 - eps, 0.5 + eps}, {1 - eps, 1}}
	for i := range want {
		if math.Abs(float64(got[i].Low-want[i].Low)) > 1e-12 || math.Abs(float64(got[i].High-want[i].High)) > 1e-12 {
			t.Errorf("point %d: %v, want %v", i, got[i], want[i])
		}
	}
	for _, b := range DKWBand([]int64{0}, 0, 0.95) {
		if b.Low.Defined() || b.High.Defined() {
			t.Errorf("no record, and %v", b)
		}
	}
	if !panics(func() { DKWBand([]int64{101}, 100, 0.95) }) || !panics(func() { DKW(-1, 0.05) }) || !panics(func() { DKWBand(nil, 5, 1) }) {
		t.Error("a count or a confidence out of range was accepted")
	}
}

// TestBandsHoldTheCurve draws histories of which the truth is known: a band of either kind misses the curve somewhere in no
// more than 10 % of them, while pointwise intervals of the same confidence miss it far more often.
func TestBandsHoldTheCurve(t *testing.T) {
	const runs, size, points, confidence = 2000, 200, 25, 0.90
	rng := rand.New(rand.NewPCG(1, 2))
	var bonferroni, dkw, pointwise int
	for range runs {
		var at [points]int64 // uniform scores: the true share above cutoff i is 1 - (i+1)/(points+1)
		for range size {
			u := rng.Float64() * (points + 1)
			for i := range int(u) {
				at[i]++
			}
		}
		ratios := make([]Ratio, points)
		for i, k := range at {
			ratios[i] = Ratio{k, size}
		}
		misses := func(band []Interval) (missed int) {
			for i, b := range band {
				if truth := Number(1 - float64(i+1)/(points+1)); truth < b.Low || truth > b.High {
					missed = 1
				}
			}
			return missed
		}
		bonferroni += misses(SimultaneousBand(ratios, confidence))
		dkw += misses(DKWBand(at[:], size, confidence))
		alone := make([]Interval, points)
		for i, r := range ratios {
			alone[i] = SimultaneousBand([]Ratio{r}, confidence)[0]
		}
		pointwise += misses(alone)
	}
	limit := int(runs * (0.1 + 3*math.Sqrt(0.1*0.9/runs))) // three standard errors
	if bonferroni > limit || dkw > limit {
		t.Errorf("of %d runs the Bonferroni band misses %d and the DKW band %d, want at most %d", runs, bonferroni, dkw, limit)
	}
	if pointwise < runs*3/10 {
		t.Errorf("pointwise intervals miss the curve in %d of %d runs only: the test above proves nothing", pointwise, runs)
	}
	t.Logf("missed of %d: Bonferroni %d, DKW %d, pointwise %d", runs, bonferroni, dkw, pointwise)
}
