package calibrate

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// TestUnrestrictedIsHull checks the best shape and the exchange rate, found along the chord of the limit, against the whole
// hull.
func TestUnrestrictedIsHull(t *testing.T) {
	champion := honestChampion()
	cube := bellCube(t, 20_000, 10, champion)
	for _, num := range []int64{1, 3, 5, 8, 12, 500} {
		goals := Goals{Objective: MostApprovals, Limits: []replay.Limit{{Measure: "fraud_rate", Bound: replay.Decimal{Num: num, Den: 1000}}}}
		a, u, _ := surveyed(t, cube, champion, goals, Candidate{Family: Cutoffs, Policy: champion})
		at := -1
		for i, v := range u.Vertices {
			if v.Gain > 0 && 1000*v.Cost <= num*v.Gain {
				at = i
			}
		}
		if at < 0 != !u.Best.Found() || u.Best.Found() && u.Best.Objective != u.Vertices[at].Gain {
			t.Fatalf("limit %d/1000: %+v, and vertex %d of %d is the last within the limit", num, u.Best, at, len(u.Vertices))
		}
		if !u.Best.Found() {
			continue
		}
		want, bound := Exchange{}, u.Vertices[at].Gain
		if at+1 < len(u.Vertices) {
			from, to := u.Vertices[at], u.Vertices[at+1]
			want = Exchange{to.Gain - from.Gain, to.Cost - from.Cost}
			// Where the chord from one vertex to the next crosses the limit: 1000 x cost = num x gain.
			over, room := 1000*want.Frauds-num*want.Approvals, num*from.Gain-1000*from.Cost
			bound += want.Approvals * room / over
		}
		if u.Exchange != want || u.Bound != bound {
			t.Errorf("limit %d/1000: exchange %+v and bound %d, want %+v and %d", num, u.Exchange, u.Bound, want, bound)
		}
		if shape, _ := a.Row(SearchAnyShape); shape.Objective != u.Best.Objective {
			t.Errorf("limit %d/1000: %d here and %d among the rows", num, u.Best.Objective, shape.Objective)
		}
		last := u.Standings[len(u.Standings)-1]
		for _, s := range u.Standings[1:] { // the champion, at 0, keeps no limit
			if s.Absent == "" && (s.Objective > last.Objective || s.Below < 0) {
				t.Errorf("limit %d/1000: %+v is above %+v", num, s, last)
			}
		}
	}
}

// TestNestedShape counts the regions record by record, and checks that they nest, keep the limits, and without limits are the
// best there are.
func TestNestedShape(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, _ := drawSurvey(t, rt, drawChampion(rt))
		p := s.proposer
		n, absent, err := p.nestedShape(s.shapes, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if (n == nil) != (absent != "") {
			rt.Fatalf("%+v, absent: %q", n, absent)
		}
		if n == nil || n.Infeasible != "" {
			return
		}
		var want replay.Counts
		scored := s.shapes.Total().N()
		want.Calls = [2]int64{scored, scored}
		for _, c := range cellsOf(s.shapes) {
			a := dataset.Block
			switch {
			case n.Approve.Approves(c.Session, c.Onboarding):
				a = dataset.Approve
			case n.Reach.Approves(c.Session, c.Onboarding):
				a = n.Middle
			}
			want.Actions[a].Records[c.Label] += c.N
			want.Actions[a].Amount[c.Label] += c.Amount
		}
		if want = want.Add(p.rest); want != n.Counts || !p.met(want) || n.Step != 1 {
			rt.Fatalf("%+v, want %+v", n, want)
		}
		if len(p.targets) > 0 {
			return
		}
		best, err := s.shapes.BestNested(p.gain, n.Middle, dataset.Block)
		if err != nil || p.gain.Of(best.Counts.Add(p.rest)) != n.Objective {
			rt.Fatalf("%+v, want %+v (%v)", n, best, err)
		}
	})
}

// TestNestedShapeOfTwoLimits: a middle action that lets legit records pass adds to what two regions reach, as far as its own
// limit goes, and where it may be used on almost nobody two regions stand.
func TestNestedShapeOfTwoLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("a coupled search of many seconds under the race detector: the full run has it")
	}
	champion := honestChampion()
	cube := bellCube(t, 50_000, 10, champion)
	last := int64(-1)
	for _, most := range []int64{1, 200, 1000, 3000} { // of 100,000 records
		goals := bellGoals()
		goals.Limits = append(goals.Limits, replay.Limit{Measure: "review_rate", Bound: replay.Decimal{Num: most, Den: 100_000}})
		_, u, _ := surveyed(t, cube, champion, goals, Candidate{Family: Cutoffs})
		n := u.Nested
		if n == nil || n.Infeasible != "" || n.Middle != dataset.Review || n.Objective < last || n.Objective < u.Best.Objective {
			t.Fatalf("review_rate at most %d/100,000: %+v, and %d before", most, n, last)
		}
		last = n.Objective
		reviewed := n.Counts.Actions[dataset.Review]
		if all := n.Counts.Actions[dataset.Approve].N() + reviewed.Records[dataset.Legit]; all != n.Objective || 100_000*reviewed.N() > most*50_000 {
			t.Errorf("review_rate at most %d/100,000: %+v", most, n)
		}
		if n.Two && reviewed.N() > 0 || most > 100 && reviewed.N() == 0 {
			t.Errorf("review_rate at most %d/100,000: %d reviewed, two regions: %v", most, reviewed.N(), n.Two)
		}
	}
}

// TestCoarsened compares cutoffs at multiples of the step, and on both sides of them.
func TestCoarsened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score := rapid.IntRange(0, dataset.MaxScore)
		cells := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ScoreCell {
			return ScoreCell{score.Draw(t, "session"), score.Draw(t, "onboarding"), dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")), 1, 7}
		}), 0, 30).Draw(t, "cells")
		g, step := mustGrid(t, cells), rapid.SampledFrom([]int{1, 2, 5, 10, 20}).Draw(t, "step")
		coarse, err := g.coarsened(step)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			i, j := score.Draw(t, "i")/step*step, score.Draw(t, "j")/step*step
			if fine, got := g.Approved(i, j), coarse.Approved(i, j); fine != got {
				t.Fatalf("at or above %d, %d: %+v of multiples of %d, %+v of all", i, j, got, step, fine)
			}
		}
	})
}

// TestNestedIsCoarsened: where the edges hang together on a large grid, the step is said.
func TestNestedIsCoarsened(t *testing.T) {
	champion := honestChampion()
	cube := bellCube(t, 50_000, 1, champion)
	for review, want := range map[float64]int{0.5: 1, 2.99: 5} {
		s, err := NewSurvey(cube, champion, Goals{Objective: LeastCost, Economics: bellEconomics(review)})
		if err != nil {
			t.Fatal(err)
		}
		n, absent, err := s.proposer.nestedShape(s.shapes, nil)
		if err != nil || absent != "" || n.Step != want || n.Infeasible != "" {
			t.Fatalf("review at %v: %+v, %s, %v; want a step of %d", review, n, absent, err, want)
		}
		for _, c := range append(n.Approve.Corners, n.Reach.Corners...) {
			if c.Session%n.Step != 0 || c.Onboarding%n.Step != 0 {
				t.Errorf("review at %v: corner %+v is no multiple of %d", review, c, n.Step)
			}
		}
	}
}
