package calibrate

import "github.com/trustreplay/trustreplay/replay"

// A Refusal is a candidate that is not certified for what the history did not ask: with its undecided records taken as they hurt it
// breaks a limit, or does not pass its test, and taken as they hurt least it keeps all of them.
type Refusal struct {
	// Candidate is its index among the calibration's.
	Candidate int
	// Counts are what it does in the last window, whether the walk came so far or not; they were no test.
	Counts replay.Counts
	// Findings are all limits in the last window; of one that Straddles there is a Collection, in the same order.
	Findings []Finding
	Collect  []Collection
}

// refuse finds the first candidate in the order of the walk that is refused and has more of the objective than the recommended
// one, whatever becomes of its undecided records. It is looked for when all is decided, and decides nothing.
func (c *Calibration) refuse(w Window) error {
	h := c.last
	if !h.space.leavesOpen {
		return nil
	}
	for i := range c.Candidates {
		at := &c.Candidates[i]
		counts := h.space.counts(at.Policy)
		if at.Passed && at.Checked || counts.Actions[replay.Undecided].N() == 0 {
			continue
		}
		if best, found := c.Recommendation(); found && h.gain.Of(counts) <= h.gain.Of(best.Counts[len(c.Windows)-1]) {
			continue
		}
		findings, err := c.findings(at.Policy, counts, w)
		if err != nil {
			return err
		}
		if !straddles(findings, c.Level) {
			continue
		}
		c.Refused = &Refusal{Candidate: i, Counts: counts, Findings: findings}
		held := h.withheld(at.Policy)
		for j, v := range findings {
			if v.Straddles {
				c.Refused.Collect = append(c.Refused.Collect, h.space.collect(&h.targets[j], at.Policy, held, w.Days(), c.Level))
			}
		}
		return nil
	}
	return nil
}

// straddles reports whether the undecided records are all that is in the way of some limits: one at least straddles, and every
// other is kept.
func straddles(findings []Finding, level float64) bool {
	some := false
	for _, v := range findings {
		kept := v.Met
		if v.Certifiable {
			kept = float64(v.P) <= level
		}
		if !v.Straddles && !kept {
			return false
		}
		some = some || v.Straddles
	}
	return some
}
