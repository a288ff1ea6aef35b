package calibrate

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Weights are what each record, and each minor unit of its amount, of a label is worth: integers, so that searches compare
// exactly. A price of L = num/den for each fraud is den for each approval and -num for each fraud.
type Weights struct {
	Records, Amount [dataset.NumLabels]int64
}

// of returns the weight of the k-th plane of a Grid.
func (w Weights) of(k int) int64 {
	if k < dataset.NumLabels {
		return w.Records[k]
	}
	return w.Amount[k-dataset.NumLabels]
}

func (w Weights) minus(v Weights) Weights {
	for i := range w.Records {
		w.Records[i] -= v.Records[i]
		w.Amount[i] -= v.Amount[i]
	}
	return w
}

// times returns the worth of a tally.
func (w Weights) times(t replay.Tally) (sum int64) {
	for i := range w.Records {
		sum += w.Records[i]*t.Records[i] + w.Amount[i]*t.Amount[i]
	}
	return sum
}

// A Form is a weighted sum of what a policy did: one weight for each count of a replay.Counts, and a constant.
type Form struct {
	Actions  [dataset.NumActions]Weights
	Calls    [2]int64
	Constant int64
}

// maxWorth bounds every sum of a form, so that differences of two sums of two forms still fit in an int64.
const maxWorth = 1 << 60

// Of returns the value of the form. The counts' weighted sum must fit in an int64; every search checks that of its own.
func (f Form) Of(c replay.Counts) int64 {
	sum := f.Constant + f.Calls[0]*c.Calls[0] + f.Calls[1]*c.Calls[1]
	for a, w := range f.Actions {
		sum += w.times(c.Actions[a])
	}
	return sum
}

// check reports a form whose value could leave the exact range on a history of this total.
func (f Form) check(total replay.Tally) error {
	var sum uint64
	add := func(weight, n int64) {
		high, low := bits.Mul64(magnitude(weight), uint64(n))
		if high > 0 || low > maxWorth || sum+low > maxWorth {
			low, sum = maxWorth, maxWorth
		}
		sum += low
	}
	for label := range dataset.NumLabels {
		var records, amount int64
		for _, w := range f.Actions {
			records, amount = widest(records, w.Records[label]), widest(amount, w.Amount[label])
		}
		add(records, total.Records[label])
		add(amount, total.Amount[label])
	}
	add(f.Calls[0], total.N())
	add(f.Calls[1], total.N())
	add(f.Constant, 1)
	if sum > maxWorth {
		return fmt.Errorf("weights are too large for an exact search: weight times count may add up to at most %d; take amounts in major units or a coarser ratio", int64(maxWorth))
	}
	return nil
}

// widest returns the weight further from 0.
func widest(a, b int64) int64 {
	if magnitude(b) > magnitude(a) {
		return b
	}
	return a
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// among returns the form's weights of one action over another: what it gains by moving a record.
func (f Form) among(to, from dataset.Action) Weights { return f.Actions[to].minus(f.Actions[from]) }

// whoeverIs returns weights of one for each record of the labels.
func whoeverIs(labels ...dataset.Label) (w Weights) {
	for _, l := range labels {
		w.Records[l] = 1
	}
	return w
}

// on returns the form that weighs what is approved or monitored.
func on(w Weights) (f Form) {
	f.Actions[dataset.Approve], f.Actions[dataset.Monitor] = w, w
	return f
}

// Approvals counts the approved and monitored records.
func Approvals() Form { return on(whoeverIs(dataset.Unlabeled, dataset.Legit, dataset.Fraud)) }

// GoodApprovals counts the legit ones, FraudApprovals the frauds among the approved.
func GoodApprovals() Form { return on(whoeverIs(dataset.Legit)) }

func FraudApprovals() Form { return on(whoeverIs(dataset.Fraud)) }

// PricedApprovals is den x approvals - num x frauds among them: approvals less L for each fraud, at L = num/den.
func PricedApprovals(num, den int64) Form {
	w := Weights{}
	for l := range w.Records {
		w.Records[l] = den
	}
	w.Records[dataset.Fraud] -= num
	return on(w)
}

// Errors is the negative of a cost: decline for each legit record that is not approved, fraud for each fraud that is.
func Errors(decline, fraud int64) (f Form) {
	f = on(Weights{Records: [dataset.NumLabels]int64{dataset.Fraud: -fraud}})
	for _, a := range []dataset.Action{dataset.StepUp, dataset.Review, dataset.Block} {
		f.Actions[a].Records[dataset.Legit] = -decline
	}
	return f
}

// A Limit holds a ratio of two forms down: Numerator / Denominator <= Num / Den. A ratio with a denominator of 0 is
// undefined, and does not meet any limit: a policy that approves nobody has no fraud rate to promise.
type Limit struct {
	// Name says what is limited, as in METRICS.md.
	Name                   string
	Numerator, Denominator Form
	// Num / Den is the largest ratio allowed, itself included. Den is positive.
	Num, Den int64
}

// FraudRateAtMost limits the frauds among labeled approvals to num/den of them.
func FraudRateAtMost(num, den int64) Limit {
	return Limit{Name: "fraud_rate", Numerator: FraudApprovals(), Denominator: on(whoeverIs(dataset.Legit, dataset.Fraud)), Num: num, Den: den}
}

func (l Limit) String() string { return fmt.Sprintf("%s at most %d/%d", l.Name, l.Num, l.Den) }

func (l Limit) check(total replay.Tally) error {
	if l.Den <= 0 {
		return fmt.Errorf("limit %s %d/%d, want a denominator above 0", l.Name, l.Num, l.Den)
	}
	if err := l.Numerator.check(total); err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	if err := l.Denominator.check(total); err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	return nil
}

// met compares without dividing, in 128 bits.
func (l *Limit) met(numerator, denominator int64) bool {
	return denominator > 0 && atMost(numerator, l.Den, l.Num, denominator)
}

// atMost reports a*b <= c*d.
func atMost(a, b, c, d int64) bool {
	left, right := product(a, b), product(c, d)
	if left.negative != right.negative {
		return left.negative
	}
	if left.negative {
		left, right = right, left
	}
	return left.high < right.high || left.high == right.high && left.low <= right.low
}

// A wide is a product of two int64. Zero is never negative.
type wide struct {
	negative  bool
	high, low uint64
}

func product(a, b int64) wide {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	return wide{(a < 0) != (b < 0) && a != 0 && b != 0, high, low}
}

// A Problem is what a search is to find: the largest value of a form within limits.
type Problem struct {
	Maximize Form
	Limits   []Limit
	// Otherwise is what happens to records that are not approved; the zero value means block.
	Otherwise dataset.Action
}

func (p Problem) otherwise() dataset.Action {
	if p.Otherwise == dataset.NoAction {
		return dataset.Block
	}
	return p.Otherwise
}

func (p Problem) check(total replay.Tally) error {
	if p.Otherwise >= dataset.NumActions || p.Otherwise == dataset.Approve {
		return fmt.Errorf("action %d of what is not approved, want monitor, step_up, review or block", p.Otherwise)
	}
	if err := p.Maximize.check(total); err != nil {
		return fmt.Errorf("objective: %w", err)
	}
	for _, l := range p.Limits {
		if err := l.check(total); err != nil {
			return err
		}
	}
	return nil
}

// An Outcome is what every search reports of the best candidate.
type Outcome struct {
	// Infeasible says why no candidate meets the limits; it is "" where one does, and only then the rest holds.
	Infeasible string
	Value      int64
	Counts     replay.Counts
	// Tried counts the candidates, Feasible those within the limits, Tied those of the best value, the reported one included.
	Tried, Feasible, Tied int64
}

// A tally of how many candidates met each limit explains why none met all.
func (p Problem) infeasible(what string, tried int64, met []int64) string {
	var never, sometimes []string
	for i, l := range p.Limits {
		if met[i] == 0 {
			never = append(never, l.String())
		} else {
			sometimes = append(sometimes, l.String())
		}
	}
	if never != nil {
		return fmt.Sprintf("none of %s %s keeps %s", count(tried), what, strings.Join(never, ", nor "))
	}
	return fmt.Sprintf("none of %s %s keeps all limits at once, though each can be kept alone: %s", count(tried), what, strings.Join(sometimes, ", "))
}

func (f Form) minus(g Form) Form {
	for a := range f.Actions {
		f.Actions[a] = f.Actions[a].minus(g.Actions[a])
	}
	f.Calls[0], f.Calls[1], f.Constant = f.Calls[0]-g.Calls[0], f.Calls[1]-g.Calls[1], f.Constant-g.Constant
	return f
}

func (f Form) scaled(by int64) Form {
	for a := range f.Actions {
		for l := range f.Actions[a].Records {
			f.Actions[a].Records[l] *= by
			f.Actions[a].Amount[l] *= by
		}
	}
	f.Calls[0], f.Calls[1], f.Constant = f.Calls[0]*by, f.Calls[1]*by, f.Constant*by
	return f
}
