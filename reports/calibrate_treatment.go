package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// treatments shows what champion and recommendation come to in the last window once step-ups and reviews are done, and which
// guess the recommendation hangs on. It is empty without treatments.
func (s advice) treatments() []Block {
	e := s.Goals.Economics
	if e == nil || e.Treatments == nil {
		return nil
	}
	last := len(s.Windows) - 1
	final := s.screen
	named := func(name string, p *replay.Policy, c replay.Counts) {
		as := *p
		as.Name = name
		final.results = append(final.results, replay.Result{Policy: &as, Economics: e, Counts: c, Treated: s.Treated})
	}
	named("champion", s.Champion, s.Current[last])
	at, found := s.Recommendation()
	if found {
		named("recommended", at.Policy, at.Counts[last])
	}
	t := final.finalTable("After step-up and review in the last window, if the economics file guesses right", e)
	t.Footnotes = append(t.Footnotes, s.countsText())
	if over := final.overCapacityIn(e.Treatments, s.Windows[last].Days()); over != "" {
		t.Footnotes = append(t.Footnotes, over)
	}
	if reliances := s.relianceTable(); reliances != nil {
		return []Block{t, reliances}
	}
	return []Block{t}
}

// countsText says what of the goals counts treatments.
func (s advice) countsText() string {
	if !s.Goals.CountsTreatments() {
		return "Neither the objective nor a limit counts what step-ups and reviews come to: no guess changes what is recommended."
	}
	var parts []string
	switch s.Goals.Objective {
	case calibrate.LeastCost, calibrate.MostProfit, calibrate.MostFinalApprovals:
		parts = append(parts, "The objective takes every guess at base.")
	}
	if slices.ContainsFunc(s.Goals.Limits, func(l replay.Limit) bool { return calibrate.IsFinal(l.Measure) }) {
		parts = append(parts, "A limit on a final rate is checked with each guess at the end that hurts it, and is no part of what is certified.")
	}
	return strings.Join(parts, " ")
}

// reliances of the recommendation; their only error is one that the same goals had before.
func (s advice) reliances() []calibrate.Reliance {
	list, err := s.Reliances()
	if err != nil {
		panic("reports: " + err.Error())
	}
	return list
}

// relianceTable says which certified candidate would be recommended if one guess were at worst, or at best.
func (s advice) relianceTable() *Table {
	list := s.reliances()
	if list == nil {
		return nil
	}
	t := &Table{Caption: "Which certified policy would be recommended, each guess alone at worst and at best", Columns: []Column{{Name: "assumption"}}}
	for _, c := range calibrate.Cases {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	t.Columns = append(t.Columns, Column{Name: "answer"})
	for _, hangs := range []bool{true, false} { // those that matter first
		for _, r := range list {
			if r.Flips != hangs {
				continue
			}
			row := []Cell{textCell(strings.ReplaceAll(r.Name, "_", " "))}
			for _, c := range calibrate.Cases {
				row = append(row, s.stepCell(r.At[c]))
			}
			t.Rows = append(t.Rows, append(row, textCell(map[bool]string{true: "hangs on it", false: "does not"}[r.Flips])))
		}
	}
	t.Footnotes = []string{"Steps of the walk, and what they approve directly. No guess is in what is certified, only in the choice among it; candidates that the walk did not reach are not looked at."}
	return t
}

// stepCell names a candidate by its step.
func (s advice) stepCell(at int) Cell {
	if at < 0 {
		return Cell{nil, "none keeps the limits"}
	}
	c := s.Candidates[at].Counts[len(s.Windows)-1]
	share := shareCell(c.Approved().N(), c.Total().N())
	return Cell{int64(at + 1), fmt.Sprintf("step %d, %s", at+1, share.Text)}
}

// A relianceJSON names the steps of the walk that would be recommended with one guess at worst, base and best; null for none.
type relianceJSON struct {
	Assumption string    `json:"assumption"`
	Guess      guessJSON `json:"guess"`
	Worst      *int      `json:"worst_step"`
	Base       *int      `json:"base_step"`
	Best       *int      `json:"best_step"`
	Flips      bool      `json:"flips"`
}

func (s advice) reliancesData() []relianceJSON {
	var out []relianceJSON
	step := func(at int) *int {
		if at < 0 {
			return nil
		}
		at++
		return &at
	}
	for _, r := range s.reliances() {
		out = append(out, relianceJSON{assumptionName(r.Assumption), newGuess(r.Guess), step(r.At[calibrate.Worst]), step(r.At[calibrate.Base]), step(r.At[calibrate.Best]), r.Flips})
	}
	return out
}

// finalColumns are added to the CSV where there are treatments: the final figures by case, and the guesses under which a
// candidate would be recommended, such as "step_up_good_pass worst".
func (s advice) finalColumns() (names []string) {
	if s.Goals.Economics == nil || s.Goals.Economics.Treatments == nil {
		return nil
	}
	for _, c := range calibrate.Cases {
		for _, name := range []string{"approval_rate", "fraud_rate", "cost_per_record"} {
			names = append(names, "final_"+name+"_"+c.String())
		}
	}
	return append(names, "recommended_if")
}

// finalValues are the cells of finalColumns of a policy in a window; step counts candidates from 0, -1 for the champion, and list
// are the reliances.
func (s advice) finalValues(list []calibrate.Reliance, p *replay.Policy, c replay.Counts, step int) (out []any) {
	if s.finalColumns() == nil {
		return nil
	}
	eachFinal(s.Goals.Economics, p, c, func(_ string, _ calibrate.Case, v calibrate.Number) { out = append(out, v) })
	var when []string
	for _, r := range list {
		for _, c := range []calibrate.Case{calibrate.Worst, calibrate.Best} {
			if step >= 0 && r.At[c] == step {
				when = append(when, assumptionName(r.Assumption)+" "+c.String())
			}
		}
	}
	return append(out, strings.Join(when, "; "))
}
