package calibrate

import (
	"cmp"
	"math"

	"github.com/trustreplay/trustreplay/replay"
)

// A Finding is a limit held against the counts of a window.
type Finding struct {
	Limit replay.Limit
	// K of N is the ratio that is to be at most Alpha; of a limit from below, it is the rest. Certifiable is set where it is a
	// share of records; the fields below are set for these alone.
	K, N        int64
	Alpha       float64
	Certifiable bool
	// Withheld counts the records of K or N that production stopped and that lack a label which they should have; they count
	// as what hurts most.
	Withheld int64
	// Effective is how many independent records the N are worth, where they are of entities and worth fewer; else 0. P, Bound
	// and Missing are for as many.
	Effective int64
	// Undecided counts the records that the policy leaves undecided and that the limit depends on: they are in K and N as what
	// hurts most, and in LeastK of LeastN as what hurts least. Straddles is set where the limit is kept at that end and broken, or
	// not certified, at the other: the answer is in what the history did not ask.
	Undecided      int64
	LeastK, LeastN int64
	Straddles      bool
	Met            bool
	P              Number
	// Bets is how many payments were bet on, where a cap is declared and the limit is by value: K and N are then amounts, and
	// P and Bound, as a share of the amount, are of the bets.
	Bets int64
	// Bound is the exact upper bound of the ratio at the calibration's delta; Missing is at the level of its tests.
	Bound   Number
	Missing Shortfall
}

// findings holds every limit of the goals against counts of a window.
func (c *Calibration) findings(p *replay.Policy, counts replay.Counts, w Window) ([]Finding, error) {
	j, err := newBench(c.Goals, p, w.Days())
	if err != nil {
		return nil, err
	}
	withheld := c.last.withheld(p)
	if p == c.Champion { // whose clusters may be recorded ones, which the hearing's records do not keep
		withheld = c.last.lacking(c.last.champion)
		if c.last.space.leavesOpen {
			r, err := w.cube.Run(p)
			if err != nil {
				return nil, err
			}
			withheld.open = newBounder(p, r.Counts, &r.Open)
		}
	}
	level := cmp.Or(c.Level, c.Goals.Delta)
	designs, err := j.designs(w, p, level)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for i := range j.targets {
		t := &j.targets[i]
		v := t.finding(counts, withheld, c.Goals.Delta, level, design(designs, i))
		if c.last.wager != nil && betsOn(t.Limit) {
			bets, err := c.last.wager.bets(p, withheld.approvals(), level)
			if err != nil {
				return nil, err
			}
			v.bet(t, bets)
		}
		out = append(out, v)
	}
	return out, nil
}

// finding bounds the ratio at delta, and counts what is missing to pass a test at a level, which a ladder divides.
func (t *target) finding(c replay.Counts, w withholding, delta, level, design float64) Finding {
	v := Finding{Limit: t.Limit, Alpha: t.alpha(), Certifiable: t.share, P: Undefined(), Bound: Undefined()}
	var mild replay.Counts
	mild, v.Undecided = t.spare(c, w)
	v.LeastK, v.LeastN = t.count(mild)
	c, v.Withheld = t.withhold(c, w)
	v.K, v.N = t.count(c)
	v.Met = t.met(c)
	if t.share {
		k, n := shrunk(v.K, v.N, design, math.Ceil)
		v.P, v.Bound = Number(PValue(k, n, v.Alpha)), Number(UpperBound(k, n, delta))
		v.Missing = MissingLabels(k, n, v.Alpha, level)
		if design > 1 {
			v.Effective = n
			v.Missing.Clean, v.Missing.SameRate = stretched(v.Missing.Clean, design), stretched(v.Missing.SameRate, design)
		}
	}
	v.Straddles = v.Undecided > 0 && !t.kept(c, level, design) && t.kept(mild, level, design)
	return v
}

// kept reports whether counts of which nothing is undecided keep the limit: at a level, where it can be certified.
func (t *target) kept(c replay.Counts, level, design float64) bool {
	if !t.share {
		return t.met(c)
	}
	return t.logP(c, design) <= math.Log(level)
}

// Range returns the least and the most that the limit's measure may be, whatever becomes of the undecided records; both are the
// same where it depends on none.
func (v Finding) Range() (least, most Number) {
	if v.Limit.AtLeast && v.Certifiable { // K counts the rest
		return 1 - divide(v.K, v.N), 1 - divide(v.LeastK, v.LeastN)
	}
	return divide(v.LeastK, v.LeastN), divide(v.K, v.N)
}

// Findings holds every limit of the goals against what a policy does in the last window.
func (c *Calibration) Findings(p *replay.Policy, counts replay.Counts) ([]Finding, error) {
	return c.findings(p, counts, c.Windows[len(c.Windows)-1])
}

// Open returns, by first cluster, the records that a policy leaves undecided in a window, nil where its counts there have none.
func (c *Calibration) Open(window int, p *replay.Policy, counts replay.Counts) (*replay.Open, error) {
	if counts.Actions[replay.Undecided].N() == 0 {
		return nil, nil
	}
	r, err := c.Windows[window].cube.Run(p)
	if err != nil {
		return nil, err
	}
	return &r.Open, nil
}
