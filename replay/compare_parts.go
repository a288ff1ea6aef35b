package replay

import "github.com/trustreplay/trustreplay/dataset"

// A Part is the part of a policy that decided on a record: a rule, a cell of the gate or of the matrix, or none, where the
// record is undecided.
type Part struct {
	// Name is that of Policy.Reason: the rule's name, gate[high], matrix[review][low], undecided[review].
	Name string
	// Decision is the part's own: its clusters are set only where the part is a cell of them, because a rule decides on
	// records of any cluster.
	Decision
}

// A Crossing counts the records on which one part of the champion and one of the challenger decided. All of them met the same
// two actions, so where these differ, the crossing is a cause of the difference between the policies, and the causes add up
// to it exactly.
type Crossing struct {
	Champion, Challenger Part
	Tally
}

// Changed reports whether the crossing's records meet another action under the challenger.
func (x Crossing) Changed() bool { return x.Champion.Action != x.Challenger.Action }

// Difference returns what the crossing adds to the challenger's counts less the champion's. The differences of all crossings
// add up to that of their comparison.
func (x Crossing) Difference() Counts {
	var s Swap
	s.add(&x.Champion.Decision, &x.Challenger.Decision, x.Tally)
	return s.Difference()
}

// The parts of a policy are numbered: its rules, the gate's cells, the matrix's, and undecided by first cluster.
const (
	gateParts   = NumRows
	matrixParts = NumRows * NumRows
	cellParts   = gateParts + matrixParts + NumRows
)

func (p *Policy) numParts() int { return len(p.Rules) + cellParts }

// partOf returns the number of the part that made a decision.
func (p *Policy) partOf(d *Decision) int {
	switch first := len(p.Rules) + int(d.FirstCluster); d.By {
	case ByRule:
		return d.Rule
	case ByGate:
		return first
	case ByMatrix:
		return len(p.Rules) + gateParts + int(d.FirstCluster)*NumRows + int(d.SecondCluster)
	default:
		return first + gateParts + matrixParts
	}
}

// part returns the part of a number.
func (p *Policy) part(number int) Part {
	d := Decision{Rule: -1}
	switch cell := number - len(p.Rules); {
	case cell < 0:
		r := p.Rules[number]
		d.By, d.Rule, d.Action, d.Called = ByRule, number, r.Then, p.Late(r)
	case cell < gateParts:
		d.By, d.FirstCluster, d.Action = ByGate, dataset.Cluster(cell), p.Gate[cell]
	case cell < gateParts+matrixParts:
		cell -= gateParts
		first, second := cell/NumRows, cell%NumRows
		d.By, d.FirstCluster, d.SecondCluster = ByMatrix, dataset.Cluster(first), dataset.Cluster(second)
		d.Action, d.Called = p.Matrix[first][second], true
	default:
		d.By, d.FirstCluster = ByNobody, dataset.Cluster(cell-gateParts-matrixParts)
		d.Action, d.Called = Undecided, true
	}
	return Part{p.Reason(d), d}
}

// A crossTable counts records by the parts of two policies that decided. Cells are many and parts are few, so it is an array.
type crossTable struct {
	champion, challenger *Policy
	tallies              []Tally
}

func newCrossTable(champion, challenger *Policy) *crossTable {
	return &crossTable{champion, challenger, make([]Tally, champion.numParts()*challenger.numParts())}
}

func (t *crossTable) at(champion, challenger *Decision) *Tally {
	return &t.tallies[t.champion.partOf(champion)*t.challenger.numParts()+t.challenger.partOf(challenger)]
}

// crossings returns those that hold a record, in order.
func (t *crossTable) crossings() []Crossing {
	var out []Crossing
	n := t.challenger.numParts()
	for i, tally := range t.tallies {
		if tally.N() > 0 {
			out = append(out, Crossing{t.champion.part(i / n), t.challenger.part(i % n), tally})
		}
	}
	return out
}
