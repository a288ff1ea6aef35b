package calibrate

import (
	"cmp"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A bounder finds what a measure may be, whatever the second product would have said of the undecided records (STATISTICS.md,
// section 4). Of each first cluster and label it knows how many they are and which actions they may get, and gives all of
// them the one that moves the measure furthest: nothing is assumed of scores that nobody asked for.
type bounder struct {
	decided replay.Counts // without the undecided
	open    *replay.Open
	actions [replay.NumRows]uint8 // possible, as bits
}

// newBounder returns nil where nothing is undecided.
func newBounder(p *replay.Policy, c replay.Counts, open *replay.Open) *bounder {
	if open == nil || open.N() == 0 {
		return nil
	}
	b := &bounder{decided: c, open: open}
	b.decided.Actions[replay.Undecided] = replay.Tally{}
	for row := range b.actions {
		b.actions[row] = p.Possible(dataset.Cluster(row))
	}
	return b
}

// of reports whether the open records are the undecided ones of some counts.
func (b *bounder) of(c replay.Counts) bool {
	if b == nil {
		return false
	}
	var t replay.Tally
	for row := range b.open {
		t = t.Add(b.open[row])
	}
	return t.Records == c.Actions[replay.Undecided].Records
}

// decide returns the counts in which the records of each first cluster and label got the possible action of the least
// worth, or with most of the largest; of equal ones the mildest.
func (b *bounder) decide(most bool, worth func(a dataset.Action, l dataset.Label) int) replay.Counts {
	out := b.decided
	for row := range b.open {
		t := &b.open[row]
		for label := range dataset.Label(dataset.NumLabels) {
			if t.Records[label] == 0 {
				continue
			}
			found := extreme(b.actions[row], label, most, worth)
			out.Actions[found].Records[label] += t.Records[label]
			out.Actions[found].Amount[label] += t.Amount[label]
		}
	}
	return out
}

// extreme returns the action of a set, given as bits, of the least worth, or with most of the largest; of equal ones the mildest.
func extreme(actions uint8, l dataset.Label, most bool, worth func(dataset.Action, dataset.Label) int) dataset.Action {
	best, found := math.MaxInt, dataset.NoAction
	for _, a := range dataset.Actions {
		v := worth(a, l)
		if most {
			v = -v
		}
		if actions>>a&1 != 0 && v < best {
			best, found = v, a
		}
	}
	return found
}

// worth says what an action does to the ratio: of a share, one that counts in both pulls it up and one that counts below alone
// pulls it down, because a share is within 0..1; of odds, one that counts above alone pulls up.
func (d definition) worth(a dataset.Action, l dataset.Label) int {
	switch above, below := d.num.holds(a, l), d.den.holds(a, l); {
	case above:
		return 1
	case below:
		return -1
	}
	return 0
}

// ratio bounds a ratio of two regions.
func (b *bounder) ratio(d definition, of func(replay.Tally, int) int64) (least, most Ratio) {
	at := func(most bool) Ratio {
		c := b.decide(most, d.worth)
		return Ratio{d.num.sum(c, of), d.den.sum(c, of)}
	}
	least, most = at(false), at(true)
	if d.unit != Odds { // where one way to decide leaves nothing to divide, every other divides records of one label alone
		least, most = cmp.Or(least, most), cmp.Or(most, least)
	}
	return least, most
}

// rate bounds one of the definitions by count.
func (b *bounder) rate(name string) (least, most Ratio) {
	i := slices.IndexFunc(definitions, func(d definition) bool { return d.name == name })
	return b.ratio(definitions[i], func(t replay.Tally, l int) int64 { return t.Records[l] })
}

func (r region) holds(a dataset.Action, l dataset.Label) bool {
	return r.actions>>a&1 != 0 && r.labels>>l&1 != 0
}

// form bounds a weighted sum.
func (b *bounder) form(f Form) (least, most int64) {
	return f.Of(b.most(f, false)), f.Of(b.most(f, true))
}

// most returns the counts that make a weighted sum the largest or, with most false, the least. Where a weight is by amount, records
// of one first cluster and label may differ in the action that moves the sum furthest, and only how many they are and their
// total is known. What a record adds at its worst is a convex function of its amount, so that the sum is largest where one
// record has all of the amount and the others none; its least is concave, and least there too.
func (b *bounder) most(f Form, most bool) replay.Counts {
	out := b.decided
	for row := range b.open {
		t := &b.open[row]
		for l, n := range t.Records {
			if n == 0 {
				continue
			}
			few, rich := &out.Actions[b.best(f, row, l, 0, most)], &out.Actions[b.best(f, row, l, t.Amount[l], most)]
			few.Records[l] += n - 1
			rich.Records[l]++
			rich.Amount[l] += t.Amount[l]
		}
	}
	return out
}

// best returns the action of a record of an amount that adds the most to a form, or the least.
func (b *bounder) best(f Form, row, label int, amount int64, most bool) dataset.Action {
	worth := func(a dataset.Action, l dataset.Label) int {
		return int(f.Actions[a].Records[l] + f.Actions[a].Amount[l]*amount)
	}
	return extreme(b.actions[row], dataset.Label(label), most, worth)
}

// bound completes a measure with what it may be. What does not depend on an action is left as it is.
func (b *bounder) bound(m Measure, p *replay.Policy, s Setting) Measure {
	if m.Name == "undecided_rate" || m.Name == "undecided_rate"+valueSuffix { // which is about nothing else
		return m
	}
	for _, d := range definitions {
		switch m.Name {
		case d.name:
			return m.within(b.ratio(d, func(t replay.Tally, l int) int64 { return t.Records[l] }))
		case d.name + valueSuffix:
			return m.within(b.ratio(d, func(t replay.Tally, l int) int64 { return t.Amount[l] }))
		}
		if d.name == "fraud_rate" && m.Name == "fraud_bps" {
			return m.within(b.ratio(d, func(t replay.Tally, l int) int64 { return t.Amount[l] }))
		}
	}
	if m.Name == "review_per_day" && m.Denominator > 0 {
		least, most := b.form(region{reviewed, whoever}.form(false))
		return m.within(Ratio{least, m.Denominator}, Ratio{most, m.Denominator})
	}
	for _, f := range costForms {
		if f.name == m.Name && m.Denominator > 0 {
			least, most := b.form(f.of(s.Economics, p))
			m.Least, m.Most = perMajor(least, m.Denominator), perMajor(most, m.Denominator)
			m.Low, m.High, m.Confidence, m.Method = Undefined(), Undefined(), Undefined(), MethodNone
			if least == most {
				m.Numerator, m.Value = least, m.Least
			}
		}
	}
	return m
}

// MethodWilsonBounds is the method of an interval from the lower end of the least value's to the upper end of the most's.
const MethodWilsonBounds = "wilson_bounds"

// within sets what a measure may be, and makes its interval one that holds for each of these values.
func (m Measure) within(least, most Ratio) Measure {
	if decided := (Ratio{m.Numerator, m.Denominator}); least == decided && most == decided {
		return m // no undecided record could move it
	}
	scale := Number(1)
	if m.Unit == BPS {
		scale = 10_000
	}
	m.Least, m.Most = scale*divide(least.K, least.N), scale*divide(most.K, most.N)
	confidence := float64(m.Confidence)
	wilson := m.Method == MethodWilson
	m.Low, m.High, m.Confidence, m.Method = Undefined(), Undefined(), Undefined(), MethodNone
	if wilson && m.Unit == Share && least.N > 0 && most.N > 0 {
		low, _ := Wilson(least.K, least.N, confidence)
		_, high := Wilson(most.K, most.N, confidence)
		m.Low, m.High, m.Confidence, m.Method = Number(low), Number(high), Number(confidence), MethodWilsonBounds
	}
	if least == most { // whatever becomes of them, it is this: a fraud that cannot be approved is stopped
		m.Numerator, m.Denominator, m.Value = least.K, least.N, m.Least
		if m.Method == MethodWilsonBounds {
			m.Method = MethodWilson
		}
	}
	return m
}
