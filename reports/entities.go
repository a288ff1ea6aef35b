package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// dependence returns how the records fall to entities, nil where nobody asked.
func (s screen) dependence() *replay.Dependence {
	if len(s.results) == 0 {
		return nil
	}
	return s.results[0].Dependence
}

// entityText says how many entities there are, and what that does to an interval.
func (s screen) entityText() string {
	d := s.dependence()
	text := fmt.Sprintf("Intervals: Korn-Graubard, %s: records of one %s depend on each other. %s records have %s different ones, at most %s the same",
		confidenceText(s.confidence), d.Field, thousands(s.records()-d.Nobody), thousands(d.Known), thousands(d.Largest))
	if d.Nobody > 0 {
		text += fmt.Sprintf("; %s without one count each for itself", thousands(d.Nobody))
	}
	for _, r := range s.results {
		if size := effective(r); size.Defined() && len(s.results) == 1 {
			text += fmt.Sprintf(". Fraud among approved is as sure as from %s independent records of %s",
				thousands(min(int64(size), r.Approved().Labeled())), thousands(r.Approved().Labeled()))
		}
	}
	return text + ". By value and of costs none is claimed."
}

// effective returns the number of independent records that would make the fraud rate among approved as sure as it is, rounded
// down.
func effective(r replay.Result) calibrate.Number {
	if r.Dependence == nil {
		return calibrate.Undefined()
	}
	return calibrate.FraudEntities(r.Dependence).Effective()
}

// entitiesJSON says how records fall to entities.
type entitiesJSON struct {
	Field    string `json:"field"`
	Entities int64  `json:"entities"`
	Largest  int64  `json:"largest"` // records
	Without  int64  `json:"without"` // records
	// Effective is the number of independent records that would make the fraud rate as sure as it is, DesignEffect how many
	// times as large that makes its variance.
	Effective    calibrate.Number `json:"effective"`
	DesignEffect calibrate.Number `json:"design_effect"`
}

func newEntities(r replay.Result) *entitiesJSON {
	d := r.Dependence
	if d == nil {
		return nil
	}
	e := calibrate.FraudEntities(d)
	return &entitiesJSON{d.Field, d.Known, d.Largest, d.Nobody, e.Effective(), e.DesignEffect()}
}

// tidyEntities adds the same as lines of the table entities.
func tidyEntities(t *Table, lead []any, r replay.Result) {
	e := newEntities(r)
	if e == nil {
		return
	}
	add := func(name string, n int64) { t.line(lead, "entities", name, n) }
	add("entities", e.Entities)
	add("largest", e.Largest)
	add("without", e.Without)
	for _, v := range []struct {
		name  string
		value calibrate.Number
	}{{"effective", e.Effective}, {"design_effect", e.DesignEffect}} {
		t.line(lead, "entities", v.name, nil, nil, nil, nil, nil, nil, nil, nil, v.value)
	}
}

// rate is a share of records of which nothing is known but their number: without an interval where records depend on each other.
func (s screen) rate(name string, k, n int64) calibrate.Measure {
	m := calibrate.Rate(name, k, n, s.confidence)
	if s.dependence() != nil {
		m = m.Bare()
	}
	return m
}

// plainRate is the fraud rate of such records.
func (s screen) plainRate(t replay.Tally) calibrate.Measure {
	return s.rate("fraud_rate", t.Records[dataset.Fraud], t.Labeled())
}
