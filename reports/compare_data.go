package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the JSON contract of compare; as in replay's, the inputs are not in it.

type compareJSON struct {
	SchemaVersion int                 `json:"schema_version"`
	Champion      string              `json:"champion"`
	Read          int64               `json:"read"`
	Records       int64               `json:"records"`
	Rejected      int64               `json:"rejected"`
	Period        *periodJSON         `json:"period"`              // days, null where no record has a time
	Maturity      *maturityJSON       `json:"maturity,omitempty"`  // left out where labels were taken as they are
	Economics     *economicsJSON      `json:"economics,omitempty"` // what costs were counted with
	BreakEven     *breakEvenJSON      `json:"break_even,omitempty"`
	CostCurve     *costCurveJSON      `json:"cost_curve,omitempty"` // where it was asked for
	Confidence    calibrate.Number    `json:"confidence"`
	Challengers   []challengerJSON    `json:"challengers"`
	Assumed       *assumedJSON        `json:"champion_assumed,omitempty"` // null where nobody asked to impute
	Warnings      []calibrate.Warning `json:"warnings"`                   // about the champion and the comparison as a whole
	Issues        []issueJSON         `json:"issues"`
}

type challengerJSON struct {
	Challenger string              `json:"challenger"`
	Gate       *gateJSON           `json:"gate,omitempty"` // with an acceptance file
	Actions    object              `json:"actions"`        // the champion's action, in it the challenger's, in it a tallyJSON
	Swaps      object              `json:"swaps"`          // swap_in, swap_out, other_change, unchanged: they add up to the records
	Measures   []contrastJSON      `json:"measures"`
	Assumed    *assumedJSON        `json:"assumed,omitempty"`  // where somebody asked to impute
	Unseen     *selectiveJSON      `json:"unlabeled_swap_ins"` // null where every swap-in has a label
	Final      *finalsJSON         `json:"final,omitempty"`    // after step-up and review, with treatments in the economics
	Edits      []editJSON          `json:"edits"`
	Parts      []partJSON          `json:"parts"` // of the changed records
	Groups     []swapGroupJSON     `json:"groups,omitempty"`
	Warnings   []calibrate.Warning `json:"warnings"` // about the challenger, then about its difference
}

// A contrastJSON is a measure of both policies, null on the side of a policy that has no such measure.
type contrastJSON struct {
	Name       string         `json:"name"`
	Champion   *sideJSON      `json:"champion"`
	Challenger *sideJSON      `json:"challenger"`
	Difference differenceJSON `json:"difference"`
}

type sideJSON struct {
	Numerator   any              `json:"numerator"` // records, or an Amount
	Denominator any              `json:"denominator"`
	Value       calibrate.Number `json:"value"`
	// Least and Most are what undecided records leave open; they are left out where they leave nothing open.
	Least *calibrate.Number `json:"least,omitempty"`
	Most  *calibrate.Number `json:"most,omitempty"`
}

// A differenceJSON is the challenger's value less the champion's. Method none is plain subtraction, without a test.
type differenceJSON struct {
	Value      calibrate.Number `json:"value"`
	SE         calibrate.Number `json:"se"`
	Low        calibrate.Number `json:"low"`
	High       calibrate.Number `json:"high"`
	P          calibrate.Number `json:"p"`
	Confidence calibrate.Number `json:"confidence"`
	Method     string           `json:"method"`
	// Shown is false where the text says ~, and null where nothing was tested.
	Shown *bool `json:"shown"`
}

// An editJSON is one step from the champion to the challenger. Over all edits, approvals and fraud_approved, which are swap-ins
// less swap-outs, add up to the difference of the two policies.
type editJSON struct {
	Name          string    `json:"name"`
	Changed       int64     `json:"changed"`
	Approvals     int64     `json:"approvals"`
	FraudApproved int64     `json:"fraud_approved"`
	SwapIn        tallyJSON `json:"swap_in"`
	SwapOut       tallyJSON `json:"swap_out"`
}

// A partJSON counts the changed records on which one part of each policy decided; a part is a rule or a cell.
type partJSON struct {
	Champion         string `json:"champion"`
	Challenger       string `json:"challenger"`
	ChampionAction   string `json:"champion_action"`
	ChallengerAction string `json:"challenger_action"`
	tallyJSON
}

type swapGroupJSON struct {
	Key      object         `json:"key"`
	Records  int64          `json:"records"`
	Swaps    object         `json:"swaps"`
	Measures []contrastJSON `json:"measures"`
}

// data returns the contract's value.
func (s contest) data() compareJSON {
	out := compareJSON{
		SchemaVersion: schemaVersion, Champion: s.results[0].Policy.Name, Read: s.account.Read, Records: s.records(), Rejected: s.account.Rejected,
		Period: newPeriod(s.account.Period), Maturity: newMaturity(s.account), Economics: newEconomics(s.results[0].Economics), BreakEven: s.approvalBreakEven(), Confidence: calibrate.Number(s.confidence), Challengers: make([]challengerJSON, 0, len(s.versus)),
		Warnings: append([]calibrate.Warning{}, calibrate.Warnings(s.results[0])...), Issues: issuesJSON(s.account.Issues), Assumed: s.assumedData(s.results[0]),
	}
	if w, found := calibrate.Selection(len(s.versus)); found {
		out.Warnings = append(out.Warnings, w)
	}
	for _, v := range s.versus {
		out.Challengers = append(out.Challengers, s.challenger(v))
	}
	return out
}

func (s contest) challenger(v Versus) challengerJSON {
	c := v.Comparison
	out := challengerJSON{Assumed: s.assumedData(v.Result), Final: s.finalsData(v), Unseen: s.question(v).data(), Challenger: v.Result.Policy.Name, Gate: newGate(v.Gate), Swaps: swapsJSON(&c.Swap), Measures: s.contrastsJSON(c, &c.Swap, s.sides(v)),
		Edits: make([]editJSON, 0, len(v.Edits)), Parts: []partJSON{},
		Warnings: append(append([]calibrate.Warning{}, calibrate.Warnings(v.Result)...), calibrate.ComparisonWarnings(c)...)}
	for _, a := range outcomes {
		var row object
		for _, b := range outcomes {
			row = append(row, member{outcomeName(b), newTally(c.Actions[a][b])})
		}
		out.Actions = append(out.Actions, member{outcomeName(a), row})
	}
	for _, e := range v.Edits {
		p, net := e.Approvals(), netApprovals(&e.Swap)
		out.Edits = append(out.Edits, editJSON{e.Name, e.Changed().N(), net.N(), net.Records[dataset.Fraud], newTally(p.OnlyChallenger), newTally(p.OnlyChampion)})
	}
	for _, x := range changed(c) {
		out.Parts = append(out.Parts, partJSON{x.Champion.Name, x.Challenger.Name, outcomeName(x.Champion.Action), outcomeName(x.Challenger.Action), newTally(x.Tally)})
	}
	for _, g := range c.Groups {
		champion, _ := g.Counts()
		out.Groups = append(out.Groups, swapGroupJSON{keyJSON(s.by, g.Key), champion.Total().N(), swapsJSON(&g.Swap), s.contrastsJSON(c, &g.Swap, s.groupSides(v, g.Key))})
	}
	return out
}

func swapsJSON(s *replay.Swap) object {
	var o object
	for _, part := range swapsOf(s) {
		o = append(o, member{part.name, newTally(part.Tally)})
	}
	return o
}

func (s contest) contrastsJSON(c *replay.Comparison, of *replay.Swap, sides [2]calibrate.Setting) []contrastJSON {
	var out []contrastJSON
	for _, x := range contrasts(c, of, sides) {
		out = append(out, contrastJSON{x.name, newSide(x.champion), newSide(x.challenger), newDifference(x.Difference, s.confidence)})
	}
	return out
}

func newDifference(x calibrate.Difference, confidence float64) differenceJSON {
	d := differenceJSON{x.Value, x.SE, x.Low, x.High, x.P, x.Confidence, x.Method, nil}
	if x.Method != calibrate.MethodNone {
		shown := isShown(x, confidence)
		d.Shown = &shown
	}
	return d
}

func newSide(m *calibrate.Measure) *sideJSON {
	if m == nil {
		return nil
	}
	num, den := parts(*m)
	out := &sideJSON{Numerator: num, Denominator: den, Value: m.Value}
	if m.Bounded() {
		out.Least, out.Most = &m.Least, &m.Most
	}
	return out
}

// tidyTallies and tidyContrasts are the columns that lines of counts and lines of measures fill.
var (
	tidyTallies   = []string{"records", "fraud", "legit", "unlabeled", "amount", "fraud_amount", "approvals", "fraud_approved"}
	tidyContrasts = []string{"champion_numerator", "champion_denominator", "champion_value", "challenger_numerator", "challenger_denominator",
		"challenger_value", "difference", "se", "low", "high", "p", "confidence", "method", "champion_least", "champion_most", "challenger_least", "challenger_most"}
)

// tidy returns one line for each verdict of the gate, pair of actions, swap, edit, pair of parts and measure of each challenger; groups have lines
// of swaps and measures. name and to are the champion's and the challenger's action or part.
func (s contest) tidy() *Table {
	t := &Table{Columns: []Column{{Name: "challenger"}}}
	for _, field := range s.by {
		t.Columns = append(t.Columns, Column{Name: field})
	}
	if len(s.by) > 0 {
		t.Columns = append(t.Columns, Column{Name: "scope"})
	}
	for _, names := range [][]string{{"table", "name", "to"}, tidyTallies, tidyContrasts} {
		for _, name := range names {
			t.Columns = append(t.Columns, Column{Name: name})
		}
	}
	for _, v := range s.versus {
		lead := []any{v.Result.Policy.Name}
		for range s.by {
			lead = append(lead, nil)
		}
		if len(s.by) > 0 {
			lead = append(lead, "all")
		}
		s.tidyGate(t, v)
		s.tidyWhole(t, lead, v)
		for _, g := range v.Comparison.Groups {
			lead := []any{v.Result.Policy.Name}
			for _, k := range g.Key {
				lead = append(lead, k)
			}
			s.tidySwap(t, append(lead, "group"), v.Comparison, &g.Swap, s.groupSides(v, g.Key))
		}
	}
	return t
}

// tidyWhole appends the lines about all records.
func (s contest) tidyWhole(t *Table, lead []any, v Versus) {
	c := v.Comparison
	for _, a := range outcomes {
		for _, b := range outcomes {
			t.line(lead, append([]any{"actions", outcomeName(a), outcomeName(b)}, tallyCells(c.Actions[a][b])...)...)
		}
	}
	s.tidySwap(t, lead, c, &c.Swap, s.sides(v))
	s.tidyAssumedSides(t, lead, v)
	s.tidyFinals(t, lead, v)
	s.tidyBreakEven(t, lead)
	for _, e := range v.Edits {
		net := netApprovals(&e.Swap)
		t.line(lead, append(append([]any{"edit", e.Name, nil}, tallyCells(e.Changed())...), net.N(), net.Records[dataset.Fraud])...)
	}
	for _, x := range changed(c) {
		t.line(lead, append([]any{"part", x.Champion.Name, x.Challenger.Name}, tallyCells(x.Tally)...)...)
	}
}

// tidySwap appends the swaps and the measures of some records.
func (s contest) tidySwap(t *Table, lead []any, c *replay.Comparison, of *replay.Swap, sides [2]calibrate.Setting) {
	for _, part := range swapsOf(of) {
		t.line(lead, append([]any{"swap", part.name, nil}, tallyCells(part.Tally)...)...)
	}
	for _, x := range contrasts(c, of, sides) {
		values := append([]any{"measure", x.name, nil}, make([]any, len(tidyTallies))...)
		values = append(append(values, sideCells(x.champion)...), sideCells(x.challenger)...)
		values = append(values, x.Value, x.SE, x.Low, x.High, x.P, x.Confidence, x.Method)
		t.line(lead, append(append(values, extentCells(x.champion)...), extentCells(x.challenger)...)...)
	}
}

func tallyCells(t replay.Tally) []any {
	return []any{t.N(), t.Records[dataset.Fraud], t.Records[dataset.Legit], t.Records[dataset.Unlabeled], Amount(t.Value()), Amount(t.Amount[dataset.Fraud])}
}

func sideCells(m *calibrate.Measure) []any {
	if m == nil {
		return make([]any, 3)
	}
	num, den := parts(*m)
	return []any{num, den, m.Value}
}

// extentCells are the two ends of what undecided records leave open, empty where they leave nothing.
func extentCells(m *calibrate.Measure) []any {
	if m == nil || !m.Bounded() {
		return make([]any, 2)
	}
	return []any{m.Least, m.Most}
}

// line appends a line that begins with the cells of lead; columns without a value are empty.
func (t *Table) line(lead []any, values ...any) {
	row := make([]Cell, len(t.Columns))
	for i, v := range append(append([]any(nil), lead...), values...) {
		row[i].Value = v
	}
	t.Rows = append(t.Rows, row)
}
