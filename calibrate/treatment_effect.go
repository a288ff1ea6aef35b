package calibrate

import (
	"github.com/trustreplay/trustreplay/replay"
)

// A Reliance is what one guess of the treatments does to a recommendation.
type Reliance struct {
	Assumption
	// At is the index of the certified candidate that would be recommended with the guess at worst, base and best, the others as
	// they were; -1 for none. At base it is the recommended one.
	At [3]int // by Case
	// Flips is set where the three are not the same: the recommendation hangs on this guess.
	Flips bool
}

// CountsTreatments reports whether the objective or a limit depends on what step-ups and reviews come to.
func (g Goals) CountsTreatments() bool {
	if !g.treated() {
		return false
	}
	for _, l := range g.Limits {
		if IsFinal(l.Measure) {
			return true
		}
	}
	return g.Objective == MostProfit || g.Objective == LeastCost || g.Objective == MostFinalApprovals
}

// Reliances returns, for each guess, which of the certified candidates would be recommended with it at worst and at best. What is
// certified stays so, as no guess is in it; the choice among these and the limits that are only checked may change. It is nil
// where nothing is recommended, and where the goals count no treatment.
func (c *Calibration) Reliances() ([]Reliance, error) {
	if c.Recommended < 0 || !c.Goals.CountsTreatments() {
		return nil, nil
	}
	var out []Reliance
	for _, x := range Assumptions(c.Goals.Economics.Treatments) {
		r := Reliance{Assumption: x, At: [3]int{Base: c.Recommended}}
		for _, k := range []Case{Worst, Best} {
			var err error
			if r.At[k], err = c.chosen(x.Alone(c.Goals.Economics, k)); err != nil {
				return nil, err
			}
		}
		r.Flips = r.At[Worst] != r.At[Base] || r.At[Best] != r.At[Base]
		out = append(out, r)
	}
	return out, nil
}

// chosen returns which candidate would be recommended under other economics.
func (c *Calibration) chosen(e *replay.Economics) (int, error) {
	g, last := c.Goals, len(c.Windows)-1
	g.Economics = e
	b, err := newTargets(g, c.Base, c.Windows[last].Days())
	if err != nil {
		return -1, err
	}
	return c.best(&b, func(at *Candidate) bool {
		return b.checked(at.Counts[last], c.last.withheld(at.Policy))
	}), nil
}
