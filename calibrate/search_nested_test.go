package calibrate

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
)

func TestBestNested(t *testing.T) {
	coupled := 0
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 3)
		f, otherwise := drawForm(t), rapid.SampledFrom([]dataset.Action{dataset.Block, dataset.StepUp}).Draw(t, "otherwise")
		all := twins(g, cells)
		total := g.Total()
		var best [2]twin
		var worth int64
		found := false
		for _, approve := range all {
			for _, reach := range all {
				if !nested(approve.heights, reach.heights) || len(approve.heights) > 0 && approve.heights[0] < reach.heights[0] {
					continue
				}
				c := reach.counts(total, otherwise)
				c.Actions[dataset.Approve] = approve.tally
				c.Actions[dataset.Review] = less(reach.tally, approve.tally)
				v := f.Of(c)
				if !found || v > worth || v == worth && pairBefore([2]twin{approve, reach}, best) {
					best, worth, found = [2]twin{approve, reach}, v, true
				}
			}
		}
		got, err := g.BestNested(f, dataset.Review, otherwise)
		if err != nil || got.Value != worth || !best[0].is(g, got.Approve) || !best[1].is(g, got.Reach) || f.Of(got.Counts) != worth {
			t.Fatalf("got %+v, %v, want %+v worth %d", got, err, best, worth)
		}
		if !nested(g.descend(f.among(dataset.Approve, dataset.Review)), g.descend(f.among(dataset.Review, otherwise))) {
			coupled++
		}
	})
	if coupled == 0 {
		t.Error("no case had to couple its staircases")
	}
}

// pairBefore orders pairs of staircases by what they add up to, then by the approved height at each session, then the reach.
func pairBefore(a, b [2]twin) bool {
	sum := func(p [2]twin) (steps int, records, cells int64) {
		return p[0].steps + p[1].steps, p[0].records + p[1].records, p[0].cells + p[1].cells
	}
	steps, records, area := sum(a)
	otherSteps, otherRecords, otherArea := sum(b)
	order := cmp.Or(cmp.Compare(steps, otherSteps), cmp.Compare(records, otherRecords), cmp.Compare(area, otherArea))
	for i := range a[0].heights {
		order = cmp.Or(order, cmp.Compare(b[0].heights[i], a[0].heights[i]), cmp.Compare(b[1].heights[i], a[1].heights[i]))
	}
	return order < 0
}

// TestNestedAcrossBlocks needs more sessions than are searched at once: the mirror image, with few, has the same best value.
func TestNestedAcrossBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells, mirrored []ScoreCell
		sessions := rapid.SampledFrom([]int{block - 1, block, block + 1, 2*block + 3}).Draw(t, "sessions")
		for s := range sessions {
			for o := range 4 {
				c := ScoreCell{s, o, dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")), rapid.Int64Range(1, 3).Draw(t, "n"), 0}
				cells = append(cells, c)
				c.Session, c.Onboarding = o, s
				mirrored = append(mirrored, c)
			}
		}
		f := drawForm(t)
		a, b := mustGrid(t, cells), mustGrid(t, mirrored)
		for _, g := range []*Grid{a, b} {
			inner, outer := f.among(dataset.Approve, dataset.Review), f.among(dataset.Review, dataset.Block)
			approve, reach := newCoupled(g, inner, outer).search()
			if !nested(approve, reach) {
				t.Fatalf("approve %v is not within %v", approve, reach)
			}
			if low := g.descend(inner); nested(low, g.descend(outer)) {
				if inner.times(g.staircase(low).Approved) != inner.times(g.staircase(approve).Approved) {
					t.Fatalf("approve %v is worth less than alone, %v", approve, low)
				}
			}
		}
		one, err := a.BestNested(f, dataset.Review, dataset.Block)
		two, otherErr := b.BestNested(f, dataset.Review, dataset.Block)
		if err != nil || otherErr != nil || one.Value != two.Value {
			t.Fatalf("%+v, %v and mirrored %+v, %v", one, err, two, otherErr)
		}
	})
}

// BenchmarkBestNested prices the middle action so that the two staircases cross and every pair of heights is a state.
func BenchmarkBestNested(b *testing.B) {
	for _, bench := range []struct {
		name   string
		scores int
		review int64
	}{{"independent", 1001, 1}, {"coupled", 301, -20}} {
		b.Run(bench.name, func(b *testing.B) {
			g := mustGrid(b, fullCells(bench.scores))
			f := PricedApprovals(60, 1)
			f.Actions[dataset.Review].Records = [dataset.NumLabels]int64{dataset.Legit: bench.review, dataset.Fraud: -20}
			for b.Loop() {
				if _, err := g.BestNested(f, dataset.Review, dataset.Block); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
