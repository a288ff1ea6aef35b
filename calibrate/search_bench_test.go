package calibrate

import (
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// fullCells draws a history in which every pair of scores occurs: the largest grid there is. Fraud is rare, and rarer at
// higher scores.
func fullCells(scores int) (out []ScoreCell) {
	rng := rand.New(rand.NewPCG(3, 5))
	for s := range scores {
		for o := range scores {
			n := 1 + rng.Int64N(9)
			out = append(out, ScoreCell{s, o, dataset.Legit, n, 100 * n})
			if rng.Float64() < 0.2*(1-float64(s+o)/float64(2*scores)) {
				out = append(out, ScoreCell{s, o, dataset.Fraud, 1, 250})
			}
		}
	}
	return out
}

func BenchmarkNewGrid(b *testing.B) {
	cells := fullCells(1001)
	for b.Loop() {
		mustGrid(b, cells)
	}
	b.ReportMetric(float64(len(cells)*b.N)/b.Elapsed().Seconds(), "cells/s")
}

func BenchmarkBestCutoffs(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	var tried int64
	for b.Loop() {
		out, err := g.BestCutoffs(Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(1, 100)}})
		if err != nil || out.Infeasible != "" {
			b.Fatal(out.Infeasible, err)
		}
		tried += out.Tried
	}
	b.ReportMetric(float64(tried)/float64(b.N), "pairs/op")
	b.ReportMetric(float64(tried)/b.Elapsed().Seconds(), "pairs/s")
}

func BenchmarkBestStaircase(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	var steps int
	for b.Loop() {
		s, _, err := g.BestStaircase(PricedApprovals(60, 1), dataset.Block)
		if err != nil {
			b.Fatal(err)
		}
		steps = len(s.Corners)
	}
	b.ReportMetric(float64(steps), "steps")
}

func BenchmarkBestSteps5(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	for b.Loop() {
		if _, _, err := g.BestSteps(PricedApprovals(60, 1), dataset.Block, 5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHull(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	var vertices int
	for b.Loop() {
		hull, err := g.Hull(Approvals(), FraudApprovals())
		if err != nil {
			b.Fatal(err)
		}
		vertices = len(hull)
	}
	b.ReportMetric(float64(vertices), "vertices")
}

func BenchmarkFrontier(b *testing.B) {
	g := mustGrid(b, fullCells(61))
	var vertices int
	for b.Loop() {
		out, err := g.Frontier(Approvals(), FraudApprovals(), 200)
		if err != nil {
			b.Fatal(err)
		}
		vertices = len(out)
	}
	b.ReportMetric(float64(vertices), "vertices")
}
