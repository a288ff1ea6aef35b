package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/replay"
)

// A sight is a candidate of some class of policies that is the best of its class at some price of a limit.
type sight[S any] struct {
	shape S
	// counts are over all records: what the candidate decides, and what the base does with the rest.
	counts replay.Counts
	// gain is the objective, and excess what the limit is broken by, in the units of target.excess.
	gain, excess int64
}

// A chord is the part of a class's concave frontier of objective against excess that crosses a limit.
type chord[S any] struct {
	// seen are all candidates that were the best at some price, in the order in which they were found.
	seen []sight[S]
	// kept and broken are the neighbours of the limit on either side among them; nil where no candidate of the class keeps
	// the limit, or where the best of all keeps it.
	kept, broken *sight[S]
	// bound is the objective that no candidate of the class exceeds within the limit, whatever its shape: weak duality.
	bound int64
}

// A finder returns the candidate of a class with the largest value of a form over all records, rest included.
type finder[S any] func(Form) (S, replay.Counts, error)

// maxSights ends a search for a chord; each price parts what is left, so that some twenty do for millions of records.
const maxSights = 80

// across finds the chord of a class over a limit, or with nil of no limit the best candidate. Between a candidate that keeps
// the limit and one that breaks it, the price at which both are worth the same finds a better one, or shows that there is
// none: then no price does, and the objective at the crossing of chord and limit is the bound.
func across[S any](p *proposer, t *target, find finder[S]) (chord[S], error) {
	var c chord[S]
	excess := Form{}
	if t != nil {
		excess = p.excess(t)
	}
	seek := func(a, b int64) (sight[S], error) {
		shape, counts, err := find(p.gain.scaled(a).minus(excess.scaled(b)))
		s := sight[S]{shape, counts, p.gain.Of(counts), excess.Of(counts)}
		c.seen = append(c.seen, s)
		return s, err
	}
	mild, err := seek(1, 0)
	if err != nil {
		return c, err
	}
	c.bound = mild.gain
	if t == nil || t.met(mild.counts) {
		c.kept = &mild
		return c, nil
	}
	c.broken = &mild
	strict, err := seek(p.weights(excess, 1, 1+p.worth(p.gain)))
	if err == nil && !t.met(strict.counts) {
		strict, err = somebody(p, t, excess, strict, find)
		c.seen = append(c.seen, strict)
	}
	if err != nil || !t.met(strict.counts) {
		return c, err
	}
	c.kept = &strict
	for len(c.seen) < maxSights {
		cost, gain := c.broken.excess-c.kept.excess, c.broken.gain-c.kept.gain
		if cost <= 0 || gain <= 0 {
			break
		}
		a, b := p.weights(excess, float64(cost), float64(gain))
		if a == 0 {
			break
		}
		s, err := seek(a, b)
		if err != nil {
			return c, err
		}
		value := a*s.gain - b*s.excess
		c.bound = min(c.bound, floorRatio(value, a))
		if value <= max(a*c.kept.gain-b*c.kept.excess, a*c.broken.gain-b*c.broken.excess) {
			break
		}
		if t.met(s.counts) {
			c.kept = &s
		} else {
			c.broken = &s
		}
	}
	return c, nil
}

// somebody looks for a candidate as strict as one that approves nobody, of whom there is no rate to keep: where the limit is kept
// to the record, both have the same excess, and the one that approves is the one to find.
func somebody[S any](p *proposer, t *target, excess Form, strict sight[S], find finder[S]) (sight[S], error) {
	size := float64(p.space.total.N() + 1)
	if _, n := t.count(strict.counts); n > 0 || p.worth(excess)*size > maxWorth/8 {
		return strict, nil
	}
	shape, counts, err := find(Approvals().minus(excess.scaled(int64(size))))
	return sight[S]{shape, counts, p.gain.Of(counts), excess.Of(counts)}, err
}

// excess is the target's, of all records, with undecided records taken as they hurt most.
func (p *proposer) excess(t *target) Form {
	// A limit of many digits is rounded up here, so that a sum over all records is exact: whether it is kept is always asked
	// of the limit itself, and a bound of a milder limit holds for it.
	of := *t
	for p.worth(of.excess()) > maxWorth/8 && of.bound.Den > 1 {
		up := of.bound.Num%10 > 0
		of.bound.Num, of.bound.Den = of.bound.Num/10, of.bound.Den/10
		if up {
			of.bound.Num++
		}
	}
	f := of.excess()
	for label, a := range t.worst {
		f.Actions[replay.Undecided].Records[label] = f.Actions[a].Records[label]
		f.Actions[replay.Undecided].Amount[label] = f.Actions[a].Amount[label]
	}
	return f
}

// weights scales two weights, of the objective and of an excess, so that their weighted sums over all records are exact.
// They are rounded where they must be, which costs a search some precision of its price and never a bound.
func (p *proposer) weights(excess Form, gain, cost float64) (a, b int64) {
	size := gain*p.worth(p.gain) + cost*p.worth(excess)
	scale := min(1, math.Exp2(57)/max(1, size))
	return int64(math.Round(gain * scale)), int64(math.Round(cost * scale))
}

// floorRatio is a/b rounded down; b is positive.
func floorRatio(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ofCorners finds staircases of at most so many corners on a grid, and with 0 those of any shape.
func (p *proposer) ofCorners(g *Grid, corners int) finder[Staircase] {
	rest := p.rest
	return func(f Form) (s Staircase, c replay.Counts, err error) {
		if corners == 0 {
			s, _, err = g.BestStaircase(f, p.mould.otherwise)
		} else {
			s, _, err = g.BestSteps(f, p.mould.otherwise, corners)
		}
		if err != nil {
			return s, c, err
		}
		return s, p.ofShape(g, s).Add(rest), nil
	}
}

// ofShape counts what a staircase does with the records of a grid.
func (p *proposer) ofShape(g *Grid, s Staircase) replay.Counts {
	c := g.counts(Problem{Otherwise: p.mould.otherwise}, s)
	if p.base.Second == "" {
		c.Calls[1] = 0
	}
	return c
}

// ofWaterfalls finds waterfalls.
func (p *proposer) ofWaterfalls(g *Grid) finder[Waterfall] {
	rest := p.rest.Sub(p.space.onFirsts(p.base))
	return func(f Form) (Waterfall, replay.Counts, error) {
		w, err := g.BestWaterfall(f, Zone{Otherwise: p.mould.otherwise})
		return w, w.Counts.Add(rest), err
	}
}
