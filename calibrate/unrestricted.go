package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Unrestricted is what monotone policies of any shape reach on all records: regions of pairs of scores on the full grid, of
// which no worse pair is approved while a better one is not. It bounds what another shape of policy could gain. Records of
// which a rule decides or a score is missing are treated as the base treats them. Like every search of a Survey it looks at
// the records that it is counted on, and promises nothing.
type Unrestricted struct {
	Window Window
	// Decided counts the records that the shapes decide, and Rest what the base does with the others.
	Decided replay.Tally
	Rest    replay.Counts
	// Vertices are the concave frontier over Decided, from approving nobody: each is the best shape at some price. Gain and
	// Cost name what they count, as in METRICS.md: the objective and what the first limit holds down, or, where approving
	// can lower one of these, approvals and frauds among them.
	Vertices   []Vertex
	Gain, Cost string
	// Best is the best shape within the limits that a price finds.
	Best Row
	// Bound is the objective that no shape exceeds within the limits, where Best found a shape; shapes between two
	// vertices, which no price finds, may come up to it.
	Bound int64
	// Standings compare what policies of other shapes reach, in the order of what they may do.
	Standings []Standing
	// Nested is the best of three nested regions, with a middle action. It is nil where NestedAbsent says why.
	Nested       *NestedShape
	NestedAbsent string
	// Exchange is what a further fraud buys at the limit; see LocalRate.
	Exchange Exchange
}

// A Standing is what the best policy of some kind reaches on all records.
type Standing struct {
	// Name is recommended, a Row's Search, or "any shape, at most".
	Name string
	// Absent says why there is none; where it is not "", nothing else holds.
	Absent string
	// Objective is that of a Row. Counts are nil for the bound, of which no policy is known.
	Objective int64
	Counts    *replay.Counts
	// Share is the objective by record, or by legit record or fraud where it is a part of those: approval_rate where approvals
	// are the objective. It is undefined for money.
	Share Number
	// Below is how far Share is below that of the bound: 0.01 is a point of approval. It is negative where a policy does more
	// by treating records of missing scores in another way than the base does.
	Below Number
}

// An Exchange is the edge of the frontier of any shape at the limit: what the next shape approves more, and how many more
// frauds are among it.
type Exchange struct{ Approvals, Frauds int64 }

// Rate is approvals per additional fraud, undefined where the limit is not in the way or no fraud is added.
func (e Exchange) Rate() Number { return divide(e.Approvals, e.Frauds) }

// boundName names the standing of what no shape exceeds.
const boundName = "any shape, at most"

// Unrestricted searches shapes of any kind and compares them with the rows of a and with a recommended policy, which may be
// nil and shares products and rules with the base.
func (s *Survey) Unrestricted(recommended *replay.Policy, a *Apparent) (*Unrestricted, error) {
	p := s.proposer
	u := &Unrestricted{Window: s.Window, Decided: s.shapes.Total(), Rest: p.rest}
	if reason := p.unsuited(Staircases); reason != "" && p.base.Second != "" {
		u.Best = Row{Search: SearchAnyShape, Family: Staircases, Skipped: reason, Gap: Undefined()}
		u.NestedAbsent = reason
	} else if err := u.search(s); err != nil {
		return nil, err
	}
	return u, u.compare(p, recommended, a)
}

func (u *Unrestricted) search(s *Survey) (err error) {
	p := s.proposer
	if u.Vertices, u.Gain, u.Cost, err = p.hull(s.shapes); err != nil {
		return err
	}
	anyShape := search{name: SearchAnyShape, family: Staircases, do: func(r *Row) error { return p.shapeRow(r, s.shapes) }}
	if u.Best, err = anyShape.run(); err != nil {
		return err
	}
	if u.Best.Found() {
		u.Bound = u.Best.Objective + int64(u.Best.Gap)
	}
	if u.Exchange, err = p.exchange(s.shapes); err != nil {
		return err
	}
	u.Nested, u.NestedAbsent, err = p.nestedShape(s.shapes, u.Best.Shape)
	return err
}

// hull returns the vertices of the objective against the numerator of the first share that a limit holds, or of approvals
// against frauds.
func (p *proposer) hull(g *Grid) (v []Vertex, gain, cost string, err error) {
	for i := range p.targets {
		if t := &p.targets[i]; t.share {
			if v, err = g.Hull(p.gain, t.num); err == nil {
				return v, string(p.Objective), t.Measure, nil
			}
			break
		}
	}
	v, err = g.Hull(Approvals(), FraudApprovals())
	return v, string(MostApprovals), "fraud_rate", err
}

// exchange compares the two shapes next to the first limit.
func (p *proposer) exchange(g *Grid) (e Exchange, err error) {
	if len(p.targets) == 0 {
		return e, nil
	}
	c, err := across(p, &p.targets[0], p.ofCorners(g, 0))
	if err != nil || c.kept == nil || c.broken == nil {
		return e, err
	}
	more := c.broken.counts.Approved().Sub(c.kept.counts.Approved())
	if more.N() <= 0 {
		return e, nil // the limit is not what keeps approvals down
	}
	return Exchange{more.N(), more.Records[dataset.Fraud]}, nil
}

// compare fills the standings.
func (u *Unrestricted) compare(p *proposer, recommended *replay.Policy, a *Apparent) error {
	whole := p.whole()
	share := func(objective int64) Number { return divide(objective, whole) }
	bound := Undefined()
	if u.Best.Found() {
		bound = share(u.Bound)
	}
	add := func(s Standing, absent string) {
		s.Absent, s.Share, s.Below = absent, Undefined(), Undefined()
		if absent == "" {
			s.Share = share(s.Objective)
			s.Below = bound - s.Share
		}
		u.Standings = append(u.Standings, s)
	}
	if recommended != nil {
		c, err := p.space.Counts(recommended)
		if err != nil {
			return err
		}
		add(Standing{Name: "recommended", Objective: p.gain.Of(c), Counts: &c}, "")
	} else {
		add(Standing{Name: "recommended"}, "nothing is recommended")
	}
	rows := []Row{u.Best}
	for _, name := range []string{SearchPair, SearchMatrix, SearchFirst} {
		if r, found := a.Row(name); found {
			rows = append([]Row{r}, rows...)
		}
	}
	for _, r := range rows {
		add(Standing{Name: r.Search, Objective: r.Objective, Counts: &r.Counts}, r.Skipped+r.Infeasible)
	}
	add(Standing{Name: boundName, Objective: u.Bound}, u.Best.Skipped+u.Best.Infeasible)
	return nil
}

// whole is what the objective is a share of: records, legit records or frauds; 0 for money.
func (p *proposer) whole() int64 {
	switch total := p.space.total; p.Objective {
	case MostApprovals:
		return total.N()
	case MostGoodApprovals:
		return total.Records[dataset.Legit]
	case MostCapture:
		return total.Records[dataset.Fraud]
	case MostFinalApprovals:
		return total.Labeled() * p.Scale()
	}
	return 0
}
