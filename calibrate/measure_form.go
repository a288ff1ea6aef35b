package calibrate

import "github.com/trustreplay/trustreplay/replay"

// A RatioForm is one of the measures by count as the ratio of two counts, for whoever divides elsewhere: METRICS.md as data. Each
// of them has a twin by value with the suffix _value, which divides amounts.
type RatioForm struct {
	Name string
	// Unit is Share or Odds.
	Unit                   string
	Numerator, Denominator Region
}

// A Region is a set of actions and a set of labels, as bits: bit a of Actions stands for dataset.Action(a), where bit 0 is the
// undecided, and bit l of Labels for dataset.Label(l). What it counts are the records of these actions and labels.
type Region struct{ Actions, Labels uint8 }

// RatioForms returns the measures that Measures begins with, in its order.
func RatioForms() []RatioForm {
	var out []RatioForm
	for _, d := range definitions {
		out = append(out, RatioForm{d.name, d.unit, Region{d.num.actions, d.num.labels}, Region{d.den.actions, d.den.labels}})
	}
	return out
}

// NormalQuantile returns how many standard errors are to each side of a two-sided normal or Wilson interval of a confidence in
// (0, 1): 1.96 at 0.95.
func NormalQuantile(confidence float64) float64 { return normalQuantile(confidence) }

// A NamedForm is one of the measures of cost as a weighted sum over counts, in replay.Money.
type NamedForm struct {
	Name string
	Form
}

// CostForms returns the measures of cost of what a policy asks, in the order of Setting.Measures: what a record costs, and what is
// saved against approving and against blocking all of them. Each is the sum over the counts divided by the records.
func CostForms(e *replay.Economics, p *replay.Policy) []NamedForm {
	var out []NamedForm
	for _, f := range costForms {
		out = append(out, NamedForm{f.name, f.of(e, p)})
	}
	return out
}
