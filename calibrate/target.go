package calibrate

import (
	"fmt"
	"math"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A target is a limit made ready to be searched, counted and tested: a ratio of two forms that is to be at most alpha. A
// limit from below is one on the rest from above.
type target struct {
	replay.Limit
	num, den Form
	// bound is alpha as an exact fraction.
	bound replay.Decimal
	// share is set where num counts a part of the records that den counts, so that the limit can be certified.
	share bool
	// worst has, for each label, the action of an undecided record that hurts most, by its records or by its amount.
	worst [dataset.NumLabels]dataset.Action
	// hidden is, for each action, the outcome of a record without a label that hurts most, by its records or by its amount;
	// Unlabeled where no outcome hurts, and of costs, which count what is known alone.
	hidden [dataset.NumActions]dataset.Label
}

// newTarget prepares a limit for policies that ask what p asks; days is the length of the window, for limits by day. It reports
// a measure that cannot be limited, one that lacks prices, and a bound that leaves nothing to certify.
func newTarget(l replay.Limit, p *replay.Policy, e *replay.Economics, days int64) (target, error) {
	t := target{Limit: l, bound: l.Bound}
	var found bool
	if IsFinal(l.Measure) {
		if t.num, t.den, found = finalForms(l, e); !found {
			return t, lacksTreatments("limit " + l.String())
		}
		if l.Bound.Den > maxWorth/basisPoints {
			return t, fmt.Errorf("limit %s: too fine to be held against parts of records: want fewer digits", l)
		}
	} else if t.num, t.den, t.share, found = ratioForms(l.Measure, p, e, days); !found {
		return t, fmt.Errorf("limit %s: no limit on %q: want one on %s", l, l.Measure, strings.Join(limitable(p), ", "))
	}
	if l.Measure == costPerRecord && e == nil {
		return t, fmt.Errorf("limit %s needs prices: want an economics file", l)
	}
	if l.Measure == costPerRecord {
		t.bound.Num *= int64(replay.MoneyPerMajor)
	}
	if t.share && (l.Bound.Num <= 0 && !l.AtLeast || l.Bound.Num >= l.Bound.Den && l.AtLeast) {
		return t, fmt.Errorf("limit %s can never be certified: want a bound that leaves room for chance", l)
	}
	if l.AtLeast && t.share {
		t.num, t.bound.Num = t.den.minus(t.num), t.bound.Den-t.bound.Num
	} else if l.AtLeast {
		t.num, t.bound.Num = t.num.negative(), -t.bound.Num
	}
	t.fear()
	return t, nil
}

// fear finds what hurts most where history says nothing: the action of an undecided record, the outcome of an unlabeled one.
func (t *target) fear() {
	harm := t.harm()
	for i := range t.worst {
		y := dataset.Label(i)
		t.worst[y] = dataset.Actions[0]
		for _, a := range dataset.Actions {
			if harm(a, y) > harm(t.worst[y], y) {
				t.worst[y] = a
			}
		}
	}
	if t.Measure == costPerRecord {
		return
	}
	for i := range t.hidden {
		of := func(y dataset.Label) int64 {
			if a := dataset.Action(i); a != replay.Undecided {
				return harm(a, y)
			}
			return harm(t.worst[y], y)
		}
		for _, y := range []dataset.Label{dataset.Legit, dataset.Fraud} {
			if of(y) > of(t.hidden[i]) {
				t.hidden[i] = y
			}
		}
	}
}

// harm returns what a record of an action and a label, or a minor unit of its amount, adds to the excess.
func (t *target) harm() func(dataset.Action, dataset.Label) int64 {
	excess := t.excess()
	if t.byValue() {
		return func(a dataset.Action, y dataset.Label) int64 { return excess.Actions[a].Amount[y] }
	}
	return func(a dataset.Action, y dataset.Label) int64 { return excess.Actions[a].Records[y] }
}

// byValue reports whether the ratio is one of amounts.
func (t *target) byValue() bool {
	return strings.HasSuffix(t.Measure, "_value") || t.Measure == "fraud_bps" || t.Measure == costPerRecord
}

// ratioForms returns a measure as a ratio of two forms; share reports whether the first counts part of the second's records.
// The coverage of one action is for a gate alone, where it stands beside a fraud rate; here missing labels count by themselves.
func ratioForms(name string, p *replay.Policy, e *replay.Economics, days int64) (num, den Form, share, found bool) {
	q, known := define(name, days)
	everyone := region{all, whoever}.form(false)
	switch {
	case name == costPerRecord && e != nil:
		return CostForm(e, p), everyone, false, true
	case name == costPerRecord:
		return num, den, false, true
	case !known || strings.HasPrefix(name, labelCoveragePrefix) && !q.byValue || q.product != "" && q.product != p.Second:
		return num, den, false, false
	case q.product != "":
		return Form{Calls: [2]int64{0, 1}}, everyone, true, true
	case q.unit == PerDay:
		return q.num.form(false), Form{Constant: max(q.days, 1)}, false, true
	}
	num, den = q.num.form(q.byValue), q.den.form(q.byValue)
	if q.unit == BPS {
		num = num.scaled(10_000)
	}
	return num, den, q.unit == Share && !q.byValue, true
}

// limitable lists the measures that can be limited.
func limitable(p *replay.Policy) []string {
	var out []string
	for _, d := range definitions {
		out = append(out, d.name)
	}
	if p.Second != "" {
		out = append(out, callRatePrefix+p.Second)
	}
	return append(out, reviewPerDay, costPerRecord, finalApprovalRate, finalFraudRate, "fraud_bps, or one by value, such as fraud_rate_value")
}

// excess is above 0 where the limit is broken, 0 or less where it is kept: num x Den - den x Num.
func (t *target) excess() Form { return t.num.scaled(t.bound.Den).minus(t.den.scaled(t.bound.Num)) }

// alpha is the bound as a float.
func (t *target) alpha() float64 { return t.bound.Float() }

// count returns the two counts of the ratio, undecided records taken as they hurt most.
func (t *target) count(c replay.Counts) (k, n int64) {
	c = t.settle(c)
	return t.num.Of(c), t.den.Of(c)
}

// settle gives every undecided record the action that hurts the limit most, of all that there are. Searches go by it: it is
// never milder than withhold, which knows the policy.
func (t *target) settle(c replay.Counts) replay.Counts {
	open := c.Actions[replay.Undecided]
	if open.N() == 0 || !t.settles() {
		return c
	}
	c.Actions[replay.Undecided] = replay.Tally{}
	for label, a := range t.worst {
		c.Actions[a].Records[label] += open.Records[label]
		c.Actions[a].Amount[label] += open.Amount[label]
	}
	return c
}

// settles reports whether undecided records are taken as they hurt most: for all limits but one on how many there are.
func (t *target) settles() bool { return !strings.HasPrefix(t.Measure, "undecided_rate") }

// withhold gives as many records without a label as are withheld the outcome that hurts the limit most, each of the mean amount
// of those of its action, and returns how many it hurts with. Where it is known what may become of undecided records, it gives
// them the action that hurts most as well.
func (t *target) withhold(c replay.Counts, w withholding) (with replay.Counts, n int64) {
	if !w.open.of(c) {
		w.open = nil
	}
	for a, y := range t.hidden {
		if y == dataset.Unlabeled || w.open != nil && a == int(replay.Undecided) {
			continue
		}
		n += relabel(&c.Actions[a], y, w.labels[a])
	}
	if w.open == nil || !t.settles() {
		return c, n
	}
	open, taken := t.withholdOpen(w)
	b := bounder{c, &open, w.open.actions}
	b.decided.Actions[replay.Undecided] = replay.Tally{}
	return t.decide(&b, true), n + taken
}

// relabel gives so many of the records without a label the label y, as far as there are as many.
func relabel(of *replay.Tally, y dataset.Label, take int64) int64 {
	blind, paid := of.Records[dataset.Unlabeled], of.Amount[dataset.Unlabeled]
	if take = min(take, blind); take <= 0 {
		return 0
	}
	if take < blind {
		paid = int64(float64(paid) * (float64(take) / float64(blind)))
	}
	of.Records[dataset.Unlabeled], of.Records[y] = blind-take, of.Records[y]+take
	of.Amount[dataset.Unlabeled], of.Amount[y] = of.Amount[dataset.Unlabeled]-paid, of.Amount[y]+paid
	return take
}

// met reports whether the counts keep the limit; a ratio of nothing does not.
func (t *target) met(c replay.Counts) bool {
	k, n := t.count(c)
	l := Limit{Num: t.bound.Num, Den: t.bound.Den}
	return l.met(k, n)
}

// logP returns the logarithm of the p-value that the limit is broken, and 0 for one that is not a share.
func (t *target) logP(c replay.Counts, design float64) float64 {
	k, n := t.count(c)
	k, n = shrunk(k, n, design, math.Ceil)
	return LogPValue(k, n, t.alpha())
}
