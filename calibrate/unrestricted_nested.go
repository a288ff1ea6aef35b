package calibrate

import (
	"errors"
	"fmt"
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
	// together: finding both at once on 1,001 x 1,001 scores takes some ten seconds for each price.
	Step int
	// Two is set where two regions of any cutoffs, the middle one empty, are worth more than the three that were found.
	Two bool
	// Approve and Reach are the approved region, and that with the middle action's.
	Approve, Reach Staircase
	// Counts are of all records, those that the shape does not decide treated as the base does. Objective is the survey's; of
	// a count, with the legit records that the middle action lets pass.
	Counts    replay.Counts
	Objective int64
	// Infeasible says why nothing that was found keeps the limits; where it is not "", the rest does not hold.
	Infeasible string
}

// maxNested is how many states a coupled search may go through for one price of the outer limit, of which there are about
// pricesOfLimit: seconds in all. One limit leaves cutoffs at multiples of 5, two leave those of 10.
const (
	maxNested     = 8_000_000
	pricesOfLimit = 15
)

// errCoupled is why a search over the full grid ends: the best edges of both regions cross each other.
var errCoupled = errors.New("the edges of the regions hang together")

// nestedShape finds three regions, or says why a middle action has no price. two is the best of two regions, nil for none: it
// stands where what was found of three is worth less.
func (p *proposer) nestedShape(g *Grid, two *Staircase) (*NestedShape, string, error) {
	n, gain, absent := p.middle()
	if absent != "" {
		return nil, absent, nil
	}
	q := *p
	q.gain = gain
	var err error
	most := maxNested
	if len(q.targets) > 1 {
		most /= pricesOfLimit
	}
	if nestedStates(g) <= most {
		err = q.searchNested(n, g, (*Grid).BestNested)
	} else if err = q.searchNested(n, g, separately); errors.Is(err, errCoupled) {
		var coarse *Grid
		if coarse, n.Step, err = g.small(most); err == nil {
			err = q.searchNested(n, coarse, (*Grid).BestNested)
		}
	}
	if err == nil && two != nil {
		q.orTwo(n, g, two)
	}
	return n, "", err
}

// small returns a grid that a coupled search gets through, and the step of its cutoffs.
func (g *Grid) small(most int) (coarse *Grid, step int, err error) {
	for _, step = range [...]int{2, 5, 10, 20, 50} {
		if coarse, err = g.coarsened(step); err != nil || nestedStates(coarse) <= most {
			break
		}
	}
	return coarse, step, err
}

// orTwo takes two regions where they are worth more.
func (p *proposer) orTwo(n *NestedShape, g *Grid, two *Staircase) {
	c := g.counts(Problem{Otherwise: dataset.Block}, *two)
	if p.base.Second == "" {
		c.Calls[1] = 0
	}
	c = c.Add(p.rest)
	if v := p.gain.Of(c); p.met(c) && (n.Infeasible != "" || v > n.Objective) {
		n.Approve, n.Reach, n.Counts, n.Objective, n.Infeasible, n.Two = *two, *two, c, v, "", true
	}
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
	limit := ""
	for i := range p.targets {
		if t := &p.targets[i]; middleOf(t) != dataset.NoAction && limit == "" {
			n.Middle, limit = middleOf(t), t.Limit.String()
		}
	}
	gain = p.gain
	money := p.Objective == MostProfit || p.Objective == LeastCost || p.Objective == MostFinalApprovals
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
		if p.treated() {
			n.Priced = fmt.Sprintf("what the economics say of %s", n.Middle)
			n.Assumes = fmt.Sprintf("%s comes to what its shares most likely are", n.Middle)
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
