package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A contrast is one measure of two policies. A side is nil where its policy has no such measure, as the call rate of a
// product that it does not ask.
type contrast struct {
	name                 string
	champion, challenger *calibrate.Measure
	// Difference has the method none where no paired method is offered: its value is plain subtraction.
	calibrate.Difference
}

// paired returns the differences that have a paired method: of approval_rate, then of fraud_rate. By entity they have the design
// effects of all records of the comparison, also in a group of them; with a nil comparison records are independent.
func paired(c *replay.Comparison, s *replay.Swap, confidence float64) [2]calibrate.Difference {
	var designs calibrate.PairedDesigns
	if c != nil {
		designs = calibrate.PairedDesignsOf(c.Dependence, &c.Swap)
	}
	approval, fraudRate := calibrate.Paired(s, designs, confidence)
	return [2]calibrate.Difference{approval, fraudRate}
}

// contrasts returns every measure of the two policies of c on the records of s: the champion's in their order, then those that
// the challenger alone has. sides are the settings of the champion's measures and of the challenger's.
func contrasts(c *replay.Comparison, s *replay.Swap, sides [2]calibrate.Setting) []contrast {
	a, b := s.Counts()
	champion, challenger := sides[0].Measures(c.Champion, a), sides[1].Measures(c.Challenger, b)
	confidence := sides[0].Confidence
	tested, byValue := paired(c, s, confidence), calibrate.FraudValueDifference(s.Approvals(), confidence)
	var out []contrast
	for _, m := range champion {
		x := contrast{name: m.Name, champion: &m, Difference: plainDifference(calibrate.Undefined())}
		if other, found := calibrate.Find(challenger, m.Name); found {
			x.challenger, x.Difference = &other, plainDifference(other.Value-m.Value)
		}
		switch m.Name {
		case "approval_rate":
			x.Difference = tested[0]
		case "fraud_rate":
			x.Difference = tested[1]
		case "fraud_rate_value":
			x.Difference = byValue
		case "fraud_bps":
			x.Difference = byValue.Times(10_000)
		}
		if d, found := calibrate.CostDifference(m.Name, c, s, confidence); found {
			x.Difference = d
		}
		if x.open() { // a test of what is certain would speak for records of which nothing is known
			x.Difference = plainDifference(x.Value)
		}
		out = append(out, x)
	}
	for _, m := range challenger {
		if _, found := calibrate.Find(champion, m.Name); !found {
			out = append(out, contrast{name: m.Name, challenger: &m, Difference: plainDifference(calibrate.Undefined())})
		}
	}
	return out
}

// contrastOf returns the contrast of that name, which every comparison has.
func contrastOf(list []contrast, name string) contrast {
	return list[slices.IndexFunc(list, func(x contrast) bool { return x.name == name })]
}

// open reports whether undecided records leave the measure of either policy open.
func (x contrast) open() bool {
	return x.champion != nil && x.champion.Bounded() || x.challenger != nil && x.challenger.Bounded()
}

func plainDifference(v calibrate.Number) calibrate.Difference {
	u := calibrate.Undefined()
	return calibrate.Difference{Value: v, SE: u, Low: u, High: u, P: u, Confidence: u, Method: calibrate.MethodNone}
}

// measuresOf shows the measures of a challenger beside the champion's.
func (s contest) measuresOf(v Versus, marks map[string]string) *Table {
	t := &Table{Caption: "Measures", Columns: []Column{{Name: "measure"}, {Name: "champion", Align: Right}, {Name: "challenger", Align: Right},
		{Name: "difference", Align: Right},
		{Name: "interval", Head: s.intervalHead(), Align: Right, Extra: true}, {Name: "p", Align: Right}}}
	list := contrasts(v.Comparison, &v.Comparison.Swap, s.sides(v))
	open := false
	for _, line := range keyMeasures {
		for _, x := range list {
			if x.name != line.name && !(line.name == "call_rate" && isCallRate(x.name)) || s.idleContrast(x) {
				continue
			}
			open = open || x.open()
			words := line.words + unitWords(x.either(), v.Comparison.Economics)
			if line.name == "call_rate" {
				words += x.name[len(callRate):]
			}
			difference, interval, p := x.texts(s.confidence)
			refs := strings.ReplaceAll(marks[markOf(v, line.name)], "] [", ",") // the interval needs the width
			t.Rows = append(t.Rows, []Cell{textCell(words + refs), x.side(x.champion), x.side(x.challenger),
				{x.Value, difference}, textCell(interval), {x.P, p}})
		}
	}
	t.Footnotes = []string{
		"Difference: challenger less champion on the same records; pp: percentage points. " + s.tilde(),
		s.pairedWords() + " and hold for a challenger that was chosen without looking at these records. " +
			"Untested: plain subtraction; no interval is claimed.",
	}
	if open {
		t.Footnotes[1] += " Where a range stands, undecided records leave it open: the difference is of what is certain, and these records may turn it."
	}
	if s.approximates() {
		t.Footnotes[1] += " ≈: by value and of costs, linearized; approximate, and too narrow where a few records hold most of the amount."
	}
	t.Footnotes = append(t.Footnotes, s.costNote()...)
	return t
}

// pairedWords says what intervals and p of differences are.
func (s contest) pairedWords() string {
	if d := s.dependence(); d != nil {
		return fmt.Sprintf("Approval and fraud rate: influence function, added up by %s first. Intervals and p are normal", d.Field)
	}
	return "Approval: McNemar's mid-p; fraud rate: influence function. Intervals are normal, and where few records differ p is the one to read. " +
		"Both take records as independent"
}

const callRate = "call_rate_"

func isCallRate(name string) bool {
	return len(name) > len(callRate) && name[:len(callRate)] == callRate
}

// tilde explains the sign for no difference shown.
func (s contest) tilde() string {
	return fmt.Sprintf("~: no difference is shown, which is not the same as none (p ≥ %s, or too few records to tell).",
		alphaText(s.confidence))
}

// alphaText prints the level of a test at a confidence: 0.05.
func alphaText(confidence float64) string {
	return strconv.FormatFloat(math.Round((1-confidence)*1e8)/1e8, 'f', -1, 64)
}

// sides are the settings of the measures of a whole comparison.
func (s contest) sides(v Versus) [2]calibrate.Setting {
	return [2]calibrate.Setting{s.setting(s.results[0]), s.setting(v.Result)}
}

// groupSides are those of a group, each with what is undecided in it.
func (s contest) groupSides(v Versus, key []string) (out [2]calibrate.Setting) {
	for i, r := range []replay.Result{s.results[0], v.Result} {
		out[i] = s.groupSetting(v.Comparison.Economics, key)
		if at := slices.IndexFunc(r.Groups, func(g replay.Group) bool { return slices.Equal(g.Key, key) }); at >= 0 {
			out[i].Open = &r.Groups[at].Open
		}
	}
	return out
}

// either returns the measure of a policy that has it.
func (x contrast) either() calibrate.Measure {
	if x.champion != nil {
		return *x.champion
	}
	return *x.challenger
}

// idleContrast reports whether neither policy has anything to show.
func (s contest) idleContrast(x contrast) bool {
	return (x.champion == nil || s.idle(*x.champion)) && (x.challenger == nil || s.idle(*x.challenger))
}

// side prints the value of one policy, or a bound where nothing was counted: no interval stands beside it.
func (x contrast) side(m *calibrate.Measure) Cell {
	if m == nil {
		return Cell{nil, none}
	}
	value, _ := measureText(*m)
	if bound, found := m.AtMost(); found {
		value = "≤ " + roundUp(bound)
	}
	if m.Bounded() && m.Unit == calibrate.Share { // with one decimal, because the interval beside it needs the width
		value = roundedExtent(*m)
	}
	return Cell{m.Value, value}
}

// roundedExtent prints the range of a share with one decimal: 1.2 – 3.4 %.
func roundedExtent(m calibrate.Measure) string {
	return strconv.FormatFloat(float64(100*m.Least), 'f', 1, 64) + " – " + strconv.FormatFloat(float64(100*m.Most), 'f', 1, 64) + " %"
}

// texts prints the difference, its interval and its p.
func (x contrast) texts(confidence float64) (difference, interval, p string) {
	switch {
	case !x.Value.Defined():
		return undefined, "", ""
	case x.Value == 0 && x.Method == calibrate.MethodNone:
		return "0", none, untested
	case x.Method == calibrate.MethodNone && x.champion.Unit != calibrate.Share:
		return plainText(x.Value, x.champion.Unit), none, untested
	case x.Method == calibrate.MethodNone:
		return points(x.Value), none, untested
	}
	unit := x.either().Unit
	interval = undefined
	if x.Low.Defined() && x.SE > 0 {
		interval = intervalText(x.Low, x.High)
		if unit != calibrate.Share {
			interval = strings.TrimSuffix(plainText(x.Low, unit), " bps") + " – " + plainText(x.High, unit)
		}
		if x.Method == calibrate.MethodLinearized {
			interval = "≈ " + interval
		}
	}
	switch {
	case !isShown(x.Difference, confidence):
		difference = "~"
	case unit == calibrate.Share:
		difference = points(x.Value)
	default:
		difference = plainText(x.Value, unit)
	}
	return difference, interval, pText(x.Difference)
}

// plainText prints a difference of two values that are no shares.
func plainText(v calibrate.Number, unit string) string {
	switch unit {
	case calibrate.BPS:
		return signedText(v, 2) + " bps"
	case calibrate.PerRecord:
		return signedText(v, 4)
	case calibrate.PerDay:
		return signedText(v, 1)
	}
	return signedText(v, 2)
}

// isShown reports whether a paired difference is told from none at the confidence.
func isShown(d calibrate.Difference, confidence float64) bool {
	return d.P.Defined() && float64(d.P) < 1-confidence
}

// verdict prints a paired difference and its p in one cell, as benchstat does.
func verdict(d calibrate.Difference, confidence float64) string {
	switch {
	case !d.Value.Defined():
		return undefined
	case !isShown(d, confidence):
		return "~ (" + pEquation(d) + ")"
	}
	return points(d.Value) + " (" + pEquation(d) + ")"
}

func pEquation(d calibrate.Difference) string {
	switch p := pText(d); {
	case p == undefined || p == identical:
		return p
	case p[0] == '<':
		return "p" + p
	default:
		return "p=" + p
	}
}

// untested stands for the p of a difference that no paired method is offered for.
const untested = "untested"

// identical stands for the p of two policies that agree on every record that counts: there was nothing to test.
const identical = "identical"

func pText(d calibrate.Difference) string {
	switch {
	case !d.P.Defined():
		return undefined
	case d.Value == 0 && d.SE == 0:
		return identical
	case d.P < 0.001:
		return "<0.001"
	}
	return strconv.FormatFloat(float64(d.P), 'f', 3, 64)
}

// fromTo prints the two values of a paired difference.
func fromTo(d calibrate.Difference) string {
	return shareText(d.First) + " → " + shareText(d.Second)
}

func shareText(v calibrate.Number) string {
	if v == 0 {
		return "0"
	}
	return percent(v)
}

// points prints a difference of two shares. One that would round to nothing says so instead.
func points(v calibrate.Number) string {
	switch {
	case v == 0:
		return "0"
	case v > 0 && v < 0.00005:
		return "<+0.01 pp"
	case v < 0 && v > -0.00005:
		return ">-0.01 pp"
	}
	return signedText(100*v, 2) + " pp"
}

// signedText prints a number with its sign; what rounds to 0 has none.
func signedText(v calibrate.Number, digits int) string {
	text := strconv.FormatFloat(math.Abs(float64(v)), 'f', digits, 64)
	switch rounded, _ := strconv.ParseFloat(text, 64); {
	case rounded == 0:
		return text
	case v < 0:
		return "-" + text
	}
	return "+" + text
}

// intervalText prints the bounds of a difference, with the digits that it takes to see on which side of 0 they are.
func intervalText(low, high calibrate.Number) string {
	digits := 2
	for _, v := range []calibrate.Number{low, high} {
		if a := math.Abs(float64(v)); a > 0 && a < 0.00005 {
			digits = 4
		}
	}
	return signedText(100*low, digits) + " – " + signedText(100*high, digits)
}
