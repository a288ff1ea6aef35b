package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// guesses say what is assumed of treatments, worst, base and best, and what of it was measured on production's own.
func guesses(t *replay.Treatments, treated replay.Treated) (notes []string) {
	shares := calibrate.MeasuredShares(treated)
	var assumed, measured, few []string
	for i, a := range calibrate.Assumptions(t) {
		share := func(v int64) string { return decimals(calibrate.Number(float64(v) / 100)) }
		name := strings.ReplaceAll(a.Name, "_", " ")
		text := fmt.Sprintf("%s %s / %s / %s %%", name, share(a.Guess.Worst), share(a.Guess.Base), share(a.Guess.Best))
		if shares != nil && shares[i].Used {
			measured = append(measured, fmt.Sprintf("%s (%s of %s)", text, thousands(shares[i].K), thousands(shares[i].N)))
			continue
		}
		assumed = append(assumed, text)
		if shares != nil {
			few = append(few, fmt.Sprintf("%s %s", name, thousands(shares[i].N)))
		}
	}
	if assumed != nil {
		notes = append(notes, "Assumed, worst / base / best: "+strings.Join(assumed, ", ")+".")
	}
	if measured != nil {
		notes = append(notes, fmt.Sprintf("Measured, in the place of guesses: %s. Worst and best are the ends of the %s interval, whatever the treated records without a label are. It is measured on what production stepped up and reviewed: whom another policy treats may behave otherwise.",
			strings.Join(measured, ", "), confidenceText(calibrate.MeasuredConfidence)))
	}
	if few != nil {
		notes = append(notes, fmt.Sprintf("Labeled outcomes of production's own treatments that are too few to measure, %d being the least: %s.", calibrate.MinOutcomes, strings.Join(few, ", ")))
	}
	if n := treated.StepUps.Other + treated.Reviews.Other; n > 0 && shares != nil {
		notes = append(notes, fmt.Sprintf("Left out of what is measured: %s whose outcome is none of passed, failed, abandoned, approved, rejected.", countOf(int(n), "record")))
	}
	return notes
}

// A measuredJSON is what outcomes of production's own treatments say of one guess; used is false where they are too few.
type measuredJSON struct {
	Assumption string           `json:"assumption"`
	K          int64            `json:"numerator"`
	N          int64            `json:"denominator"`
	Unlabeled  int64            `json:"unlabeled"`
	Value      calibrate.Number `json:"value"`
	Low        calibrate.Number `json:"low"`
	High       calibrate.Number `json:"high"`
	Used       bool             `json:"used"`
}

// shareName is the key of a share: step_up_good_pass.
func shareName(m calibrate.MeasuredShare) string { return strings.ReplaceAll(m.Name, " ", "_") }

// measuredData is nil where no outcome was recorded, or asked for.
func measuredData(t replay.Treated) (out []measuredJSON) {
	for _, m := range calibrate.MeasuredShares(t) {
		out = append(out, measuredJSON{shareName(m), m.K, m.N, m.Unlabeled, m.Value, m.Low, m.High, m.Used})
	}
	return out
}

// tidyMeasured appends the lines of the table treatment_outcome.
func (t *Table) tidyMeasured(lead []any, treated replay.Treated) {
	for _, m := range calibrate.MeasuredShares(treated) {
		t.named(lead, map[string]any{"table": "treatment_outcome", "name": shareName(m), "numerator": m.K, "denominator": m.N, "value": m.Value,
			"low": m.Low, "high": m.High, "confidence": calibrate.Number(calibrate.MeasuredConfidence), "method": calibrate.MethodWilson})
	}
}
