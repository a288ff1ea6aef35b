package calibrate

import (
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

var openLimits = []string{"fraud_rate <= 1%", "fraud_capture >= 80%", "insult_rate <= 2%", "good_approval_rate >= 90%", "approval_rate >= 50%", "step_up_rate <= 10%",
	"review_per_day <= 5", "fraud_bps <= 10", "approval_rate_value >= 50%", "undecided_rate <= 5%", "cost_per_record <= 1", "call_rate_onboarding <= 30%"}

var openPrices = &replay.Economics{FraudLoss: replay.Price{Fixed: 70_000, Share: 9000}, GoodMargin: replay.Price{Fixed: 30_000, Share: 100}, ReviewCost: 200_000, StepUpCost: 11,
	Calls: map[string]replay.Money{"session": 5, "onboarding": 13}}

// drawOpen draws a policy that asks the second product about the first record, the target of a limit, and what the policy does, as a
// walk counts it.
func drawOpen(t *testing.T, rt *rapid.T, records []testRecord, rules []replay.Rule) (*replay.Policy, target, replay.Counts, withholding) {
	p := drawTestPolicy(rt, "p", true, rules)
	row := p.FirstBands.Cluster(records[0].session)
	p.Gate[row] = replay.Next
	for d := range p.Matrix[row] {
		p.Matrix[row][d] = rapid.SampledFrom(dataset.Actions).Draw(rt, "cell of the first")
	}
	limit, err := newTarget(mustLimit(t, rapid.SampledFrom(openLimits).Draw(rt, "limit")), p, openPrices, 3)
	if err != nil {
		rt.Fatal(err)
	}
	space, err := NewSpace(cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records), p)
	if err != nil {
		rt.Fatal(err)
	}
	h := hearing{space: space}
	return p, limit, space.counts(p), h.withheld(p)
}

// TestOpenIsTheWorst tries every action that the policy may take on each undecided record, and every label on those of which
// labels are withheld.
func TestOpenIsTheWorst(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 5).Draw(rt, "records")
		records[0].onboarding = silent(notCalled) // so that seldom nothing is undecided
		p, limit, counts, w := drawOpen(t, rt, records, nil)
		if w.open == nil {
			rt.Skip("nothing undecided")
		}
		w.labels[replay.Undecided] = rapid.Int64Range(0, 3).Draw(rt, "withheld")
		if limit.byValue() {
			w.labels[replay.Undecided] = 0 // of which it takes the mean amount
		}
		excess := limit.excess()
		most, least := excess.Of(counts), excess.Of(counts)
		first := true
		var each func(i int, c replay.Counts, left int64, relabeled bool)
		each = func(i int, c replay.Counts, left int64, relabeled bool) {
			if i == len(records) {
				v := excess.Of(c)
				if first {
					most, least, first = v, v, relabeled
				}
				if most = max(most, v); !relabeled {
					least = min(least, v)
				}
				return
			}
			r := records[i]
			d := p.Decide(replay.Case{First: r.session, Second: r.onboarding})
			put := func(a dataset.Action, y dataset.Label, left int64, relabeled bool) {
				next := c
				next.Actions[a].Records[y]++
				next.Actions[a].Amount[y] += r.amount
				each(i+1, next, left, relabeled)
			}
			if d.Action != replay.Undecided {
				put(d.Action, r.label, left, relabeled)
				return
			}
			for _, a := range dataset.Actions {
				if p.Possible(d.FirstCluster)>>a&1 == 0 {
					continue
				}
				put(a, r.label, left, relabeled)
				if r.label == dataset.Unlabeled && left > 0 {
					put(a, dataset.Legit, left-1, true)
					put(a, dataset.Fraud, left-1, true)
				}
			}
		}
		each(0, replay.Counts{Calls: counts.Calls}, w.labels[replay.Undecided], false)
		if !limit.settles() {
			most, least = excess.Of(counts), excess.Of(counts)
		}
		heard, _ := limit.withhold(counts, w)
		mild, depends := limit.spare(counts, w)
		got, gotMild := excess.Of(heard), excess.Of(mild)
		if limit.Measure == costPerRecord { // amounts of single records are not known, and the bounds are wider for that
			got, gotMild = min(got, most), max(gotMild, least)
			if excess.Of(heard) < most || excess.Of(mild) > least {
				got, gotMild = excess.Of(heard), excess.Of(mild)
			}
		}
		if got != most || gotMild != least {
			rt.Fatalf("%s: excess %d to %d, by brute force %d to %d", limit.Measure, gotMild, got, least, most)
		}
		if depends == 0 && w.labels[replay.Undecided] == 0 && most != least {
			rt.Fatalf("%s: %d to %d, and no record that it depends on", limit.Measure, least, most)
		}
		if any := excess.Of(limit.settle(counts)); limit.Measure != costPerRecord && w.labels[replay.Undecided] == 0 && any < got {
			rt.Fatalf("%s: a search fears %d, the walk %d", limit.Measure, any, got)
		}
	})
}

// TestOpenHoldsWhatWasCut: what a walk counts on a waterfall history is no milder, and its other end no harsher, than the
// combined history that it was cut from.
func TestOpenHoldsWhatWasCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		combined, cut := drawCut(rt)
		p, limit, counts, w := drawOpen(t, rt, cut, drawTestRules(rt))
		if limit.Measure == "undecided_rate" {
			rt.Skip("which is about what was cut")
		}
		whole, err := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, combined).Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		heard, _ := limit.withhold(counts, w)
		mild, _ := limit.spare(counts, w)
		truth := limit.excess().Of(whole.Counts)
		if worst, least := limit.excess().Of(heard), limit.excess().Of(mild); truth > worst || truth < least {
			rt.Fatalf("%s: excess %d, bounded by %d and %d", limit.Measure, truth, least, worst)
		}
	})
}
