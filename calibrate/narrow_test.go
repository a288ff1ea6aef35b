package calibrate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// TestNarrowedGrid: the best pair on a grid narrowed to ranges is the best of all pairs within them, and of none at all, by
// trying each of these on the whole grid.
func TestNarrowedGrid(t *testing.T) {
	base := honestChampion()
	rapid.Check(t, func(rt *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 40).Draw(rt, "records")
		space, err := NewSpace(cubeOf(t, replay.Question{Policies: []*replay.Policy{base}, Exact: true}, records), base)
		if err != nil {
			rt.Fatal(err)
		}
		var ranges [2]Range
		for i := range ranges {
			low := rapid.IntRange(1, 1000).Draw(rt, "low")
			ranges[i] = Range{low, rapid.IntRange(low, min(low+30, 1000)).Draw(rt, "high")}
		}
		whole, err := space.search(false)
		if err != nil {
			rt.Fatal(err)
		}
		narrow, err := space.narrowed(false, ranges)
		if err != nil {
			rt.Fatal(err)
		}
		price := rapid.Int64Range(1, 5).Draw(rt, "price")
		got, err := narrow.BestCutoffs(Problem{Maximize: PricedApprovals(price, 1)})
		if err != nil {
			rt.Fatal(err)
		}
		var best int64 // approving nobody
		cutoffs := func(r Range) []int {
			out := []int{0}
			for c := r.Low; c <= r.High; c++ {
				out = append(out, c)
			}
			return out
		}
		for _, a := range cutoffs(ranges[0]) {
			for _, b := range cutoffs(ranges[1]) {
				approved := whole.Approved(a, b)
				best = max(best, approved.N()-price*approved.Records[dataset.Fraud])
			}
		}
		if got.Value != best {
			rt.Fatalf("%d within %v, by trying all %d", got.Value, ranges, best)
		}
	})
}

// TestRangesAreKept: every edge of what is proposed is the champion's or within the ranges of the goals, and something is.
func TestRangesAreKept(t *testing.T) {
	champion := honestChampion()
	goals := fraudGoals(t, "fraud_rate <= 1%")
	goals.Delta, goals.Ranges, goals.Families = DefaultDelta, [2]Range{{430, 470}, {300, 340}}, []Family{Cutoffs, Staircases, Waterfalls, Matrices, Edges}
	cube := cubeOf(t, byMonth(champion), populations()[0].history(3000, rand.New(rand.NewPCG(4, 4))))
	list, _, err := periodsOf(cube, champion)
	if err != nil {
		t.Fatal(err)
	}
	w, err := windowOf("propose", cube, list)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProposer(w, champion, champion, goals, 1)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.propose()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Family]int{}
	for _, f := range found {
		seen[f.family]++
		for product, b := range [2]replay.Bands{f.policy.FirstBands, f.policy.SecondBands} {
			old := [2]replay.Bands{champion.FirstBands, champion.SecondBands}[product]
			for _, e := range b.Edges {
				if r := goals.Ranges[product]; (e < r.Low || e > r.High) && !slices.Contains(old.Edges[:], e) {
					t.Errorf("%s: edge %d of %v is outside of %v", f.family, e, b.Edges, r)
				}
			}
		}
	}
	if seen[Cutoffs] < 2 || seen[Staircases] == 0 {
		t.Errorf("proposed %v", seen)
	}
}
