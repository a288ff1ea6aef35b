package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
)

// An open question is what the fraud rate of a policy is, for every answer to what history leaves open: how fraudulent the
// records are that the policy approves and that production stopped.
type openQuestion struct {
	calibrate.Selective
	// who names the policy in a sentence, stopped the records; reference is the policy whose rate is not to be exceeded.
	who, stopped, reference string
	rate                    calibrate.Number // of the reference
	confidence              float64
}

// table shows the rate for what the records may be. It is nil where all of them have an outcome.
func (q openQuestion) table() *Table {
	if q.Unknown == 0 {
		return nil
	}
	t := &Table{Caption: fmt.Sprintf("%s fraud rate, for what the %s %s may be", capital(possessive(q.who)), thousands(q.Unknown), q.stopped),
		Columns: []Column{{Name: "swap_ins", Head: "swap-ins without a label"}, {Name: "assumed", Head: "their fraud rate", Align: Right}, {Name: "rate", Head: "fraud rate", Align: Right}}}
	row := func(words string, assumed, rate calibrate.Number) {
		t.Rows = append(t.Rows, []Cell{textCell(words), {assumed, zeroOr(assumed)}, {rate, zeroOr(rate)}})
	}
	low, high := q.Rate()
	row("none is fraud", 0, low)
	if q.Known > 0 {
		for _, x := range q.Scenarios(1 - q.confidence) {
			words := "as fraudulent as the labeled"
			if x.Multiple > 1 {
				words = fmt.Sprintf("%.0f times as fraudulent", float64(x.Multiple))
			}
			row(words, x.Unknown, x.Rate)
		}
	}
	row("all are fraud", 1, high)
	from, to := q.Limits(1 - q.confidence)
	t.Footnotes = []string{fmt.Sprintf("The first and the last line bound what is possible, and with %s confidence each way it is within %s – %s; the lines between are assumptions, and nothing tells which is true.",
		confidenceText(q.confidence), decimals(100*from), percent(to)), q.breakEven()}
	return t
}

// possessive makes a name or a noun the owner of what follows.
func possessive(who string) string { return who + "'s" }

func zeroOr(v calibrate.Number) string {
	switch {
	case !v.Defined():
		return undefined
	case v == 0:
		return "0"
	case v == 1:
		return "100 %"
	}
	return percent(v)
}

// breakEven says how fraudulent the unknown may be before the policy is worse than the reference.
func (q openQuestion) breakEven() string {
	if !q.rate.Defined() {
		return capital(q.reference) + " approves no labeled record, so there is no rate to stay below."
	}
	own := possessive(q.who) + " fraud rate"
	rate, multiple := q.BreakEven(float64(q.rate))
	switch {
	case rate < 0:
		return "Even if none of them is fraud, " + own + " is above " + possessive(q.reference) + " " + shareText(q.rate) + "."
	case rate > 1:
		return "Even if all of them are fraud, " + own + " is below " + possessive(q.reference) + " " + shareText(q.rate) + "."
	}
	if rate == 0 {
		return "It is at most " + possessive(q.reference) + " " + shareText(q.rate) + " as long as none of them is fraud."
	}
	text := fmt.Sprintf("It is at most %s %s as long as no more than %s of them are fraud", possessive(q.reference), shareText(q.rate), percent(rate))
	if multiple.Defined() {
		text += fmt.Sprintf(", %s times the rate of the labeled", decimals(multiple))
	}
	return text + "."
}

type selectiveJSON struct {
	calibrate.Selective
	Low       calibrate.Number      `json:"low"` // if none of the unknown is fraud
	High      calibrate.Number      `json:"high"`
	LimitLow  calibrate.Number      `json:"limit_low"` // at the confidence, each way
	LimitHigh calibrate.Number      `json:"limit_high"`
	BreakEven calibrate.Number      `json:"break_even_rate"` // of the unknown, against the reference's fraud rate
	Multiple  calibrate.Number      `json:"break_even_multiple"`
	Scenarios [3]calibrate.Scenario `json:"scenarios"` // assumptions
}

// data is nil where every outcome is known.
func (q openQuestion) data() *selectiveJSON {
	if q.Unknown == 0 {
		return nil
	}
	out := &selectiveJSON{Selective: q.Selective, BreakEven: calibrate.Undefined(), Multiple: calibrate.Undefined(), Scenarios: q.Scenarios(1 - q.confidence)}
	out.Low, out.High = q.Rate()
	out.LimitLow, out.LimitHigh = q.Limits(1 - q.confidence)
	if q.rate.Defined() {
		out.BreakEven, out.Multiple = q.BreakEven(float64(q.rate))
	}
	return out
}
