package replay

import "fmt"

// AcceptanceVersion is the version of the acceptance format.
const AcceptanceVersion = 1

// An Acceptance is what a challenger must meet to replace a champion: limits on the whole history, and a veto of each of its
// segments. It is declared before the challenger is looked at, in a file that is reviewed like a policy.
type Acceptance struct {
	Limits []Criterion
	// Segments is nil where no segment has a veto.
	Segments *Segments
}

// Segments are limits that every group of some fields must meet by itself.
type Segments struct {
	// By names the fields, or Month; it is empty where the groups are those that the comparison is split by anyway.
	By []string
	// MinLabeled is how many labeled records a group must have to be judged; those with fewer are told, not judged.
	MinLabeled int64
	Limits     []Criterion
}

// A Kind is what a criterion holds to its bound.
type Kind uint8

const (
	// Absolute holds the challenger's measure.
	Absolute Kind = iota
	// Change holds the challenger's measure less the champion's: a margin of non-inferiority, declared beforehand.
	Change
	// Times holds the challenger's measure divided by the champion's.
	Times
)

// A Criterion is one limit of an acceptance. The bound itself is allowed.
type Criterion struct {
	Limit // Bound is in the measure's unit; of a Times it is a factor
	Kind  Kind
	// OnBound holds the one-sided confidence bound that hurts, and not the value that was counted: the upper one where the
	// limit is an "at most", the lower one where it is an "at least".
	OnBound bool
}

// String prints the criterion: "fraud_rate <= 0.5% on bound", "approval_rate change >= -0.5pp", "fraud_rate <= 1.1 x champion".
func (c Criterion) String() string {
	sign, on := "<=", ""
	if c.AtLeast {
		sign = ">="
	}
	if c.OnBound {
		on = " on bound"
	}
	switch {
	case c.Kind == Times:
		return fmt.Sprintf("%s %s %s x champion%s", c.Measure, sign, c.Bound, on)
	case c.Kind == Absolute:
		return c.Limit.String() + on
	case IsShare(c.Measure):
		return fmt.Sprintf("%s change %s %spp%s", c.Measure, sign, c.Bound.signed(c.Bound.Percent()), on)
	default:
		return fmt.Sprintf("%s change %s %s%s", c.Measure, sign, c.Bound.signed(c.Bound.String()), on)
	}
}

// signed gives the text of a number above 0 its sign, as differences have.
func (d Decimal) signed(text string) string {
	if d.Num > 0 {
		return "+" + text
	}
	return text
}

// A Measurable is a measure that a criterion can be about. They are defined in calibrate, which builds on this package, and
// are handed to ParseAcceptance.
type Measurable struct {
	Name string
	// Exact tells that the measure is a share of records, whose value has an exact one-sided bound; Paired that its change
	// has a paired one.
	Exact, Paired bool
}
