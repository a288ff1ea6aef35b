package calibrate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Goals say what a calibration is to reach, and among which policies.
type Goals struct {
	// Objective is what the recommended policy has the most of; see Objectives.
	Objective Objective
	// Limits hold measures down or up. At least one of them is a share of records, which a certificate can promise.
	Limits []replay.Limit
	// Delta is the probability, at most, that a certificate is wrong: MinDelta to 0.5, both included; 0 means DefaultDelta.
	Delta float64
	// Families are the shapes of policies to try, nil for all that suit the champion.
	Families []Family
	// Otherwise is the action of a record that is no longer approved where the champion approves it; the zero value means the
	// mildest friction that the champion uses.
	Otherwise dataset.Action
	// AnyMatrix lets a better cluster be treated more harshly than a worse one.
	AnyMatrix bool
	// Ranges bound the cutoffs that searches may choose, by product; both ends included, a zero Range for all scores.
	Ranges [2]Range
	// Bands cut the scores of a product whose champion uses recorded clusters; recorded for those that fit its clusters.
	Bands [2]replay.Bands
	// Until is the first month that is left out, such as "2026-03", because its labels are not complete; "" leaves out none.
	Until string
	// CertifyFrom is the first month to certify on, "" for the newest half of the labeled records. It is for histories of which
	// the months before were certified on already, and can only propose and rank.
	CertifyFrom string
	// Economics price what policies do. It may be nil unless the objective or a limit is about money.
	Economics *replay.Economics
}

// MaxLimits is how many limits a calibration may have: searches go through all of them for every policy, and a certificate from
// elsewhere must not keep verify busy for hours.
const MaxLimits = 20

// An Objective names what is to be as large as possible, or for Cost as small.
type Objective string

const (
	MostApprovals     Objective = "approval_rate"
	MostGoodApprovals Objective = "good_approval_rate"
	MostCapture       Objective = "fraud_capture"
	MostProfit        Objective = "profit"
	LeastCost         Objective = "cost"
)

// Objectives lists them.
var Objectives = []Objective{MostApprovals, MostGoodApprovals, MostCapture, MostProfit, LeastCost}

// A Family is a shape of policies that a search goes through.
type Family string

const (
	// Cutoffs approve from a score of each product up, of one product or of both: exhaustive.
	Cutoffs Family = "cutoffs"
	// Staircases approve above a falling line of up to four corners: exact for each price of the limits.
	Staircases Family = "staircase"
	// Matrices are the monotone matrices over the champion's bands: exhaustive.
	Matrices Family = "matrix"
	// Edges move the champion's band edges one at a time until nothing improves: not exhaustive.
	Edges Family = "edges"
	// Waterfalls call the second product between two cutoffs of the first: exact for each price of the limits.
	Waterfalls Family = "waterfall"
	// Neighbours are the champion and what is one notch from it.
	Neighbours Family = "neighbours"
)

// Families lists them, in the order in which ties between their policies are resolved.
var Families = []Family{Neighbours, Cutoffs, Waterfalls, Matrices, Edges, Staircases}

// check reports every mistake of the goals.
func (g Goals) check() error {
	var errs []string
	add := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	if !slices.Contains(Objectives, g.Objective) {
		add("objective %q: want %s", g.Objective, joined(Objectives))
	}
	if (g.Objective == MostProfit || g.Objective == LeastCost) && g.Economics == nil {
		add("objective %s needs prices: want an economics file", g.Objective)
	}
	if !(g.Delta >= MinDelta && g.Delta <= 0.5) {
		add("delta %v: want 0.000001 to 0.5, such as 0.05", g.Delta)
	}
	if len(g.Limits) > MaxLimits {
		add("%d limits: want %d at most", len(g.Limits), MaxLimits)
	}
	for _, f := range g.Families {
		if !slices.Contains(Families, f) {
			add("family %q: want %s", f, joined(Families))
		}
	}
	if g.Otherwise == dataset.Approve || g.Otherwise == dataset.Monitor || g.Otherwise >= dataset.NumActions {
		add("records that are no longer approved cannot be approved: want step_up, review or block")
	}
	for i, r := range g.Ranges {
		if r.Low < 0 || r.High > dataset.MaxScore || r.Low > r.High {
			add("cutoffs %d..%d of the %s product: want a range within 0..%d", r.Low, r.High, [...]string{"first", "second"}[i], dataset.MaxScore)
		}
	}
	if errs != nil {
		return fmt.Errorf("%s", strings.Join(errs, "\n"))
	}
	return nil
}

func joined[T ~string](list []T) string {
	var words []string
	for _, w := range list {
		words = append(words, string(w))
	}
	return strings.Join(words, ", ")
}

// A target is a limit made ready to be searched, counted and tested: a ratio of two forms that is to be at most alpha. A
// limit from below is one on the rest from above.
type target struct {
	replay.Limit
	num, den Form
	// bound is alpha as an exact fraction.
	bound replay.Decimal
	// share is set where num counts a part of the records that den counts, so that the limit can be certified.
	share bool
	// worst has, for each label, the action of an undecided record that hurts most, by its records or by its amount.
	worst [dataset.NumLabels]dataset.Action
	// hidden is the outcome of an approved record without a label that hurts most, Unlabeled where outcomes do not count.
	hidden dataset.Label
}

// days is the length of a window, for limits by day.
func newTarget(l replay.Limit, p *replay.Policy, e *replay.Economics, days int64) (target, error) {
	t := target{Limit: l, bound: l.Bound}
	var found bool
	if t.num, t.den, t.share, found = ratioForms(l.Measure, p, e, days); !found {
		return t, fmt.Errorf("limit %s: no limit on %q: want one on %s", l, l.Measure, strings.Join(limitable(p), ", "))
	}
	if l.Measure == "cost_per_record" && e == nil {
		return t, fmt.Errorf("limit %s needs prices: want an economics file", l)
	}
	if l.Measure == "cost_per_record" {
		t.bound.Num *= int64(replay.MoneyPerMajor)
	}
	if t.share && (l.Bound.Num <= 0 && !l.AtLeast || l.Bound.Num >= l.Bound.Den && l.AtLeast) {
		return t, fmt.Errorf("limit %s can never be certified: want a bound that leaves room for chance", l)
	}
	if l.AtLeast && t.share {
		t.num, t.bound.Num = t.den.minus(t.num), t.bound.Den-t.bound.Num
	} else if l.AtLeast {
		t.num, t.bound.Num = Form{}.minus(t.num), -t.bound.Num
	}
	excess := t.excess()
	for label := range t.worst {
		most := int64(math.MinInt64)
		for _, a := range dataset.Actions {
			w := excess.Actions[a].Records[label]
			if t.byValue() {
				w = excess.Actions[a].Amount[label]
			}
			if w > most {
				most, t.worst[label] = w, a
			}
		}
	}
	for _, y := range []dataset.Label{dataset.Legit, dataset.Fraud} {
		if w := &excess.Actions[dataset.Approve]; w.Records[y] > w.Records[t.hidden] {
			t.hidden = y
		}
	}
	return t, nil
}

// byValue reports whether the ratio is one of amounts.
func (t *target) byValue() bool {
	return strings.HasSuffix(t.Measure, "_value") || t.Measure == "fraud_bps" || t.Measure == "cost_per_record"
}

// ratioForms returns a measure as a ratio of two forms; share reports whether the first counts part of the second's records.
func ratioForms(name string, p *replay.Policy, e *replay.Economics, days int64) (num, den Form, share, found bool) {
	for _, d := range definitions {
		switch name {
		case d.name:
			return d.num.form(false), d.den.form(false), d.unit == Share, true
		case d.name + "_value":
			return d.num.form(true), d.den.form(true), false, true
		}
	}
	switch {
	case name == "fraud_bps":
		rate := definitions[slices.IndexFunc(definitions, func(d definition) bool { return d.name == "fraud_rate" })]
		num, den = rate.num.form(true), rate.den.form(true)
		return num.scaled(10_000), den, false, true
	case name == "review_per_day":
		return region{reviewed, whoever}.form(false), Form{Constant: max(days, 1)}, false, true
	case name == "call_rate_"+p.Second && p.Second != "":
		return Form{Calls: [2]int64{0, 1}}, region{all, whoever}.form(false), true, true
	case name == "cost_per_record" && e != nil:
		return CostForm(e, p), region{all, whoever}.form(false), false, true
	}
	return num, den, false, name == "cost_per_record"
}

// limitable lists the measures that can be limited.
func limitable(p *replay.Policy) []string {
	var out []string
	for _, d := range definitions {
		out = append(out, d.name)
	}
	if p.Second != "" {
		out = append(out, "call_rate_"+p.Second)
	}
	return append(out, "review_per_day", "cost_per_record", "fraud_bps, or one by value, such as fraud_rate_value")
}

// form returns the form that counts a region's records, or adds up their amounts.
func (r region) form(value bool) (f Form) {
	for a := range f.Actions {
		for l := range dataset.NumLabels {
			if r.actions>>a&1 == 0 || r.labels>>l&1 == 0 {
				continue
			}
			if value {
				f.Actions[a].Amount[l] = 1
			} else {
				f.Actions[a].Records[l] = 1
			}
		}
	}
	return f
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

// excess is above 0 where the limit is broken, 0 or less where it is kept: num x Den - den x Num.
func (t *target) excess() Form { return t.num.scaled(t.bound.Den).minus(t.den.scaled(t.bound.Num)) }

// alpha is the bound as a float.
func (t *target) alpha() float64 { return t.bound.Float() }

// count returns the two counts of the ratio, undecided records taken as they hurt most.
func (t *target) count(c replay.Counts) (k, n int64) {
	c = t.settle(c)
	return t.num.Of(c), t.den.Of(c)
}

// settle gives every undecided record the action that hurts the limit most.
func (t *target) settle(c replay.Counts) replay.Counts {
	open := c.Actions[replay.Undecided]
	if open.N() == 0 || strings.HasPrefix(t.Measure, "undecided_rate") { // which is about nothing else
		return c
	}
	c.Actions[replay.Undecided] = replay.Tally{}
	for label, a := range t.worst {
		c.Actions[a].Records[label] += open.Records[label]
		c.Actions[a].Amount[label] += open.Amount[label]
	}
	return c
}

// withhold gives so many approved records without a label the outcome that hurts the limit most.
func (t *target) withhold(c replay.Counts, n int64) replay.Counts {
	for _, a := range replay.Approved {
		take := min(n, c.Actions[a].Records[dataset.Unlabeled])
		c.Actions[a].Records[dataset.Unlabeled] -= take
		c.Actions[a].Records[t.hidden] += take
		n -= take
	}
	return c
}

// met reports whether the counts keep the limit; a ratio of nothing does not.
func (t *target) met(c replay.Counts) bool {
	k, n := t.count(c)
	l := Limit{Num: t.bound.Num, Den: t.bound.Den}
	return l.met(k, n)
}

// logP returns the logarithm of the p-value that the limit is broken, and 0 for one that is not a share.
func (t *target) logP(c replay.Counts) float64 {
	k, n := t.count(c)
	return LogPValue(k, n, t.alpha())
}

// A bench holds the targets of some goals for one window.
type bench struct {
	targets []target
	gain    Form // the objective
}

func newBench(g Goals, p *replay.Policy, days int64) (bench, error) {
	j, err := newTargets(g, p, days)
	if err == nil && !slices.ContainsFunc(j.targets, func(t target) bool { return t.share }) {
		err = fmt.Errorf("no limit that can be certified: want one on a share of records, such as fraud_rate <= 0.5%%")
	}
	return j, err
}

// newTargets returns a bench that need not be able to certify anything.
func newTargets(g Goals, p *replay.Policy, days int64) (bench, error) {
	j := bench{gain: g.objective(p)}
	for _, l := range g.Limits {
		t, err := newTarget(l, p, g.Economics, days)
		if err != nil {
			return j, err
		}
		j.targets = append(j.targets, t)
	}
	return j, nil
}

// objective returns the form that is to be as large as possible; undecided records are worth the least that any action is.
func (g Goals) objective(p *replay.Policy) Form {
	var f Form
	switch g.Objective {
	case MostGoodApprovals:
		f = GoodApprovals()
	case MostCapture:
		f = region{stopped, fraud}.form(false)
	case MostProfit:
		f = ProfitForm(g.Economics, p)
	case LeastCost:
		f = Form{}.minus(CostForm(g.Economics, p))
	default:
		f = Approvals()
	}
	open := &f.Actions[replay.Undecided]
	*open = f.Actions[dataset.Approve]
	for _, a := range dataset.Actions {
		for l := range open.Records {
			open.Records[l] = min(open.Records[l], f.Actions[a].Records[l])
			open.Amount[l] = min(open.Amount[l], f.Actions[a].Amount[l])
		}
	}
	return f
}

// logP returns the largest p-value over the limits that can be certified: all hold if the largest is small. So many approved
// records are withheld: they have no label where they should.
func (j *bench) logP(c replay.Counts, withheld int64) float64 {
	worst := math.Inf(-1)
	for i := range j.targets {
		if t := &j.targets[i]; t.share {
			worst = max(worst, t.logP(t.withhold(c, withheld)))
		}
	}
	return worst
}

// met reports whether the counts keep every limit, and checked whether they keep those that cannot be certified.
func (j *bench) met(c replay.Counts) bool     { return j.all(c, false) }
func (j *bench) checked(c replay.Counts) bool { return j.all(c, true) }

func (j *bench) all(c replay.Counts, unshared bool) bool {
	for i := range j.targets {
		if t := &j.targets[i]; (!unshared || !t.share) && !t.met(c) {
			return false
		}
	}
	return true
}
