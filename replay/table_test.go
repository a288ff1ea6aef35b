package replay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestTable decides the rows of a table one by one and finds what Run finds on the cube: all in all, by group, and by what
// production did; with every score apart, and with the policy's edges and a few more.
func TestTable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, _ := drawPolicy(rt, "a")
		q := Question{Policies: []*Policy{p}, By: []string{Month}, Past: rapid.Bool().Draw(rt, "past"), Exact: true}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		want, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		var apart Apart
		if rapid.Bool().Draw(rt, "coarse") {
			apart = Apart{edgesOf(rt, p.FirstBands), edgesOf(rt, p.SecondBands)}
		}
		table, err := cube.Table(p, apart)
		if err != nil {
			rt.Fatal(err)
		}
		got := decideRows(rt, table, p)
		if got.Counts != want.Counts || want.Past != nil && *got.Past != *want.Past {
			rt.Fatalf("the rows count %+v, the cube %+v", got.Counts, want.Counts)
		}
		for _, g := range want.Groups {
			if sum := got.Groups[slices.IndexFunc(got.Groups, func(h Group) bool { return slices.Equal(h.Key, g.Key) })]; sum.Counts != g.Counts {
				rt.Fatalf("group %q: the rows count %+v, the cube %+v", g.Key, sum.Counts, g.Counts)
			}
		}
	})
}

// edgesOf draws edges, those of the bands among them.
func edgesOf(rt *rapid.T, b Bands) []int {
	out := rapid.SliceOf(rapid.IntRange(1, dataset.MaxScore)).Draw(rt, "edges")
	for _, e := range b.Edges {
		if e > 0 && e <= dataset.MaxScore {
			out = append(out, e)
		}
	}
	return append([]int{500}, out...)
}

// decideRows replays a policy over a table, and checks that its rows are in order, each different and none empty.
func decideRows(rt *rapid.T, t *Table, p *Policy) Result {
	out := Result{Past: &Past{}}
	for i := range t.Len() {
		if i > 0 && cmp.Or(cmp.Compare(t.First[i-1], t.First[i]), cmp.Compare(t.Second[i-1], t.Second[i]), cmp.Compare(t.Group[i-1], t.Group[i]), cmp.Compare(t.Label[i-1], t.Label[i])) >= 0 {
			rt.Fatalf("row %d is not behind row %d", i, i-1)
		}
		if t.Records[i] < 1 {
			rt.Fatalf("row %d counts %d records", i, t.Records[i])
		}
		g := t.Groups[t.Group[i]]
		c := Case{First: t.Answers[0][t.First[i]], Fired: g.Fired}
		if p.Second != "" {
			c.Second = t.Answers[1][t.Second[i]]
		}
		d := p.Decide(c)
		out.Counts.add(&d, uint32(t.Label[i]), t.Records[i], t.Amount[i])
		out.Past[g.Past][d.Action].add(uint32(t.Label[i]), t.Records[i], t.Amount[i])
		at := slices.IndexFunc(out.Groups, func(h Group) bool { return slices.Equal(h.Key, g.Key) })
		if at < 0 {
			at = len(out.Groups)
			out.Groups = append(out.Groups, Group{Key: g.Key})
		}
		out.Groups[at].add(&d, uint32(t.Label[i]), t.Records[i], t.Amount[i])
	}
	return out
}

// TestTableEdges: a table is refused edges that the cube does not keep apart, and those beyond the scale; with fewer edges it has
// fewer answers, each of which says its lowest score.
func TestTableEdges(t *testing.T) {
	p := parsed(t, "policy: 1\nname: p\nfirst: session\nclusters: {session: standard}\ngate: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}\n")
	var rows []row
	for score := 0; score <= dataset.MaxScore; score += 10 {
		rows = append(rows, row{answers: map[string]Answer{"session": {State: dataset.Scored(score)}}, time: dataset.NoTime})
	}
	plan, err := NewPlan(Question{Policies: []*Policy{p}})
	if err != nil {
		t.Fatal(err)
	}
	cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(1, 1)))
	table, err := cube.Table(p, Apart{{551}, nil})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(table.Answers[0], table.Records), fmt.Sprint([]Answer{{State: dataset.Scored(0)}, {State: dataset.Scored(551)}}, []int64{56, 45}); got != want {
		t.Errorf("apart at 551 alone, the answers and records are %s, want %s", got, want)
	}
	for _, edge := range []int{0, -1, 1001, 300} {
		if _, err := cube.Table(p, Apart{{edge}, nil}); err == nil {
			t.Errorf("a cube of the standard edges is apart at %d", edge)
		}
	}
}
