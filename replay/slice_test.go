package replay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestSlice checks that the slice of some months answers as a cube of the records of these months alone, and that the piles
// of a cube, decided one by one, are its result.
func TestSlice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "a")
		plan, err := NewPlan(Question{Policies: []*Policy{p}, By: []string{Month}})
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		kept := rapid.SliceOf(rapid.SampledFrom([]string{"", "1999-12", "2000-01", "2000-02", "2000-03", "2000-04"})).Draw(rt, "months")
		in := func(month string) bool { return slices.Contains(kept, month) }
		slice, err := cube.Slice(func(key []string) bool { return in(key[0]) })
		if err != nil {
			rt.Fatal(err)
		}
		got, err := slice.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		want := slowRun(p, used, Question{}, slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !in(monthOf(r)) }))
		if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Result{}, "By", "NoAmount", "Unseen")); diff != "" {
			rt.Fatalf("(-rows of the months +slice):\n%s", diff)
		}
		piles, err := slice.Piles(p)
		if err != nil {
			rt.Fatal(err)
		}
		var sum Counts
		for pile := range piles {
			d := p.Decide(pile.Case)
			sum.add(&d, uint32(pile.Label), pile.Records, pile.Amount)
		}
		if sum != got.Counts {
			rt.Fatalf("piles add up to %v, the slice to %v", sum, got.Counts)
		}
	})
}

// TestKeep checks that a cube of some months answers as a cube of the records of these months alone, month by month, and that
// it can be sliced and kept again.
func TestKeep(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, _ := drawPolicy(rt, "a")
		plan, err := NewPlan(Question{Policies: []*Policy{p}, By: []string{Month}})
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		seed := rapid.Uint64().Draw(rt, "seed")
		whole := buildOf(t, plan, rows, rand.New(rand.NewPCG(seed, 1)))
		before := slices.Clone(whole.groups)
		months := rapid.SliceOf(rapid.SampledFrom([]string{"", "1999-12", "2000-01", "2000-02", "2000-03", "2000-04"}))
		in, again := months.Draw(rt, "months"), months.Draw(rt, "months again")
		kept := whole.Keep(func(key []string) bool { return slices.Contains(in, key[0]) })
		kept = kept.Keep(func(key []string) bool { return slices.Contains(again, key[0]) })
		alone := buildOf(t, plan, slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
			return !slices.Contains(in, monthOf(r)) || !slices.Contains(again, monthOf(r))
		}), rand.New(rand.NewPCG(seed, 2)))
		got, err := kept.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := alone.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.IgnoreFields(Result{}, "NoAmount", "Unseen")); diff != "" {
			rt.Fatalf("(-rows of the months +kept):\n%s", diff)
		}
		if diff := cmp.Diff(alone.Keys(), kept.Keys()); diff != "" {
			rt.Fatalf("keys (-rows of the months +kept):\n%s", diff)
		}
		if diff := cmp.Diff(before, whole.groups, cmp.AllowUnexported(cubeGroup{}, groupID{}, cell{})); diff != "" {
			rt.Fatalf("the whole changed (-before +after):\n%s", diff)
		}
	})
}

func monthOf(r row) string {
	if r.time == dataset.NoTime {
		return ""
	}
	m := dataset.MonthOf(r.time)
	return fmt.Sprintf("%04d-%02d", m/12, m%12+1)
}
