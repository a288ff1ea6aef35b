package calibrate

import (
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A costForm is a measure of cost.
type costForm struct {
	name string
	of   func(*replay.Economics, *replay.Policy) Form
}

// costPerRecord is the one of them that a limit of a calibration can be about.
const costPerRecord = "cost_per_record"

var costForms = []costForm{
	{costPerRecord, CostForm},
	{"savings_approve_all", func(e *replay.Economics, p *replay.Policy) Form { return SavingsForm(e, p, dataset.Approve) }},
	{"savings_block_all", func(e *replay.Economics, p *replay.Policy) Form { return SavingsForm(e, p, dataset.Block) }},
}

// costs returns what a record costs, and what the policy saves on one against approving and against blocking all of them;
// nothing without economics. A sum that is not exact is undefined, 0/0: CheckCost says so before.
func (s Setting) costs(p *replay.Policy, c replay.Counts) []Measure {
	if s.Economics == nil {
		return nil
	}
	exact := CheckCost(s.Economics, p, c) == nil
	var out []Measure
	for _, form := range costForms {
		if !exact {
			out = append(out, plain(form.name, PerRecord, 0, 0))
			continue
		}
		out = append(out, perRecord(form.name, form.of(s.Economics, p), c, s.Confidence))
	}
	return out
}

// perRecord returns the mean of a form over the records, with a normal interval that is as approximate as those by value.
// None is claimed where a price is a share of amounts whose spread is not known, nor where no record differs from another.
func perRecord(name string, f Form, c replay.Counts, confidence float64) Measure {
	m := plain(name, PerRecord, f.Of(c), c.Total().N())
	m.Value = perMajor(m.Numerator, m.Denominator)
	var costs, calls moments
	for a, w := range f.Actions {
		costs.add(w, c.Actions[a])
	}
	calls.count(f.Calls[1], c.Calls[1])
	se := standardError(costs, calls, m.Denominator)
	if !(se > 0) {
		return m
	}
	half := Number(se * normalQuantile(confidence))
	m.Low, m.High, m.Confidence, m.Method = m.Value-half, m.Value+half, Number(confidence), MethodLinearized
	return m
}

// perMajor divides a sum of Money by records, in major units.
func perMajor(sum, n int64) Number {
	if n == 0 {
		return Undefined()
	}
	return Number(float64(sum) / (float64(n) * float64(replay.MoneyPerMajor)))
}

// CostDifference returns the challenger's measure of cost less the champion's, one of those of Setting.Measures by name, over
// the records of s: paired, because two policies treat most records alike. Its interval and p are normal and approximate; they
// are undefined, and the method is none, where a price is a share of amounts whose spread is not known. found is false for any other name, and without
// economics.
func CostDifference(name string, c *replay.Comparison, s *replay.Swap, confidence float64) (d Difference, found bool) {
	i := slices.IndexFunc(costForms, func(f costForm) bool { return f.name == name })
	if i < 0 || c.Economics == nil {
		return Difference{}, false
	}
	champion, challenger := s.Counts()
	d = Difference{First: Undefined(), Second: Undefined(), Value: Undefined(), Method: MethodLinearized}
	if CheckCost(c.Economics, c.Champion, champion) != nil || CheckCost(c.Economics, c.Challenger, challenger) != nil {
		return d.normal(0, confidence, false), true
	}
	n := champion.Total().N()
	a, b := costForms[i].of(c.Economics, c.Champion), costForms[i].of(c.Economics, c.Challenger)
	d.First, d.Second, d.Value = perMajor(a.Of(champion), n), perMajor(b.Of(challenger), n), perMajor(b.Of(challenger)-a.Of(champion), n)
	costs, calls := pairedMoments(a, b, s)
	same := costs.squares == 0 && calls.squares == 0 && d.Value == 0
	se := standardError(costs, calls, n)
	if math.IsNaN(se) { // nothing was tested, which is not the same as nothing shown
		d.Method = MethodNone
	}
	return d.normal(se, confidence, same), true
}

// pairedMoments add up what each record costs more under form b and the challenger than under a and the champion.
func pairedMoments(a, b Form, s *replay.Swap) (costs, calls moments) {
	for from, row := range s.Actions {
		for to, t := range row {
			costs.add(b.Actions[to].minus(a.Actions[from]), t)
		}
	}
	calls.count(-a.Calls[1], s.Called[1][0])
	calls.count(b.Calls[1], s.Called[0][1])
	calls.count(b.Calls[1]-a.Calls[1], s.Called[1][1])
	return costs, calls
}
