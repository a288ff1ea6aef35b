package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Strategy arranges the strategy curve of a cutoff, or the frontier of a pair, over the history that the account describes.
// Text and markdown show about 25 of the points; CSV and JSON have them all. The JSON form is described by the types of
// curve_data.go.
func Strategy(c *calibrate.StrategyCurve, account dataset.Account) Document {
	s := newSweepScreen(c, account)
	d := Document{Title: s.title(), Data: s.data(), Tidy: s.tidy(), Blocks: []Block{Paragraph(s.source())}}
	if len(account.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(account.Issues))
	}
	if len(c.Points) > 0 {
		d.Blocks = append(d.Blocks, s.pointTable())
	}
	d.Blocks = append(d.Blocks, s.markTable())
	if w := c.Warnings(); len(w) > 0 {
		notes := Notes{Caption: "Warnings"}
		for _, w := range w {
			notes.Items = append(notes.Items, w.Message)
		}
		d.Blocks = append(d.Blocks, notes)
	}
	d.Blocks = append(d.Blocks, s.details())
	return d
}

// A sweepScreen is what the blocks of a curve are made from. The results of the screen are those of the marks.
type sweepScreen struct {
	screen
	*calibrate.StrategyCurve
	points, marks []spot
	lines         []shown // the columns that have something to show
	bounded       bool    // somewhere a rate is a range
}

// A spot is a point or a mark with its measures.
type spot struct {
	policy          *replay.Policy
	at              []int
	fraud, approval calibrate.Interval
	measures        []calibrate.Measure
}

// measure finds one of a spot's measures; every spot has those that are not about a second product or a price.
func (x spot) measure(name string) calibrate.Measure {
	m, _ := calibrate.Find(x.measures, name)
	return m
}

// curveMeasures are the columns of a curve. Extra ones are the first to go where a terminal is narrow.
var curveMeasures = []struct {
	shown
	extra bool
}{
	{shown{"approval_rate", "", "approval", false}, false},
	{shown{"fraud_rate", "", "fraud rate", false}, false}, // and its interval
	{shown{approvedLabeled, "", "labeled", true}, false},
	{shown{"fraud_capture", "", "capture", false}, false},
	{shown{"insult_rate", "", "insult", false}, false},
	{shown{"review_rate", "", "review", true}, true},
	{shown{"review_per_day", "", "per day", true}, true},
	{shown{"call_rate", "", "calls", true}, true},
	{shown{"cost_per_record", "", "cost", true}, false},
	{shown{"undecided_rate", "", "undecided", true}, false},
	{shown{"friction_rate", "", "friction", true}, true},
	{shown{"step_up_rate", "", "step-up", true}, true},
}

// approvedLabeled is the share of what is approved whose outcome is known. It is a column of the screen where it varies so much
// that there is a warning.
const approvedLabeled = "approved_label_coverage"

func newSweepScreen(c *calibrate.StrategyCurve, account dataset.Account) sweepScreen {
	s := sweepScreen{screen: screen{account: account, confidence: c.Confidence}, StrategyCurve: c}
	for _, m := range c.Marks {
		s.results = append(s.results, m.Result)
	}
	for _, p := range c.Points {
		s.points = append(s.points, spot{c.Policy, p.At, p.FraudRate, p.Approval, s.measured(c.Policy, p.Counts, p.Open)})
	}
	for _, m := range c.Marks {
		none := calibrate.Interval{Low: calibrate.Undefined(), High: calibrate.Undefined()}
		s.marks = append(s.marks, spot{m.Policy, m.At, m.FraudRate, none, s.measured(m.Policy, m.Counts, m.Open)})
	}
	s.bounded = s.somewhere(func(x spot) bool { return x.measure("approval_rate").Bounded() || x.measure("fraud_rate").Bounded() })
	uneven := slices.ContainsFunc(c.Warnings(), func(w calibrate.Warning) bool { return w.Code == calibrate.LessLabeled })
	for _, line := range curveMeasures {
		counted := func(x spot) bool {
			m, found := line.find(x.policy, x.measures)
			return found && m.Numerator != 0
		}
		if line.name == approvedLabeled && !uneven || line.dull && !s.somewhere(counted) {
			continue
		}
		s.lines = append(s.lines, line.shown)
	}
	return s
}

// somewhere reports whether a point or a mark is of a kind.
func (s sweepScreen) somewhere(is func(spot) bool) bool {
	return slices.ContainsFunc(s.points, is) || slices.ContainsFunc(s.marks, is)
}

// measured returns the measures of a point or a mark.
func (s sweepScreen) measured(p *replay.Policy, c replay.Counts, open replay.Open) []calibrate.Measure {
	t := c.Approved()
	set := s.setting(replay.Result{Economics: s.results[0].Economics, Open: open})
	return append(set.Measures(p, c), calibrate.Rate(approvedLabeled, t.Labeled(), t.N(), s.Confidence))
}

func (s sweepScreen) title() string {
	if len(s.Cutoffs) == 2 {
		return fmt.Sprintf("Frontier of %s: %s", s.Policy.Name, s.cutoffs(" and "))
	}
	return fmt.Sprintf("Strategy curve of %s: %s", s.Policy.Name, s.cutoffs(" and "))
}

func (s sweepScreen) cutoffs(join string) string {
	var names []string
	for _, c := range s.Cutoffs {
		names = append(names, c.String())
	}
	return strings.Join(names, join)
}

// pointTable is the table of the curve, thinned to what a person reads.
func (s sweepScreen) pointTable() *Table {
	rows := s.thinned()
	t := &Table{Caption: fmt.Sprintf("Curve: %s points, one for each distinct score and one above all", thousands(int64(len(s.Points))))}
	if len(s.Cutoffs) == 2 {
		t.Caption = fmt.Sprintf("Frontier: %s of %s pairs of cutoffs", thousands(int64(len(s.Points))), thousands(s.Tried))
	}
	if len(rows) < len(s.Points) {
		t.Caption += fmt.Sprintf(" (%d shown; all in csv and json)", len(rows))
	}
	for _, c := range s.Cutoffs {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	s.addColumns(t)
	for _, i := range rows {
		t.Rows = append(t.Rows, s.cells(s.atCells(s.points[i].at), s.points[i]))
	}
	t.Footnotes = s.method()
	return t
}

// markTable is the table of the operating points of policies.
func (s sweepScreen) markTable() *Table {
	t := &Table{Caption: "Operating points", Columns: []Column{{Name: "policy"}}}
	for _, c := range s.Cutoffs {
		t.Columns = append(t.Columns, Column{Name: c.String(), Align: Right})
	}
	s.addColumns(t)
	for i := range t.Columns[len(s.Cutoffs)+4:] { // names of policies take the room
		t.Columns[len(s.Cutoffs)+4+i].Extra = true
	}
	for _, m := range s.marks {
		t.Rows = append(t.Rows, s.cells(append([]Cell{textCell(m.policy.Name)}, s.atCells(m.at)...), m))
	}
	return t
}

// addColumns adds a column for each measure, and one for the interval of the fraud rate.
func (s sweepScreen) addColumns(t *Table) {
	for _, line := range s.lines {
		extra := false
		for _, m := range curveMeasures {
			extra = extra || m.name == line.name && m.extra
		}
		extra = extra || s.bounded && (line.name == "fraud_capture" || line.name == "insult_rate") // ranges are wide
		t.Columns = append(t.Columns, Column{Name: line.name, Head: line.short, Align: Right, Extra: extra})
		if line.name == "fraud_rate" {
			t.Columns = append(t.Columns, Column{Name: "band", Head: confidenceText(s.Confidence) + s.kindOfBand(), Align: Right})
		}
	}
}

func (s sweepScreen) kindOfBand() string {
	if s.Simultaneous {
		return " band"
	}
	return " pointwise"
}

// atCells prints the cutoffs of a point, a dash for a policy of its own.
func (s sweepScreen) atCells(at []int) []Cell {
	var out []Cell
	for i := range s.Cutoffs {
		if at == nil {
			out = append(out, Cell{nil, none})
			continue
		}
		out = append(out, Cell{int64(at[i]), fmt.Sprint(at[i])})
	}
	return out
}

// cells appends the measures of a point or a mark to a row.
func (s sweepScreen) cells(row []Cell, x spot) []Cell {
	for _, line := range s.lines {
		m, found := line.find(x.policy, x.measures)
		switch {
		case !found:
			row = append(row, Cell{nil, none})
		case line.name == "fraud_rate" && m.Bounded():
			row = append(row, Cell{m.Value, roundedExtent(m)}, textCell(bandInterval(x.fraud)))
		case line.name == "fraud_rate":
			row = append(row, Cell{m.Value, shareText(m.Value)}, textCell(bandInterval(x.fraud)))
		case m.Bounded() && m.Unit == calibrate.Share:
			row = append(row, Cell{m.Value, roundedExtent(m)})
		case m.Value.Defined() && m.Numerator == 0:
			row = append(row, Cell{m.Value, none})
		default:
			text, _ := measureText(m)
			row = append(row, Cell{m.Value, text})
		}
	}
	return row
}

func bandInterval(b calibrate.Interval) string {
	if !b.Low.Defined() {
		return ""
	}
	return decimals(100*b.Low) + " – " + roundUp(b.High)
}

// shownPoints is about how many points a table shows.
const shownPoints = 24

// thinned returns the points to show: all of a few, else those at about equal steps of the approval rate, with both ends. A
// frontier has more points where there is more to gain, and is thinned evenly.
func (s sweepScreen) thinned() []int {
	var out []int
	if len(s.Points) <= shownPoints+4 {
		for i := range s.Points {
			out = append(out, i)
		}
		return out
	}
	path := make([]int64, len(s.Points)) // how far approvals have moved, up and down
	last := len(path) - 1
	for i := 1; i <= last; i++ {
		path[i] = path[i-1] + max(s.approved(i)-s.approved(i-1), s.approved(i-1)-s.approved(i))
	}
	if path[last] == 0 || len(s.Cutoffs) == 2 {
		for i := range path {
			path[i] = int64(i)
		}
	}
	next := int64(0) // of shownPoints steps from the first point to the last
	for i, moved := range path {
		if step := moved * shownPoints / path[last]; step >= next || i == last {
			out, next = append(out, i), step+1
		}
	}
	return out
}

func (s sweepScreen) approved(i int) int64 {
	a := s.Points[i].Actions
	return a[dataset.Approve].N() + a[dataset.Monitor].N()
}

// method says what the intervals are.
func (s sweepScreen) method() []string {
	conf := confidenceText(s.Confidence)
	band := fmt.Sprintf("Fraud rate: among approved records whose outcome is known. Each interval holds for its point alone (Wilson, %s); a whole curve "+
		"seldom lies within such.", conf)
	if s.Simultaneous {
		over := "points and marks"
		if len(s.Cutoffs) == 2 {
			over = "pairs tried and marks"
		}
		band = fmt.Sprintf("Fraud rate: among approved records whose outcome is known. The band holds for all %s %s at once with %s confidence "+
			"(Clopper-Pearson, error divided by their number).", thousands(s.Family()), over, conf)
	}
	out := []string{band + " It takes records as independent."}
	if s.Nested && len(s.Points) > 0 {
		eps := calibrate.Number(calibrate.DKW(s.records(), 1-s.Confidence))
		around := ""
		if s.bounded {
			around = ", below the least and above the most of a range,"
		}
		out = append(out, fmt.Sprintf("Approval rate: ± %s pp%s at all cutoffs at once with %s confidence (DKW).", decimals(calibrate.Number(math.Ceil(float64(eps)*1e4)/100)), around, conf))
	}
	if s.bounded {
		out = append(out, "A range is what undecided records leave open, whose answer the history does not hold; the band is around both of its ends.")
	}
	if len(s.Cutoffs) == 1 {
		out = append(out, "A record is trusted from the cutoff up; a cutoff between two scores does what the higher one does. Where it would cross another edge of "+
			"its product, that edge moves along. The last cutoff, 1001, is above every score.")
	} else {
		worst := ""
		if s.bounded {
			worst = ", undecided records taken as they hurt either"
		}
		out = append(out, "No other pair approves as many at a lower fraud rate"+worst+"; of equal ones the nearest to the policy's own is shown. A cutoff that would cross another edge of its product moves that along; 1001 is above every score.")
	}
	if e := s.results[0].Economics; e != nil {
		out = append(out, "Cost: per record"+unitWords(calibrate.Measure{Unit: calibrate.PerRecord}, e)+", of calls, reviews and step-ups, frauds approved and legit records blocked. "+
			"What is reviewed or stepped up is taken to lose neither; unlabeled and undecided records cost their handling alone.")
	}
	return out
}
