package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// imputation returns what a result comes to if undecided records fare as those of their band, or false where nobody asked.
func (s screen) imputation(r replay.Result) (calibrate.Imputation, bool) {
	if r.Bands == nil {
		return calibrate.Imputation{}, false
	}
	return calibrate.Impute(r.Policy, r.Counts, r.Bands, calibrate.Days(s.account.Period)), true
}

// assumed is the table of what measures are assumed to be, beside what they may be; nothing where nobody asked.
func (s screen) assumed(results ...replay.Result) []Block {
	t := &Table{Caption: "Assumed (impute band): no measurement", Columns: []Column{{Name: "policy"}, {Name: "measure"}, {Name: "range", Head: "what is certain", Align: Right},
		{Name: "assumed", Align: Right}}}
	var notes, empty []string
	for _, r := range results {
		imputed, asked := s.imputation(r)
		if !asked {
			continue
		}
		if imputed.Assigned == 0 && imputed.Left > 0 {
			empty = append(empty, fmt.Sprintf("%s: nothing can be assumed of its %s undecided records, because no record of their band and label was asked.", r.Policy.Name, thousands(imputed.Left)))
			continue
		}
		name := r.Policy.Name
		measured := s.setting(r).Measures(r.Policy, r.Counts)
		for _, line := range keyMeasures {
			m, found := calibrate.Find(measured, line.name)
			a, assumed := findAssumed(imputed, line.name)
			if !found || !assumed || s.idle(m) || !m.Bounded() {
				continue
			}
			t.Rows = append(t.Rows, []Cell{textCell(name), textCell(line.words), textCell(extentText(m)), {a.Value(), assumedText(m, a)}})
			name = ""
		}
		notes = append(notes, fmt.Sprintf("%s: undecided records that are taken to fare so: %s; left undecided, as their band has no answer for their label: %s.",
			r.Policy.Name, thousands(imputed.Assigned), thousands(imputed.Left)))
	}
	switch {
	case notes == nil && empty == nil:
		return nil
	case notes == nil:
		return []Block{Paragraph(strings.Join(empty, " "))}
	case len(t.Rows) == 0:
		return []Block{Paragraph("Nothing is assumed: undecided records leave no measure open.")}
	}
	t.Footnotes = append([]string{fmt.Sprintf("An assumption: undecided records are taken to fare as those of the same first cluster, the same %d scores and the same label that were asked, as if the history had "+
		"asked by chance there. Nothing here is certain but the range, and no gate, calibration or certificate looks at it.", replay.ImputeWidth)}, notes...)
	t.Footnotes = append(t.Footnotes, empty...)
	return []Block{t}
}

func findAssumed(i calibrate.Imputation, name string) (calibrate.Assumed, bool) {
	for _, a := range i.Measures {
		if a.Name == name {
			return a, true
		}
	}
	return calibrate.Assumed{}, false
}

// assumedText prints an assumed value in the way of its measure.
func assumedText(m calibrate.Measure, a calibrate.Assumed) string {
	end := func(v calibrate.Number) string {
		m := m
		m.Value, m.Numerator, m.Denominator, m.Least, m.Most, m.Method = v, 1, 0, calibrate.Undefined(), calibrate.Undefined(), calibrate.MethodNone
		text, _ := measureText(m)
		return text
	}
	if end(a.Least) == end(a.Most) { // a range of nothing that is printed
		return "≈ " + end(a.Least)
	}
	m.Least, m.Most = a.Least, a.Most
	return "≈ " + extentText(m)
}

// An assumedJSON is the part of a result's JSON that --impute adds.
type assumedJSON struct {
	Method     string               `json:"method"`
	Assumption string               `json:"assumption"`
	Width      int                  `json:"band_width"`
	Assigned   int64                `json:"assigned"`       // undecided records that were given the actions of others
	Left       int64                `json:"left_undecided"` // those of whose label their band has no answer
	Measures   []assumedMeasureJSON `json:"measures"`
}

// An assumedMeasureJSON has a null value where the records left undecided leave it open, from least to most.
type assumedMeasureJSON struct {
	Name  string           `json:"name"`
	Value calibrate.Number `json:"assumed_value"`
	Least calibrate.Number `json:"assumed_least"`
	Most  calibrate.Number `json:"assumed_most"`
}

const assumptionWords = "within a band the history asked by chance"

func (s screen) assumedData(r replay.Result) *assumedJSON {
	i, asked := s.imputation(r)
	if !asked {
		return nil
	}
	out := &assumedJSON{calibrate.MethodImputeBand, assumptionWords, replay.ImputeWidth, i.Assigned, i.Left, []assumedMeasureJSON{}}
	for _, a := range i.Measures {
		out.Measures = append(out.Measures, assumedMeasureJSON{a.Name, a.Value(), a.Least, a.Most})
	}
	return out
}

// tidyAssumed appends a line of the table assumed for each measure.
func (s screen) tidyAssumed(t *Table, lead []any, r replay.Result) {
	i, _ := s.imputation(r)
	for _, a := range i.Measures {
		t.line(lead, "assumed", a.Name, nil, nil, nil, nil, nil, nil, nil, nil, a.Value(), nil, nil, nil, calibrate.MethodImputeBand, a.Least, a.Most)
	}
}

// tidyAssumedSides appends a line of the table assumed for each measure of champion and challenger.
func (s contest) tidyAssumedSides(t *Table, lead []any, v Versus) {
	champion, _ := s.imputation(s.results[0])
	challenger, _ := s.imputation(v.Result)
	for _, d := range challenger.Measures {
		line := append([]any{"assumed", d.Name, nil}, make([]any, len(tidyTallies))...)
		a, found := findAssumed(champion, d.Name)
		if !found {
			a.Least, a.Most = calibrate.Undefined(), calibrate.Undefined()
		}
		line = append(line, nil, nil, a.Value(), nil, nil, d.Value(), nil, nil, nil, nil, nil, nil, calibrate.MethodImputeBand)
		t.line(lead, append(line, a.Least, a.Most, d.Least, d.Most)...)
	}
}
