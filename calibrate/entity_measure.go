package calibrate

import (
	"cmp"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// EntitiesOf returns the sums of a ratio over entities as what bounds it.
func EntitiesOf(s replay.EntitySums) Entities {
	return Entities{Entities: s.Entities, Records: s.N, Frauds: s.K, SquaredRecords: s.SquaredN, SquaredFrauds: s.SquaredK, Products: s.Products}
}

// dependent replaces the intervals of shares and odds by count with those of entities whose records depend on each other. What
// has no such interval, money and what is by day, has none then: one that takes records as independent would be too narrow.
func (s Setting) dependent(list []Measure, p *replay.Policy) {
	for i := range list {
		m := &list[i]
		if m.Method == MethodNone {
			continue
		}
		least, most, found := s.entities(*m, p)
		if !found {
			*m = m.Bare()
			continue
		}
		m.around(least, most, s.Confidence)
	}
}

// around sets the interval from the lower end of one ratio's to the upper end of another's, which are the same where nothing
// is undecided.
func (m *Measure) around(least, most Entities, confidence float64) {
	low, _ := least.Interval(confidence)
	_, high := most.Interval(confidence)
	m.Low, m.High, m.Confidence, m.Method = low, high, Number(confidence), MethodKornGraubard
	if m.Numerator == 0 {
		m.Ceiling = most.UpperBound(1 - confidence)
	}
	if m.Unit == Odds {
		m.Low, m.High = low/(1-low), high/(1-high)
	}
	if !low.Defined() || !high.Defined() {
		*m = m.Bare()
	}
}

// entities returns the sums of a measure over entities: with undecided records as they move it down, and up.
func (s Setting) entities(m Measure, p *replay.Policy) (least, most Entities, found bool) {
	same := func(sums replay.EntitySums) (Entities, Entities, bool) {
		return EntitiesOf(sums), EntitiesOf(sums), true
	}
	if name, found := strings.CutPrefix(m.Name, labelCoveragePrefix); found {
		if a, known := dataset.ActionNamed(name); known {
			return same(s.Dependence.Of(chosenBy(region{1 << a, labeled}, region{1 << a, whoever}, nil)))
		}
	}
	if strings.HasPrefix(m.Name, callRatePrefix) {
		return same(s.Dependence.Asked())
	}
	for _, d := range definitions {
		if d.name != m.Name {
			continue
		}
		den := d.den
		if d.unit == Odds { // of a to b, by way of the share a of a+b
			den = region{d.num.actions | d.den.actions, d.num.labels | d.den.labels}
		}
		if !m.Least.Defined() && !m.Most.Defined() {
			return same(s.Dependence.Of(chosenBy(d.num, den, nil)))
		}
		of := func(most bool) Entities {
			return EntitiesOf(s.Dependence.Of(chosenBy(d.num, den, possible(p, d, most))))
		}
		least, most = of(false), of(true)
		if d.unit != Odds { // as bounder.ratio does where one way to decide leaves nothing to divide
			least, most = cmp.Or(least, most), cmp.Or(most, least)
		}
		return least, most, true
	}
	return Entities{}, Entities{}, false
}

// chosenBy says which records are in two regions. With become, undecided records are what it makes of them.
func chosenBy(num, den region, become func(first dataset.Cluster, l dataset.Label) dataset.Action) replay.Chosen {
	return func(a dataset.Action, first dataset.Cluster, l dataset.Label) (k, n bool) {
		if a == replay.Undecided && become != nil {
			a = become(first, l)
		}
		return num.holds(a, l), den.holds(a, l)
	}
}

// possible says what undecided records become where they move a measure furthest.
func possible(p *replay.Policy, d definition, most bool) func(dataset.Cluster, dataset.Label) dataset.Action {
	return func(first dataset.Cluster, l dataset.Label) dataset.Action {
		return extreme(p.Possible(first), l, most, d.worth)
	}
}

// FraudEntities returns the sums of the fraud rate among approved over entities.
func FraudEntities(d *replay.Dependence) Entities {
	return EntitiesOf(d.Of(chosenBy(region{approved, fraud}, region{approved, labeled}, nil)))
}

// ActionRate is the fraud rate of the records that a policy treats with one action, undecided ones included as an action.
func (s Setting) ActionRate(c replay.Counts, a dataset.Action) Measure {
	return s.rate("fraud_rate", c, region{1 << a, fraud}, region{1 << a, labeled})
}

// Pressure is the fraud rate of all records, whatever a policy does.
func (s Setting) Pressure(c replay.Counts) Measure {
	return s.rate("fraud_pressure", c, region{all, fraud}, region{all, labeled})
}

func (s Setting) rate(name string, c replay.Counts, num, den region) Measure {
	records := func(t replay.Tally, l int) int64 { return t.Records[l] }
	m := Rate(name, num.sum(c, records), den.sum(c, records), s.Confidence)
	if s.Dependence != nil && m.Method == MethodWilson {
		sums := EntitiesOf(s.Dependence.Of(chosenBy(num, den, nil)))
		m.around(sums, sums, s.Confidence)
	}
	return m
}

// Bare returns the measure without an interval.
func (m Measure) Bare() Measure {
	m.Low, m.High, m.Confidence, m.Method = Undefined(), Undefined(), Undefined(), MethodNone
	return m
}
