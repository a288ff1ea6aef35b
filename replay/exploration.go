package replay

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// An Exploration counts what a policy approves by the known probability with which production was to approve it, in a history
// that left some of its decisions to a coin. Which records were approved then depends on nothing else, and they speak for the
// others of their probability. All are counts: what follows from them is divided in calibrate.
type Exploration struct {
	// Field holds the probability of each record.
	Field string
	// Odds count the policy's approvals of which the probability is known and not 0, ordered by it. A record without one was left
	// to no coin: its probability is 1 if production approved it.
	Odds []Odds
	// Never tallies the policy's approvals that had no chance of being approved, or of which that is not known: records of
	// probability 0, those without one that production did not approve, and those of Outside, Contrary and Undone.
	Never Tally
	// Outside counts the records of the history, approved by the policy or not, whose value is not a probability in [0, 1]; Least
	// and Most are the extremes of these values.
	Outside     int64
	Least, Most float64
	// Contrary counts the policy's approvals that production stopped although their probability is 1, or approved although it is
	// 0; Undone those of a probability above 0 of which it is not known what production did. A history policy does not tell what a
	// coin said.
	Contrary, Undone int64
}

// Odds are the records of one probability.
type Odds struct {
	// Probability is in (0, 1].
	Probability float64
	// Approved are those that production approved, Stopped those that it did not. A label of one that was stopped is no outcome of
	// the coin, and counts for nothing.
	Approved, Stopped Tally
}

// Chances of a group that are no probability.
const (
	noChance  = -1 // the record carries none
	badChance = -2 // it carries a number outside [0, 1]
)

// maxChances bounds the different probabilities of a history: the odds of a design are few, and each makes groups of its own.
const maxChances = 1000

// Exploration counts what a policy approves by the probabilities in the field that the question names. The policy must be one
// that the cube's plan covers.
func (c *Cube) Exploration(pol *Policy) (*Exploration, error) {
	if c.plan.chance < 0 {
		return nil, fmt.Errorf("the cube knows no probabilities: want a question with Exploration")
	}
	piles, err := c.Piles(pol)
	if err != nil {
		return nil, err
	}
	e := &Exploration{Field: c.plan.Question.Exploration, Outside: c.outside.n, Least: c.outside.least, Most: c.outside.most}
	odds := map[float64]*Odds{}
	for p := range piles {
		if !lets(pol.Decide(p.Case).Action) {
			continue
		}
		chance, approved := p.Chance()
		if chance == 0 {
			e.never(p)
			continue
		}
		o := odds[chance]
		if o == nil {
			o = &Odds{Probability: chance}
			odds[chance] = o
		}
		of := &o.Stopped
		if approved {
			of = &o.Approved
		}
		of.add(uint32(p.Label), p.Records, p.Amount)
	}
	for _, o := range odds {
		e.Odds = append(e.Odds, *o)
	}
	slices.SortFunc(e.Odds, func(a, b Odds) int { return cmp.Compare(a.Probability, b.Probability) })
	return e, nil
}

// HasChances reports whether any record of the cube carries a number in the field of Exploration, a probability or not. Where
// none does, every record counts as one that was left to no coin, and an estimate is that of a history without exploration.
func (c *Cube) HasChances() bool {
	return slices.ContainsFunc(c.groups, func(g cubeGroup) bool { return g.chance != noChance })
}

func (e *Exploration) never(p Pile) {
	e.Never.add(uint32(p.Label), p.Records, p.Amount)
	switch {
	case p.chance > 0 && p.Past == dataset.NoAction:
		e.Undone += p.Records
	case p.chance == 1, p.chance == 0 && lets(p.Past):
		e.Contrary += p.Records
	}
}

// Chance returns the probability with which production was to approve each record of a pile, in (0, 1], and whether it did; 0
// where there was no chance, or it is not known. It is meaningful in a cube of a question with Exploration.
func (p *Pile) Chance() (probability float64, approved bool) {
	approved = lets(p.Past)
	switch {
	case p.Past == dataset.NoAction || p.chance == badChance:
		return 0, false
	case approved && p.chance == noChance:
		return 1, true
	case !approved && (p.chance == noChance || p.chance == 1), approved && p.chance == 0:
		return 0, false
	}
	return p.chance, approved
}

// leftToACoin reports whether a coin decided what production did with a group, which no policy tells.
func (id *groupID) leftToACoin() bool { return id.chance > 0 && id.chance < 1 }

// An extent tells what values were met outside [0, 1].
type extent struct {
	n           int64
	least, most float64
}

func (x *extent) add(y extent) {
	switch {
	case y.n == 0:
	case x.n == 0:
		*x = y
	default:
		x.n, x.least, x.most = x.n+y.n, min(x.least, y.least), max(x.most, y.most)
	}
}

// A chancePart numbers the probabilities of records.
type chancePart struct {
	column  int
	chances numbering // of the bits of noChance, badChance or a probability
	outside extent
}

func (p *chancePart) number(b *dataset.Batch, out []uint32) {
	for r, v := range b.Cols[p.column].F64[:len(out)] {
		if b.Rejected(r) {
			continue
		}
		switch {
		case math.IsNaN(v):
			v = noChance
		case !(v >= 0 && v <= 1):
			p.outside.add(extent{1, v, v})
			v = badChance
		case v == 0:
			v = 0 // and not its negative twin, which has other bits
		}
		out[r] = p.chances.of(math.Float64bits(v))
	}
}

func (p *chancePart) of(code int) float64 { return math.Float64frombits(p.chances.keys[code]) }

// tooMany refuses a field of more probabilities than a design has.
func (p *chancePart) tooMany(field string) error {
	if len(p.chances.keys) <= maxChances {
		return nil
	}
	return fmt.Errorf("exploration by %s has more than %d different values, want the probabilities of a design, such as 0.05 and 1", field, maxChances)
}
