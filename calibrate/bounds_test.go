package calibrate

import (
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// drawCut draws a history that asked both products of everybody, and the waterfall history that it is cut down to: onboarding asked
// within a range of session scores alone.
func drawCut(rt *rapid.T) (combined, cut []testRecord) {
	combined = rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 40).Draw(rt, "records")
	low, high := rapid.IntRange(0, 1000).Draw(rt, "asked from"), rapid.IntRange(0, 1001).Draw(rt, "asked to")
	for i := range combined {
		r := &combined[i]
		if s := r.onboarding.State.Status(); s == dataset.Absent || s == dataset.NotCalled {
			r.onboarding = withScore(500) // everybody was asked
		}
		r.vpn = false // a rule on onboarding's fields has an answer in the one history and none in the other
		part := *r
		if s, found := part.session.State.Score(); !found || s < low || s >= high {
			part.onboarding = silent(notCalled)
		}
		cut = append(cut, part)
	}
	return combined, cut
}

// TestBoundsHoldWhatWasCut replays random policies over a history that asked both products of everybody and over the waterfall
// history that it is cut down to: every measure of the first is within the bounds of the second.
func TestBoundsHoldWhatWasCut(t *testing.T) {
	prices := &replay.Economics{FraudLoss: replay.Price{Fixed: 7, Share: 9000}, GoodMargin: replay.Price{Fixed: 3_000_000, Share: 100}, ReviewCost: 2_000_000, StepUpCost: 11,
		Calls: map[string]replay.Money{"session": 5, "onboarding": 13}}
	rapid.Check(t, func(rt *rapid.T) {
		rules := drawTestRules(rt)
		p := drawTestPolicy(rt, "p", true, rules)
		combined, cut := drawCut(rt)
		run := func(records []testRecord) *replay.Result {
			r, err := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records).Run(p)
			if err != nil {
				rt.Fatal(err)
			}
			return r
		}
		whole, part := run(combined), run(cut)
		set := Setting{Confidence: 0.95, Days: 3, Economics: prices}
		truth := set.Measures(p, whole.Counts)
		set.Open = &part.Open
		if part.Open.N() != part.Actions[replay.Undecided].N() {
			rt.Fatalf("%d open of %d undecided", part.Open.N(), part.Actions[replay.Undecided].N())
		}
		for i, m := range set.Measures(p, part.Counts) {
			want := truth[i]
			if m.Name == "undecided_rate" || m.Name == "undecided_rate_value" || !want.Value.Defined() || len(m.Name) > 14 && m.Name[:14] == "label_coverage" {
				continue
			}
			least, most := m.Least, m.Most
			if part.Open.N() == 0 {
				least, most = m.Value, m.Value
			}
			if !least.Defined() || !most.Defined() {
				if part.Open.N() > 0 && m.Name == "call_rate_onboarding" {
					continue // which is known
				}
				// One way to decide leaves nothing to divide by: then nothing is bounded, and nothing is claimed.
				continue
			}
			const slack = 1e-9
			if want.Value < least-slack || want.Value > most+slack {
				rt.Fatalf("%s is %v, bounded by %v and %v (%d open)", m.Name, want.Value, least, most, part.Open.N())
			}
		}
	})
}

// TestBoundsAreReached: the ends of the bounds are values of ways to decide, by brute force over every way of few records.
func TestBoundsAreReached(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, nil)
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 6).Draw(rt, "records")
		for i := range records {
			records[i].onboarding = silent(notCalled)
		}
		r, err := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records).Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		if r.Open.N() == 0 || r.Open.N() > 5 {
			rt.Skip("nothing to enumerate")
		}
		low, high := map[string]float64{}, map[string]float64{}
		var each func(i int, c replay.Counts)
		each = func(i int, c replay.Counts) {
			if i == len(records) {
				for _, m := range Measures(p, c, 0.95) {
					v := float64(m.Value)
					if !m.Value.Defined() {
						continue
					}
					if old, found := low[m.Name]; !found || v < old {
						low[m.Name] = v
					}
					if old, found := high[m.Name]; !found || v > old {
						high[m.Name] = v
					}
				}
				return
			}
			d := p.Decide(replay.Case{First: records[i].session, Second: records[i].onboarding})
			actions := uint8(1 << d.Action)
			if d.Action == replay.Undecided {
				actions = p.Possible(d.FirstCluster)
			}
			for a := range dataset.Action(dataset.NumActions) {
				if actions>>a&1 != 0 {
					next := c
					next.Actions[a].Records[records[i].label]++
					next.Actions[a].Amount[records[i].label] += records[i].amount
					next.Calls[0]++
					each(i+1, next)
				}
			}
		}
		each(0, replay.Counts{})
		for _, m := range (Setting{Confidence: 0.95, Open: &r.Open}).Measures(p, r.Counts) {
			least, found := low[m.Name]
			if m.ByValue || m.Unit == Odds || !m.Least.Defined() {
				continue // by value, records of one label may differ in amount; odds can be infinite
			}
			if !found { // no way to decide divides by anything
				rt.Fatalf("%s: %v to %v of what is never defined", m.Name, m.Least, m.Most)
			}
			if m.Least == m.Most && m.Denominator > 0 && m.Value != m.Least {
				rt.Fatalf("%s is %v whatever becomes of the undecided, and said to be %v", m.Name, m.Least, m.Value)
			}
			if float64(m.Least) != least || float64(m.Most) != high[m.Name] {
				rt.Fatalf("%s: %v to %v, by brute force %v to %v", m.Name, m.Least, m.Most, least, high[m.Name])
			}
		}
	})
}
