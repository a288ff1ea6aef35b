package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Replay arranges the results of a replay. All results are over the same history, which the account describes; by names the
// fields that their groups share the values of, nil without groups. confidence is that of the intervals, such as 0.95. explored
// is what exploration says of each policy, none where nobody asked.
//
// The JSON form does not say where the records came from: see replayData.
func Replay(results []replay.Result, by []string, account dataset.Account, confidence float64, explored ...*calibrate.ExploredPolicy) Document {
	s := screen{results, by, account, confidence, explored}
	d := Document{
		Title: s.title(),
		Data:  s.replayData(),
		Tidy:  s.replayTidy(),
	}
	d.Blocks = append(d.Blocks, Paragraph(s.source()))
	if len(account.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(account.Issues))
	}
	notes, marks := s.warnings()
	switch len(results) {
	case 0:
	case 1:
		d.Blocks = append(d.Blocks, s.actions(results[0]), s.measures(results[0], keyMeasures, marks))
	default:
		d.Blocks = append(d.Blocks, s.sideBySide(), s.summary(marks))
	}
	d.Blocks = append(d.Blocks, s.assumed(results...)...)
	d.Blocks = append(append(d.Blocks, s.callsTable()...), s.pasts()...)
	d.Blocks = append(d.Blocks, s.explorations()...)
	if finals := s.finals(); finals != nil {
		d.Blocks = append(d.Blocks, finals)
	}
	for _, r := range results {
		if len(r.Policy.Rules) > 0 {
			d.Blocks = append(d.Blocks, s.rules(r))
		}
		if len(by) > 0 {
			d.Blocks = append(d.Blocks, s.groups(r))
		}
	}
	d.Blocks = append(append(d.Blocks, s.failures()...), s.enrollments()...)
	if len(notes.Items) > 0 {
		d.Blocks = append(d.Blocks, notes)
	}
	d.Blocks = append(d.Blocks, s.details())
	return d
}

// A screen is what the blocks of a replay are made from.
type screen struct {
	results    []replay.Result
	by         []string
	account    dataset.Account
	confidence float64
	explored   []*calibrate.ExploredPolicy // in the order of the results; of a replay that was asked
}

// records returns the size of the history, the same for every policy.
func (s screen) records() int64 {
	if len(s.results) == 0 {
		return s.account.Read - s.account.Rejected
	}
	return s.results[0].Total().N()
}

func (s screen) title() string {
	under := fmt.Sprintf("%d policies", len(s.results))
	if len(s.results) == 1 {
		under = s.results[0].Policy.Name
	}
	return fmt.Sprintf("Replay of %s records under %s", thousands(s.records()), under)
}

// source names the files and accounts for what was read.
func (s screen) source() string {
	const shown = 3
	var names []string
	for i, f := range s.account.Files {
		if i == shown && len(s.account.Files) > shown+1 {
			names = append(names, fmt.Sprintf("and %d more files", len(s.account.Files)-shown))
			break
		}
		names = append(names, f.Name)
	}
	text := fmt.Sprintf("%s read, %s rejected", thousands(s.account.Read), thousands(s.account.Rejected))
	if len(names) > 0 {
		text = strings.Join(names, ", ") + ": " + text
	}
	if s.account.Period != nil {
		first, last := s.account.Period.Days()
		text += ", " + first + " to " + last + " (UTC)"
	}
	if m := maturityText(s.account); m != "" {
		text += ". " + m
	}
	return text
}

// issueTable shows each kind of issue with the first place of it.
func issueTable(issues []dataset.IssueCount) *Table {
	t := &Table{Caption: "Issues", Columns: []Column{{Name: "issue"}, {Name: "records", Align: Right}, {Name: "effect"}, {Name: "first at"}}}
	for _, c := range issues {
		effect := "noted"
		if c.Kind.Rejects() {
			effect = "rejected"
		}
		row := []Cell{textCell(c.Kind.String()), countCell(c.Count), textCell(effect), {}}
		if len(c.First) > 0 {
			row[3] = textCell(placeText(c.First[0]))
		}
		t.Rows = append(t.Rows, row)
		t.Footnotes = append(t.Footnotes, c.Kind.String()+": want "+c.Kind.Allowed())
	}
	return t
}

func placeText(i dataset.Issue) string {
	s := fmt.Sprintf("%s:%d", i.File, i.Line)
	if i.Group >= 0 {
		s = fmt.Sprintf("%s: row group %d, row %d", i.File, i.Group, i.Line)
	}
	return strings.TrimSpace(s + " " + strings.TrimSpace(i.Field+" "+i.Value))
}

// hasAmounts tells whether columns of money have anything to show.
func (s screen) hasAmounts() bool {
	return slices.ContainsFunc(s.results, func(r replay.Result) bool { return r.Total().Value() > 0 })
}

// columns returns the columns that every table of tallies has behind its first ones.
func (s screen) columns(first ...Column) []Column {
	out := append(first, Column{Name: "records", Align: Right}, Column{Name: "share", Align: Right}, Column{Name: "fraud", Align: Right},
		Column{Name: "legit", Align: Right}, Column{Name: "unlabeled", Align: Right})
	if s.hasAmounts() {
		out = append(out, Column{Name: "amount", Align: Right, Extra: true})
	}
	return append(out, Column{Name: "fraud rate", Align: Right}, Column{Name: "interval", Head: s.intervalHead(), Align: Right, Extra: true})
}

func (s screen) intervalHead() string { return confidenceText(s.confidence) + " interval" }

// tally returns a row for those columns; n is the number of records that the share is of, rate the fraud rate.
func (s screen) tally(t replay.Tally, n int64, rate calibrate.Measure, first ...Cell) []Cell {
	row := append(first, countCell(t.N()), shareCell(t.N(), n), countCell(t.Records[dataset.Fraud]), countCell(t.Records[dataset.Legit]),
		countCell(t.Records[dataset.Unlabeled]))
	if s.hasAmounts() {
		row = append(row, amountCell(t.Value()))
	}
	value, interval := measureText(rate)
	return append(row, Cell{rate.Value, value}, textCell(interval))
}

// actions is the table of one policy: actions by label.
func (s screen) actions(r replay.Result) *Table {
	t := &Table{Caption: "Actions", Columns: s.columns(Column{Name: "action"})}
	n := r.Total().N()
	for _, a := range outcomes {
		t.Rows = append(t.Rows, s.tally(r.Actions[a], n, s.setting(r).ActionRate(r.Counts, a), textCell(outcomeName(a))))
	}
	t.Total = s.tally(r.Total(), n, s.setting(r).Pressure(r.Counts), textCell("all"))
	t.Footnotes = []string{calls(r)}
	return t
}

// calls says how often the policy asks each product.
func calls(r replay.Result) string {
	n := r.Total().N()
	text := fmt.Sprintf("Calls: %s %s", r.Policy.First, thousands(r.Calls[0]))
	if r.Policy.Second != "" {
		text += fmt.Sprintf(", %s %s", r.Policy.Second, thousands(r.Calls[1]))
		if n > 0 && r.Calls[1] > 0 {
			text += " (" + percent(calibrate.Number(float64(r.Calls[1])/float64(n))) + ")"
		}
	}
	return text
}

// sideBySide is the table of several policies; actions that a policy does not take are left out.
func (s screen) sideBySide() *Table {
	t := &Table{Caption: "Actions", Columns: s.columns(Column{Name: "policy"}, Column{Name: "action"})}
	for _, r := range s.results {
		name := r.Policy.Name
		for _, a := range outcomes {
			if r.Actions[a].N() == 0 {
				continue
			}
			t.Rows = append(t.Rows, s.tally(r.Actions[a], r.Total().N(), s.setting(r).ActionRate(r.Counts, a), textCell(name), textCell(outcomeName(a))))
			name = "" // said once, so that the eye finds where the next policy begins
		}
	}
	if total := s.results[0].Total(); total.N() > 0 {
		t.Total = s.tally(total, total.N(), s.setting(s.results[0]).Pressure(s.results[0].Counts), textCell("all"), textCell(""))
	}
	return t
}

// rules shows what each rule of a policy decided.
func (s screen) rules(r replay.Result) *Table {
	t := &Table{Caption: "Rules", Columns: s.columns(Column{Name: "rule"}, Column{Name: "then"})}
	if len(s.results) > 1 {
		t.Caption += " of " + r.Policy.Name
	}
	for i, rule := range r.Policy.Rules {
		var decided replay.Tally
		if i < len(r.Rules) {
			decided = r.Rules[i]
		}
		t.Rows = append(t.Rows, s.tally(decided, r.Total().N(), s.plainRate(decided), textCell(rule.Name), textCell(rule.Then.String())))
	}
	return t
}

// groups has one row for each group of one policy.
func (s screen) groups(r replay.Result) *Table {
	t := &Table{Caption: "By " + strings.Join(s.by, ", ")}
	if len(s.results) > 1 {
		t.Caption += ", " + r.Policy.Name
	}
	for _, field := range s.by {
		t.Columns = append(t.Columns, Column{Name: field})
	}
	t.Columns = append(t.Columns, Column{Name: "records", Align: Right})
	lines := slices.DeleteFunc(slices.Clone(groupMeasures), func(m shown) bool { return m.dull && !s.counts(m, r) })
	s.addColumns(t, lines)
	row := func(set calibrate.Setting, c replay.Counts, first []Cell) []Cell {
		first = append(first, countCell(c.Total().N()))
		return measureCells(r.Policy, set.Measures(r.Policy, c), lines, first)
	}
	for _, g := range r.Groups {
		var key []Cell
		for _, k := range g.Key {
			key = append(key, keyCell(k))
		}
		t.Rows = append(t.Rows, row(s.partSetting(r, &g), g.Counts, key))
	}
	t.Total = row(s.setting(r), r.Counts, append([]Cell{textCell("all")}, make([]Cell, len(s.by)-1)...))
	return t
}

// keyCell prints one of a group's values; records without one are a group of their own.
func keyCell(k string) Cell {
	if k == "" {
		return Cell{k, "(none)"}
	}
	return textCell(k)
}
