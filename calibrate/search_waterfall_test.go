package calibrate

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// slowWaterfall decides cell by cell.
func slowWaterfall(cells []ScoreCell, block, approve, onboarding int, z Zone) (c replay.Counts) {
	for _, cell := range cells {
		a := dataset.Block
		c.Calls[0] += cell.N
		switch {
		case cell.Session == NoScore || cell.Session < block:
		case cell.Session >= approve:
			a = dataset.Approve
		default:
			c.Calls[1] += cell.N
			switch {
			case cell.Onboarding == NoScore:
				a = z.Missing
			case cell.Onboarding >= onboarding:
				a = dataset.Approve
			default:
				a = z.Otherwise
			}
		}
		c.Actions[a].Records[cell.Label] += cell.N
		c.Actions[a].Amount[cell.Label] += cell.Amount
	}
	return c
}

func TestBestWaterfall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 5)
		f := drawForm(t)
		z := Zone{Otherwise: drawOtherwise(t), Missing: rapid.SampledFrom([]dataset.Action{0, dataset.Review, dataset.Approve}).Draw(t, "missing")}
		sessions, onboardings := append(g.Sessions(), 1001), append(g.Onboardings(), 1001)
		var best course
		var want replay.Counts
		found := false
		for _, a := range sessions {
			for _, b := range sessions {
				for _, c := range onboardings {
					if a > b || a == b && c != 1001 {
						continue
					}
					counts := slowWaterfall(cells, a, b, c, z)
					w := course{f.Of(counts), 3, 0, a, b, c}
					switch {
					case a == b && a == 1001:
						w.cutoffs = 0
					case a == b:
						w.cutoffs = 1
					case b == 1001:
						w.cutoffs = 2
					}
					in := func(s, o int) bool { return s >= b || s >= a && o >= c && o >= 0 }
					w.order = tallyOf(cells, func(s, o int) bool { return s >= 0 && in(s, o) }).N() << 10
					for _, s := range g.sessions {
						for _, o := range g.onboardings {
							if in(s, o) {
								w.order++
							}
						}
					}
					if !found || w.before(best) {
						best, want, found = w, counts, true
					}
				}
			}
		}
		got, err := g.BestWaterfall(f, z)
		if err != nil || got.Value != best.worth || got.Counts != want || got.Cutoffs != best.cutoffs {
			t.Fatalf("got %+v, %v, want %+v of %+v", got, err, want, best)
		}
		if got.Block.High != best.block || got.Approve.High != best.approve || best.block < best.approve && got.Onboarding.High != best.c {
			t.Fatalf("got %+v, want %+v", got, best)
		}
		// Any cutoff of the ranges decides alike.
		if low := slowWaterfall(cells, got.Block.Low, got.Approve.Low, got.Onboarding.Low, z); low != want {
			t.Fatalf("the low ends of %+v count %+v, want %+v", got, low, want)
		}
	})
}

// TestFlow counts waterfalls cell by cell, cutoffs in any order and between the scores of the history.
func TestFlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 6)
		cutoff := rapid.OneOf(rapid.SampledFrom(append(g.Sessions(), append(g.Onboardings(), -1, 0, 1, 1000, 1001, 5000)...)), rapid.IntRange(0, 1001))
		block, approve, onboarding := cutoff.Draw(t, "block"), cutoff.Draw(t, "approve"), cutoff.Draw(t, "onboarding")
		want := slowWaterfall(cells, min(block, approve), approve, max(onboarding, 0), Zone{Otherwise: dataset.Block, Missing: dataset.Review})
		approved, called := g.Flow(block, approve, onboarding)
		if approved != want.Actions[dataset.Approve] || called != want.Calls[1] {
			t.Fatalf("cutoffs %d, %d, %d: %+v and %d calls, want %+v and %d", block, approve, onboarding, approved, called, want.Actions[dataset.Approve], want.Calls[1])
		}
	})
}

func BenchmarkBestWaterfall(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	f := PricedApprovals(600, 10)
	f.Calls[1] = -1
	var calls int64
	for b.Loop() {
		w, err := g.BestWaterfall(f, Zone{})
		if err != nil {
			b.Fatal(err)
		}
		calls = w.Counts.Calls[1]
	}
	b.ReportMetric(float64(calls)/float64(g.Total().N()), "called")
}
