package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

type ipsReference struct {
	Pi    []float64
	Y     []int
	N     int
	IPW   float64 `json:"ipw"`
	SNIPS float64 `json:"snips"`
	ESS   float64 `json:"ess"`
}

func TestExplorationReference(t *testing.T) {
	eachReference(t, "ips", `{"pi": [0.5, 0.5, 0.1, 0.1, 0.02], "y": [0, 1, 0, 0, 1], "N": 20, "ipw": 2.6, "snips": 0.7027027027027027, "ess": 2.0221565731166913}`,
		func(t *testing.T, ref ipsReference) {
			var e Explored
			for i, pi := range ref.Pi {
				e.Add(pi, [...]dataset.Label{dataset.Legit, dataset.Fraud}[ref.Y[i]])
			}
			for range ref.N - len(ref.Pi) {
				e.Add(0.5, dataset.Unlabeled)
			}
			snips, _ := e.snips()
			if !near(float64(e.HorvitzThompson()), ref.IPW) || !near(snips, ref.SNIPS) || !near(e.Effective(), ref.ESS) {
				t.Errorf("%v, %v, %v, want %+v", e.HorvitzThompson(), snips, e.Effective(), ref)
			}
			// Five records, of which two have nearly all the weight, are no estimate.
			r := e.SNIPS(0.95)
			if len(r.Refusals) != 2 || r.Value.Defined() || r.SE.Defined() || r.Low.Defined() || r.High.Defined() || !near(float64(r.Effective), ref.ESS) {
				t.Errorf("%+v", r)
			}
		})
}

func drawExplored(t *rapid.T) []Predicted {
	// Only some histories have records that decide too much.
	rare := rapid.SampledFrom([][]float64{{1}, {0.1}, {LeastProbability}}).Draw(t, "rare")
	n := rapid.SampledFrom([]int{0, 1, 40, 120, 120}).Draw(t, "records")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Predicted {
		return Predicted{
			Probability: rapid.OneOf(rapid.SampledFrom([]float64{1, 0.5, 0.25}), rapid.Float64Range(0.2, 1), rapid.SampledFrom(rare)).Draw(t, "probability"),
			Label:       dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")),
			Surface:     rapid.Float64Range(0, 1).Draw(t, "surface"),
		}
	}), n, n).Draw(t, "records")
}

// TestExplorationByRecord adds up the influence of each record, as the formulas are written.
func TestExplorationByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawExplored(t)
		var e Explored
		var seen []Predicted
		var weight, frauds float64
		for _, r := range all {
			e.Add(r.Probability, r.Label)
			if r.Label == dataset.Unlabeled {
				continue
			}
			seen = append(seen, r)
			weight += 1 / r.Probability
			if r.Label == dataset.Fraud {
				frauds += 1 / r.Probability
			}
		}
		if e.Records != int64(len(all)) || e.Seen != int64(len(seen)) {
			t.Fatalf("%+v", e)
		}
		var squares float64
		for _, r := range seen {
			z := (asOne(r.Label) - frauds/weight) / r.Probability / weight
			squares += z * z
		}
		value, se := e.snips()
		if len(seen) > 0 && (math.Abs(value-frauds/weight) > 1e-12 || math.Abs(se-math.Sqrt(squares)) > 1e-7) {
			t.Errorf("%v, %v, by record %v, %v", value, se, frauds/weight, math.Sqrt(squares))
		}
		checkRate(t, e.SNIPS(0.9), e)

		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		var first, second Explored
		for i, r := range all {
			part := &first
			if i >= cut {
				part = &second
			}
			part.Add(r.Probability, r.Label)
		}
		merged := first.Merge(second)
		if merged.Records != e.Records || merged.Frauds != e.Frauds || math.Abs(merged.Weight-e.Weight) > 1e-12*e.Weight || merged.Possible != e.Possible || merged.Heaviest != e.Heaviest {
			t.Errorf("%+v and %+v are %+v, want %+v", first, second, merged, e)
		}

		// Doubly robust, in two passes.
		var mean float64
		phi := make([]float64, len(all))
		for i, r := range all {
			phi[i] = r.Surface
			if r.Label != dataset.Unlabeled {
				phi[i] += (asOne(r.Label) - r.Surface) / r.Probability
			}
			mean += phi[i] / float64(len(all))
		}
		d := DoublyRobust(slices.Values(all), 0.9)
		checkRate(t, d, e)
		if !d.Value.Defined() {
			return
		}
		var around float64
		for _, v := range phi {
			around += (v - mean) * (v - mean)
		}
		n := float64(len(all))
		if se := math.Sqrt(around / (n - 1) / n); math.Abs(float64(d.Value)-min(max(mean, 0), 1)) > 1e-9 || d.SE.Defined() && math.Abs(float64(d.SE)-se) > 1e-9*se {
			t.Errorf("%+v, by record %v, %v", d, mean, se)
		}
	})
}

func asOne(l dataset.Label) float64 {
	if l == dataset.Fraud {
		return 1
	}
	return 0
}

func checkRate(t *rapid.T, r ExplorationRate, e Explored) {
	refused := e.Effective() < LeastEffective || e.Heaviest > HeaviestShare*e.Weight
	if refused != (len(r.Refusals) > 0) || refused == r.Value.Defined() || r.Low.Defined() != r.High.Defined() || r.Low.Defined() != r.Confidence.Defined() {
		t.Errorf("%+v of %+v", r, e)
	}
	if refused && r.Low.Defined() || r.Low > r.Value || r.High < r.Value || r.Low < 0 || r.High > 1 {
		t.Errorf("%+v of %+v", r, e)
	}
	if e.Seen > 0 && (float64(r.Effective) > float64(e.Seen)*(1+1e-9) || r.Effective < 1-1e-9 || r.Heaviest <= 0 || r.Heaviest > 1+1e-9) {
		t.Errorf("%+v of %+v", r, e)
	}
}

// TestExplorationRefusals are both sides of each edge.
func TestExplorationRefusals(t *testing.T) {
	add := func(e *Explored, n int, probability float64) {
		for range n {
			e.Add(probability, dataset.Legit)
		}
	}
	for _, c := range []struct {
		light, heavy int
		probability  float64
		codes        []string
	}{
		{30, 0, 1, nil},
		{29, 0, 1, []string{FewEffective}},
		{72, 1, 0.125, nil}, // 8 of 80
		{71, 1, 0.125, []string{HeavyRecord}},
		{0, 1, 1, []string{FewEffective, HeavyRecord}},
		{0, 0, 1, []string{FewEffective}},
	} {
		var e Explored
		add(&e, c.light, 1)
		add(&e, c.heavy, c.probability)
		var codes []string
		for _, w := range e.SNIPS(0.95).Refusals {
			codes = append(codes, w.Code)
		}
		if !slices.Equal(codes, c.codes) {
			t.Errorf("%+v: refused for %v", c, codes)
		}
	}
	var never Explored
	never.Add(0, dataset.Unlabeled)
	if r := never.SNIPS(0.95); never.Never != 1 || never.Records != 0 || len(r.Refusals) != 2 || r.Refusals[0].Code != NeverExplored {
		t.Errorf("%+v: %+v", never, r)
	}
	for i, f := range []func(){
		func() { new(Explored).Add(0, dataset.Legit) }, func() { new(Explored).Add(-0.1, dataset.Unlabeled) },
		func() { new(Explored).Add(math.NaN(), dataset.Legit) }, func() { new(Explored).Add(1.01, dataset.Legit) },
		func() { new(Explored).Add(LeastProbability/2, dataset.Fraud) }, func() { new(Explored).SNIPS(1) },
		func() { DoublyRobust(slices.Values([]Predicted{{1, dataset.Legit, math.NaN()}}), 0.95) },
		func() { DoublyRobust(slices.Values([]Predicted{{0, dataset.Unlabeled, 0.1}}), 0.95) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}

// TestExplorationOfEverything is the interval of a plain count: with every weight 1 the gamma bound is the exact Poisson one.
func TestExplorationOfEverything(t *testing.T) {
	var e Explored
	for i := range 1000 {
		e.Add(1, [...]dataset.Label{dataset.Legit, dataset.Fraud}[b2i(i < 12)])
	}
	r := e.SNIPS(0.95)
	// scipy.stats.chi2.ppf(0.025, 24)/2 and chi2.ppf(0.975, 26)/2 are the Poisson limits 6.2006 and 20.9616 of 12 (Garwood 1936).
	if r.Value != 0.012 || math.Abs(float64(r.Low)-0.0062006) > 1e-7 || math.Abs(float64(r.High)-0.0209616) > 1e-7 || !near(float64(r.SE), math.Sqrt(0.012*0.988/1000)) {
		t.Errorf("%+v", r)
	}
	var clean Explored
	for range 1000 {
		clean.Add(1, dataset.Legit)
	}
	if r := clean.SNIPS(0.95); r.Value != 0 || r.SE.Defined() || r.Low != 0 || !near(float64(r.High), -math.Log(0.025)/1000) {
		t.Errorf("%+v", r)
	}
	// One record more, that was stopped and would have weighed 5: the next fraud may be like it.
	clean.Add(0.2, dataset.Unlabeled)
	if r := clean.SNIPS(0.95); r.Value != 0 || !near(float64(r.High), -5*math.Log(0.025)/1000) {
		t.Errorf("with a heavy record that was not seen: %+v", r)
	}
}

// TestExplorationCovers draws histories whose truth is known: a production that approves the good band always, the middle one half of
// the time and the bad one rarely, by a coin. What was approved is far better than all of it.
func TestExplorationCovers(t *testing.T) {
	const runs, size = 400, 4000
	bands := []struct{ share, probability, rate float64 }{{0.6, 1, 0.004}, {0.3, 0.5, 0.02}, {0.1, 0.05, 0.15}}
	var truth float64
	for _, b := range bands {
		truth += b.share * b.rate
	}
	rng := rand.New(rand.NewPCG(21, 4))
	var naive, snips, normal, good, wrong int
	var snipsSE, goodSE float64
	for range runs {
		var e Explored
		var withGood, withWrong []Predicted
		for range size {
			u, b := rng.Float64(), bands[0]
			if u >= 0.9 {
				b = bands[2]
			} else if u >= 0.6 {
				b = bands[1]
			}
			label := dataset.Unlabeled
			if rng.Float64() < b.probability {
				label = [...]dataset.Label{dataset.Legit, dataset.Fraud}[b2i(rng.Float64() < b.rate)]
			}
			e.Add(b.probability, label)
			withGood = append(withGood, Predicted{b.probability, label, b.rate})
			withWrong = append(withWrong, Predicted{b.probability, label, 0.3 - b.rate})
		}
		holds := func(low, high Number) int { return b2i(float64(low) <= truth && truth <= float64(high)) }
		r, g, w := e.SNIPS(0.9), DoublyRobust(slices.Values(withGood), 0.9), DoublyRobust(slices.Values(withWrong), 0.9)
		snips += holds(r.Low, r.High)
		good += holds(g.Low, g.High)
		wrong += holds(w.Low, w.High)
		half := Number(normalQuantile(0.9)) * r.SE
		normal += holds(r.Value-half, r.Value+half)
		low, high := ClopperPearson(e.Frauds, e.Seen, 0.9)
		naive += holds(Number(low), Number(high))
		snipsSE, goodSE = snipsSE+float64(r.SE), goodSE+float64(g.SE)
	}
	t.Logf("of %d intervals at 90 %% hold the truth: naive %d, SNIPS %d (normal %d), doubly robust %d, with a wrong surface %d; standard errors %.4f and %.4f",
		runs, naive, snips, normal, good, wrong, snipsSE/runs, goodSE/runs)
	slack := 3 * math.Sqrt(runs*0.9*0.1)
	if float64(snips) < 0.9*runs-slack {
		t.Errorf("%d of %d SNIPS intervals hold the truth", snips, runs)
	}
	for _, held := range []int{good, wrong} {
		if float64(held) < 0.9*runs-slack {
			t.Errorf("%d of %d doubly robust intervals hold the truth", held, runs)
		}
	}
	if naive > runs/20 {
		t.Errorf("%d of %d naive intervals hold the truth: the simulation does not test anything", naive, runs)
	}
	if goodSE >= snipsSE {
		t.Errorf("the true surface makes nothing surer: %v and %v", goodSE, snipsSE)
	}
}
