package replay

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
)

// TestWideGrid counts records into a wide grid and into a map. Some cells hold more records, and more amount, than a word can.
func TestWideGrid(t *testing.T) {
	const size = 40_000
	rng := rand.New(rand.NewPCG(3, 1))
	grids := []*wideGrid{newWideGrid(size), newWideGrid(size), newWideGrid(size)}
	want := map[uint32]tally{}
	var none, wantNone, total, wantTotal int64
	for range 80 {
		var index []uint32
		var amounts []int64
		for range rng.IntN(16000) {
			x := uint32(rng.IntN(size))
			if rng.IntN(2) == 0 {
				x = uint32(rng.IntN(3)) * (size - 1) / 2
			}
			amount := rng.Int64N(1000)
			switch n := rng.IntN(50); {
			case x == 0:
				amount = 0 // its records fill the word
			case n == 0:
				amount = dataset.NoAmount
			case n == 1:
				amount = dataset.MaxAmount - 1 - rng.Int64N(2)
			}
			index, amounts = append(index, x), append(amounts, amount)
			if amount == dataset.NoAmount {
				wantNone++
				amount = 0
			}
			wantTotal += amount
			want[x] = tally{want[x].n + 1, want[x].amount + amount}
		}
		total += grids[rng.IntN(len(grids))].add(index, amounts, &none)
	}
	if total != wantTotal || none != wantNone {
		t.Errorf("total %d, without amount %d, want %d and %d", total, none, wantTotal, wantNone)
	}
	grids[0].take(grids[1:])
	got, last := map[uint32]tally{}, -1
	for _, c := range grids[0].cells() {
		if int(c.index) <= last {
			t.Fatalf("cell %d comes after %d", c.index, last)
		}
		last = int(c.index)
		got[c.index] = tally{c.n, c.amount}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tally{})); diff != "" {
		t.Error(diff)
	}
}

// TestLayouts checks that a cube is the same whatever its builder's layout.
func TestLayouts(t *testing.T) {
	plan, err := NewPlan(Question{Exact: true, Policies: []*Policy{jobPolicy(t, "")}})
	if err != nil {
		t.Fatal(err)
	}
	wideBuilder, hashedBuilder := NewBuilder(plan), NewBuilder(plan)
	if wideBuilder.layout != wide {
		t.Fatalf("layout %d, want that of a wide grid", wideBuilder.layout)
	}
	hashedBuilder.layout = hashed
	rng := rand.New(rand.NewPCG(4, 1))
	for range 20 {
		rows := make([]row, 1+rng.IntN(500))
		for i := range rows {
			rows[i] = row{
				answers: map[string]Answer{
					"session":    {State: dataset.State(rng.IntN(dataset.NumStates))},
					"onboarding": {State: dataset.Scored(600 + rng.IntN(10))},
				},
				label: dataset.Label(rng.IntN(dataset.NumLabels)), amount: rng.Int64N(5) - 1, bad: rng.IntN(8) == 0,
			}
			if rows[i].amount < 0 {
				rows[i].amount = dataset.NoAmount
			}
		}
		for _, b := range []*Builder{wideBuilder, hashedBuilder} {
			if err := b.Add(rowsBatch(t, plan, rows)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := wideBuilder.Cube()
	if err != nil {
		t.Fatal(err)
	}
	want, err := hashedBuilder.Cube()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.groups, got.groups, cmp.AllowUnexported(cubeGroup{}, groupID{}, cell{})); diff != "" || got.NoAmount != want.NoAmount {
		t.Errorf("hashed -, wide +, without amount %d and %d\n%s", want.NoAmount, got.NoAmount, diff)
	}
}

// TestTotal checks that the bound of all amounts is that of the history, however it is shared between builders.
func TestTotal(t *testing.T) {
	plan, err := NewPlan(Question{Policies: []*Policy{jobPolicy(t, "")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		totals []int64
		want   error
	}{
		{[]int64{maxTotal, 0}, nil},
		{[]int64{maxTotal / 2, maxTotal / 2}, nil},
		{[]int64{maxTotal / 2, maxTotal/2 + 1}, errTotal},
		{[]int64{maxTotal, maxTotal, maxTotal, maxTotal}, errTotal},
	} {
		var builders []*Builder
		for _, total := range c.totals {
			b := NewBuilder(plan)
			b.total = total
			builders = append(builders, b)
		}
		if err := checkTotal(builders); err != c.want {
			t.Errorf("totals %d: error %v, want %v", c.totals, err, c.want)
		}
	}
}

// TestWideWorkers checks that what hangs on the cells of a wide grid does not depend on how many builders share the records.
func TestWideWorkers(t *testing.T) {
	for name, q := range map[string]Question{"cells": {}, "spread": {Spread: true}, "outcomes": {Outcomes: true}, "singles": {Singles: true}} {
		t.Run(name, func(t *testing.T) {
			q.Exact, q.Policies = true, []*Policy{jobPolicy(t, "")}
			plan, err := NewPlan(q)
			if err != nil {
				t.Fatal(err)
			}
			one, three := wideCube(t, plan, 1), wideCube(t, plan, 3)
			if len(one.singles) != len(three.singles) || one.Treated() != three.Treated() {
				t.Errorf("%d and %d singles, treated %v and %v", len(one.singles), len(three.singles), one.Treated(), three.Treated())
			}
			if diff := cmp.Diff(one.groups, three.groups, cmp.AllowUnexported(cubeGroup{}, groupID{}, cell{}, Spread{})); diff != "" {
				t.Errorf("one builder -, three +\n%s", diff)
			}
			if diff := cmp.Diff(one.singles, three.singles, cmp.AllowUnexported(single{})); diff != "" {
				t.Errorf("one builder -, three +\n%s", diff)
			}
		})
	}
}

// wideCube gives the same random batches to n builders in turn, and returns their cube.
func wideCube(t *testing.T, plan *Plan, n int) *Cube {
	var builders []*Builder
	for range n {
		builders = append(builders, NewBuilder(plan))
	}
	if builders[0].layout != wide {
		t.Fatalf("layout %d, want that of a wide grid", builders[0].layout)
	}
	rng := rand.New(rand.NewPCG(5, 1))
	for k := range 7 {
		rows := make([]row, 1+rng.IntN(50))
		for i := range rows {
			rows[i] = row{
				answers: map[string]Answer{
					"session":    {State: dataset.Scored(rng.IntN(1000))},
					"onboarding": {State: dataset.Scored(600 + rng.IntN(10))},
				},
				label: dataset.Label(rng.IntN(dataset.NumLabels)), amount: rng.Int64N(5000),
			}
			rows[i].outcome[stepUps] = []string{"", "passed", "failed"}[rng.IntN(3)]
		}
		if err := builders[k%n].Add(rowsBatch(t, plan, rows)); err != nil {
			t.Fatal(err)
		}
	}
	cube, err := freeze(builders)
	if err != nil {
		t.Fatal(err)
	}
	return cube
}
