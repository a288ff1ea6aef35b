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
	Looser, Tighter Move
	// Binds is set where the looser limit has more of the objective.
	Binds bool
}

// A Move is what becomes of the best policy of a family when a limit moves.
type Move struct {
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
	searches := []*Row{&out.Here}
	limits := []*replay.Limit{nil}
	for i := range p.targets {
		l := &out.Limits[i]
		l.Limit = p.targets[i].Limit
		l.Looser.Limit, l.Tighter.Limit = tenth(l.Limit, true), tenth(l.Limit, false)
		searches, limits = append(searches, &l.Looser.Row, &l.Tighter.Row), append(limits, &l.Looser.Limit, &l.Tighter.Limit)
	}
	err := inParallel(len(searches), func(i int) (err error) {
		*searches[i], err = s.under(limits[i], (i-1)/2, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out.Limits {
		l := &out.Limits[i]
		l.Looser.compare(p, out.Here)
		l.Tighter.compare(p, out.Here)
		l.Binds = l.Looser.Found && l.Looser.Difference > 0 || l.Looser.Row.Found() && !out.Here.Found()
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

func (m *Move) compare(p *proposer, here Row) {
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

// under searches a family with one limit in another's place, or with nil under the goals' own.
func (s *Survey) under(l *replay.Limit, at int, f Family) (Row, error) {
	p := *s.proposer
	p.found, p.seen = nil, map[string]bool{}
	if l != nil {
		days := int64(1)
		if s.Window.From != "" {
			days = s.Window.Days()
		}
		t, err := newTarget(*l, p.base, p.Economics, days)
		if err != nil { // a share above all of the whole, or below none
			return Row{Search: string(f), Family: f, Infeasible: err.Error(), Gap: Undefined()}, nil
		}
		p.targets = slices.Clone(p.targets)
		p.targets[at] = t
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
		if s.family != f || s.name == SearchAnyShape {
			continue
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
