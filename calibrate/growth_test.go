package calibrate

import (
	"bytes"
	"math"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// TestGrowthByHand: ten records on each of three days, four frauds of the first reported on the spot and two later.
func TestGrowthByHand(t *testing.T) {
	day := dataset.MonthStart(2025*12+5) / (24 * 3600 * 1e6) // 1 June 2025
	p := &replay.AgeProfile{LastDay: int(day) + 29, Undated: 3, Days: []replay.DayAges{
		{Day: int(day) - 31, Records: 10, Reports: []replay.DayReports{{Delay: 0, Frauds: 4}, {Delay: 14, Frauds: 2}}},
		{Day: int(day), Records: 10},
		{Day: int(day) + 29, Records: 10, Reports: []replay.DayReports{{Delay: 0, Frauds: 1}}},
	}}
	g := GrowthOf(p, 0.95)
	if g.LastDay != "2025-06-30" || g.Horizon != 60 || g.Undated != 3 || len(g.Points) != 4 || len(g.Months) != 1 {
		t.Fatalf("%+v", g)
	}
	// On the day itself 5 of 30 are reported, and 16 of the others are followed to day 14, of which 2 are.
	early, all := 5.0/30, 1-25.0/30*14/16
	for i, want := range []float64{early / all, 1, 1, 1} {
		if got := g.Points[i]; math.Abs(float64(got.Value)-want) > 1e-12 {
			t.Errorf("within %d days %v of %d, want %v", got.Day, got.Value, g.Horizon, want)
		}
	}
	// June: 10 records at 29 days, when all is reported, and 10 at 0.
	if m := g.Months[0]; m.Month != "2025-06" || m.Records != 20 || m.Frauds != 1 || math.Abs(float64(m.Reported.Value)-(1+early/all)/2) > 1e-12 ||
		m.Reported.Low >= m.Reported.Value || m.Reported.High <= m.Reported.Value {
		t.Errorf("%+v", m)
	}
}

func TestGrowthOfNothing(t *testing.T) {
	for _, p := range []replay.AgeProfile{
		{}, {Undated: 2},
		{LastDay: 20000, Days: []replay.DayAges{{Day: 19000, Records: 5}}},                                                        // no fraud
		{LastDay: 20000, Days: []replay.DayAges{{Day: 19997, Records: 5, Reports: []replay.DayReports{{Delay: 1, Frauds: 1}}}}},   // too young
		{LastDay: 20000, Days: []replay.DayAges{{Day: 19000, Records: 5, Reports: []replay.DayReports{{Delay: 400, Frauds: 1}}}}}, // late
	} {
		if g := GrowthOf(&p, 0.95); g.Horizon != 0 || g.Points != nil || g.Months != nil || g.Undated != p.Undated {
			t.Errorf("%+v of %+v", g, p)
		}
	}
}

// TestGrowthCovers reads synthetic histories of six months as inspect does: the share of the frauds that is reported within 30 days, and
// how much of May's is still to come. Among the frauds reported so far too many were reported early.
func TestGrowthCovers(t *testing.T) {
	const runs, day, horizon = 60, 30, 120
	mean := 40.0
	// A record lies anywhere within its day, so that day d ends d+1-u days after it.
	reported := func(d float64) (sum float64) {
		const steps = 1000
		for i := range steps {
			sum -= math.Expm1(-(d+1-(float64(i)+0.5)/steps)/mean) / steps
		}
		return sum
	}
	truth := reported(day) / reported(horizon)
	var within, month, naive int
	for seed := range uint64(runs) {
		h := newCoverageHistory(dataset.SynthOptions{LabelDelay: mean, Months: 6}, seed)
		p := profileText(t, h.text)
		g := GrowthOf(&p.Ages, 0.95)
		if g.Horizon != horizon {
			t.Fatalf("horizon %d", g.Horizon)
		}
		holds := func(low, high Number, truth float64) int { return b2i(float64(low) <= truth && truth <= float64(high)) }
		within += holds(g.Points[2].Low, g.Points[2].High, truth)
		may := g.Months[len(g.Months)-2]
		expected := 0.0
		for i := range 31 {
			expected += reported(float64(29+i)) / reported(horizon) / 31 // 30 June is not a whole day
		}
		month += holds(may.Reported.Low, may.Reported.High, expected)
		var early, all int64
		for _, d := range p.Ages.Days {
			for _, r := range d.Reports {
				all += r.Frauds
				early += r.Frauds * int64(b2i(r.Delay <= day))
			}
		}
		low, high := Wilson(early, all, 0.95)
		naive += holds(Number(low), Number(high), truth)
	}
	t.Logf("of %d intervals at 95 %% hold the truth: within %d days %d, of May %d, of the frauds reported so far %d", runs, day, within, month, naive)
	slack := 3 * math.Sqrt(runs*0.95*0.05)
	if float64(min(within, month)) < 0.95*runs-slack {
		t.Errorf("%d and %d of %d intervals hold the truth", within, month, runs)
	}
	if naive > runs/2 {
		t.Errorf("%d of %d naive intervals hold the truth: the simulation does not test anything", naive, runs)
	}
}

func profileText(t *testing.T, text []byte) *replay.Profile {
	t.Helper()
	scan, err := dataset.Open(t.Context(), []string{"-"}, bytes.NewReader(text), dataset.Options{Fields: replay.ProfileFields(nil)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := replay.BuildProfile(t.Context(), scan, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
