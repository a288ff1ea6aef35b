package replay

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Guess is a share that nobody measured, in basis points: what it is at worst, most likely and at best, for the business.
type Guess struct{ Worst, Base, Best int64 }

// Treatments say what becomes of records that are neither approved nor blocked. There are no built-in values: a history knows
// nothing of them unless it holds the outcome of the treatment.
type Treatments struct {
	// StepUpGoodPass is the share of legit customers who pass a step-up; the others abandon. StepUpFraudPass is the share of
	// frauds who pass it.
	StepUpGoodPass, StepUpFraudPass Guess
	// ReviewSensitivity is the share of frauds that a review stops, ReviewSpecificity that of legit customers whom it lets pass.
	ReviewSensitivity, ReviewSpecificity Guess
	// ReviewsPerDay is how many records can be reviewed on a day, 0 where that is not said.
	ReviewsPerDay int64
}

var (
	treatmentKeys = []string{"step_up", "review"}
	stepUpKeys    = []string{"good_pass", "fraud_pass"}
	reviewKeys    = []string{"sensitivity", "specificity", "capacity_per_day"}
)

const wantGuess = "a share such as 90%, or three for worst, base and best such as [80%, 90%, 95%]"

// treatments reads the treatments of an economics file, nil where it has none:
//
//	treatments:
//	  step_up: {good_pass: [85%, 92%, 97%], fraud_pass: [20%, 10%, 5%]}
//	  review: {sensitivity: [70%, 80%, 90%], specificity: [90%, 95%, 99%], capacity_per_day: 40}
func (p *economicsParser) treatments() *Treatments {
	top, found := p.top["treatments"]
	if !found {
		return nil
	}
	t := &Treatments{}
	entries, _ := p.mapping(top.value, "treatments", treatmentKeys)
	parts := p.parts(entries, place(top.value), treatmentKeys, "treatments")
	of := p.treatment(parts["step_up"], stepUpKeys, stepUpKeys)
	t.StepUpGoodPass, t.StepUpFraudPass = p.guess(of["good_pass"], true), p.guess(of["fraud_pass"], false)
	of = p.treatment(parts["review"], reviewKeys, reviewKeys[:2])
	t.ReviewSensitivity, t.ReviewSpecificity = p.guess(of["sensitivity"], true), p.guess(of["specificity"], true)
	if e, found := of["capacity_per_day"]; found {
		const want = "a whole number of records from 1 to 1000000"
		v, ok := p.integer(e.value, "capacity_per_day", want)
		if ok && (v < 1 || v > 1_000_000) {
			p.fail(place(e.value), "capacity_per_day is %d: want %s", v, want)
		}
		t.ReviewsPerDay = int64(v)
	}
	return t
}

// treatment returns the entries of one treatment, none where it is missing itself, which is reported.
func (p *economicsParser) treatment(e entry, keys, required []string) map[string]entry {
	if e.value == nil {
		return nil
	}
	entries, ok := p.mapping(e.value, e.key, keys)
	if !ok {
		return nil
	}
	return p.parts(entries, place(e.value), required, e.key)
}

// parts returns the entries of a mapping by key, and reports those that are missing.
func (p *economicsParser) parts(entries []entry, at pos, required []string, what string) map[string]entry {
	out := map[string]entry{}
	for _, e := range entries {
		out[e.key] = e
	}
	for _, key := range required {
		if _, found := out[key]; !found {
			p.fail(at, "%s has no %s: want %s", what, key, wantGuess)
		}
	}
	return out
}

// guess reads one share or three. More is better for the business where rising is set.
func (p *economicsParser) guess(e entry, rising bool) (g Guess) {
	if e.value == nil {
		return g // reported as missing
	}
	list, isList := e.value.(*ast.SequenceNode)
	if !isList {
		v := p.share(e.value, e.key)
		return Guess{v, v, v}
	}
	if len(list.Values) != 3 {
		p.fail(place(list), "%s has %d shares: want %s", e.key, len(list.Values), wantGuess)
		return g
	}
	g = Guess{p.share(list.Values[0], e.key), p.share(list.Values[1], e.key), p.share(list.Values[2], e.key)}
	if rising && (g.Worst > g.Base || g.Base > g.Best) || !rising && (g.Worst < g.Base || g.Base < g.Best) {
		order := map[bool]string{true: "rising", false: "falling"}[rising]
		p.fail(place(list), "%s is not %s from worst to best: want %s", e.key, order, wantGuess)
	}
	return g
}

// yaml prints the treatments as an economics file does.
func (t *Treatments) yaml() string {
	share := func(v int64) string {
		text := fmt.Sprintf("%d.%02d", v/100, v%100)
		return strings.TrimRight(strings.TrimRight(text, "0"), ".") + "%"
	}
	guess := func(g Guess) string {
		return fmt.Sprintf("[%s, %s, %s]", share(g.Worst), share(g.Base), share(g.Best))
	}
	out := fmt.Sprintf("treatments:\n  step_up: {good_pass: %s, fraud_pass: %s}\n  review: {sensitivity: %s, specificity: %s",
		guess(t.StepUpGoodPass), guess(t.StepUpFraudPass), guess(t.ReviewSensitivity), guess(t.ReviewSpecificity))
	if t.ReviewsPerDay > 0 {
		out += fmt.Sprintf(", capacity_per_day: %d", t.ReviewsPerDay)
	}
	return out + "}\n"
}
