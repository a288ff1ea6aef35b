package reports

import (
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

// The types of this file are the JSON form of drift: names and their order are part of the contract.

type driftJSON struct {
	SchemaVersion int              `json:"schema_version"`
	Policy        string           `json:"policy"`
	Confidence    calibrate.Number `json:"confidence"`
	Baseline      driftSideJSON    `json:"baseline"`
	Period        driftSideJSON    `json:"period"`
	Outside       int64            `json:"outside"` // records in neither
	Maturity      *maturityJSON    `json:"maturity,omitempty"`
	Alarms        []alarmJSON      `json:"alarms"`
	Decisions     shiftsJSON       `json:"decisions"`
	Fraud         shiftsJSON       `json:"fraud_rates"`
	Indices       []indexJSON      `json:"stability_indices"`
	IndexTests    int              `json:"indices_tested"`
	Traits        []traitJSON      `json:"traits"`
	TraitTests    int              `json:"traits_tested"`
	Answers       shiftsJSON       `json:"answers"`
	Order         orderJSON        `json:"rank_order"`
	Issues        []issueJSON      `json:"issues"`
}

type driftSideJSON struct {
	Months    []string `json:"months"` // "" for records without a time
	Records   int64    `json:"records"`
	Labeled   int64    `json:"labeled"`
	Fraud     int64    `json:"fraud"`
	Unlabeled int64    `json:"unlabeled"`
	Amount    Amount   `json:"amount"`
	Read      *int64   `json:"read,omitempty"`     // of files of its own
	Rejected  *int64   `json:"rejected,omitempty"` // likewise
}

// shiftsJSON is a family of shares whose intervals hold together.
type shiftsJSON struct {
	Tested int         `json:"tested"`
	Method string      `json:"method"`
	List   []shiftJSON `json:"list"`
}

type shiftJSON struct {
	Kind       string           `json:"kind"`
	Product    string           `json:"product,omitempty"`
	Name       string           `json:"name"`
	Baseline   portionJSON      `json:"baseline"`
	Period     portionJSON      `json:"period"`
	Difference calibrate.Number `json:"difference"`
	Low        calibrate.Number `json:"low"`
	High       calibrate.Number `json:"high"`
	Changed    bool             `json:"changed"`
	MarkedFrom calibrate.Number `json:"marked_from"` // the least rise that would have been marked
}

type portionJSON struct {
	Numerator   int64            `json:"numerator"`
	Denominator int64            `json:"denominator"`
	Value       calibrate.Number `json:"value"`
}

type indexJSON struct {
	Of         string           `json:"of"`
	Bins       string           `json:"bins"` // deciles, bands, clusters or values
	PSI        calibrate.Number `json:"psi"`
	N          int64            `json:"n"`
	M          int64            `json:"m"`
	BinCount   int              `json:"bin_count"`
	ChanceMean calibrate.Number `json:"chance_mean"`
	Chance95   calibrate.Number `json:"chance_95"`
	P          calibrate.Number `json:"p"`
	PHolm      calibrate.Number `json:"p_holm"`
	Thumb      string           `json:"rule_of_thumb"`
	Changed    bool             `json:"changed"`
	SeenFrom   calibrate.Number `json:"seen_from"`
	Counts     []binJSON        `json:"counts"`
}

type binJSON struct {
	Bin      string `json:"bin"`
	Baseline int64  `json:"baseline"`
	Period   int64  `json:"period"`
}

type traitJSON struct {
	Kind     string           `json:"kind"`
	Field    string           `json:"field"`
	Value    string           `json:"value"`
	Baseline portionJSON      `json:"baseline"`
	Period   portionJSON      `json:"period"`
	CSI      calibrate.Number `json:"csi"`
	P        calibrate.Number `json:"p"`
	PHolm    calibrate.Number `json:"p_holm"`
	Changed  bool             `json:"changed"`
}

type orderJSON struct {
	Tested int         `json:"tested"`
	Months int         `json:"months"`
	Breaks []breakJSON `json:"breaks"`
}

type breakJSON struct {
	Product string           `json:"product"`
	Month   string           `json:"month"`
	Lower   string           `json:"lower"`
	Higher  string           `json:"higher"`
	Below   portionJSON      `json:"lower_fraud_rate"`
	Above   portionJSON      `json:"higher_fraud_rate"`
	P       calibrate.Number `json:"p"`
	PHolm   calibrate.Number `json:"p_holm"`
	Changed bool             `json:"beyond_chance"`
}

// alarmJSON is a condition that was watched; what is of a limit is left out for drift.
type alarmJSON struct {
	Condition string            `json:"condition"`
	Rings     bool              `json:"rings"`
	Kept      bool              `json:"state_kept"`
	From      string            `json:"from,omitempty"`
	Through   string            `json:"through,omitempty"`
	Days      int               `json:"days,omitempty"`
	Records   *int64            `json:"records,omitempty"`
	Frauds    *int64            `json:"frauds,omitempty"`
	P         *calibrate.Number `json:"p_anytime,omitempty"`
	Added     *alarmRunJSON     `json:"this_run,omitempty"`
}

type alarmRunJSON struct {
	Days      int    `json:"days"`
	First     string `json:"first"`
	Last      string `json:"last"`
	Records   int64  `json:"records"`
	Frauds    int64  `json:"frauds"`
	Known     int    `json:"known_days"`
	Differing int    `json:"differing_days"`
	Late      int    `json:"late_days"`
}

func driftData(d *calibrate.Drift, s DriftSource) driftJSON {
	out := driftJSON{SchemaVersion: schemaVersion, Policy: d.Period.Result.Policy.Name, Confidence: calibrate.Number(d.Confidence),
		Baseline: newDriftSide(d.Baseline), Period: newDriftSide(d.Period), Outside: s.Outside, Maturity: newMaturity(s.Account), Alarms: []alarmJSON{},
		Decisions: newShifts(d.Decisions), Fraud: newShifts(d.Outcomes), Answers: newShifts(d.Answers), Indices: []indexJSON{}, IndexTests: d.IndexTests,
		Traits: []traitJSON{}, TraitTests: d.TraitTests, Order: orderJSON{d.Order.Tested, d.Order.Months, []breakJSON{}}, Issues: []issueJSON{}}
	for _, a := range s.accounts() {
		out.Issues = append(out.Issues, issuesJSON(a.Issues)...)
	}
	out.Period.Read, out.Period.Rejected = &s.Account.Read, &s.Account.Rejected
	if s.Baseline != nil {
		out.Baseline.Read, out.Baseline.Rejected = &s.Baseline.Read, &s.Baseline.Rejected
	}
	for _, a := range s.Alarms {
		out.Alarms = append(out.Alarms, newAlarm(a))
	}
	for _, x := range indexRows(d) {
		out.Indices = append(out.Indices, newIndex(d, x))
	}
	for _, t := range d.Traits {
		out.Traits = append(out.Traits, traitJSON{t.Kind, clean(t.Field), t.Value, newPortion(t.Base), newPortion(t.Now), t.CSI, t.P, t.Adjusted, t.Changed(d.Confidence)})
	}
	for _, b := range d.Order.Breaks {
		out.Order.Breaks = append(out.Order.Breaks, breakJSON{b.Product, b.Month, b.Lower, b.Higher, newPortion(b.Below), newPortion(b.Above), b.P, b.Adjusted, b.Changed(d.Confidence)})
	}
	return out
}

func newDriftSide(s *calibrate.DriftSide) driftSideJSON {
	t := s.Total()
	return driftSideJSON{Months: append([]string{}, s.Months...), Records: t.N(), Labeled: t.Labeled(), Fraud: t.Records[dataset.Fraud],
		Unlabeled: t.Records[dataset.Unlabeled], Amount: Amount(t.Value())}
}

func newPortion(p calibrate.Portion) portionJSON { return portionJSON{p.K, p.N, p.Share()} }

func newShifts(s calibrate.Shifts) shiftsJSON {
	out := shiftsJSON{s.Tested, "bonferroni-hybrid-clopper-pearson", []shiftJSON{}}
	for _, c := range s.List {
		out.List = append(out.List, shiftJSON{c.Kind, c.Of, c.Name, newPortion(c.Base), newPortion(c.Now), c.Difference, c.Low, c.High, c.Changed(), c.Least})
	}
	return out
}

func newIndex(d *calibrate.Drift, x calibrate.ScoreIndex) indexJSON {
	out := indexJSON{x.Of, x.By, x.PSI, x.N, x.M, x.Bins, x.Mean, x.Most95, x.P, x.Adjusted, x.Colour(), indexChanged(d, x), x.Least, []binJSON{}}
	for i, name := range x.Names {
		out.Counts = append(out.Counts, binJSON{name, x.Base[i], x.Now[i]})
	}
	return out
}

func newAlarm(a DriftAlarm) alarmJSON {
	out := alarmJSON{Condition: a.Condition, Rings: a.Rings, Kept: a.Kept, From: a.From}
	if a.State == nil {
		return out
	}
	p := calibrate.Number(a.State.Watch.PValue())
	out.Through, out.Days, out.Records, out.Frauds, out.P = a.State.Through(), len(a.State.Days), &a.State.Watch.Records, &a.State.Watch.Frauds, &p
	r := a.Run
	out.Added = &alarmRunJSON{r.Added, r.First, r.Last, r.Records, r.Frauds, r.Known, r.Differing, r.Late}
	return out
}

// driftTidy has a row for everything that was looked at: decision, fraud_rate, answer, index, bin, trait and rank_order.
func driftTidy(d *calibrate.Drift) *Table {
	t := &Table{}
	for _, name := range []string{"table", "kind", "of", "name", "baseline_numerator", "baseline_denominator", "baseline_value",
		"period_numerator", "period_denominator", "period_value", "difference", "low", "high", "index", "bins", "chance_mean", "chance_95", "p", "p_holm",
		"rule_of_thumb", "changed", "shown_from"} {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	for _, f := range []struct {
		table string
		calibrate.Shifts
	}{{"decision", d.Decisions}, {"fraud_rate", d.Outcomes}, {"answer", d.Answers}} {
		for _, c := range f.List {
			t.portions([]any{f.table, c.Kind, c.Of, c.Name}, c.Base, c.Now, c.Difference, c.Low, c.High, nil, nil, nil, nil, nil, nil, nil, yesNo(c.Changed()), c.Least)
		}
	}
	for _, x := range indexRows(d) {
		lead := []any{"index", x.By, x.Of, nil}
		t.portions(lead, calibrate.Portion{K: x.N, N: x.N}, calibrate.Portion{K: x.M, N: x.M}, nil, nil, nil, x.PSI, int64(x.Bins), x.Mean, x.Most95, x.P, x.Adjusted,
			x.Colour(), yesNo(indexChanged(d, x)), x.Least)
		for i, name := range x.Names {
			t.portions([]any{"bin", x.By, x.Of, name}, calibrate.Portion{K: x.Base[i], N: x.N}, calibrate.Portion{K: x.Now[i], N: x.M})
		}
	}
	for _, x := range d.Traits {
		t.portions([]any{"trait", x.Kind, x.Field, x.Value}, x.Base, x.Now, nil, nil, nil, x.CSI, nil, nil, nil, x.P, x.Adjusted, nil, yesNo(x.Changed(d.Confidence)))
	}
	for _, b := range d.Order.Breaks {
		t.portions([]any{"rank_order", b.Month, b.Product, b.Lower + " / " + b.Higher}, b.Below, b.Above, nil, nil, nil, nil, nil, nil, nil, b.P, b.Adjusted, nil, yesNo(b.Changed(d.Confidence)))
	}
	return t
}

// portions appends a line of two portions and what is told of them.
func (t *Table) portions(lead []any, base, now calibrate.Portion, values ...any) {
	cells := []any{base.K, base.N, base.Share(), now.K, now.N, now.Share()}
	t.line(lead, slices.Concat(cells, values)...)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
