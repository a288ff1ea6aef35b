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

// BenchmarkCalibrateWhole is BenchmarkCalibrate with all that is shown beside a recommendation.
func BenchmarkCalibrateWhole(b *testing.B) {
	champion := honestChampion()
	cube := bellCube(b, tenMillion, champion)
	runtime.GC()
	for b.Loop() {
		c, err := Calibrate(cube, champion, bellGoals())
		if err != nil {
			b.Fatal(err)
		}
		r, _ := c.Recommendation()
		surveyed(b, cube, champion, bellGoals(), r)
	}
}

// surveyed asks a survey for everything.
func surveyed(t testing.TB, cube *replay.Cube, champion *replay.Policy, g Goals, r Candidate) (*Apparent, *Unrestricted, *Prices) {
	t.Helper()
	s, err := NewSurvey(cube, champion, g)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Apparent()
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Unrestricted(r.Policy, a)
	if err != nil {
		t.Fatal(err)
	}
	if r.Policy == nil {
		r.Family = Staircases
	}
	p, err := s.Prices(r.Family, r.Policy)
	if err != nil {
		t.Fatal(err)
	}
	return a, u, p
}

// bellEconomics are prices at which review is worth its cost for some: the edges of three nested regions are then coupled or
// not as the price of review falls.
func bellEconomics(review float64) *replay.Economics {
	major := replay.MoneyPerMajor
	return &replay.Economics{GoodMargin: replay.Price{Fixed: 3 * major}, FraudLoss: replay.Price{Fixed: 80 * major},
		Calls: map[string]replay.Money{"session": 0, "onboarding": 0}, ReviewCost: replay.Money(review * float64(major)), StepUpCost: major}
}

// BenchmarkNested finds three nested regions of a ten-million-record history at one price: separately where the two edges
// happen to nest, coupled on the full grid, and coupled with every cutoff a multiple of some step.
func BenchmarkNested(b *testing.B) {
	champion := honestChampion()
	cube := bellCube(b, tenMillion, champion)
	nestedAt := func(b *testing.B, review float64, step int) {
		s, err := NewSurvey(cube, champion, Goals{Objective: LeastCost, Economics: bellEconomics(review)})
		if err != nil {
			b.Fatal(err)
		}
		g := s.shapes
		if step > 1 {
			if g, err = g.coarsened(step); err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			n, err := g.BestNested(s.proposer.gain, dataset.Review, dataset.Block)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n.Counts.Actions[dataset.Review].N()), "reviewed")
		}
	}
	b.Run("separate", func(b *testing.B) { nestedAt(b, 1, 1) })
	b.Run("coupled", func(b *testing.B) { nestedAt(b, 2.95, 1) })
	b.Run("coupled-5", func(b *testing.B) { nestedAt(b, 2.95, 5) })
	b.Run("coupled-10", func(b *testing.B) { nestedAt(b, 2.95, 10) })
}
