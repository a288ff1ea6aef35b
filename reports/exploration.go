package reports

import (
	"fmt"
	"math"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

// An estimate is one way to estimate from exploration; none says why it was not tried.
type estimate struct {
	name, words string
	calibrate.ExplorationRate
	none string
}

func estimatesOf(e *calibrate.ExploredPolicy) []estimate {
	return []estimate{{"snips", "weighted (SNIPS)", e.SNIPS, ""}, {"doubly_robust", "doubly robust", e.Robust, e.NoRobust}}
}

// explorations show what exploration says of the fraud rate among each policy's approvals.
func (s screen) explorations() []Block {
	if len(s.explored) == 0 {
		return nil
	}
	t := &Table{Caption: "Fraud among approved, estimated from what was approved at random (" + s.explored[0].Field + ")",
		Columns: []Column{{Name: "policy"}, {Name: "estimate"}, {Name: "fraud rate", Align: Right}, {Name: "interval", Head: s.intervalHead(), Align: Right},
			{Name: "explored", Align: Right}, {Name: "seen", Head: "with outcome", Align: Right}, {Name: "effective", Head: "worth", Align: Right}}}
	var notes []string
	for i, e := range s.explored {
		name := s.results[i].Policy.Name
		for j, x := range estimatesOf(e) {
			first := textCell("")
			if j == 0 {
				first = textCell(name)
			}
			t.Rows = append(t.Rows, s.estimateRow(first, e, x))
			for _, w := range x.Refusals {
				notes = append(notes, fmt.Sprintf("%s, %s: no estimate, because %s.", name, x.words, w.Message))
			}
			if x.none != "" {
				notes = append(notes, fmt.Sprintf("%s, %s: no estimate, because %s.", name, x.words, x.none))
			}
		}
		notes = append(notes, s.neverNotes(name, e)...)
	}
	t.Footnotes = append([]string{"Of the approvals that had a chance in production, for applicants like these. A record that was approved speaks for as many as its chance says; worth: of so many records of one " +
		"weight. Doubly robust: a surface over the scores, fitted on other months, and corrected by what was seen. Outcomes that are still missing are taken to be missing by chance within a month."}, notes...)
	return []Block{t}
}

func (s screen) estimateRow(first Cell, e *calibrate.ExploredPolicy, x estimate) []Cell {
	row := []Cell{first, textCell(x.words)}
	switch {
	case x.none != "" || len(x.Refusals) > 0:
		row = append(row, Cell{calibrate.Undefined(), "refused"}, textCell(""))
	case !x.Low.Defined():
		row = append(row, Cell{x.Value, zeroOr(x.Value)}, textCell(none))
	default:
		row = append(row, Cell{x.Value, zeroOr(x.Value)}, textCell(spanText(x.Low, x.High)))
	}
	if x.none != "" {
		return append(row, countCell(e.Explored.Records), countCell(e.Explored.Seen), Cell{})
	}
	return append(row, countCell(e.Explored.Records), countCell(e.Explored.Seen), Cell{x.Effective, thousands(int64(math.Round(float64(x.Effective))))})
}

// spanText prints an interval of a rate, without a per cent sign on its low end.
func spanText(low, high calibrate.Number) string {
	return decimals(100*low) + " – " + percent(high)
}

// neverNotes say which approvals no estimate speaks of, and which values made no sense.
func (s screen) neverNotes(name string, e *calibrate.ExploredPolicy) (out []string) {
	if n := e.Never.N(); n > 0 {
		low, high := e.Rest.Rate()
		out = append(out, fmt.Sprintf("%s: %s of its approvals had no chance in production and are in no estimate; whatever their outcomes, %s to %s of them are fraud.",
			name, countShare(n, e.Approvals), zeroOr(low), zeroOr(high)))
	}
	var odd []string
	if e.Contrary > 0 {
		odd = append(odd, fmt.Sprintf("%s that production stopped although their probability is 1, or approved although it is 0", thousands(e.Contrary)))
	}
	if e.Undone > 0 {
		odd = append(odd, fmt.Sprintf("%s of a probability but without a recorded action", thousands(e.Undone)))
	}
	if odd != nil {
		out = append(out, fmt.Sprintf("%s: among these are %s.", name, strings.Join(odd, ", and ")))
	}
	if e.Outside > 0 && e == s.explored[0] {
		out = append(out, fmt.Sprintf("%s of %s records hold a value in %s that is no probability: %v to %v, where 0 to 1 is allowed. None of them is in an estimate.",
			thousands(e.Outside), thousands(s.records()), e.Field, e.Least, e.Most))
	}
	return out
}

// An explorationJSON is what exploration says of the fraud rate among a policy's approvals.
type explorationJSON struct {
	Field     string                     `json:"field"`
	Approvals int64                      `json:"approvals"`
	Explored  calibrate.Explored         `json:"explored"` // those with a known chance, of which the estimates speak
	SNIPS     calibrate.ExplorationRate  `json:"snips"`
	Robust    *calibrate.ExplorationRate `json:"doubly_robust"` // null where it was not tried
	Reason    string                     `json:"not_doubly_robust,omitempty"`
	Odds      []oddsJSON                 `json:"odds"`
	// Never are the approvals that had no chance, and NeverLow to NeverHigh what their fraud rate may be.
	Never      tallyJSON        `json:"never"`
	NeverShare calibrate.Number `json:"never_share"`
	NeverLow   calibrate.Number `json:"never_low"`
	NeverHigh  calibrate.Number `json:"never_high"`
	Contrary   int64            `json:"contrary"` // of never: stopped although the probability is 1, or approved although it is 0
	Undone     int64            `json:"undone"`   // of never: with a probability and no action
	Outside    *outsideJSON     `json:"outside"`  // values that are no probability, in the whole history; null for none
}

type oddsJSON struct {
	Probability calibrate.Number `json:"probability"`
	Approved    tallyJSON        `json:"approved"`
	Stopped     int64            `json:"stopped"`
}

type outsideJSON struct {
	Records int64            `json:"records"`
	Least   calibrate.Number `json:"least"`
	Most    calibrate.Number `json:"most"`
}

// explorationData is nil where nobody asked; i is the place of the policy.
func (s screen) explorationData(i int) *explorationJSON {
	if i >= len(s.explored) {
		return nil
	}
	e := s.explored[i]
	out := &explorationJSON{Field: e.Field, Approvals: e.Approvals, Explored: e.Explored, SNIPS: e.SNIPS, Reason: e.NoRobust, Odds: []oddsJSON{},
		Never: newTally(e.Never), NeverShare: e.NeverShare(), Contrary: e.Contrary, Undone: e.Undone}
	out.NeverLow, out.NeverHigh = e.Rest.Rate()
	if e.NoRobust == "" {
		out.Robust = &e.Robust
	}
	for _, o := range e.Odds {
		out.Odds = append(out.Odds, oddsJSON{calibrate.Number(o.Probability), newTally(o.Approved), o.Stopped.N()})
	}
	if e.Outside > 0 {
		out.Outside = &outsideJSON{e.Outside, calibrate.Number(e.Least), calibrate.Number(e.Most)}
	}
	return out
}

// tidyExploration appends the lines of the table exploration: the estimates, with the explored records they speak of, and what had
// no chance, with its bounds.
func (s screen) tidyExploration(t *Table, lead []any, i int) {
	if i >= len(s.explored) {
		return
	}
	e := s.explored[i]
	for _, x := range estimatesOf(e) {
		if x.none != "" {
			continue
		}
		t.line(lead, "exploration", x.name, e.Explored.Records, e.Explored.Frauds, e.Explored.Seen-e.Explored.Frauds, e.Explored.Records-e.Explored.Seen, nil, nil,
			nil, nil, x.Value, x.Low, x.High, x.Confidence, x.Method)
	}
	low, high := e.Rest.Rate()
	r := e.Never.Records
	t.line(lead, "exploration", "never", e.Never.N(), r[dataset.Fraud], r[dataset.Legit], r[dataset.Unlabeled], Amount(e.Never.Value()), Amount(e.Never.Amount[dataset.Fraud]),
		nil, nil, nil, nil, nil, nil, nil, low, high)
	t.line(lead, "exploration", "outside", e.Outside)
}
