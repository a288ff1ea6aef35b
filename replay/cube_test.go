package replay

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// A row is a record as the slow twin sees it.
type row struct {
	answers map[string]Answer // by product
	label   dataset.Label
	amount  int64 // dataset.NoAmount where absent
	time    int64
	country string // "" where absent
	bot     uint8
	codes   string
	past    dataset.Action // what production did
	chance  float64        // of its approval, NaN where absent
	bad     bool
	outcome [numTreatments]string // of production's step-up and review, "" where absent
}

// testRules are conditions with an independent Go meaning.
var testRules = []struct {
	when string
	hold func(r row) bool
}{
	{"session.has_ai_agent", func(r row) bool { return r.bot == dataset.BoolTrue }},
	{"not session.has_ai_agent", func(r row) bool { return r.bot != dataset.BoolTrue }},
	{`"RP001" in onboarding.reason_codes`, func(r row) bool { return slices.Contains(cellCodes(r.codes), "RP001") }},
	{`country == "IT" && amount > 100`, func(r row) bool { return r.country == "IT" && r.amount > 10000 }},
	{`country != "IT"`, func(r row) bool { return r.country != "" && r.country != "IT" }},
}

func cellCodes(s string) []string {
	var out []string
	for len(s) > 0 {
		code := s
		if i := slices.Index([]byte(s), ','); i >= 0 {
			code, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		out = append(out, code)
	}
	return out
}

func drawAnswer(t *rapid.T) Answer {
	if rapid.IntRange(0, 9).Draw(t, "status kind") == 0 {
		s := dataset.Status(rapid.IntRange(0, dataset.NumStatuses-1).Draw(t, "status"))
		return Answer{State: dataset.State(s), Cluster: dataset.Cluster(rapid.IntRange(0, 5).Draw(t, "cluster"))}
	}
	edges := []int{0, 199, 200, 225, 226, 399, 400, 450, 451, 550, 551, 599, 600, 775, 776, 799, 800, 1000}
	score := rapid.OneOf(rapid.SampledFrom(edges), rapid.IntRange(0, 1000)).Draw(t, "score")
	return Answer{State: dataset.Scored(score), Cluster: dataset.Cluster(rapid.IntRange(0, 5).Draw(t, "cluster"))}
}

func drawRow(t *rapid.T) row {
	r := row{answers: map[string]Answer{}}
	for _, p := range []string{"session", "onboarding", "login"} {
		r.answers[p] = drawAnswer(t)
	}
	r.label = dataset.Label(rapid.IntRange(0, 2).Draw(t, "label"))
	r.amount = rapid.SampledFrom([]int64{dataset.NoAmount, 0, 1, 9999, 10000, 10001, 123456}).Draw(t, "amount")
	month := rapid.IntRange(24000, 24003).Draw(t, "month")
	r.time = rapid.SampledFrom([]int64{dataset.NoTime, dataset.MonthStart(month), dataset.MonthStart(month) - 1}).Draw(t, "time")
	r.country = rapid.SampledFrom([]string{"", "IT", "FR"}).Draw(t, "country")
	r.bot = rapid.SampledFrom([]uint8{dataset.BoolAbsent, dataset.BoolFalse, dataset.BoolTrue}).Draw(t, "bot")
	r.codes = rapid.SampledFrom([]string{"", "RP001", "TC001,RP001", "XRP001", "RP0011,TC2"}).Draw(t, "codes")
	r.past = dataset.Action(rapid.IntRange(0, dataset.NumActions-1).Draw(t, "past"))
	r.chance = rapid.SampledFrom([]float64{math.NaN(), 0.25, 1, 1.5, 0, math.Copysign(0, -1), -2}).Draw(t, "chance")
	r.bad = rapid.IntRange(0, 9).Draw(t, "bad") == 0
	return r
}

func drawBands(t *rapid.T) Bands {
	switch rapid.IntRange(0, 3).Draw(t, "bands") {
	case 0:
		return Recorded
	case 1:
		return Standard
	case 2:
		return Quintile
	}
	e := rapid.SliceOfNDistinct(rapid.IntRange(1, 1000), 4, 4, rapid.ID[int]).Draw(t, "edges")
	slices.Sort(e)
	return Bands{[4]int(e)}
}

// drawPolicy returns a random policy over random products, with the rules of testRules that it uses.
func drawPolicy(t *rapid.T, name string) (*Policy, []int) {
	products := rapid.Permutation([]string{"session", "onboarding", "login"}).Draw(t, "products")
	p := &Policy{Name: name, First: products[0], FirstBands: drawBands(t)}
	if rapid.Bool().Draw(t, "two products") {
		p.Second, p.SecondBands = products[1], drawBands(t)
	}
	action := func(label string) dataset.Action { return rapid.SampledFrom(dataset.Actions).Draw(t, label) }
	for c := range p.Gate {
		p.Gate[c] = action("gate")
		if p.Second != "" && rapid.Bool().Draw(t, "next") {
			p.Gate[c] = Next
			same := rapid.IntRange(0, 3).Draw(t, "constant row") == 0
			for d := range p.Matrix[c] {
				p.Matrix[c][d] = action("cell")
				if same {
					p.Matrix[c][d] = p.Matrix[c][0]
				}
			}
		}
	}
	var used []int
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		i := rapid.IntRange(0, len(testRules)-1).Draw(t, "rule")
		cond, err := CompileCondition(testRules[i].when)
		if err != nil {
			t.Fatalf("%s: %v", testRules[i].when, err)
		}
		p.Rules = append(p.Rules, Rule{Name: fmt.Sprintf("rule-%d", len(used)), When: cond, Then: action("then")})
		used = append(used, i)
	}
	return p, used
}

// rowsBatch lays rows out as a batch of the plan's fields.
func rowsBatch(t testing.TB, plan *Plan, rows []row) *dataset.Batch {
	b := &dataset.Batch{N: len(rows), Cols: make([]dataset.Column, len(plan.Fields()))}
	for i, f := range plan.Fields() {
		c := &b.Cols[i]
		text := func(s string) {
			if len(c.Dict) == 0 {
				c.Dict = []string{""}
			}
			at := slices.Index(c.Dict, s)
			if at < 0 {
				at = len(c.Dict)
				c.Dict = append(c.Dict, s)
			}
			c.Idx = append(c.Idx, uint32(at))
		}
		for _, r := range rows {
			switch {
			case f.Kind == dataset.KindState:
				c.State = append(c.State, r.answers[f.Name].State)
			case f.Kind == dataset.KindCluster:
				c.U8 = append(c.U8, uint8(r.answers[dataset.ProductOf(f.Name)].Cluster))
			case f.Name == "chance":
				c.F64 = append(c.F64, r.chance)
			case f.Kind == dataset.KindAction:
				c.U8 = append(c.U8, uint8(r.past))
			case f.Kind == dataset.KindLabel:
				c.U8 = append(c.U8, uint8(r.label))
			case f.Kind == dataset.KindAmount:
				c.I64 = append(c.I64, r.amount)
			case f.Kind == dataset.KindTime:
				c.I64 = append(c.I64, r.time)
			case f.Name == "session.has_ai_agent":
				c.U8 = append(c.U8, r.bot)
			case f.Name == "country":
				text(r.country)
			case f.Name == dataset.StepUpOutcome:
				text(r.outcome[stepUps])
			case f.Name == dataset.ReviewOutcome:
				text(r.outcome[reviews])
			case f.Name == "onboarding.reason_codes":
				text(r.codes)
			default:
				t.Fatalf("no test value for %v", f)
			}
		}
	}
	for _, r := range rows {
		b.Bad = append(b.Bad, r.bad)
	}
	return b
}

// slowRun is the cube's slow twin: Decide, record by record.
func slowRun(p *Policy, used []int, q Question, rows []row) *Result {
	res := &Result{Policy: p, Rules: make([]Tally, len(p.Rules)), Held: make([]int64, len(p.Rules))}
	groups := map[string]*Group{}
	for _, r := range rows {
		if r.bad {
			continue
		}
		c := Case{First: r.answers[p.First], Second: r.answers[p.Second]}
		for i, rule := range used {
			if testRules[rule].hold(r) {
				c.Fired |= 1 << i
				res.Held[i]++
			}
		}
		d := p.Decide(c)
		amount := max(r.amount, 0)
		res.add(&d, uint32(r.label), 1, amount)
		spread := r.tally(q.Spread).Spread[r.label]
		res.widen(&d, uint32(r.label), spread)
		if p.FirstBands.unclustered(c.First) {
			res.Unclustered[0]++
		}
		if d.Called && p.SecondBands.unclustered(c.Second) {
			res.Unclustered[1]++
		}
		if len(q.By) == 0 {
			continue
		}
		key := r.key(q.By)
		id := fmt.Sprint(key)
		if groups[id] == nil {
			groups[id] = &Group{Key: key}
		}
		groups[id].add(&d, uint32(r.label), 1, amount)
		groups[id].Actions[d.Action].widen(uint32(r.label), spread)
	}
	for _, g := range groups {
		res.Groups = append(res.Groups, *g)
	}
	slices.SortFunc(res.Groups, func(a, b Group) int { return slices.Compare(a.Key, b.Key) })
	return res
}

// buildOf splits rows at random over workers and batches.
func buildOf(t testing.TB, plan *Plan, rows []row, rng *rand.Rand) *Cube {
	builders := make([]*Builder, 1+rng.IntN(3))
	for i := range builders {
		builders[i] = NewBuilder(plan)
	}
	for len(rows) > 0 {
		n := 1 + rng.IntN(len(rows))
		if err := builders[rng.IntN(len(builders))].Add(rowsBatch(t, plan, rows[:n])); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	var cubes []*Cube
	for _, b := range builders {
		c, err := b.Cube()
		if err != nil {
			t.Fatal(err)
		}
		cubes = append(cubes, c)
	}
	rng.Shuffle(len(cubes), func(i, j int) { cubes[i], cubes[j] = cubes[j], cubes[i] })
	cube, err := Merge(cubes...)
	if err != nil {
		t.Fatal(err)
	}
	return cube
}

// TestCubeIsDecide checks that replaying a cube gives what Decide gives record by record, whatever the policies, the order
// of the records, the number of workers and the layout of the cube.
func TestCubeIsDecide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, usedA := drawPolicy(rt, "a")
		b, usedB := drawPolicy(rt, "b")
		q := Question{Policies: []*Policy{a, b}, Exact: rapid.IntRange(0, 9).Draw(rt, "exact") == 0}
		q.By = rapid.SampledFrom([][]string{nil, {"month"}, {"country"}, {"country", "month"}, {"day"}, {"month", "day"}}).Draw(rt, "by")
		q.Spread = rapid.Bool().Draw(rt, "spread")
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err) // three products with every score apart
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		cube := buildOf(t, plan, rows, rng)
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		again := buildOf(t, plan, rows, rng)
		if diff := cmp.Diff(cube.groups, again.groups, cmp.AllowUnexported(cubeGroup{}, groupID{}, cell{})); diff != "" {
			rt.Fatalf("the cube depends on the order of records:\n%s", diff)
		}
		for i, p := range q.Policies {
			got, err := cube.run(p, rapid.SampledFrom([]int{0, 2, manyCells}).Draw(rt, "cells to sum by kind"))
			if err != nil {
				rt.Fatal(err)
			}
			want := slowRun(p, [][]int{usedA, usedB}[i], q, rows)
			if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.IgnoreFields(Result{}, "By", "NoAmount", "Unseen")); diff != "" {
				rt.Fatalf("policy %s (-decide +cube):\n%s", p.Name, diff)
			}
		}
	})
}
