package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// imputed replays a policy over records, and imputes what it leaves undecided.
func imputed(t interface {
	Helper()
	Fatal(...any)
}, cube *replay.Cube, p *replay.Policy) (*replay.Result, Imputation) {
	t.Helper()
	r, err := cube.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	bands, err := cube.ImputeBands(p)
	if err != nil {
		t.Fatal(err)
	}
	return r, Impute(p, r.Counts, bands, 3)
}

// TestImputeIsWithinBounds: what is assumed is one of the things that may be, and every undecided record is accounted for.
func TestImputeIsWithinBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, drawTestRules(rt))
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 60).Draw(rt, "records")
		for i := range records { // few bands, so that some hold answers
			if s, found := records[i].session.State.Score(); found {
				records[i].session = withScore(s % 60)
			}
		}
		r, got := imputed(rt, cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records), p)
		if got.Assigned+got.Left != r.Open.N() {
			rt.Fatalf("%d assigned and %d left of %d", got.Assigned, got.Left, r.Open.N())
		}
		list := Setting{Confidence: 0.95, Days: 3, Open: &r.Open}.Measures(p, r.Counts)
		for _, a := range got.Measures {
			m, found := Find(list, a.Name)
			if !found {
				rt.Fatalf("no measure %s", a.Name)
			}
			least, most := m.Least, m.Most
			if !least.Defined() {
				least, most = m.Value, m.Value
			}
			if m.Unit == Odds && !(least.Defined() && most.Defined()) {
				continue // they may be anything
			}
			const slack = 1e-6
			if !(a.Least <= a.Most+slack && a.Least >= least-slack && a.Most <= most+slack) {
				rt.Fatalf("%s is assumed %v to %v, bounded by %v and %v", a.Name, a.Least, a.Most, least, most)
			}
		}
	})
}

// TestImputeIsTheTruthOnAverage asks at random within each band, of some bands more than of others: over many histories the
// assumed shares of all records are those of the history in which everybody was asked.
func TestImputeIsTheTruthOnAverage(t *testing.T) {
	p := honestChampion()
	whole := populations()[0].history(200, rand.New(rand.NewPCG(3, 4)))
	for i := range whole { // two scores of each band
		whole[i].session = withScore(451 + 25*(i%4) + i%2)
	}
	truth, err := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, whole).Run(p)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	sum, squares := map[string]float64{}, map[string]float64{}
	const histories = 400
	naive := 0.0
	for range histories {
		seen := make([]testRecord, len(whole))
		for i, r := range whole {
			if seen[i] = r; rng.Float64() > 0.5+0.1*float64(i%4) {
				seen[i].onboarding = silent(notCalled)
			}
		}
		r, got := imputed(t, cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, seen), p)
		naive += float64(r.Approved().N()) / float64(r.Total().N()) / histories
		for _, a := range got.Measures {
			v := float64(a.Least+a.Most) / 2 // of the few bands that asked nobody of a label
			sum[a.Name] += v
			squares[a.Name] += v * v
		}
	}
	for _, m := range Measures(p, truth.Counts, 0.95) {
		if m.Name != "approval_rate" && m.Name != "block_rate" && m.Name != "good_approval_rate" && m.Name != "insult_rate" {
			continue // ratios of fixed denominators: of others the average of a ratio is not the ratio of averages
		}
		mean := sum[m.Name] / histories
		se := math.Sqrt((squares[m.Name]/histories - mean*mean) / histories)
		if math.Abs(mean-float64(m.Value)) > 4*se+1e-9 {
			t.Errorf("%s is assumed %v ± %v on average, it is %v", m.Name, mean, se, m.Value)
		}
	}
	if value := float64(truth.Approved().N()) / float64(truth.Total().N()); naive > value-0.1 {
		t.Errorf("what is decided alone approves %v of %v: nothing is shown", naive, value)
	}
}
