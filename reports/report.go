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

// A Monthly is what the monthly calibration report is made of. All of it is of one history.
type Monthly struct {
	// Tool names the program and its version.
	Tool string
	// Month is the one that the report is of, such as "2025-06"; "" where no record has a time.
	Month string
	// By names the fields of the segments.
	By []string
	// Confidence is that of the intervals, such as 0.95; certificates have their own.
	Confidence float64
	Champion   *replay.Policy
	Goals      calibrate.Goals
	Profile    *replay.Profile
	// Results are what the champion, then what the challengers of Versus do with all records up to the Month, each split by month
	// and then by the fields of By. Account describes these records.
	Results []replay.Result
	Account dataset.Account
	// Drift holds the records of the Month against those before, nil where there are none before; Stability is month by month.
	// FraudDrift holds the newest records with final labels against those before, where the Month has none; else it is Drift.
	Drift      *calibrate.Drift
	FraudDrift *calibrate.Drift
	Stability  []calibrate.MonthStability
	// Versus compare the champion with the recommended policy, where it changes anything, and then with those that were named. Each
	// comparison is split as the results are.
	Versus []Versus
	// Calibration is nil where Nothing says why there is none. Mature describes the records that it looked at.
	Calibration *calibrate.Calibration
	Nothing     string
	Mature      dataset.Account
	Certificate *calibrate.Certificate
	Evidence    Evidence
	// Curves are strategy curves of the champion; NoCurve says why there is none.
	Curves  []*calibrate.StrategyCurve
	NoCurve string
	// Previous is the report of a month before, nil without one, and Realised what the policy that it forecast does with the
	// records of this report, split by month.
	Previous *Previous
	Realised replay.Result
	// Commands are the command lines that make the parts of the report, each with its caption.
	Commands []Command
}

// A Command is a command line that gives a part of a report by itself.
type Command struct{ Gives, Line string }

// Report arranges the monthly report: the decision first, then what it rests on, in an order that does not change from month to
// month. A section without data says why in one line.
func Report(in Monthly) Document {
	m := newMonthly(in)
	d := Document{Title: m.title()}
	d.Blocks = append(d.Blocks, Paragraph(m.about()))
	for _, s := range m.sections() {
		d.Blocks = append(d.Blocks, Heading(s.title))
		d.Blocks = append(d.Blocks, s.blocks()...)
	}
	inReport(d.Blocks)
	d.Tidy = m.contest().screen.replayTidy()
	d.Data = m.data(d)
	return d
}

// A monthly is what the blocks of a report are made from. Its screen has the champion's result over all records, and no groups.
type monthly struct {
	Monthly
	screen
	// advice is that of the calibration, nil without one.
	advice *advice
}

func newMonthly(in Monthly) monthly {
	m := monthly{Monthly: in, screen: screen{results: []replay.Result{whole(in.Results[0])}, account: in.Account, confidence: in.Confidence}}
	if in.Calibration != nil {
		m.advice = &advice{in.Calibration, in.Certificate, in.Evidence, screen{account: in.Mature, confidence: 1 - in.Calibration.Goals.Delta}}
	}
	return m
}

// whole returns a result that is split no more.
func whole(r replay.Result) replay.Result {
	for _, field := range r.By {
		r = r.Fold(field)
	}
	return r
}

// only returns a result that is split by one of its fields.
func only(r replay.Result, field string) replay.Result {
	for _, other := range r.By {
		if other != field {
			r = r.Fold(other)
		}
	}
	return r
}

type section struct {
	title  string
	blocks func() []Block
}

// sections are those of the issue that asked for the report, in its order.
func (m monthly) sections() []section {
	return []section{
		{"Decision", m.decisionBlocks},
		{"Scope and data quality", m.scopeBlocks},
		{"Stability", m.stabilityBlocks},
		{"Score performance", m.scoreBlocks},
		{"Current policy", m.currentBlocks},
		{"Strategy curves and frontier", m.curveBlocks},
		{"Recommendation", m.recommendationBlocks},
		{"Champion against challenger", m.versusBlocks},
		{"What history cannot say", m.unknownBlocks},
		{"Rollout", m.rolloutBlocks},
		{"Forecast and what came of it", m.forecastBlocks},
		{"Evidence", m.evidenceBlocks},
	}
}

func (m monthly) title() string {
	month := ""
	if m.Month != "" {
		month = ", " + m.Month
	}
	return "Calibration report of " + m.Champion.Name + month
}

// about says in one line what the report is of.
func (m monthly) about() string { return m.window() + ". Made by " + m.Tool + "." }

// window names the records and their time.
func (m monthly) window() string {
	text := countOf(int(m.results[0].Total().N()), "record")
	if p := m.account.Period; p != nil {
		first, last := p.Days()
		text += ", " + first + " to " + last + " (UTC)"
	}
	return text + finalTo(m.account)
}

// besideReport are words of other verbs' tables, and what they say in a report, which has its own files.
var besideReport = strings.NewReplacer("; --format json lists all.", "; trustreplay calibrate --format json lists all.", ": --format json or csv lists all.", ": trustreplay drift --format csv lists all.",
	"shown; all in csv and json)", "shown; all in the picture's vl.json)")

// mostRows is how long a table of the report may be. One that is longer would be read by nobody, and a field of a million values
// must not make a page of a gigabyte.
const mostRows = 250

// inReport makes tables that other verbs have too say where the rest of them is, and cuts what is too long.
func inReport(blocks []Block) {
	for _, b := range blocks {
		switch b := b.(type) {
		case *Table:
			if more := len(b.Rows) - mostRows; more > 0 {
				b.Rows = b.Rows[:mostRows]
				b.Footnotes = append(b.Footnotes, fmt.Sprintf("%s more lines are left out.", thousands(int64(more))))
			}
			b.Caption = besideReport.Replace(b.Caption)
			for i, f := range b.Footnotes {
				b.Footnotes[i] = besideReport.Replace(f)
			}
		case Box:
			inReport(b.Blocks)
		case Details:
			inReport(b.Blocks)
		}
	}
}

// lacking is the section of a part that cannot be made.
func lacking(format string, args ...any) []Block {
	return []Block{Paragraph(fmt.Sprintf(format, args...))}
}

// named gives a table the name of its files.
func named(name string, t *Table) *Table {
	if t != nil {
		t.Name = name
	}
	return t
}

// namedAll gives the tables among blocks names that begin alike and count from 1.
func namedAll(name string, list []Block) []Block {
	n := 0
	for _, b := range list {
		if t, ok := b.(*Table); ok {
			n++
			t.Name = fmt.Sprintf("%s-%d", name, n)
		}
	}
	return list
}

// mostSegments is how many segments a table shows by name.
const mostSegments = 20

// busiest returns a result split by one field with its largest groups, the most records first, and all others as one.
func busiest(r replay.Result) replay.Result {
	list := slices.Clone(r.Groups)
	slices.SortStableFunc(list, func(a, b replay.Group) int {
		return cmp.Or(cmp.Compare(b.Total().N(), a.Total().N()), slices.Compare(a.Key, b.Key))
	})
	if r.Groups = list; len(list) <= mostSegments+1 {
		return r
	}
	rest := replay.Group{Key: []string{fmt.Sprintf("(%d others)", len(list)-mostSegments)}}
	for _, g := range list[mostSegments:] {
		rest.Counts = rest.Counts.Add(g.Counts)
		for first := range rest.Open {
			rest.Open[first] = rest.Open[first].Add(g.Open[first])
		}
	}
	r.Groups = append(list[:mostSegments:mostSegments], rest)
	return r
}
