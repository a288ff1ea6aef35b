package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A fate is a line about what became of the question to a product.
type fate struct {
	id    string // in JSON and CSV
	name  string // for people
	tally replay.Tally
	asked bool // there was a question
}

// fates returns the lines of a product in a fixed order. Those of statuses that mean something for one of the two products
// alone are left out where they count nothing.
func fates(a *replay.Answers, f replay.Fates) []fate {
	failed := func(s dataset.Status) fate { return fate{s.String(), s.String(), f.Statuses[s], true} }
	out := []fate{
		{"ok", "ok", f.Statuses[dataset.OK].Sub(f.Unclustered), true},
		failed(dataset.Missing), failed(dataset.Processing), failed(dataset.Failed),
		{"unclustered", "no cluster", f.Unclustered, true},
		{"absent", "absent", f.Statuses[dataset.Absent], a.First},
		{"not_called", "not called", f.Statuses[dataset.NotCalled], a.First},
	}
	return append(out[:4:4], slices.DeleteFunc(out[4:], func(x fate) bool { return x.tally.N() == 0 })...)
}

// failures returns the tables about failed answers, nothing where they were not asked for.
func (s screen) failures() []Block {
	var out []Block
	if products := s.askedProducts(); len(products) > 0 {
		out = append(out, s.fateTable(products))
		if len(products[0].Months) > 0 {
			out = append(out, s.fateMonths(products))
		}
	}
	for _, r := range s.results {
		if r.Failures != nil {
			out = append(out, s.affected(r), s.handlings(r))
		}
	}
	return out
}

// askedProducts lists what the policies ask, each product once for each way in which policies read its answers.
func (s screen) askedProducts() []*replay.Answers {
	var out []*replay.Answers
	for _, r := range s.results {
		if r.Failures == nil {
			continue
		}
		for i := range r.Failures.Answers {
			a := &r.Failures.Answers[i]
			if !slices.ContainsFunc(out, func(b *replay.Answers) bool {
				return a.Product == b.Product && a.First == b.First && a.Fates == b.Fates
			}) {
				out = append(out, a)
			}
		}
	}
	return out
}

// fateTable counts what became of the questions, and of the records.
func (s screen) fateTable(products []*replay.Answers) *Table {
	t := &Table{Caption: "Failed answers", Columns: append([]Column{{Name: "product"}, {Name: "answer"}, {Name: "records", Align: Right}, {Name: "share", Align: Right},
		{Name: "interval", Head: s.intervalHead(), Align: Right}}, s.fraudColumns()...)}
	var asked []string
	for _, a := range products {
		n := a.Asked(a.Fates).N()
		asked = append(asked, fmt.Sprintf("%s of %s", thousands(n), a.Product))
		name := a.Product
		for _, f := range fates(a, a.Fates) {
			row := []Cell{textCell(name), textCell(f.name), countCell(f.tally.N()), {nil, none}, textCell(none)}
			if f.asked {
				m := s.rate("share", f.tally.N(), n)
				value, interval := measureText(m)
				row[3], row[4] = Cell{m.Value, value}, textCell(interval)
			}
			t.Rows = append(t.Rows, append(row, s.fraudCells(f.tally)...))
			name = ""
		}
	}
	t.Footnotes = []string{"Share: of the records on which the product was asked, " + strings.Join(asked, " and ") + ". Absent: of a first product, that is asked in vain; of a second one, not " +
		"asked. Fraud: of the labeled records."}
	return t
}

// fraudColumns are those that fraudCells fill.
func (s screen) fraudColumns() []Column {
	return []Column{{Name: "fraud", Align: Right}, {Name: "rate", Align: Right}, {Name: "fraud_interval", Head: s.intervalHead(), Align: Right, Extra: true}}
}

// fraudCells print the frauds among the labeled records.
func (s screen) fraudCells(t replay.Tally) []Cell {
	m := s.rate("fraud_rate", t.Records[dataset.Fraud], t.Labeled())
	if m.Denominator == 0 {
		return []Cell{textCell(none), {m.Value, none}, textCell("")}
	}
	value, interval := measureText(m)
	return []Cell{textCell(counted(m)), {m.Value, value}, textCell(interval)}
}

// fateMonths counts failures by product and month.
func (s screen) fateMonths(products []*replay.Answers) *Table {
	t := &Table{Caption: "Failed answers by month (UTC)", Columns: []Column{{Name: "product"}, {Name: "month"}, {Name: "asked", Align: Right}, {Name: "missing", Align: Right},
		{Name: "processing", Align: Right}, {Name: "error", Align: Right}, {Name: "failed", Align: Right}, {Name: "interval", Head: s.intervalHead(), Align: Right}}}
	for _, a := range products {
		name := a.Product
		for _, m := range a.Months {
			n := a.Asked(m.Fates).N()
			row := []Cell{textCell(name), keyCell(m.Month), countCell(n)}
			for _, status := range []dataset.Status{dataset.Missing, dataset.Processing, dataset.Failed} {
				row = append(row, Cell{m.Statuses[status].N(), countShare(m.Statuses[status].N(), n)})
			}
			failed := a.Failed(m.Fates).N()
			_, interval := measureText(s.rate("failed", failed, n))
			t.Rows = append(t.Rows, append(row, Cell{failed, countShare(failed, n)}, textCell(interval)))
			name = ""
		}
	}
	t.Footnotes = []string{"Failed: the three, and what the table above adds as absent, not called or without a cluster where the product was asked. Interval: of the share that failed."}
	return t
}

// handlingWords says what the handlings that every policy has do, in the order of Policy.Handlings.
const handlingWords = "fail_open approves, fail_to_review reviews and fail_closed blocks what failed, whichever product it was."

// affected counts the actions on the records of which a failed answer decides, by the product that failed.
func (s screen) affected(r replay.Result) *Table {
	t := &Table{Caption: "Records decided by a failed answer, under " + r.Policy.Name, Columns: append([]Column{{Name: "failed"}, {Name: "handling"}, {Name: "action"},
		{Name: "records", Align: Right}, {Name: "unlabeled", Align: Right}}, s.fraudColumns()...)}
	for at := range r.Failures.Answers {
		product := r.Failures.Answers[at].Product
		for i, h := range r.Failures.Handled {
			counts := h.Affected[at]
			if i > 0 && counts.Actions == r.Failures.Handled[0].Affected[at].Actions {
				continue
			}
			name := h.Name
			for _, action := range outcomes {
				if u := counts.Actions[action]; u.N() > 0 {
					row := []Cell{textCell(product), textCell(name), textCell(outcomeName(action)), countCell(u.N()), countCell(u.Records[dataset.Unlabeled])}
					t.Rows = append(t.Rows, append(row, s.fraudCells(u)...))
					name, product = "", ""
				}
			}
		}
		if product != "" {
			row := []Cell{textCell(product), textCell(none), textCell(none), countCell(0), countCell(0)}
			t.Rows = append(t.Rows, append(row, s.fraudCells(replay.Tally{})...))
		}
	}
	t.Footnotes = []string{"Each handling that treats them otherwise. A record on which both products failed stands under the first. " + handlingWords + onlyWords(r)}
	return t
}

// onlyWords says what deciding by the other product alone means.
func onlyWords(r replay.Result) string {
	p := r.Policy
	if p.Second == "" {
		return ""
	}
	return fmt.Sprintf(" %s_only asks %s where %s failed and goes by the policy's own row of the matrix, or where it has none by the guide's recommendation for one score "+
		"(high and very_high approve, review review, low and very_low block). %s_only goes by that recommendation where %s failed.", p.Second, p.Second, p.First, p.First, p.Second)
}

// handlings says what each handling does to the approvals and frauds of the whole history.
func (s screen) handlings(r replay.Result) *Table {
	t := &Table{Caption: "All records, by the handling of failed answers, under " + r.Policy.Name, Columns: []Column{{Name: "handling"}, {Name: "approval", Align: Right},
		{Name: "approval_change", Head: "change", Align: Right}, {Name: "fraud rate", Align: Right}, {Name: "fraud_change", Head: "change", Align: Right}, {Name: "undecided", Align: Right},
		{Name: "calls", Align: Right, Extra: true}}}
	var same []string
	bounded := false
	for i, h := range r.Failures.Handled {
		if i > 0 && h.Same {
			same = append(same, h.Name)
			continue
		}
		_, c := h.Counts()
		list := s.handlingMeasures(r, h)
		row := []Cell{textCell(h.Name), extentCell(list, "approval_rate"), textCell(none), extentCell(list, "fraud_rate"), textCell(none)}
		undecided := c.Actions[replay.Undecided].N()
		bounded = bounded || undecided > 0
		if i > 0 && undecided == 0 {
			d := paired(nil, &h.Swap, s.confidence)
			row[2], row[4] = Cell{d[0].Value, verdict(d[0], s.confidence)}, Cell{d[1].Value, verdict(d[1], s.confidence)}
		}
		t.Rows = append(t.Rows, append(row, countCell(undecided), countCell(c.Calls[1])))
	}
	note := fmt.Sprintf("Change: against as_given on the same records, paired (p of McNemar's mid-p, and of the influence function); ~: none is shown at p ≥ %s.", alphaText(s.confidence))
	if bounded {
		note += " A range is what undecided records leave open, whose answer the history does not hold; where there are any, no change is tested."
	}
	if len(same) > 0 {
		note += " The same as given: " + strings.Join(same, ", ") + "."
	}
	if r.Policy.Second == "" {
		t.Columns = t.Columns[:6]
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][:6]
		}
	} else {
		note += " Calls: of " + r.Policy.Second + "."
	}
	t.Footnotes = []string{note}
	return t
}

// extentCell prints a measure, its range where undecided records leave it open, and a bound in the place of a bare 0.
func extentCell(list []calibrate.Measure, name string) Cell {
	m, _ := calibrate.Find(list, name)
	if m.Bounded() {
		return Cell{nil, extentText(m)}
	}
	value, _ := measureText(m)
	if bound, found := m.AtMost(); found {
		value = "≤ " + roundUp(bound)
	}
	return Cell{m.Value, value}
}
