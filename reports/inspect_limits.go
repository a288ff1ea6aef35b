package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// minCoverage is the labeled share below which the unlabeled records are a doubt of their own.
const minCoverage = 0.5

// unanswered lists what the history cannot show, in plain sentences.
func unanswered(p *replay.Profile, c replay.Collection) []string {
	out := []string{}
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	total := p.Total.N()
	switch {
	case total == 0:
		return out
	case c.Mode == replay.ModeWaterfall:
		say("What onboarding says of the %s records that were decided on session alone: a policy that asks it there is undecided on them. It was asked for session %s.",
			countShare(c.NotAsked, total), clusterNames(c.Asked))
	case c.NotAsked > 0 && c.Mode != replay.ModeSingle:
		say("What onboarding says of the %s records that do not hold it. If it was asked in vain there, say so with --absent missing; otherwise policies that ask it are undecided on them.",
			countShare(c.NotAsked, total))
	}
	labeled := p.Total.Labeled()
	switch {
	case labeled == 0:
		say("Anything about fraud: no record has a label. Join outcomes with --labels.")
	case float64(labeled) < minCoverage*float64(total):
		say("The outcome of %s records: they have no label, and whether they are like the labeled ones is not known.", countShare(total-labeled, total))
	default:
		if months := unripe(p); len(months) > 0 {
			say("The fraud rate of %s: fewer than half of the records have a label yet, and the first to have one need not be like the rest.", strings.Join(months, ", "))
		}
	}
	if b := p.Actions[dataset.Block]; b.N() > 0 && float64(b.Labeled()) < minCoverage*float64(b.N()) {
		say("What the %s blocked records without an outcome would have done: a policy that approves them is judged without them.", thousands(b.N()-b.Labeled()))
	}
	if p.Actions[dataset.NoAction].N() == total {
		say("What production decided: no record carries an action.")
	}
	if p.Account.Period == nil {
		say("Anything over time, or by month: no record has a time.")
	}
	if p.NoAmount == total {
		say("Anything by value: no record has an amount.")
	}
	if p.Total.Records[dataset.Fraud] > 0 && !slices.ContainsFunc(p.Ages.Days, func(d replay.DayAges) bool { return len(d.Reports) > 0 }) {
		say("Whether the labels are final: none carries the time at which it became known, so their maturity is unknown.")
	}
	return out
}

// unripe returns the months of which less than minCoverage of the records are labeled.
func unripe(p *replay.Profile) []string {
	var out []string
	for _, m := range p.Months {
		if m.Month != "" && float64(m.Labeled()) < minCoverage*float64(m.N()) {
			out = append(out, m.Month)
		}
	}
	return out
}
