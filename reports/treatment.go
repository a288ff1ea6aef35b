package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// finals shows what policies come to once step-ups and reviews are done, beside what they do directly: assumptions worked out,
// with the assumptions in the same table. It is nil without treatments.
func (s screen) finals() *Table {
	if len(s.results) == 0 || s.results[0].Economics == nil || s.results[0].Economics.Treatments == nil {
		return nil
	}
	e := s.results[0].Economics
	t := &Table{Caption: "After step-up and review, if the economics file guesses right", Columns: []Column{{Name: "policy"}, {Name: "measure"}, {Name: "direct", Align: Right}}}
	for _, c := range calibrate.Cases {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	for _, r := range s.results {
		t.Rows = append(t.Rows, s.finalRows(e, r)...)
	}
	t.Footnotes = []string{guesses(e.Treatments), fmt.Sprintf("Expectations over the %s labeled records, direct figures too; worst and best take all guesses at worst, and at best.", thousands(s.results[0].Total().Labeled()))}
	if over := s.overCapacity(e.Treatments); over != "" {
		t.Footnotes = append(t.Footnotes, over)
	}
	return t
}

func (s screen) finalRows(e *replay.Economics, r replay.Result) [][]Cell {
	approved := r.Approved()
	direct := calibrate.Final{Approved: float64(approved.Labeled()), Labeled: r.Total().Labeled()}
	rows := [][]Cell{{textCell(r.Policy.Name), textCell("approval rate"), shareCell(approved.Labeled(), direct.Labeled)},
		{textCell(""), textCell("fraud rate among approved"), shareCell(approved.Records[dataset.Fraud], approved.Labeled())},
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

// guesses says what is assumed, worst, base and best.
func guesses(t *replay.Treatments) string {
	var parts []string
	for _, a := range calibrate.Assumptions(t) {
		share := func(v int64) string { return decimals(calibrate.Number(float64(v) / 100)) }
		parts = append(parts, fmt.Sprintf("%s %s / %s / %s %%", strings.ReplaceAll(a.Name, "_", " "), share(a.Guess.Worst), share(a.Guess.Base), share(a.Guess.Best)))
	}
	return "Assumed, worst / base / best: " + strings.Join(parts, ", ") + "."
}

// overCapacity names the policies that send more records to review than can be reviewed.
func (s screen) overCapacity(t *replay.Treatments) string {
	var over []string
	for _, r := range s.results {
		m, found := calibrate.Find(s.setting(r).Measures(r.Policy, r.Counts), "review_per_day")
		if found && t.ReviewsPerDay > 0 && m.Value > calibrate.Number(t.ReviewsPerDay) {
			over = append(over, fmt.Sprintf("%s (%s a day)", r.Policy.Name, perDayText(m)))
		}
	}
	if over == nil {
		return ""
	}
	return fmt.Sprintf("More reviews than the capacity of %s a day: %s. What is not reviewed is in none of these figures.", thousands(t.ReviewsPerDay), strings.Join(over, ", "))
}

// tornado shows which assumption changes which of two policies costs less.
func (s contest) tornado(v Versus) *Table {
	e := s.results[0].Economics
	if e == nil || e.Treatments == nil {
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
func finalData(r replay.Result) []finalJSON {
	if r.Economics == nil || r.Economics.Treatments == nil {
		return nil
	}
	var out []finalJSON
	for _, c := range calibrate.Cases {
		f := calibrate.FinalOf(r.Economics, r.Policy, r.Counts, c)
		out = append(out, finalJSON{c.String(), f.ApprovalRate, f.FraudRate, f.CostPerRecord, f.Labeled})
	}
	return out
}
