package calibrate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"math/big"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// near reports whether got is want up to a relative error of 1e-9.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Abs(want) }

// reference holds scipy 1.10.1 and statsmodels 0.13.5 values (proportion_confint, method "wilson" and "beta"; the upper
// bounds are scipy.stats.beta.ppf(1-d, k+1, n-k)). The first entries of ../shared/reference/statistics.json, inlined so
// that a checkout without it tests them too.
type reference struct {
	Intervals []struct {
		K, N         int64
		Wilson, Beta [2]float64
	} `json:"wilson_cp_jeffreys_95"`
	Bounds []struct {
		K, N     int64
		Upper90  float64 `json:"cp_upper_90"`
		Upper95  float64 `json:"cp_upper_95"`
		Alpha, P float64
	} `json:"binom_pvalue"`
}

const inlined = `{
"wilson_cp_jeffreys_95": [
 {"k": 0, "n": 30, "wilson": [0.0, 0.1135133931739688], "beta": [0.0, 0.11570330822202782]},
 {"k": 4, "n": 200, "wilson": [0.0078044264163494685, 0.05028708690582645], "beta": [0.0054755658795564485, 0.0504136090898963]},
 {"k": 18, "n": 20, "wilson": [0.6989663547715127, 0.9721335187862318], "beta": [0.6830172859809177, 0.9876514728297052]},
 {"k": 12, "n": 5000, "wilson": [0.0013734655564128322, 0.004190551419308018], "beta": [0.0012407107696028052, 0.004188560186045314]}],
"binom_pvalue": [
 {"k": 0, "n": 597, "alpha": 0.005, "p": 0.05016250374880256, "cp_upper_90": 0.003849498066407747, "cp_upper_95": 0.00500540799346669},
 {"k": 0, "n": 598, "alpha": 0.005, "p": 0.04991169123005856, "cp_upper_90": 0.0038430731640445794, "cp_upper_95": 0.004997058694246506},
 {"k": 5, "n": 2000, "alpha": 0.005, "p": 0.06661289069205588, "cp_upper_90": 0.0046323820855221215, "cp_upper_95": 0.005249275286933494},
 {"k": 9000, "n": 2000000, "alpha": 0.005, "p": 1.078547134980263e-24, "cp_upper_90": 0.004561258576108078, "cp_upper_95": 0.004578629188682117}]}`

func TestReference(t *testing.T) {
	t.Run("inlined", func(t *testing.T) { checkReference(t, []byte(inlined)) })
	t.Run("shared", func(t *testing.T) {
		data, err := os.ReadFile("../../shared/reference/statistics.json")
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("no reference file in this checkout")
		}
		if err != nil {
			t.Fatal(err)
		}
		checkReference(t, data)
	})
}

func checkReference(t *testing.T, data []byte) {
	var ref reference
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Intervals) < 4 || len(ref.Bounds) < 4 {
		t.Fatalf("%d intervals and %d bounds to compare with", len(ref.Intervals), len(ref.Bounds))
	}
	for _, r := range ref.Intervals {
		if low, high := Wilson(r.K, r.N, 0.95); !near(low, r.Wilson[0]) || !near(high, r.Wilson[1]) {
			t.Errorf("Wilson(%d, %d) = %v, %v, want %v", r.K, r.N, low, high, r.Wilson)
		}
		if low, high := ClopperPearson(r.K, r.N, 0.95); !near(low, r.Beta[0]) || !near(high, r.Beta[1]) {
			t.Errorf("ClopperPearson(%d, %d) = %v, %v, want %v", r.K, r.N, low, high, r.Beta)
		}
	}
	for _, r := range ref.Bounds {
		if got := UpperBound(r.K, r.N, 0.10); !near(got, r.Upper90) {
			t.Errorf("UpperBound(%d, %d, 0.10) = %v, want %v", r.K, r.N, got, r.Upper90)
		}
		if got := UpperBound(r.K, r.N, 0.05); !near(got, r.Upper95) {
			t.Errorf("UpperBound(%d, %d, 0.05) = %v, want %v", r.K, r.N, got, r.Upper95)
		}
		// The bound and the exact p-value decide alike: p <= d exactly where the bound is at most alpha.
		if got := UpperBound(r.K, r.N, 0.05) <= r.Alpha; got != (r.P <= 0.05) {
			t.Errorf("%d of %d: bound below %v is %v, p-value %v", r.K, r.N, r.Alpha, got, r.P)
		}
	}
}

func TestEdges(t *testing.T) {
	for _, n := range []int64{1, 2, 30, 598, 1e7} {
		for name, f := range map[string]func(k, n int64, c float64) (float64, float64){"Wilson": Wilson, "ClopperPearson": ClopperPearson} {
			if low, high := f(0, n, 0.95); low != 0 || !(high > 0 && high < 1) {
				t.Errorf("%s(0, %d) = %v, %v", name, n, low, high)
			}
			if low, high := f(n, n, 0.95); high != 1 || !(low > 0 && low < 1) {
				t.Errorf("%s(%d, %d) = %v, %v", name, n, n, low, high)
			}
			if low, high := f(0, 0, 0.95); !math.IsNaN(low) || !math.IsNaN(high) {
				t.Errorf("%s(0, 0) = %v, %v, want NaN", name, low, high)
			}
		}
	}
	for _, f := range []func(){
		func() { Wilson(-1, 3, 0.95) }, func() { Wilson(4, 3, 0.95) }, func() { UpperBound(1, 3, 0) },
		func() { LowerBound(1, 3, 1) }, func() { ClopperPearson(1, 3, math.NaN()) },
	} {
		if !panics(f) {
			t.Error("a count or a probability out of range was accepted")
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// slowTail returns P(Bin(n, p) <= k) term by term with 200 bits: the slow twin of the beta function.
func slowTail(k, n int64, p float64) float64 {
	num := func(v float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(v) }
	q := new(big.Float).Sub(num(1), num(p))
	term, sum := num(1), num(0)
	for range n {
		term.Mul(term, q)
	}
	odds := new(big.Float).Quo(num(p), q)
	for i := int64(0); ; i++ {
		sum.Add(sum, term)
		if i == k {
			break
		}
		term.Mul(term, odds)
		term.Mul(term, num(float64(n-i)))
		term.Quo(term, num(float64(i+1)))
	}
	f, _ := sum.Float64()
	return f
}

// slowUpper and slowLower halve the range of rates until the tail fits.
func slowUpper(k, n int64, delta float64) float64 {
	return halve(func(p float64) bool { return slowTail(k, n, p) > delta })
}

func slowLower(k, n int64, delta float64) float64 {
	return halve(func(p float64) bool { return slowTail(n-k, n, 1-p) < delta })
}

func halve(below func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

func TestClopperPearsonIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 400).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		confidence := rapid.SampledFrom([]float64{0.8, 0.9, 0.95, 0.99, 0.9999}).Draw(t, "confidence")
		low, high := ClopperPearson(k, n, confidence)
		delta := (1 - confidence) / 2
		if k < n && math.Abs(high-slowUpper(k, n, delta)) > 1e-9*high {
			t.Errorf("upper bound %v, want %v", high, slowUpper(k, n, delta))
		}
		// 1-p is rounded before the slow tail is summed, which limits how well a tiny rate can be compared.
		if k > 0 && math.Abs(low-slowLower(k, n, delta)) > 1e-9*low+1e-14 {
			t.Errorf("lower bound %v, want %v", low, slowLower(k, n, delta))
		}
	})
}

func TestIntervalsHoldTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1e9).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		rate := float64(k) / float64(n)
		low, high := Wilson(k, n, 0.95)
		if !(0 <= low && low <= rate && rate <= high && high <= 1) {
			t.Errorf("Wilson: %v is not within [%v, %v]", rate, low, high)
		}
		wider, higher := Wilson(k, n, 0.99)
		if wider > low || higher < high {
			t.Errorf("Wilson at 99 %% [%v, %v] does not hold the one at 95 %% [%v, %v]", wider, higher, low, high)
		}
		// Wilson's equation (rate - p)^2 = z^2 p (1-p) / n holds at both ends.
		for _, p := range []float64{low, high} {
			if p == 0 || p == 1 {
				continue
			}
			const z2 = 1.959963984540054 * 1.959963984540054 // scipy.stats.norm.ppf(0.975), squared
			left, right := (rate-p)*(rate-p), z2*p*(1-p)/float64(n)
			if math.Abs(left-right) > 1e-6*right+1e-20 {
				t.Errorf("end %v does not solve Wilson's equation: %v != %v", p, left, right)
			}
		}
	})
}
