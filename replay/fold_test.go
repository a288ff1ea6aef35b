package replay

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestOnly checks that a comparison of which one field is left is the comparison that was never split by the others.
func TestOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, _ := drawPolicy(rt, "a")
		q, _ := drawPolicy(rt, "b")
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(rt, "rows")
		past := rapid.Bool().Draw(rt, "past")
		run := func(by ...string) *Comparison {
			plan, err := NewPlan(Question{Policies: []*Policy{p, q}, By: by, Past: past})
			if err != nil {
				rt.Fatal(err)
			}
			c, err := buildOf(t, plan, rows, rand.New(rand.NewPCG(1, 1))).Compare(p, q)
			if err != nil {
				rt.Fatal(err)
			}
			return c
		}
		opt := cmp.Options{cmp.Comparer(func(x, y *Policy) bool { return x == y }), cmpopts.EquateEmpty()}
		both := []string{Month, "country"}
		field, split := rapid.SampledFrom(both).Draw(rt, "field"), run(both...)
		if diff := cmp.Diff(run(field).Groups, split.Only(both, field).Groups, opt); diff != "" {
			rt.Fatalf("%s (-never split +left):\n%s", field, diff)
		}
		if left := split.Only(both, "none").Groups; left != nil {
			rt.Fatalf("split by no such field: %v", left)
		}
	})
}
