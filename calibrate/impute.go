package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// MethodImputeBand is the method of an Assumed value.
const MethodImputeBand = "impute_band"

// An Imputation is what measures come to if undecided records would fare as those of their band that were asked. It is no
// measurement and has no interval: it takes for granted that within a band the history asked by chance.
type Imputation struct {
	// Assigned counts the undecided records that were given the actions of others, Left those of whose label their band has no
	// answered record: these stay undecided.
	Assigned, Left int64
	Measures       []Assumed
}

// An Assumed measure is in its Unit. Least and Most are equal unless records are Left, which it then ranges over. Both are within
// those of the Measure of the same name, which no assumption narrows.
type Assumed struct {
	Name, Unit  string
	Least, Most Number
}

// Value returns what is assumed, undefined where it is a range.
func (a Assumed) Value() Number {
	if a.Least != a.Most {
		return Undefined()
	}
	return a.Least
}

// Impute gives the undecided records of each band and label to the actions of the answered ones, in proportion: the expected
// counts where one of these is drawn for each. bands are those of the policy's undecided records, as Cube.ImputeBands returns
// them. Measures of costs and of single days are left out, and so are those that no action moves.
func Impute(p *replay.Policy, c replay.Counts, bands []replay.ImputeBand, days int64) Imputation {
	out, e := Imputation{}, newExpectation(p, c)
	for i := range bands {
		assigned, left := e.share(&bands[i])
		out.Assigned, out.Left = out.Assigned+assigned, out.Left+left
	}
	for _, d := range definitions {
		if d.name == "undecided_rate" || d.num.actions == all {
			continue
		}
		out.add(d.name, d.unit, 1, e.records(d))
		value := e.values(d)
		out.add(d.name+valueSuffix, d.unit, 1, value)
		if d.name == "fraud_rate" {
			out.add("fraud_bps", BPS, 10_000, value)
		}
	}
	if days > 0 {
		perDay := e.records(definition{num: region{reviewed, whoever}, den: region{all, whoever}})
		for i := range perDay {
			perDay[i] *= Number(float64(c.Total().N()) / float64(days))
		}
		out.add(reviewPerDay, PerDay, 1, perDay)
	}
	return out
}

func (a *Imputation) add(name, unit string, scale Number, ends [2]Number) {
	if ends[0].Defined() && ends[1].Defined() {
		a.Measures = append(a.Measures, Assumed{name, unit, scale * ends[0], scale * ends[1]})
	}
}

// An expectation holds counts that need not be whole, and what is left open.
type expectation struct {
	counts, amounts [dataset.NumActions][dataset.NumLabels]float64
	left            replay.Open
	actions         [replay.NumRows]uint8
}

func newExpectation(p *replay.Policy, c replay.Counts) *expectation {
	e := &expectation{}
	for _, a := range dataset.Actions {
		for l := range dataset.NumLabels {
			e.counts[a][l], e.amounts[a][l] = float64(c.Actions[a].Records[l]), float64(c.Actions[a].Amount[l])
		}
	}
	for row := range e.actions {
		e.actions[row] = p.Possible(dataset.Cluster(row))
	}
	return e
}

// share gives the open records of a band to the actions of its answered ones, label by label.
func (e *expectation) share(b *replay.ImputeBand) (assigned, left int64) {
	for l := range dataset.NumLabels {
		n, amount := b.Open.Records[l], b.Open.Amount[l]
		var answered int64
		for _, t := range b.Answered {
			answered += t.Records[l]
		}
		if answered == 0 {
			left += n
			e.left[b.First].Records[l] += n
			e.left[b.First].Amount[l] += amount
			continue
		}
		assigned += n
		for a, t := range b.Answered {
			part := float64(t.Records[l]) / float64(answered)
			e.counts[a][l] += part * float64(n)
			e.amounts[a][l] += part * float64(amount)
		}
	}
	return assigned, left
}

func (e *expectation) records(d definition) [2]Number {
	return e.ends(d, &e.counts, func(t replay.Tally, l int) int64 { return t.Records[l] })
}

func (e *expectation) values(d definition) [2]Number {
	return e.ends(d, &e.amounts, func(t replay.Tally, l int) int64 { return t.Amount[l] })
}

// ends divides at both ends of what is left open, as bounder.ratio does.
func (e *expectation) ends(d definition, of *[dataset.NumActions][dataset.NumLabels]float64, part func(replay.Tally, int) int64) (out [2]Number) {
	sum := func(r region) (sum float64) {
		for a := range of {
			for l, v := range of[a] {
				if r.holds(dataset.Action(a), dataset.Label(l)) {
					sum += v
				}
			}
		}
		return sum
	}
	num, den := sum(d.num), sum(d.den)
	b := bounder{open: &e.left, actions: e.actions}
	for i, most := range []bool{false, true} {
		c := b.decide(most, d.worth)
		out[i] = Undefined()
		if n := den + float64(d.den.sum(c, part)); n > 0 {
			out[i] = Number((num + float64(d.num.sum(c, part))) / n)
		}
	}
	return out
}
