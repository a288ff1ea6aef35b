package calibrate

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// An ExploredPolicy is what exploration says of the fraud rate among what a policy approves.
type ExploredPolicy struct {
	*replay.Exploration
	// Approvals counts what the policy approves: Explored.Records of these had a known chance of being approved, the others had
	// none or nobody knows.
	Approvals int64
	Explored  Explored
	// SNIPS and Robust estimate the rate of Explored alone; a refused one says why. NoRobust says why there is no Robust at all, ""
	// where there is one.
	SNIPS, Robust ExplorationRate
	NoRobust      string
	// Rest bounds the rate of the approvals that were never explored; it is no part of the estimates.
	Rest Selective
}

// NeverShare is the share of the policy's approvals that were never explored, undefined where it approves nothing.
func (e *ExploredPolicy) NeverShare() Number { return divide(e.Never.N(), e.Approvals) }

// ExplorePolicy estimates the fraud rate among what a policy approves from records that production approved by a coin. The cube's
// question names the field of probabilities, keeps every score of the policy's products apart, and is split by month;
// confidence is that of the intervals.
func ExplorePolicy(cube *replay.Cube, pol *replay.Policy, confidence float64) (*ExploredPolicy, error) {
	counts, err := cube.Exploration(pol)
	if err != nil {
		return nil, err
	}
	out := &ExploredPolicy{Exploration: counts}
	for _, o := range counts.Odds {
		all := o.Approved.Add(o.Stopped)
		if o.Probability < LeastProbability {
			counts.Never = counts.Never.Add(all)
			continue
		}
		out.Approvals += all.N()
		for label, n := range o.Approved.Records {
			out.Explored.add(o.Probability, dataset.Label(label), n)
		}
		out.Explored.add(o.Probability, dataset.Unlabeled, o.Stopped.N())
	}
	never := counts.Never
	out.Approvals += never.N()
	out.Rest = Selective{Frauds: never.Records[dataset.Fraud], Known: never.Labeled(), Unknown: never.Records[dataset.Unlabeled]}
	out.SNIPS = out.Explored.SNIPS(confidence)
	folds, err := newCrossFit(cube, pol)
	switch {
	case errors.Is(err, errOneMonth):
		out.NoRobust = err.Error()
		return out, nil
	case err != nil:
		return nil, err
	}
	out.Robust = DoublyRobust(folds.predicted(), confidence)
	return out, nil
}

// add is Add for n records alike.
func (e *Explored) add(probability float64, label dataset.Label, n int64) {
	if n == 0 {
		return
	}
	var one Explored
	one.Add(probability, label)
	k := float64(n)
	e.Records, e.Seen, e.Frauds = e.Records+n*one.Records, e.Seen+n*one.Seen, e.Frauds+n*one.Frauds
	e.Weight, e.Squares = e.Weight+k*one.Weight, e.Squares+k*one.Squares
	e.FraudWeight, e.FraudSquares = e.FraudWeight+k*one.FraudWeight, e.FraudSquares+k*one.FraudSquares
	e.Heaviest, e.Possible = max(e.Heaviest, one.Heaviest), max(e.Possible, one.Possible)
}

var errOneMonth = errors.New("the surface of a month is fitted on others, and the history has but one")

// A crossFit predicts the outcomes of each month by a surface that was fitted on other months: those at even places for those at
// odd ones, and the other way round.
type crossFit struct {
	pol      *replay.Policy
	months   []month
	surfaces [2]*surface // by the months that they are for
}

// A month holds the explored approvals of a policy in one month.
type month struct {
	piles []replay.Pile
	// seen is the share of labeled records among those that production approved: the outcomes of the others are taken to be
	// missing by chance within the month.
	seen float64
	fold int
}

func newCrossFit(cube *replay.Cube, pol *replay.Policy) (*crossFit, error) {
	r, err := cube.Run(pol)
	if err != nil {
		return nil, err
	}
	at := slices.Index(r.By, replay.Month)
	if at < 0 {
		return nil, errors.New("exploration wants a cube that is split by month")
	}
	var names []string
	for _, key := range cube.Keys() {
		names = append(names, key[at])
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 2 {
		return nil, errOneMonth
	}
	f := &crossFit{pol: pol}
	fold := func(name string) int { i, _ := slices.BinarySearch(names, name); return i % 2 }
	for side := range f.surfaces {
		piles, err := cube.Keep(func(key []string) bool { return fold(key[at]) != side }).Piles(pol)
		if err != nil {
			return nil, err
		}
		if f.surfaces[side], err = newSurface(piles); err != nil {
			return nil, fmt.Errorf("exploration: %w", err)
		}
	}
	for _, name := range names {
		piles, err := cube.Keep(func(key []string) bool { return key[at] == name }).Piles(pol)
		if err != nil {
			return nil, err
		}
		f.months = append(f.months, f.month(piles, fold(name)))
	}
	return f, nil
}

func (f *crossFit) month(piles iter.Seq[replay.Pile], fold int) month {
	m := month{fold: fold}
	var labeled, approved int64
	for p := range piles {
		chance, coin := p.Chance()
		if chance < LeastProbability || !isApproved(f.pol.Decide(p.Case).Action) {
			continue
		}
		m.piles = append(m.piles, p)
		if coin {
			approved += p.Records
			if p.Label != dataset.Unlabeled {
				labeled += p.Records
			}
		}
	}
	if approved > 0 {
		m.seen = float64(labeled) / float64(approved)
	}
	return m
}

// predicted yields the explored records. A month of which nothing is seen is left out as a whole: what production stopped in it
// would stand for nobody.
func (f *crossFit) predicted() iter.Seq[Predicted] {
	return func(yield func(Predicted) bool) {
		for _, m := range f.months {
			if m.seen == 0 {
				continue
			}
			for _, p := range m.piles {
				chance, approved := p.Chance()
				r := Predicted{Probability: max(chance*m.seen, LeastProbability), Label: p.Label, Surface: f.surfaces[m.fold].rate(p.Case)}
				if !approved {
					r.Label = dataset.Unlabeled
				}
				for range p.Records {
					if !yield(r) {
						return
					}
				}
			}
		}
	}
}
