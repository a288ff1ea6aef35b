package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// StrategyPicture draws a strategy curve, or a frontier: the fraud rate among approved over the approval rate, with its band
// and the operating points. limits are lines across it, such as the fraud rate that is allowed.
func StrategyPicture(c *calibrate.StrategyCurve, account dataset.Account, limits []Limit) Picture {
	s := newSweepScreen(c, account)
	p := Picture{
		Title: fmt.Sprintf("Moving %s in %s", s.cutoffs(" and "), c.Policy.Name), Subtitle: thousands(s.records()) + " records" + s.window(),
		X: Axis{Label: "Approval rate", Percent: true}, Y: Axis{Label: "Fraud rate among approved", Percent: true, To: s.highest()},
		Limits: limits, Empty: s.emptiness(),
	}
	curve := Curve{Name: s.cutoffs(" and ") + " at each score", Step: len(c.Cutoffs) == 2}
	p.Band = confidenceText(c.Confidence) + " band, all points at once"
	if len(c.Cutoffs) == 2 {
		curve.Name = fmt.Sprintf("best of %s pairs", thousands(c.Tried))
		p.Band = confidenceText(c.Confidence) + " band, all pairs at once"
	}
	if !c.Simultaneous {
		p.Band = confidenceText(c.Confidence) + " band, each point alone"
	}
	for _, point := range c.Points {
		if x, y, ok := ratesOf(point.Counts); ok {
			curve.Points, curve.Band = append(curve.Points, Point{x, y}), append(curve.Band, point.FraudRate)
		}
	}
	if len(curve.Points) == 0 {
		return p // its marks would look like an answer
	}
	p.Curves = []Curve{curve}
	for _, m := range c.Marks {
		x, y, ok := ratesOf(m.Counts)
		same := slices.IndexFunc(p.Marks, func(mark Mark) bool { return mark.Point == Point{x, y} })
		switch {
		case !ok:
		case same >= 0 && strings.HasPrefix(p.Marks[same].Name, m.Policy.Name+" ("): // the same policy with the edges of its clusters
		case same >= 0: // two labels of one point would only crowd each other
			p.Marks[same].Name += " = " + s.markName(m)
		default:
			p.Marks = append(p.Marks, Mark{Name: s.markName(m), Detail: percent(calibrate.Number(x)) + " approved, " + shareText(calibrate.Number(y)) + " fraud",
				Point: Point{x, y}})
		}
	}
	p.Notes = s.pictureNotes()
	return p
}

// ratesOf returns the approval rate and the fraud rate of counts, or false where there is none.
func ratesOf(c replay.Counts) (approval, fraud float64, ok bool) {
	t := c.Approved()
	if t.Labeled() == 0 {
		return 0, 0, false
	}
	return float64(t.N()) / float64(c.Total().N()), float64(t.Records[dataset.Fraud]) / float64(t.Labeled()), true
}

// markName says where a policy has the cutoffs.
func (s sweepScreen) markName(m calibrate.CurveMark) string {
	if m.At == nil {
		return m.Policy.Name
	}
	text := fmt.Sprint(m.At[0])
	if len(m.At) == 2 {
		text += " and " + fmt.Sprint(m.At[1])
	}
	return m.Policy.Name + " at " + text
}

// highest returns the fraud rate up to which the picture goes: where few records are approved, chance alone makes rates that
// would press the rest of the curve into the ground.
func (s sweepScreen) highest() float64 {
	const few = 30
	highest := 0.0
	total := s.results[0].Total().Labeled()
	for _, p := range s.Points {
		t := p.Approved()
		if _, y, ok := ratesOf(p.Counts); ok && t.Labeled() >= max(few, total/100) {
			highest = max(highest, y)
		}
	}
	// The band of the policy as it stands is the one to see in full.
	if high := float64(s.Marks[0].FraudRate.High); high > highest {
		return min(high, 3*highest)
	}
	return highest
}

func (s sweepScreen) window() string {
	if s.account.Period == nil {
		return ", of no known time"
	}
	first, last := s.account.Period.Days()
	return ", " + first + " to " + last + " (UTC)" + finalTo(s.account)
}

// emptiness says why there is no curve.
func (s sweepScreen) emptiness() string {
	for _, w := range s.Warnings() {
		if slices.Contains([]string{calibrate.NoRecords, calibrate.NoScores, calibrate.NeverApproves, calibrate.NothingLabeled}, w.Code) {
			return "No curve: " + w.Message + "."
		}
	}
	return "No curve: no record that a cutoff approves has a known outcome."
}

// pictureNotes stand below the picture: what the band is, and the doubts without which the curve would mislead.
func (s sweepScreen) pictureNotes() []string {
	notes := s.method()[:1]
	for _, w := range s.Warnings() {
		if slices.Contains([]string{calibrate.OneScore, calibrate.FlatCurve, calibrate.ChosenFront, calibrate.NoFraud, calibrate.LessLabeled, calibrate.MoreUndecided}, w.Code) {
			notes = append(notes, upperFirst(w.Message)+".")
		}
	}
	return notes
}

func upperFirst(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
