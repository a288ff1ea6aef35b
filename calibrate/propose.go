package calibrate

import (
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A proposal is a policy that a search came up with.
type proposal struct {
	family Family
	policy *replay.Policy
	yaml   string // what it says; equal policies are one proposal
}

// A proposer searches one window. What it proposes need not be right: ranking and certifying look at other records.
type proposer struct {
	Goals
	mould
	bench
	space *Space
	wide  *Grid         // the grid before it was narrowed to the ranges of the goals, nil where there are none
	grid  *Grid         // records with both scores that no rule decides; of one product, those with its score
	rest  replay.Counts // what the base does with all other records
	size  [2]float64    // of each target's denominator: here under the base, and in the window to certify
	found []proposal
	seen  map[string]bool
}

// margins are how far below its limit a share is aimed, in standard errors of the window to certify. The walk begins with the
// widest margin, and the limit itself closes the row.
var margins = [...]float64{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6}

// priceLadder is what a search pays for each record by which a limit is broken, in records of the objective: 1 to some 6,000.
func priceLadder() (out []float64) {
	for p := 1.0; p < 8000; p *= 1.6 {
		out = append(out, p)
	}
	return out
}

// newProposer prepares a search over a window; growth is how many labeled records the window to certify has for each of it.
func newProposer(w Window, champion, base *replay.Policy, g Goals, growth float64) (*proposer, error) {
	b, err := newBench(g, base, w.Days())
	if err != nil {
		return nil, err
	}
	piles, err := cautious(w, champion, base)
	if err != nil {
		return nil, err
	}
	space, err := spaceOf(piles, base)
	if err != nil {
		return nil, err
	}
	p, err := newSearcher(space, g, b, growth)
	if err == nil && g.Ranges != ([2]Range{}) {
		p.wide = p.grid
		p.grid, err = space.narrowed(false, g.Ranges)
	}
	return p, err
}

// newSearcher prepares a search for what a bench asks.
func newSearcher(space *Space, g Goals, b bench, growth float64) (*proposer, error) {
	base := space.base
	p := &proposer{Goals: g, mould: newMould(base, g), bench: b, space: space, seen: map[string]bool{}}
	var err error
	if p.grid, err = p.space.search(false); err != nil {
		return nil, err
	}
	total := p.space.counts(base)
	p.rest = total.Sub(p.space.onGrid(p.grid, base))
	p.size = [2]float64{1, growth}
	return p, p.check()
}

// check reports forms that are too large for exact searches.
func (p *proposer) check() error {
	total := p.grid.Total().Add(p.rest.Total())
	problem := Problem{Maximize: p.gain}
	for i := range p.targets {
		t := &p.targets[i]
		problem.Limits = append(problem.Limits, Limit{Name: t.Measure, Numerator: t.num, Denominator: t.den, Num: t.bound.Num, Den: t.bound.Den})
	}
	return problem.check(total)
}

// propose returns the policies of every family, each once.
func (p *proposer) propose() ([]proposal, error) {
	search := map[Family]func() error{
		Neighbours: p.neighbours, Cutoffs: p.cutoffs, Waterfalls: p.waterfalls, Matrices: p.matrices, Edges: p.edges, Staircases: p.staircases,
	}
	for _, f := range Families {
		if p.wants(f) {
			if err := search[f](); err != nil {
				return nil, err
			}
		}
	}
	return p.found, nil
}

// wants reports whether a family is to be searched: one that was asked for, or that suits the champion. A history that asks
// the second product for some first clusters only says nothing of policies that ask it elsewhere.
func (p *proposer) wants(f Family) bool {
	if p.Families != nil {
		return slices.Contains(p.Families, f) && (p.base.Second != "" || f != Waterfalls && f != Staircases && f != Matrices)
	}
	asksAll := !slices.ContainsFunc(dataset.Clusters, func(c dataset.Cluster) bool { return p.base.Gate[c] != replay.Next })
	switch f {
	case Cutoffs:
		return p.base.Second == "" || asksAll
	case Staircases:
		return asksAll
	case Matrices, Waterfalls:
		return p.base.Second != ""
	}
	return true
}

// add takes a policy up unless it was proposed before.
func (p *proposer) add(f Family, policy *replay.Policy) {
	text := string(policy.YAML())
	if p.seen[text] {
		return
	}
	p.seen[text] = true
	p.found = append(p.found, proposal{f, policy, text})
}

// onTop returns a form over the grid's records that has the others as its constant.
func (p *proposer) onTop(f Form) Form {
	f.Constant = f.Of(p.rest)
	return f
}

// problem returns the search for the most of the objective within the limits, each share aimed a margin below its own.
func (p *proposer) problem(margin float64) Problem {
	out := Problem{Maximize: p.onTop(p.gain), Otherwise: p.mould.otherwise}
	for i := range p.targets {
		t := &p.targets[i]
		aim := p.aim(t, margin)
		out.Limits = append(out.Limits, Limit{Name: t.Measure, Numerator: p.onTop(t.num), Denominator: p.onTop(t.den), Num: aim.Num, Den: aim.Den})
	}
	return out
}

// aimScale is the precision of an aim.
const aimScale = 1_000_000_000

// aim returns the bound that a policy should keep here to keep its limit in the window to certify: the rate of which the
// limit is so many standard errors above (the lower end of a score interval around the limit). A ratio that is not a share
// has no such error, and is aimed one percent lower for each.
func (p *proposer) aim(t *target, margin float64) replay.Decimal {
	if margin == 0 {
		return t.bound
	}
	a := t.alpha()
	if !t.share {
		a -= math.Abs(a) * margin / 100
		return replay.Decimal{Num: int64(math.Round(a * 1e6)), Den: 1e6}
	}
	_, n := t.count(p.space.counts(p.base))
	size := max(float64(n), 1) * p.size[1]
	zz := margin * margin / size
	low := (a + zz/2 - math.Sqrt(a*(1-a)*zz+zz*zz/4)) / (1 + zz)
	return replay.Decimal{Num: int64(math.Round(low * aimScale)), Den: aimScale}
}

// cutoffs proposes the best cutoff of each product and the best pair, for each margin.
func (p *proposer) cutoffs() error {
	searches := []func(Problem) (CutoffOutcome, error){p.grid.BestSession}
	if p.base.Second != "" {
		searches = append(searches, p.grid.BestOnboarding, p.grid.BestCutoffs)
	}
	for _, margin := range margins {
		for _, search := range searches {
			out, err := search(p.problem(margin))
			if err != nil {
				return err
			}
			if out.Infeasible == "" && out.Counts.Actions[dataset.Approve].N() > 0 {
				p.addCorners(Cutoffs, Corner{out.Session.High, out.Onboarding.High})
			}
		}
	}
	return nil
}

// addCorners proposes a staircase whose cutoffs are allowed.
func (p *proposer) addCorners(f Family, corners ...Corner) {
	corners = slices.Clone(corners)
	for i := range corners {
		c := &corners[i]
		c.Session, c.Onboarding = p.none(0, c.Session), p.none(1, c.Onboarding)
		if !p.allowed(0, c.Session) || !p.allowed(1, c.Onboarding) {
			return
		}
	}
	if policy, found := p.staircase(corners); found {
		p.add(f, policy)
	}
}

// none returns 0, no cutoff, for one below the range that the goals allow: on a narrowed grid it is below every score.
func (p *proposer) none(product, cutoff int) int {
	if p.wide != nil && cutoff < p.Ranges[product].Low {
		return 0
	}
	return cutoff
}

// allowed reports whether the goals allow a cutoff of the first product or of the second; none at all is always allowed.
func (p *proposer) allowed(product, cutoff int) bool {
	r := p.Ranges[product]
	return r == (Range{}) || cutoff <= 0 || r.Low <= cutoff && cutoff <= r.High
}

// priced returns the objective less a price for each unit by which the first share breaks an aim below its limit. Weights are
// rounded to fit: what is proposed need not be exact.
func (p *proposer) priced(price, margin float64) Form {
	t := &p.targets[slices.IndexFunc(p.targets, func(t target) bool { return t.share })]
	aim := p.aim(t, margin).Float()
	gain := p.gain.among(dataset.Approve, p.mould.otherwise)
	unit := price * max(1, float64(magnitude(gain.Records[dataset.Legit])))
	scale := math.Exp2(58) / max(1, p.worth(p.gain)+unit*(p.worth(t.num)+aim*p.worth(t.den)))
	scale = min(scale, 1e6)
	mix := func(gain, num, den int64) int64 {
		return int64(math.Round(scale * (float64(gain) - unit*(float64(num)-aim*float64(den)))))
	}
	var f Form
	for a := range f.Actions {
		for l := range dataset.NumLabels {
			g, n, d := &p.gain.Actions[a], &t.num.Actions[a], &t.den.Actions[a]
			f.Actions[a].Records[l] = mix(g.Records[l], n.Records[l], d.Records[l])
			f.Actions[a].Amount[l] = mix(g.Amount[l], n.Amount[l], d.Amount[l])
		}
	}
	for i := range f.Calls {
		f.Calls[i] = mix(p.gain.Calls[i], t.num.Calls[i], t.den.Calls[i])
	}
	return f
}

// worth bounds the value of a form on the window.
func (p *proposer) worth(f Form) float64 {
	total := p.space.total
	sum := (math.Abs(float64(f.Calls[0])) + math.Abs(float64(f.Calls[1]))) * float64(total.N())
	for label := range dataset.NumLabels {
		var records, amount int64
		for _, w := range f.Actions {
			records, amount = widest(records, w.Records[label]), widest(amount, w.Amount[label])
		}
		sum += math.Abs(float64(records))*float64(total.Records[label]) + math.Abs(float64(amount))*float64(total.Amount[label])
	}
	return sum
}

// A shot is one search of a family that goes by prices.
type shot struct {
	price, margin float64
}

// shots lists the searches at each price.
func shots() (out []shot) {
	for _, margin := range [...]float64{0, 3} {
		for _, price := range priceLadder() {
			out = append(out, shot{price, margin})
		}
	}
	return out
}

// staircases proposes the best staircases of at most two and of at most four corners, at each price.
func (p *proposer) staircases() error {
	all := shots()
	best := make([][]Staircase, len(all))
	err := inParallel(len(all), func(i int) (err error) {
		best[i], _, err = p.grid.bestSteps(p.priced(all[i].price, all[i].margin), p.mould.otherwise, 2, maxCorners)
		return err
	})
	for _, s := range slices.Concat(best...) {
		if err == nil && len(s.Corners) > 0 {
			p.addCorners(Staircases, s.Corners...)
		}
	}
	return err
}

// waterfalls proposes the best waterfall at each price.
func (p *proposer) waterfalls() error {
	grid, err := p.space.search(true)
	if p.wide != nil {
		grid, err = p.space.narrowed(true, p.Ranges)
	}
	if err != nil {
		return err
	}
	all := shots()
	best := make([]Waterfall, len(all))
	err = inParallel(len(all), func(i int) (err error) {
		best[i], err = grid.BestWaterfall(p.priced(all[i].price, all[i].margin), Zone{Otherwise: p.mould.otherwise})
		return err
	})
	for _, w := range best {
		w.Block.High, w.Approve.High, w.Onboarding.High = p.none(0, w.Block.High), p.none(0, w.Approve.High), p.none(1, w.Onboarding.High)
		ok := p.allowed(0, w.Block.High) && p.allowed(0, w.Approve.High) && p.allowed(1, w.Onboarding.High)
		if policy, found := p.waterfall(w); err == nil && found && ok && w.Cutoffs > 0 {
			p.add(Waterfalls, policy)
		}
	}
	return err
}
