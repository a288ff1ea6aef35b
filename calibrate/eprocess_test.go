package calibrate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

type eprocessReference struct {
	Alpha, Lam, Final, Max float64
	Seq                    string
}

func TestEProcessReference(t *testing.T) {
	eachReference(t, "eprocess", `{"alpha": 0.005, "lam": 2.0, "seq": "0*200,1,0*100,1,0*50,1*3", "final": 7.09045411304323, "max": 7.09045411304323}`,
		func(t *testing.T, ref eprocessReference) {
			if ref.Seq != "0*200,1,0*100,1,0*50,1*3" {
				t.Fatalf("another sequence: %q", ref.Seq)
			}
			e := NewEProcess(ref.Alpha, ref.Lam)
			for _, run := range [][2]int64{{0, 200}, {1, 1}, {0, 100}, {1, 1}, {0, 50}, {1, 3}} {
				for range run[1] {
					e = e.Add(run[0], 1)
				}
			}
			if !near(math.Exp(e.LogE()), ref.Final) || !near(math.Exp(e.LogMost), ref.Max) || !near(e.PValue(), 1/ref.Max) || e.Records != 355 || e.Frauds != 5 {
				t.Errorf("%+v, want %v, at most %v", e, ref.Final, ref.Max)
			}
			// 7.09 is an alarm at 0.15 and none at 0.14.
			if !e.Alarm(0.15) || e.Alarm(0.14) || NewEProcess(ref.Alpha, ref.Lam).Alarm(0.99) {
				t.Error("the alarm")
			}
		})
}

func TestBetAgainst(t *testing.T) {
	if got := BetAgainst(0.005, 0.01495); !near(got, 2) {
		t.Errorf("%v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.Float64Range(0.0001, 0.9).Draw(t, "target")
		rate := rapid.Float64Range(target*1.01, 0.999).Draw(t, "rate")
		bet := BetAgainst(target, rate)
		// The evidence of a record is the ratio of its probabilities under the two rates.
		if up, down := logEvidence(target, bet, 1, 1), logEvidence(target, bet, 0, 1); math.Abs(up-math.Log(rate/target)) > 1e-9 || math.Abs(down-math.Log((1-rate)/(1-target))) > 1e-9 {
			t.Errorf("%v and %v", up, down)
		}
		grows := func(b float64) float64 {
			return rate*logEvidence(target, b, 1, 1) + (1-rate)*logEvidence(target, b, 0, 1)
		}
		if grows(bet) < grows(bet*1.01)-1e-12 && bet*1.01*target < 1 || grows(bet) < grows(bet*0.99)-1e-12 {
			t.Errorf("another bet than %v grows faster", bet)
		}
	})
}

// slowWatch adds processes up that start with each batch.
func slowWatch(target, bet float64, batches [][2]int64) (e float64) {
	unspent := 1.0
	for start := range batches {
		weight := 1 / float64((start+1)*(start+2))
		unspent -= weight
		p := NewEProcess(target, bet)
		for _, b := range batches[start:] {
			p = p.Add(b[0], b[1])
		}
		e += weight * math.Exp(p.LogE())
	}
	return e + unspent
}

func TestWatchIsAMixture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.SampledFrom([]float64{0.005, 0.1, 0.5}).Draw(t, "target")
		bet := rapid.Float64Range(0.01, 0.99).Draw(t, "bet") / target
		w, p := NewWatch(target, bet), NewEProcess(target, bet)
		var batches [][2]int64
		most := 1.0
		for range rapid.IntRange(0, 12).Draw(t, "batches") {
			n := rapid.Int64Range(0, 30).Draw(t, "records")
			k := rapid.Int64Range(0, min(n, 4)).Draw(t, "frauds")
			w, p = w.Add(k, n), p.Add(k, n)
			if n > 0 {
				batches = append(batches, [2]int64{k, n})
			}
			if want := slowWatch(target, bet, batches); math.Abs(math.Exp(w.LogE())-want) > 1e-9*want {
				t.Fatalf("%v: %v, want %v", batches, math.Exp(w.LogE()), want)
			}
			most = max(most, math.Exp(w.LogE()))
			if p.LogMost < p.LogE() || p.LogMost < 0 || !near(math.Exp(w.LogMost), most) || !near(w.PValue(), 1/most) {
				t.Fatalf("%+v, %+v", p, w)
			}
			// What is stored goes on where it stopped.
			var p2 EProcess
			var w2 Watch
			reread(t, p, &p2)
			reread(t, w, &w2)
			if p2 != p || w2 != w {
				t.Fatalf("%+v, %+v", p2, w2)
			}
		}
		if w.Batches != int64(len(batches)) || w.Records != p.Records || w.Frauds != p.Frauds {
			t.Errorf("%+v", w)
		}
		if q := p.Add(0, 0); q != p || w.Add(0, 0) != w {
			t.Error("a batch without records did something")
		}
	})
}

func reread(t *rapid.T, from, to any) {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestEProcessIsAnytimeValid looks after every day for years at a rate that is exactly the target. A p-value looked at as often
// raises an alarm in most histories.
func TestEProcessIsAnytimeValid(t *testing.T) {
	const runs, days, perDay, target, delta = 500, 500, 40, 0.02, 0.1
	rng := rand.New(rand.NewPCG(81, 4))
	var plain, watch, naive int
	for range runs {
		e, w, rejected := NewEProcess(target, 2), NewWatch(target, 2), false
		for range days {
			var k int64
			for range perDay {
				k += int64(b2i(rng.Float64() < target))
			}
			e, w = e.Add(k, perDay), w.Add(k, perDay)
			rejected = rejected || LowerBound(e.Frauds, e.Records, delta) > target
		}
		plain += b2i(e.Alarm(delta))
		watch += b2i(w.Alarm(delta))
		naive += b2i(rejected)
	}
	t.Logf("of %d histories at the target raise an alarm: e-process %d, watch %d, exact bound looked at daily %d", runs, plain, watch, naive)
	most := delta*runs + 3*math.Sqrt(runs*delta*(1-delta))
	if float64(plain) > most || float64(watch) > most || float64(naive) < 2*most {
		t.Errorf("%d, %d and %d alarms, at most %.0f", plain, watch, naive, most)
	}
}

// TestWatchIsReady changes after two calm years to four times the target: the watch knows within months, the process from the
// first day on is years behind.
func TestWatchIsReady(t *testing.T) {
	const perMonth, target, delta = 5000, 0.005, 0.05
	e, w := NewEProcess(target, 2), NewWatch(target, 2)
	for range 24 {
		e, w = e.Add(15, perMonth), w.Add(15, perMonth)
	}
	if e.Alarm(delta) || w.Alarm(delta) || e.LogE() > -100 || w.LogE() > 0 || w.LogE() < -math.Log(25)-1e-9 {
		t.Fatalf("in calm: %+v, %+v", e, w)
	}
	months := 0
	for !w.Alarm(delta) {
		months++
		e, w = e.Add(100, perMonth), w.Add(100, perMonth)
	}
	if months > 1 || e.Alarm(delta) {
		t.Errorf("alarm after %d months, without restarts %v at %v", months, e.Alarm(delta), e.LogE())
	}
}

func TestEProcessRefuses(t *testing.T) {
	for i, f := range []func(){
		func() { NewEProcess(0, 2) }, func() { NewEProcess(1, 0.5) }, func() { NewEProcess(0.5, 2) }, func() { NewEProcess(0.5, 0) },
		func() { NewEProcess(math.NaN(), 2) }, func() { NewEProcess(0.5, math.NaN()) }, func() { NewWatch(0.5, 2) }, func() { NewWatch(0.5, math.Inf(1)) },
		func() { NewEProcess(0.5, 1).Add(2, 1) }, func() { NewEProcess(0.5, 1).Add(-1, 1) }, func() { NewWatch(0.5, 1).Add(2, 1) },
		func() { EProcess{}.Add(0, 1) }, func() { Watch{}.Add(0, 1) }, func() { Watch{Target: 0.5, Bet: 1, Batches: -1}.Add(0, 1) },
		func() { EProcess{Target: 0.5, Bet: 1, Records: math.MaxInt64}.Add(0, 1) },
		func() { NewEProcess(0.5, 1).Alarm(0) }, func() { NewWatch(0.5, 1).Alarm(1) }, func() { BetAgainst(0.1, 0.1) }, func() { BetAgainst(0.1, math.NaN()) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}
