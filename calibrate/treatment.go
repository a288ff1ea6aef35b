package calibrate

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Case is one reading of guesses: all at worst, all as they most likely are, or all at best.
type Case uint8

const (
	Worst Case = iota
	Base
	Best
)

// Cases lists them in order, and String names them.
var Cases = []Case{Worst, Base, Best}

func (c Case) String() string { return [...]string{"worst", "base", "best"}[c] }

// A Final is what a policy comes to once step-ups and reviews are done, if the guesses are right: expectations over labeled
// records, because nobody knows what an unlabeled customer does. They are assumptions worked out, and no estimates.
type Final struct {
	// Approved and Frauds are the labeled records, and the frauds among them, that come through in the end, of Labeled.
	Approved, Frauds float64
	Labeled          int64
	// ApprovalRate is Approved of Labeled, FraudRate Frauds of Approved.
	ApprovalRate, FraudRate Number
	// CostPerRecord is in major units: losses of frauds that come through and margins of legit customers who do not, by labeled
	// record, and the price of calls, reviews and step-ups by record.
	CostPerRecord Number
}

// An Assumption is one guess of the treatments, set to one case while the others are as they most likely are.
type Assumption struct {
	Name  string
	Guess replay.Guess
	set   func(*replay.Treatments, replay.Guess)
}

// Assumptions lists the guesses.
func Assumptions(t *replay.Treatments) []Assumption {
	return []Assumption{
		{"step_up good_pass", t.StepUpGoodPass, func(t *replay.Treatments, g replay.Guess) { t.StepUpGoodPass = g }},
		{"step_up fraud_pass", t.StepUpFraudPass, func(t *replay.Treatments, g replay.Guess) { t.StepUpFraudPass = g }},
		{"review sensitivity", t.ReviewSensitivity, func(t *replay.Treatments, g replay.Guess) { t.ReviewSensitivity = g }},
		{"review specificity", t.ReviewSpecificity, func(t *replay.Treatments, g replay.Guess) { t.ReviewSpecificity = g }},
	}
}

// Alone returns economics in which this assumption is at a case, whatever case is asked for, and the others are as they are.
func (a Assumption) Alone(e *replay.Economics, c Case) *replay.Economics {
	v := [...]int64{a.Guess.Worst, a.Guess.Base, a.Guess.Best}[c]
	out, t := *e, *e.Treatments
	a.set(&t, replay.Guess{Worst: v, Base: v, Best: v})
	out.Treatments = &t
	return &out
}

// passing is passBPS as a share.
func passing(t *replay.Treatments, a dataset.Action, l dataset.Label, c Case) float64 {
	return float64(passBPS(t, a, l, c)) / basisPoints
}

// FinalOf returns what a policy comes to in one case of the guesses; the economics have treatments. Undecided records are left
// out of it.
func FinalOf(e *replay.Economics, p *replay.Policy, counts replay.Counts, c Case) Final {
	f := Final{ApprovalRate: Undefined(), FraudRate: Undefined(), CostPerRecord: Undefined()}
	var cost float64
	for _, a := range dataset.Actions {
		t := &counts.Actions[a]
		for _, l := range []dataset.Label{dataset.Legit, dataset.Fraud} {
			pass := passing(e.Treatments, a, l, c)
			n, paid := float64(t.Records[l]), float64(t.Amount[l])
			f.Labeled += t.Records[l]
			f.Approved += pass * n
			if l == dataset.Fraud {
				f.Frauds += pass * n
				cost += pass * (float64(e.FraudLoss.Fixed)*n + float64(e.FraudLoss.Share)*paid)
			} else {
				cost += (1 - pass) * (float64(e.GoodMargin.Fixed)*n + float64(e.GoodMargin.Share)*paid)
			}
		}
	}
	if f.Labeled > 0 {
		f.ApprovalRate = Number(f.Approved / float64(f.Labeled))
		handling := float64(operations(e, p).Of(counts)) / float64(counts.Total().N())
		f.CostPerRecord = Number((cost/float64(f.Labeled) + handling) / float64(replay.MoneyPerMajor))
	}
	if f.Approved > 0 {
		f.FraudRate = Number(f.Frauds / f.Approved)
	}
	return f
}

// A Swing is what one assumption does to the difference of two policies in cost per record, the second's less the first's:
// at worst, base and best, the other assumptions as they most likely are.
type Swing struct {
	Assumption
	Difference [3]Number // by Case
	// Flips is set where the cheaper policy at worst is not the cheaper one at best: the answer hangs on this guess.
	Flips bool
}

// Tornado returns the swings of all assumptions, the widest first.
func Tornado(e *replay.Economics, first, second *replay.Policy, a, b replay.Counts) []Swing {
	var out []Swing
	for _, x := range Assumptions(e.Treatments) {
		s := Swing{Assumption: x}
		for _, c := range Cases {
			alone := x.Alone(e, c)
			s.Difference[c] = FinalOf(alone, second, b, Base).CostPerRecord - FinalOf(alone, first, a, Base).CostPerRecord
		}
		s.Flips = s.Difference[Worst]*s.Difference[Best] < 0
		out = append(out, s)
	}
	sortSwings(out)
	return out
}

func sortSwings(list []Swing) {
	width := func(s Swing) Number {
		return max(s.Difference[Worst]-s.Difference[Best], s.Difference[Best]-s.Difference[Worst])
	}
	slices.SortStableFunc(list, func(a, b Swing) int { return cmp.Compare(width(b), width(a)) })
}
