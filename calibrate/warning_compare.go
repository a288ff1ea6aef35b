package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Codes of warnings about a comparison, beside those about the result of each policy.
const (
	UnlabeledSwapIns    = "unlabeled_swap_ins"
	ChampionBeyond      = "champion_beyond_production"
	FewSwappedFrauds    = "few_swapped_frauds"
	UndecidedDifference = "undecided_difference"
	SeveralChallengers  = "several_challengers"
)

// ComparisonWarnings returns the doubts about the difference of two policies, the gravest first. Those about what either
// policy did by itself are Warnings.
func ComparisonWarnings(c *replay.Comparison) []Warning {
	var out []Warning
	for _, doubt := range []func(*replay.Comparison) (Warning, bool){undecidedDifference, unlabeledSwapIns, championBeyond, fewSwappedFrauds} {
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
	sel, swapIns := SelectiveSwap(&c.Swap), c.SwapIns().N()
	if sel.Unknown == 0 {
		return Warning{}, false
	}
	what := "swap-ins have no label"
	if c.Stopped != nil {
		what = "records that production stopped and the challenger approves have no label"
	}
	return Warning{UnlabeledSwapIns, fmt.Sprintf("%s %s: whether they are fraud is unknown, and they count as neither fraud nor legit. "+
		"What production blocked seldom gets one. With them the challenger's fraud rate is anywhere from %s to %s", of(sel.Unknown, swapIns), what,
		percent(sel.Frauds, sel.Known+sel.Unknown), percent(sel.Frauds+sel.Unknown, sel.Known+sel.Unknown)), []string{"fraud_rate"}}, true
}

// championBeyond doubts the champion's own fraud rate where it approves what production stopped, so that it is not what
// production ran.
func championBeyond(c *replay.Comparison) (Warning, bool) {
	if c.Stopped == nil {
		return Warning{}, false
	}
	missing, n := c.Stopped[0].Records[dataset.Unlabeled], c.Stopped[0].N()
	if missing == 0 {
		return Warning{}, false
	}
	champion, _ := c.Counts()
	k, known := champion.Approved().Records[dataset.Fraud], champion.Approved().Labeled()
	return Warning{ChampionBeyond, fmt.Sprintf("%s records that production stopped and the champion approves have no label: it is not what production ran, and its "+
		"fraud rate is anywhere from %s to %s", of(missing, n), percent(k, known+missing), percent(k+missing, known+missing)), []string{"fraud_rate"}}, true
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
