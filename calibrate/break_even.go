package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A BreakEven is where approving begins to pay: applicants of whom so many are frauds that what approving them loses is what it
// earns. Reviews, step-ups and calls are not in it.
type BreakEven struct {
	// Loss and Margin are the means over the frauds, and over the legit records, of a history, in major units.
	Loss, Margin Number
	// Odds are Loss / Margin: approving pays where there are more legit applicants than that for each fraud. FraudRate is the same
	// as a share, Margin / (Margin + Loss): approving pays below it.
	Odds, FraudRate Number
}

// NewBreakEven returns the break-even of prices over the labeled records of a total; every figure is undefined where there is no
// fraud or no legit record, and the odds where nothing is lost or earned. Means are taken as they are: of applicants whose
// amounts are not like these, it is another.
func NewBreakEven(e *replay.Economics, total replay.Tally) BreakEven {
	out := BreakEven{Undefined(), Undefined(), Undefined(), Undefined()}
	sum := func(p replay.Price, y dataset.Label) float64 {
		return float64(p.Fixed)*float64(total.Records[y]) + float64(p.Share)*float64(total.Amount[y])
	}
	frauds, legit := float64(total.Records[dataset.Fraud]), float64(total.Records[dataset.Legit])
	if frauds == 0 || legit == 0 {
		return out
	}
	loss, margin := sum(e.FraudLoss, dataset.Fraud)/frauds, sum(e.GoodMargin, dataset.Legit)/legit
	out.Loss, out.Margin = Number(loss/float64(replay.MoneyPerMajor)), Number(margin/float64(replay.MoneyPerMajor))
	if margin > 0 {
		out.Odds = Number(loss / margin)
	}
	if margin+loss > 0 {
		out.FraudRate = Number(margin / (margin + loss))
	}
	return out
}
