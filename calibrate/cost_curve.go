package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A CostCurve compares policies over what a fraud costs for each margin of a good customer, so that nobody has to say what
// either is worth. At a ratio r a policy costs r for each fraud that it lets through and 1 for each good customer whom it loses:
// a line in r, and the cheapest policies are the lower envelope of the lines (Drummond and Holte, "Cost curves: An improved method
// for visualizing classifier performance", Machine Learning 65, 2006). Prices of calls, reviews and step-ups are in none of it,
// and neither are records without an outcome.
type CostCurve struct {
	// Per is how many units of Frauds and Lost a record is: 1, or 10,000 where treatments say which part of the records that are
	// stepped up or reviewed comes through.
	Per int64
	// Fraud and Legit are the labeled records of the history.
	Fraud, Legit int64
	// Lines are the policies in the order given, then approving all and blocking all.
	Lines []CostLine
	// Ranges say which lines cost least from which ratio to which, from 0 up; nil where no record is labeled.
	Ranges []CostRange
}

// A CostLine is what a policy does wrong, in units of 1/Per records.
type CostLine struct {
	Name string
	// Reference is set for approving all and blocking all.
	Reference bool
	// Frauds come through, Lost are good customers who do not. Undecided records count as wrong either way.
	Frauds, Lost int64
	// Held are the labeled records that are stepped up or reviewed, Undecided those that history does not decide. Without
	// treatments what is held counts as right, whatever the label.
	Held, Undecided int64
}

// A CostRange is a stretch of ratios over which some lines cost least, all of them the same.
type CostRange struct {
	// From and To bound it, both included; the last has no end, and To.Den is 0.
	From, To CostRatio
	Lines    []int // indices of CostCurve.Lines
}

// A CostRatio is an exact number Num/Den, 0 or more; Den is 0 where it is beyond every number.
type CostRatio struct{ Num, Den int64 }

// Value returns the ratio as a number, undefined beyond every number.
func (r CostRatio) Value() Number { return divide(r.Num, r.Den) }

// The names of the two policies that need no score.
const (
	ApproveAll = "approve all"
	BlockAll   = "block all"
)

// NewCostCurve compares results over one history. Treatments of the economics are taken as they most likely are.
func NewCostCurve(results []replay.Result) *CostCurve {
	c := &CostCurve{Per: 1}
	if len(results) == 0 {
		return c
	}
	var t *replay.Treatments
	if e := results[0].Economics; e != nil && e.Treatments != nil {
		t, c.Per = e.Treatments, basisPoints
	}
	total := results[0].Total()
	c.Fraud, c.Legit = total.Records[dataset.Fraud], total.Records[dataset.Legit]
	for _, r := range results {
		c.Lines = append(c.Lines, costLine(r.Policy.Name, r.Counts, t, c.Per))
	}
	c.Lines = append(c.Lines, CostLine{Name: ApproveAll, Reference: true, Frauds: c.Per * c.Fraud}, CostLine{Name: BlockAll, Reference: true, Lost: c.Per * c.Legit})
	if c.Fraud+c.Legit > 0 {
		c.Ranges = envelope(c.Lines)
	}
	return c
}

func costLine(name string, counts replay.Counts, t *replay.Treatments, per int64) CostLine {
	l := CostLine{Name: name}
	for _, a := range dataset.Actions {
		frauds, legit := counts.Actions[a].Records[dataset.Fraud], counts.Actions[a].Records[dataset.Legit]
		held := a == dataset.StepUp || a == dataset.Review
		if held {
			l.Held += frauds + legit
		}
		switch {
		case held && t == nil:
		case t == nil && a == dataset.Block:
			l.Lost += legit
		case t == nil:
			l.Frauds += frauds
		default:
			l.Frauds += passBPS(t, a, dataset.Fraud, Base) * frauds
			l.Lost += (basisPoints - passBPS(t, a, dataset.Legit, Base)) * legit
		}
	}
	open := counts.Actions[replay.Undecided]
	l.Undecided = open.Labeled()
	l.Frauds += per * open.Records[dataset.Fraud]
	l.Lost += per * open.Records[dataset.Legit]
	return l
}

// envelope walks the lowest lines from ratio 0 up: at each crossing to the line that falls behind it the least, which of several
// is the flattest.
func envelope(lines []CostLine) []CostRange {
	at := 0
	for i, l := range lines {
		if best := lines[at]; l.Lost < best.Lost || l.Lost == best.Lost && l.Frauds < best.Frauds {
			at = i
		}
	}
	from := CostRatio{0, 1}
	var out []CostRange
	for {
		here := CostRange{From: from}
		for i, l := range lines {
			if l.Frauds == lines[at].Frauds && l.Lost == lines[at].Lost {
				here.Lines = append(here.Lines, i)
			}
		}
		next := -1
		for i, l := range lines {
			if l.Frauds >= lines[at].Frauds {
				continue
			}
			if r := crossing(lines[at], l); next < 0 || r.below(here.To) || !here.To.below(r) && l.Frauds < lines[next].Frauds {
				next, here.To = i, r
			}
		}
		out = append(out, here)
		if next < 0 {
			return out
		}
		at, from = next, here.To
	}
}

// crossing is the ratio from which on b, which lets fewer frauds through, costs no more than a.
func crossing(a, b CostLine) CostRatio {
	r := CostRatio{max(0, b.Lost-a.Lost), a.Frauds - b.Frauds}
	by := gcd(r.Num, r.Den)
	return CostRatio{r.Num / by, r.Den / by}
}

// below compares two ratios exactly.
func (r CostRatio) below(s CostRatio) bool { return !atMost(s.Num, r.Den, r.Num, s.Den) }

// Cost returns what a line costs at a ratio, as a share of what getting every record wrong costs: the normalised expected cost of
// Drummond and Holte, undefined where no record is labeled.
func (c *CostCurve) Cost(line int, ratio float64) Number {
	l := c.Lines[line]
	worst := float64(c.Per) * (ratio*float64(c.Fraud) + float64(c.Legit))
	if worst == 0 {
		return Undefined()
	}
	return Number((ratio*float64(l.Frauds) + float64(l.Lost)) / worst)
}

// At returns the range that holds a ratio of 0 or more, the first of two at a border; a zero one where there is none.
func (c *CostCurve) At(ratio float64) CostRange {
	i := slices.IndexFunc(c.Ranges, func(x CostRange) bool { return x.To.Den == 0 || ratio*float64(x.To.Den) <= float64(x.To.Num) })
	if i < 0 {
		return CostRange{}
	}
	return c.Ranges[i]
}

// Cheapest returns the stretch of ratios over which a line costs least, and false where it nowhere does.
func (c *CostCurve) Cheapest(line int) (CostRange, bool) {
	i := slices.IndexFunc(c.Ranges, func(r CostRange) bool { return slices.Contains(r.Lines, line) })
	if i < 0 {
		return CostRange{}, false
	}
	return c.Ranges[i], true
}

// Names returns the names of a range's lines.
func (c *CostCurve) Names(r CostRange) (names []string) {
	for _, i := range r.Lines {
		names = append(names, c.Lines[i].Name)
	}
	return names
}
