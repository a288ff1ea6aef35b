package replay

import (
	"math"
	"math/big"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

func (s Spread) big() *big.Int {
	v := new(big.Int).SetUint64(s.Hi)
	return v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(s.Lo))
}

// TestSpread adds squares up with big integers, amounts beyond 2^32 included, whose squares leave 64 bits.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOf(rapid.OneOf(rapid.Int64Range(0, 1e4), rapid.Int64Range(0, 1<<55), rapid.Just(int64(1)<<32))).Draw(t, "amounts")
		split := rapid.IntRange(0, len(amounts)).Draw(t, "split")
		var all, first, second Spread
		want, most := new(big.Int), int64(0)
		for i, a := range amounts {
			all.note(a)
			if i < split {
				first.note(a)
			} else {
				second.note(a)
			}
			want.Add(want, new(big.Int).Mul(big.NewInt(a), big.NewInt(a)))
			most = max(most, a)
		}
		if all.big().Cmp(want) != 0 || all.Most != most {
			t.Errorf("%+v, want squares of %v and at most %d", all, want, most)
		}
		if got := first.Add(second); got != all {
			t.Errorf("%+v and %+v are %+v, want %+v", first, second, got, all)
		}
		if got := all.Sub(second); got.Hi != first.Hi || got.Lo != first.Lo || got.Most != 0 {
			t.Errorf("%+v less %+v is %+v, want %+v", all, second, got, first)
		}
		if got, _ := new(big.Float).SetInt(want).Float64(); math.Abs(all.Squares()-got) > 4e-16*got {
			t.Errorf("%v, want %v", all.Squares(), got)
		}
	})
}

// TestSpreadLayouts meets the hash table too: three products with one score apart each make a grid that no array holds.
func TestSpreadLayouts(t *testing.T) {
	gate := [NumRows]Step{}
	for i := range gate {
		gate[i] = dataset.Approve
	}
	policy := func(name string) *Policy { return &Policy{Name: name, First: name, FirstBands: Standard, Gate: gate} }
	cond, err := CompileCondition("session.has_ai_agent")
	if err != nil {
		t.Fatal(err)
	}
	session := policy("session")
	session.Rules = []Rule{{Name: "bots", When: cond, Then: dataset.Block}}
	plan, err := NewPlan(Question{Policies: []*Policy{session, policy("onboarding")}, Exact: true, Spread: true})
	if err != nil || plan.cells <= denseCells {
		t.Fatalf("%d cells, error %v: want more than an array holds", plan.cells, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 40).Draw(t, "rows")
		b, c := NewBuilder(plan), NewBuilder(plan)
		for i, r := range rows {
			into := []*Builder{b, c}[i%2]
			if err := into.Add(rowsBatch(nil, plan, []row{r})); err != nil {
				t.Fatal(err)
			}
		}
		one, err := b.Cube()
		if err != nil {
			t.Fatal(err)
		}
		two, err := c.Cube()
		if err != nil {
			t.Fatal(err)
		}
		cube, err := Merge(one, two)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cube.Run(session)
		if err != nil {
			t.Fatal(err)
		}
		var want Tally
		for _, r := range rows {
			if !r.bad {
				want = want.Add(r.tally(true))
			}
		}
		if total := got.Total(); total != want {
			t.Errorf("%+v, want %+v", total, want)
		}
	})
}
