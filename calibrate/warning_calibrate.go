package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
)

// Codes of warnings about a calibration.
const (
	TimelessRecords = "timeless_records"
	YoungRecords    = "young_records"
	ImmatureWindow  = "immature_window"
	UndecidedCalls  = "undecided_recommendation"
	SelectiveLabels = "selective_labels"
	StoppedLabels   = "stopped_unlabeled"
	DependentLeft   = "dependent_records_left_out"
	DependentSteps  = "triggers_of_independent_records"
)

// Warnings returns the doubts about a calibration, beside what its certificate assumes.
func (c *Calibration) Warnings() []Warning {
	var out []Warning
	warn := func(code, format string, args ...any) {
		out = append(out, Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if c.Timeless > 0 {
		warn(TimelessRecords, "%s records have no time and are in no window", count(c.Timeless))
	}
	if c.Young > 0 {
		warn(YoungRecords, "%s records of the newest months hold no label yet and are in no window", count(c.Young))
	}
	out = append(out, historyDoubts(c.Production)...)
	if len(c.Windows) == 0 {
		return out
	}
	c.warnDependence(warn)
	last := c.Windows[len(c.Windows)-1]
	if n := last.Total.N(); n > 0 && float64(last.Total.Labeled()) < lowCoverage*float64(n) {
		warn(ImmatureWindow, "%s of the records of %s are labeled: the certificate is about those whose label came early, which need not be like the rest. --until leaves the newest months out",
			of(last.Total.Labeled(), n), last.String())
	}
	if blind, stopped := c.unheard(); 100*blind >= stopped.N() && blind > 0 { // fewer could move no rate by much
		warn(StoppedLabels, "of the records "+c.StoppedBy()+", %s have a label: only the walk counts what is missing against a policy. "+
			"Any other fraud rate of a policy that approves them is that of the labeled alone, and may be far too low", of(stopped.Labeled(), stopped.N()))
	}
	at, found := c.Recommendation()
	if !found {
		return out
	}
	counts := at.Counts[len(at.Counts)-1]
	if open := counts.Actions[replay.Undecided].N(); open > 0 {
		warn(UndecidedCalls, "the recommended policy would ask %s where the history did not, on %s records: these are counted against every limit", c.Base.Second, of(open, counts.Total().N()))
	}
	approved := counts.Approved()
	if n := approved.N(); n > 0 && float64(approved.Labeled()) < (1-unevenPoints)*float64(n) {
		warn(SelectiveLabels, "%s of the records that the recommended policy approves have a label; what production stopped often has none, and the rate of those is not known", of(approved.Labeled(), n))
	}
	return out
}

// warnDependence says what entities change.
func (c *Calibration) warnDependence(warn func(code, format string, args ...any)) {
	if c.Goals.Entity == "" {
		return
	}
	for _, w := range c.Windows {
		if w.Left > 0 {
			warn(DependentLeft, "%s records of %s are left out of the window %q, because their %s has a record in a later window too", count(w.Left), w.String(), w.Name, c.Goals.Entity)
		}
	}
	warn(DependentSteps, "records of one %s depend on each other, which p-values and bounds of the last window account for; the intervals of any other table, and the triggers of a rollout, take records as independent", c.Goals.Entity)
}

// unheard returns what production stopped in any window, and how many of the labels that it should have are missing.
func (c *Calibration) unheard() (blind int64, stopped replay.Tally) {
	var all produced
	for i := range c.past {
		all.kept = all.kept.Add(c.past[i].kept)
		stopped = stopped.Add(c.past[i].all())
	}
	return lacking(stopped, all.share()), stopped
}
