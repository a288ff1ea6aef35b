package calibrate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/big"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
)

// shared decodes the project's file of reference values, of which each section names its source; it skips the test in a
// checkout without it.
func shared(t *testing.T, into any) {
	data, err := os.ReadFile("../../shared/reference/statistics.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no reference file in this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestSharedPValues(t *testing.T) {
	var ref struct {
		P []struct {
			K, N     int64
			Alpha, P float64
		} `json:"binom_pvalue"`
		HB []struct {
			K, N      int64
			Alpha     float64
			Hoeffding float64 `json:"p_hoeffding"`
			Bentkus   float64 `json:"p_bentkus"`
			HB        float64 `json:"p_hb"`
		} `json:"hoeffding_bentkus"`
		Min []struct {
			Alpha, Delta float64
			K, N         int64
		} `json:"min_n_to_certify"`
	}
	shared(t, &ref)
	if len(ref.P) < 11 || len(ref.HB) < 5 || len(ref.Min) < 72 {
		t.Fatalf("%d, %d and %d values to compare with", len(ref.P), len(ref.HB), len(ref.Min))
	}
	for _, r := range ref.P {
		if got := PValue(r.K, r.N, r.Alpha); !near(got, r.P) {
			t.Errorf("PValue(%d, %d, %v) = %v, want %v", r.K, r.N, r.Alpha, got, r.P)
		}
	}
	for _, r := range ref.HB {
		h, b, hb := hoeffding(float64(r.K), r.N, r.Alpha), bentkus(float64(r.K), r.N, r.Alpha), HoeffdingBentkus(float64(r.K), r.N, r.Alpha)
		if !near(h, r.Hoeffding) || !near(b, r.Bentkus) || !near(hb, r.HB) {
			t.Errorf("%d of %d above %v: %v, %v, %v, want %+v", r.K, r.N, r.Alpha, h, b, hb, r)
		}
	}
	for _, r := range ref.Min {
		if got := MinToCertify(r.K, r.Alpha, r.Delta); got != r.N {
			t.Errorf("MinToCertify(%d, %v, %v) = %d, want %d", r.K, r.Alpha, r.Delta, got, r.N)
		}
	}
}

// TestPValueByHand needs no file: scipy.stats.binom.cdf (1.10.1), and sums of 60 digits (mpmath 1.3.0) where it underflows.
func TestPValueByHand(t *testing.T) {
	for _, r := range []struct {
		k, n      int64
		alpha, p  float64
		precisely bool
	}{
		{0, 598, 0.005, 0.04991169123005856, false},
		{5, 2000, 0.005, 0.06661289069205588, false},
		{9000, 2000000, 0.005, 1.078547134980263e-24, false},
		{1, 2, 0.5, 0.75, false},
		{2, 3, 0.5, 0.875, false},
		{0, 0, 0.3, 1, true}, {3, 3, 0.3, 1, true}, {0, 3, 0, 1, true}, {0, 3, 1, 0, true}, {3, 3, 1, 1, true}, {0, 0, 1, 1, true},
	} {
		if got := PValue(r.k, r.n, r.alpha); !near(got, r.p) || r.precisely && got != r.p {
			t.Errorf("PValue(%d, %d, %v) = %v, want %v", r.k, r.n, r.alpha, got, r.p)
		}
	}
	for _, r := range []struct {
		k, n       int64
		alpha, log float64
	}{
		{10, 1000000, 0.01, -9973.2354135952575},
		{0, 10000000, 0.5, -6931471.80559945309},
		{40000, 10000000, 0.005, -1083.89161205308371},
		{49000, 10000000, 0.005, -12.5705750434431359},
		{1, 100000, 0.9, -230244.799148251174},
		{12345, 123456789, 0.0002, -3794.33091663368129},
	} {
		if got := LogPValue(r.k, r.n, r.alpha); !near(got, r.log) {
			t.Errorf("LogPValue(%d, %d, %v) = %v, want %v", r.k, r.n, r.alpha, got, r.log)
		}
	}
}

// TestPValueIsExact compares with the sum of all terms, on both sides of the mean.
func TestPValueIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1500).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		alpha := rapid.OneOf(rapid.Float64Range(1e-12, 1-1e-12), rapid.SampledFrom([]float64{1e-30, 0.001, 0.005, 0.5, 0.99})).Draw(t, "alpha")
		want, log := slowLogTail(k, n, alpha)
		if got := PValue(k, n, alpha); math.Abs(got-want) > 1e-11*want {
			t.Errorf("PValue %v, want %v", got, want)
		}
		if got := LogPValue(k, n, alpha); math.Abs(got-log) > 1e-10*math.Abs(log)+1e-100 {
			t.Errorf("LogPValue %v, want %v", got, log)
		}
	})
}

// slowLogTail is slowTail and its logarithm, which a float64 holds where the tail itself underflows. It has 400 bits because a
// p-value may differ from 1 by 1e-60.
func slowLogTail(k, n int64, p float64) (tail, log float64) {
	one := new(big.Float).SetPrec(400).SetInt64(1)
	up := new(big.Float).SetPrec(400).SetFloat64(p)
	q := new(big.Float).Sub(one, up)
	term, sum := new(big.Float).Copy(one), new(big.Float).SetPrec(400)
	for range n {
		term.Mul(term, q)
	}
	for i := int64(0); i <= k; i++ {
		sum.Add(sum, term)
		term.Mul(term, up).Quo(term, q)
		term.Mul(term, new(big.Float).SetInt64(n-i)).Quo(term, new(big.Float).SetInt64(i+1))
	}
	mantissa := new(big.Float)
	exponent := sum.MantExp(mantissa)
	m, _ := mantissa.Float64()
	tail, _ = sum.Float64()
	if rest, _ := new(big.Float).Sub(one, sum).Float64(); rest < 0.5 {
		return tail, math.Log1p(-rest)
	}
	return tail, math.Log(m) + float64(exponent)*math.Ln2
}

// TestStirlingError meets both sides of the switch to the series: log(n!) - log(sqrt(2 pi n) (n/e)^n), mpmath 1.3.0.
func TestStirlingError(t *testing.T) {
	for n, want := range map[int64]float64{1: 0.0810614667953272582, 15: 0.00555473355196280137, 16: 0.00520765591960964044, 20: 0.00416631969199692246, 1000: 0.0000833333305555563492} {
		if got := stirlingError(n); math.Abs(got-want) > map[bool]float64{true: 1e-14, false: 2e-16}[n < 16] {
			t.Errorf("stirlingError(%d) = %v, want %v", n, got, want)
		}
	}
}

// TestPValueAndBound holds both to the same decision: the bound is the rate at which the p-value is delta.
func TestPValueAndBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 1e6)).Draw(t, "n")
		k := rapid.OneOf(rapid.Int64Range(0, n-1), rapid.Int64Range(0, min(n-1, 50))).Draw(t, "k")
		delta := rapid.SampledFrom([]float64{0.001, 0.05, 0.1, 0.5}).Draw(t, "delta")
		bound := UpperBound(k, n, delta)
		// gonum's inverse is good to 1e-9 of the rate; the p-value reacts to it up to sqrt(n) times as much.
		if got := PValue(k, n, bound); math.Abs(got-delta) > 1e-8*math.Sqrt(float64(n))*delta {
			t.Errorf("PValue(%d, %d, %v) = %v, want %v", k, n, bound, got, delta)
		}
		alpha := rapid.Float64Range(0.0001, 0.9999).Draw(t, "alpha")
		if got, want := PValue(k, n, alpha), mathext.RegIncBeta(float64(n-k), float64(k+1), 1-alpha); math.Abs(got-want) > 1e-8*want+1e-300 {
			t.Errorf("PValue(%d, %d, %v) = %v, gonum has %v", k, n, alpha, got, want)
		}
	})
}

// TestLogPValueOrders underflows on purpose: one more fraud is always worse, one more clean record always better.
func TestLogPValueOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(2, 1e7).Draw(t, "n")
		alpha := rapid.Float64Range(0.001, 0.5).Draw(t, "alpha")
		k := rapid.Int64Range(0, int64(float64(n)*alpha/2)).Draw(t, "k")
		at := LogPValue(k, n, alpha)
		if worse, better := LogPValue(k+1, n, alpha), LogPValue(k, n+1, alpha); !(better < at && at < worse && worse <= 0) || math.IsInf(better, 0) {
			t.Errorf("log p %v, after one more clean %v, with one more fraud %v", at, better, worse)
		}
	})
	if p := PValue(10, 1e6, 0.01); p != 0 {
		t.Errorf("p-value %v does not underflow: the test above proves nothing", p)
	}
}

func TestMinToCertify(t *testing.T) {
	// STATISTICS.md, section 2: what certifies 0.5 % at 95 %.
	for k, want := range map[int64]int64{0: 598, 5: 2100, 100: 23607} {
		if got := MinToCertify(k, 0.005, 0.05); got != want {
			t.Errorf("%d frauds need %d records, want %d", k, got, want)
		}
	}
	if got := MinToCertify(0, 1e-300, 0.05); got != MostRecords {
		t.Errorf("a rate of 1e-300 needs %d records", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 10000)).Draw(t, "k")
		alpha := rapid.Float64Range(0.0001, 0.9).Draw(t, "alpha")
		delta := rapid.Float64Range(0.001, 0.999).Draw(t, "delta")
		n := MinToCertify(k, alpha, delta)
		if n <= k || PValue(k, n, alpha) > delta || PValue(k, n-1, alpha) <= delta {
			t.Errorf("%d of %d: p %v, one less %v", k, n, PValue(k, n, alpha), PValue(k, n-1, alpha))
		}
	})
}

func TestMissingLabels(t *testing.T) {
	for _, r := range []struct {
		k, n int64
		want Shortfall
	}{
		{0, 598, Shortfall{0, 0, true}},
		{0, 597, Shortfall{1, 1, true}},
		{0, 0, Shortfall{598, 598, true}},
		{5, 2099, Shortfall{1, 267, true}},    // one more record at this rate is a sixth fraud, rounded up: 2,366 certify six
		{10, 2000, Shortfall{1389, 0, false}}, // a rate of exactly alpha
		{11, 2000, Shortfall{1638, 0, false}},
	} {
		if got := MissingLabels(r.k, r.n, 0.005, 0.05); got != r.want {
			t.Errorf("%d of %d: missing %+v, want %+v", r.k, r.n, got, r.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 3000).Draw(t, "n")
		k := rapid.Int64Range(0, min(n, 30)).Draw(t, "k")
		got := MissingLabels(k, n, 0.01, 0.05)
		if PValue(k, n+got.Clean, 0.01) > 0.05 || got.Clean > 0 && PValue(k, n+got.Clean-1, 0.01) <= 0.05 {
			t.Errorf("%d more clean records are not the least that certify", got.Clean)
		}
		if got.Reachable != (k*100 < n || got.Clean == 0) {
			t.Errorf("reachable is %v", got.Reachable)
		}
		if !got.Reachable {
			return
		}
		if frauds := ((n+got.SameRate)*k + n - 1) / n; PValue(frauds, n+got.SameRate, 0.01) > 0.05 || got.SameRate < got.Clean {
			t.Errorf("%+v: %d frauds among them do not certify", got, frauds)
		}
	})
}

// TestMissingLabelsNearTheLimit has rates just below alpha. Some 0.005 (1.645/gap)^2 records tell such a gap.
func TestMissingLabelsNearTheLimit(t *testing.T) {
	if got := MissingLabels(100, 20_001, 0.005, 0.05); !got.Reachable || got.SameRate < 210e9 || got.SameRate > 220e9 {
		t.Errorf("a gap of 2.5e-7: %+v", got)
	}
	if got := MissingLabels(1_000_000, 200_000_100, 0.005, 0.05); got.Reachable || got.SameRate != 0 || got.Clean <= 0 {
		t.Errorf("a gap of 2.5e-9: %+v", got)
	}
}

func TestHoeffdingBentkusHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 5000).Draw(t, "n")
		sum := rapid.Float64Range(0, float64(n)).Draw(t, "sum")
		alpha := rapid.Float64Range(0.001, 0.999).Draw(t, "alpha")
		got := HoeffdingBentkus(sum, n, alpha)
		// It holds for all losses, so it cannot beat the exact test where they are 0 or 1.
		if exact := PValue(int64(math.Floor(sum)), n, alpha); !(got <= 1) || got < exact*(1-1e-9) {
			t.Errorf("p %v below the exact %v", got, exact)
		}
		if more := HoeffdingBentkus(math.Min(sum+0.1, float64(n)), n, alpha); more < got*(1-1e-9) {
			t.Errorf("more loss gives a smaller p: %v < %v", more, got)
		}
	})
	// (0, 598) and (12, 5000) of section "hoeffding_bentkus": e times scipy's binom.cdf, and exp(-n KL) where that is smaller.
	if got := bentkus(12, 5000, 0.005); !near(got, 0.00839469233022087) || got != HoeffdingBentkus(12, 5000, 0.005) {
		t.Errorf("Bentkus' bound is %v", got)
	}
	if got := bentkus(11.5, 5000, 0.005); !near(got, 0.00839469233022087) {
		t.Errorf("Bentkus' bound of a broken sum is %v", got)
	}
	if got := hoeffding(0, 598, 0.005); !near(got, 0.04991169123006119) || got != HoeffdingBentkus(0, 598, 0.005) {
		t.Errorf("Hoeffding's bound is %v", got)
	}
	if got := HoeffdingBentkus(0, 0, 0.1); got != 1 {
		t.Errorf("no loss seen, p %v", got)
	}
}

func TestSharedFamilyWise(t *testing.T) {
	type starts struct {
		P        []float64
		Delta    float64
		Starts   int `json:"n_starts"`
		Expected []int
	}
	var ref struct {
		FWER struct {
			P          []float64
			Delta      float64
			Bonferroni int    `json:"bonferroni_rejected"`
			Holm       int    `json:"holm_rejected"`
			Fixed      int    `json:"fst_rejected"`
			Multi1     starts `json:"mapie_multistart"`
			Multi2     starts `json:"mapie_multistart2"`
		} `json:"fwer"`
	}
	shared(t, &ref)
	f := ref.FWER
	if got := [3]int{len(Bonferroni(f.P, f.Delta)), len(Holm(f.P, f.Delta)), len(FixedSequence(f.P, f.Delta, 1))}; len(f.P) == 0 || got != [3]int{f.Bonferroni, f.Holm, f.Fixed} {
		t.Errorf("rejected %v, want %+v", got, f)
	}
	for _, m := range []starts{f.Multi1, f.Multi2} {
		if got := FixedSequence(m.P, m.Delta, m.Starts); len(got) == 0 || !slices.Equal(got, m.Expected) {
			t.Errorf("rejected %v, want %v", got, m.Expected)
		}
	}
}

func TestFamilyWise(t *testing.T) {
	// The first is the multi-start example of the MAPIE library's tests; the others are by hand.
	p := []float64{0.03, 0.004, 0.005, 0.25, 0.005, 0.2, 0.8, 0.08, 0.009, 0.005, 0.006, 0.007}
	if got := FixedSequence(p, 0.09, 3); !slices.Equal(got, []int{0, 1, 2, 4, 8, 9, 10, 11}) {
		t.Errorf("multi-start rejects %v", got)
	}
	if got := FixedSequence([]float64{0.05, 0.0500001, 0}, 0.05, 1); !slices.Equal(got, []int{0}) {
		t.Errorf("fixed sequence rejects %v: the level itself is rejected, and nothing after a failure", got)
	}
	if got := Holm([]float64{0.05, 0.01, 0.025}, 0.05); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("Holm rejects %v", got)
	}
	if got := Holm([]float64{0.04, 0.01, 0.026}, 0.05); !slices.Equal(got, []int{1}) {
		t.Errorf("Holm rejects %v", got)
	}
	if got := Bonferroni([]float64{0.025, 0.0251}, 0.05); !slices.Equal(got, []int{0}) {
		t.Errorf("Bonferroni rejects %v: half of the level itself is rejected", got)
	}
	if got := FixedSequence([]float64{1, 1, 0.01, 0.01, 1}, 0.05, 2); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("two starts in five reject %v: the second is at 5/2, rounded down", got)
	}
	if Bonferroni(nil, 0.05) != nil || Holm(nil, 0.05) != nil || FixedSequence(nil, 0.05, 3) != nil {
		t.Error("no hypothesis, and one rejected")
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 0.2), 1, 12).Draw(t, "p")
		holm := Holm(p, 0.2)
		for _, i := range Bonferroni(p, 0.2) {
			if !slices.Contains(holm, i) {
				t.Errorf("Bonferroni rejects %d, Holm does not", i)
			}
		}
		if len(FixedSequence(p, 0.2, 1)) != len(p) {
			t.Error("the fixed sequence stops before a failure")
		}
		if got, want := FixedSequence(p, 0.2, 99), Bonferroni(p, 0.2); len(got) < len(want) {
			t.Errorf("one start for each rejects %v, fewer than Bonferroni's %v", got, want)
		}
	})
}

func TestTestsRefuse(t *testing.T) {
	for name, f := range map[string]func(){
		"k above n":         func() { PValue(4, 3, 0.5) },
		"k below 0":         func() { LogPValue(-1, 3, 0.5) },
		"alpha above 1":     func() { PValue(1, 3, 1.1) },
		"alpha NaN":         func() { PValue(1, 3, math.NaN()) },
		"sum above n":       func() { HoeffdingBentkus(3.1, 3, 0.5) },
		"sum NaN":           func() { HoeffdingBentkus(math.NaN(), 3, 0.5) },
		"no alpha":          func() { MinToCertify(0, 0, 0.05) },
		"no delta":          func() { MissingLabels(0, 1, 0.05, 0) },
		"negative frauds":   func() { MinToCertify(-1, 0.1, 0.05) },
		"p NaN":             func() { Holm([]float64{math.NaN()}, 0.05) },
		"p above 1":         func() { Bonferroni([]float64{1.5}, 0.05) },
		"no starts":         func() { FixedSequence([]float64{0.5}, 0.05, 0) },
		"delta of a family": func() { FixedSequence([]float64{0.5}, 1, 1) },
	} {
		if !panics(f) {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkLogPValue(b *testing.B) {
	for b.Loop() {
		LogPValue(100_000, 20_100_000, 0.005)
	}
}

func BenchmarkMinToCertify(b *testing.B) {
	for b.Loop() {
		MinToCertify(1000, 0.005, 0.05)
	}
}
