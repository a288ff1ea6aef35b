package replay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestDependenceTwin counts the records of random histories entity by entity with maps, in all and by month, for ratios of
// random records.
func TestDependenceTwin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "p")
		q := Question{Policies: []*Policy{p}, Entity: "country"} // of two values, and none
		if rapid.Bool().Draw(rt, "history policy") {             // which parts the groups anew
			q.HistoryPolicy = p
		}
		folded := false
		if rapid.Bool().Draw(rt, "by month") {
			q.By = []string{Month}
			folded = rapid.Bool().Draw(rt, "folded")
		}
		by := q.By
		if folded {
			q.By = []string{"country", Month}
		}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Fatal(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		cube := buildOf(t, plan, rows, rng)
		whole, parts, err := cube.Dependence(p, by)
		if err != nil {
			rt.Fatal(err)
		}
		ks, ns := rng.Uint64(), rng.Uint64()
		chosen := func(a dataset.Action, first dataset.Cluster, l dataset.Label) (k, n bool) {
			at := (int(a)*NumRows+int(first))*dataset.NumLabels + int(l)
			return ks>>(at%64)&1 != 0, ns>>(at%64)&1 != 0
		}
		keys := [][]string{nil}
		got := []*Dependence{whole}
		if by != nil {
			keys, got = append(keys, months(cube)...), append(got, parts...)
		}
		if len(keys) != len(got) {
			rt.Fatalf("%d parts of %d keys", len(got), len(keys))
		}
		for i, key := range keys {
			want := slowSums(p, used, rows, key, chosen)
			if diff := cmp.Diff(want, got[i].Of(chosen)); diff != "" {
				rt.Fatalf("part %q (-maps +cube):\n%s", key, diff)
			}
			want = slowSums(p, used, rows, key, nil)
			if diff := cmp.Diff(want, got[i].Asked()); diff != "" {
				rt.Fatalf("asked, part %q (-maps +cube):\n%s", key, diff)
			}
		}
	})
}

// months lists those of a cube whose last By field is the month.
func months(c *Cube) (out [][]string) {
	for _, key := range c.Keys() {
		out = append(out, key[len(key)-1:])
	}
	slices.SortFunc(out, slices.Compare)
	return slices.CompactFunc(out, slices.Equal)
}

// slowSums adds up a ratio entity by entity, of one month or with a nil key of all; with a nil chosen it is that of the
// records on which the second product is asked.
func slowSums(p *Policy, used []int, rows []row, key []string, chosen Chosen) (s EntitySums) {
	type counted struct{ k, n int64 }
	entities := map[string]*counted{}
	for i, r := range rows {
		if r.bad || key != nil && r.key([]string{Month})[0] != key[0] {
			continue
		}
		d := p.Decide(r.of(p, used))
		first := dataset.NoCluster
		if d.By == ByNobody {
			first = d.FirstCluster
		}
		k, n := d.Called, true
		if chosen != nil {
			k, n = chosen(d.Action, first, r.label)
		}
		if !k && !n {
			continue
		}
		id := r.country
		if id == "" {
			id = fmt.Sprint(i)
		}
		if entities[id] == nil {
			entities[id] = &counted{}
		}
		entities[id].n++
		if k {
			entities[id].k++
		}
	}
	for _, e := range entities {
		s.Entities, s.N, s.K = s.Entities+1, s.N+e.n, s.K+e.k
		s.SquaredN, s.SquaredK, s.Products = s.SquaredN+e.n*e.n, s.SquaredK+e.k*e.k, s.Products+e.k*e.n
	}
	return s
}

// of returns the case of a row.
func (r row) of(p *Policy, used []int) Case {
	c := Case{First: r.answers[p.First], Second: r.answers[p.Second]}
	for i, rule := range used {
		if testRules[rule].hold(r) {
			c.Fired |= 1 << i
		}
	}
	return c
}

// TestDependenceCounts checks what is said of the entities themselves.
func TestDependenceCounts(t *testing.T) {
	p, _ := Builtin("login-recommended")
	plan, err := NewPlan(Question{Policies: []*Policy{p}, Entity: "country"})
	if err != nil {
		t.Fatal(err)
	}
	rows := []row{loginRow("a", 1, 700), loginRow("a", 2, 700), loginRow("b", 1, 1), loginRow("", 1, 1), loginRow("", 1, 1), loginRow("a", 3, 1)}
	d, parts, err := buildOf(t, plan, rows, rand.New(rand.NewPCG(1, 1))).Dependence(p, nil)
	if err != nil || parts != nil {
		t.Fatal(parts, err)
	}
	if d.Known != 2 || d.Largest != 3 || d.Nobody != 2 || d.Field != "country" {
		t.Errorf("got %d entities of %s, the largest %d, and %d records without", d.Known, d.Field, d.Largest, d.Nobody)
	}
}

func TestEntityRefusals(t *testing.T) {
	p, _ := Builtin("login-recommended")
	if _, err := NewPlan(Question{Policies: []*Policy{p}, Entity: "phone"}); err == nil {
		t.Error("an entity may be a telephone number")
	}
	plan, err := NewPlan(Question{Policies: []*Policy{p}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := buildOf(t, plan, nil, rand.New(rand.NewPCG(1, 1))).Dependence(p, nil); err == nil {
		t.Error("entities without a field of them")
	}
}

// TestSlicesApart checks on random histories that slices share no entity, that the last keeps all its records, and that what
// is left is what a cube of these records alone is.
func TestSlicesApart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "p")
		q := Question{Policies: []*Policy{p}, By: []string{Month}, Entity: "country"}
		if rapid.Bool().Draw(rt, "history policy") {
			q.HistoryPolicy = p
		}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Fatal(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		cube := buildOf(t, plan, rows, rng)
		before, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		set := map[string]int{}
		for _, key := range cube.Keys() {
			set[key[0]] = rng.IntN(4) - 1
		}
		parts, left, err := cube.SlicesApart(3, func(key []string) int { return set[key[0]] })
		if err != nil {
			rt.Fatal(err)
		}
		last := map[string]int{}
		place := func(r row) int { return set[r.key([]string{Month})[0]] }
		for _, r := range rows {
			if at, found := last[r.country]; !r.bad && (!found || place(r) > at) {
				last[r.country] = place(r)
			}
		}
		for i, s := range parts {
			var want Counts
			var out int64
			for _, r := range rows {
				switch {
				case r.bad || place(r) != i:
				case r.country != "" && last[r.country] != i:
					out++
				default:
					d := p.Decide(r.of(p, used))
					want.add(&d, uint32(r.label), 1, max(r.amount, 0))
				}
			}
			got, err := s.Run(p)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Counts); diff != "" || left[i] != out {
				rt.Fatalf("slice %d, %d left out, want %d (-rows +slice):\n%s", i, left[i], out, diff)
			}
			if s.Records() != int64(len(s.singles)) {
				rt.Fatalf("slice %d: %d records, %d one by one", i, s.Records(), len(s.singles))
			}
		}
		after, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(before.Counts, after.Counts); diff != "" {
			rt.Fatalf("slicing changed the whole:\n%s", diff)
		}
	})
}
