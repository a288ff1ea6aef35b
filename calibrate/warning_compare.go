package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Codes of warnings about a comparison, beside those about the result of each policy.
const (
	UnlabeledSwapIns    = "unlabeled_swap_ins"
	FewSwappedFrauds    = "few_swapped_frauds"
	UndecidedDifference = "undecided_difference"
	SeveralChallengers  = "several_challengers"
)

// ComparisonWarnings returns the doubts about the difference of two policies, the gravest first. Those about what either
// policy did by itself are Warnings.
func ComparisonWarnings(c *replay.Comparison) []Warning {
	var out []Warning
	for _, doubt := range []func(*replay.Comparison) (Warning, bool){undecidedDifference, unlabeledSwapIns, fewSwappedFrauds} {
		if w, found := doubt(c); found {
			out = append(out, w)
		}
	}
	return out
}

// undecidedDifference bounds the difference of approvals by what the undecided records could turn out to be, on either side
// and independently of each other.
func undecidedDifference(c *replay.Comparison) (Warning, bool) {
	a, b := c.Counts()
	undecidedA, undecidedB, n := a.Actions[replay.Undecided].N(), b.Actions[replay.Undecided].N(), a.Total().N()
	if undecidedA == 0 && undecidedB == 0 {
		return Warning{}, false
	}
	swaps := c.Approvals()
	net := swaps.OnlyChallenger.N() - swaps.OnlyChampion.N()
	return Warning{UndecidedDifference, fmt.Sprintf("%s records are undecided under the champion and %s under the challenger, and stand as not approved: "+
		"whatever they would be, the challenger approves between %s and %s of %s records more", count(undecidedA), count(undecidedB),
		signed(net-undecidedA), signed(net+undecidedB), count(n)), []string{"approval_rate", "fraud_rate"}}, true
}

// unlabeledSwapIns bounds the challenger's fraud rate by what the swap-ins without an outcome could turn out to be (Manski's
// bounds, STATISTICS.md, section 4). No value in between is claimed.
func unlabeledSwapIns(c *replay.Comparison) (Warning, bool) {
	p := c.Approvals()
	missing, swapIns := p.OnlyChallenger.Records[dataset.Unlabeled], p.OnlyChallenger.N()
	if missing == 0 {
		return Warning{}, false
	}
	approved := p.Both.Add(p.OnlyChallenger)
	k, n := approved.Records[dataset.Fraud], approved.Labeled()
	return Warning{UnlabeledSwapIns, fmt.Sprintf("%s swap-ins have no label: whether they are fraud is unknown, and they count as neither fraud nor legit. "+
		"What production blocked seldom gets one. With them the challenger's fraud rate is anywhere from %s to %s", of(missing, swapIns),
		percent(k, n+missing), percent(k+missing, n+missing)), []string{"fraud_rate"}}, true
}

// fewSwappedFrauds doubts the test of a fraud rate, which is normal, where it rests on a handful of frauds.
func fewSwappedFrauds(c *replay.Comparison) (Warning, bool) {
	p := c.Approvals()
	in, out := p.OnlyChallenger, p.OnlyChampion
	frauds := in.Records[dataset.Fraud] + out.Records[dataset.Fraud]
	if in.Labeled()+out.Labeled() == 0 || frauds >= fewFrauds {
		return Warning{}, false
	}
	return Warning{FewSwappedFrauds, fmt.Sprintf("few frauds: %s labeled swaps. The difference of the fraud rates rests on them, and its interval and p "+
		"are rough", of(frauds, in.Labeled()+out.Labeled())), []string{"fraud_rate"}}, true
}

// Selection returns the doubt about choosing among several challengers on the records that they are compared on.
func Selection(challengers int) (Warning, bool) {
	if challengers < 2 {
		return Warning{}, false
	}
	return Warning{Code: SeveralChallengers, Message: fmt.Sprintf("%d challengers are compared on the same records and each p is for one of them alone: "+
		"the best-looking one looks better than it is", challengers)}, true
}

// signed prints a count of records more, with its sign.
func signed(n int64) string {
	switch {
	case n > 0:
		return "+" + count(n)
	case n < 0:
		return "-" + count(-n)
	}
	return "0"
}
