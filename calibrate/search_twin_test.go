package calibrate

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// drawCells draws a history of few distinct scores and small counts, so that ties are the rule, with records that lack a
// score. An even one is full and every cell holds one record or none, so that ties reach down to the last rule.
func drawCells(t *rapid.T, most int) []ScoreCell {
	known := []int{0, 1, 199, 200, 500, 501, 999, 1000}
	if rapid.Bool().Draw(t, "even") {
		return evenCells(t, known[:most])
	}
	scores := rapid.SliceOfNDistinct(rapid.SampledFrom(known), 1, most, rapid.ID)
	axis := [2][]int{append(scores.Draw(t, "sessions"), NoScore), append(scores.Draw(t, "onboardings"), NoScore)}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ScoreCell {
		c := ScoreCell{Session: rapid.SampledFrom(axis[0]).Draw(t, "session"), Onboarding: rapid.SampledFrom(axis[1]).Draw(t, "onboarding"),
			Label: dataset.Label(rapid.IntRange(0, dataset.NumLabels-1).Draw(t, "label")), N: rapid.Int64Range(0, 3).Draw(t, "n")}
		if c.N > 0 {
			c.Amount = rapid.Int64Range(0, 5).Draw(t, "amount")
		}
		return c
	}), 0, 3*most*most).Draw(t, "cells")
}

func evenCells(t *rapid.T, scores []int) (out []ScoreCell) {
	empty := rapid.Int64Range(0, 1).Draw(t, "empty")
	for _, s := range scores {
		for _, o := range scores {
			c := ScoreCell{Session: s, Onboarding: o, Label: rapid.SampledFrom([]dataset.Label{dataset.Legit, dataset.Legit, dataset.Fraud}).Draw(t, "label"), N: 1}
			if empty > 0 {
				c.N = rapid.SampledFrom([]int64{0, 1, 1, 1}).Draw(t, "n")
			}
			out = append(out, c)
		}
	}
	return out
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func mustGrid(t fataler, cells []ScoreCell) *Grid {
	t.Helper()
	g, err := NewGrid(cells)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func drawGrid(t *rapid.T, most int) (*Grid, []ScoreCell) {
	cells := drawCells(t, most)
	g, err := NewGrid(cells)
	if err != nil {
		t.Fatal(err)
	}
	return g, cells
}

// tallyOf counts the cells that a test lets through: the slow twin of every sum.
func tallyOf(cells []ScoreCell, in func(session, onboarding int) bool) (t replay.Tally) {
	for _, c := range cells {
		if in(c.Session, c.Onboarding) {
			t.Records[c.Label] += c.N
			t.Amount[c.Label] += c.Amount
		}
	}
	return t
}

func drawWeights(t *rapid.T, low, high int64) (w Weights) {
	for l := range w.Records {
		w.Records[l] = rapid.Int64Range(low, high).Draw(t, "weight")
		w.Amount[l] = rapid.Int64Range(low, high).Draw(t, "amount weight") * rapid.Int64Range(0, 1).Draw(t, "by value")
	}
	return w
}

func drawForm(t *rapid.T) (f Form) {
	if rapid.Bool().Draw(t, "plain form") {
		num := rapid.Int64Range(0, 4).Draw(t, "price")
		f = PricedApprovals(num, rapid.Int64Range(0, 2).Draw(t, "worth"))
		f.Actions[dataset.Review].Records[dataset.Fraud] = -rapid.Int64Range(0, 2).Draw(t, "review")
		f.Actions[dataset.Review].Records[dataset.Legit] = rapid.Int64Range(-1, 1).Draw(t, "review")
		return f
	}
	for a := range f.Actions {
		f.Actions[a] = drawWeights(t, -3, 3)
	}
	f.Calls = [2]int64{rapid.Int64Range(-2, 2).Draw(t, "call"), rapid.Int64Range(-2, 2).Draw(t, "second call")}
	f.Constant = rapid.Int64Range(-2, 2).Draw(t, "constant")
	return f
}

// drawRising draws a gain and a cost that approving never lowers: approvals against frauds half of the time.
func drawRising(t *rapid.T) (gain, cost Form) {
	if rapid.Bool().Draw(t, "usual") {
		return Approvals(), FraudApprovals()
	}
	return on(drawWeights(t, 0, 3)), on(drawWeights(t, 0, 3))
}

// allStairs returns the heights, as cutoffs, of every monotone region of a grid.
func allStairs(g *Grid) (out [][]int) {
	levels := append(g.Onboardings(), 1001)
	var grow func(prefix []int, most int)
	grow = func(prefix []int, most int) {
		if len(prefix) == len(g.sessions) {
			out = append(out, slices.Clone(prefix))
			return
		}
		for _, h := range levels {
			if h <= most {
				grow(append(prefix, h), h)
			}
		}
	}
	grow(nil, 1001)
	return out
}

// A twin is a region with all that ranks it.
type twin struct {
	heights        []int
	steps          int
	records, cells int64
	tally          replay.Tally
}

func twinOf(g *Grid, cells []ScoreCell, heights []int) twin {
	w := twin{heights: heights}
	last := 1001
	for i, h := range heights {
		if h != last {
			w.steps++
		}
		last = h
		for _, o := range g.onboardings {
			if o >= h {
				w.cells++
			}
		}
		w.tally = w.tally.Add(tallyOf(cells, func(session, onboarding int) bool {
			return session == g.sessions[i] && onboarding >= h && onboarding >= 0
		}))
	}
	w.records = w.tally.N()
	return w
}

// before orders regions of equal worth as STATISTICS.md, section 3, asks.
func (w twin) before(v twin) bool {
	return cmp.Or(cmp.Compare(w.steps, v.steps), cmp.Compare(w.records, v.records), cmp.Compare(w.cells, v.cells), slices.Compare(v.heights, w.heights)) < 0
}

func (w twin) counts(total replay.Tally, otherwise dataset.Action) (c replay.Counts) {
	c.Calls = [2]int64{total.N(), total.N()}
	c.Actions[dataset.Approve] = w.tally
	c.Actions[otherwise] = less(total, w.tally)
	return c
}

func twins(g *Grid, cells []ScoreCell) (out []twin) {
	for _, h := range allStairs(g) {
		out = append(out, twinOf(g, cells, h))
	}
	return out
}

func (w twin) is(g *Grid, s Staircase) bool {
	for i, session := range g.sessions {
		if s.Height(session) != w.heights[i] {
			return false
		}
	}
	return s.Approved == w.tally && len(s.Corners) == w.steps
}

func drawOtherwise(t *rapid.T) dataset.Action {
	return rapid.SampledFrom([]dataset.Action{dataset.Block, dataset.Review, dataset.StepUp}).Draw(t, "otherwise")
}

func TestGridCountsLikeCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 6)
		session, onboarding := rapid.IntRange(NoScore, 1001).Draw(t, "session"), rapid.IntRange(NoScore, 1001).Draw(t, "onboarding")
		want := tallyOf(cells, func(s, o int) bool { return s >= session && o >= onboarding })
		if got := g.Approved(session, onboarding); got != want {
			t.Fatalf("at or above %d and %d: %+v, want %+v", session, onboarding, got, want)
		}
		if got, want := g.Total(), tallyOf(cells, func(int, int) bool { return true }); got != want {
			t.Fatalf("total %+v, want %+v", got, want)
		}
	})
}

func TestBestStaircase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 4)
		f, otherwise := drawForm(t), drawOtherwise(t)
		all := twins(g, cells)
		for steps := range 6 {
			var best *twin
			var worth int64
			for i := range all {
				v := f.Of(all[i].counts(g.Total(), otherwise))
				if (steps == 5 || all[i].steps <= steps) && (best == nil || v > worth || v == worth && all[i].before(*best)) {
					best, worth = &all[i], v
				}
			}
			got, value, err := g.BestSteps(f, otherwise, steps)
			if steps == 5 {
				got, value, err = g.BestStaircase(f, otherwise)
			}
			if err != nil || value != worth || !best.is(g, got) {
				t.Fatalf("at most %d steps: %+v worth %d (%v), want %+v worth %d", steps, got, value, err, *best, worth)
			}
		}
	})
}

// TestHull compares with the concave hull of all regions' points.
func TestHull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 4)
		gain, cost := drawRising(t)
		all := twins(g, cells)
		got, err := g.Hull(gain, cost)
		if err != nil {
			t.Fatal(err)
		}
		points := pareto(g, all, gain, cost)
		var want []Vertex
		for _, p := range points {
			for len(want) > 1 && !above(want[len(want)-2], want[len(want)-1], p) {
				want = want[:len(want)-1]
			}
			want = append(want, p)
		}
		if len(got) != len(want) {
			t.Fatalf("hull %+v, want %+v", got, want)
		}
		for i, v := range got {
			if v.Gain != want[i].Gain || v.Cost != want[i].Cost || gain.Of(replay.Counts{Actions: [6]replay.Tally{dataset.Approve: v.Approved}}) != v.Gain {
				t.Fatalf("vertex %d is %+v, want %+v", i, v, want[i])
			}
			smallest := smallestOf(g, all, gain, cost, v)
			if !smallest.is(g, v.Staircase) {
				t.Fatalf("vertex %d is %+v, want the smallest region %+v", i, v, smallest)
			}
			if i > 0 && !holds(g, v.Staircase, got[i-1].Staircase) {
				t.Fatalf("vertex %d does not hold the one before: %+v", i, got)
			}
		}
	})
}

// above reports whether b lies strictly above the chord from a to c.
func above(a, b, c Vertex) bool {
	return (b.Gain-a.Gain)*(c.Cost-a.Cost) > (c.Gain-a.Gain)*(b.Cost-a.Cost)
}

func holds(g *Grid, big, small Staircase) bool {
	for _, s := range g.sessions {
		if big.Height(s) > small.Height(s) {
			return false
		}
	}
	return true
}

func (w twin) point(gain, cost Form) (int64, int64) {
	c := replay.Counts{Actions: [6]replay.Tally{dataset.Approve: w.tally}}
	return gain.Of(c), cost.Of(c)
}

func smallestOf(g *Grid, all []twin, gain, cost Form, v Vertex) (out twin) {
	found := false
	for _, w := range all {
		if a, b := w.point(gain, cost); a == v.Gain && b == v.Cost && (!found || w.cells < out.cells) {
			out, found = w, true
		}
	}
	return out
}

// pareto returns the points that gain more than all that cost no more, each with the region that the ties ask for.
func pareto(g *Grid, all []twin, gain, cost Form) (out []Vertex) {
	best := map[int64]twin{}
	for _, w := range all {
		a, b := w.point(gain, cost)
		old, found := best[b]
		if oldGain, _ := old.point(gain, cost); !found || a > oldGain || a == oldGain && w.before(old) {
			best[b] = w
		}
	}
	var costs []int64
	for b := range best {
		costs = append(costs, b)
	}
	slices.Sort(costs)
	for _, b := range costs {
		a, _ := best[b].point(gain, cost)
		if out == nil || a > out[len(out)-1].Gain {
			heights := make([]int, len(g.sessions)+1)
			for i, h := range best[b].heights {
				heights[i+1] = g.columns.of(h)
			}
			out = append(out, Vertex{a, b, g.staircase(heights)})
		}
	}
	return out
}

func TestFrontier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 4)
		gain, cost := drawRising(t)
		most := rapid.Int64Range(0, 60).Draw(t, "most")
		var want []Vertex
		for _, v := range pareto(g, twins(g, cells), gain, cost) {
			if v.Cost <= most {
				want = append(want, v)
			}
		}
		got, err := g.Frontier(gain, cost, most)
		if err != nil {
			t.Fatal(err)
		}
		same := func(a, b Vertex) bool {
			return a.Gain == b.Gain && a.Cost == b.Cost && a.Approved == b.Approved && slices.Equal(a.Corners, b.Corners)
		}
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("frontier up to %d: %+v, want %+v", most, got, want)
		}
	})
}

func TestBestCutoffs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 5)
		p := Problem{Maximize: drawForm(t), Otherwise: drawOtherwise(t)}
		for range rapid.IntRange(0, 2).Draw(t, "limits") {
			p.Limits = append(p.Limits, Limit{Name: "ratio", Numerator: drawForm(t), Denominator: drawForm(t),
				Num: rapid.Int64Range(-3, 3).Draw(t, "num"), Den: rapid.Int64Range(1, 3).Draw(t, "den")})
		}
		unread := []int{NoScore}
		got, err := g.BestCutoffs(p)
		checkCutoffs(t, g, cells, p, g.Sessions(), g.Onboardings(), [2]int64{1, 1}, got, err)
		got, err = g.BestSession(p)
		checkCutoffs(t, g, cells, p, g.Sessions(), unread, [2]int64{1, 0}, got, err)
		got, err = g.BestOnboarding(p)
		checkCutoffs(t, g, cells, p, unread, g.Onboardings(), [2]int64{0, 1}, got, err)
	})
}

func checkCutoffs(t *rapid.T, g *Grid, cells []ScoreCell, p Problem, sessions, onboardings []int, called [2]int64, got CutoffOutcome, err error) {
	type candidate struct {
		session, onboarding int
		records, area       int64
	}
	beyond := func(scores []int) int {
		if slices.Equal(scores, []int{NoScore}) {
			return NoScore
		}
		return 1001
	}
	list := []candidate{{beyond(sessions), beyond(onboardings), 0, 0}}
	for _, s := range sessions {
		for _, o := range onboardings {
			list = append(list, candidate{session: s, onboarding: o})
		}
	}
	var best candidate
	var want Outcome
	total := tallyOf(cells, func(int, int) bool { return true })
	for _, c := range list {
		approved := tallyOf(cells, func(s, o int) bool { return s >= c.session && o >= c.onboarding })
		c.records = approved.N()
		for _, s := range g.sessions {
			for _, o := range g.onboardings {
				if s >= c.session && o >= c.onboarding {
					c.area++
				}
			}
		}
		counts := replay.Counts{Calls: [2]int64{called[0] * total.N(), called[1] * total.N()}}
		counts.Actions[dataset.Approve], counts.Actions[p.Otherwise] = approved, less(total, approved)
		want.Tried++
		if !slices.ContainsFunc(p.Limits, func(l Limit) bool {
			a, b := l.Numerator.Of(counts), l.Denominator.Of(counts)
			return b <= 0 || a*l.Den > l.Num*b
		}) {
			want.Feasible++
			v := p.Maximize.Of(counts)
			if v == want.Value {
				want.Tied++
			}
			order := cmp.Or(cmp.Compare(c.records, best.records), cmp.Compare(c.area, best.area), cmp.Compare(best.session, c.session), cmp.Compare(best.onboarding, c.onboarding))
			if want.Feasible == 1 || v > want.Value || v == want.Value && order < 0 {
				if want.Feasible == 1 || v > want.Value {
					want.Tied = 1
				}
				best, want.Value, want.Counts = c, v, counts
			}
		}
	}
	if err != nil || (got.Infeasible == "") != (want.Feasible > 0) {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	got.Infeasible = ""
	if got.Outcome != want {
		t.Fatalf("got %+v, want %+v of %+v", got, want, best)
	}
	if want.Feasible > 0 && (got.Session.High != best.session || got.Onboarding.High != best.onboarding) {
		t.Fatalf("cutoffs %v and %v, want %+v", got.Session, got.Onboarding, best)
	}
}
