package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
)

// The types of this file are the JSON contract of curve; as in replay's, the inputs are not in it.

type curveJSON struct {
	SchemaVersion int           `json:"schema_version"`
	Policy        string        `json:"policy"`
	Cutoffs       []string      `json:"cutoffs"`
	Read          int64         `json:"read"`
	Records       int64         `json:"records"`
	Rejected      int64         `json:"rejected"`
	Period        *periodJSON   `json:"period"`             // days, null where no record has a time
	Maturity      *maturityJSON `json:"maturity,omitempty"` // left out where labels were taken as they are
	// Frontier is true for a pair of cutoffs: the points are then the efficient ones of all that were tried.
	Frontier bool  `json:"frontier"`
	Tried    int64 `json:"tried"`
	// FraudRateBand and ApprovalBand say what low and high of these two measures are; the latter is null where there is none.
	FraudRateBand curveBandJSON       `json:"fraud_rate_band"`
	ApprovalBand  *curveBandJSON      `json:"approval_rate_band"`
	Points        []pointJSON         `json:"points"`
	Marks         []markJSON          `json:"marks"`
	Warnings      []calibrate.Warning `json:"warnings"`
	Issues        []issueJSON         `json:"issues"`
}

// A curveBandJSON is the method of intervals, and over how many points they hold at once: 1 for each alone, null for any number.
type curveBandJSON struct {
	Method     string           `json:"method"`
	Confidence calibrate.Number `json:"confidence"`
	Points     *int64           `json:"points"`
}

type pointJSON struct {
	Cutoffs  object `json:"cutoffs"`
	Measures object `json:"measures"` // by name
}

type markJSON struct {
	Policy   string `json:"policy"`
	Cutoffs  object `json:"cutoffs"` // empty for another policy than the curve's
	Measures object `json:"measures"`
}

type pointMeasureJSON struct {
	Numerator   any              `json:"numerator"`
	Denominator any              `json:"denominator"`
	Value       calibrate.Number `json:"value"`
	Low         calibrate.Number `json:"low"`
	High        calibrate.Number `json:"high"`
	// Least and Most are what undecided records leave open; they are left out where they leave nothing open.
	Least *calibrate.Number `json:"least,omitempty"`
	Most  *calibrate.Number `json:"most,omitempty"`
}

// data returns the contract's value.
func (s sweepScreen) data() curveJSON {
	out := curveJSON{
		SchemaVersion: schemaVersion, Policy: s.Policy.Name, Cutoffs: []string{}, Read: s.account.Read, Records: s.records(), Rejected: s.account.Rejected,
		Period: newPeriod(s.account.Period), Maturity: newMaturity(s.account), Frontier: len(s.Cutoffs) == 2, Tried: s.Tried,
		FraudRateBand: curveBandJSON{s.bandMethod(), calibrate.Number(s.Confidence), s.bandPoints()},
		Points:        make([]pointJSON, 0, len(s.Points)), Marks: make([]markJSON, 0, len(s.Marks)),
		Warnings: append([]calibrate.Warning{}, s.Warnings()...), Issues: issuesJSON(s.account.Issues),
	}
	if s.Nested {
		out.ApprovalBand = &curveBandJSON{Method: calibrate.MethodDKW, Confidence: calibrate.Number(s.Confidence)}
	}
	for _, c := range s.Cutoffs {
		out.Cutoffs = append(out.Cutoffs, c.String())
	}
	for _, p := range s.points {
		out.Points = append(out.Points, pointJSON{s.atJSON(p.at), p.measuresJSON()})
	}
	for _, m := range s.marks {
		out.Marks = append(out.Marks, markJSON{m.policy.Name, s.atJSON(m.at), m.measuresJSON()})
	}
	return out
}

func (s sweepScreen) bandMethod() string {
	if s.Simultaneous {
		return calibrate.MethodBonferroni
	}
	return calibrate.MethodWilson
}

func (s sweepScreen) bandPoints() *int64 {
	n := int64(1)
	if s.Simultaneous {
		n = s.Family()
	}
	return &n
}

func (s sweepScreen) atJSON(at []int) object {
	var o object
	for i, v := range at {
		o = append(o, member{s.Cutoffs[i].String(), v})
	}
	return o
}

// measuresJSON lists the measures that the policy has, whether a screen has room for them or not.
func (x spot) measuresJSON() (o object) {
	for _, line := range curveMeasures {
		m, found := line.find(x.policy, x.measures)
		if !found {
			continue
		}
		num, den := parts(m)
		out := pointMeasureJSON{Numerator: num, Denominator: den, Value: m.Value, Low: calibrate.Undefined(), High: calibrate.Undefined()}
		switch m.Name {
		case "fraud_rate":
			out.Low, out.High = x.fraud.Low, x.fraud.High
		case "approval_rate":
			out.Low, out.High = x.approval.Low, x.approval.High
		}
		if m.Bounded() {
			out.Least, out.Most = &m.Least, &m.Most
		}
		o = append(o, member{m.Name, out})
	}
	return o
}

// tidy has one line for each point and each mark: the window, the counts behind the two rates, and every measure.
func (s sweepScreen) tidy() *Table {
	t := &Table{}
	for _, name := range []string{"kind", "policy", "first_day", "last_day"} {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	for _, c := range s.Cutoffs {
		t.Columns = append(t.Columns, Column{Name: c.String()})
	}
	for _, name := range []string{"records", "approved", "approved_labeled", "approved_fraud", "approval_rate", "approval_low", "approval_high",
		"fraud_rate", "fraud_low", "fraud_high", "band_method", "band_confidence"} {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	for _, line := range curveMeasures[2:] {
		t.Columns = append(t.Columns, Column{Name: line.name})
	}
	for _, name := range []string{"approval_least", "approval_most", "fraud_least", "fraud_most"} { // empty where nothing is undecided
		t.Columns = append(t.Columns, Column{Name: name})
	}
	for _, p := range s.points {
		t.line(s.lead("point", p), s.values(p)...)
	}
	for _, m := range s.marks {
		t.line(s.lead("mark", m), s.values(m)...)
	}
	return t
}

func (s sweepScreen) lead(kind string, x spot) []any {
	out := []any{kind, x.policy.Name, nil, nil}
	if s.account.Period != nil {
		out[2], out[3] = s.account.Period.Days()
	}
	for _, c := range s.atCells(x.at) {
		out = append(out, c.Value)
	}
	return out
}

func (s sweepScreen) values(x spot) []any {
	approved, rate := x.measure("approval_rate"), x.measure("fraud_rate")
	out := []any{approved.Denominator, approved.Numerator, rate.Denominator, rate.Numerator, approved.Value, x.approval.Low, x.approval.High,
		rate.Value, x.fraud.Low, x.fraud.High, s.bandMethod(), calibrate.Number(s.Confidence)}
	for _, line := range curveMeasures[2:] {
		if m, found := line.find(x.policy, x.measures); found {
			out = append(out, m.Value)
		} else {
			out = append(out, nil)
		}
	}
	return append(out, approved.Least, approved.Most, rate.Least, rate.Most)
}
