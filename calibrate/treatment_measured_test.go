package calibrate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func drawTreatment(t *rapid.T) (out replay.Treatment) {
	for y := range out.Passed {
		out.Passed[y], out.Stopped[y] = rapid.Int64Range(0, 60).Draw(t, "passed"), rapid.Int64Range(0, 60).Draw(t, "stopped")
	}
	return out
}

// TestMeasuredShares gives the unlabeled records every mix of labels: no share that comes of it is outside of the bounds.
func TestMeasuredShares(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		treated := replay.Treated{StepUps: drawTreatment(rt), Reviews: drawTreatment(rt)}
		shares := MeasuredShares(treated)
		for i, x := range []struct {
			of    replay.Treatment
			label dataset.Label
			name  string
			stops bool
		}{{treated.StepUps, dataset.Legit, "step_up good_pass", false}, {treated.StepUps, dataset.Fraud, "step_up fraud_pass", false},
			{treated.Reviews, dataset.Fraud, "review sensitivity", true}, {treated.Reviews, dataset.Legit, "review specificity", false}} {
			if shares == nil {
				break
			}
			m := shares[i]
			if m.Name != x.name || m.Used != (m.N >= 30) {
				rt.Fatalf("%+v", m)
			}
			if m.N == 0 {
				continue
			}
			yes, no := x.of.Passed, x.of.Stopped
			if x.stops {
				yes, no = no, yes
			}
			for a := range yes[dataset.Unlabeled] + 1 {
				for b := range no[dataset.Unlabeled] + 1 {
					k, n := yes[x.label]+a, yes[x.label]+a+no[x.label]+b
					if v := Number(float64(k) / float64(n)); v < m.Low-1e-12 || v > m.High+1e-12 {
						rt.Fatalf("%s: %v is possible, the bounds are %v and %v", m.Name, v, m.Low, m.High)
					}
				}
			}
			g := m.guess()
			if low, high := min(g.Worst, g.Best), max(g.Worst, g.Best); low > g.Base || g.Base > high || low < 0 || high > 10_000 || (g.Worst > g.Best) != (x.name == "step_up fraud_pass" && low != high) {
				rt.Fatalf("%s as a guess: %+v", m.Name, g)
			}
		}
	})
}

// TestMeasuredCovers draws step-ups with known truth of which those that fail lose their label four times of five: the bounds hold
// the truth in nineteen of twenty runs at least, and the share of the labeled alone does so hardly ever.
func TestMeasuredCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	const runs, truth = 400, 0.80
	held, naive := 0, 0
	for range runs {
		var up replay.Treatment
		for range 400 {
			passed, y := rng.Float64() < truth, dataset.Legit
			if !passed && rng.Float64() < 0.8 {
				y = dataset.Unlabeled
			}
			if passed {
				up.Passed[y]++
			} else {
				up.Stopped[y]++
			}
		}
		m := MeasuredShares(replay.Treated{StepUps: up})[0]
		if m.Low <= truth && truth <= m.High {
			held++
		}
		if low, high := Wilson(m.K, m.N, MeasuredConfidence); low <= truth && truth <= high {
			naive++
		}
	}
	if held < runs*95/100 || naive > runs/20 {
		t.Errorf("bounds hold in %d of %d runs, the labeled alone in %d", held, runs, naive)
	}
}

// TestMeasured: outcomes take the place of a guess from thirty on, and of no other.
func TestMeasured(t *testing.T) {
	var treated replay.Treated
	treated.StepUps.Passed[dataset.Legit], treated.StepUps.Stopped[dataset.Legit] = 29, 1
	treated.StepUps.Passed[dataset.Fraud], treated.StepUps.Stopped[dataset.Fraud] = 1, 28
	e := guessed()
	was := *e.Treatments
	got := Measured(e, treated)
	if *e.Treatments != was {
		t.Error("the economics given were changed")
	}
	if g := got.Treatments.StepUpGoodPass; g.Base != 9667 || g.Worst >= 9667 || g.Best <= 9667 {
		t.Errorf("29 of 30 is %+v", g)
	}
	if got.Treatments.StepUpFraudPass != was.StepUpFraudPass || got.Treatments.ReviewSensitivity != was.ReviewSensitivity {
		t.Errorf("29 step-ups replaced a guess: %+v", got.Treatments)
	}
	if Measured(e, replay.Treated{}) != e || Measured(nil, treated) != nil || Measured(prices, treated) != prices {
		t.Error("economics were replaced although there is nothing to replace")
	}
}

// TestCalibrateMeasuresBefore: outcomes of the windows that propose and rank replace guesses, and nothing of the one that
// certifies: with every step-up of the last month turned round, the candidates and their order stay as they are.
func TestCalibrateMeasuresBefore(t *testing.T) {
	champion := honestChampion()
	records := populations()[0].history(1500, rand.New(rand.NewPCG(1, 1)))
	g := fraudGoals(t, "fraud_rate <= 1%")
	g.Economics, g.Objective = guessed(), LeastCost
	q := byMonth(champion)
	run := func() *Calibration {
		t.Helper()
		c, err := Calibrate(cubeOf(t, q, records), champion, g)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := run(); c.Goals.Economics != g.Economics {
		t.Error("without outcomes the economics are not those given")
	}
	q.Outcomes = true
	for i := range records {
		if records[i].stepUp = "passed"; i%4 == 0 {
			records[i].stepUp = "failed"
		}
	}
	c := run()
	if got := c.Goals.Economics.Treatments.StepUpGoodPass.Base; got < 7000 || got > 8000 {
		t.Errorf("three of four pass, measured is %d", got)
	}
	last := c.Windows[len(c.Windows)-1].From
	for i := range records {
		if time.UnixMicro(records[i].time).UTC().Format("2006-01") >= last {
			records[i].stepUp = "failed"
		}
	}
	again := run()
	if *again.Goals.Economics.Treatments != *c.Goals.Economics.Treatments || !slices.Equal(yamls(again), yamls(c)) {
		t.Error("the window that certifies has a say in what it certifies")
	}
}
