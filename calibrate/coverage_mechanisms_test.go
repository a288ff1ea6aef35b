package calibrate

import (
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// mechanisms are all that dataset.Synth can hide, and the control in which it hides nothing.
func mechanisms() []mechanism {
	const (
		level    = coverageLevel
		rate     = "fraud rate of a policy's approvals"
		reported = "fraud reported within 120 days"
		some     = "count of those with an outcome"
		left     = "undecided records left out"
		ends     = "least and most, Wilson at both ends"
		young    = "not reported yet is legit"
	)
	return []mechanism{
		{"nothing (control)", dataset.SynthOptions{}, []coverageQuestion{
			{rate, "count", "the same, Wilson", askControl, level, 1},
		}},
		{"waterfall gate", dataset.SynthOptions{Mode: dataset.SynthWaterfall}, []coverageQuestion{
			{"fraud rate, asking onboarding elsewhere", left, ends, askGate("fraud_rate"), level, 0.6},
			{"approval rate, asking onboarding elsewhere", left, ends, askGate("approval_rate"), level, 0.1},
		}},
		{"blocked, no outcome", dataset.SynthOptions{BlockedUnlabeled: true}, []coverageQuestion{
			{rate, some, "Selective (Manski)", askBlocked, level, 0.2},
		}},
		{"label delay", dataset.SynthOptions{LabelDelay: 30, Months: 6}, []coverageQuestion{
			{reported, young, "maturity of 120 days, Wilson", askMaturity, level, 0.1},
			{reported, young, "Development (Kaplan-Meier)", askDevelopment, level, 0.1},
		}},
		{"exploration of blocks", explored(), []coverageQuestion{
			{rate, some, "SNIPS", askSNIPS, level, 0.3},
			{rate, some, "DoublyRobust", askDoublyRobust, 0.9, 0.3}, // too narrow with few frauds, as its documentation says,
		}},
		{"rings of five", dataset.SynthOptions{Rings: 0.9}, []coverageQuestion{
			{"fraud rate of all", "records taken as independent", "Entities (Korn-Graubard)", askRings(everybody), level, 0.75},
			{rate, "records taken as independent", "Entities (Korn-Graubard)", askRings(careful), level, 0.95},
		}},
		{"failed answers", dataset.SynthOptions{Missing: 0.06, Processing: 0.01, Failed: 0.01}, []coverageQuestion{
			{"approval rate had every answer come", "the policy as given", "fail_closed and fail_open, Wilson at both ends", askFailures, level, 0.1},
		}},
		{"label noise of 1 %", dataset.SynthOptions{LabelNoise: 0.01}, []coverageQuestion{
			{rate, "count", "none", askControl, 0, 0.1}, // nothing here corrects a wrong label, and the interval does not know of it
		}},
	}
}

// careful approves what both products call review or better, and one of them high or better.
var careful = byScores(always, func(s, o dataset.Cluster) bool {
	return min(s, o) >= dataset.ReviewCluster && max(s, o) >= dataset.High
})

// lenientPolicy also approves a low session with a high onboarding, which the guide's table blocks.
var lenientPolicy = byScores(always, func(s, o dataset.Cluster) bool { return s >= dataset.Low && o >= dataset.High })

// everybody approves everything that both products judged.
var everybody = byScores(always, func(s, o dataset.Cluster) bool { return true })

// asking calls onboarding in the review cluster as the guide's waterfall does, and in the one below it, where the history of a
// waterfall has no answer.
var asking = byScores(
	func(s dataset.Cluster) bool { return s == dataset.ReviewCluster || s == dataset.Low },
	func(s, o dataset.Cluster) bool { return s >= dataset.High || s >= dataset.Low && o >= dataset.High })

// count returns the naive answer to the fraud rate of a policy's approvals: frauds over those with an outcome.
func (h *coverageHistory) count(pol *replay.Policy) coverageAnswer {
	a := coverageAnswer{ourLow: Undefined(), ourHigh: Undefined(), least: Undefined(), most: Undefined(), twin: math.NaN()}
	a.truth, _ = h.model(pol)
	m := h.measure(pol, "fraud_rate")
	a.naive, a.low, a.high = naively(m.Numerator, m.Denominator)
	return a
}

func askControl(h *coverageHistory) coverageAnswer {
	a := h.count(careful)
	a.ourLow, a.ourHigh = Number(a.low), Number(a.high)
	return a
}

func askGate(name string) func(*coverageHistory) coverageAnswer {
	return func(h *coverageHistory) coverageAnswer {
		m := h.measure(asking, name)
		a := coverageAnswer{ourLow: m.Low, ourHigh: m.High, least: m.Least, most: m.Most}
		k, n := m.Numerator, m.Denominator
		rate, approved := h.model(asking)
		a.truth = rate
		if name == "approval_rate" {
			a.truth = approved
			n -= h.measure(asking, "undecided_rate").Numerator
		}
		a.naive, a.low, a.high = naively(k, n)
		a.twin = h.twin(func(o *dataset.SynthOptions) { o.Mode = dataset.SynthCombined }).counted(asking, name)
		return a
	}
}

func askBlocked(h *coverageHistory) coverageAnswer {
	a := h.count(lenientPolicy)
	_, r := h.run(lenientPolicy, dataset.LabelField, replay.Maturity{})
	t := r.Approved()
	s := Selective{Frauds: t.Records[dataset.Fraud], Known: t.Labeled(), Unknown: t.Records[dataset.Unlabeled]}
	a.least, a.most = s.Rate()
	a.ourLow, a.ourHigh = s.Limits((1 - coverageLevel) / 2)
	a.twin = h.counted(lenientPolicy, "fraud_rate")
	return a
}

// reportedWithin is the share of the frauds that the model reports within a maturity.
func (h *coverageHistory) reportedWithin(days float64) float64 {
	return -math.Expm1(-days / h.opt.LabelDelay)
}

const coverageMaturity = 120

// askMaturity: companies that wait for reports call legit what nobody has reported.
func askMaturity(h *coverageHistory) coverageAnswer {
	h = h.silenceIsLegit()
	rate, _ := h.model(everybody)
	a := coverageAnswer{truth: rate * h.reportedWithin(coverageMaturity), least: Undefined(), most: Undefined(), twin: noTwin}
	young := h.measure(everybody, "fraud_rate")
	a.naive, a.low, a.high = naively(young.Numerator, young.Denominator)
	_, r := h.run(everybody, dataset.LabelField, replay.Maturity{Days: coverageMaturity, AsOf: h.truth.Options.AsOf.UnixMicro()})
	low, high := Wilson(r.Approved().Records[dataset.Fraud], r.Approved().Labeled(), coverageLevel)
	a.ourLow, a.ourHigh = Number(low), Number(high)
	return a
}

// askDevelopment asks it of all records: the curve knows no policy.
func askDevelopment(h *coverageHistory) coverageAnswer {
	const day = 24 * 60 * 60 * 1_000_000
	a := coverageAnswer{truth: coverageFraud * h.reportedWithin(coverageMaturity), least: Undefined(), most: Undefined(), twin: noTwin}
	asOf := h.truth.Options.AsOf.UnixMicro()
	var byDay [200]DelayCount
	var frauds int64
	h.rows(func(r coverageRow) {
		// Whole days alone: what was reported in the last, broken one is left to the next look.
		age, delay := (asOf-r.at)/day, (r.known-r.at+day-1)/day
		frauds += int64(b2i(r.label == dataset.Fraud))
		if r.label == dataset.Fraud && delay <= age {
			byDay[delay].Reported++
		} else {
			byDay[age].Open++
		}
	})
	a.naive, a.low, a.high = naively(frauds, coverageRecords)
	p := NewDevelopment(byDay[:]).At(coverageMaturity, coverageLevel)
	a.ourLow, a.ourHigh = p.Low, p.High
	return a
}

// explored is a production that blocks what either product calls low, approves all else, and lets one of ten blocks through.
func explored() dataset.SynthOptions {
	var policy [dataset.NumClusters][dataset.NumClusters]dataset.Action
	for s := range policy {
		for o := range policy[s] {
			policy[s][o] = dataset.Approve
			if min(s, o) <= int(dataset.Low) {
				policy[s][o] = dataset.Block
			}
		}
	}
	return dataset.SynthOptions{Policy: &policy, BlockedUnlabeled: true, Exploration: 0.1}
}

// approvedRows yields the records that a policy on both scores approves.
func (h *coverageHistory) approvedRows(pol *replay.Policy, yield func(coverageRow)) {
	h.rows(func(r coverageRow) {
		if pol.Decide(replay.Case{First: withScore(r.session), Second: withScore(r.onboarding)}).Action == dataset.Approve {
			yield(r)
		}
	})
}

func askSNIPS(h *coverageHistory) coverageAnswer {
	a := h.count(lenientPolicy)
	var e Explored
	h.approvedRows(lenientPolicy, func(r coverageRow) { e.Add(r.probability, r.label) })
	got := e.SNIPS(coverageLevel)
	a.ourLow, a.ourHigh = got.Low, got.High
	return a
}

// askDoublyRobust fits the surface on the first half of the history, by cell of both clusters, and asks the second half.
func askDoublyRobust(h *coverageHistory) coverageAnswer {
	a := h.count(lenientPolicy)
	var all []coverageRow
	h.approvedRows(lenientPolicy, func(r coverageRow) { all = append(all, r) })
	var cells [dataset.NumClusters][dataset.NumClusters]Explored
	for _, r := range all[:len(all)/2] {
		cells[clusterOf(r.session)][clusterOf(r.onboarding)].Add(r.probability, r.label)
	}
	var records []Predicted
	for _, r := range all[len(all)/2:] {
		surface := 0.0
		if e := cells[clusterOf(r.session)][clusterOf(r.onboarding)]; e.Seen > 0 {
			surface = e.FraudWeight / e.Weight
		}
		records = append(records, Predicted{r.probability, r.label, surface})
	}
	got := DoublyRobust(slices.Values(records), coverageLevel)
	a.ourLow, a.ourHigh = got.Low, got.High
	return a
}

func askRings(pol *replay.Policy) func(*coverageHistory) coverageAnswer {
	return func(h *coverageHistory) coverageAnswer {
		a := h.count(pol)
		accounts := map[string]Selective{}
		h.approvedRows(pol, func(r coverageRow) {
			c := accounts[r.account]
			c.Known++
			c.Frauds += int64(b2i(r.label == dataset.Fraud))
			accounts[r.account] = c
		})
		var e Entities
		for _, c := range accounts { // sums of integers: the order does not matter
			e.Add(c.Frauds, c.Known)
		}
		a.ourLow, a.ourHigh = e.Interval(coverageLevel)
		return a
	}
}

func askFailures(h *coverageHistory) coverageAnswer {
	cube, _ := h.run(careful, dataset.LabelField, replay.Maturity{})
	f, err := cube.Failures(careful)
	if err != nil {
		panic(err)
	}
	approved := func(name string) (k, n int64) {
		i := slices.IndexFunc(f.Handled, func(h replay.Handled) bool { return h.Name == name })
		_, c := f.Handled[i].Counts()
		return c.Approved().N(), c.Total().N()
	}
	var a coverageAnswer
	_, a.truth = h.model(careful)
	a.naive, a.low, a.high = naively(approved(replay.AsGiven))
	least, n := approved(replay.FailClosed)
	most, _ := approved(replay.FailOpen)
	a.least, a.most = divide(least, n), divide(most, n)
	low, _ := Wilson(least, n, coverageLevel)
	_, high := Wilson(most, n, coverageLevel)
	a.ourLow, a.ourHigh = Number(low), Number(high)
	a.twin = h.twin(func(o *dataset.SynthOptions) { o.Missing, o.Processing, o.Failed = -1, -1, -1 }).counted(careful, "approval_rate")
	return a
}
