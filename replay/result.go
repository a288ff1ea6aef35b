package replay

import "github.com/trustreplay/trustreplay/dataset"

// A Tally counts records and their amount (minor units) by label.
type Tally struct {
	Records [dataset.NumLabels]int64
	Amount  [dataset.NumLabels]int64
	// Spread is that of the amounts; zero unless the question asked for it.
	Spread [dataset.NumLabels]Spread
}

// N returns the records of all labels.
func (t Tally) N() int64 { return t.Records[0] + t.Records[1] + t.Records[2] }

// Labeled returns the records whose outcome is known.
func (t Tally) Labeled() int64 { return t.Records[dataset.Legit] + t.Records[dataset.Fraud] }

// Value returns the amount of all labels, LabeledValue that of the records whose outcome is known.
func (t Tally) Value() int64        { return t.Amount[0] + t.Amount[1] + t.Amount[2] }
func (t Tally) LabeledValue() int64 { return t.Amount[dataset.Legit] + t.Amount[dataset.Fraud] }

// Add returns the sum of two tallies.
func (t Tally) Add(u Tally) Tally {
	for i := range t.Records {
		t.Records[i] += u.Records[i]
		t.Amount[i] += u.Amount[i]
		t.Spread[i] = t.Spread[i].Add(u.Spread[i])
	}
	return t
}

// Counts are what a policy did with a set of records: all a measure needs, and exact.
type Counts struct {
	// Actions is indexed by dataset.Action; Actions[Undecided] counts the undecided.
	Actions [dataset.NumActions]Tally
	// Calls counts the records on which the policy asks each of its products, first and second.
	Calls [2]int64
}

// Total returns the tally over all actions.
func (c Counts) Total() Tally {
	var t Tally
	for _, a := range c.Actions {
		t = t.Add(a)
	}
	return t
}

// Approved returns the tally of the records that are let through, approved or monitored.
func (c Counts) Approved() Tally { return c.Actions[dataset.Approve].Add(c.Actions[dataset.Monitor]) }

// Add returns the sum of two counts.
func (c Counts) Add(d Counts) Counts {
	for i := range c.Actions {
		c.Actions[i] = c.Actions[i].Add(d.Actions[i])
	}
	for i := range c.Calls {
		c.Calls[i] += d.Calls[i]
	}
	return c
}

// A Result is one policy replayed over a history.
type Result struct {
	Policy *Policy
	// Economics are the question's, nil where it had none.
	Economics *Economics
	Counts
	// Past counts the records by what production did, too; nil where nobody asked or it is known of no record.
	Past *Past
	// Production tells how that is known.
	Production Production
	// Rules counts the records that each rule decided, in the order of the policy's rules.
	Rules []Tally
	// Held counts the records on which each rule's condition holds, decided by that rule or not.
	Held []int64
	// Cells counts the records that each cell of the gate and of the matrix decided: Cells[first][0] by the gate,
	// Cells[first][1+second] by the matrix.
	Cells [NumRows][1 + NumRows]Tally
	// By names the fields that the history is split by, and Groups holds the counts of each group of their values, ordered
	// by their keys; both are nil where no split was asked for.
	By     []string
	Groups []Group
	// Open are the undecided records of the whole history.
	Open Open
	// NoAmount counts the records of the history that carry no amount.
	NoAmount int64
	// Unclustered counts the records of which the policy asks the recorded cluster, of its first product and of its second,
	// and the response carries a score but no cluster: the policy sees no answer there.
	Unclustered [2]int64
	// Unseen names the products and the fields of rules that the policy reads and no record has.
	Unseen []string
	// Bands are those of Cube.ImputeBands where somebody asked for them; Run leaves them nil, and then nobody did.
	Bands []ImputeBand
	// Treated counts what came of production's own step-ups and reviews, zero where the question did not ask.
	Treated Treated
	// Reviewed are the reviews of each day that has records, in order, where somebody cut the history by day; Run leaves it nil.
	Reviewed []int64
	// Failures are those of Cube.Failures where somebody asked for them; Run leaves them nil.
	Failures *Failures
	// Enrollment is that of Cube.Enrollment where somebody asked for it; Run leaves it nil.
	Enrollment *Enrollment
	// Dependence is that of Cube.Dependence where somebody asked for it, of the whole history; Run leaves it nil, and that of
	// each group.
	Dependence *Dependence
}

// A Group is the part of a history that shares the values of the By fields.
type Group struct {
	// Key has a value for each By field, "" where the record has none; months are "2026-03", days "2026-03-04".
	Key []string
	Counts
	// Open are the undecided records of the group.
	Open Open
	// Dependence is that of the group's records.
	Dependence *Dependence
}

// Open tallies undecided records by the first cluster, whose row of the matrix says what may become of them; see
// Policy.Possible.
type Open [NumRows]Tally

// N returns the number of undecided records.
func (o *Open) N() (n int64) {
	for i := range o {
		n += o[i].N()
	}
	return n
}

// Possible returns the actions that the policy may take, as bits, on a record of a first cluster once the second product has
// answered: those of the row of the matrix and those of the rules that read that product.
func (p *Policy) Possible(first dataset.Cluster) (actions uint8) {
	for _, a := range p.Matrix[first] {
		actions |= 1 << a
	}
	for _, r := range p.Rules {
		if p.Late(r) {
			actions |= 1 << r.Then
		}
	}
	return actions
}
