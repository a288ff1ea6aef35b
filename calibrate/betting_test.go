package calibrate

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

type bettingReference []struct {
	Desc                   string
	Alpha, Delta, P, Upper float64
}

// TestBettingReference agrees to the digits of the reference, whose root finder stops within 2e-12.
func TestBettingReference(t *testing.T) {
	losses := map[string][]float64{"x_i=1 iff i%50==0, i=1..2000": nil, "tile([0,.1,0,.05,.2,0,0,.02],250)": nil}
	for desc := range losses {
		for i := range 2000 {
			x := [...]float64{0, .1, 0, .05, .2, 0, 0, .02}[i%8]
			if desc[0] == 'x' {
				x = float64(b2i((i+1)%50 == 0))
			}
			losses[desc] = append(losses[desc], x)
		}
	}
	eachReference(t, "wsr_betting", `[{"desc": "x_i=1 iff i%50==0, i=1..2000", "alpha": 0.03, "delta": 0.1, "p": 0.029007588687012323, "upper": 0.02821053125533237},
		{"desc": "tile([0,.1,0,.05,.2,0,0,.02],250)", "alpha": 0.06, "delta": 0.1, "p": 9.977387686999128e-08, "upper": 0.049576273823202746}]`,
		func(t *testing.T, ref bettingReference) {
			for _, r := range ref {
				b := BetOnMean(losses[r.Desc], r.Delta)
				if b.N() != 2000 || !near(b.PValue(r.Alpha), r.P) || !near(b.UpperBound(), r.Upper) {
					t.Errorf("%s: %v, %v, want %v, %v", r.Desc, b.PValue(r.Alpha), b.UpperBound(), r.P, r.Upper)
				}
			}
		})
}

// slowCapital is the betting as it is written: a logarithm for each bet, the mean and the variance of all losses before it.
func slowCapital(loss, weight []float64, alpha, delta float64) float64 {
	var log, best float64
	for i := range loss {
		sum, squares := 0.5, 0.25
		for j := range i {
			mean := 0.5
			for _, x := range loss[:j+1] {
				mean += x
			}
			mean /= float64(j + 2)
			sum, squares = sum+loss[j], squares+(loss[j]-mean)*(loss[j]-mean)
		}
		stake := min(math.Sqrt(2*math.Log(1/delta)/float64(len(loss))/(squares/float64(i+1))), 1)
		log += math.Log1p(-stake * (loss[i] - alpha*weight[i]))
		best = max(best, log)
	}
	return best
}

func TestBettingByLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 1000
		amount := rapid.OneOf(rapid.Int64Range(0, most), rapid.Just(int64(most)), rapid.Just(int64(0)))
		n := rapid.SampledFrom([]int{0, 1, 10, 40}).Draw(t, "n")
		payments := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Payment {
			return Payment{amount.Draw(t, "amount"), rapid.IntRange(0, 4).Draw(t, "fraud") == 0}
		}), n, n).Draw(t, "payments")
		delta, alpha := rapid.SampledFrom([]float64{0.01, 0.1, 0.5}).Draw(t, "delta"), rapid.Float64Range(0, 1).Draw(t, "alpha")
		var loss, weight []float64
		for _, p := range payments {
			if w := float64(p.Amount) / most; w > 0 {
				loss, weight = append(loss, w*float64(b2i(p.Fraud))), append(weight, w)
			}
		}
		b, err := BetOnValue(payments, most, delta)
		if err != nil {
			t.Fatal(err)
		}
		want := slowCapital(loss, weight, alpha, delta)
		if got := -math.Log(b.PValue(alpha)); math.Abs(got-want) > 1e-9*(1+want) {
			t.Errorf("capital %v, want %v", got, want)
		}
		upper := b.UpperBound()
		if len(loss) == 0 {
			if !math.IsNaN(upper) || b.PValue(alpha) != 1 {
				t.Errorf("of nothing: %v, %v", upper, b.PValue(alpha))
			}
			return
		}
		// Bound and p-value decide alike, and a larger rate is shown more easily.
		if math.Abs(upper-alpha) > 1e-9 && (upper < alpha) != (b.PValue(alpha) < delta) && b.PValue(alpha) != delta {
			t.Errorf("bound %v, p-value of %v %v", upper, alpha, b.PValue(alpha))
		}
		if b.PValue(min(alpha+0.1, 1)) > b.PValue(alpha) {
			t.Error("a larger rate is shown less")
		}
		if upper < 0 || upper > 1 {
			t.Errorf("bound %v", upper)
		}
		// Amounts alike are losses of 0 and 1.
		var same []Payment
		var counted []float64
		for _, p := range payments {
			same, counted = append(same, Payment{most, p.Fraud}), append(counted, float64(b2i(p.Fraud)))
		}
		value, _ := BetOnValue(same, most, delta)
		if got, want := value.UpperBound(), BetOnMean(counted, delta).UpperBound(); got != want {
			t.Errorf("by value %v, by mean %v", got, want)
		}
	})
}

// TestBettingIsLong leaves the range of a float64 on both sides.
func TestBettingIsLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 4))
	losses := make([]float64, 200_000)
	for i := range losses {
		losses[i] = float64(b2i(rng.Float64() < 0.2))
	}
	b := BetOnMean(losses, 1e-300)
	for _, alpha := range []float64{0.05, 0.2, 0.25, 0.6} {
		var log, best float64
		for i, x := range losses {
			log += math.Log1p(-b.stake[i] * (x - alpha))
			best = max(best, log)
		}
		if got := b.capital(alpha); math.Abs(got-best) > 1e-8*(1+best) {
			t.Errorf("at %v: %v, want %v", alpha, got, best)
		}
	}
	if b.capital(0.6) < 1000 || b.PValue(0.6) != 0 || b.PValue(0.05) < 0.5 {
		t.Errorf("%v, %v", b.capital(0.6), b.PValue(0.05))
	}
	// A stake of everything that is lost leaves nothing, for ever.
	if b := BetOnMean([]float64{1, 0, 0, 0}, 1e-6); b.PValue(0) != 1 || b.UpperBound() != 1 {
		t.Errorf("%v, %v", b.PValue(0), b.UpperBound())
	}
	// An error of 0 in the bound is what no loss at all cannot show either.
	if b := BetOnMean(make([]float64, 598), 0.05); !(b.UpperBound() > UpperBound(0, 598, 0.05)) || b.UpperBound() > 0.02 {
		t.Errorf("598 clean: %v", b.UpperBound())
	}
}

// TestBettingCovers draws approvals of which few hold most of the amount and frauds like the large ones: the bound holds at its
// level, where the normal one fails.
func TestBettingCovers(t *testing.T) {
	const runs, size, most, delta = 500, 2000, 100_000, 0.05
	rng := rand.New(rand.NewPCG(61, 4))
	// One in 500 has the cap and is fraud half of the time, the others 1,000 minor units and are fraud in 1 of 200.
	truth := (0.002*most*0.5 + 0.998*1000*0.005) / (0.002*most + 0.998*1000)
	var missed, normal int
	var over float64
	for range runs {
		payments := make([]Payment, size)
		var x, w, squares float64
		for i := range payments {
			p := Payment{1000, rng.Float64() < 0.005}
			if rng.Float64() < 0.002 {
				p = Payment{most, rng.Float64() < 0.5}
			}
			payments[i] = p
			x, w = x+float64(p.Amount)*float64(b2i(p.Fraud)), w+float64(p.Amount)
		}
		for _, p := range payments {
			z := float64(p.Amount) * (float64(b2i(p.Fraud)) - x/w) / w
			squares += z * z
		}
		b, err := BetOnValue(payments, most, delta)
		if err != nil {
			t.Fatal(err)
		}
		missed += b2i(b.UpperBound() < truth)
		over += b.UpperBound() / runs
		normal += b2i(x/w+normalQuantile(1-2*delta)*math.Sqrt(squares) < truth)
	}
	t.Logf("of %d bounds at 95 %% are below the true %.4f: betting %d (on average %.4f), normal %d", runs, truth, missed, over, normal)
	if most := delta*runs + 3*math.Sqrt(runs*delta*(1-delta)); float64(missed) > most || float64(normal) < most {
		t.Errorf("betting %d, normal %d, at most %.0f", missed, normal, most)
	}
	if over > 0.99 {
		t.Errorf("the bound shows nothing: %v on average", over)
	}
}

func TestBettingRefuses(t *testing.T) {
	_, err := BetOnValue([]Payment{{500, true}, {1001, false}, {2000, false}}, 1000, 0.05)
	if want := "2 of 3 amounts, the largest 2000 minor units, are above the declared cap of 1000 minor units: declare a cap that every amount keeps"; !errors.Is(err, ErrOverCap) || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := BetOnValue([]Payment{{1000, true}}, 1000, 0.05); err != nil {
		t.Errorf("an amount of the cap: %v", err)
	}
	for i, f := range []func(){
		func() { BetOnMean([]float64{-0.1}, 0.05) }, func() { BetOnMean([]float64{1.1}, 0.05) }, func() { BetOnMean([]float64{math.NaN()}, 0.05) },
		func() { BetOnMean(nil, 0) }, func() { BetOnMean(nil, 1) }, func() { BetOnMean(nil, 0.1).PValue(math.NaN()) },
		func() { BetOnValue(nil, 0, 0.1) }, func() { BetOnValue([]Payment{{-1, false}}, 10, 0.1) }, func() { BetOnValue(nil, 10, 2) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}

func BenchmarkBettingUpperBound(b *testing.B) {
	rng := rand.New(rand.NewPCG(71, 4))
	losses := make([]float64, 1_000_000)
	for i := range losses {
		losses[i] = float64(b2i(rng.Float64() < 0.005))
	}
	for b.Loop() {
		BetOnMean(losses, 0.05).UpperBound()
	}
}
