package calibrate

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// decide gives every undecided record the action, of those that the policy may take in its row, that hurts the limit most, or
// with worst false least. A cost depends on records and amounts at once, see bounder.form; every other limit on one of them.
func (t *target) decide(b *bounder, worst bool) replay.Counts {
	if t.Measure == costPerRecord { // of which the denominator is known
		return b.most(t.num, worst)
	}
	harm := t.harm()
	return b.decide(worst, func(a dataset.Action, l dataset.Label) int { return int(harm(a, l)) })
}

// withholdOpen supplies the withheld labels of undecided records. It is not known which of these lack them, so they are those
// that hurt most with a label: rows of the matrix differ in what may become of a record.
func (t *target) withholdOpen(w withholding) (open replay.Open, taken int64) {
	open = *w.open.open
	left := w.labels[replay.Undecided]
	if left == 0 || t.Measure == costPerRecord { // which counts what is known alone
		return open, 0
	}
	type row struct {
		at    int
		label dataset.Label
		cost  int64
	}
	var rows []row
	for at := range open {
		blind := t.worstIn(w.open.actions[at], dataset.Unlabeled)
		r := row{at: at}
		for _, y := range []dataset.Label{dataset.Legit, dataset.Fraud} {
			if cost := t.worstIn(w.open.actions[at], y) - blind; cost > r.cost {
				r.label, r.cost = y, cost
			}
		}
		if r.cost > 0 {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.cost, a.cost) })
	for _, r := range rows {
		n := relabel(&open[r.at], r.label, left)
		left, taken = left-n, taken+n
	}
	return open, taken
}

// worstIn returns the most that a record of a label can hurt under one of some actions, given as bits.
func (t *target) worstIn(actions uint8, y dataset.Label) int64 {
	harm := t.harm()
	_, worst := extremesOf(actions, func(a dataset.Action) int64 { return harm(a, y) })
	return worst
}

// spare is withhold with the undecided records taken as they hurt the limit least, their labels as they are. depends counts
// those whose action makes a difference to the limit.
func (t *target) spare(c replay.Counts, w withholding) (mild replay.Counts, depends int64) {
	if w.open == nil || !w.open.of(c) || !t.settles() {
		mild, _ = t.withhold(c, w)
		return mild, 0
	}
	blind := *w.open
	blind.open = &replay.Open{}
	c.Actions[replay.Undecided] = replay.Tally{}
	decided, _ := t.withhold(c, withholding{w.labels, &blind})
	b := bounder{decided, w.open.open, w.open.actions}
	mild = t.decide(&b, false)
	f := t.excess()
	if t.Measure == costPerRecord {
		f = t.num // of which every record is in the denominator
	}
	for row := range b.open {
		for l, n := range b.open[row].Records {
			few, many := extremesOf(b.actions[row], func(a dataset.Action) int64 { return f.Actions[a].Records[l] })
			low, high := extremesOf(b.actions[row], func(a dataset.Action) int64 { return f.Actions[a].Amount[l] })
			if few != many || low != high {
				depends += n
			}
		}
	}
	return mild, depends
}

// extremesOf returns the least and the most of some actions, given as bits.
func extremesOf(actions uint8, worth func(dataset.Action) int64) (low, high int64) {
	found := false
	for _, a := range dataset.Actions {
		if actions>>a&1 == 0 {
			continue
		}
		v := worth(a)
		if !found {
			low, high, found = v, v, true
		}
		low, high = min(low, v), max(high, v)
	}
	return low, high
}
