package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// treated returns the economics of the results where they have treatments, nil elsewhere.
func (s screen) treated() *replay.Economics {
	if len(s.results) == 0 || s.results[0].Economics == nil || s.results[0].Economics.Treatments == nil {
		return nil
	}
	return s.results[0].Economics
}

// finals shows what policies come to once step-ups and reviews are done, beside what they do directly: assumptions worked out,
// with the assumptions in the same table. It is nil without treatments.
func (s screen) finals() *Table {
	e := s.treated()
	if e == nil {
		return nil
	}
	t := s.finalTable("After step-up and review, if the economics file guesses right", e)
	if over := s.overCapacity(e.Treatments); over != "" {
		t.Footnotes = append(t.Footnotes, over)
	}
	return t
}

func (s screen) finalTable(caption string, e *replay.Economics) *Table {
	t := &Table{Caption: caption, Columns: []Column{{Name: "policy"}, {Name: "measure"}, {Name: "direct", Align: Right}}}
	for _, c := range calibrate.Cases {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	for _, r := range s.results {
		t.Rows = append(t.Rows, s.finalRows(e, r)...)
	}
	treated := s.results[0].Treated
	t.Footnotes = append(append([]string{}, guesses(e.Treatments, treated)...), fmt.Sprintf("Expectations over the %s labeled records, direct figures too; worst and best take all guesses at worst, and at best.", thousands(s.results[0].Total().Labeled())))
	var open []string
	for _, r := range s.results {
		if u := r.Actions[replay.Undecided]; u.N() > 0 {
			open = append(open, fmt.Sprintf("%s %s", r.Policy.Name, thousands(u.N())))
		}
	}
	if open != nil {
		t.Footnotes = append(t.Footnotes, "Undecided records are in none of these figures, but for what their calls cost directly: "+strings.Join(open, ", ")+".")
	}
	return t
}

// boundedCell prints a share of records, and its bound where nothing was counted.
func (s screen) boundedCell(k, n int64) Cell {
	m := calibrate.Rate("", k, n, s.confidence)
	value, _ := measureText(m)
	if bound, found := m.AtMost(); found && n > 0 {
		value = "≤ " + roundUp(bound)
	}
	return Cell{m.Value, value}
}

func (s screen) finalRows(e *replay.Economics, r replay.Result) [][]Cell {
	approved := r.Approved()
	direct := calibrate.Final{Approved: float64(approved.Labeled()), Labeled: r.Total().Labeled()}
	rows := [][]Cell{{textCell(r.Policy.Name), textCell("approval rate"), shareCell(approved.Labeled(), direct.Labeled)},
		{textCell(""), textCell("fraud rate among approved"), s.boundedCell(approved.Records[dataset.Fraud], approved.Labeled())},
		{textCell(""), textCell("cost per record"), {nil, none}}}
	if m, found := calibrate.Find(s.setting(r).Measures(r.Policy, r.Counts), "cost_per_record"); found && m.Value.Defined() {
		rows[2][2] = Cell{m.Value, moneyText(m.Value)}
	}
	for _, c := range calibrate.Cases {
		f := calibrate.FinalOf(e, r.Policy, r.Counts, c)
		for i, v := range []calibrate.Number{f.ApprovalRate, f.FraudRate, f.CostPerRecord} {
			text := undefined
			switch {
			case v.Defined() && i == 2:
				text = moneyText(v)
			case v.Defined():
				text = shareText(v)
			}
			rows[i] = append(rows[i], Cell{v, text})
		}
	}
	return rows
}

// tornado shows which assumption changes which of two policies costs less.
func (s contest) tornado(v Versus) *Table {
	e := s.treated()
	if e == nil {
		return nil
	}
	t := &Table{Caption: "What the difference in cost per record hangs on: challenger less champion", Columns: []Column{{Name: "assumption"}}}
	for _, c := range calibrate.Cases {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	t.Columns = append(t.Columns, Column{Name: "answer"})
	for _, w := range calibrate.Tornado(e, s.results[0].Policy, v.Result.Policy, s.results[0].Counts, v.Result.Counts) {
		row := []Cell{textCell(strings.ReplaceAll(w.Name, "_", " "))}
		for _, c := range calibrate.Cases {
			text := undefined
			if w.Difference[c].Defined() {
				text = signedText(w.Difference[c], 4)
			}
			row = append(row, Cell{w.Difference[c], text})
		}
		t.Rows = append(t.Rows, append(row, textCell(map[bool]string{true: "hangs on it", false: "does not"}[w.Flips])))
	}
	t.Footnotes = []string{"Each assumption alone at worst and at best, the others as they most likely are; the widest first. Below 0 the challenger costs less."}
	if a, b := s.results[0].Counts.Actions[replay.Undecided].N(), v.Result.Counts.Actions[replay.Undecided].N(); a+b > 0 {
		t.Footnotes[0] += fmt.Sprintf(" What is undecided, %s records under the champion and %s under the challenger, costs nothing here, so that neither sign nor answer holds for it.",
			thousands(a), thousands(b))
	}
	return t
}

// pair is the screen of the champion and one challenger.
func (s contest) pair(v Versus) screen {
	out := s.screen
	out.results = []replay.Result{s.results[0], v.Result}
	return out
}

type finalJSON struct {
	Case          string           `json:"case"`
	ApprovalRate  calibrate.Number `json:"approval_rate"`
	FraudRate     calibrate.Number `json:"fraud_rate"`
	CostPerRecord calibrate.Number `json:"cost_per_record"`
	Labeled       int64            `json:"labeled"`
}

// finalData is nil without treatments.
func finalData(e *replay.Economics, p *replay.Policy, counts replay.Counts) []finalJSON {
	if e == nil || e.Treatments == nil {
		return nil
	}
	var out []finalJSON
	for _, c := range calibrate.Cases {
		f := calibrate.FinalOf(e, p, counts, c)
		out = append(out, finalJSON{c.String(), f.ApprovalRate, f.FraudRate, f.CostPerRecord, f.Labeled})
	}
	return out
}

// eachFinal calls a function with the name and the values of each final figure of a policy, by case.
func eachFinal(e *replay.Economics, p *replay.Policy, counts replay.Counts, do func(name string, c calibrate.Case, v calibrate.Number)) {
	for _, c := range calibrate.Cases {
		f := calibrate.FinalOf(e, p, counts, c)
		do("approval_rate", c, f.ApprovalRate)
		do("fraud_rate", c, f.FraudRate)
		do("cost_per_record", c, f.CostPerRecord)
	}
}

// tidyFinals appends the lines of the table final: fraud_rate_worst and so on.
func (s screen) tidyFinals(t *Table, lead []any, r replay.Result) {
	if s.treated() == nil {
		return
	}
	eachFinal(r.Economics, r.Policy, r.Counts, func(name string, c calibrate.Case, v calibrate.Number) {
		t.line(lead, "final", name+"_"+c.String(), nil, nil, nil, nil, nil, nil, nil, nil, v)
	})
	t.tidyMeasured(lead, r.Treated)
	if c := s.capacity(r); c != nil && c.Over != nil {
		t.named(lead, map[string]any{"table": "review_capacity", "name": "days_over", "numerator": *c.Over, "denominator": c.Days, "value": c.Share})
	}
}

// A guessJSON is a guess as shares.
type guessJSON struct {
	Worst calibrate.Number `json:"worst"`
	Base  calibrate.Number `json:"base"`
	Best  calibrate.Number `json:"best"`
}

func newGuess(g replay.Guess) guessJSON {
	share := func(v int64) calibrate.Number { return calibrate.Number(float64(v) / 10_000) }
	return guessJSON{share(g.Worst), share(g.Base), share(g.Best)}
}

// assumptionName is the key of an assumption: step_up_good_pass.
func assumptionName(a calibrate.Assumption) string { return strings.ReplaceAll(a.Name, " ", "_") }

// treatmentsJSON returns the guesses by name and the capacity, nil without treatments.
func treatmentsJSON(t *replay.Treatments) (out object) {
	if t == nil {
		return nil
	}
	for _, a := range calibrate.Assumptions(t) {
		out = append(out, member{assumptionName(a), newGuess(a.Guess)})
	}
	if t.ReviewsPerDay > 0 {
		out = append(out, member{"reviews_per_day", t.ReviewsPerDay})
	}
	return out
}

// A swingJSON is what one assumption does to the difference in cost per record.
type swingJSON struct {
	Assumption string           `json:"assumption"`
	Worst      calibrate.Number `json:"worst"`
	Base       calibrate.Number `json:"base"`
	Best       calibrate.Number `json:"best"`
	Flips      bool             `json:"flips"`
}

// A finalsJSON is what both policies come to.
type finalsJSON struct {
	Champion   []finalJSON    `json:"champion"`
	Challenger []finalJSON    `json:"challenger"`
	Tornado    []swingJSON    `json:"tornado"`
	Measured   []measuredJSON `json:"treatment_outcomes,omitempty"` // of production's own treatments, where the history has some
}

// finalsData is nil without treatments.
func (s contest) finalsData(v Versus) *finalsJSON {
	e := s.treated()
	if e == nil {
		return nil
	}
	first, second := s.results[0], v.Result
	out := &finalsJSON{finalData(e, first.Policy, first.Counts), finalData(e, second.Policy, second.Counts), nil, measuredData(first.Treated)}
	for _, w := range calibrate.Tornado(e, first.Policy, second.Policy, first.Counts, second.Counts) {
		d := w.Difference
		out.Tornado = append(out.Tornado, swingJSON{assumptionName(w.Assumption), d[calibrate.Worst], d[calibrate.Base], d[calibrate.Best], w.Flips})
	}
	return out
}

// tidyFinals appends lines of the tables final, where to is the case, and tornado, whose difference is in cost per record.
func (s contest) tidyFinals(t *Table, lead []any, v Versus) {
	e := s.treated()
	if e == nil {
		return
	}
	first, second := s.results[0], v.Result
	t.tidyMeasured(lead, first.Treated)
	blank := make([]any, len(tidyTallies))
	mine := map[string]calibrate.Number{}
	eachFinal(e, first.Policy, first.Counts, func(name string, c calibrate.Case, v calibrate.Number) { mine[name+c.String()] = v })
	eachFinal(e, second.Policy, second.Counts, func(name string, c calibrate.Case, v calibrate.Number) {
		own := mine[name+c.String()]
		t.line(lead, slices.Concat([]any{"final", name, c.String()}, blank, []any{nil, nil, own, nil, nil, v, v - own})...)
	})
	for _, w := range calibrate.Tornado(e, first.Policy, second.Policy, first.Counts, second.Counts) {
		for _, c := range calibrate.Cases {
			t.line(lead, slices.Concat([]any{"tornado", assumptionName(w.Assumption), c.String()}, blank, []any{nil, nil, nil, nil, nil, nil, w.Difference[c]})...)
		}
	}
}
