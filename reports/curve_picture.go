package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
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
	for _, x := range s.points {
		if at, ok := x.place(); ok {
			m := x.measure("fraud_rate")
			curve.Points, curve.Band, curve.Range = append(curve.Points, at), append(curve.Band, x.fraud), append(curve.Range, calibrate.Interval{Low: m.Least, High: m.Most})
		}
	}
	if s.bounded {
		p.Range = "range over undecided"
	} else {
		curve.Range = nil
	}
	if len(curve.Points) == 0 {
		return p // its marks would look like an answer
	}
	p.Curves = []Curve{curve}
	for _, m := range s.marks {
		at, ok := m.place()
		same := slices.IndexFunc(p.Marks, func(mark Mark) bool { return mark.Point == at })
		switch {
		case !ok:
		case same >= 0 && strings.HasPrefix(p.Marks[same].Name, m.policy.Name+" ("): // the same policy with the edges of its clusters
		case same >= 0: // two labels of one point would only crowd each other
			p.Marks[same].Name += " = " + markName(m)
		default:
			p.Marks = append(p.Marks, Mark{Name: markName(m), Detail: m.rateText("approval_rate") + " approved, " + m.rateText("fraud_rate") + " fraud", Point: at})
		}
	}
	p.Notes = s.pictureNotes()
	return p
}

// place returns where a spot is drawn: its approval rate and its fraud rate, or false where it has none. Where undecided records leave
// them open it is the corner that hurts, the fewest approvals and the most fraud.
func (x spot) place() (Point, bool) {
	approval, fraud := x.measure("approval_rate"), x.measure("fraud_rate")
	at := Point{float64(approval.Value), float64(fraud.Value)}
	if approval.Least.Defined() {
		at.X = float64(approval.Least)
	}
	if fraud.Most.Defined() {
		at.Y = float64(fraud.Most)
	}
	return at, !math.IsNaN(at.X) && !math.IsNaN(at.Y)
}

// rateText prints a rate, or its range.
func (x spot) rateText(name string) string {
	m := x.measure(name)
	if m.Bounded() {
		return roundedExtent(m)
	}
	if name == "approval_rate" {
		return percent(m.Value)
	}
	return shareText(m.Value)
}

// markName says where a policy has the cutoffs.
func markName(m spot) string {
	if m.at == nil {
		return m.policy.Name
	}
	text := fmt.Sprint(m.at[0])
	if len(m.at) == 2 {
		text += " and " + fmt.Sprint(m.at[1])
	}
	return m.policy.Name + " at " + text
}

// highest returns the fraud rate up to which the picture goes: where few records are approved, chance alone makes rates that
// would press the rest of the curve into the ground.
func (s sweepScreen) highest() float64 {
	const few = 30
	highest := 0.0
	total := s.results[0].Total().Labeled()
	for i, x := range s.points {
		t := s.Points[i].Approved()
		if at, ok := x.place(); ok && t.Labeled() >= max(few, total/100) {
			highest = max(highest, at.Y)
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
	if s.bounded {
		notes = append(notes, "The line is where undecided records hurt most: the fewest approvals and the highest fraud rate that they leave open.")
	}
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
