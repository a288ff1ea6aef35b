package calibrate

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// fisherSlow is the definition in exact rational numbers: the share of the drawings of n of n+m records that hold k or more of
// the k+j frauds.
func fisherSlow(k, n, j, m int64) float64 {
	frauds, legit := k+j, n+m-k-j
	sum := new(big.Int)
	for x := k; x <= min(n, frauds); x++ {
		if n-x <= legit {
			sum.Add(sum, new(big.Int).Mul(choose(frauds, x), choose(legit, n-x)))
		}
	}
	v, _ := new(big.Rat).SetFrac(sum, choose(n+m, n)).Float64()
	return v
}

func choose(n, k int64) *big.Int { return new(big.Int).Binomial(n, k) }

func TestFisherIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int64Range(0, 400).Draw(t, "n"), rapid.Int64Range(0, 400).Draw(t, "m")
		k, j := rapid.Int64Range(0, n).Draw(t, "k"), rapid.Int64Range(0, m).Draw(t, "j")
		got, want := FisherGreater(k, n, j, m), fisherSlow(k, n, j, m)
		// Where the tail is most of the distribution it is 1 less a sum, so that its error is one of 1 and not of its own size.
		if wrong := math.Abs(got - want); wrong > 1e-13 || want < 1e-6 && wrong > 1e-11*want {
			t.Fatalf("%d of %d against %d of %d: %v, want %v", k, n, j, m, got, want)
		}
		if other := FisherGreater(j, m, k, n); got+other < 1-1e-12 {
			t.Fatalf("%v and %v leave something out", got, other)
		}
	})
}

// TestFisherReferences has values from the literature. The tea lady is in Fisher's book: 3 of 4 cups, 17/70, and 4 of 4, 1/70.
// Convicted twins (Fisher 1962; R's fisher.test, example "Convictions", alternative less): 2 of 17 against 10 of 13, p = 0.0004652.
func TestFisherReferences(t *testing.T) {
	for _, c := range []struct {
		k, n, j, m int64
		want       float64
	}{
		{3, 4, 1, 4, 17.0 / 70},
		{4, 4, 0, 4, 1.0 / 70},
		{10, 13, 2, 17, 0.0004651809},
		{0, 5, 3, 9, 1}, {5, 5, 9, 9, 1}, {0, 0, 3, 9, 1}, {3, 9, 0, 0, 1}, {0, 4, 0, 9, 1},
	} {
		if got := FisherGreater(c.k, c.n, c.j, c.m); math.Abs(got/c.want-1) > 1e-7 {
			t.Errorf("%d of %d against %d of %d: %v, want %v", c.k, c.n, c.j, c.m, got, c.want)
		}
	}
	if got := FisherTwoSided(4, 4, 0, 4); math.Abs(got-2.0/70) > 1e-15 {
		t.Errorf("two-sided %v, want 2/70", got)
	}
	// A history of ten million: the log stays finite, and a share that is as expected is not remarkable.
	if got := FisherGreater(100, 10_000, 99_900, 9_990_000); got < 0.45 || got > 0.55 {
		t.Errorf("as expected: %v", got)
	}
}

func TestHolmAdjustedIsHolm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 30).Draw(t, "p")
		// Every level that matters, from both sides: each adjusted value, and its neighbours.
		for _, a := range HolmAdjusted(p) {
			for _, delta := range []float64{a * (1 - 1e-9), a * (1 + 1e-9)} {
				if delta <= 0 || delta >= 1 {
					continue
				}
				var want []int
				for i, b := range HolmAdjusted(p) {
					if b <= delta {
						want = append(want, i)
					}
				}
				if got := Holm(p, delta); !slices.Equal(got, want) {
					t.Fatalf("%v at %v: Holm rejects %v, adjusted %v", p, delta, got, want)
				}
			}
		}
	})
}

// TestHolmAdjustedByHand takes the example of the R documentation's kind: 4 tests, sorted by hand.
func TestHolmAdjustedByHand(t *testing.T) {
	got := HolmAdjusted([]float64{0.04, 0.01, 0.03, 0.005})
	for i, want := range []float64{0.06, 0.03, 0.06, 0.02} {
		if math.Abs(got[i]-want) > 1e-15 {
			t.Errorf("adjusted %v", got)
		}
	}
}

// TestLookingAtMany draws histories in which 30 signals have nothing to do with fraud. Taken one by one, some p-value is at most
// 5 % in most histories; corrected, in no more than 5 % of them, give or take three standard errors.
func TestLookingAtMany(t *testing.T) {
	const histories, signals, records, delta = 200, 30, 2000, 0.05
	r := rand.New(rand.NewPCG(7, 11))
	alone, together := 0, 0
	for range histories {
		var hits, frauds [signals]int64
		var all int64
		for range records {
			fraud := r.Float64() < 0.05
			if fraud {
				all++
			}
			for s := range signals {
				if r.Float64() < 0.2 {
					hits[s]++
					if fraud {
						frauds[s]++
					}
				}
			}
		}
		var list []*Association
		for s := range signals {
			a := Associate(frauds[s], hits[s], all-frauds[s], records-hits[s], TwoSided, 0.95)
			list = append(list, &a)
		}
		Adjust(list)
		reaches := func(p func(*Association) Number) bool {
			return slices.ContainsFunc(list, func(a *Association) bool { return p(a) <= delta })
		}
		if reaches(func(a *Association) Number { return a.P }) {
			alone++
		}
		if reaches(func(a *Association) Number { return a.Adjusted }) {
			together++
		}
	}
	if limit := delta + 3*math.Sqrt(delta*(1-delta)/histories); float64(together) > limit*histories {
		t.Errorf("corrected, %d of %d histories show something, want at most %.0f", together, histories, limit*histories)
	}
	if alone < histories/4 {
		t.Errorf("uncorrected, %d of %d histories show something: the correction would have nothing to correct", alone, histories)
	}
	t.Logf("%d of %d histories without correction, %d with it", alone, histories, together)
}

func TestAssociate(t *testing.T) {
	a := Associate(3, 4, 1, 4, Greater, 0.95)
	if float64(a.Lift) != 1.5 || math.Abs(float64(a.P)-17.0/70) > 1e-15 || a.Rate.Numerator != 3 || a.Rate.Denominator != 4 {
		t.Errorf("%+v", a)
	}
	none, all, clean := Associate(0, 0, 1, 4, Greater, 0.95), Associate(1, 4, 0, 0, Greater, 0.95), Associate(0, 4, 0, 4, TwoSided, 0.95)
	if none.P.Defined() || none.Lift.Defined() || all.P.Defined() || all.Lift != 1 || clean.P != 1 || clean.Lift.Defined() {
		t.Errorf("nobody %+v, everybody %+v, no fraud %+v", none, all, clean)
	}
	// What was not tested is not counted.
	b := Associate(4, 4, 0, 4, Greater, 0.95)
	if tested := Adjust([]*Association{&none, &a, &b}); tested != 2 || math.Abs(float64(b.Adjusted)-2.0/70) > 1e-15 || a.Adjusted != a.P || none.Adjusted.Defined() {
		t.Errorf("tested %d: %v %v", tested, a.Adjusted, b.Adjusted)
	}
}
