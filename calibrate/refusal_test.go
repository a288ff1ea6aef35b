package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// partlyAsked returns a history in which onboarding was asked of every third record whose session score is within low..high.
func partlyAsked(low, high int) []testRecord {
	records := populations()[0].history(6000, rand.New(rand.NewPCG(7, 1)))
	for i := range records {
		if s, found := records[i].session.State.Score(); found && s >= low && s <= high && i%3 > 0 {
			records[i].onboarding = silent(notCalled)
		}
	}
	return records
}

// TestRefusal: where onboarding was asked of few, a candidate that would approve more than the recommended one is refused for
// what these records may be, and the plan names where they lie.
func TestRefusal(t *testing.T) {
	champion := honestChampion()
	cube := cubeOf(t, byMonth(champion), partlyAsked(451, 620))
	goals := fraudGoals(t, "fraud_rate <= 0.5%")
	c, err := Calibrate(cube, champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Refused
	if r == nil {
		t.Fatal("nothing was refused")
	}
	last := len(c.Windows) - 1
	at := c.Candidates[r.Candidate]
	if best, found := c.Recommendation(); found && r.Counts.Approved().N() <= best.Counts[last].Approved().N() {
		t.Errorf("it approves %d at least, the recommended one %d", r.Counts.Approved().N(), best.Counts[last].Approved().N())
	}
	v := r.Findings[0]
	if !v.Straddles || float64(v.P) <= c.Level || PValue(v.LeastK, v.LeastN, v.Alpha) > c.Level || v.Undecided == 0 {
		t.Errorf("%+v does not straddle", v)
	}
	run, err := c.Windows[last].cube.Run(at.Policy)
	if err != nil || run.Counts != r.Counts {
		t.Fatalf("counts %v, want %v (%v)", r.Counts, run.Counts, err)
	}
	plan := r.Collect[0]
	if plan.Undecided != run.Open.N() || plan.Product != "onboarding" || plan.Of != "session" || len(plan.Ranges) == 0 || len(plan.Ranges) > MostRanges {
		t.Errorf("plan %+v of %d undecided", plan, run.Open.N())
	}
	for _, x := range plan.Ranges {
		if x.Low < 451 || x.High > 620 {
			t.Errorf("range %+v, want it within 451..620", x)
		}
	}
	if !plan.Reachable || plan.Share() <= 0 || plan.Share() > 1 || plan.Answers < plan.Counted || !(plan.Rate < plan.Allowed) {
		t.Errorf("plan %+v", plan)
	}
}

// TestNoRefusal: a combined history leaves nothing undecided.
func TestNoRefusal(t *testing.T) {
	champion := honestChampion()
	c, err := Calibrate(cubeOf(t, byMonth(champion), partlyAsked(1, 0)), champion, fraudGoals(t, "fraud_rate <= 0.5%"))
	if err != nil || c.Refused != nil || len(c.Candidates) == 0 {
		t.Errorf("%v refused, %d candidates, %v", c.Refused, len(c.Candidates), err)
	}
}

// TestNeeded compares the number of answers with a search through all of them.
func TestNeeded(t *testing.T) {
	for _, rate := range []float64{0, 0.001, 0.004, 0.01, 0.03} {
		for _, alpha := range []float64{0.002, 0.02, 0.05, 0.3} {
			got, found := needed(rate, alpha, 0.025)
			if rate >= alpha {
				if found {
					t.Errorf("%v at %v: %d answers", rate, alpha, got)
				}
				continue
			}
			want := int64(0)
			for n := int64(1); n < 20_000 && want == 0; n++ {
				if PValue(int64(math.Ceil(float64(n)*rate-1e-9)), n, alpha) <= 0.025 {
					want = n
				}
			}
			if !found || got != want {
				t.Errorf("%v at %v: %d answers (%v), want %d", rate, alpha, got, found, want)
			}
		}
	}
}

// TestOpenRanges: the ranges hold every undecided record of a score, and no score beyond these.
func TestOpenRanges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, nil)
		_, records := drawCut(rt)
		space, err := NewSpace(cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records), p)
		if err != nil {
			rt.Fatal(err)
		}
		ranges := space.openRanges(p)
		left := slices.Clone(ranges)
		for _, r := range records {
			if p.Decide(replay.Case{First: r.session, Second: r.onboarding}).By != replay.ByNobody {
				continue
			}
			score, _ := silence(r.session, true)
			i := slices.IndexFunc(left, func(x ScoreRange) bool { return x.Low <= score && score <= x.High })
			if i < 0 {
				rt.Fatalf("score %d in none of %v", score, ranges)
			}
			left[i].Undecided--
		}
		if len(ranges) > MostRanges || slices.ContainsFunc(left, func(x ScoreRange) bool { return x.Undecided != 0 || x.Low > x.High }) {
			rt.Fatalf("ranges %v, of which %v is left", ranges, left)
		}
	})
}
