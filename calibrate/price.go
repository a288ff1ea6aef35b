package calibrate

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/replay"
)

// Prices tell which limits stand in the way of a family of policies, and what a little more room would buy. All figures are
// of the best policy of the family on all records, chosen on the records that it is counted on: apparent, without any
// guarantee. A certified policy stays below its limits by a margin, and gains less.
type Prices struct {
	Window Window
	Family Family
	// Here is the best policy of the family within all limits.
	Here Row
	// Limits are in the order of the goals.
	Limits []LimitPrice
}

// A LimitPrice is what one limit costs.
type LimitPrice struct {
	Limit replay.Limit
	// K of N is where the recommended policy stands on all records, undecided records taken as they hurt most; of a limit from
	// below it is the rest. Both are 0 where nothing is recommended.
	K, N int64
	// Looser and Tighter are the same search with the limit a tenth looser and a tenth tighter.
	Looser, Tighter PriceMove
	// Binds is set where the search finds more of the objective without this limit, the others kept. A limit may bind and a
	// tenth of it be worth nothing, where the next candidate lies further off.
	Binds bool
}

// A PriceMove is what becomes of the best policy of a family when a limit moves.
type PriceMove struct {
	Limit replay.Limit
	Row   Row
	// Found is set where both limits, this and the goals', have a policy that keeps them: Difference is then what this one
	// has more of the objective, in the units of Row.Objective, and Share the same as a share; see Standing.
	Found      bool
	Difference int64
	Share      Number
}

// Prices moves each limit, and searches a family again.
func (s *Survey) Prices(f Family, recommended *replay.Policy) (*Prices, error) {
	if !slices.Contains(Families, f) {
		return nil, fmt.Errorf("family %q: want %s", f, joined(Families))
	}
	p := s.proposer
	out := &Prices{Window: s.Window, Family: f, Limits: make([]LimitPrice, len(p.targets))}
	without := make([]Row, len(p.targets))
	jobs := []pricing{{into: &out.Here, at: -1}}
	for i := range p.targets {
		l := &out.Limits[i]
		l.Limit = p.targets[i].Limit
		l.Looser.Limit, l.Tighter.Limit = tenth(l.Limit, true), tenth(l.Limit, false)
		jobs = append(jobs, pricing{&l.Looser.Row, i, &l.Looser.Limit}, pricing{&l.Tighter.Row, i, &l.Tighter.Limit}, pricing{&without[i], i, nil})
	}
	err := inParallel(len(jobs), func(i int) (err error) {
		*jobs[i].into, err = s.under(jobs[i], f)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out.Limits {
		l := &out.Limits[i]
		l.Looser.compare(p, out.Here)
		l.Tighter.compare(p, out.Here)
		l.Binds = without[i].Found() && (!out.Here.Found() || without[i].Objective > out.Here.Objective)
		if recommended != nil {
			c, err := p.space.Counts(recommended)
			if err != nil {
				return nil, err
			}
			l.K, l.N = p.targets[i].count(c)
		}
	}
	return out, nil
}

func (m *PriceMove) compare(p *proposer, here Row) {
	m.Share = Undefined()
	if m.Found = m.Row.Found() && here.Found(); m.Found {
		m.Difference = m.Row.Objective - here.Objective
		m.Share = divide(m.Difference, p.whole())
	}
}

// tenth returns a limit a tenth looser or tighter.
func tenth(l replay.Limit, looser bool) replay.Limit {
	by := int64(1)
	if looser == l.AtLeast {
		by = -1
	}
	if l.Bound.Num < 0 {
		by = -by
	}
	l.Bound = replay.Decimal{Num: l.Bound.Num * (10 + by), Den: l.Bound.Den * 10}
	for l.Bound.Den > 1 && l.Bound.Num%10 == 0 {
		l.Bound.Num, l.Bound.Den = l.Bound.Num/10, l.Bound.Den/10
	}
	return l
}

// A pricing is a search of a family with one limit in the place of another, or with nil, without that; at -1 it is under the
// goals' own.
type pricing struct {
	into  *Row
	at    int
	limit *replay.Limit
}

func (s *Survey) under(job pricing, f Family) (Row, error) {
	p := *s.proposer
	p.found, p.seen = nil, map[string]bool{}
	p.targets = slices.Clone(p.targets)
	switch {
	case job.at < 0:
	case job.limit == nil:
		p.targets = slices.Delete(p.targets, job.at, job.at+1)
	default:
		t, err := newTarget(*job.limit, p.base, p.Economics, s.days())
		if err != nil { // a share above all of the whole, or below none
			return Row{Search: string(f), Family: f, Infeasible: err.Error(), Gap: Undefined()}, nil
		}
		p.targets[job.at] = t
		if err := p.check(); err != nil {
			return Row{Search: string(f), Family: f, Skipped: err.Error(), Gap: Undefined()}, nil
		}
	}
	return p.best(f, s.shapes)
}

// best returns the best row of a family: that of the search with the most of the objective.
func (p *proposer) best(f Family, shapes *Grid) (Row, error) {
	var all []search
	switch f {
	case Neighbours:
		all = []search{{SearchNeighbours, f, func(r *Row) error { return p.pickRow(r, p.neighbours) }, ""}}
	case Edges:
		all = []search{{SearchEdges, f, p.edgesRow, ""}}
	default:
		all = p.searches(shapes)
	}
	var out Row
	for _, s := range all {
		if s.family != f || s.name == SearchAnyShape || s.name == SearchCorners2 {
			continue // no policy holds the one, and four corners hold the other
		}
		r, err := s.run()
		if err != nil {
			return r, err
		}
		if r.Found() && !r.Kept { // the search and the policy treat records without a score differently
			r.Infeasible = "the best " + r.Search + " keeps its limits on records with both scores, and not on all"
		}
		if out.Search == "" || r.Found() && (!out.Found() || r.Objective > out.Objective) {
			out = r
		}
	}
	return out, nil
}

// pickRow takes the best of the policies that a proposing search adds.
func (p *proposer) pickRow(r *Row, propose func() error) error {
	if err := propose(); err != nil {
		return err
	}
	for _, at := range p.found {
		if r.Tried++; !p.met(at.counts) {
			continue
		}
		r.Feasible++
		switch v := p.gain.Of(at.counts); {
		case r.Feasible == 1 || v > r.Objective:
			p.fill(r, at.policy)
			r.Tied = 1
		case v == r.Objective:
			r.Tied++
		}
	}
	if r.Feasible == 0 {
		r.Infeasible = fmt.Sprintf("none of the champion and its %s neighbours keeps the limits", count(max(0, r.Tried-1)))
	}
	return nil
}

// edgesRow moves the champion's edges one at a time, which need not end at the best.
func (p *proposer) edgesRow(r *Row) error {
	problem := p.problem(0)
	for i := range problem.Limits {
		problem.Limits[i].Numerator, problem.Limits[i].Denominator = p.targets[i].num, p.targets[i].den
	}
	p.fill(r, p.descend(problem.Limits))
	if !r.Kept {
		r.Infeasible = "moving the champion's edges one at a time comes to no policy that keeps the limits"
	}
	return nil
}
