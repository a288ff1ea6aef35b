package calibrate

import (
	"fmt"
	"math"

	"github.com/trustreplay/trustreplay/replay"
)

// An ExpectedStep is a step of a rollout with what it would have done in the last window of a calibration. Only the last step
// was certified there; what the steps before it show is an expectation, and their intervals are for display.
type ExpectedStep struct {
	RolloutStep
	// Counts are what the step does in the window, Swap the same records under the step before, which is the champion, and
	// under this one. In and Out tally what it newly approves and newly stops: approvals and monitors are the approved.
	Counts  replay.Counts
	Swap    replay.Swap
	In, Out replay.Tally
	// Approval and FraudRate are its approval_rate and fraud_rate, with Wilson intervals at 95 %.
	Approval, FraudRate Measure
	// Triggers say, for each limit that can be certified, when to go on from this step and when to stop.
	Triggers []Trigger
}

// displayConfidence is that of the intervals of a rollout.
const displayConfidence = 0.95

// A Trigger is a rule for one limit while a step runs: wait for Look records that count for it, whose outcomes are known and
// mature, then look once. Go on where GoOn or fewer of them count against the limit, for it is then shown to be kept; stop
// where Stop or more do, for it is then shown to be broken; between the two nothing is shown, and as many new records are to
// be waited for. Each of the two is wrong with probability Delta at most, for this step, this limit and one look. Who looks
// after every record will see one of them by chance, and over several steps, limits and looks the errors add up.
type Trigger struct {
	Limit replay.Limit
	// Alpha is what the share is to be at most, and K of N what the step has of it in the window; of a limit from below, the
	// rest of each.
	Alpha, Delta float64
	K, N         int64
	// Reachable is set where the step can be expected to go on: at the rate K/N, it does so after Look records with a
	// probability of LookPower at least. Where it is not, the step is expected to break the limit, or to keep it too narrowly
	// to be shown; Look is then Clean.
	Reachable bool
	Look      int64
	// GoOn and Stop are numbers of Look records; Stop is Look + 1 where no number shows the limit broken.
	GoOn, Stop int64
	// Clean is how many records without one against the limit show that it is kept: no decision to go on takes fewer.
	Clean int64
}

// LookPower is the probability with which a step that does as expected is to be shown to keep a limit at one look.
const LookPower = 0.8

// mostEvents bounds the events that a trigger is allowed to wait for: some hundred thousand frauds take longer than any rollout.
const mostEvents = 1 << 18

// Rollout returns the steps from the champion, with the bands of Base, to the recommendation, each with its expected effect on
// the last window. It is an error that wraps ErrNothing where nothing is recommended; see the function Rollout for the steps.
func (c *Calibration) Rollout(steps int) ([]ExpectedStep, error) {
	best, found := c.Recommendation()
	if !found {
		return nil, fmt.Errorf("%w: no policy is recommended, and a rollout needs one to lead to", ErrNothing)
	}
	policies, err := Rollout(c.Base, best.Policy, steps)
	if err != nil {
		return nil, err
	}
	w := c.Windows[len(c.Windows)-1]
	before := c.Base
	var out []ExpectedStep
	for _, s := range policies {
		e := ExpectedStep{RolloutStep: s}
		comparison, err := w.cube.Compare(before, s.Policy)
		if err != nil {
			return nil, err
		}
		e.Swap = comparison.Swap
		_, e.Counts = e.Swap.Counts()
		pairs := e.Swap.Approvals()
		e.In, e.Out = pairs.OnlyChallenger, pairs.OnlyChampion
		list := Measures(s.Policy, e.Counts, displayConfidence)
		e.Approval, _ = Find(list, "approval_rate")
		e.FraudRate, _ = Find(list, "fraud_rate")
		if e.Triggers, err = c.triggers(s.Policy, e.Counts, w); err != nil {
			return nil, err
		}
		out = append(out, e)
		before = s.Policy
	}
	return out, nil
}

func (c *Calibration) triggers(p *replay.Policy, counts replay.Counts, w Window) ([]Trigger, error) {
	findings, err := c.findings(p, counts, w)
	if err != nil {
		return nil, err
	}
	var out []Trigger
	for _, v := range findings {
		if v.Certifiable && v.Bets == 0 {
			out = append(out, newTrigger(v, c.Goals.Delta))
		}
	}
	return out, nil
}

func newTrigger(v Finding, delta float64) Trigger {
	t := Trigger{Limit: v.Limit, Alpha: v.Alpha, Delta: delta, K: v.K, N: v.N, Clean: MinToCertify(0, v.Alpha, delta)}
	t.Look = t.Clean
	if v.N > 0 {
		if events, reachable := eventsToShow(float64(v.K)/float64(v.N), v.Alpha, delta); reachable {
			t.GoOn, t.Reachable = events, true
			t.Look = MinToCertify(events, v.Alpha, delta)
		}
	}
	t.Stop = leastShown(t.Look, v.Alpha, delta)
	return t
}

// eventsToShow returns the number of events such that as many records as they certify bring no more of them, at a rate, with a
// probability of LookPower.
func eventsToShow(rate, alpha, delta float64) (events int64, reachable bool) {
	if rate >= alpha {
		return 0, false
	}
	enough := func(k int64) bool { return PValue(k, MinToCertify(k, alpha, delta), rate) >= LookPower }
	if enough(0) {
		return 0, true
	}
	low, high := int64(0), int64(1)
	for !enough(high) {
		if low, high = high, 2*high; high > mostEvents {
			return 0, false
		}
	}
	for high-low > 1 {
		if middle := low + (high-low)/2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, true
}

// leastShown returns the least k of n whose lower bound is above alpha, n + 1 where there is none.
func leastShown(n int64, alpha, delta float64) int64 {
	low, high := int64(math.Floor(float64(n)*alpha)), n+1 // the lower bound of a share is below it
	for high-low > 1 {
		if middle := low + (high-low)/2; LowerBound(middle, n, delta) > alpha {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
