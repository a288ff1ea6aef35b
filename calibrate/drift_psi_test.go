package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// TestPSIReference checks index, p and 95 % points against numpy and scipy, which add nothing to a bin.
func TestPSIReference(t *testing.T) {
	type reference struct {
		Expected, Actual []int64
		PSI              float64 `json:"psi"`
		P                float64 `json:"psi_p_chi2"`
		Crit             []struct {
			N, M int64
			Bins int
			Crit float64
		} `json:"psi_crit95"`
	}
	const inlined = `{"expected":[100,100,100,100,100,100,100,100,100,100],"actual":[120,110,105,100,100,95,95,95,90,90],
		"psi":0.0077200934837392855,"psi_p_chi2":0.920379931532852,"psi_crit95":[{"n":100,"m":100,"bins":10,"crit":0.33837955209240894},
		{"n":10000,"m":10000,"bins":10,"crit":0.0033837955209240897},{"n":100000,"m":5000,"bins":10,"crit":0.003552985296970294}]}`
	eachReference(t, "drift", inlined, func(t *testing.T, ref reference) {
		if got := stabilityIndex(ref.Expected, ref.Actual, 0); math.Abs(got-ref.PSI) > 1e-15 {
			t.Errorf("index %v, want %v", got, ref.PSI)
		}
		null := distuv.ChiSquared{K: float64(len(ref.Expected) - 1)}
		if got := null.Survival(ref.PSI / (2.0 / 1000)); math.Abs(got-ref.P) > 1e-12 {
			t.Errorf("p %v, want %v", got, ref.P)
		}
		// Half a record more in each bin changes the third digit of so small an index.
		if x := PSI(ref.Expected, ref.Actual); math.Abs(float64(x.PSI)-0.0076445913) > 1e-9 || math.Abs(float64(x.P)-ref.P) > 0.003 {
			t.Errorf("%+v", x)
		}
		for _, c := range ref.Crit {
			x := PSI(evenly(c.N, c.Bins), evenly(c.M, c.Bins))
			if math.Abs(float64(x.Most95)/c.Crit-1) > 1e-12 || x.Bins != c.Bins || math.Abs(float64(x.Mean)/(9*x.scale())-1) > 1e-12 {
				t.Errorf("%+v, want %v", x, c)
			}
		}
	})
}

func evenly(n int64, bins int) []int64 {
	out := make([]int64, bins)
	for i := range out {
		out[i] = n / int64(bins)
	}
	return out
}

// TestPSIKeepsEmptyBins: a bin that empties, or fills, counts. Tools that drop it, or that skip terms which are not finite, find
// almost nothing (METRICS.md, "Traps": 1.425 reported as 0.0446).
func TestPSIKeepsEmptyBins(t *testing.T) {
	base, now := []int64{200, 200, 200, 200, 200, 0}, []int64{250, 240, 260, 0, 0, 250}
	var dropped float64
	for i := range base {
		if e, a := float64(base[i])/1000, float64(now[i])/1000; e > 0 && a > 0 {
			dropped += (a - e) * math.Log(a/e)
		}
	}
	x := PSI(base, now)
	if dropped > 0.05 || x.PSI < 1.4 || x.Bins != 6 || x.P > 1e-9 || x.Colour() != "red" {
		t.Errorf("%+v, with bins dropped %v", x, dropped)
	}
	// A bin that holds nothing on either side is no bin.
	if y := PSI(append(base, 0, 0), append(now, 0, 0)); y != PSI(base, now) && y.Bins != 6 {
		t.Errorf("%+v, want %+v", y, x)
	}
	for _, c := range [][2][]int64{{{}, {}}, {{0, 0}, {3, 4}}, {{3, 4}, {0, 0}}} {
		if x := PSI(c[0], c[1]); x.PSI.Defined() || x.P.Defined() || x.Colour() != "" {
			t.Errorf("%v: %+v", c, x)
		}
	}
	if x := PSI([]int64{5, 0}, []int64{9, 0}); x.PSI != 0 || x.P.Defined() || x.Bins != 1 {
		t.Errorf("one bin: %+v", x)
	}
}

// TestCalmMonths counts what the rule of thumb says of months in which nothing has changed: at 200 records a third of them pass 0.1,
// at 10,000 one in twenty passes 0.0034 (STATISTICS.md, section 6). p knows the number of records, and is below 5 % in 5 % of them.
func TestCalmMonths(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	shares := slices.Repeat([]float64{0.1}, 10)
	for _, c := range []struct {
		n         int64
		point     float64
		low, high float64 // share of the months beyond it
	}{{200, 0.1, 0.30, 0.40}, {10_000, 0.0034, 0.03, 0.07}, {10_000, 0.1, 0, 0}} {
		const months = 1500
		beyond, unlikely, half := 0, 0, 0
		for range months {
			x := PSI(multinomial(rng, c.n, shares), multinomial(rng, c.n, shares))
			if float64(x.PSI) > c.point {
				beyond++
			}
			if x.P <= 0.05 {
				unlikely++
			}
			if x.P <= 0.5 {
				half++
			}
		}
		if got := float64(beyond) / months; got < c.low || got > c.high {
			t.Errorf("n = %d: %v of calm months are beyond %v, want %v to %v", c.n, got, c.point, c.low, c.high)
		}
		if p, q := float64(unlikely)/months, float64(half)/months; p < 0.03 || p > 0.07 || q < 0.45 || q > 0.55 {
			t.Errorf("n = %d: p is at most 0.05 in %v of calm months and at most 0.5 in %v", c.n, p, q)
		}
	}
}

// TestNoncentral checks the mixture against the closed form of one degree, and what an index of the least size comes to.
func TestNoncentral(t *testing.T) {
	normal := distuv.UnitNormal
	for _, lambda := range []float64{0.01, 1, 8, 60, 900} {
		for _, x := range []float64{0.5, 3.84, 20, 800} {
			a, b := math.Sqrt(x), math.Sqrt(lambda)
			if got, want := noncentral(1, lambda, x), normal.CDF(b-a)+normal.CDF(-a-b); math.Abs(got-want) > 1e-9 {
				t.Errorf("lambda %v, x %v: %v, want %v", lambda, x, got, want)
			}
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	list := []*Index{new(Index)}
	*list[0] = PSI(evenly(5000, 10), evenly(1000, 10))
	adjustIndices(list, 0.95)
	shares := slices.Repeat([]float64{0.1}, 10)
	moved := slices.Clone(shares)
	move := 0.0 // from one half of the bins to the other, so that the population's index is the least
	for 5*move*math.Log((0.1+move)/(0.1-move)) < float64(list[0].Least) {
		move += 1e-5
	}
	for i := range moved {
		moved[i] += move * float64(1-2*(i%2))
	}
	const draws = 1500
	seen := 0
	for range draws {
		if PSI(multinomial(rng, 5000, shares), multinomial(rng, 1000, moved)).P <= 0.05 {
			seen++
		}
	}
	if got := float64(seen) / draws; got < 0.76 || got > 0.84 {
		t.Errorf("an index of %v was seen in %v of cases, want four of five", list[0].Least, got)
	}
}

// TestDeciles checks that bins cover every score once, hold a tenth each where ties allow, and never split a score.
func TestDeciles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := make([][dataset.NumLabels]int64, dataset.MaxScore+1)
		var n, largest int64
		for range rapid.IntRange(1, 60).Draw(t, "distinct") {
			c := rapid.Int64Range(1, 40).Draw(t, "records")
			at := &scores[rapid.IntRange(0, dataset.MaxScore).Draw(t, "score")]
			at[rapid.IntRange(0, 2).Draw(t, "label")] += c
			n, largest = n+c, max(largest, total(*at))
		}
		bins := Deciles(scores)
		counts := totals(bins.Count(scores))
		var sum int64
		for i, c := range counts {
			sum += c
			if c == 0 || i > 0 && bins[i] <= bins[i-1] {
				t.Fatalf("%v: %v", bins, counts)
			}
			if float64(c) >= float64(n)/10+float64(largest) {
				t.Fatalf("%v: %v holds more than a tenth of %d and a tie of %d", bins, c, n, largest)
			}
		}
		if sum != n || len(bins) > 10 || bins[0] != 0 {
			t.Fatalf("%v: %v of %d", bins, counts, n)
		}
		for score := range scores {
			if b := bins.Of(score); score < bins[b] || b+1 < len(bins) && score >= bins[b+1] {
				t.Fatalf("%d is in bin %d of %v", score, b, bins)
			}
		}
	})
	even := make([][dataset.NumLabels]int64, dataset.MaxScore+1)
	for i := range 10 {
		even[50+100*i][dataset.Legit] = 3
	}
	if got := Deciles(even); !slices.Equal(got, ScoreBins{0, 51, 151, 251, 351, 451, 551, 651, 751, 851}) {
		t.Errorf("bins of ten scores: %v", got) // a bin ends with the score that completes its tenth
	}
	if Deciles(make([][dataset.NumLabels]int64, dataset.MaxScore+1)) != nil {
		t.Error("bins of no score")
	}
	one := make([][dataset.NumLabels]int64, dataset.MaxScore+1)
	one[649][dataset.Legit] = 7
	if got := Deciles(one); len(got) != 1 || got.Name(0) != "0-1000" {
		t.Errorf("bins of one score: %v", got)
	}
	if b := (ScoreBins{0, 226, 451}); b.Of(225) != 0 || b.Of(226) != 1 || b.Name(0) != "0-225" || b.Name(2) != "451-1000" {
		t.Errorf("%v: edges", b)
	}
}
