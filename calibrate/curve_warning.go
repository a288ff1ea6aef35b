package calibrate

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Codes of warnings about a curve, beside those about the result of its policy.
const (
	NoScores      = "no_scores"
	OneScore      = "one_score"
	FlatCurve     = "flat_curve"
	NeverApproves = "never_approves"
	ChosenFront   = "chosen_frontier"
	MoreUndecided = "more_undecided"
)

// Warnings returns the doubts about a curve, the gravest first: that there is none, or that it says less than it seems to.
// Those about its policy as it stands follow.
func (c *StrategyCurve) Warnings() []Warning {
	var out []Warning
	add := func(code, format string, args ...any) {
		out = append(out, Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	own := Warnings(c.Marks[0].Result)
	total := c.Marks[0].Total()
	name := c.Cutoffs[0].Product
	switch {
	case total.N() == 0:
		return own
	case c.Scored == 0:
		add(NoScores, "no record has a score of %s: there is no cutoff to move", name)
		return append(out, own...)
	case len(c.Cutoffs) == 1 && len(c.Points) == 2:
		add(OneScore, "all %s records with a score of %s have the same: the curve is that they are trusted, or not", count(c.Scored), name)
	}
	if len(c.Cutoffs) == 2 && len(c.Points) > 0 {
		add(ChosenFront, "the frontier is the best of %s pairs of cutoffs on these same records: chance alone makes it better than its pairs will be on new ones. "+
			"Choose and certify on other records", count(c.Tried))
	}
	switch {
	case len(c.Points) == 0:
		add(NeverApproves, "no pair of cutoffs lets the policy approve a record whose outcome is known: there is no frontier")
	case !c.approves():
		add(NeverApproves, "no cutoff lets the policy approve a record: there is no fraud rate among approved")
	}
	if len(c.Points) > 0 {
		if c.flat() {
			add(FlatCurve, "%s makes no difference to any record: both sides of it are treated alike", strings.Join(c.names(), " and "))
		}
	}
	if most, at := c.mostUndecided(); most > c.Marks[0].Actions[replay.Undecided].N() {
		add(MoreUndecided, "up to %s are undecided, at %s: what they would have been is in no rate", of(most, total.N())+" records", cutoffText(at))
	}
	return append(out, own...)
}

func (c *StrategyCurve) names() (out []string) {
	for _, cut := range c.Cutoffs {
		out = append(out, cut.String())
	}
	return out
}

func (c *StrategyCurve) approves() bool {
	for _, p := range c.Points {
		if approvals(p.Counts).N() > 0 {
			return true
		}
	}
	return false
}

// flat reports whether a single cutoff changes no action. A frontier of one point says nothing of the kind.
func (c *StrategyCurve) flat() bool {
	for _, p := range c.Points {
		if p.Counts != c.Points[0].Counts {
			return false
		}
	}
	return len(c.Cutoffs) == 1
}

func (c *StrategyCurve) mostUndecided() (most int64, at []int) {
	for _, p := range c.Points {
		if n := p.Actions[replay.Undecided].N(); n > most {
			most, at = n, p.At
		}
	}
	return most, at
}

// cutoffText prints cutoffs: 551, or 551 and 600.
func cutoffText(at []int) string {
	var out []string
	for _, v := range at {
		s := fmt.Sprint(v)
		if v > dataset.MaxScore {
			s = "above every score"
		}
		out = append(out, s)
	}
	return strings.Join(out, " and ")
}
