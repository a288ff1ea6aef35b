package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A nester is Grid.BestNested.
type nester func(g *Grid, f Form, middle, otherwise dataset.Action) (Nested, error)

// separately is BestNested where the best of either region alone happens to nest, and errCoupled elsewhere.
func separately(g *Grid, f Form, middle, otherwise dataset.Action) (Nested, error) {
	p := Problem{Maximize: f, Otherwise: otherwise}
	if err := p.check(g.Total()); err != nil {
		return Nested{}, err
	}
	if !nested(g.descend(f.among(dataset.Approve, middle)), g.descend(f.among(middle, otherwise))) {
		return Nested{}, errCoupled
	}
	return g.BestNested(f, middle, otherwise)
}

// searchNested prices up to two limits: the one on the middle action's rate, or else the first, at each price of the other.
// Any further limit is only checked. Of all that was seen on the way, the best within all limits is taken.
func (p *proposer) searchNested(n *NestedShape, g *Grid, find nester) error {
	best := Row{}
	see := func(list []sight[Nested]) {
		for _, s := range list {
			if v := p.gain.Of(s.counts); p.met(s.counts) && (!best.Kept || v > best.Objective) {
				best.Kept, best.Objective, best.Counts = true, v, s.counts
				n.Approve, n.Reach = s.shape.Approve, s.shape.Reach
			}
		}
	}
	var finder finder[Nested] = func(f Form) (Nested, replay.Counts, error) {
		r, err := find(g, f, n.Middle, dataset.Block)
		if p.base.Second == "" {
			r.Counts.Calls[1] = 0
		}
		return r, r.Counts.Add(p.rest), err
	}
	inner, outer := p.twoLimits(n.Middle)
	if outer != nil {
		if err := p.priceOuter(outer, p.within(inner, finder, see)); err != nil {
			return err
		}
	} else {
		c, err := across(p, inner, finder)
		if err != nil {
			return err
		}
		see(c.seen)
	}
	n.Counts, n.Objective = best.Counts, best.Objective
	if !best.Kept {
		n.Infeasible = "none of the regions that were found at some price keeps all limits"
	}
	return nil
}

// twoLimits returns the limits that a nested search prices, nil for none.
func (p *proposer) twoLimits(middle dataset.Action) (inner, outer *target) {
	for i := range p.targets {
		t := &p.targets[i]
		switch {
		case inner == nil:
			inner = t
		case middleOf(t) == middle && middleOf(inner) != middle:
			inner, outer = t, inner
		case outer == nil:
			outer = t
		}
	}
	return inner, outer
}

// middleOf returns the action whose share of records a limit holds down, if that is review or step_up.
func middleOf(t *target) dataset.Action {
	switch {
	case t.AtLeast:
	case t.Measure == "review_rate" || t.Measure == "review_per_day":
		return dataset.Review
	case t.Measure == "step_up_rate":
		return dataset.StepUp
	}
	return dataset.NoAction
}

// within turns a finder into one of candidates that keep a limit, at the price of that: the neighbour of the limit that
// keeps it, or where none does the one that breaks it least.
func (p *proposer) within(t *target, find finder[Nested], see func([]sight[Nested])) finder[Nested] {
	return func(f Form) (Nested, replay.Counts, error) {
		q := *p
		// Weights leave room for the price of this limit.
		q.gain = f.times(min(1, math.Exp2(40)/max(1, p.worth(f))))
		c, err := across(&q, t, find)
		if err != nil {
			return Nested{}, replay.Counts{}, err
		}
		see(c.seen)
		at := &c.seen[len(c.seen)-1]
		if c.kept != nil {
			at = c.kept
		}
		return at.shape, at.counts, nil
	}
}

// priceOuter halves the range of the price at which a limit is kept, from nothing to what nobody pays. What it asks for keeps
// another limit, and is not quite the best at its price: so no chord is drawn between two answers.
func (p *proposer) priceOuter(t *target, find finder[Nested]) error {
	excess := p.excess(t)
	unit := max(1, p.worth(p.gain)) / max(1, p.worth(excess)) // some one of the objective for each record too many
	low, high := math.Log(0.5), math.Log(1e5)
	for range pricesOfLimit {
		price := unit * math.Exp((low+high)/2)
		scale := math.Exp2(40) / max(1, p.worth(p.gain)+price*p.worth(excess))
		_, counts, err := find(p.gain.times(scale).minus(excess.times(scale * price)))
		if err != nil {
			return err
		}
		if t.met(counts) {
			high = (low + high) / 2
		} else {
			low = (low + high) / 2
		}
	}
	return nil
}

// times scales a form by a factor and rounds its weights.
func (f Form) times(by float64) Form {
	round := func(v int64) int64 { return int64(math.Round(float64(v) * by)) }
	for a := range f.Actions {
		for l := range f.Actions[a].Records {
			f.Actions[a].Records[l] = round(f.Actions[a].Records[l])
			f.Actions[a].Amount[l] = round(f.Actions[a].Amount[l])
		}
	}
	f.Calls[0], f.Calls[1], f.Constant = round(f.Calls[0]), round(f.Calls[1]), round(f.Constant)
	return f
}
