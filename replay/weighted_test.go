package replay

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestWeightsAreRecords counts rows that stand for several records each, and these records one by one: the cubes are the same,
// with all that is counted beside the cells.
func TestWeightsAreRecords(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pol, _ := drawPolicy(rt, "p")
		q := Question{Policies: []*Policy{pol}, By: []string{Month, "country"}, Past: true, Outcomes: true, Traits: testTraits, DayApprovals: pol,
			AbsentMissing: rapid.Bool().Draw(rt, "absent missing"), Exact: rapid.Bool().Draw(rt, "exact")}
		plan, err := NewPlan(q)
		if err != nil || readsAmount(pol) { // of which a saved cube has sums alone
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		var records []row
		var weights []int64
		for i := range rows {
			rows[i].outcome = [numTreatments]string{rapid.SampledFrom([]string{"", "passed", "failed", "odd"}).Draw(rt, "step up"), rapid.SampledFrom([]string{"", "approved"}).Draw(rt, "review")}
			n := rapid.Int64Range(1, 4).Draw(rt, "records")
			weights = append(weights, n)
			for range n {
				records = append(records, rows[i])
			}
		}
		batch := rowsBatch(t, plan, rows)
		batch.Weights = weights
		amounts := batch.Cols[plan.amount].I64
		for i, n := range weights {
			if amounts[i] != dataset.NoAmount {
				amounts[i] *= n
			}
		}
		var cubes [2]*Cube
		for i, b := range []*dataset.Batch{rowsBatch(t, plan, records), batch} {
			builder := NewBuilder(plan)
			if err := builder.Add(b); err != nil {
				rt.Fatal(err)
			}
			if cubes[i], err = builder.Cube(); err != nil {
				rt.Fatal(err)
			}
		}
		if !reflect.DeepEqual(cubes[0], cubes[1]) {
			rt.Fatal(cmp.Diff(cubes[0], cubes[1], cmp.AllowUnexported(Cube{}, cubeGroup{}, groupID{}, cell{}, extent{}), cmp.Comparer(func(a, b *Plan) bool { return a == b })))
		}
	})
}

// readsAmount reports whether a rule of the policy looks at the amount of a record.
func readsAmount(p *Policy) bool {
	for _, r := range p.Rules {
		for _, f := range r.When.Fields {
			if f.Kind == dataset.KindAmount {
				return true
			}
		}
	}
	return false
}
