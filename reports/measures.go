package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A shown measure is one that is worth a line on a screen.
type shown struct {
	name, words, short string // its name, in words, and as a column's head
	dull               bool   // a column of it is left out where nothing is counted
}

// keyMeasures are the lines of one policy's screen, in the order in which its owner asks. All others are in the details.
var keyMeasures = []shown{
	{"approval_rate", "approval rate", "approval", false},
	{"fraud_rate", "fraud rate among approved", "fraud rate", false},
	{"fraud_bps", "fraud among approved, by value", "by value", false},
	{"fraud_capture", "fraud capture (any friction)", "capture", false},
	{"insult_rate", "insult rate (legit, blocked)", "insult", false},
	{"step_up_rate", "step-up rate", "step-up", false},
	{"review_rate", "review rate", "review", true},
	{"review_per_day", "reviews per day, mean", "reviews a day", true},
	{"review_per_day_p95", "reviews per day, p95", "p95", true},
	{"review_per_day_max", "reviews per day, max", "max", true},
	{"block_rate", "block rate", "block", false},
	{"call_rate", "call rate of ", "calls", true}, // the second product's name follows
	{"undecided_rate", "undecided", "undecided", true},
	{"label_coverage", "label coverage", "labeled", false},
	{"cost_per_record", "cost per record", "cost", true},
	{"savings_approve_all", "saved on approving all", "saved", true},
	{"savings_block_all", "saved on blocking all", "saved", true},
}

var (
	groupMeasures   = pick("approval_rate", "fraud_rate", "fraud_capture", "insult_rate", "review_rate", "undecided_rate", "cost_per_record")
	summaryMeasures = pick("approval_rate", "fraud_rate", "fraud_capture", "insult_rate", "review_rate", "call_rate", "undecided_rate", "cost_per_record")
)

func pick(names ...string) []shown {
	return slices.DeleteFunc(slices.Clone(keyMeasures), func(m shown) bool { return !slices.Contains(names, m.name) })
}

// find returns the measure that is shown, or false where the policy has none: a policy of one product has no call rate.
func (m shown) find(p *replay.Policy, list []calibrate.Measure) (calibrate.Measure, bool) {
	if m.name == "call_rate" {
		return calibrate.Find(list, "call_rate_"+p.Second)
	}
	return calibrate.Find(list, m.name)
}

// counts reports whether the measure's numerator is not 0 under the policy.
func (s screen) counts(m shown, r replay.Result) bool {
	found, _ := m.find(r.Policy, s.setting(r).Measures(r.Policy, r.Counts))
	return found.Numerator != 0
}

// measures is the table of one policy's measures, each with its counts; marks refer to the warnings about them.
func (s screen) measures(r replay.Result, lines []shown, marks map[string]string) *Table {
	t := s.measureTable("Measures")
	list := s.setting(r).Measures(r.Policy, r.Counts)
	for _, line := range lines {
		m, found := line.find(r.Policy, list)
		if !found || s.idle(m) {
			continue
		}
		words := line.words + unitWords(m, r.Economics)
		if line.name == "call_rate" {
			words += r.Policy.Second
		}
		t.Rows = append(t.Rows, measureRow(m, words+marks[line.name]))
	}
	t.Footnotes = append([]string{s.method()}, s.costNote()...)
	return t
}

func (s screen) measureTable(caption string) *Table {
	return &Table{Caption: caption, Columns: []Column{{Name: "measure"}, {Name: "value", Align: Right},
		{Name: "interval", Head: s.intervalHead(), Align: Right}, {Name: "counted", Align: Right, Extra: true}}}
}

func measureRow(m calibrate.Measure, words string) []Cell {
	value, interval := measureText(m)
	if m.Value.Defined() && m.Method == calibrate.MethodNone {
		interval = none
	}
	return []Cell{textCell(words), {m.Value, value}, textCell(interval), textCell(counted(m))}
}

// method says what the intervals are, once.
func (s screen) method() string {
	if s.dependence() != nil {
		return s.entityText()
	}
	byValue := "by value none is claimed."
	if s.approximates() {
		byValue = "≈ by value and of costs: linearized, at most: Fay-Feuer; approximate, and too narrow where a few records hold most of the amount."
	}
	return fmt.Sprintf("Intervals: Wilson, %s; \"at most\": exact one-sided bound (Clopper-Pearson). Both take records as independent; %s",
		confidenceText(s.confidence), byValue)
}

// summary has one row for each of several policies; marks refer to the warnings about them.
func (s screen) summary(marks map[string]string) *Table {
	t := &Table{Caption: "Measures", Columns: []Column{{Name: "policy"}}, Footnotes: append([]string{s.method()}, s.costNote()...)}
	var all [][]calibrate.Measure
	for _, r := range s.results {
		all = append(all, s.setting(r).Measures(r.Policy, r.Counts))
	}
	lines := slices.DeleteFunc(slices.Clone(summaryMeasures), func(m shown) bool {
		return m.dull && !slices.ContainsFunc(s.results, func(r replay.Result) bool { return s.counts(m, r) })
	})
	s.addColumns(t, lines)
	for i, r := range s.results {
		t.Rows = append(t.Rows, measureCells(r.Policy, all[i], lines, []Cell{textCell(r.Policy.Name + marks[r.Policy.Name])}))
	}
	return t
}

// addColumns adds a column for each measure, and one for the interval of the fraud rate. What undecided records leave open takes
// twice the width; approval and fraud rate, and what was asked for or is a doubt, are then the last to stay.
func (s screen) addColumns(t *Table, lines []shown) {
	for _, line := range lines {
		t.Columns = append(t.Columns, Column{Name: line.name, Head: line.short, Align: Right,
			Extra: slices.Contains([]string{"fraud_capture", "insult_rate", "review_rate", "call_rate"}, line.name)})
		if line.name == "fraud_rate" {
			t.Columns = append(t.Columns, Column{Name: "interval", Head: s.intervalHead(), Align: Right, Extra: true})
		}
	}
}

// measureCells appends the cells of those columns to a row. Where no interval stands beside it, a count of nothing shows its
// bound itself.
func measureCells(p *replay.Policy, list []calibrate.Measure, lines []shown, row []Cell) []Cell {
	for _, line := range lines {
		m, found := line.find(p, list)
		if !found {
			row = append(row, Cell{nil, none})
			continue
		}
		value, interval := measureText(m)
		if line.name == "fraud_rate" {
			row = append(row, Cell{m.Value, value}, textCell(interval))
			continue
		}
		if bound, found := m.AtMost(); found {
			value = "≤ " + roundUp(bound)
		}
		row = append(row, Cell{m.Value, value})
	}
	return row
}

// warnings gathers the doubts of all policies, one note for each kind, and the marks that refer to them: by measure where
// there is one policy, by policy where there are several.
func (s screen) warnings() (Notes, map[string]string) {
	n := Notes{Caption: "Warnings"}
	marks := map[string]string{}
	var kinds []calibrate.Warning // the first of each kind
	who := map[string][]string{}
	differ := map[string]bool{}
	for _, r := range s.results {
		for _, w := range calibrate.Warnings(r) {
			i := slices.IndexFunc(kinds, func(k calibrate.Warning) bool { return kind(k) == kind(w) })
			if i < 0 {
				i = len(kinds)
				kinds = append(kinds, w)
			}
			differ[kind(w)] = differ[kind(w)] || w.Message != kinds[i].Message
			who[kind(w)] = append(who[kind(w)], r.Policy.Name)
		}
	}
	for i, w := range kinds {
		policies := who[kind(w)]
		n.Items = append(n.Items, about(w.Message, policies, differ[kind(w)], len(s.results)))
		marked := w.Measures
		switch {
		case len(s.results) > 1 && len(policies) == len(s.results):
			marked = nil // a mark on every policy points at none
		case len(s.results) > 1:
			marked = policies
		}
		for _, name := range marked {
			marks[name] += mark(i)
		}
	}
	return n, marks
}

// kind tells warnings apart. Those of one code differ in their counts only; but several rules can read what no record has,
// both products can lack clusters, and each is a doubt of its own.
func kind(w calibrate.Warning) string {
	if slices.Contains([]string{calibrate.UnseenField, calibrate.Unclustered, calibrate.HistoryUnseen}, w.Code) {
		return w.Message
	}
	return w.Code
}

// about says which of several policies a warning is about. Where they differ in the counts, the first one's are shown.
func about(message string, who []string, differ bool, policies int) string {
	switch {
	case differ:
		return who[0] + ": " + message + ". Likewise, with other counts: " + strings.Join(who[1:], ", ")
	case len(who) < policies:
		return strings.Join(who, ", ") + ": " + message
	}
	return message
}

// details hold every measure of every policy, and the inputs, with their hashes where they were asked for.
func (s screen) details() Details {
	d := Details{Summary: "All measures, issues and inputs"}
	for _, r := range s.results {
		t := s.measureTable("All measures of " + r.Policy.Name)
		for _, m := range s.setting(r).Measures(r.Policy, r.Counts) {
			t.Rows = append(t.Rows, measureRow(m, m.Name))
		}
		d.Blocks = append(d.Blocks, t)
	}
	if len(s.account.Issues) > 0 {
		t := &Table{Caption: "First places of each issue", Columns: []Column{{Name: "issue"}, {Name: "place"}}}
		for _, c := range s.account.Issues {
			for _, p := range c.First {
				t.Rows = append(t.Rows, []Cell{textCell(c.Kind.String()), textCell(placeText(p))})
			}
		}
		d.Blocks = append(d.Blocks, t)
	}
	if len(s.account.Files) > 0 {
		d.Blocks = append(d.Blocks, fileTable(s.account.Files))
	}
	return d
}
