package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

// changedText marks what is more than chance, in words: colour would not survive a pipe.
const changedText = "changed"

// shiftTable shows a family of shares.
func shiftTable(name, caption string, s calibrate.Shifts) *Table {
	t := &Table{Name: name, Caption: caption, Columns: []Column{{Name: "share of"}, {Name: "baseline", Align: Right}, {Name: "period", Align: Right},
		{Name: "difference", Align: Right}, {Name: "interval", Head: confidenceText(s.Confidence) + " interval, all together", Align: Right},
		{Name: "verdict", Head: ""}, {Name: "marked_from", Head: "marked from", Align: Right, Extra: true}}}
	for _, c := range s.List {
		t.Rows = append(t.Rows, []Cell{textCell(shiftName(c)), portionCell(c.Base), portionCell(c.Now), differenceCell(c), {nil, shiftInterval(c)}, textCell(verdictText(c)), leastCell(c)})
	}
	t.Footnotes = []string{shiftNote(s)}
	return t
}

func shiftNote(s calibrate.Shifts) string {
	return fmt.Sprintf("%d intervals at %s each hold together with %s (Bonferroni; hybrid of exact intervals). Marked from: the least rise that as many records would have marked.",
		s.Tested, eachText(s), confidenceText(s.Confidence))
}

// eachText prints the confidence of one interval of a family to two digits of what it leaves over.
func eachText(s calibrate.Shifts) string {
	left := 100 * (1 - s.Confidence) / float64(max(1, s.Tested))
	digits := max(0, 1-int(math.Floor(math.Log10(left))))
	return strconv.FormatFloat(100-left, 'f', digits, 64) + " %"
}

func portionCell(p calibrate.Portion) Cell {
	if p.N == 0 {
		return Cell{calibrate.Undefined(), undefined}
	}
	return shareCell(p.K, p.N)
}

func differenceCell(c calibrate.Shift) Cell {
	if !c.Difference.Defined() {
		return Cell{c.Difference, undefined}
	}
	return Cell{c.Difference, points(c.Difference)}
}

func shiftInterval(c calibrate.Shift) string {
	if !c.Low.Defined() {
		return none
	}
	return strings.TrimSuffix(points(c.Low), " pp") + " – " + points(c.High)
}

func verdictText(c calibrate.Shift) string {
	if c.Changed() {
		return changedText
	}
	return ""
}

func leastCell(c calibrate.Shift) Cell {
	if !c.Least.Defined() {
		return Cell{c.Least, none}
	}
	return Cell{c.Least, points(c.Least)}
}

// fraudBlocks show the fraud rates of labeled records, or what is missing for them.
func fraudBlocks(d *calibrate.Drift) []Block {
	s := d.Outcomes
	if s.Tested == 0 {
		return []Block{Paragraph("Nothing can be compared. " + lacksFraud(d))}
	}
	t := &Table{Name: "drift-fraud", Caption: "Fraud among labeled records: all, the approved, the parts of the policy, and bands of scores",
		Columns: []Column{{Name: "records"}, {Name: "baseline", Align: Right}, {Name: "period", Align: Right}, {Name: "frauds", Align: Right},
			{Name: "interval", Head: "difference, " + confidenceText(s.Confidence), Align: Right}, {Name: "verdict", Head: ""},
			{Name: "labeled", Align: Right, Extra: true}, {Name: "difference", Align: Right, Extra: true}, {Name: "marked_from", Head: "marked from", Align: Right, Extra: true}}}
	few := false
	for _, c := range s.List {
		verdict := verdictText(c)
		if c.FewFrauds() && verdict == "" {
			verdict, few = "few frauds", true
		}
		t.Rows = append(t.Rows, []Cell{textCell(shiftName(c)), portionCell(c.Base), portionCell(c.Now), fromToCell(c.Base.K, c.Now.K), {nil, shiftInterval(c)}, textCell(verdict),
			fromToCell(c.Base.N, c.Now.N), differenceCell(c), leastCell(c)})
	}
	t.Footnotes = []string{"Frauds and labeled: baseline → period. " + shiftNote(s)}
	if few {
		t.Footnotes = append(t.Footnotes, "Few frauds: fewer than 10 in both together, which show only the largest of changes.")
	}
	return []Block{t}
}

// fromToCell prints a count of the baseline and of the period.
func fromToCell(base, now int64) Cell { return Cell{nil, thousands(base) + " → " + thousands(now)} }

// indexRows are the indices of products, then those of segments.
func indexRows(d *calibrate.Drift) []calibrate.ScoreIndex { return slices.Concat(d.Scores, d.Segments) }

func indexChanged(d *calibrate.Drift, x calibrate.ScoreIndex) bool {
	return float64(x.Adjusted) <= 1-d.Confidence
}

// indexText prints a stability index, or a point of its distribution.
func indexText(v calibrate.Number) string {
	switch {
	case !v.Defined():
		return undefined
	case v > 0 && v < 0.00005:
		return "<0.0001"
	}
	return strconv.FormatFloat(float64(v), 'f', 4, 64)
}

func indexCell(v calibrate.Number) Cell { return Cell{v, indexText(v)} }

func chanceCell(p calibrate.Number) Cell {
	switch {
	case !p.Defined():
		return Cell{p, undefined}
	case p < 0.001:
		return Cell{p, "<0.001"}
	}
	return Cell{p, strconv.FormatFloat(float64(p), 'f', 3, 64)}
}

func indexTable(d *calibrate.Drift) *Table {
	t := &Table{Name: "drift-scores", Caption: "Population stability index (PSI), with what it would be by chance", Columns: []Column{{Name: "of"}, {Name: "bins"},
		{Name: "n", Align: Right}, {Name: "m", Align: Right}, {Name: "psi", Head: "PSI", Align: Right}, {Name: "chance_95", Head: "95 % point", Align: Right},
		{Name: "p", Align: Right}, {Name: "p_holm", Head: "p, all", Align: Right}, {Name: "thumb", Head: "by thumb"}, {Name: "verdict", Head: ""},
		{Name: "seen_from", Head: "seen from", Align: Right, Extra: true}, {Name: "chance_mean", Head: "mean by chance", Align: Right, Extra: true}}}
	for _, x := range indexRows(d) {
		verdict := ""
		if indexChanged(d, x) {
			verdict = changedText
		}
		t.Rows = append(t.Rows, []Cell{textCell(x.Of), textCell(fmt.Sprintf("%d %s", x.Bins, x.By)), countCell(x.N), countCell(x.M), indexCell(x.PSI), indexCell(x.Most95),
			chanceCell(x.P), chanceCell(x.Adjusted), textCell(cmp.Or(x.Colour(), undefined)), textCell(verdict), indexCell(x.Least), indexCell(x.Mean)})
	}
	t.Footnotes = []string{"n, m: records of the baseline and of the period in the bins. Deciles are the baseline's; answers without a score are under Answers. Each bin counts half a record more than it holds. " +
		"95 % point: of what is by chance, (1/n + 1/m) chi-square. p, all: corrected for all rows (Holm). Seen from: a change of this PSI would have been seen in four of five cases.",
		"By thumb, the rule of credit scoring: green below 0.1, amber to 0.25, red above, whatever the number of records: read p, which knows it."}
	return t
}

// binDetails hold the bins behind the indices.
func binDetails(d *calibrate.Drift) Details {
	t := &Table{Name: "drift-bins", Caption: "Bins of the stability indices", Columns: []Column{{Name: "of"}, {Name: "bins"}, {Name: "bin"},
		{Name: "baseline", Align: Right}, {Name: "baseline_share", Head: "share", Align: Right}, {Name: "period", Align: Right}, {Name: "period_share", Head: "share", Align: Right}}}
	for _, x := range indexRows(d) {
		for i, name := range x.Names {
			if x.Base[i]+x.Now[i] == 0 {
				continue // not one of the index's bins
			}
			t.Rows = append(t.Rows, []Cell{textCell(x.Of), textCell(x.By), keyCell(name), countCell(x.Base[i]), portionCell(calibrate.Portion{K: x.Base[i], N: x.N}),
				countCell(x.Now[i]), portionCell(calibrate.Portion{K: x.Now[i], N: x.M})})
		}
	}
	return Details{Summary: "Bins of the stability indices", Blocks: []Block{t}}
}

// shownTraits is how many signals, codes and segments the screen shows beside those that changed.
const shownTraits = 15

// sortedTraits begin with what is least like chance.
func sortedTraits(d *calibrate.Drift) []calibrate.TraitShift {
	out := slices.Clone(d.Traits)
	slices.SortStableFunc(out, func(a, b calibrate.TraitShift) int { return cmp.Compare(a.P, b.P) })
	return out
}

func traitName(t calibrate.TraitShift) string {
	switch {
	case t.Kind == "signal" && t.Value == "true":
		return t.Field
	case t.Kind == "signal":
		return t.Field + " " + t.Value
	case t.Value == "":
		return t.Field + " (none)"
	}
	return t.Field + " " + t.Value
}

// newness says of what appeared, or went, that it did.
func newness(t calibrate.TraitShift) string {
	switch {
	case t.Base.K == 0:
		return " (new)"
	case t.Now.K == 0:
		return " (gone)"
	}
	return ""
}

func traitTable(d *calibrate.Drift) *Table {
	t := &Table{Name: "drift-traits", Caption: "Shares of records that show something, the least like chance first", Columns: []Column{{Name: "of"}, {Name: "value"}, {Name: "baseline", Align: Right},
		{Name: "period", Align: Right}, {Name: "csi", Head: "CSI", Align: Right}, {Name: "p", Align: Right}, {Name: "p_holm", Head: "p, all", Align: Right}, {Name: "verdict", Head: ""}}}
	list := sortedTraits(d)
	for i, x := range list {
		verdict := ""
		if x.Changed(d.Confidence) {
			verdict = changedText + newness(x)
		} else if i >= shownTraits {
			t.Footnotes = append(t.Footnotes, fmt.Sprintf("and %d more: --format json or csv lists all.", len(list)-i))
			break
		}
		t.Rows = append(t.Rows, []Cell{textCell(x.Field), keyCell(x.Value), portionCell(x.Base), portionCell(x.Now), indexCell(x.CSI), chanceCell(x.P), chanceCell(x.Adjusted), textCell(verdict)})
	}
	t.Footnotes = append(t.Footnotes, fmt.Sprintf("A signal is true of those that have it, and absent of those whose product answered; a code is of those that could carry it. "+
		"CSI: the stability index of yes and no. p: Fisher's exact test; p, all: corrected for all %d looked at (Holm).", d.TraitTests))
	return t
}

// labelFacts say how far labels and amounts reach on each side, which no interval is claimed of.
func labelFacts(d *calibrate.Drift) KeyValues {
	kv := KeyValues{}
	for _, side := range []struct {
		name string
		of   *calibrate.DriftSide
	}{{"baseline", d.Baseline}, {"period", d.Period}} {
		t := side.of.Total()
		text := fmt.Sprintf("%s of %s records labeled (%s), %s of them fraud", thousands(t.Labeled()), thousands(t.N()), shareCell(t.Labeled(), t.N()).Text, thousands(t.Records[dataset.Fraud]))
		if t.Value() > 0 {
			text += fmt.Sprintf("; mean amount %s", Amount(t.Value()/t.N()))
		}
		kv.Pairs = append(kv.Pairs, Pair{side.name, textCell(text)})
	}
	return kv
}

// shownBreaks is how many pairs of bands in the wrong order the screen shows.
const shownBreaks = 20

func orderBlocks(d *calibrate.Drift) []Block {
	o := d.Order
	if len(o.Breaks) == 0 {
		return []Block{Paragraph(fmt.Sprintf("In none of %d pairs of neighbouring bands of %s does the higher band have the higher fraud rate.", o.Tested, monthsText(o.Months)))}
	}
	t := &Table{Name: "drift-order", Caption: "Bands whose fraud rate is above that of the next lower band, the least like chance first", Columns: []Column{{Name: "product"}, {Name: "month"},
		{Name: "lower", Head: "lower band"}, {Name: "below", Head: "fraud rate", Align: Right}, {Name: "higher", Head: "higher band"}, {Name: "above", Head: "fraud rate", Align: Right},
		{Name: "p", Align: Right, Extra: true}, {Name: "p_holm", Head: "p, all", Align: Right}, {Name: "verdict", Head: ""}}}
	list := slices.Clone(o.Breaks)
	slices.SortStableFunc(list, func(a, b calibrate.RankBreak) int { return cmp.Compare(a.P, b.P) })
	for i, b := range list {
		verdict := ""
		if b.Changed(d.Confidence) {
			verdict = "beyond chance"
		} else if i >= shownBreaks {
			t.Footnotes = append(t.Footnotes, fmt.Sprintf("and %d more: --format json or csv lists all.", len(list)-i))
			break
		}
		t.Rows = append(t.Rows, []Cell{textCell(b.Product), textCell(b.Month), textCell(b.Lower), brokenCell(b.Below), textCell(b.Higher), brokenCell(b.Above),
			chanceCell(b.P), chanceCell(b.Adjusted), textCell(verdict)})
	}
	t.Footnotes = append(t.Footnotes, fmt.Sprintf("Of %s pairs in %s. p: Fisher's exact test, one-sided; p, all: corrected for all pairs (Holm).", thousands(int64(o.Tested)), monthsText(o.Months)))
	return []Block{t}
}

func brokenCell(p calibrate.Portion) Cell {
	return Cell{p.Share(), fmt.Sprintf("%s of %s", thousands(p.K), thousands(p.N))}
}

func monthsText(n int) string {
	if n == 1 {
		return "1 month"
	}
	return fmt.Sprintf("%d months", n)
}
