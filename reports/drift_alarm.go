package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
)

// alarmBox says whether an alarm rings, and what it has counted.
func alarmBox(d *calibrate.Drift, a DriftAlarm) Box {
	b := Box{Title: "Alarm on " + a.Condition + ": does not ring", Tone: Neutral}
	if a.Rings {
		b.Title, b.Tone = "Alarm on "+a.Condition+": RINGS", Bad
	}
	text := driftAlarmText(d)
	if a.State != nil {
		text = limitAlarmText(d, a)
	}
	b.Blocks = []Block{Paragraph(text)}
	return b
}

func driftAlarmText(d *calibrate.Drift) string {
	var names []string
	for _, c := range d.Decisions.Marked() {
		names = append(names, shiftName(c))
	}
	delta := confidenceText(1 - d.Confidence)
	if names == nil {
		return fmt.Sprintf("None of %d shares of actions and parts is marked as changed. Of runs in which nothing changed, at most %s ring.", d.Decisions.Tested, delta)
	}
	return fmt.Sprintf("Changed: %s. Of runs in which nothing changed, at most %s ring: whoever looks each month hears it some day.", listed(names, 8), delta)
}

func limitAlarmText(d *calibrate.Drift, a DriftAlarm) string {
	w, run := a.State.Watch, a.Run
	var text []string
	say := func(format string, args ...any) { text = append(text, fmt.Sprintf(format, args...)) }
	if w.Records == 0 {
		say("No mature approval has been counted yet.")
	} else {
		from := a.State.Days[0].Day
		say("%s frauds in %s labeled approvals of %s to %s (%s).", thousands(w.Frauds), thousands(w.Records), from, a.State.Through(), portionText(calibrate.Portion{K: w.Frauds, N: w.Records}))
		say("Evidence against the limit: p %s, whenever and however often one looks; it rings at %s.", chanceCell(calibrate.Number(w.PValue())).Text, confidenceText(1-d.Confidence))
	}
	if a.State.MaturityDays == 0 {
		say("Labels are taken as they are: fraud that is reported after its day was counted is never counted (--maturity DAYS waits for it).")
	}
	if a.Rings {
		say("It stays on until it is answered: then begin a new state file, with --alarm-from behind the days that were answered.")
	}
	switch {
	case run.Added > 0:
		say("Added in this run: %s, %s to %s, with %s frauds of %s.", daysText(int64(run.Added)), run.First, run.Last, thousands(run.Frauds), thousands(run.Records))
	case run.Known+run.Late > 0:
		say("Added in this run: nothing, since no day is later than %s, the last that was counted before.", a.State.Through())
	default:
		say("Added in this run: nothing, since no day has mature approvals.")
	}
	if run.Known > 0 {
		say("Counted before, and not again: %s.", daysText(int64(run.Known)))
	}
	if run.Differing > 0 {
		say("With other counts now than then: %s, of which the former stay.", daysText(int64(run.Differing)))
	}
	if run.Late > 0 {
		say("Left out, because they came after later ones had been counted: %s.", daysText(int64(run.Late)))
	}
	if !a.Kept {
		say("No state is kept (--state FILE): the next run begins anew, and its promise is its own.")
	}
	return strings.Join(text, " ")
}
