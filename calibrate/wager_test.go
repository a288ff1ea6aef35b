package calibrate

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// paidHistory draws three months of n records each that a policy approves without looking, of amounts that a few records hold
// most of, and fraud of a share of the amount.
func paidHistory(n int, share float64, rng *rand.Rand) (out []testRecord) {
	for month := range 3 {
		for range n {
			r := testRecord{session: withScore(700), onboarding: withScore(700), label: dataset.Legit, time: dataset.MonthStart(24000+month) + rng.Int64N(20*24*3600)*1e6}
			r.amount = int64(math.Min(100_000, 1000/math.Pow(rng.Float64(), 0.8)))
			if rng.Float64() < share {
				r.label = dataset.Fraud
			}
			out = append(out, r)
		}
	}
	return out
}

// letsAll approves everybody.
func letsAll() *replay.Policy {
	p := honestChampion()
	for c := range p.Gate {
		p.Gate[c], p.Matrix[c] = dataset.Approve, [replay.NumRows]dataset.Action{}
	}
	return p
}

func valueGoals(t testing.TB, limits ...string) Goals {
	g := fraudGoals(t, limits...)
	g.Cap = 100_000
	return g
}

func paidQuestion(p *replay.Policy) replay.Question {
	q := byMonth(p)
	q.Singles = true
	return q
}

// TestWagerPromise tests a limit by value on histories whose share of fraud is just above it: it is shown to be kept in no more
// runs than promised, and on histories well below it is shown.
func TestWagerPromise(t *testing.T) {
	const runs, delta = 200, 0.1
	p := letsAll()
	wrong, right := 0, 0
	for run := range runs {
		for _, share := range []float64{0.02, 0.006} {
			rng := rand.New(rand.NewPCG(uint64(run), 77))
			cube := cubeOf(t, paidQuestion(p), paidHistory(1500, share, rng))
			w, err := newWager(cube, valueGoals(t, "fraud_rate <= 10%", "fraud_rate_value <= 2%"))
			if err != nil {
				t.Fatal(err)
			}
			bets, err := w.bets(p, 0, delta)
			if err != nil {
				t.Fatal(err)
			}
			if shown := bets.PValue(0.02) <= delta; shown && share == 0.02 {
				wrong++
			} else if shown {
				right++
			}
		}
	}
	t.Logf("of %d histories, shown to keep 2 %%: %d at 2 %%, %d at 0.6 %%", runs, wrong, right)
	if most := int(runs*delta + 3*math.Sqrt(runs*delta*(1-delta))); wrong > most || right < runs/4 {
		t.Errorf("shown: %d at the limit, want at most %d; %d below it, want %d at least", wrong, most, right, runs/4)
	}
}

// TestWagerPayments checks what is bet on: the order of records does not matter, undecided records and missing labels count as
// they hurt.
func TestWagerPayments(t *testing.T) {
	p := honestChampion()
	at := func(day int64) int64 { return dataset.MonthStart(24000) + day*24*3600e6 }
	high, none := withScore(700), replay.Answer{State: dataset.State(dataset.NotCalled)}
	records := []testRecord{
		{session: high, onboarding: high, label: dataset.Legit, amount: 100, time: at(3)},
		{session: high, onboarding: high, label: dataset.Fraud, amount: 50, time: at(1)},
		{session: high, onboarding: withScore(1), label: dataset.Fraud, amount: 70, time: at(2)}, // blocked
		{session: high, onboarding: none, label: dataset.Fraud, amount: 30, time: at(4)},         // undecided: may be approved
		{session: high, onboarding: none, label: dataset.Legit, amount: 40, time: at(5)},         // need not be
		{session: high, onboarding: high, label: dataset.Unlabeled, amount: 20, time: at(6)},
		{session: high, onboarding: high, label: dataset.Unlabeled, amount: 25, time: at(7)},
		{session: high, onboarding: high, label: dataset.Unlabeled, amount: 99, time: at(8), past: dataset.Approve}, // no outcome yet
	}
	q := paidQuestion(p)
	q.Past = true
	for range 5 {
		rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		w, err := newWager(cubeOf(t, q, records), valueGoals(t, "fraud_rate <= 10%", "fraud_rate_value <= 2%"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.bets(p, 1, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		// In order of time; of the two that production is not known to have approved, the larger lacks its label.
		want, err := BetOnValue([]Payment{{50, true}, {100, false}, {30, true}, {25, true}}, 100_000, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Bets{})); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// TestCalibrateByValue: a limit by value is promised with a cap, checked without; the certificate recomputes; and what cannot be
// declared is refused.
func TestCalibrateByValue(t *testing.T) {
	p := letsAll()
	records := paidHistory(3000, 0.004, rand.New(rand.NewPCG(8, 8)))
	g := valueGoals(t, "fraud_rate <= 3%", "fraud_rate_value <= 6%")
	g.Families = []Family{Neighbours}
	cube := cubeOf(t, paidQuestion(p), records)
	c, err := Calibrate(cube, p, g)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.Certificate()
	if err != nil || cert == nil {
		t.Fatalf("%v, %v", cert, err)
	}
	if l := cert.Limits[1]; l.Bets == 0 || !l.P.Defined() || float64(l.P) > g.Delta+DefaultDelta {
		t.Errorf("by value: %+v", l)
	}
	if goals := recomputed(t, cert, cube); goals.Cap != g.Cap {
		t.Errorf("under a cap of %d", goals.Cap)
	}
	g.Cap = 0
	if c, err = Calibrate(cube, p, g); err != nil {
		t.Fatal(err)
	}
	if f, err := c.Findings(p, c.Current[len(c.Current)-1]); err != nil || f[1].Certifiable || f[1].Bets != 0 {
		t.Errorf("without a cap: %+v, %v", f, err)
	}
	g.Cap = 500
	if _, err := Calibrate(cube, p, g); !errors.Is(err, ErrOverCap) {
		t.Errorf("an amount above the cap: %v", err)
	}
	for name, bad := range map[string]Goals{
		"negative":         {Cap: -1, Limits: g.Limits},
		"of no limit":      {Cap: 1, Limits: g.Limits[:1]},
		"with an entity":   {Cap: 1, Limits: g.Limits, Entity: "account_id"},
		"limit from below": {Cap: 1, Limits: fraudGoals(t, "fraud_rate <= 3%", "fraud_rate_value >= 1%").Limits},
	} {
		if bad.checkCap() == nil {
			t.Errorf("a cap %s is taken", name)
		}
	}
}
