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
	LessLabeled   = "less_labeled"
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
	if p, found := c.leastLabeled(); found {
		now, then := c.Marks[0].Counts.Approved(), p.Counts.Approved()
		more := then.Sub(now)
		blind, fraud := more.N()-more.Labeled(), then.Records[dataset.Fraud]
		add(LessLabeled, "%s approves %s records more than now, %s of them without a label, as are those that production stopped: the fraud rate there is "+
			"anywhere from %s to %s", cutoffText(p.At), count(more.N()), count(blind), percent(fraud, then.Labeled()+blind), percent(fraud+blind, then.Labeled()+blind))
	}
	if most, at := c.mostUndecided(); most > c.Marks[0].Actions[replay.Undecided].N() {
		add(MoreUndecided, "up to %s records are undecided, at %s: what becomes of them is unknown, and the rates there are ranges", of(most, total.N()), cutoffText(at))
	}
	return append(out, own...)
}

// leastLabeled returns the point at which most of what is approved beyond the policy as it stands lacks a label, as measured
// by what the policy knows of its own approvals; found is false where no point is much worse than that. It compares numbers
// of records, which are those of the records themselves where the approved ones are nested.
func (c *StrategyCurve) leastLabeled() (least CurvePoint, found bool) {
	now := c.Marks[0].Counts.Approved()
	known := 1.0
	if now.N() > 0 {
		known = float64(now.Labeled()) / float64(now.N())
	}
	most := 0.0
	for _, p := range c.Points {
		more := p.Counts.Approved().Sub(now)
		lacking := known*float64(more.N()) - float64(more.Labeled())
		if more.N() >= fewRecords && more.Labeled() >= 0 && lacking > unevenPoints*float64(more.N()) && lacking > most {
			least, most, found = p, lacking, true
		}
	}
	return least, found
}

// fewRecords are too few for a share of them to be worth a warning.
const fewRecords = 30

func (c *StrategyCurve) names() (out []string) {
	for _, cut := range c.Cutoffs {
		out = append(out, cut.String())
	}
	return out
}

func (c *StrategyCurve) approves() bool {
	for _, p := range c.Points {
		if p.Counts.Approved().N() > 0 {
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

// cutoffText names cutoffs: cutoff 551, or cutoffs 551 and 600.
func cutoffText(at []int) string {
	if len(at) == 1 {
		return fmt.Sprintf("cutoff %d", at[0])
	}
	return fmt.Sprintf("cutoffs %d and %d", at[0], at[1])
}
