package replay

import (
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// exactCube returns a cube of n cells in which every score of two products is kept apart, as a search needs it.
func exactCube(tb testing.TB, n int, policies ...*Policy) *Cube {
	plan, err := NewPlan(Question{Policies: policies, Exact: true})
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	cells := make([]cell, n)
	for i := range cells { // ordered, and spread over the whole grid
		low, high := uint64(plan.cells)*uint64(i)/uint64(n), uint64(plan.cells)*uint64(i+1)/uint64(n)
		cells[i] = cell{uint32(low + rng.Uint64N(high-low)), 1 + rng.Int64N(9), rng.Int64N(1e6)}
	}
	return &Cube{plan: plan, groups: []cubeGroup{{cells: cells}}}
}

func BenchmarkCompare(b *testing.B) {
	champion := jobPolicy(b, "")
	challenger := *champion
	challenger.FirstBands.Edges = [4]int{230, 440, 520, 790}
	challenger.Gate[dataset.VeryLow], challenger.Matrix[dataset.VeryLow] = dataset.Block, [NumRows]dataset.Action{}
	const cells = 1 << 20
	cube := exactCube(b, cells, champion, &challenger)
	perSecond := func(b *testing.B, runs int) {
		b.ReportMetric(float64(runs)*cells*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
	}
	b.Run("run", func(b *testing.B) {
		for b.Loop() {
			if _, err := cube.Run(champion); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, 1)
	})
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			if _, err := cube.Compare(champion, &challenger); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, 1)
	})
	b.Run("attribute", func(b *testing.B) {
		steps := 0
		for b.Loop() {
			out, err := cube.Attribute(champion, &challenger)
			if err != nil {
				b.Fatal(err)
			}
			steps = len(out)
		}
		perSecond(b, steps)
	})
}
