package calibrate

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// drawNeighbour draws a policy that parts from a base in edges, in cells, or in all but its products and rules.
func drawNeighbour(t *rapid.T, base *replay.Policy) *replay.Policy {
	other := drawTestPolicy(t, "recommended", base.Second != "", base.Rules)
	switch rapid.SampledFrom([]string{"edges", "cells", "all"}).Draw(t, "parts") {
	case "edges":
		other.Gate, other.Matrix = base.Gate, base.Matrix
	case "cells":
		other.FirstBands, other.SecondBands = base.FirstBands, base.SecondBands
	}
	return other
}

// drawMonotone draws a policy that treats no better cluster more harshly, as staircases are: its approvals lie above corners.
func drawMonotone(t *rapid.T, name string) *replay.Policy {
	p := drawTestPolicy(t, name, true, nil)
	for c := range p.Gate {
		p.Gate[c] = replay.Next
		p.Matrix[c] = [replay.NumRows]dataset.Action{}
		for d := range p.Matrix[c] {
			p.Matrix[c][d] = dataset.Block
		}
	}
	actions := []dataset.Action{dataset.Review, dataset.StepUp, dataset.Approve}
	for range rapid.IntRange(1, 4).Draw(t, "corners") {
		c, d := rapid.IntRange(0, 4).Draw(t, "first"), rapid.IntRange(0, 4).Draw(t, "second")
		a := rapid.SampledFrom(actions).Draw(t, "action")
		for _, cc := range dataset.Clusters[c:] {
			for _, dd := range dataset.Clusters[d:] {
				p.Matrix[cc][dd] = min(p.Matrix[cc][dd], a)
			}
		}
	}
	return p
}

// someCases are answers at both sides of the edges of policies and every way to be without a score, all with all, of each
// product at most so many.
func someCases(t *rapid.T, most int, policies ...*replay.Policy) (out []replay.Case) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed of cases"), 1))
	axis := func(product int) (list []replay.Answer) {
		for status := range dataset.NumStatuses {
			list = append(list, replay.Answer{State: dataset.State(status)})
		}
		scores := []int{0, 1000}
		for _, p := range policies {
			for i := range p.FirstBands.Edges {
				if e := edge(p, product, i); e > 0 {
					scores = append(scores, e-1, e)
				}
			}
		}
		slices.Sort(scores)
		for _, s := range slices.Compact(scores) {
			list = append(list, withScore(s))
		}
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list[:min(most, len(list))]
	}
	first, second := axis(0), axis(1)
	for _, a := range first {
		for _, b := range second {
			for fired := range uint64(1) << len(policies[0].Rules) {
				out = append(out, replay.Case{First: a, Second: b, Fired: fired})
			}
		}
	}
	return out
}

func approves(p *replay.Policy, c replay.Case) bool {
	a := p.Decide(c).Action
	return a == dataset.Approve || a == dataset.Monitor
}

// checkLadder checks all that a ladder promises, on one case after the other.
func checkLadder(t *rapid.T, champion, recommended *replay.Policy, ladder []RolloutStep, steps int) {
	if len(ladder) > steps {
		t.Fatalf("%d steps, want %d at most", len(ladder), steps)
	}
	all := []*replay.Policy{champion, recommended}
	for _, s := range ladder {
		all = append(all, s.Policy)
	}
	cases := someCases(t, 24, all...)
	looser, tighter := false, false
	for _, c := range cases {
		looser = looser || approves(recommended, c) && !approves(champion, c)
		tighter = tighter || !approves(recommended, c) && approves(champion, c)
	}
	change := changeOf(champion, recommended)
	looser, tighter = looser || change == Mixed, tighter || change == Mixed // the cases are some of all
	before := champion
	for i, s := range ladder {
		src := s.Policy.YAML()
		parsed, err := replay.ParsePolicy("step.yaml", src)
		if err != nil {
			t.Fatalf("step %d is no policy: %v\n%s", i+1, err, src)
		}
		differs := false
		for _, c := range cases {
			a, b, at, was := champion.Decide(c).Action, recommended.Decide(c).Action, s.Policy.Decide(c).Action, before.Decide(c).Action
			if parsed.Decide(c).Action != at {
				t.Fatalf("step %d decides %v on %+v, read back %v\n%s", i+1, at, c, parsed.Decide(c).Action, src)
			}
			differs = differs || at != was
			if min(a, b, at) != replay.Undecided && (at < min(a, b) || at > max(a, b)) {
				t.Fatalf("step %d: %v on %+v, where the champion says %v and the recommendation %v", i+1, at, c, a, b)
			}
			if now := approves(s.Policy, c); now != approves(before, c) && (now && !looser || !now && !tighter) {
				t.Fatalf("step %d: approves %+v: %v, before it did not; recommendation looser %v, tighter %v", i+1, c, now, looser, tighter)
			}
		}
		if !differs && changeOf(before, s.Policy) == Same {
			t.Fatalf("step %d decides as the policy before it\n%s", i+1, src)
		}
		before = s.Policy
	}
	if len(ladder) > 0 && before != recommended {
		t.Fatal("the last step is not the recommendation")
	}
	for _, c := range cases {
		if before.Decide(c).Action != recommended.Decide(c).Action {
			t.Fatalf("the last step decides %+v otherwise than the recommendation", c)
		}
	}
}

// TestRolloutKeepsBetween checks ladders between any two policies of the same products and rules.
func TestRolloutKeepsBetween(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		two := rapid.IntRange(0, 2).Draw(rt, "products") > 0
		var rules []replay.Rule
		if two {
			rules = drawTestRules(rt)
		}
		champion := drawTestPolicy(rt, "champion", two, rules)
		recommended := drawNeighbour(rt, champion)
		steps := rapid.IntRange(1, 8).Draw(rt, "steps")
		ladder, err := Rollout(champion, recommended, steps)
		if err != nil {
			rt.Fatal(err)
		}
		checkLadder(rt, champion, recommended, ladder, steps)
	})
}

// TestRolloutOneWay checks ladders between policies of which one approves and stops no record more mildly than the other:
// every step goes the same way.
func TestRolloutOneWay(t *testing.T) {
	gradual := 0
	rapid.Check(t, func(rt *rapid.T) {
		strict := drawMonotone(rt, "strict")
		mild := drawMonotone(rt, "mild")
		switch {
		case rapid.Bool().Draw(rt, "same matrix"):
			mild.Gate, mild.Matrix = strict.Gate, strict.Matrix
			for i := range strict.FirstBands.Edges {
				mild.FirstBands.Edges[i] = min(mild.FirstBands.Edges[i], strict.FirstBands.Edges[i])
				mild.SecondBands.Edges[i] = min(mild.SecondBands.Edges[i], strict.SecondBands.Edges[i])
			}
		case rapid.Bool().Draw(rt, "same bands"):
			mild.FirstBands, mild.SecondBands = strict.FirstBands, strict.SecondBands
		}
		switch changeOf(strict, mild) {
		case Mixed:
			rt.Skip("neither is the milder")
		case Tightens:
			strict, mild = mild, strict
		}
		steps := rapid.IntRange(1, 6).Draw(rt, "steps")
		up, err := Rollout(strict, mild, steps)
		if err != nil {
			rt.Fatal(err)
		}
		down, err := Rollout(mild, strict, steps)
		if err != nil {
			rt.Fatal(err)
		}
		checkLadder(rt, strict, mild, up, steps)
		checkLadder(rt, mild, strict, down, steps)
		for i, ladder := range [][]RolloutStep{up, down} {
			for _, s := range ladder {
				if c := [...]Change{Loosens, Tightens}[i]; s.Change != c {
					rt.Fatalf("a step %s, want every step to be one that %s", s.Change, c)
				}
			}
		}
		if steps > 1 && len(down) == steps {
			gradual++
		}
	})
	if gradual == 0 {
		t.Error("no ladder took all of its steps: the test shows nothing")
	}
}

func edited(p *replay.Policy, edit func(*replay.Policy)) *replay.Policy {
	q := *p
	q.Name = recommendedName
	edit(&q)
	return &q
}

// TestRolloutLadders holds ladders against what they should be, by hand.
func TestRolloutLadders(t *testing.T) {
	single := func(a, b, c int) *replay.Policy {
		return &replay.Policy{Name: "p", First: "login", FirstBands: replay.Bands{Edges: [4]int{a, b, c, 900}},
			Gate: [replay.NumRows]replay.Step{dataset.Review, dataset.Block, dataset.StepUp, dataset.Monitor, dataset.Approve, dataset.Approve, dataset.Review}}
	}
	champion := honestChampion()
	edges := func(p *replay.Policy, product int) (out [4]int) { return bandsOf(p, product).Edges }
	for _, c := range []struct {
		name          string
		from, to      *replay.Policy
		steps         int
		first, second [][4]int
		changes       []Change
		action        func(*replay.Policy) dataset.Action // of each step
		actions       []dataset.Action
	}{
		{name: "rising edges in proportion", from: single(200, 400, 600), to: single(300, 500, 800), steps: 4,
			first:   [][4]int{{225, 425, 650, 900}, {250, 450, 700, 900}, {275, 475, 750, 900}, {300, 500, 800, 900}},
			changes: []Change{Tightens, Tightens, Tightens, Tightens}},
		{name: "falling edges in proportion", from: single(300, 500, 800), to: single(200, 400, 600), steps: 2,
			first: [][4]int{{250, 450, 700, 900}, {200, 400, 600, 900}}, changes: []Change{Loosens, Loosens}},
		{name: "what falls comes first, in one step", from: single(200, 400, 600), to: single(100, 500, 800), steps: 3,
			first: [][4]int{{100, 400, 600, 900}, {100, 450, 700, 900}, {100, 500, 800, 900}}, changes: []Change{Loosens, Tightens, Tightens}},
		{name: "one step", from: single(200, 400, 600), to: single(100, 500, 800), steps: 1,
			first: [][4]int{{100, 500, 800, 900}}, changes: []Change{Mixed}},
		{name: "no more steps than there are scores", from: single(200, 400, 600), to: single(202, 400, 600), steps: 10,
			first: [][4]int{{201, 400, 600, 900}, {202, 400, 600, 900}}, changes: []Change{Tightens, Tightens}},
		{name: "nothing to do", from: single(200, 400, 600), to: single(200, 400, 600), steps: 3},
		{name: "nothing to do but the name of a cluster", from: single(200, 400, 600), to: edited(single(200, 400, 600), func(p *replay.Policy) { p.FirstBands.Edges[3] = 700 }), steps: 3},
		{name: "a corner that turns: what tightens comes first, for the other way approves what neither approves",
			from: champion, to: edited(champion, func(p *replay.Policy) { p.FirstBands.Edges[1], p.SecondBands.Edges[1] = 351, 501 }), steps: 3,
			first:  [][4]int{{226, 451, 551, 776}, {226, 451, 551, 776}, {226, 351, 551, 776}},
			second: [][4]int{{226, 476, 551, 776}, {226, 501, 551, 776}, {226, 501, 551, 776}}, changes: []Change{Tightens, Tightens, Loosens}},
		{name: "another cluster's edge", from: champion, to: edited(champion, func(p *replay.Policy) {
			p.FirstBands.Edges = [4]int{651, 700, 800, 900} // approves from low up
			p.Matrix[dataset.Low] = p.Matrix[dataset.ReviewCluster]
		}), steps: 2, first: [][4]int{{226, 551, 602, 776}, {651, 700, 800, 900}}, changes: []Change{Tightens, Tightens}},
		{name: "a second corner and a higher first, on the bands of both", from: champion, to: edited(champion, func(p *replay.Policy) {
			p.FirstBands.Edges, p.SecondBands.Edges = [4]int{300, 501, 601, 776}, [4]int{226, 451, 601, 776}
			for c := range p.Matrix { // approves from 501 x 451 up, and from 300 x 601 up
				for d := range p.Matrix[c] {
					p.Matrix[c][d] = dataset.Block
					if c == int(dataset.Low) && d > int(dataset.ReviewCluster) && d < replay.NumRows-1 || c > int(dataset.Low) && c < replay.NumRows-1 && d > int(dataset.Low) && d < replay.NumRows-1 {
						p.Matrix[c][d] = dataset.Approve
					}
				}
			}
		}), steps: 2, first: [][4]int{{300, 451, 501, 776}, {300, 501, 601, 776}}, second: [][4]int{{226, 451, 601, 776}, {226, 451, 601, 776}}, changes: []Change{Loosens, Tightens}},
		{name: "milder cells first", from: champion, to: edited(champion, func(p *replay.Policy) {
			p.Matrix[dataset.Low][dataset.High] = dataset.Approve
			p.Matrix[dataset.ReviewCluster][dataset.ReviewCluster] = dataset.Block
			p.Matrix[dataset.ReviewCluster][dataset.High] = dataset.StepUp
		}), steps: 3, changes: []Change{Loosens, Tightens, Tightens},
			action:  func(p *replay.Policy) dataset.Action { return p.Matrix[dataset.ReviewCluster][dataset.High] },
			actions: []dataset.Action{dataset.Approve, dataset.Approve, dataset.StepUp}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ladder, err := Rollout(c.from, c.to, c.steps)
			if err != nil {
				t.Fatal(err)
			}
			var first, second [][4]int
			var changes []Change
			var actions []dataset.Action
			for _, s := range ladder {
				first, second, changes = append(first, edges(s.Policy, 0)), append(second, edges(s.Policy, 1)), append(changes, s.Change)
				if c.action != nil {
					actions = append(actions, c.action(s.Policy))
				}
			}
			if c.first != nil && !slices.Equal(first, c.first) || c.second != nil && !slices.Equal(second, c.second) {
				t.Errorf("edges %v and %v, want %v and %v", first, second, c.first, c.second)
			}
			if !slices.Equal(changes, c.changes) || !slices.Equal(actions, c.actions) {
				t.Errorf("changes %v, actions %v; want %v and %v", changes, actions, c.changes, c.actions)
			}
		})
	}
}

// TestRolloutErrors names all that is wrong at once.
func TestRolloutErrors(t *testing.T) {
	champion := honestChampion()
	other := edited(champion, func(p *replay.Policy) {
		p.Second, p.SecondBands = "login", replay.Recorded
		p.Rules = []replay.Rule{{Name: "agent", When: mustCompile(t, "session.has_ai_agent"), Then: dataset.Block}}
	})
	_, err := Rollout(champion, other, 0)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"want 1 to 50", "different products", "different rules", "recorded clusters"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one of %q", err, want)
		}
	}
	if _, err := Rollout(champion, champion, MaxRolloutSteps+1); err == nil {
		t.Error("no error for 51 steps")
	}
}

// TestCalibrationRollout checks the expected effects of a calibration's rollout against decisions one by one.
func TestCalibrationRollout(t *testing.T) {
	champion, goals := honestChampion(), backtestGoals()
	records := populations()[0].history(5000, rand.New(rand.NewPCG(1, 2)))
	c, err := Calibrate(monthCube(t, champion, records), champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	ladder, err := c.Rollout(4)
	if err != nil {
		t.Fatal(err)
	}
	best, _ := c.Recommendation()
	if len(ladder) == 0 || ladder[len(ladder)-1].Policy != best.Policy {
		t.Fatalf("%d steps, the last is not the recommendation", len(ladder))
	}
	if got := ladder[len(ladder)-1].Counts; got != best.Counts[len(c.Windows)-1] {
		t.Errorf("the recommendation is expected to do %v, certified was %v", got, best.Counts[len(c.Windows)-1])
	}
	before := c.Base
	for i, s := range ladder {
		var in, out replay.Tally
		var approved, fraud, labeled, all int64
		for _, r := range records {
			if month := dataset.MonthOf(r.time); month != 2025*12+2 {
				continue
			}
			all++
			k := replay.Case{First: r.session, Second: r.onboarding}
			was, is := approves(before, k), approves(s.Policy, k)
			switch {
			case is && !was:
				in.Records[r.label]++
			case was && !is:
				out.Records[r.label]++
			}
			if is {
				approved++
				labeled++
				if r.label == dataset.Fraud {
					fraud++
				}
			}
		}
		if s.In != in || s.Out != out {
			t.Errorf("step %d: in %v, out %v; want %v and %v", i+1, s.In, s.Out, in, out)
		}
		if s.Approval.Numerator != approved || s.Approval.Denominator != all || s.FraudRate.Numerator != fraud || s.FraudRate.Denominator != labeled {
			t.Errorf("step %d: approval %+v, fraud rate %+v; want %d of %d and %d of %d", i+1, s.Approval, s.FraudRate, approved, all, fraud, labeled)
		}
		if len(s.Triggers) != 1 || s.Triggers[0].K != fraud || s.Triggers[0].N != labeled {
			t.Errorf("step %d: triggers %+v, want one of %d of %d", i+1, s.Triggers, fraud, labeled)
		}
		before = s.Policy
	}
	c.Recommended = -1
	if _, err := c.Rollout(4); !errors.Is(err, ErrNothing) {
		t.Errorf("error %v without a recommendation, want ErrNothing", err)
	}
}

// TestCalibrationRolloutRecorded begins at a champion that uses recorded clusters: its bands are those that the clusters have.
func TestCalibrationRolloutRecorded(t *testing.T) {
	champion, goals := honestChampion(), backtestGoals()
	champion.FirstBands, champion.SecondBands = replay.Recorded, replay.Recorded
	records := populations()[1].history(4000, rand.New(rand.NewPCG(2, 2)))
	for i := range records {
		for _, a := range []*replay.Answer{&records[i].session, &records[i].onboarding} {
			score, _ := a.State.Score()
			a.Cluster = replay.Standard.Of(score)
		}
	}
	c, err := Calibrate(monthCube(t, champion, records), champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	ladder, err := c.Rollout(3)
	if err != nil || len(ladder) == 0 {
		t.Fatalf("%d steps, error %v", len(ladder), err)
	}
	last := len(c.Windows) - 1
	from, _ := ladder[0].Swap.Counts()
	if diff := cmp.Diff(c.Current[last], from); diff != "" {
		t.Errorf("the first step starts elsewhere than at the champion (-champion +start):\n%s", diff)
	}
}

// TestTrigger holds triggers against the bounds that they stand for, on both sides of each edge.
func TestTrigger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64Range(0, 5000).Draw(rt, "n")
		v := Finding{N: n, K: rapid.Int64Range(0, min(n, 50)).Draw(rt, "k"), Alpha: rapid.SampledFrom([]float64{0.001, 0.005, 0.02, 0.3}).Draw(rt, "alpha")}
		delta := rapid.SampledFrom([]float64{0.01, 0.05, 0.1}).Draw(rt, "delta")
		x := newTrigger(v, delta)
		shown := func(k int64) bool { return PValue(k, x.Look, v.Alpha) <= delta }
		broken := func(k int64) bool { return LowerBound(k, x.Look, delta) > v.Alpha }
		if !shown(x.GoOn) || shown(x.GoOn+1) {
			rt.Fatalf("%+v: %d of %d is to be the most that shows the limit kept", x, x.GoOn, x.Look)
		}
		if x.Stop <= x.Look && !broken(x.Stop) || broken(x.Stop-1) || x.Stop <= x.GoOn {
			rt.Fatalf("%+v: %d of %d is to be the least that shows the limit broken", x, x.Stop, x.Look)
		}
		if !x.Reachable {
			if x.Look != x.Clean || n > 0 && float64(v.K)/float64(n) < v.Alpha*0.98 {
				rt.Fatalf("%+v is not reachable", x)
			}
			return
		}
		rate := float64(v.K) / float64(n)
		if PValue(x.GoOn, x.Look, rate) < LookPower {
			rt.Fatalf("%+v goes on with probability %v", x, PValue(x.GoOn, x.Look, rate))
		}
		if k := x.GoOn - 1; k >= 0 && PValue(k, MinToCertify(k, v.Alpha, delta), rate) >= LookPower {
			rt.Fatalf("%+v: %d events would do", x, k)
		}
	})
	// 598 clean approvals certify 0.5 % at 95 % (STATISTICS.md, section 2).
	want := Trigger{Alpha: 0.005, Delta: 0.05, N: 1000, Look: 598, GoOn: 0, Stop: 7, Clean: 598, Reachable: true}
	if diff := cmp.Diff(want, newTrigger(Finding{N: 1000, Alpha: 0.005}, 0.05)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
