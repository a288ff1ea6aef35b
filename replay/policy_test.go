package replay

import (
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// Both sides of each edge of the published tables: standard from the scorecard of the Session + Onboarding Guide, quintile
// from "understanding scores".
func TestBandEdges(t *testing.T) {
	vl, lo, re, hi, vh := dataset.VeryLow, dataset.Low, dataset.ReviewCluster, dataset.High, dataset.VeryHigh
	for _, tt := range []struct {
		bands Bands
		score int
		want  dataset.Cluster
	}{
		{Standard, 0, vl}, {Standard, 225, vl}, {Standard, 226, lo}, {Standard, 450, lo}, {Standard, 451, re}, {Standard, 550, re},
		{Standard, 551, hi}, {Standard, 775, hi}, {Standard, 776, vh}, {Standard, 1000, vh},
		{Quintile, 0, vl}, {Quintile, 199, vl}, {Quintile, 200, lo}, {Quintile, 399, lo}, {Quintile, 400, re}, {Quintile, 599, re},
		{Quintile, 600, hi}, {Quintile, 799, hi}, {Quintile, 800, vh}, {Quintile, 1000, vh},
		{Bands{[4]int{1, 2, 3, 1000}}, 0, vl}, {Bands{[4]int{1, 2, 3, 1000}}, 1, lo}, {Bands{[4]int{1, 2, 3, 1000}}, 999, hi}, {Bands{[4]int{1, 2, 3, 1000}}, 1000, vh},
	} {
		if got := tt.bands.Of(tt.score); got != tt.want {
			t.Errorf("%s of %d: got %s, want %s", tt.bands, tt.score, got, tt.want)
		}
		// Recomputed clusters ignore the recorded one; recorded ones ignore the score.
		a := Answer{State: dataset.Scored(tt.score), Cluster: dataset.Low}
		if got := tt.bands.Cluster(a); got != tt.want {
			t.Errorf("%s of %v: got %s, want %s", tt.bands, a, got, tt.want)
		}
		if got := Recorded.Cluster(a); got != dataset.Low {
			t.Errorf("recorded of %v: got %s, want low", a, got)
		}
	}
	for _, a := range []Answer{{}, {State: dataset.State(dataset.Failed), Cluster: dataset.High}} {
		for _, b := range []Bands{Recorded, Standard} {
			if got := b.Cluster(a); got != dataset.NoCluster {
				t.Errorf("%s of %v: got %s, want missing", b, a, got)
			}
		}
	}
}

func TestDecide(t *testing.T) {
	src := `
policy: 1
name: a
first: session
second: onboarding
rules:
  - {name: early, when: session.has_ai_agent, then: block}
  - {name: late, when: onboarding.score < 100 && session.has_x, then: step_up}
  - {name: early too, when: amount > 5, then: monitor}
gate: {missing: review, very_low: block, low: next, review: next, high: approve, very_high: approve}
matrix:
  low: {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}
  review: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}
`
	p, err := ParsePolicy("a.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	answer := func(c dataset.Cluster) Answer { return Answer{State: dataset.Scored(500), Cluster: c} }
	none, review, high := Answer{}, answer(dataset.ReviewCluster), answer(dataset.High)
	notCalled, failed := Answer{State: dataset.State(dataset.NotCalled)}, Answer{State: dataset.State(dataset.Failed)}
	for _, tt := range []struct {
		name string
		c    Case
		want Decision
	}{
		{"gate", Case{First: high}, Decision{Action: dataset.Approve, By: ByGate, Rule: -1, FirstCluster: dataset.High}},
		{"gate missing", Case{First: none}, Decision{Action: dataset.Review, By: ByGate, Rule: -1}},
		{"early rule before the gate", Case{First: high, Fired: 1}, Decision{Action: dataset.Block, By: ByRule, FirstCluster: dataset.High}},
		{"first rule wins", Case{First: high, Fired: 5}, Decision{Action: dataset.Block, By: ByRule, FirstCluster: dataset.High}},
		{"late rule waits for the call", Case{First: high, Second: high, Fired: 2}, Decision{Action: dataset.Approve, By: ByGate, Rule: -1, FirstCluster: dataset.High}},
		{"early rule overtakes a late one", Case{First: review, Second: high, Fired: 6}, Decision{Action: dataset.Monitor, By: ByRule, Rule: 2, FirstCluster: dataset.ReviewCluster}},
		{"late rule", Case{First: review, Second: high, Fired: 2}, Decision{Action: dataset.StepUp, By: ByRule, Rule: 1, Called: true, FirstCluster: dataset.ReviewCluster, SecondCluster: dataset.High}},
		{"matrix", Case{First: review, Second: high}, Decision{Action: dataset.Approve, By: ByMatrix, Rule: -1, Called: true, FirstCluster: dataset.ReviewCluster, SecondCluster: dataset.High}},
		{"matrix missing", Case{First: review, Second: failed}, Decision{Action: dataset.Review, By: ByMatrix, Rule: -1, Called: true, FirstCluster: dataset.ReviewCluster}},
		{"undecided", Case{First: review, Second: none}, Decision{Action: Undecided, By: ByNobody, Rule: -1, Called: true, FirstCluster: dataset.ReviewCluster}},
		{"undecided, not called", Case{First: review, Second: notCalled}, Decision{Action: Undecided, By: ByNobody, Rule: -1, Called: true, FirstCluster: dataset.ReviewCluster}},
		{"a late rule may differ from a constant row", Case{First: answer(dataset.Low), Second: none}, Decision{Action: Undecided, By: ByNobody, Rule: -1, Called: true, FirstCluster: dataset.Low}},
	} {
		if got := p.Decide(tt.c); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
	p.Rules[1].Then = dataset.Block
	want := Decision{Action: dataset.Block, By: ByMatrix, Rule: -1, Called: true, FirstCluster: dataset.Low}
	if got := p.Decide(Case{First: answer(dataset.Low), Second: none}); got != want {
		t.Errorf("any answer leads to block: got %+v, want %+v", got, want)
	}
}
