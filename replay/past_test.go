package replay

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestPastIsDecide checks what a cube knows of production against a count record by record: the recorded action, or else what
// the history policy decides, whatever the split, the layout, the order and the number of workers.
func TestPastIsDecide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, usedA := drawPolicy(rt, "a")
		b, usedB := drawPolicy(rt, "b")
		ran, usedRan := drawPolicy(rt, "ran")
		q := Question{Policies: []*Policy{a, b}, Past: true, Exact: rapid.IntRange(0, 9).Draw(rt, "exact") == 0, Spread: rapid.Bool().Draw(rt, "spread")}
		q.By = rapid.SampledFrom([][]string{nil, {"month"}, {"country", "month"}}).Draw(rt, "by")
		if rapid.Bool().Draw(rt, "history policy") {
			q.HistoryPolicy = ran
		}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err) // three products with every score apart
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))

		var want Past
		var stopped [2]Tally
		production := Production{Policy: q.HistoryPolicy}
		for _, r := range rows {
			if r.bad {
				continue
			}
			past := r.past
			replayed := dataset.NoAction
			if q.HistoryPolicy != nil {
				replayed = ran.Decide(r.caseOf(ran, usedRan)).Action
			}
			switch {
			case past != dataset.NoAction:
				production.Recorded++
				if replayed != dataset.NoAction {
					production.Judged++
				}
				if replayed != dataset.NoAction && replayed != past {
					production.Differ++
				}
				if replayed != dataset.NoAction && (replayed <= dataset.Monitor) != (past <= dataset.Monitor) {
					production.Crossed++
				}
			case replayed != dataset.NoAction:
				production.Replayed++
			default:
				production.Unknown++
			}
			if past == dataset.NoAction {
				past = replayed
			}
			inA, inB := a.Decide(r.caseOf(a, usedA)).Action, b.Decide(r.caseOf(b, usedB)).Action
			want[past][inA].add(uint32(r.label), 1, max(r.amount, 0))
			if past == dataset.NoAction {
				past = inA
			}
			for i, action := range []dataset.Action{inA, inB} {
				if slices.Contains(Approved, action) && !slices.Contains(Approved, past) {
					stopped[i].add(uint32(r.label), 1, max(r.amount, 0))
				}
			}
		}
		got := cube.Production()
		if diff := cmp.Diff(production, got, cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.IgnoreFields(Production{}, "Unseen")); diff != "" {
			rt.Fatalf("production (-decide +cube):\n%s", diff)
		}
		if p := got.Policy; len(rows) == 0 && p != nil && !slices.Contains(got.Unseen, p.First) {
			rt.Fatalf("nothing was read, and all is seen: %v", got.Unseen)
		}
		res, err := cube.Run(a)
		if err != nil {
			rt.Fatal(err)
		}
		comparison, err := cube.Compare(a, b)
		if err != nil {
			rt.Fatal(err)
		}
		if !production.Known() {
			if res.Past != nil || comparison.Stopped != nil {
				rt.Fatalf("known of nothing: %v, %v", res.Past, comparison.Stopped)
			}
			return
		}
		if diff := cmp.Diff(&want, res.Past); diff != "" {
			rt.Fatalf("(-decide +cube):\n%s", diff)
		}
		for i, w := range stopped {
			if got := comparison.Stopped[i]; got.Records != w.Records || got.Amount != w.Amount {
				rt.Fatalf("policy %d approves %v that production stopped, want %v", i, got, w)
			}
		}
		if len(q.By) > 0 {
			var sum Swap
			for _, g := range comparison.Groups {
				sum = sum.Add(g.Swap)
			}
			if diff := cmp.Diff(comparison.Stopped, sum.Stopped); diff != "" {
				rt.Fatalf("groups do not add up (-all +groups):\n%s", diff)
			}
		}
		slice, err := cube.Slice(func([]string) bool { return true })
		if err != nil {
			rt.Fatal(err)
		}
		piles, err := slice.Piles(a)
		if err != nil {
			rt.Fatal(err)
		}
		var again Past
		for p := range piles {
			again[p.Past][a.Decide(p.Case).Action].add(uint32(p.Label), p.Records, p.Amount)
		}
		if again != want {
			rt.Fatalf("piles of a slice: %v, want %v", again, want)
		}
	})
}

// TestPastApprovals checks which part of a policy's approvals each pair of actions is in.
func TestPastApprovals(t *testing.T) {
	var p Past
	n := int64(1)
	for past := range p {
		for a := range p[past] {
			p[past][a].Records[dataset.Legit] = n
			n *= 2
		}
	}
	at := func(past, a dataset.Action) int64 { return p[past][a].N() }
	within, swapIns, unrecorded := p.Approvals()
	for _, x := range []struct {
		name      string
		got, want int64
	}{
		{"within", within.N(), at(dataset.Approve, dataset.Approve) + at(dataset.Approve, dataset.Monitor) + at(dataset.Monitor, dataset.Approve) + at(dataset.Monitor, dataset.Monitor)},
		{"swap-ins", swapIns.N(), at(dataset.StepUp, dataset.Approve) + at(dataset.StepUp, dataset.Monitor) + at(dataset.Review, dataset.Approve) + at(dataset.Review, dataset.Monitor) +
			at(dataset.Block, dataset.Approve) + at(dataset.Block, dataset.Monitor)},
		{"unrecorded", unrecorded.N(), at(dataset.NoAction, dataset.Approve) + at(dataset.NoAction, dataset.Monitor)},
		{"production", p.Production().N(), (1<<12 - 1) << 6},
		{"known", p.Known(), (1<<36 - 1) &^ (1<<6 - 1)},
	} {
		if x.got != x.want {
			t.Errorf("%s: %b, want %b", x.name, x.got, x.want)
		}
	}
}
