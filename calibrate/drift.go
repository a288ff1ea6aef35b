package calibrate

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A DriftSide is one side of a comparison over time: the baseline, or the period that is held against it.
type DriftSide struct {
	// Months are those with records, in order; "" stands for records without a time.
	Months []string
	// Result is what the policy does with the records; its groups are by month or day, and by segment where one was asked for.
	Result *replay.Result
	// Traits are what the records look like, of all months together.
	Traits replay.Traits
	// byMonth are the traits of each month.
	byMonth []replay.MonthTraits
	monthOf func(key []string) string
}

// NewDriftSide takes the months that keep says yes to out of a cube that is split by month or by day; "" is given to keep for
// records without a time. The cube's plan must cover the policy. Traits are as rich as the cube's question made them
// (replay.Question.Traits); of a cube without any, the scores of its own products stand in where it keeps every one apart.
func NewDriftSide(cube *replay.Cube, pol *replay.Policy, keep func(month string) bool) (*DriftSide, error) {
	if !cube.Dated() {
		return nil, fmt.Errorf("the cube is split neither by month nor by day, and drift compares months")
	}
	s := &DriftSide{monthOf: cube.MonthOf}
	part := cube.Keep(func(key []string) bool {
		return keep(cube.MonthOf(key))
	})
	var err error
	if s.Result, err = part.Run(pol); err != nil {
		return nil, err
	}
	for _, key := range part.Keys() {
		if month := cube.MonthOf(key); !slices.Contains(s.Months, month) {
			s.Months = append(s.Months, month)
		}
	}
	slices.Sort(s.Months)
	for _, m := range cube.Traits() {
		if keep(m.Month) {
			s.byMonth = append(s.byMonth, m)
		}
	}
	s.Traits = replay.SumTraits(s.byMonth, func(string) bool { return true })
	return s, nil
}

// Total returns the tally of all records of the side.
func (s *DriftSide) Total() replay.Tally { return s.Result.Total() }

// LastLabeled returns the last month of the side that has labeled records, "" where none has.
func (s *DriftSide) LastLabeled() (last string) {
	for _, g := range s.Result.Groups {
		if total := g.Total(); total.Labeled() > 0 {
			last = max(last, s.monthOf(g.Key))
		}
	}
	return last
}

// product returns what a product said, zero where the side knows nothing of it.
func (s *DriftSide) product(name string) replay.ProductTraits { return productOf(s.Traits, name) }

func productOf(t replay.Traits, name string) replay.ProductTraits {
	for _, p := range t.Products {
		if p.Product == name {
			return p
		}
	}
	return replay.ProductTraits{Product: name}
}

// A Drift is a period held against a baseline. Every list has what was looked at in a fixed order, whether it changed or not.
type Drift struct {
	Confidence       float64
	Baseline, Period *DriftSide
	// Decisions are the shares of the policy's actions and parts in all records.
	Decisions Shifts
	// Outcomes are fraud rates of labeled records: of all, of the approved, of each part of the policy and of each band of a
	// product's scores.
	Outcomes Shifts
	// Answers are, product by product, the shares of what became of the question in all records.
	Answers Shifts
	// Labels is the share of labeled records, and of those without an amount. It is not tested: younger records have fewer labels.
	Labels []Shift
	// Scores are the stability indices of each product's scores and clusters, IndexTests how many were tested.
	Scores     []ScoreIndex
	IndexTests int
	// Traits are signals, reason codes and segments, TraitTests how many were tested.
	Traits     []TraitShift
	TraitTests int
	// Segments are the stability indices of the fields that the records are split by, over all their values.
	Segments []ScoreIndex
	Order    RankOrder
}

// CompareDrift holds a period against a baseline under one policy. confidence is that of each family of intervals and tests: the
// probability, at least, that nothing of a family is marked where nothing has changed, if records are independent.
func CompareDrift(baseline, period *DriftSide, confidence float64) *Drift {
	check(0, 0, confidence)
	d := &Drift{Confidence: confidence, Baseline: baseline, Period: period}
	d.Decisions = newShifts(decisionShifts(baseline.Result, period.Result), confidence)
	d.Outcomes = newShifts(d.outcomes(), confidence)
	d.Answers = newShifts(d.answers(), confidence)
	d.Labels = d.labels()
	d.indices()
	d.traits()
	d.Order = newRankOrder(d.bands(), baseline.byMonth, period.byMonth)
	return d
}

// decisionShifts are the actions, then the parts in the order of the policy. What no record of either side reached is left out.
func decisionShifts(base, now *replay.Result) []Shift {
	var out []Shift
	n, m := now.Total().N(), base.Total().N()
	add := func(kind, name string, b, a int64) {
		if b+a > 0 {
			out = append(out, Shift{Kind: kind, Name: name, Base: Portion{b, m}, Now: Portion{a, n}})
		}
	}
	for _, a := range append(slices.Clone(dataset.Actions), replay.Undecided) {
		name := a.String()
		if a == replay.Undecided {
			name = "undecided"
		}
		add("action", name, base.Actions[a].N(), now.Actions[a].N())
	}
	after := now.Parts()
	for i, p := range base.Parts() {
		add(partKind(p.By), p.Name, p.N(), after[i].N())
	}
	return out
}

func partKind(by replay.By) string {
	return [...]string{replay.ByGate: "gate", replay.ByMatrix: "matrix", replay.ByRule: "rule", replay.ByNobody: "undecided"}[by]
}

// outcomes are fraud rates of the labeled.
func (d *Drift) outcomes() []Shift {
	var out []Shift
	base, now := d.Baseline.Result, d.Period.Result
	add := func(kind, of, name string, b, a replay.Tally) {
		if b.Labeled()+a.Labeled() > 0 {
			out = append(out, Shift{Kind: kind, Of: of, Name: name, Base: fraudPortion(b), Now: fraudPortion(a)})
		}
	}
	add("records", "", "all", base.Total(), now.Total())
	add("records", "", "approved", base.Approved(), now.Approved())
	after := now.Parts()
	for i, p := range base.Parts() {
		add(partKind(p.By), "", p.Name, p.Tally, after[i].Tally)
	}
	for _, b := range d.bands() {
		before, after := b.bins.Count(d.Baseline.product(b.product).Scores), b.bins.Count(d.Period.product(b.product).Scores)
		for i := range before {
			add("band", b.product, bandName(b.bins, i), replay.Tally{Records: before[i]}, replay.Tally{Records: after[i]})
		}
	}
	return out
}

func fraudPortion(t replay.Tally) Portion { return Portion{t.Records[dataset.Fraud], t.Labeled()} }

// answers are what became of the question to each product; what never happened is left out.
func (d *Drift) answers() []Shift {
	var out []Shift
	n, m := d.Period.Traits.Records, d.Baseline.Traits.Records
	for _, name := range d.products() {
		b, a := d.Baseline.product(name), d.Period.product(name)
		add := func(what string, before, after int64) {
			if before+after > 0 {
				out = append(out, Shift{Kind: "answer", Of: name, Name: what, Base: Portion{before, m}, Now: Portion{after, n}})
			}
		}
		for _, s := range statusOrder {
			add(s.String(), b.Statuses[s], a.Statuses[s])
		}
		add("ok without a score", b.NoScore, a.NoScore)
	}
	return out
}

// statusOrder begins with what a product was asked for.
var statusOrder = []dataset.Status{dataset.OK, dataset.NotCalled, dataset.Absent, dataset.Missing, dataset.Processing, dataset.Failed}

// products lists those that either side has, in the order of dataset.Products.
func (d *Drift) products() []string {
	return slices.DeleteFunc(slices.Clone(dataset.Products), func(name string) bool {
		of := func(s *DriftSide) bool {
			return slices.ContainsFunc(s.Traits.Products, func(p replay.ProductTraits) bool { return p.Product == name })
		}
		return !of(d.Baseline) && !of(d.Period)
	})
}

func (d *Drift) labels() []Shift {
	b, a := d.Baseline.Total(), d.Period.Total()
	shift := func(name string, before, after int64) Shift {
		return Shift{Kind: "labels", Name: name, Base: Portion{before, b.N()}, Now: Portion{after, a.N()},
			Difference: Undefined(), Low: Undefined(), High: Undefined(), Least: Undefined()}
	}
	return []Shift{shift("labeled", b.Labeled(), a.Labeled()), shift("fraud", b.Records[dataset.Fraud], a.Records[dataset.Fraud])}
}

// A productBands are the bands in which a product's fraud rate is looked at: the policy's where it has edges, else the standard ones.
type productBands struct {
	product string
	bins    ScoreBins
}

// bands lists them for the products of which both sides have scores.
func (d *Drift) bands() []productBands {
	var out []productBands
	for _, name := range d.products() {
		b, a := d.Baseline.product(name), d.Period.product(name)
		if b.Scores != nil && a.Scores != nil {
			out = append(out, productBands{name, policyBands(d.Period.Result.Policy, name)})
		}
	}
	return out
}

// policyBands are those of a product under a policy, the standard ones where it goes by recorded clusters or does not ask.
func policyBands(pol *replay.Policy, product string) ScoreBins {
	bands := replay.Recorded
	switch product {
	case pol.First:
		bands = pol.FirstBands
	case pol.Second:
		bands = pol.SecondBands
	}
	if bands.Recorded() {
		bands = replay.Standard
	}
	return append(ScoreBins{0}, bands.Edges[:]...)
}
