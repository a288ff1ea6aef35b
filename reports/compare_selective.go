package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// championRate is the fraud rate among what the champion approves.
func championRate(s *replay.Swap) calibrate.Number {
	champion, _ := s.Counts()
	a := champion.Approved()
	return calibrate.Rate("", a.Records[dataset.Fraud], a.Labeled(), displayConfidence).Value
}

// question asks how fraudulent the records are that the challenger approves, production stopped, and nobody knows the outcome of.
func (s contest) question(v Versus) openQuestion {
	swap := &v.Comparison.Swap
	q := openQuestion{Selective: calibrate.SelectiveSwap(swap), who: "the challenger", stopped: "swap-ins without a label", reference: "the champion",
		rate: championRate(swap), confidence: s.confidence}
	if swap.Stopped != nil {
		q.stopped = "records without a label that production stopped"
	}
	return q
}
