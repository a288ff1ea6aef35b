package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Evidence is what stands beside a calibration; what was not asked for is nil.
type Evidence struct {
	// All is what the champion does with all records.
	All          replay.Counts
	Apparent     *calibrate.Apparent
	Unrestricted *calibrate.Unrestricted
	Prices       *calibrate.Prices
	Rollout      []calibrate.ExpectedStep
	Backtest     *calibrate.Backtest
	// NoBacktest says why there is none although it was asked for.
	NoBacktest string
}

// evidence has the blocks of what is there.
func (s advice) evidence() []Block {
	var out []Block
	if a := s.beside.Apparent; a != nil {
		out = append(out, s.apparent(a))
	}
	if u := s.beside.Unrestricted; u != nil {
		out = append(out, s.standings(u))
	}
	if p := s.beside.Prices; p != nil {
		out = append(out, s.prices(p))
	}
	if len(s.beside.Rollout) > 0 {
		out = append(out, s.rollout())
	}
	if b := s.beside.Backtest; b != nil {
		out = append(out, s.backtest(b)...)
	}
	if text := s.beside.NoBacktest; text != "" {
		out = append(out, Heading("Backtest"), Paragraph(capital(text)+"."))
	}
	return out
}

// objectiveText prints an objective: records, or money.
func (s advice) objectiveText(v int64) string {
	switch s.Goals.Objective {
	case calibrate.LeastCost:
		return "a cost of " + s.money(-v)
	case calibrate.MostProfit:
		return "a profit of " + s.money(v)
	case calibrate.MostCapture:
		return thousands(v) + " frauds stopped"
	case calibrate.MostGoodApprovals:
		return thousands(v) + " legit records approved"
	case calibrate.MostFinalApprovals:
		return thousands(v/s.Goals.Scale()) + " approvals in the end, if the economics file guesses right"
	}
	return thousands(v) + " approvals"
}

// money prints an amount with its currency.
func (s advice) money(v int64) string {
	text := totalText(replay.Money(v / s.Goals.Scale()))
	if e := s.Goals.Economics; e != nil && e.Currency != "" {
		text += " " + e.Currency
	}
	return text
}

// apparent shows what searches find without a guarantee.
func (s advice) apparent(a *calibrate.Apparent) *Table {
	t := &Table{Caption: "What searches find on all records: apparent, and no promise", Columns: []Column{{Name: "search"},
		{Name: "approved", Align: Right, Extra: true}, {Name: "approval_rate", Head: "approval", Align: Right}, {Name: "fraud", Align: Right}, {Name: "fraud_rate", Head: "fraud rate", Align: Right}}}
	for _, r := range a.Rows {
		switch {
		case r.Skipped != "":
			continue
		case r.Infeasible != "":
			t.Rows = append(t.Rows, []Cell{textCell(r.Search + ": none keeps the limits"), {nil, none}, {nil, none}, {nil, none}, {nil, none}})
			continue
		}
		approved := r.Counts.Approved()
		rate := calibrate.Rate("", approved.Records[dataset.Fraud], approved.Labeled(), s.confidence)
		value, _ := measureText(rate)
		t.Rows = append(t.Rows, []Cell{textCell(s.searchText(r)), countCell(approved.N()), shareCell(approved.N(), r.Counts.Total().N()),
			countCell(approved.Records[dataset.Fraud]), {rate.Value, value}})
	}
	t.Footnotes = []string{fmt.Sprintf("Each is the best of its kind on the records that it is counted on, %s: chance helped to choose it, and on new ones it may well break its limits. Each cutoff of a range decides these records alike.", a.Window)}
	return t
}

// searchWords are shorter names, beside which the cutoffs stand.
var searchWords = map[string]string{
	calibrate.SearchFirst: "cutoff", calibrate.SearchSecond: "cutoff", calibrate.SearchPair: "pair", calibrate.SearchCorners2: "staircase, at most 2 corners",
	calibrate.SearchCorners4: "staircase, at most 4 corners", calibrate.SearchAnyShape: anyShape,
}

// anyShape is the best staircase for one price of the limit. Others lie between two prices.
const anyShape = "any shape, by price"

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int64(n)) + " " + what + "s"
}

// searchText says what was searched and where its cutoffs are.
func (s advice) searchText(r calibrate.Row) string {
	var parts []string
	at := func(words string, c calibrate.Range) {
		switch {
		case c.Low == calibrate.NoScore && c.High == calibrate.NoScore:
		case c.High > c.Low:
			parts = append(parts, fmt.Sprintf("%s ≥ %d–%d", words, c.Low, c.High))
		default:
			parts = append(parts, fmt.Sprintf("%s ≥ %d", words, c.Low))
		}
	}
	search := cmp.Or(searchWords[r.Search], r.Search)
	switch {
	case r.Family == calibrate.Waterfalls:
		at("ask", r.First)
		if r.ApproveFrom.Low <= dataset.MaxScore {
			at("approve", r.ApproveFrom)
		}
		at(s.Base.Second, r.Second)
	case r.Family == calibrate.Cutoffs:
		at(s.Base.First, r.First)
		at(s.Base.Second, r.Second)
	case r.Shape != nil:
		parts = append(parts, countOf(len(r.Shape.Corners), "corner"))
	}
	if r.Tied > 1 {
		parts = append(parts, thousands(r.Tied)+" tied")
	}
	if parts == nil {
		return search
	}
	return search + ": " + strings.Join(parts, ", ")
}

// standings show what other shapes would add.
func (s advice) standings(u *calibrate.Unrestricted) *Table {
	t := &Table{Caption: "What other shapes leave on the table, on all records (apparent)", Columns: []Column{{Name: "policy"}, {Name: "objective", Head: string(s.Goals.Objective), Align: Right},
		{Name: "share", Align: Right}, {Name: "below", Head: "below the bound", Align: Right}}}
	byPrice := false
	for _, st := range u.Standings {
		name := st.Name
		if name == calibrate.SearchAnyShape {
			name = anyShape
		}
		row := []Cell{textCell(name), {nil, none}, {nil, none}, {nil, none}}
		if st.Absent != "" {
			row[1] = textCell(undefined)
		} else {
			row[1] = s.objectiveCell(st.Objective)
			if st.Share.Defined() {
				row[2] = Cell{st.Share, shareText(st.Share)}
			}
			if st.Below.Defined() {
				row[3] = Cell{st.Below, strings.TrimPrefix(points(st.Below), "+")}
			}
		}
		t.Rows = append(t.Rows, row)
		if note := "n/a: " + st.Absent + "."; st.Absent != "" && !slices.Contains(t.Footnotes, note) {
			t.Footnotes = append(t.Footnotes, note)
		}
		byPrice = byPrice || name == anyShape && st.Absent == ""
	}
	if byPrice {
		t.Footnotes = append(t.Footnotes, capital(anyShape)+": the best region for one price of the limit. A region between two prices may reach more, and none more than the line \"at most\".")
	}
	bound := u.Standings[len(u.Standings)-1]
	if byPrice && slices.ContainsFunc(u.Standings, func(st calibrate.Standing) bool { return st.Absent == "" && st.Objective > bound.Objective }) {
		t.Footnotes = append(t.Footnotes, "The lines of any shape part what is approved from the rest alone: a policy with more actions goes beyond them here.")
	}
	t.Rows = append(t.Rows, s.nestedRow(u, t)...)
	if r := u.Exchange.Rate(); r.Defined() {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("At the limit, the next shape approves %s more records with %s more frauds among them: %s for each fraud.",
			thousands(u.Exchange.Approvals), thousands(u.Exchange.Frauds), decimals(r)))
	}
	return t
}

func (s advice) objectiveCell(v int64) Cell {
	switch s.Goals.Objective {
	case calibrate.LeastCost:
		return Cell{s.objectiveMoney(-v), totalText(replay.Money(-v / s.Goals.Scale()))}
	case calibrate.MostProfit:
		return Cell{s.objectiveMoney(v), totalText(replay.Money(v / s.Goals.Scale()))}
	case calibrate.MostFinalApprovals:
		return Cell{s.objectiveNumber(v), thousands(v / s.Goals.Scale())}
	}
	return countCell(v)
}

// objectiveMoney is an objective of money as a number of major units.
func (s advice) objectiveMoney(v int64) calibrate.Number {
	return calibrate.Number(float64(v) / float64(s.Goals.Scale()) / float64(replay.MoneyPerMajor))
}

// nestedRow shows three regions of any shape, or says in a footnote why there is none.
func (s advice) nestedRow(u *calibrate.Unrestricted, t *Table) [][]Cell {
	n := u.Nested
	switch {
	case n == nil && u.NestedAbsent != "":
		if u.Best.Skipped != u.NestedAbsent { // said already
			t.Footnotes = append(t.Footnotes, "Three regions of any shape: "+u.NestedAbsent+".")
		}
		return nil
	case n == nil:
		return nil
	case n.Infeasible != "":
		t.Footnotes = append(t.Footnotes, "Three regions of any shape: "+n.Infeasible+".")
		return nil
	}
	steps := ""
	if n.Step > 1 {
		steps = fmt.Sprintf(" Its cutoffs are multiples of %d.", n.Step)
	}
	t.Footnotes = append(t.Footnotes, fmt.Sprintf("Three regions: %s; %s.%s", n.Priced, n.Assumes, steps))
	return [][]Cell{{textCell("three regions of any shape, with " + n.Middle.String()), s.objectiveCell(n.Objective), {nil, none}, {nil, none}}}
}

// prices show what more room at a limit would buy.
func (s advice) prices(p *calibrate.Prices) *Table {
	t := &Table{Caption: fmt.Sprintf("Price of the limits, on all records (apparent, family %s)", p.Family), Columns: []Column{{Name: "limit"}, {Name: "binds"},
		{Name: "tighter", Head: "a tenth tighter", Align: Right}, {Name: "looser", Head: "a tenth looser", Align: Right}}}
	move := func(m calibrate.PriceMove, wrong bool) Cell {
		switch {
		case !m.Found:
			return Cell{nil, "none keeps it"}
		case wrong: // a search by prices can miss under one limit what it finds under the other, and both keep the looser one
			return Cell{calibrate.Number(0), "0"}
		case m.Share.Defined():
			return Cell{m.Share, points(m.Share)}
		}
		return Cell{s.objectiveMoney(m.Difference), signedText(s.objectiveMoney(m.Difference), 2)}
	}
	for _, l := range p.Limits {
		t.Rows = append(t.Rows, []Cell{textCell(limitText(l.Limit)), textCell(map[bool]string{true: "yes", false: "no"}[l.Binds]),
			move(l.Tighter, l.Tighter.Difference > 0), move(l.Looser, l.Looser.Difference < 0)})
	}
	t.Footnotes = []string{fmt.Sprintf("What the best policy of the family has more or less of the objective (%s) when the limit moves by a tenth.", s.Goals.Objective)}
	return t
}

// rollout shows the steps that lead to the recommendation.
func (s advice) rollout() *Table {
	t := &Table{Caption: "Rollout: what each step would have done in the last window", Columns: []Column{{Name: "step"}, {Name: "change", Extra: true}, {Name: "approval_rate", Head: "approval", Align: Right},
		{Name: "fraud_rate", Head: "fraud rate", Align: Right}, {Name: "interval", Head: "95 % interval", Align: Right, Extra: true}, {Name: "in", Head: "swap-ins", Align: Right},
		{Name: "out", Head: "swap-outs", Align: Right}, {Name: "look", Head: "look after", Align: Right}, {Name: "go_on", Head: "go on ≤", Align: Right},
		{Name: "stop", Head: "stop ≥", Align: Right}}}
	for _, e := range s.beside.Rollout {
		value, interval := measureText(e.FraudRate)
		row := []Cell{textCell(e.Policy.Name), textCell(string(e.Change)), {e.Approval.Value, shareText(e.Approval.Value)}, {e.FraudRate.Value, value}, textCell(interval),
			countCell(e.In.N()), countCell(e.Out.N()), {nil, none}, {nil, none}, {nil, none}}
		if len(e.Triggers) > 0 {
			g := e.Triggers[0]
			row[7] = countCell(g.Look)
			row[8], row[9] = countCell(g.GoOn), countCell(g.Stop)
		}
		t.Rows = append(t.Rows, row)
	}
	what := "the limit"
	if first := s.beside.Rollout[0].Triggers; len(first) > 0 {
		what = limitText(first[0].Limit)
	}
	t.Footnotes = []string{fmt.Sprintf("What loosens comes first, what tightens is spread over the steps. Swap-ins are approved by the step and not by the one before, swap-outs the other way round. Look once, after so many labeled, mature records: with as many as \"go on\" or fewer that count against %s, it is shown to be kept; with as many as \"stop\" or more, broken; between the two, wait for as many again. A look is wrong with %s at most, and a further one adds as much.",
		what, confidenceText(s.Goals.Delta))}
	if over := s.stepsOver(); over != nil {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("In that window %s came to more than the limit on the fraud rate allows. What is certified is the recommended policy, not the way to it: --rollout 1 goes there in one step.", strings.Join(over, ", ")))
	}
	return t
}

// stepsOver names the steps of the rollout whose fraud rate in the last window is above a limit on it.
func (s advice) stepsOver() (names []string) {
	for _, e := range s.beside.Rollout {
		for _, g := range e.Triggers {
			if g.Limit.Measure == "fraud_rate" && !g.Limit.AtLeast && float64(e.FraudRate.Value) > g.Limit.Bound.Float() {
				names = append(names, e.Policy.Name)
				break
			}
		}
	}
	return names
}

// backtest shows what the procedure would have promised and what came.
func (s advice) backtest(b *calibrate.Backtest) []Block {
	t := &Table{Caption: "Backtest: each month, the procedure on all months before it", Columns: []Column{{Name: "month"}, {Name: "family"}, {Name: "records", Align: Right},
		{Name: "champion_approval", Head: "champion", Align: Right}, {Name: "recommended_approval", Head: "recommended", Align: Right},
		{Name: "fraud_rate", Head: "its fraud rate", Align: Right}, {Name: "naive_fraud_rate", Head: "naive best's", Align: Right}, {Name: "result"}}}
	for _, m := range b.Months {
		t.Rows = append(t.Rows, []Cell{textCell(m.Month), textCell(orNone(string(m.Family))), countCell(m.Total.N()), approvalCell(m.Champion), approvalCell(m.Recommended),
			fraudCell(m.Recommended), fraudCell(m.Naive), textCell(monthResult(m))})
	}
	out := []Block{t}
	if b.Tried == 0 {
		return append(out, Paragraph("No month could be tried."))
	}
	return append(out, Paragraph(fmt.Sprintf(
		"In %s months tried a policy was recommended in %d; %d were above a limit, which chance alone does, and %d are shown to have broken one, where at most %s are expected. The naive best, chosen on the same past without a certificate: above in %d, shown broken in %d.",
		thousands(int64(b.Tried)), b.Recommended.Chosen, b.Recommended.Over, b.Recommended.Shown, fmt.Sprintf("%.2g", b.Allowed), b.Naive.Over, b.Naive.Shown)))
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

func monthResult(m calibrate.BacktestMonth) string {
	switch {
	case m.Nothing != "":
		return "nothing to calibrate"
	case m.Recommended.Policy == nil:
		return "nothing certified"
	case m.Recommended.Shown():
		return "shown broken"
	case m.Recommended.Over():
		return "above, by chance or not"
	}
	return "kept"
}

func approvalCell(t calibrate.Trial) Cell {
	if t.Policy == nil {
		return Cell{nil, none}
	}
	return shareCell(t.Counts.Approved().N(), t.Counts.Total().N())
}

func fraudCell(t calibrate.Trial) Cell {
	if t.Policy == nil {
		return Cell{nil, none}
	}
	a := t.Counts.Approved()
	m := calibrate.Rate("fraud_rate", a.Records[dataset.Fraud], a.Labeled(), displayConfidence)
	value, _ := measureText(m)
	return Cell{m.Value, value}
}

// displayConfidence is that of intervals beside which no other is stated.
const displayConfidence = 0.95
