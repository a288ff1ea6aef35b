package calibrate

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// TestDegenerate: every search answers plainly on histories that hold nothing to choose from.
func TestDegenerate(t *testing.T) {
	cases := map[string]struct {
		cells   []ScoreCell
		approve int64 // the most that any region approves
		limited int64 // the most within a fraud rate of at most 1/2, -1 where nothing is
	}{
		"no record":          {nil, 0, -1},
		"empty cells":        {[]ScoreCell{{500, 500, dataset.Legit, 0, 0}}, 0, -1},
		"one record":         {[]ScoreCell{{0, 1000, dataset.Legit, 1, 0}}, 1, 1},
		"one fraud":          {[]ScoreCell{{0, 0, dataset.Fraud, 1, 0}}, 1, -1},
		"one distinct score": {[]ScoreCell{{500, 500, dataset.Legit, 3, 0}, {500, 500, dataset.Fraud, 3, 0}}, 6, 6},
		"too bad":            {[]ScoreCell{{500, 500, dataset.Legit, 3, 0}, {500, 500, dataset.Fraud, 4, 0}}, 7, -1},
		"no label":           {[]ScoreCell{{500, 500, dataset.Unlabeled, 3, 0}}, 3, -1},
		"everything missing": {[]ScoreCell{{NoScore, NoScore, dataset.Legit, 3, 0}}, 0, -1},
		"one axis missing":   {[]ScoreCell{{500, NoScore, dataset.Legit, 3, 0}, {NoScore, 500, dataset.Fraud, 3, 0}}, 0, -1},
	}
	for name, tc := range cases {
		g := mustGrid(t, tc.cells)
		out, err := g.BestCutoffs(Problem{Maximize: Approvals()})
		if err != nil || out.Infeasible != "" || out.Value != tc.approve {
			t.Errorf("%s: pairs %+v, %v", name, out, err)
		}
		out, err = g.BestCutoffs(Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(1, 2)}})
		if err != nil || (out.Infeasible != "") != (tc.limited < 0) || tc.limited >= 0 && out.Value != tc.limited {
			t.Errorf("%s: limited pairs %+v, %v", name, out, err)
		}
		if s, v, err := g.BestStaircase(Approvals(), dataset.Block); err != nil || v != tc.approve || s.Approved.N() != tc.approve {
			t.Errorf("%s: staircase %+v, %d, %v", name, s, v, err)
		}
		if s, v, err := g.BestSteps(Approvals(), dataset.Block, 0); err != nil || v != 0 || s.Corners != nil {
			t.Errorf("%s: no steps %+v, %d, %v", name, s, v, err)
		}
		if hull, err := g.Hull(Approvals(), FraudApprovals()); err != nil || hull[len(hull)-1].Gain != tc.approve {
			t.Errorf("%s: hull %+v, %v", name, hull, err)
		}
		if f, err := g.Frontier(Approvals(), FraudApprovals(), 100); err != nil || f[len(f)-1].Gain != tc.approve {
			t.Errorf("%s: frontier %+v, %v", name, f, err)
		}
		if n, err := g.BestNested(Approvals(), dataset.Review, dataset.Block); err != nil || n.Value != tc.approve {
			t.Errorf("%s: nested %+v, %v", name, n, err)
		}
		if w, err := g.BestWaterfall(Approvals(), Zone{}); err != nil || w.Value < tc.approve {
			t.Errorf("%s: waterfall %+v, %v", name, w, err)
		}
		c, err := g.Clusters(replay.Standard, replay.Quintile)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.BestMatrix(Problem{Maximize: Approvals()}, MatrixFamily{Actions: []dataset.Action{dataset.Approve, dataset.Block}})
		if err != nil || m.Value != tc.approve || m.Tried != 252 {
			t.Errorf("%s: matrix %+v, %v", name, m, err)
		}
	}
}

func TestInfeasibleSaysWhy(t *testing.T) {
	g := mustGrid(t, []ScoreCell{{400, 400, dataset.Legit, 50, 0}, {400, 400, dataset.Fraud, 50, 0}, {600, 600, dataset.Legit, 10, 0}})
	few := Limit{Name: "declines", Numerator: Form{Constant: 110}, Denominator: Form{Constant: 1}, Num: 50, Den: 1}
	few.Numerator.Actions[dataset.Approve] = whoeverIs(dataset.Unlabeled, dataset.Legit, dataset.Fraud)
	for l := range few.Numerator.Actions[dataset.Approve].Records {
		few.Numerator.Actions[dataset.Approve].Records[l] = -1
	}
	cases := map[string][]Limit{
		"none of 5 pairs of cutoffs keeps fraud_rate at most -1/10":                                                                          {FraudRateAtMost(-1, 10), few},
		"none of 5 pairs of cutoffs keeps all limits at once, though each can be kept alone: fraud_rate at most 1/10, declines at most 50/1": {FraudRateAtMost(1, 10), few},
		"none of 5 pairs of cutoffs keeps fraud_rate at most -1/10, nor approved at most -1/1":                                               {FraudRateAtMost(-1, 10), {"approved", Approvals(), Form{Constant: 1}, -1, 1}},
	}
	for want, limits := range cases {
		out, err := g.BestCutoffs(Problem{Maximize: Approvals(), Limits: limits})
		if err != nil || out.Infeasible != want {
			t.Errorf("got %q, %v, want %q", out.Infeasible, err, want)
		}
	}
	c, err := g.Clusters(replay.Standard, replay.Standard)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.BestMatrix(Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(-1, 10)}}, MatrixFamily{Actions: []dataset.Action{dataset.Approve, dataset.Block}})
	if want := "none of 252 monotone matrices keeps fraud_rate at most -1/10"; err != nil || m.Infeasible != want {
		t.Errorf("got %q, %v, want %q", m.Infeasible, err, want)
	}
}

// TestLimitEdge: the limit itself is met, one fraud more is not.
func TestLimitEdge(t *testing.T) {
	l := FraudRateAtMost(338, 1000)
	for _, tc := range []struct {
		k, n int64
		want bool
	}{{338, 1000, true}, {339, 1000, false}, {169, 500, true}, {170, 500, false}, {0, 0, false}, {0, 1, true}, {math.MaxInt64 / 1000, math.MaxInt64 / 338, true}, {math.MaxInt64, math.MaxInt64, false}} {
		if got := l.met(tc.k, tc.n); got != tc.want {
			t.Errorf("%d of %d within %s: %v", tc.k, tc.n, l, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		v := [4]int64{number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c"), number.Draw(t, "d")}
		mul := func(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }
		if got, want := atMost(v[0], v[1], v[2], v[3]), mul(v[0], v[1]).Cmp(mul(v[2], v[3])) <= 0; got != want {
			t.Errorf("%d * %d <= %d * %d is %v", v[0], v[1], v[2], v[3], got)
		}
	})
}

// TestTooLarge: beyond the exact range there is an error, never a sum that wrapped.
func TestTooLarge(t *testing.T) {
	g := mustGrid(t, []ScoreCell{{500, 500, dataset.Legit, 1 << 20, 1 << 50}, {600, 600, dataset.Fraud, 1 << 20, 1 << 50}})
	heavy := func(w int64) Form { return on(Weights{Records: [3]int64{dataset.Legit: w}}) }
	for name, tc := range map[string]struct {
		f  Form
		ok bool
	}{
		"at the limit": {heavy(1 << 40), true}, "beyond it": {heavy(1<<40 + 1), false}, "below it, negative": {heavy(-1<<40 - 1), false},
		"least integer": {heavy(math.MinInt64), false}, "constant": {Form{Constant: math.MinInt64}, false}, "calls": {Form{Calls: [2]int64{0, 1 << 40}}, false},
		"amounts": {on(Weights{Amount: [3]int64{0, 1 << 10, 1}}), false},
	} {
		_, v, err := g.BestStaircase(tc.f, dataset.Block)
		if (err == nil) != tc.ok || tc.ok && v != 1<<60 {
			t.Errorf("%s: %d, %v", name, v, err)
		}
		if _, other := g.BestCutoffs(Problem{Maximize: tc.f}); (other == nil) != tc.ok {
			t.Errorf("%s: %v", name, other)
		}
		if _, other := g.BestCutoffs(Problem{Limits: []Limit{{"x", tc.f, Approvals(), 1, 1}}}); (other == nil) != tc.ok {
			t.Errorf("%s: %v", name, other)
		}
	}
	value := on(Weights{Amount: [3]int64{1, 1, 1}})
	if _, err := g.Hull(value, value); err == nil || !strings.Contains(err.Error(), "exact") {
		t.Errorf("a hull of amounts against amounts: %v", err)
	}
	if _, err := g.Hull(Approvals(), on(Weights{Amount: [3]int64{dataset.Fraud: 1}})); err == nil {
		t.Error("2^21 approvals against 2^50 of amount are beyond the range")
	}
	if _, err := g.Frontier(Approvals(), FraudApprovals(), math.MaxInt64); err != nil {
		t.Errorf("a budget beyond all frauds is all frauds: %v", err)
	}
	if _, err := g.Frontier(Approvals(), value, math.MaxInt64); err == nil || !strings.Contains(err.Error(), "states") {
		t.Errorf("a frontier with 2^51 costs: %v", err)
	}
}

func TestSearchUsage(t *testing.T) {
	for _, cells := range [][]ScoreCell{
		{{-2, 0, 0, 1, 0}}, {{0, 1001, 0, 1, 0}}, {{0, 0, dataset.NumLabels, 1, 0}}, {{0, 0, 0, -1, 0}}, {{0, 0, 0, 1, -1}}, {{0, 0, 0, 0, 1}},
		{{0, 0, 0, math.MaxInt64, 0}}, {{0, 0, 0, maxRecords, 0}, {1, 1, 1, 1, 0}}, {{0, 0, 0, 1, math.MaxInt64}, {0, 0, 1, 1, 1}}, {{0, 0, 0, 1, math.MaxInt64}, {0, 0, 0, 1, 1}},
	} {
		if _, err := NewGrid(cells); err == nil {
			t.Errorf("%+v is accepted", cells)
		}
	}
	g := mustGrid(t, []ScoreCell{{0, 0, 0, maxRecords, math.MaxInt64}})
	mixed := mustGrid(t, []ScoreCell{{0, 0, dataset.Legit, 1, 0}, {0, 0, dataset.Fraud, 1, 0}})
	refused := map[string]error{}
	_, refused["negative steps"] = second(g.BestSteps(Approvals(), 0, -1))
	_, refused["otherwise approve"] = second(g.BestStaircase(Approvals(), dataset.Approve))
	_, refused["limit over 0"] = g.BestCutoffs(Problem{Limits: []Limit{FraudRateAtMost(1, 0)}})
	_, refused["falling gain"] = mixed.Hull(PricedApprovals(2, 1), Form{})
	_, refused["falling cost"] = g.Hull(Approvals(), PricedApprovals(0, -1))
	_, refused["negative budget"] = g.Frontier(Approvals(), FraudApprovals(), -1)
	_, refused["middle is the rest"] = g.BestNested(Approvals(), dataset.Block, 0)
	_, refused["middle is approve"] = g.BestNested(Approvals(), dataset.Approve, 0)
	_, refused["zone"] = g.BestWaterfall(Approvals(), Zone{Missing: dataset.NumActions})
	for name, err := range refused {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func second(s Staircase, _ int64, err error) (Staircase, error) { return s, err }

// TestSearchRepeats: the order of the cells, and asking twice, change nothing.
func TestSearchRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 5)
		f := drawForm(t)
		shuffled := rapid.Permutation(cells).Draw(t, "shuffled")
		answers := func(g *Grid) (out []any) {
			s, v, _ := g.BestStaircase(f, 0)
			hull, _ := g.Hull(Approvals(), FraudApprovals())
			w, _ := g.BestWaterfall(f, Zone{})
			n, _ := g.BestNested(f, dataset.Review, 0)
			c, _ := g.BestCutoffs(Problem{Maximize: f})
			return append(out, s, v, hull, w, n, c)
		}
		if a, b, c := answers(g), answers(mustGrid(t, shuffled)), answers(g); !reflect.DeepEqual(a, b) || !reflect.DeepEqual(a, c) {
			t.Fatalf("%+v\n%+v\n%+v", a, b, c)
		}
	})
}

// TestStaircaseHeights reads a staircase three ways, on both sides of each edge.
func TestStaircaseHeights(t *testing.T) {
	s := Staircase{Corners: []Corner{{100, 700}, {300, 200}}}
	heights := s.Heights()
	for session, want := range map[int]int{0: 1001, 99: 1001, 100: 700, 299: 700, 300: 200, 1000: 200} {
		if heights[session] != want || s.Height(session) != want || !(s.Approves(session, want) || want > 1000) || s.Approves(session, want-1) {
			t.Errorf("height at %d is %d, %d, want %d", session, heights[session], s.Height(session), want)
		}
	}
	if len(heights) != 1001 || s.Approves(NoScore, 1000) || s.Approves(1000, NoScore) || slices.Max(heights) != 1001 {
		t.Error("a missing score is approved")
	}
	if (Staircase{}).Approves(1000, 1000) {
		t.Error("no corner approves")
	}
}

// TestFullGrid: where every score occurs, all pairs of 1,001 cutoffs are tried, and approving nobody.
func TestFullGrid(t *testing.T) {
	g := mustGrid(t, fullCells(1001))
	out, err := g.BestCutoffs(Problem{Maximize: Approvals()})
	if err != nil || out.Tried != 1002002 || out.Session != (Range{0, 0}) || out.Value != g.Total().N() {
		t.Errorf("%+v, %v", out, err)
	}
}
