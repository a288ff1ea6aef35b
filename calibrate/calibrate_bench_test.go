package calibrate

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// tenMillion is the size of history that a whole calibration is to take under 30 s of, on two cores.
const tenMillion = 10_000_000

// bellBatch fills a batch with records of two correlated, bell-shaped scores: a customer has a standing, which both products
// measure with an error of their own; frauds, 2 % of all, have a lower one. Records are spread over the 12 months of 2025.
func bellBatch(plan *replay.Plan, n int, rng *rand.Rand) *dataset.Batch {
	b := &dataset.Batch{N: n, Cols: make([]dataset.Column, len(plan.Fields()))}
	scores := [2][]dataset.State{make([]dataset.State, n), make([]dataset.State, n)}
	labels, times := make([]uint8, n), make([]int64, n)
	for r := range n {
		mean, label := 640.0, dataset.Legit
		if rng.IntN(50) == 0 {
			mean, label = 430, dataset.Fraud
		}
		standing := mean + 110*rng.NormFloat64()
		for k := range scores {
			scores[k][r] = dataset.Scored(min(max(int(standing+120*rng.NormFloat64()), 0), dataset.MaxScore))
		}
		labels[r], times[r] = uint8(label), dataset.MonthStart(2025*12+rng.IntN(12))
	}
	for i, f := range plan.Fields() {
		switch c := &b.Cols[i]; {
		case f.Kind == dataset.KindState && f.Name == "session":
			c.State = scores[0]
		case f.Kind == dataset.KindState:
			c.State = scores[1]
		case f.Kind == dataset.KindLabel:
			c.U8 = labels
		case f.Kind == dataset.KindTime:
			c.I64 = times
		case f.Kind == dataset.KindCluster:
			c.U8 = make([]uint8, n)
		default:
			c.I64 = make([]int64, n)
		}
	}
	return b
}

// bellCube is the cube of so many records, as a scan would build it.
func bellCube(t testing.TB, records int, policies ...*replay.Policy) *replay.Cube {
	t.Helper()
	plan, err := replay.NewPlan(replay.Question{Policies: policies, By: []string{replay.Month}, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	builder, rng := replay.NewBuilder(plan), rand.New(rand.NewPCG(10, 7))
	for left := records; left > 0; left -= dataset.BatchRows {
		if err := builder.Add(bellBatch(plan, min(left, dataset.BatchRows), rng)); err != nil {
			t.Fatal(err)
		}
	}
	cube, err := builder.Cube()
	if err != nil {
		t.Fatal(err)
	}
	return cube
}

// bellGoals hold frauds to half a percent of approvals.
func bellGoals() Goals {
	return Goals{Objective: MostApprovals, Limits: []replay.Limit{{Measure: "fraud_rate", Bound: replay.Decimal{Num: 5, Den: 1000}}}}
}

func BenchmarkCalibrate(b *testing.B) {
	champion := honestChampion()
	cube := bellCube(b, tenMillion, champion)
	runtime.GC()
	b.ReportMetric(float64(cube.Cells()), "cells")
	var proposed, passed int
	for b.Loop() {
		c, err := Calibrate(cube, champion, bellGoals())
		if err != nil {
			b.Fatal(err)
		}
		proposed, passed = c.Proposed, c.Passed
	}
	b.ReportMetric(float64(proposed), "proposed")
	b.ReportMetric(float64(passed), "passed")
}
