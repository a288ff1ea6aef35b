package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// costRatios are the ratios of the loss of a fraud to the margin of a good customer at which costs are printed.
var costRatios = []float64{1, 3, 10, 30, 100, 300, 1000}

// WithCostCurve adds a cost curve to a document of Replay or Compare: two tables before the warnings, the member cost_curve in
// JSON and lines of the table cost_curve in CSV. results are those of the curve, in its order.
func WithCostCurve(d Document, c *calibrate.CostCurve, results []replay.Result) Document {
	at := slices.IndexFunc(d.Blocks, func(b Block) bool {
		switch b.(type) {
		case Notes, Details:
			return true
		}
		return false
	})
	if at < 0 {
		at = len(d.Blocks)
	}
	blocks := slices.Clone(d.Blocks[:at])
	if c.Ranges == nil {
		blocks = append(blocks, Paragraph("Which policy costs least is not known: no record is labeled."))
	} else {
		blocks = append(blocks, costRanges(c, results), costPoints(c))
	}
	d.Blocks = append(blocks, d.Blocks[at:]...)
	curve := newCostCurve(c)
	switch data := d.Data.(type) {
	case resultJSON:
		data.CostCurve = curve
		d.Data = data
	case []resultJSON:
		data = slices.Clone(data)
		for i := range data {
			data[i].CostCurve = curve
		}
		d.Data = data
	case compareJSON:
		data.CostCurve = curve
		d.Data = data
	}
	tidyCostCurve(d.Tidy, c)
	return d
}

// costRanges shows which policy costs least from which ratio to which.
func costRanges(c *calibrate.CostCurve, results []replay.Result) *Table {
	t := &Table{Caption: "Which policy costs least, by what a fraud loses for each margin of a good customer", Columns: []Column{{Name: "from", Align: Right}, {Name: "to", Align: Right},
		{Name: "policy", Head: "costs least"}, {Name: "frauds", Head: "frauds let through", Align: Right}, {Name: "lost", Head: "good customers lost", Align: Right}}}
	for _, r := range c.Ranges {
		l := c.Lines[r.Lines[0]]
		t.Rows = append(t.Rows, []Cell{ratioCell(r.From), ratioCell(r.To), textCell(strings.Join(c.Names(r), " = ")), countedCell(c, l.Frauds), countedCell(c, l.Lost)})
	}
	var never []string
	for i, l := range c.Lines {
		if _, found := c.Cheapest(i); !found && !l.Reference {
			never = append(never, l.Name)
		}
	}
	if never != nil {
		t.Footnotes = append(t.Footnotes, "Least at no ratio: "+strings.Join(never, ", ")+".")
	}
	t.Footnotes = append(t.Footnotes, fmt.Sprintf("Of %s labeled records, %s of them frauds; calls, reviews and step-ups are free here. A border is exact on these records, and no surer than the few records in which the two sides of it differ.",
		thousands(c.Fraud+c.Legit), thousands(c.Fraud)))
	t.Footnotes = append(append(t.Footnotes, heldNotes(c)...), priceNotes(c, results)...)
	return t
}

// heldNotes say what became of records that are neither approved nor blocked.
func heldNotes(c *calibrate.CostCurve) (notes []string) {
	var held, open []string
	for _, l := range c.Lines {
		if l.Held > 0 {
			held = append(held, fmt.Sprintf("%s %s", l.Name, thousands(l.Held)))
		}
		if l.Undecided > 0 {
			open = append(open, fmt.Sprintf("%s %s", l.Name, thousands(l.Undecided)))
		}
	}
	switch {
	case held != nil && c.Per == 1:
		notes = append(notes, "Records that are stepped up or reviewed count as right, whoever they are, so that holding everybody up would cost nothing: "+strings.Join(held, ", ")+". Treatments in an economics file say what becomes of them.")
	case held != nil:
		notes = append(notes, "Records that are stepped up or reviewed come to what the economics file takes as most likely: "+strings.Join(held, ", ")+".")
	}
	if open != nil {
		notes = append(notes, "Undecided records count as wrong, whatever they are: "+strings.Join(open, ", ")+".")
	}
	return notes
}

// priceNotes say where the prices of the economics lie on the curve.
func priceNotes(c *calibrate.CostCurve, results []replay.Result) []string {
	if len(results) == 0 || results[0].Economics == nil {
		return nil
	}
	b := calibrate.NewBreakEven(results[0].Economics, results[0].Total())
	if !b.Odds.Defined() {
		return nil
	}
	return []string{fmt.Sprintf("At the prices given the ratio is %s:1 on average, where %s costs least.", ratioText(b.Odds), strings.Join(c.Names(c.At(float64(b.Odds))), " = "))}
}

// costPoints shows the normalised cost of every policy at a few ratios.
func costPoints(c *calibrate.CostCurve) *Table {
	t := &Table{Caption: "Normalised expected cost, in % of what getting every record wrong costs", Columns: []Column{{Name: "policy"}}}
	for _, r := range costRatios {
		name := strconv.FormatFloat(r, 'f', -1, 64)
		t.Columns = append(t.Columns, Column{Name: "at_" + name, Head: name + ":1", Align: Right})
	}
	for i, l := range c.Lines {
		row := []Cell{textCell(l.Name)}
		for _, r := range costRatios {
			v := c.Cost(i, r)
			cell := Cell{v, undefined}
			if v.Defined() {
				cell.Text = decimals(100 * v)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// countedCell prints records, of which treatments let a part come through.
func countedCell(c *calibrate.CostCurve, units int64) Cell {
	if c.Per == 1 {
		return countCell(units)
	}
	v := calibrate.Number(float64(units) / float64(c.Per))
	return Cell{v, strconv.FormatFloat(float64(v), 'f', 1, 64)}
}

func ratioCell(r calibrate.CostRatio) Cell {
	if r.Den == 0 {
		return Cell{nil, "beyond"}
	}
	if r.Num == 0 {
		return Cell{r.Value(), "0"}
	}
	return Cell{r.Value(), ratioText(r.Value()) + ":1"}
}

// ratioText prints three digits or more: 0.84, 17.1, 1,204.
func ratioText(v calibrate.Number) string {
	switch {
	case v < 10:
		return decimals(v)
	case v < 100:
		return strconv.FormatFloat(float64(v), 'f', 1, 64)
	}
	return thousands(int64(v + 0.5))
}

// A costCurveJSON holds ratios of the loss of a fraud to the margin of a good customer; counts are of labeled records, parts of
// them where the economics have treatments.
type costCurveJSON struct {
	Fraud    int64            `json:"fraud"`
	Legit    int64            `json:"legit"`
	Treated  bool             `json:"treated"` // whether treatments say what step-ups and reviews come to
	Ranges   []costRangeJSON  `json:"ranges"`
	Policies []costPolicyJSON `json:"policies"` // those asked, approve all and block all
}

type costRangeJSON struct {
	From     calibrate.Number `json:"from"`
	To       calibrate.Number `json:"to"` // null beyond every number
	Policies []string         `json:"policies"`
}

type costPolicyJSON struct {
	Policy    string           `json:"policy"`
	Reference bool             `json:"reference"`
	Frauds    calibrate.Number `json:"frauds_let_through"`
	Lost      calibrate.Number `json:"good_customers_lost"`
	Held      int64            `json:"held_up"`
	Undecided int64            `json:"undecided"`
	Points    []costPointJSON  `json:"points"`
}

type costPointJSON struct {
	Ratio calibrate.Number `json:"ratio"`
	Cost  calibrate.Number `json:"normalised_cost"`
}

func newCostCurve(c *calibrate.CostCurve) *costCurveJSON {
	out := &costCurveJSON{Fraud: c.Fraud, Legit: c.Legit, Treated: c.Per > 1, Ranges: []costRangeJSON{}, Policies: []costPolicyJSON{}}
	for _, r := range c.Ranges {
		out.Ranges = append(out.Ranges, costRangeJSON{r.From.Value(), r.To.Value(), c.Names(r)})
	}
	units := func(n int64) calibrate.Number { return calibrate.Number(float64(n) / float64(c.Per)) }
	for i, l := range c.Lines {
		j := costPolicyJSON{Policy: l.Name, Reference: l.Reference, Frauds: units(l.Frauds), Lost: units(l.Lost), Held: l.Held, Undecided: l.Undecided}
		for _, r := range costRatios {
			j.Points = append(j.Points, costPointJSON{calibrate.Number(r), c.Cost(i, r)})
		}
		out.Policies = append(out.Policies, j)
	}
	return out
}

// tidyCostCurve appends lines for each policy: from and to where it costs least, frauds_let_through and good_customers_lost in
// records, and normalised_cost_at_30. In a document of Compare the value is the challenger's, and the policy its name.
func tidyCostCurve(t *Table, c *calibrate.CostCurve) {
	units := func(n int64) calibrate.Number { return calibrate.Number(float64(n) / float64(c.Per)) }
	for i, l := range c.Lines {
		add := func(what string, v calibrate.Number) {
			t.valued([]any{l.Name}, "cost_curve", what, v)
		}
		if r, found := c.Cheapest(i); found {
			add("least_from", r.From.Value())
			add("least_to", r.To.Value())
		}
		add("frauds_let_through", units(l.Frauds))
		add("good_customers_lost", units(l.Lost))
		add("held_up", calibrate.Number(l.Held))
		add("undecided", calibrate.Number(l.Undecided))
		for _, r := range costRatios {
			add("normalised_cost_at_"+strconv.FormatFloat(r, 'f', -1, 64), c.Cost(i, r))
		}
	}
}
