package calibrate

import (
	"fmt"
	"math"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Names of the searches, as Row.Search has them.
const (
	SearchFirst      = "cutoff of the first product"
	SearchSecond     = "cutoff of the second product"
	SearchPair       = "pair of cutoffs"
	SearchCorners2   = "staircase of at most 2 corners"
	SearchCorners4   = "staircase of at most 4 corners"
	SearchMatrix     = "monotone matrix"
	SearchWaterfall  = "waterfall"
	SearchAnyShape   = "staircase of any shape"
	SearchNeighbours = "champion and its neighbours"
	SearchEdges      = "band edges, one at a time"
	searchNobody     = "approve nobody"
)

// A search is a way to fill a row.
type search struct {
	name   string
	family Family
	do     func(*Row) error
	absent string // why it is not to be done
}

func (s search) run() (Row, error) {
	r := Row{Search: s.name, Family: s.family, Skipped: s.absent, Gap: Undefined(), First: unread, Second: unread, ApproveFrom: unread}
	if s.absent != "" {
		return r, nil
	}
	return r, s.do(&r)
}

// unread is the range of a cutoff that is not read.
var unread = Range{NoScore, NoScore}

// searches lists those of Apparent.
func (p *proposer) searches(shapes *Grid) []search {
	all := []search{
		{SearchFirst, Cutoffs, func(r *Row) error { return p.cutoffRow(r, p.grid.BestSession) }, p.unsuited(Cutoffs)},
		{SearchSecond, Cutoffs, func(r *Row) error { return p.cutoffRow(r, p.grid.BestOnboarding) }, p.unsuited(Cutoffs)},
		{SearchPair, Cutoffs, func(r *Row) error { return p.cutoffRow(r, p.grid.BestCutoffs) }, p.unsuited(Cutoffs)},
		{SearchCorners2, Staircases, func(r *Row) error { return p.staircaseRow(r, 2) }, p.unsuited(Staircases)},
		{SearchCorners4, Staircases, func(r *Row) error { return p.staircaseRow(r, maxCorners) }, p.unsuited(Staircases)},
		{SearchMatrix, Matrices, p.matrixRow, p.unsuited(Matrices)},
		{SearchWaterfall, Waterfalls, p.waterfallRow, p.unsuited(Waterfalls)},
		{SearchAnyShape, Staircases, func(r *Row) error { return p.shapeRow(r, shapes) }, p.unsuited(Staircases)},
	}
	if p.base.Second != "" {
		return all
	}
	for i := 1; i < len(all); i++ {
		all[i].absent = "the champion asks one product"
	}
	return all
}

// unsuited says why a family does not suit the champion, "" where it does.
func (p *proposer) unsuited(f Family) string {
	of := *p
	of.Families = nil
	if of.wants(f) {
		return ""
	}
	if p.base.Second == "" {
		return "the champion asks one product"
	}
	return "the champion does not ask the second product of everybody, so that the history says nothing of policies that do"
}

// fill fills a row with a policy, which replay counts.
func (p *proposer) fill(r *Row, policy *replay.Policy) {
	r.Policy, r.Counts = policy, p.space.counts(policy)
	r.Objective, r.Kept = p.gain.Of(r.Counts), p.met(r.Counts)
}

func (p *proposer) nobody() Row {
	r := Row{Search: searchNobody, Family: Cutoffs, Gap: 0, First: unread, Second: unread, ApproveFrom: unread}
	policy, _ := p.staircase(nil)
	p.fill(&r, policy)
	return r
}

// cutoffRow is exhaustive.
func (p *proposer) cutoffRow(r *Row, search func(Problem) (CutoffOutcome, error)) error {
	out, err := search(p.problem(0))
	if err != nil {
		return err
	}
	r.Tried, r.Feasible, r.Tied, r.Infeasible = out.Tried, out.Feasible, out.Tied, p.inGoals(out.Infeasible)
	if r.Infeasible != "" {
		return nil
	}
	r.First, r.Second, r.Gap = out.Session, out.Onboarding, 0
	r.Outside = !p.allowed(0, cutoffAt(out.Session)) || !p.allowed(1, cutoffAt(out.Onboarding))
	policy, _ := p.staircase([]Corner{{out.Session.High, out.Onboarding.High}}) // two edges always fit
	p.fill(r, policy)
	return nil
}

// inGoals says limits as the goals do: a search turns those from below around.
func (p *proposer) inGoals(text string) string {
	for i := range p.targets {
		t := &p.targets[i]
		text = strings.ReplaceAll(text, Limit{Name: t.Measure, Num: t.bound.Num, Den: t.bound.Den}.String(), t.Limit.String())
	}
	return text
}

// cutoffAt is the cutoff of a range that a policy has; one above every score is none.
func cutoffAt(r Range) int {
	if r.High > dataset.MaxScore {
		return NoScore
	}
	return r.High
}

// staircaseRow is exact for each price of a limit.
func (p *proposer) staircaseRow(r *Row, corners int) error {
	best, err := bestOf(p, r, p.ofCorners(p.grid, corners), func(s Staircase) (*replay.Policy, bool) { return p.staircase(s.Corners) })
	if err == nil && r.Infeasible == "" {
		r.Shape = &best
		for _, c := range best.Corners {
			r.Outside = r.Outside || !p.allowed(0, c.Session) || !p.allowed(1, c.Onboarding)
		}
	}
	return err
}

// shapeRow is exact for each price of a limit; no policy can hold what it finds, as a rule.
func (p *proposer) shapeRow(r *Row, shapes *Grid) error {
	best, err := bestOf(p, r, p.ofCorners(shapes, 0), nil)
	if err == nil && r.Infeasible == "" {
		r.Shape = &best
	}
	return err
}

func (p *proposer) waterfallRow(r *Row) error {
	grid, err := p.space.search(true)
	if err != nil {
		return err
	}
	best, err := bestOf(p, r, p.ofWaterfalls(grid), p.waterfall)
	if err == nil && r.Infeasible == "" {
		r.First, r.Second, r.ApproveFrom = best.Block, best.Onboarding, best.Approve
		r.Outside = !p.allowed(0, cutoffAt(best.Block)) || !p.allowed(0, cutoffAt(best.Approve)) || !p.allowed(1, cutoffAt(best.Onboarding))
	}
	return err
}

// matrixRow is exhaustive.
func (p *proposer) matrixRow(r *Row) error {
	cells, rest, err := p.matrixCells()
	if err != nil {
		return err
	}
	problem := p.problem(0)
	problem.Maximize = p.gain
	problem.Maximize.Constant = p.gain.Of(rest)
	for i := range problem.Limits {
		l, t := &problem.Limits[i], &p.targets[i]
		l.Numerator, l.Denominator = t.num, t.den
		l.Numerator.Constant, l.Denominator.Constant = t.num.Of(t.settle(rest)), t.den.Of(t.settle(rest))
	}
	out, err := cells.BestMatrix(problem, MatrixFamily{Actions: p.matrixActions(), Missing: dataset.Block})
	if err != nil {
		return err
	}
	r.Tried, r.Feasible, r.Tied, r.Infeasible = out.Tried, out.Feasible, out.Tied, p.inGoals(out.Infeasible)
	if r.Infeasible == "" {
		r.Gap = 0
		p.fill(r, p.matrix(out.Matrix))
	}
	return nil
}

// bestOf goes along the chord of each limit, and fills the row with the best candidate that keeps all of them. policy turns a
// candidate into a policy, whose counts then decide; it is nil where none can hold it.
func bestOf[S any](p *proposer, r *Row, find finder[S], policy func(S) (*replay.Policy, bool)) (best S, err error) {
	limits := make([]*target, max(1, len(p.targets)))
	for i := range p.targets {
		limits[i] = &p.targets[i]
	}
	bound, seen := int64(math.MaxInt64), 0
	some := false
	for _, t := range limits {
		c, err := across(p, t, find)
		if err != nil {
			return best, err
		}
		bound = min(bound, c.bound)
		seen += len(c.seen)
		if t != nil && c.kept == nil {
			r.Infeasible = fmt.Sprintf("no %s keeps %s: even the one that breaks it least does not", r.Search, t.Limit)
			return best, nil
		}
		for _, s := range c.seen {
			at := Row{Counts: s.counts}
			if at.Objective, at.Kept = p.gain.Of(s.counts), p.met(s.counts); policy != nil {
				made, found := policy(s.shape)
				if !found {
					continue
				}
				p.fill(&at, made)
			}
			if at.Kept && (!some || at.Objective > r.Objective) {
				some, best = true, s.shape
				r.Policy, r.Counts, r.Objective, r.Kept = at.Policy, at.Counts, at.Objective, true
			}
		}
	}
	if !some {
		r.Infeasible = fmt.Sprintf("of %s candidates, each the best %s at some price of a limit, none keeps all limits at once, though each can be kept alone", count(int64(seen)), r.Search)
		return best, nil
	}
	r.Gap = Number(max(0, bound-r.Objective))
	return best, nil
}
