package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

type boundsReference struct {
	K        int64 `json:"k_retained"`
	N        int64 `json:"n_retained"`
	M        int64 `json:"n_swapin"`
	Manski   [2]float64
	Alpha    float64
	Rate     float64 `json:"breakeven_swapin_rate"`
	Multiple float64 `json:"breakeven_multiple"`
}

func TestSelectiveReference(t *testing.T) {
	eachReference(t, "bounds", `{"k_retained": 52, "n_retained": 14252, "n_swapin": 1171, "manski": [0.003371587888218894, 0.0792971536017636],
		"alpha": 0.006, "breakeven_swapin_rate": 0.03461827497865072, "breakeven_multiple": 9.488070288379426}`,
		func(t *testing.T, ref boundsReference) {
			s := Selective{ref.K, ref.N, ref.M}
			low, high := s.Rate()
			rate, multiple := s.BreakEven(ref.Alpha)
			want := [4]float64{ref.Manski[0], ref.Manski[1], ref.Rate, ref.Multiple}
			for i, got := range []Number{low, high, rate, multiple} {
				if !near(float64(got), want[i]) {
					t.Errorf("%v, want %v", got, want[i])
				}
			}
		})
}

func drawSelective(t *rapid.T) Selective {
	n := rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1e9)).Draw(t, "known")
	return Selective{rapid.Int64Range(0, n).Draw(t, "frauds"), n, rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1e9)).Draw(t, "unknown")}
}

// TestSelectiveHoldsEveryOutcome labels the unknown in every way.
func TestSelectiveHoldsEveryOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSelective(t)
		n := s.Known + s.Unknown
		low, high := s.Rate()
		if n == 0 {
			if low.Defined() || high.Defined() {
				t.Errorf("of nothing: %v, %v", low, high)
			}
			return
		}
		frauds := rapid.Int64Range(0, s.Unknown).Draw(t, "frauds among unknown")
		if rate := divide(s.Frauds+frauds, n); !(low <= rate && rate <= high) {
			t.Errorf("%v is not in %v..%v", rate, low, high)
		}
		// Whatever the labels, the limits are outside the exact limits of those counts, and meet them at the ends.
		atLeast, atMost := s.Limits(0.05)
		if float64(atLeast) > LowerBound(s.Frauds+frauds, n, 0.05) || float64(atMost) < UpperBound(s.Frauds+frauds, n, 0.05) {
			t.Errorf("limits %v..%v do not hold those of %d more frauds", atLeast, atMost, frauds)
		}
		if s.LogPValue(0.5) < LogPValue(s.Frauds+frauds, n, 0.5)-1e-9 {
			t.Error("a worst case with a smaller p-value")
		}
		if s.Unknown == 0 && (low != high || low != divide(s.Frauds, s.Known)) {
			t.Errorf("nothing unknown: %v..%v", low, high)
		}
	})
}

// TestBreakEvenIsWhereTheRateBreaks puts the rate back in.
func TestBreakEvenIsWhereTheRateBreaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, alpha := drawSelective(t), rapid.Float64Range(0, 1).Draw(t, "alpha")
		rate, multiple := s.BreakEven(alpha)
		if rate.Defined() != (s.Unknown > 0) || multiple.Defined() != (s.Unknown > 0 && s.Frauds > 0) {
			t.Fatalf("%v, %v", rate, multiple)
		}
		if s.Unknown == 0 {
			return
		}
		n := float64(s.Known + s.Unknown)
		if all := (float64(s.Frauds) + float64(rate)*float64(s.Unknown)) / n; math.Abs(all-alpha) > 1e-12 {
			t.Errorf("at %v the rate is %v, want %v", rate, all, alpha)
		}
		low, high := s.Rate()
		if (rate < -1e-9) && float64(low) <= alpha || (rate > 1+1e-9) && float64(high) >= alpha {
			t.Errorf("break-even at %v, range %v..%v, target %v", rate, low, high, alpha)
		}
		// A multiple of the measured rate is the scenario that reaches alpha, as long as nobody is more than a fraud.
		if multiple >= 0 && rate <= 1 {
			if c := s.Scenario(float64(multiple), 0.05); math.Abs(float64(c.Rate)-alpha) > 1e-9 || math.Abs(float64(c.Unknown-rate)) > 1e-9 {
				t.Errorf("%+v, want the rate %v", c, alpha)
			}
		}
	})
}

func TestScenarios(t *testing.T) {
	s := Selective{52, 14252, 1171}
	for i, multiple := range []float64{1, 2, 5} {
		c := s.Scenarios(0.05)[i]
		measured := 52.0 / 14252
		if c.Multiple != Number(multiple) || !near(float64(c.Unknown), multiple*measured) || !near(float64(c.Rate), (52+1171*multiple*measured)/15423) {
			t.Errorf("%+v", c)
		}
		if bound := UpperBound(52, 14252, 0.05); !near(float64(c.AtMost), bound*(14252+1171*multiple)/15423) {
			t.Errorf("%+v", c)
		}
	}
	// Nobody is more than a fraud.
	if c := (Selective{5, 10, 10}).Scenario(5, 0.05); c.Unknown != 1 || c.Rate != 0.75 || !(c.AtMost > 0.75 && c.AtMost < 1) {
		t.Errorf("%+v", c)
	}
	if c := (Selective{0, 598, 10}).Scenario(2, 0.05); c.Rate != 0 || !(c.AtMost > 0.0049) {
		t.Errorf("no fraud among the known: %+v", c)
	}
	if c := (Selective{0, 0, 10}).Scenario(2, 0.05); c.Unknown.Defined() || c.Rate.Defined() || c.AtMost.Defined() {
		t.Errorf("nothing known: %+v", c)
	}
}

// TestSelectiveCovers draws applicants of whom production stopped the worse ones: the rate of the known is far from the truth, the
// range and its limits hold it.
func TestSelectiveCovers(t *testing.T) {
	const runs, size, truth = 500, 1000, 0.05*0.3 + 0.95*0.004
	rng := rand.New(rand.NewPCG(11, 4))
	var naive, above, below, atEnd int
	for range runs {
		var s Selective
		for range size {
			if rng.Float64() < 0.05 { // stopped, 30 % of them fraud, and nobody will know
				s.Unknown++
				continue
			}
			s.Known++
			if rng.Float64() < 0.004 {
				s.Frauds++
			}
		}
		low, high := s.Limits(0.05)
		if high < truth {
			above++
		}
		if high < 0.05+0.95*0.004 {
			atEnd++
		}
		if low > truth {
			below++
		}
		if UpperBound(s.Frauds, s.Known, 0.05) < truth {
			naive++
		}
	}
	if above+below > 0 || naive < runs*9/10 {
		t.Errorf("of %d limits %d and %d miss the truth, without the unknown %d", runs, below, above, naive)
	}
	// At the end of the range nothing is left to spare: had all the unknown been fraud, the limit would be exact.
	if most := 0.05*runs + 3*math.Sqrt(runs*0.05*0.95); float64(atEnd) > most || atEnd == 0 {
		t.Errorf("%d of %d limits are below the end of the range, at most %.0f", atEnd, runs, most)
	}
}

func TestSelectiveRefuses(t *testing.T) {
	for i, f := range []func(){
		func() { Selective{-1, 3, 0}.Rate() }, func() { Selective{4, 3, 0}.Rate() }, func() { Selective{0, 3, -1}.Limits(0.1) },
		func() { Selective{0, math.MaxInt64, 1}.Rate() }, func() { Selective{1, 3, 1}.BreakEven(math.NaN()) },
		func() { Selective{1, 3, 1}.Scenario(-1, 0.1) }, func() { Selective{1, 3, 1}.Scenario(math.NaN(), 0.1) },
		func() { Selective{1, 3, 1}.Scenario(math.Inf(1), 0.1) }, func() { Selective{1, 3, 1}.Limits(0) },
		func() { new(Histogram).Contraction(-1, 0) }, func() { new(Histogram).Contraction(1, -1) },
		func() { histogramAt(3).Contraction(2, 1) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}

// histogramAt returns n legits of score 500.
func histogramAt(n int64) *Histogram {
	h := new(Histogram)
	h[500][dataset.Legit] = n
	return h
}

type contractionReference struct {
	Cases int64     `json:"n_decider"`
	Risk  []float64 `json:"released_risk"`
	Y     []int     `json:"released_y"`
	Rates struct {
		A8 float64 `json:"0.8"`
		A7 float64 `json:"0.7"`
		A6 float64 `json:"0.6"`
		A5 float64 `json:"0.5"`
		A4 float64 `json:"0.4"`
	} `json:"failure_rate_at_acceptance"`
}

func TestContractionReference(t *testing.T) {
	eachReference(t, "contraction", `{"n_decider": 10, "released_risk": [0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.7, 0.9],
		"released_y": [0, 0, 0, 1, 0, 0, 1, 1], "failure_rate_at_acceptance": {"0.8": 0.3, "0.7": 0.2, "0.6": 0.1, "0.5": 0.1, "0.4": 0.1}}`,
		func(t *testing.T, ref contractionReference) {
			h := new(Histogram)
			for i, risk := range ref.Risk {
				label := dataset.Legit
				if ref.Y[i] == 1 {
					label = dataset.Fraud
				}
				h[dataset.MaxScore-int(math.Round(dataset.MaxScore*risk))][label]++
			}
			for approvals, want := range map[int64]float64{8: ref.Rates.A8, 7: ref.Rates.A7, 6: ref.Rates.A6, 5: ref.Rates.A5, 4: ref.Rates.A4} {
				if low, high := h.Contraction(ref.Cases, approvals); want == 0 || !near(float64(low), want) || low != high {
					t.Errorf("%d approvals: %v..%v, want %v", approvals, low, high, want)
				}
			}
			if low, high := h.Contraction(ref.Cases, 9); low.Defined() || high.Defined() {
				t.Errorf("more approvals than were released: %v..%v", low, high)
			}
		})
}

// TestContractionByRecord approves record by record, in every order of the records of one score that there is to try.
func TestContractionByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := new(Histogram)
		type released struct {
			score int
			label dataset.Label
		}
		var all []released
		for range rapid.IntRange(0, 25).Draw(t, "records") {
			r := released{rapid.IntRange(498, 501).Draw(t, "score"), dataset.Label(rapid.IntRange(0, 2).Draw(t, "label"))}
			all = append(all, r)
			h[r.score][r.label]++
		}
		approvals, more := rapid.IntRange(0, len(all)).Draw(t, "approvals"), rapid.IntRange(0, 5).Draw(t, "cases not released")
		low, high := h.Contraction(int64(len(all)+more), int64(approvals))
		if len(all)+more == 0 {
			if low.Defined() || high.Defined() {
				t.Errorf("of no cases: %v..%v", low, high)
			}
			return
		}
		// Bubble the best (and in the second run the worst) of a score to the front.
		count := func(cost [dataset.NumLabels]int) Number {
			list := append([]released(nil), all...)
			for i := range list {
				for j := i + 1; j < len(list); j++ {
					if list[j].score > list[i].score || list[j].score == list[i].score && cost[list[j].label] < cost[list[i].label] {
						list[i], list[j] = list[j], list[i]
					}
				}
			}
			var frauds int64
			for _, r := range list[:approvals] {
				frauds += int64(max(cost[r.label], -cost[r.label]))
			}
			return divide(frauds, int64(len(all)+more))
		}
		if best, worst := count([...]int{0, 0, 1}), count([...]int{-1, 0, -1}); low != best || high != worst {
			t.Errorf("%v..%v, want %v..%v", low, high, best, worst)
		}
	})
}

// TestSelectiveOf: what production approved and has no label yet is left out; what it stopped, or may have, is unknown.
func TestSelectiveOf(t *testing.T) {
	var p replay.Past
	set := func(past, a dataset.Action, unlabeled, legit, fraud int64) {
		p[past][a].Records = [dataset.NumLabels]int64{dataset.Unlabeled: unlabeled, dataset.Legit: legit, dataset.Fraud: fraud}
	}
	set(dataset.Approve, dataset.Approve, 50, 900, 10)
	set(dataset.Monitor, dataset.Block, 7, 70, 7)
	set(dataset.Block, dataset.Monitor, 30, 3, 2)
	set(dataset.StepUp, dataset.Approve, 5, 40, 4)
	set(dataset.Review, replay.Undecided, 9, 9, 9)
	set(dataset.NoAction, dataset.Approve, 6, 20, 1)
	if got, want := SelectiveOf(&p), (Selective{Frauds: 17, Known: 980, Unknown: 41}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestSelectiveSwap: production tells what was stopped, and only where nobody knows what it did, the champion; the gate counts the
// same records.
func TestSelectiveSwap(t *testing.T) {
	of := func(unlabeled, legit, fraud int64) replay.Tally {
		return replay.Tally{Records: [3]int64{unlabeled, legit, fraud}}
	}
	c := &replay.Comparison{}
	c.Actions[dataset.Approve][dataset.Approve], c.Actions[dataset.Block][dataset.Approve] = of(60, 900, 9), of(30, 80, 8)
	want := Selective{Frauds: 17, Known: 997, Unknown: 30}
	if got := SelectiveSwap(&c.Swap); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.Stopped = &[2]replay.Tally{of(50, 0, 0), of(77, 3, 2)} // production stopped 50 that both approve, and some that the champion stops too
	want.Unknown = 77
	if got := SelectiveSwap(&c.Swap); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	gate := Judge(&replay.Acceptance{Limits: []replay.Criterion{{Limit: replay.Limit{Measure: "fraud_rate", Bound: replay.Decimal{Num: 2, Den: 100}}}}}, c, nil, nil, 0.95)
	if got := gate.Verdicts[0].Unlabeled; got != 77 {
		t.Errorf("the gate leaves out %d records without a label, want 77", got)
	}
}
