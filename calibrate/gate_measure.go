package calibrate

import (
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The two measures whose change has a paired method.
const (
	approvalRate = "approval_rate"
	fraudRate    = "fraud_rate"
)

// Prefixes of the measures of which there is one for each product, and one for each action.
const (
	callRatePrefix      = "call_rate_"
	labelCoveragePrefix = "label_coverage_"
)

// Measurables lists the measures that a limit of an acceptance can be about: those of Measures for any policy, by count and
// by value, in a fixed order.
func Measurables() []replay.Measurable {
	var out, byValue []replay.Measurable
	for _, d := range definitions {
		out = append(out, replay.Measurable{Name: d.name, Exact: d.unit == Share, Paired: d.name == approvalRate || d.name == fraudRate})
		byValue = append(byValue, replay.Measurable{Name: d.name + "_value"})
	}
	for _, p := range dataset.Products {
		out = append(out, replay.Measurable{Name: callRatePrefix + p, Exact: true})
	}
	for _, a := range dataset.Actions {
		out = append(out, replay.Measurable{Name: labelCoveragePrefix + a.String(), Exact: true})
	}
	return append(append(out, replay.Measurable{Name: "fraud_bps"}, replay.Measurable{Name: reviewPerDay}), byValue...)
}

// A gauge is what a limit reads a measure with: a ratio of two regions, the call rate of a product, or reviews by day.
type gauge struct {
	name, unit string
	num, den   region
	byValue    bool
	product    string // of a call rate, which has no regions
	days       int64  // of the window, which is what reviewPerDay is divided by
	// may is what may become of undecided records of the champion and of the challenger, as bits; 0 stands for anything.
	may [2]uint8
}

// reviewPerDay is the mean of the reviews over the days of the window.
const reviewPerDay = "review_per_day"

// define returns the definition of one of Measurables, of a window of so many days.
func define(name string, days int64) (q gauge, found bool) {
	if name == reviewPerDay {
		return gauge{name: name, unit: PerDay, num: region{reviewed, whoever}, days: days}, true
	}
	if product, found := strings.CutPrefix(name, callRatePrefix); found {
		return gauge{name: name, unit: Share, product: product}, slices.Contains(dataset.Products, product)
	}
	for _, a := range dataset.Actions {
		if name == labelCoveragePrefix+a.String() {
			of := uint8(1) << a
			return gauge{name: name, unit: Share, num: region{of, labeled}, den: region{of, whoever}}, true
		}
	}
	for _, d := range definitions {
		switch name {
		case d.name, d.name + "_value":
			return gauge{name: name, unit: d.unit, num: d.num, den: d.den, byValue: name != d.name}, true
		case "fraud_bps":
			if d.name == fraudRate {
				return gauge{name: name, unit: BPS, num: d.num, den: d.den, byValue: true}, true
			}
		}
	}
	return q, false
}

// mustDefine is define for the names of an acceptance, which were checked when it was read.
func mustDefine(name string, days int64) gauge {
	q, found := define(name, days)
	if !found {
		panic("calibrate: no measure " + name)
	}
	return q
}

// measures returns the measure of both policies of a comparison on the records of s.
func (q gauge) measures(c *replay.Comparison, s *replay.Swap, confidence float64) (champion, challenger Measure) {
	a, b := s.Counts()
	return q.measure(c.Champion, a, confidence), q.measure(c.Challenger, b, confidence)
}

func (q gauge) measure(p *replay.Policy, c replay.Counts, confidence float64) Measure {
	switch {
	case q.product != "":
		return ratio(q.name, Share, calls(p, c, q.product), c.Total().N(), confidence)
	case q.byValue:
		return byValue(q.name, q.unit, q.num, q.den, c, confidence)
	}
	records := func(t replay.Tally, l int) int64 { return t.Records[l] }
	if q.unit == PerDay {
		return plain(q.name, PerDay, q.num.sum(c, records), q.days)
	}
	return ratio(q.name, q.unit, q.num.sum(c, records), q.den.sum(c, records), confidence)
}

// calls returns the records on which a policy asks a product; one that it never asks, it asks on none.
func calls(p *replay.Policy, c replay.Counts, product string) int64 {
	switch product {
	case p.First:
		return c.Calls[0]
	case p.Second:
		return c.Calls[1]
	}
	return 0
}

// settle returns the swap table in which every undecided record got the action that moves the measure furthest up, or down,
// under each of the two policies by itself. It is what is certain of the two, whatever the undecided records would be; how
// often a product is called and how many records are undecided is certain anyway.
func (q gauge) settle(s *replay.Swap, championUp, challengerUp bool) replay.Swap {
	if q.product != "" || q.num.actions == undecided {
		return *s
	}
	out := replay.Swap{Called: s.Called}
	for a, row := range s.Actions {
		for b, t := range row {
			for l := range t.Records {
				to := &out.Actions[q.settled(dataset.Action(a), l, championUp, q.may[0])][q.settled(dataset.Action(b), l, challengerUp, q.may[1])]
				to.Records[l] += t.Records[l]
				to.Amount[l] += t.Amount[l]
			}
		}
	}
	return out
}

// settled returns the action of a record of label l, which of an undecided one is the first that moves the ratio most, of those
// that it may get, as bits; 0 stands for all.
func (q gauge) settled(a dataset.Action, l int, up bool, may uint8) dataset.Action {
	if a != replay.Undecided {
		return a
	}
	best, most := dataset.Actions[0], -1
	for _, a := range dataset.Actions {
		if r := q.pull(a, l, up); r > most && (may == 0 || may>>a&1 != 0) {
			best, most = a, r
		}
	}
	return best
}

// mayBecome returns what a policy does with the records that go by the second product's answer, as bits. A swap table does not know
// in which row of the matrix an undecided record is, so that it is what any of these rows allows.
func mayBecome(p *replay.Policy) (actions uint8) {
	if p == nil { // a swap table of its own says nothing of rows
		return 0
	}
	for row, step := range p.Gate {
		if step == replay.Next {
			if may := p.Possible(dataset.Cluster(row)); may&(may-1) != 0 { // else no answer is needed
				actions |= may
			}
		}
	}
	return actions
}

// pending returns the undecided records of the champion, 0, or of the challenger, 1, on which the measure depends: those whose label
// makes one action move it otherwise than another.
func (q gauge) pending(c replay.Counts, side int) int64 {
	if q.product != "" || q.num.actions == undecided {
		return 0
	}
	var n int64
	for l, records := range c.Actions[replay.Undecided].Records {
		end := func(up bool) int { return q.pull(q.settled(replay.Undecided, l, up, q.may[side]), l, true) }
		if end(true) != end(false) {
			n += records
		}
	}
	return n
}

// pull ranks what a record of an action and a label does to the ratio, from 0, what moves it least in the direction asked for,
// to 3. In the numerator alone it moves it up most; in both it moves a ratio up, which for these measures is at most 1; in
// the denominator alone it moves it down.
func (q gauge) pull(a dataset.Action, l int, up bool) int {
	rank := 1
	switch in := func(r region) bool { return r.actions>>a&1 != 0 && r.labels>>l&1 != 0 }; {
	case in(q.num) && !in(q.den):
		rank = 3
	case in(q.num):
		rank = 2
	case in(q.den):
		rank = 0
	}
	if up {
		return rank
	}
	return 3 - rank
}
