package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// pasts set what each policy approves against what production did, where the history says what that was. A policy that
// approves nothing else than production did is named in a line, any other one has a table.
func (s screen) pasts() []Block {
	var out []Block
	var alike []string
	for _, r := range s.results {
		if r.Past == nil {
			continue
		}
		within, swapIns, unrecorded := r.Past.Approvals()
		if swapIns.N()+unrecorded.N() == 0 {
			alike = append(alike, r.Policy.Name)
			continue
		}
		out = append(out, s.beyond(r, within, swapIns, unrecorded))
		q := s.pastQuestion(r)
		if t := q.table(); t != nil {
			t.Caption = fmt.Sprintf("The fraud rate of %s, for what %s approvals without a label may be", r.Policy.Name, thousands(q.Unknown))
			t.Footnotes[0] = "Those are " + q.stopped + ". " + t.Footnotes[0]
			out = append(out, t)
		}
	}
	if alike != nil {
		verb := "approves"
		if len(alike) > 1 {
			verb = "approve"
		}
		out = append(out, Paragraph(fmt.Sprintf("Against what production did (%s): %s %s nothing that production stopped.", s.known(s.results[0]), strings.Join(alike, ", "), verb)))
	}
	return out
}

// known says how it is known what production did.
func (s screen) known(r replay.Result) string {
	p := r.Production
	switch {
	case p.Recorded == 0 && p.Policy != nil:
		return "as " + p.Policy.Name + " would have"
	case p.Replayed > 0:
		return fmt.Sprintf("as recorded, on %s records as %s would have", thousands(p.Replayed), p.Policy.Name)
	}
	return "as recorded"
}

// beyond is the table of what a policy approves by what production did.
func (s screen) beyond(r replay.Result, within, swapIns, unrecorded replay.Tally) *Table {
	all := within.Add(swapIns).Add(unrecorded)
	t := &Table{Caption: "Against what production did (" + s.known(r) + ")", Columns: s.columns(Column{Name: "approved", Head: r.Policy.Name + " approves"})}
	row := func(name string, part replay.Tally) []Cell {
		return s.tally(part, all.N(), s.plainRate(part), textCell(name))
	}
	t.Rows = [][]Cell{row("what production approved", within), row("what it stopped", swapIns)}
	if unrecorded.N() > 0 {
		t.Rows = append(t.Rows, row("not recorded", unrecorded))
	}
	t.Total = row("all", all)
	own := r.Past.Production()
	rate := s.plainRate(own)
	value, interval := measureText(rate)
	if interval != "" {
		value += " (" + interval + ")"
	}
	t.Footnotes = []string{fmt.Sprintf("Production itself approved %s records, with a fraud rate of %s. What it stopped and has no label is neither legit nor fraud, and is in no rate above.",
		thousands(own.N()), value)}
	return t
}

// pastQuestion asks how fraudulent the records are that a policy approves, production stopped or may have, and nobody knows the
// outcome of. They are held against the rate of production's own approvals.
func (s screen) pastQuestion(r replay.Result) openQuestion {
	own := r.Past.Production()
	q := openQuestion{Selective: calibrate.SelectiveOf(r.Past), who: "the policy", stopped: "records that production stopped", reference: "production",
		rate: calibrate.Rate("", own.Records[dataset.Fraud], own.Labeled(), s.confidence).Value, confidence: s.confidence}
	if _, _, unrecorded := r.Past.Approvals(); unrecorded.Records[dataset.Unlabeled] > 0 {
		q.stopped += " or may have stopped"
	}
	return q
}

// pastUnseen is the answer to that question, nil where every outcome is known. A break-even below 0 is none: the policy's rate is
// above production's whatever the outcomes are, and the bounds say so.
func (s screen) pastUnseen(r replay.Result) *selectiveJSON {
	out := s.pastQuestion(r).data()
	if out != nil && out.BreakEven < 0 {
		out.BreakEven, out.Multiple = calibrate.Undefined(), calibrate.Undefined()
	}
	return out
}

// A pastJSON sets what a policy approves against what production did.
type pastJSON struct {
	// Records of which production's action is recorded, replayed with the history policy, and neither.
	Recorded int64 `json:"recorded"`
	Replayed int64 `json:"replayed"`
	Unknown  int64 `json:"unknown"`
	// HistoryPolicy decided on Judged of the recorded ones too, on Differ otherwise than was recorded, and on Crossed of these it
	// approves what was stopped or the other way round.
	HistoryPolicy string `json:"history_policy,omitempty"`
	Judged        int64  `json:"judged,omitempty"`
	Differ        int64  `json:"differ,omitempty"`
	Crossed       int64  `json:"crossed,omitempty"`
	// Production is what production approved; the others are what the policy approves.
	Production tallyJSON `json:"production"`
	Within     tallyJSON `json:"within"`
	SwapIns    tallyJSON `json:"swap_ins"`
	Unrecorded tallyJSON `json:"unrecorded"`
	// Within and production's own rate of fraud, and what the policy's may be; the last is left out where every outcome is known.
	WithinRate     measureJSON    `json:"within_rate"`
	ProductionRate measureJSON    `json:"production_rate"`
	Unseen         *selectiveJSON `json:"unlabeled_swap_ins,omitempty"`
}

// pastData is nil where it is not known what production did.
func (s screen) pastData(r replay.Result) *pastJSON {
	if r.Past == nil {
		return nil
	}
	within, swapIns, unrecorded := r.Past.Approvals()
	own, p := r.Past.Production(), r.Production
	out := &pastJSON{Recorded: p.Recorded, Replayed: p.Replayed, Unknown: p.Unknown, Judged: p.Judged, Differ: p.Differ, Crossed: p.Crossed,
		Production: newTally(own), Within: newTally(within), SwapIns: newTally(swapIns), Unrecorded: newTally(unrecorded), Unseen: s.pastUnseen(r),
		WithinRate:     measuresJSON([]calibrate.Measure{s.plainRate(within)})[0],
		ProductionRate: measuresJSON([]calibrate.Measure{s.plainRate(own)})[0]}
	if p.Policy != nil {
		out.HistoryPolicy = p.Policy.Name
	}
	return out
}

// tidyPast appends the lines of the table past: tallies, then what the fraud rate may be. The bounds of that are least and most;
// a scenario's value is an assumption.
func (s screen) tidyPast(t *Table, lead []any, r replay.Result) {
	if r.Past == nil {
		return
	}
	within, swapIns, unrecorded := r.Past.Approvals()
	for _, x := range []struct {
		name string
		replay.Tally
	}{{"production", r.Past.Production()}, {"within", within}, {"swap_ins", swapIns}, {"unrecorded", unrecorded}} {
		m := s.plainRate(x.Tally)
		t.line(lead, "past", x.name, x.N(), x.Records[dataset.Fraud], x.Records[dataset.Legit], x.Records[dataset.Unlabeled], Amount(x.Value()), Amount(x.Amount[dataset.Fraud]),
			m.Numerator, m.Denominator, m.Value, m.Low, m.High, m.Confidence, m.Method)
	}
	q := s.pastUnseen(r)
	if q == nil {
		return
	}
	t.line(lead, "past", "fraud_rate_bounds", nil, nil, nil, nil, nil, nil, q.Frauds, q.Known+q.Unknown, nil, q.LimitLow, q.LimitHigh, calibrate.Number(s.confidence),
		calibrate.MethodClopperPearson, q.Low, q.High)
	number := func(name string, v calibrate.Number) {
		t.line(lead, "past", name, nil, nil, nil, nil, nil, nil, nil, nil, v)
	}
	number("break_even_rate", q.BreakEven)
	number("break_even_multiple", q.Multiple)
	for _, x := range q.Scenarios {
		number(fmt.Sprintf("assumed_%.0fx", float64(x.Multiple)), x.Rate)
	}
}
