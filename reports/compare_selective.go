package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// selectiveOf counts what the challenger approves by whether its outcome is known: the unknown are swap-ins without a label,
// which production stopped. Records that both approve and that have no label yet are left out; they are as the others.
func selectiveOf(s *replay.Swap) calibrate.Selective {
	p := s.Approvals()
	approved := p.Both.Add(p.OnlyChallenger)
	return calibrate.Selective{Frauds: approved.Records[dataset.Fraud], Known: approved.Labeled(), Unknown: p.OnlyChallenger.Records[dataset.Unlabeled]}
}

// championRate is the fraud rate among what the champion approves.
func championRate(s *replay.Swap) calibrate.Number {
	champion, _ := s.Counts()
	a := champion.Approved()
	return calibrate.Rate("", a.Records[dataset.Fraud], a.Labeled(), displayConfidence).Value
}

// unseen shows what the challenger's fraud rate is for every answer to a question that the history leaves open: how fraudulent
// the swap-ins without an outcome are. It is nil where all of them have one.
func (s contest) unseen(v Versus) *Table {
	sel := selectiveOf(&v.Comparison.Swap)
	if sel.Unknown == 0 {
		return nil
	}
	t := &Table{Caption: fmt.Sprintf("The challenger's fraud rate, for what the %s swap-ins without a label may be", thousands(sel.Unknown)),
		Columns: []Column{{Name: "swap_ins", Head: "swap-ins without a label"}, {Name: "assumed", Head: "their fraud rate", Align: Right}, {Name: "rate", Head: "fraud rate", Align: Right}}}
	row := func(words string, assumed, rate calibrate.Number) {
		t.Rows = append(t.Rows, []Cell{textCell(words), {assumed, zeroOr(assumed)}, {rate, zeroOr(rate)}})
	}
	low, high := sel.Rate()
	row("none is fraud", 0, low)
	if sel.Known > 0 {
		for _, x := range sel.Scenarios(1 - s.confidence) {
			words := "as fraudulent as the labeled"
			if x.Multiple > 1 {
				words = fmt.Sprintf("%.0f times as fraudulent", float64(x.Multiple))
			}
			row(words, x.Unknown, x.Rate)
		}
	}
	row("all are fraud", 1, high)
	from, to := sel.Limits(1 - s.confidence)
	t.Footnotes = []string{fmt.Sprintf("The first and the last line bound what is possible, and with %s confidence each way it is within %s – %s; the lines between are assumptions, and nothing tells which is true.",
		confidenceText(s.confidence), decimals(100*from), percent(to)), s.breakEven(sel, championRate(&v.Comparison.Swap))}
	return t
}

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

// breakEven says how fraudulent the unknown may be before the challenger is worse than the champion.
func (s contest) breakEven(sel calibrate.Selective, champion calibrate.Number) string {
	if !champion.Defined() {
		return "The champion approves no labeled record, so there is no rate to stay below."
	}
	rate, multiple := sel.BreakEven(float64(champion))
	switch {
	case rate < 0:
		return "Even if none of them is fraud, the challenger's fraud rate is above the champion's " + shareText(champion) + "."
	case rate > 1:
		return "Even if all of them are fraud, the challenger's fraud rate is below the champion's " + shareText(champion) + "."
	}
	text := fmt.Sprintf("It is at most the champion's %s as long as no more than %s of them are fraud", shareText(champion), percent(rate))
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
	BreakEven calibrate.Number      `json:"break_even_rate"` // of the unknown, against the champion's fraud rate
	Multiple  calibrate.Number      `json:"break_even_multiple"`
	Scenarios [3]calibrate.Scenario `json:"scenarios"` // assumptions
}

// selectiveData is nil where no swap-in lacks a label.
func (s contest) selectiveData(v Versus) *selectiveJSON {
	sel := selectiveOf(&v.Comparison.Swap)
	if sel.Unknown == 0 {
		return nil
	}
	out := &selectiveJSON{Selective: sel, BreakEven: calibrate.Undefined(), Multiple: calibrate.Undefined(), Scenarios: sel.Scenarios(1 - s.confidence)}
	out.Low, out.High = sel.Rate()
	out.LimitLow, out.LimitHigh = sel.Limits(1 - s.confidence)
	if champion := championRate(&v.Comparison.Swap); champion.Defined() {
		out.BreakEven, out.Multiple = sel.BreakEven(float64(champion))
	}
	return out
}
