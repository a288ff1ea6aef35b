package calibrate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A NestedShape is three nested regions of any monotone shape: approve, within it the trusted; the middle action, around
// these; and block.
type NestedShape struct {
	Middle dataset.Action
	// Priced says where the price of the middle action comes from, and Assumes what a treated record is taken to become.
	Priced, Assumes string
	// Step is what every cutoff is a multiple of. It is 1, so that every score may be a cutoff, unless the two edges hang
	// together: finding both at once on 1,001 x 1,001 scores takes seconds for each price.
	Step int
	// Approve and Reach are the approved region, and that with the middle action's.
	Approve, Reach Staircase
	// Counts are of all records, those that the shape does not decide treated as the base does. Objective is the survey's; of
	// a count, with the legit records that the middle action lets pass.
	Counts    replay.Counts
	Objective int64
	// Infeasible says why nothing that was found keeps the limits; where it is not "", the rest does not hold.
	Infeasible string
}

// maxNested is how many states the coupled searches for one price of each limit may go through, all rounds together: with
// some fifteen prices for each it makes seconds. One limit leaves cutoffs at multiples of 5, two or three leave those of 10.
const maxNested = 5_000_000

// errCoupled is why a search over the full grid ends: the best edges of both regions cross each other.
var errCoupled = errors.New("the edges of the regions hang together")

// nestedShape finds three regions, or says why a middle action has no price.
func (p *proposer) nestedShape(g *Grid) (*NestedShape, string, error) {
	n, gain, absent := p.middle()
	if absent != "" {
		return nil, absent, nil
	}
	q := *p
	q.gain = gain
	step := 1
	most := maxNested / max(1, len(q.targets)*nestedRounds(len(q.targets)))
	if nestedStates(g) > most {
		err := q.searchNested(n, g, separately)
		if err == nil || !errors.Is(err, errCoupled) {
			return n, "", err
		}
		var coarse *Grid
		for _, step = range [...]int{2, 5, 10, 20, 50} {
			if coarse, err = g.coarsened(step); err != nil {
				return nil, "", err
			}
			if nestedStates(coarse) <= most {
				break
			}
		}
		g = coarse
	}
	n.Step = step
	return n, "", q.searchNested(n, g, (*Grid).BestNested)
}

// nestedRounds is how often each of so many limits is priced: one alone once, several in turns.
func nestedRounds(limits int) int {
	if limits < 2 {
		return 1
	}
	return 3
}

// nestedStates is the size of a coupled search.
func nestedStates(g *Grid) int {
	top := len(g.onboardings) + 1
	return len(g.sessions) * top * (top + 1) / 2
}

// middle chooses the middle action and what regions are to have the most of. A price is that of the economics where money is
// the objective; a limit on how many records get the action prices it too: the search then finds the price at which the
// limit is kept.
func (p *proposer) middle() (n *NestedShape, gain Form, absent string) {
	n = &NestedShape{Step: 1}
	actions := map[string]dataset.Action{"review_rate": dataset.Review, "review_per_day": dataset.Review, "step_up_rate": dataset.StepUp}
	limit := ""
	for _, t := range p.targets {
		if a, found := actions[t.Measure]; found && !t.AtLeast && limit == "" {
			n.Middle, limit = a, t.Limit.String()
		}
	}
	gain = p.gain
	money := p.Objective == MostProfit || p.Objective == LeastCost
	if limit == "" && money {
		for _, a := range []dataset.Action{dataset.Review, dataset.StepUp} {
			if slices.Contains(clusterActions(p.base), a) {
				n.Middle = a
			}
		}
		if n.Middle == dataset.NoAction {
			n.Middle = dataset.Review
		}
	}
	switch {
	case money:
		n.Priced = fmt.Sprintf("the economics' price of %s", n.Middle)
		n.Assumes = fmt.Sprintf("%s of a record costs that and nothing else: neither its margin nor its loss", n.Middle)
		if p.Objective == MostProfit {
			n.Assumes = fmt.Sprintf("%s of a record costs that, saves the loss and earns no margin", n.Middle)
		}
		if limit != "" {
			n.Priced += " and the limit " + limit
		}
	case limit == "":
		return nil, gain, "no middle action has a price: want objective profit or cost with an economics file, or a limit on review_rate or step_up_rate"
	case p.Objective == MostCapture:
		return nil, gain, fmt.Sprintf("fraud_capture counts %s and block alike, so that nothing is gained by a region between", n.Middle)
	default:
		gain.Actions[n.Middle].Records[dataset.Legit] = gain.Actions[dataset.Approve].Records[dataset.Legit]
		n.Priced = "the price at which " + limit + " is kept"
		n.Assumes = fmt.Sprintf("%s lets every legit record pass and stops every fraud", n.Middle)
	}
	return n, gain, ""
}

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

// searchNested prices one limit at a time, the others at the price that they had last: three rounds of that, or one where a
// single limit is all there is. Of all that was seen on the way, the best within all limits is taken.
func (p *proposer) searchNested(n *NestedShape, g *Grid, find nester) error {
	prices := make([]float64, len(p.targets)) // of a unit of excess, in the objective
	best := Row{}
	finder := func(f Form) (Nested, replay.Counts, error) {
		r, err := find(g, f, n.Middle, dataset.Block)
		if p.base.Second == "" {
			r.Counts.Calls[1] = 0
		}
		return r, r.Counts.Add(p.rest), err
	}
	look := func(k int) error {
		q := *p
		var t *target
		if k >= 0 {
			t = &p.targets[k]
		}
		scale := q.mix(prices, k)
		c, err := across(&q, t, finder)
		if err != nil {
			return err
		}
		for _, s := range c.seen {
			if v := p.gain.Of(s.counts); p.met(s.counts) && (!best.Kept || v > best.Objective) {
				best.Kept, best.Objective, best.Counts = true, v, s.counts
				n.Approve, n.Reach = s.shape.Approve, s.shape.Reach
			}
		}
		if k >= 0 {
			prices[k] = 0
			if c.kept != nil && c.broken != nil && c.broken.excess > c.kept.excess {
				prices[k] = max(0, float64(c.broken.gain-c.kept.gain)/scale/float64(c.broken.excess-c.kept.excess))
			}
		}
		return nil
	}
	if len(prices) == 0 {
		if err := look(-1); err != nil {
			return err
		}
	}
	for range nestedRounds(len(prices)) {
		for k := range prices {
			if err := look(k); err != nil {
				return err
			}
		}
	}
	n.Counts, n.Objective = best.Counts, best.Objective
	if !best.Kept {
		n.Infeasible = "none of the regions that were found at some price keeps all limits"
	}
	return nil
}

// mix lowers the objective by the price of every limit but one, and returns what it was multiplied with for that: weights
// are rounded to fit.
func (p *proposer) mix(prices []float64, but int) (scale float64) {
	size := p.worth(p.gain)
	for k, price := range prices {
		if k != but {
			size += price * p.worth(p.excess(&p.targets[k]))
		}
	}
	if !slices.ContainsFunc(prices, func(v float64) bool { return v > 0 }) {
		return 1
	}
	scale = min(math.Exp2(44)/max(1, size), 1<<20)
	scale = max(scale, math.Exp2(-20))
	f := p.gain.times(scale)
	for k, price := range prices {
		if k != but && price > 0 {
			f = f.minus(p.excess(&p.targets[k]).times(scale * price))
		}
	}
	p.gain = f
	return scale
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

// coarsened returns the grid whose cutoffs are multiples of step: every score is lowered to one, which changes no count of
// what such a cutoff approves.
func (g *Grid) coarsened(step int) (*Grid, error) {
	var cells []ScoreCell
	for i, session := range g.sessions {
		for j, onboarding := range g.onboardings {
			t := less(g.at(i+1, j+1).Add(g.at(i+2, j+2)), g.at(i+2, j+1).Add(g.at(i+1, j+2)))
			for label, n := range t.Records {
				if n > 0 {
					cells = append(cells, ScoreCell{session / step * step, onboarding / step * step, dataset.Label(label), n, t.Amount[label]})
				}
			}
		}
	}
	return NewGrid(cells)
}
