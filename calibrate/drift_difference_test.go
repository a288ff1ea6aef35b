package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// wilsonShare is exactShare with the score interval, which Newcombe's method 10 combines.
func wilsonShare(k, n int64, confidence float64) estimate {
	low, high := Wilson(k, n, confidence)
	return estimate{float64(k) / float64(n), low, high}
}

// TestHybridIsNewcombe checks the combination against the intervals that are published for score intervals (Newcombe 1998, "Interval
// estimation for the difference between independent proportions", table II, method 10).
func TestHybridIsNewcombe(t *testing.T) {
	for _, c := range []struct {
		k, n, j, m int64
		low, high  float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 10, -0.2775, 0.2775},
	} {
		low, high := wilsonShare(c.k, c.n, 0.95).less(wilsonShare(c.j, c.m, 0.95))
		if math.Abs(low-c.low) > 6e-5 || math.Abs(high-c.high) > 6e-5 {
			t.Errorf("%d/%d - %d/%d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, c.j, c.m, low, high, c.low, c.high)
		}
	}
}

// falseAlarms is the exact probability that an interval excludes 0 where both shares are p: the sum over all pairs of counts.
func falseAlarms(p float64, n, m int64, interval func(k, n int64) estimate) (sum float64) {
	type point struct {
		estimate
		probability float64
	}
	points := func(n int64) (out []point) {
		b := distuv.Binomial{N: float64(n), P: p}
		spread := 9*math.Sqrt(float64(n)*p) + 25
		for k := max(0, int64(float64(n)*p-spread)); k <= min(n, int64(float64(n)*p+spread)); k++ {
			out = append(out, point{interval(k, n), b.Prob(float64(k))})
		}
		return out
	}
	baseline := points(m)
	for _, x := range points(n) {
		for _, y := range baseline {
			if low, high := x.less(y.estimate); low > 0 || high < 0 {
				sum += x.probability * y.probability
			}
		}
	}
	return sum
}

// TestDifferenceFalseAlarms adds up, for rare and for common cells, how often an interval of one of many cells excludes 0 although
// nothing has changed: never more than its share of the level. With score intervals it does, four times over, which is why these are
// not in use.
func TestDifferenceFalseAlarms(t *testing.T) {
	worst, worstScore := 0.0, 0.0
	for _, level := range []float64{0.05, 0.05 / 10, 0.05 / 60} {
		for _, size := range [][2]int64{{200, 200}, {200, 2000}, {2000, 200}, {1000, 12000}} {
			for _, expected := range []float64{0.1, 0.5, 1, 2, 4, 8, 16, 40, 90} { // records of the cell on the smaller side
				p := expected / float64(min(size[0], size[1]))
				exact := func(k, n int64) estimate { return exactShare(k, n, 1-level) }
				score := func(k, n int64) estimate { return wilsonShare(k, n, 1-level) }
				got := falseAlarms(p, size[0], size[1], exact)
				if worst = max(worst, got/level); got > level {
					t.Errorf("level %.5f, %v, %v expected: %.6f", level, size, expected, got)
				}
				worstScore = max(worstScore, falseAlarms(p, size[0], size[1], score)/level)
			}
		}
	}
	t.Logf("at worst %.2f times the level; with score intervals %.1f times", worst, worstScore)
	if worst < 0.5 || worstScore < 3 {
		t.Errorf("at worst %.2f times the level and %.1f with score intervals: the one is wasteful, or the reason for it is gone", worst, worstScore)
	}
}

// TestLeastRise checks it against trying every count.
func TestLeastRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int64Range(1, 300).Draw(t, "n"), rapid.Int64Range(1, 300).Draw(t, "m")
		j := rapid.Int64Range(0, m).Draw(t, "j")
		confidence := rapid.SampledFrom([]float64{0.9, 0.95, 0.999}).Draw(t, "confidence")
		want := Undefined()
		for k := int64(0); k <= n; k++ {
			if low, _ := DifferenceInterval(k, n, j, m, confidence); low > 0 {
				want = Number(float64(k)/float64(n) - float64(j)/float64(m))
				break
			}
		}
		got := leastRise(n, j, m, confidence)
		if got.Defined() != want.Defined() || got.Defined() && got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// TestDifferenceMirrors checks that the two sides can be exchanged, and records and the rest of them.
func TestDifferenceMirrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int64Range(1, 100_000).Draw(t, "n"), rapid.Int64Range(1, 100_000).Draw(t, "m")
		k, j := rapid.Int64Range(0, n).Draw(t, "k"), rapid.Int64Range(0, m).Draw(t, "j")
		low, high := DifferenceInterval(k, n, j, m, 0.99)
		d := float64(k)/float64(n) - float64(j)/float64(m)
		if !(low <= d && d <= high && low >= -1 && high <= 1) {
			t.Fatalf("%v is not within %v to %v", d, low, high)
		}
		for i, other := range [][4]int64{{j, m, k, n}, {n - k, n, m - j, m}} {
			l, h := DifferenceInterval(other[0], other[1], other[2], other[3], 0.99)
			if math.Abs(l+high) > 1e-9 || math.Abs(h+low) > 1e-9 {
				t.Fatalf("mirror %d: %v to %v, want %v to %v", i, l, h, -high, -low)
			}
		}
	})
	if low, high := DifferenceInterval(0, 0, 1, 2, 0.95); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("of no record: %v to %v", low, high)
	}
}

// driftCells are shares of cells of a policy, rare ones among them.
var driftCells = []float64{0.3, 0.2, 0.15, 0.1, 0.08, 0.05, 0.04, 0.03, 0.02, 0.01, 0.008, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0003, 0.0002}

// multinomial draws how many of n fall into each cell; what is left over falls into none.
func multinomial(rng *rand.Rand, n int64, shares []float64) []int64 {
	out := make([]int64, len(shares))
	left := 1.0
	for i, share := range shares {
		if n > 0 {
			out[i] = int64(distuv.Binomial{N: float64(n), P: min(1, share/left), Src: rng}.Rand())
		}
		n, left = n-out[i], left-share
	}
	return out
}

func cellShifts(base, now []int64, m, n int64) []Shift {
	var out []Shift
	for i := range base {
		out = append(out, Shift{Base: Portion{base[i], m}, Now: Portion{now[i], n}})
	}
	return out
}

// TestShiftsHoldTogether draws a baseline and a period of one population again and again: in at most 5 % of the draws is any cell
// marked. Where one cell has grown it is the one named, and a rise of the size that is said to show shows.
func TestShiftsHoldTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int64{{12000, 1000}, {2000, 2000}, {300, 300}} {
		const draws = 300
		false1, found, named, seen := 0, 0, 0, 0
		for range draws {
			base := multinomial(rng, size[0], driftCells)
			calm := newShifts(cellShifts(base, multinomial(rng, size[1], driftCells), size[0], size[1]), 0.95)
			if len(calm.Marked()) > 0 {
				false1++
			}
			moved := append([]float64(nil), driftCells...)
			moved[5] += 2 * float64(calm.List[5].Least) // twice what is marked at least
			changed := newShifts(cellShifts(base[:6], multinomial(rng, size[1], moved[:6]), size[0], size[1]), 0.95)
			largest, any := changed.Largest()
			if any {
				found++
			}
			if any && largest == changed.List[5] {
				named++
			}
			if changed.List[5].Changed() {
				seen++
			}
		}
		if limit := 0.05 + 3*math.Sqrt(0.05*0.95/draws); float64(false1)/draws > limit {
			t.Errorf("%v: %d of %d draws without a change are marked, want at most %.3f", size, false1, draws, limit)
		}
		if named < draws*95/100 || seen < draws*95/100 || found < named {
			t.Errorf("%v: a cell that grew was marked in %d of %d draws, and named in %d", size, seen, draws, named)
		}
	}
}
