package replay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// drawFailing returns a row of which more answers failed than in drawRow.
func drawFailing(t *rapid.T) row {
	r := drawRow(t)
	for _, p := range []string{"session", "onboarding", "login"} {
		if rapid.IntRange(0, 2).Draw(t, "fails") == 0 {
			r.answers[p] = Answer{State: dataset.State(rapid.IntRange(0, int(dataset.OK)).Draw(t, "fate"))}
		}
	}
	return r
}

// slowFailures is the twin of Cube.Failures: Decide, record by record, under each handling.
func slowFailures(p *Policy, used []int, q Question, rows []row) *Failures {
	out := &Failures{Answers: []Answers{{Product: p.First, First: true}}}
	if p.Second != "" {
		out.Answers = append(out.Answers, Answers{Product: p.Second})
	}
	for _, h := range p.Handlings() {
		out.Handled = append(out.Handled, Handled{Handling: h})
	}
	months := map[string]bool{}
	for _, r := range rows {
		if !r.bad && len(q.By) > 0 {
			months[monthOf(r)] = true
		}
	}
	for i := range out.Answers {
		a := &out.Answers[i]
		bands := []Bands{p.FirstBands, p.SecondBands}[i]
		count := func(f *Fates, r row) {
			ans := r.answers[a.Product]
			f.Statuses[ans.State.Status()] = f.Statuses[ans.State.Status()].Add(r.tally(q.Spread))
			_, scored := ans.State.Score()
			if ans.State.Status() == dataset.OK && (bands.Recorded() && ans.Cluster == dataset.NoCluster || !bands.Recorded() && !scored) {
				f.Unclustered = f.Unclustered.Add(r.tally(q.Spread))
			}
		}
		for m := range months {
			a.Months = append(a.Months, MonthFates{Month: m})
		}
		slices.SortFunc(a.Months, func(x, y MonthFates) int { return strings.Compare(x.Month, y.Month) })
		for _, r := range rows {
			if r.bad {
				continue
			}
			count(&a.Fates, r)
			for m := range a.Months {
				if a.Months[m].Month == monthOf(r) {
					count(&a.Months[m].Fates, r)
				}
			}
		}
	}
	for _, r := range rows {
		if r.bad {
			continue
		}
		c := r.caseOf(p, used)
		given := p.Decide(c)
		for i := range out.Handled {
			h := &out.Handled[i]
			d := h.Policy.Decide(c)
			h.Swap.add(&given, &d, r.tally(q.Spread))
			if d.Action == Undecided {
				h.Open[d.FirstCluster] = h.Open[d.FirstCluster].Add(r.tally(q.Spread))
			}
			if at := p.failedAt(c, &given); at >= 0 {
				var counts Counts
				counts.add(&d, uint32(r.label), 1, max(r.amount, 0))
				counts.Actions[d.Action] = r.tally(q.Spread)
				h.Affected[at] = h.Affected[at].Add(counts)
			}
		}
	}
	return out
}

// TestFailuresIsDecide checks the counts of failures, of months and of handlings against the records one by one.
func TestFailuresIsDecide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "a")
		q := Question{Policies: []*Policy{p}, Spread: rapid.Bool().Draw(rt, "spread"), AbsentMissing: rapid.Bool().Draw(rt, "absent missing")}
		if rapid.Bool().Draw(rt, "months") {
			q.By = []string{"country", Month}
		}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawFailing), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		got, err := cube.Failures(p)
		if err != nil {
			rt.Fatal(err)
		}
		want := slowFailures(p, used, q, asPlanned(plan, rows))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Condition{}), cmpopts.EquateEmpty(), cmp.Comparer(func(x, y *Policy) bool { return x.Hash() == y.Hash() })); diff != "" {
			rt.Fatalf("(-decide +cube):\n%s", diff)
		}
		run, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		if champion, _ := got.Handled[0].Swap.Counts(); champion != run.Counts {
			rt.Fatalf("the policy as given counts %v in its handlings and %v alone", champion, run.Counts)
		}
	})
}

// TestHandlings checks what each handling promises, record by record: what failed is treated as its name says, and no other
// record otherwise than before, save that one which was undecided may be decided.
func TestHandlings(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "a")
		c := drawFailing(rt).caseOf(p, used)
		given := p.Decide(c)
		failed := p.failedAt(c, &given)
		for _, h := range p.Handlings() {
			d := h.Policy.Decide(c)
			fixed, isFixed := map[string]dataset.Action{FailOpen: dataset.Approve, FailToReview: dataset.Review, FailClosed: dataset.Block}[h.Name]
			switch {
			case h.Same && d != given:
				rt.Fatalf("%s is the same and decides %v, given %v", h.Name, d, given)
			case failed < 0 && d != given && given.Action != Undecided:
				rt.Fatalf("%s changes a record on which nothing failed: %v, given %v", h.Name, d, given)
			case failed >= 0 && isFixed && d.Action != fixed:
				rt.Fatalf("%s treats what failed with %v", h.Name, d)
			case failed == 1 && h.Name == p.Second+"_only" && d != given, failed == 0 && h.Name == p.First+"_only" && d != given:
				rt.Fatalf("%s changes what the other product's failure decides: %v, given %v", h.Name, d, given)
			case failed == 1 && h.Name == p.First+"_only" && d.Action != scorecard[d.FirstCluster]:
				rt.Fatalf("%s decides %v", h.Name, d)
			}
		}
	})
}

// TestHandlingsAreFiles checks that each handling of a built-in policy is one that could be put to use: a policy file.
func TestHandlingsAreFiles(t *testing.T) {
	for _, name := range BuiltinNames() {
		p, _ := Builtin(name)
		for _, h := range p.Handlings() {
			again, err := ParsePolicy(h.Name, h.Policy.YAML())
			if err != nil || again.Gate != h.Policy.Gate || again.Matrix != h.Policy.Matrix {
				t.Errorf("%s, %s does not read back: error %v\n%s", name, h.Name, err, h.Policy.YAML())
			}
		}
	}
	long := &Policy{Name: strings.Repeat("p", maxName), First: "session", Gate: [NumRows]Step{1, 1, 1, 1, 1, 1, 1}}
	if h := long.Handlings()[1]; !policyName(h.Policy.Name) || !strings.HasSuffix(h.Policy.Name, ".fail_open") {
		t.Errorf("the handling of a policy with a long name is named %q", h.Policy.Name)
	}
}

// TestSecondOnly spells out who decides where the first product failed.
func TestSecondOnly(t *testing.T) {
	own, _ := Builtin("guide-combined") // has a row of its own for a session that failed
	if h := own.Handlings()[4]; h.Name != "onboarding_only" || !h.Same {
		t.Errorf("guide-combined: %s, same %v; want its own row to stay", h.Name, h.Same)
	}
	borrowed, _ := Builtin("table-waterfall") // reviews it
	h := borrowed.Handlings()[4]
	for second, want := range map[Answer]dataset.Action{
		{dataset.Scored(700), dataset.High}:          dataset.Approve,
		{dataset.Scored(500), dataset.ReviewCluster}: dataset.Review,
		{dataset.Scored(300), dataset.Low}:           dataset.Block,
		{State: dataset.State(dataset.Failed)}:       dataset.Review, // as the policy treats a failed session
		{State: dataset.State(dataset.NotCalled)}:    Undecided,      // the history does not know
	} {
		c := Case{First: Answer{State: dataset.State(dataset.Processing)}, Second: second}
		if d := h.Policy.Decide(c); d.Action != want {
			t.Errorf("session not ready, onboarding %v: %v, want %v", second, d.Action, want)
		}
	}
}

// TestFold checks that a result without one of its fields is the result that was never split by it.
func TestFold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, _ := drawPolicy(rt, "a")
		q := Question{Policies: []*Policy{p}, Spread: true}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(rt, "rows")
		run := func(by ...string) Result {
			q.By = by
			plan, err := NewPlan(q)
			if err != nil {
				rt.Fatal(err)
			}
			r, err := buildOf(t, plan, rows, rand.New(rand.NewPCG(1, 1))).Run(p)
			if err != nil {
				rt.Fatal(err)
			}
			return *r
		}
		for _, by := range [][]string{{Month}, {"country", Month}, {Month, "country"}, {"country", Month, Day}} {
			rest := slices.DeleteFunc(slices.Clone(by), func(f string) bool { return f == Month })
			opt := cmp.Options{cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(run(rest...), run(by...).Fold(Month), opt); diff != "" {
				rt.Fatalf("%v (-never split +folded):\n%s", by, diff)
			}
		}
		if diff := cmp.Diff(fmt.Sprint(run("country")), fmt.Sprint(run("country").Fold(Month))); diff != "" {
			rt.Fatalf("a result without the field changed:\n%s", diff)
		}
	})
}
