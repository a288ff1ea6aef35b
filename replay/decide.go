package replay

import "github.com/trustreplay/trustreplay/dataset"

// An Answer is what one product said of a record: its status and score, and the cluster that the response recorded.
type Answer struct {
	State   dataset.State
	Cluster dataset.Cluster
}

// A Case is all that a policy looks at in a record.
type Case struct {
	First, Second Answer
	// Fired has bit i set when the condition of the policy's rule i holds.
	Fired uint64
}

// By names the part of a policy that decided.
type By uint8

const (
	ByGate By = iota
	ByMatrix
	ByRule
	ByNobody // undecided
)

// A Decision is what a policy does with a record, and why.
type Decision struct {
	Action dataset.Action // Undecided where the history lacks the second answer
	By     By
	Rule   int  // index of the rule that decided, -1 where none did
	Called bool // the policy asks the second product
	// FirstCluster and SecondCluster are the clusters that the policy saw; SecondCluster is NoCluster where it did not ask.
	FirstCluster, SecondCluster dataset.Cluster
}

// Decide applies the policy to one record. It is the only implementation of a policy: every faster path in this project is
// checked against it.
//
// Rules that read only the record and the first product come first, in order; then the gate; where it says Next, the
// second product is called: rules that read it, in order; then the matrix. A first product without an answer is missing; a
// second product without an answer was not called by the history, and the record is undecided unless every answer would
// have led to the same action.
func (p *Policy) Decide(c Case) Decision {
	d := Decision{Rule: -1, FirstCluster: p.FirstBands.Cluster(c.First)}
	for i, r := range p.Rules {
		if c.Fired>>i&1 != 0 && !p.Late(r) {
			d.Action, d.By, d.Rule = r.Then, ByRule, i
			return d
		}
	}
	step := p.Gate[d.FirstCluster]
	if step != Next {
		d.Action, d.By = step, ByGate
		return d
	}
	d.Called = true
	if s := c.Second.State.Status(); s == dataset.Absent || s == dataset.NotCalled {
		if a, same := p.whatever(d.FirstCluster); same {
			d.Action, d.By = a, ByMatrix
			return d
		}
		d.Action, d.By = Undecided, ByNobody
		return d
	}
	d.SecondCluster = p.SecondBands.Cluster(c.Second)
	for i, r := range p.Rules {
		if c.Fired>>i&1 != 0 && p.Late(r) {
			d.Action, d.By, d.Rule = r.Then, ByRule, i
			return d
		}
	}
	d.Action, d.By = p.Matrix[d.FirstCluster][d.SecondCluster], ByMatrix
	return d
}

// whatever returns the action of a row of the matrix on which the second product makes no difference.
func (p *Policy) whatever(first dataset.Cluster) (dataset.Action, bool) {
	row := p.Matrix[first]
	for _, a := range row {
		if a != row[0] {
			return 0, false
		}
	}
	for _, r := range p.Rules {
		if p.Late(r) && r.Then != row[0] {
			return 0, false
		}
	}
	return row[0], true
}
