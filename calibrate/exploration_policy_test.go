package calibrate

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// exploredHistory draws a history in which production approves by a policy and lets some of what it would stop through by a coin: one in
// four where the session score is not very low, nobody else. A part of the outcomes is not known yet, in the last month most.
func exploredHistory(p population, production *replay.Policy, n int, rng *rand.Rand) []testRecord {
	records := p.history(n, rng)
	for i := range records {
		r := &records[i]
		r.chance, r.past, r.amount = math.NaN(), dataset.Block, dataset.NoAmount
		score, _ := r.session.State.Score()
		switch {
		case production.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action == dataset.Approve:
			r.past = dataset.Approve
		case score >= 226:
			r.chance = 0.25
			if rng.Float64() < r.chance {
				r.past = dataset.Approve
			}
		}
		young := 0.05
		if i >= 2*n {
			young = 0.6
		}
		if r.past == dataset.Block || rng.Float64() < young {
			r.label = dataset.Unlabeled
		}
	}
	return records
}

func exploring(p *replay.Policy) replay.Question {
	return replay.Question{Policies: []*replay.Policy{p}, Exploration: "chance", By: []string{replay.Month}, Exact: true}
}

// TestExplorePolicy: what a lenient policy would approve, of which production stopped half. Both estimates hold the truth as often
// as they say; the rate of the labeled alone does not. The surface of other months makes the estimate surer.
func TestExplorePolicy(t *testing.T) {
	const runs, confidence = 60, 0.9
	production, p := honestChampion(), populations()[0]
	p.fraud = 0.05
	policy := lenient()
	truth := trueRate(p, policy, func(session int) bool { return session >= 226 })
	rng := rand.New(rand.NewPCG(4, 2))
	var naive, snips, robust int
	var snipsSE, robustSE float64
	for range runs {
		e, err := ExplorePolicy(cubeOf(t, exploring(policy), exploredHistory(p, production, 3000, rng)), policy, confidence)
		if err != nil {
			t.Fatal(err)
		}
		if e.NoRobust != "" || len(e.SNIPS.Refusals)+len(e.Robust.Refusals) > 0 {
			t.Fatalf("%+v", e)
		}
		holds := func(r ExplorationRate) int { return b2i(float64(r.Low) <= truth && truth <= float64(r.High)) }
		snips, robust = snips+holds(e.SNIPS), robust+holds(e.Robust)
		low, high := ClopperPearson(e.Explored.Frauds, e.Explored.Seen, confidence)
		naive += b2i(low <= truth && truth <= high)
		snipsSE, robustSE = snipsSE+float64(e.SNIPS.SE), robustSE+float64(e.Robust.SE)
	}
	t.Logf("truth %.4f; of %d intervals at 90 %% hold it: naive %d, SNIPS %d, doubly robust %d; standard errors %.5f and %.5f",
		truth, runs, naive, snips, robust, snipsSE/runs, robustSE/runs)
	slack := 3 * math.Sqrt(runs*confidence*(1-confidence))
	if float64(snips) < confidence*runs-slack || float64(robust) < (confidence-0.04)*runs-slack { // see DoublyRobust on normal intervals
		t.Errorf("of %d intervals SNIPS holds the truth in %d, doubly robust in %d", runs, snips, robust)
	}
	if robustSE >= snipsSE {
		t.Errorf("the surface makes nothing surer: %v and %v", robustSE, snipsSE)
	}
	if naive > runs/10 {
		t.Errorf("the rate of the labeled alone holds the truth in %d of %d runs: the simulation does not test anything", naive, runs)
	}
}

// trueRate is the fraud rate among what a policy approves of the sessions that are explored.
func trueRate(p population, pol *replay.Policy, explored func(session int) bool) float64 {
	var fraud, legit float64
	for i := range honestyScores {
		for j := range honestyScores {
			if !explored(position(i)) || pol.Decide(replay.Case{First: withScore(position(i)), Second: withScore(position(j))}).Action != dataset.Approve {
				continue
			}
			legit += (1 - p.fraud) * p.legit[0][i] * p.legit[1][j]
			for _, kind := range p.frauds {
				fraud += p.fraud / float64(len(p.frauds)) * kind[0][i] * kind[1][j]
			}
		}
	}
	return fraud / (fraud + legit)
}

// TestExploreNever: what had no chance is bounded, and in no estimate; one month has no surface of others; few explored records are
// refused.
func TestExploreNever(t *testing.T) {
	at := dataset.MonthStart(2025 * 12)
	record := func(n int, past dataset.Action, chance float64, label dataset.Label) []testRecord {
		return slices.Repeat([]testRecord{{session: withScore(600), onboarding: withScore(600), past: past, chance: chance, label: label, time: at, amount: dataset.NoAmount}}, n)
	}
	records := slices.Concat(
		record(80, dataset.Approve, math.NaN(), dataset.Legit), record(5, dataset.Approve, math.NaN(), dataset.Fraud), record(7, dataset.Approve, math.NaN(), dataset.Unlabeled),
		record(10, dataset.Approve, 0.5, dataset.Legit), record(2, dataset.Block, 0.5, dataset.Fraud), // a label, and no outcome of the coin
		record(30, dataset.Block, math.NaN(), dataset.Unlabeled), record(3, dataset.NoAction, math.NaN(), dataset.Fraud),
		record(4, dataset.Approve, 1e-12, dataset.Legit), record(1, dataset.Block, 1, dataset.Legit), record(2, dataset.Approve, 3, dataset.Legit))
	policy := lenient()
	e, err := ExplorePolicy(cubeOf(t, exploring(policy), records), policy, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Selective{Frauds: 3, Known: 10, Unknown: 30}); e.Rest != want || e.Approvals != 144 || e.Explored.Records != 104 || e.Never.N() != 40 {
		t.Errorf("rest %+v, want %+v; %d approvals, %d explored", e.Rest, want, e.Approvals, e.Explored.Records)
	}
	if e.Outside != 2 || e.Least != 3 || e.Most != 3 || e.Contrary != 1 || e.Undone != 0 {
		t.Errorf("%+v", e.Exploration)
	}
	if want := 5.0 / 105; e.Explored.Seen != 95 || math.Abs(float64(e.SNIPS.Value)-want) > 1e-12 {
		t.Errorf("%+v, want %v", e.SNIPS, want)
	}
	if e.NoRobust == "" || e.Robust.Value != 0 {
		t.Errorf("one month: %q, %+v", e.NoRobust, e.Robust)
	}
	few, err := ExplorePolicy(cubeOf(t, exploring(policy), records[len(records)-60:]), policy, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	if len(few.SNIPS.Refusals) == 0 || few.SNIPS.Value.Defined() {
		t.Errorf("few: %+v", few.SNIPS)
	}
}

// TestSurface: the fitted surface falls with both scores, is the mean on the whole, and of a stratum without outcomes that of
// another.
func TestSurface(t *testing.T) {
	records := exploredHistory(populations()[0], honestChampion(), 2000, rand.New(rand.NewPCG(5, 5)))
	policy := lenient()
	piles, err := cubeOf(t, exploring(policy), records).Piles(policy)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSurface(piles)
	if err != nil {
		t.Fatal(err)
	}
	of := func(first, second int) float64 {
		return s.rate(replay.Case{First: withScore(first), Second: withScore(second)})
	}
	for first := 0; first < 1000; first += 37 {
		for second := 0; second < 1000; second += 37 {
			if of(first, second) < of(first+1, second) || of(first, second) < of(first, second+1) {
				t.Fatalf("at %d, %d: %v, better scores %v and %v", first, second, of(first, second), of(first+1, second), of(first, second+1))
			}
		}
	}
	var sum, frauds, n float64
	for _, r := range records {
		if r.label != dataset.Unlabeled {
			sum, n = sum+s.rate(replay.Case{First: r.session, Second: r.onboarding}), n+1
			frauds += asOne(r.label)
		}
	}
	if math.Abs(sum-frauds) > 1e-6*n {
		t.Errorf("the surface adds up to %v, %v frauds", sum, frauds)
	}
	if rate := s.rate(replay.Case{First: withScore(500)}); rate != s.rate(replay.Case{First: withScore(500), Second: withScore(0)}) {
		t.Errorf("a stratum without outcomes has %v", rate)
	}
}

// TestCrossFit: no month is predicted by its own outcomes. All of January are fraud and all of February legit, so that the surface
// of the one predicts the opposite of the other; and a month in which nothing is seen is left out as a whole.
func TestCrossFit(t *testing.T) {
	record := func(n, month int, past dataset.Action, label dataset.Label) []testRecord {
		return slices.Repeat([]testRecord{{session: withScore(600), onboarding: withScore(600), past: past, chance: 0.5, label: label,
			time: dataset.MonthStart(2025*12 + month), amount: dataset.NoAmount}}, n)
	}
	policy := lenient()
	f, err := newCrossFit(cubeOf(t, exploring(policy), slices.Concat(record(30, 0, dataset.Approve, dataset.Fraud), record(10, 0, dataset.Approve, dataset.Unlabeled),
		record(20, 0, dataset.Block, dataset.Fraud), record(40, 1, dataset.Approve, dataset.Legit), record(5, 2, dataset.Block, dataset.Unlabeled))), policy)
	if err != nil {
		t.Fatal(err)
	}
	got := map[Predicted]int{}
	for r := range f.predicted() {
		got[r]++
	}
	want := map[Predicted]int{
		{0.375, dataset.Fraud, 0}: 30, {0.375, dataset.Unlabeled, 0}: 30, // three in four of the approved have an outcome; a label of what was stopped is none
		{0.5, dataset.Legit, 1}: 40,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
