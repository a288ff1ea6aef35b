package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Versus is a challenger beside the champion, over one history.
type Versus struct {
	// Result is what the challenger does by itself.
	Result replay.Result
	// Comparison is the champion's with the challenger.
	Comparison *replay.Comparison
	// Edits lead from the champion to the challenger; their differences add up to the comparison's.
	Edits []replay.Contribution
	// Gate is what an acceptance says of the challenger, nil without one.
	Gate *calibrate.Gate
}

// Compare arranges the comparisons of a champion with its challengers. champion is what the champion does by itself; the other
// arguments are those of Replay. The JSON form is described by the types of compare_data.go.
func Compare(champion replay.Result, versus []Versus, by []string, account dataset.Account, confidence float64) Document {
	results := []replay.Result{champion}
	for _, v := range versus {
		results = append(results, v.Result)
	}
	s := contest{screen{results, by, account, confidence, nil}, versus}
	d := Document{Title: s.title(), Data: s.data(), Tidy: s.tidy(), Blocks: []Block{Paragraph(s.source())}}
	for _, v := range versus {
		if v.Gate != nil {
			d.Blocks = append(d.Blocks, s.gate(v))
		}
	}
	if len(account.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(account.Issues))
	}
	notes, marks := s.doubts()
	for _, v := range versus {
		d.Blocks = append(d.Blocks, s.duel(v, marks)...)
	}
	if len(notes.Items) > 0 {
		d.Blocks = append(d.Blocks, notes)
	}
	d.Blocks = append(d.Blocks, s.details())
	return d
}

// A contest is what the blocks of a comparison are made from. The first of the screen's results is the champion's.
type contest struct {
	screen
	versus []Versus
}

func (s contest) title() string {
	who := fmt.Sprintf("%d challengers", len(s.versus))
	if len(s.versus) == 1 {
		who = s.versus[0].Result.Policy.Name
	}
	return fmt.Sprintf("%s against the champion %s on %s records", who, s.results[0].Policy.Name, thousands(s.records()))
}

// duel has the blocks of one challenger.
func (s contest) duel(v Versus, marks map[string]string) []Block {
	var out []Block
	if len(s.versus) > 1 {
		out = append(out, Heading(v.Result.Policy.Name))
	}
	records := func(t replay.Tally) Cell { return Cell{t.N(), cellText(t.N())} }
	out = append(out, s.grid("Actions: champion (down) x challenger (across), records", v, records), s.swaps(v), s.measuresOf(v, marks))
	out = append(out, s.assumed(s.results[0], v.Result)...)
	if unseen := s.question(v).table(); unseen != nil {
		out = append(out, unseen)
	}
	if tornado := s.tornado(v); tornado != nil {
		out = append(out, s.pair(v).finals(), tornado)
	}
	if len(v.Edits) > 0 {
		out = append(out, s.edits(v))
	}
	if len(s.by) > 0 {
		out = append(out, s.groupsOf(v))
	}
	return out
}

func cellText(n int64) string {
	if n == 0 {
		return none
	}
	return thousands(n)
}

// taken returns the actions that at least one of the two policies takes on some record.
func taken(c *replay.Comparison) []dataset.Action {
	a, b := c.Counts()
	return slices.DeleteFunc(slices.Clone(outcomes), func(x dataset.Action) bool { return a.Actions[x].N()+b.Actions[x].N() == 0 })
}

// grid is a table of actions x actions; cell says what is shown of the records that share both.
func (s contest) grid(caption string, v Versus, cell func(replay.Tally) Cell) *Table {
	t := &Table{Caption: caption, Columns: []Column{{Name: "champion"}}}
	actions := taken(v.Comparison)
	champion, challenger := v.Comparison.Counts()
	t.Total = []Cell{textCell("all")}
	for _, b := range actions {
		t.Columns = append(t.Columns, Column{Name: outcomeName(b), Align: Right})
		t.Total = append(t.Total, cell(challenger.Actions[b]))
	}
	t.Columns = append(t.Columns, Column{Name: "all", Align: Right})
	t.Total = append(t.Total, cell(champion.Total()))
	for _, a := range actions {
		row := []Cell{textCell(outcomeName(a))}
		for _, b := range actions {
			row = append(row, cell(v.Comparison.Actions[a][b]))
		}
		t.Rows = append(t.Rows, append(row, cell(champion.Actions[a])))
	}
	return t
}

// A swap is a part of the records by what the change of policy does to them. The parts of a comparison hold each record once.
type swap struct {
	name, words string
	replay.Tally
}

// swapsOf returns the parts of a comparison.
func swapsOf(s *replay.Swap) []swap {
	champion, _ := s.Counts()
	p, changed := s.Approvals(), s.Changed()
	return []swap{
		{"swap_in", "swap-ins", p.OnlyChallenger}, {"swap_out", "swap-outs", p.OnlyChampion},
		{"other_change", "other changes", changed.Sub(p.OnlyChallenger).Sub(p.OnlyChampion)},
		{"unchanged", "unchanged", champion.Total().Sub(changed)},
	}
}

// swaps shows who comes in and who goes out, by outcome.
func (s contest) swaps(v Versus) *Table {
	t := &Table{Caption: "Swaps", Columns: []Column{{Name: "records of"}, {Name: "records", Align: Right}, {Name: "share", Align: Right},
		{Name: "fraud", Align: Right}, {Name: "legit", Align: Right}, {Name: "unlabeled", Align: Right}}}
	if s.hasAmounts() {
		t.Columns = append(t.Columns, Column{Name: "amount", Align: Right}, Column{Name: "fraud_amount", Head: "fraud amount", Align: Right, Extra: true})
	}
	t.Columns = append(t.Columns, Column{Name: "fraud_rate", Head: "fraud rate", Align: Right})
	n := s.records()
	row := func(words string, u replay.Tally) []Cell {
		out := []Cell{textCell(words), countCell(u.N()), shareCell(u.N(), n), countCell(u.Records[dataset.Fraud]), countCell(u.Records[dataset.Legit]),
			countCell(u.Records[dataset.Unlabeled])}
		if s.hasAmounts() {
			out = append(out, amountCell(u.Value()), amountCell(u.Amount[dataset.Fraud]))
		}
		return append(out, textCell(rateRange(u)))
	}
	for _, part := range swapsOf(&v.Comparison.Swap) {
		t.Rows = append(t.Rows, row(part.words, part.Tally))
	}
	champion, _ := v.Comparison.Counts()
	t.Total = row("all", champion.Total())
	t.Footnotes = []string{"Swap-ins: approved by the challenger alone; swap-outs: by the champion alone. Fraud rate: where records have no label, " +
		"from none of them being fraud to all of them; nothing in between is claimed."}
	return t
}

// rateRange prints the fraud rate of a part of the records as far as it is known.
func rateRange(t replay.Tally) string {
	k, n, unlabeled := t.Records[dataset.Fraud], t.N(), t.Records[dataset.Unlabeled]
	share := func(k int64) calibrate.Number { return calibrate.Number(float64(k) / float64(n)) }
	switch {
	case n == 0 || unlabeled == n:
		return undefined
	case unlabeled > 0:
		return decimals(100*share(k)) + " – " + percent(share(k+unlabeled))
	case k == 0:
		return "0 of " + thousands(n)
	}
	return percent(share(k))
}

// edits shows what each edit of the policy adds to the difference.
func (s contest) edits(v Versus) *Table {
	t := &Table{Caption: "Edits, from the champion to the challenger", Columns: []Column{{Name: "edit"}, {Name: "changed", Align: Right},
		{Name: "approvals", Align: Right}, {Name: "fraud", Align: Right},
		{Name: "legit", Align: Right}, {Name: "unlabeled", Align: Right}}}
	row := func(words string, c *replay.Comparison) []Cell {
		net := netApprovals(&c.Swap)
		return []Cell{textCell(words), countCell(c.Changed().N()), signedCell(net.N()), signedCell(net.Records[dataset.Fraud]),
			signedCell(net.Records[dataset.Legit]), signedCell(net.Records[dataset.Unlabeled])}
	}
	for _, e := range v.Edits {
		t.Rows = append(t.Rows, row(e.Name, e.Comparison))
	}
	t.Total = row("all", v.Comparison)
	t.Footnotes = []string{"Each edit is counted after those above it; fraud, legit and unlabeled are of the approvals. Approvals add up to the difference; a record that two edits change is changed once in all, or not at all."}
	return t
}

// netApprovals returns what the challenger approves less what the champion approves.
func netApprovals(s *replay.Swap) replay.Tally {
	p := s.Approvals()
	return p.OnlyChallenger.Sub(p.OnlyChampion)
}

func signedCell(n int64) Cell {
	text := thousands(n)
	if n > 0 {
		text = "+" + text
	}
	return Cell{n, text}
}

// groupsOf shows the two tested measures in each group.
func (s contest) groupsOf(v Versus) *Table {
	t := &Table{Caption: "By " + strings.Join(s.by, ", ") + ": champion → challenger"}
	for _, field := range s.by {
		t.Columns = append(t.Columns, Column{Name: field})
	}
	t.Columns = append(t.Columns, Column{Name: "records", Align: Right, Extra: true}, Column{Name: "approval", Align: Right}, Column{Name: "difference", Align: Right},
		Column{Name: "fraud_rate", Head: "fraud rate", Align: Right}, Column{Name: "fraud_difference", Head: "difference", Align: Right})
	open := false
	row := func(sw *replay.Swap, sides [2]calibrate.Setting, first []Cell) []Cell {
		champion, _ := sw.Counts()
		first = append(first, countCell(champion.Total().N()))
		list := contrasts(v.Comparison, sw, sides)
		for i, d := range paired(v.Comparison, sw, s.confidence) {
			told := verdict(d, s.confidence)
			if contrastOf(list, []string{"approval_rate", "fraud_rate"}[i]).open() && d.Value.Defined() {
				told, open = points(d.Value)+" ("+untested+")", true
			}
			first = append(first, textCell(fromTo(d)), textCell(told))
		}
		return first
	}
	for _, g := range v.Comparison.Groups {
		var key []Cell
		for _, k := range g.Key {
			key = append(key, keyCell(k))
		}
		t.Rows = append(t.Rows, row(&g.Swap, s.groupSides(v, g.Key), key))
	}
	t.Total = row(&v.Comparison.Swap, s.sides(v), append([]Cell{textCell("all")}, make([]Cell, len(s.by)-1)...))
	t.Footnotes = []string{fmt.Sprintf("p is for each group alone: of 20 groups without a difference about one shows p < 0.05. %s", s.tilde())}
	if open {
		t.Footnotes[0] += " Untested: undecided records leave the rate open, count as not approved here, and may turn the difference."
	}
	return t
}

// doubts gathers the warnings of each policy and of each comparison, and the marks of the measures that the latter are about.
func (s contest) doubts() (Notes, map[string]string) {
	notes, _ := s.warnings() // they name their policies, and need no marks
	marks := map[string]string{}
	for _, v := range s.versus {
		name := v.Result.Policy.Name
		for _, w := range calibrate.ComparisonWarnings(v.Comparison) {
			message := w.Message
			if len(s.versus) > 1 {
				message = name + ": " + message
			}
			for _, m := range w.Measures {
				marks[markOf(v, m)] += mark(len(notes.Items))
			}
			notes.Items = append(notes.Items, message)
		}
	}
	if w, found := calibrate.Selection(len(s.versus)); found {
		notes.Items = append(notes.Items, w.Message)
	}
	return notes, marks
}

// markOf is the key of the marks of a challenger's measure.
func markOf(v Versus, measure string) string { return v.Result.Policy.Name + "\x00" + measure }

// details hold the swap table by outcome and amount, the parts of the policies, and what the details of a replay hold.
func (s contest) details() Details {
	d := Details{Summary: "Swap tables, parts, all measures, issues and inputs"}
	for _, v := range s.versus {
		of := ""
		if len(s.versus) > 1 {
			of = " of " + v.Result.Policy.Name
		}
		d.Blocks = append(d.Blocks, s.grid("Swap table"+of+": fraud", v, func(t replay.Tally) Cell {
			return Cell{t.Records[dataset.Fraud], cellText(t.Records[dataset.Fraud])}
		}))
		if s.hasAmounts() {
			d.Blocks = append(d.Blocks, s.grid("Swap table"+of+": amount", v, func(t replay.Tally) Cell { return amountCell(t.Value()) }),
				s.grid("Swap table"+of+": fraud amount", v, func(t replay.Tally) Cell { return amountCell(t.Amount[dataset.Fraud]) }))
		}
		d.Blocks = append(d.Blocks, s.parts("Changed records by the parts of the two policies"+of, v))
	}
	d.Blocks = append(d.Blocks, s.screen.details().Blocks...)
	return d
}

// parts shows which part of each policy decided on the changed records.
func (s contest) parts(caption string, v Versus) *Table {
	t := &Table{Caption: caption, Columns: s.columns(Column{Name: "champion"}, Column{Name: "challenger"}, Column{Name: "from"}, Column{Name: "to"})}
	for _, x := range changed(v.Comparison) {
		t.Rows = append(t.Rows, s.tally(x.Tally, s.records(), s.plainRate(x.Tally), textCell(x.Champion.Name), textCell(x.Challenger.Name),
			textCell(outcomeName(x.Champion.Action)), textCell(outcomeName(x.Challenger.Action))))
	}
	t.Total = s.tally(v.Comparison.Changed(), s.records(), s.plainRate(v.Comparison.Changed()), textCell("all"), textCell(""), textCell(""), textCell(""))
	return t
}

// changed returns the crossings whose records meet another action under the challenger.
func changed(c *replay.Comparison) []replay.Crossing {
	return slices.DeleteFunc(slices.Clone(c.Crossings), func(x replay.Crossing) bool { return !x.Changed() })
}
