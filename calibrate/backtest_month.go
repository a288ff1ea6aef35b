package calibrate

import (
	"errors"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/replay"
)

// month tries the last of the periods with a calibration on all before it.
func (b *Backtest) month(cube *replay.Cube, champion *replay.Policy, list []period) (BacktestMonth, error) {
	last := list[len(list)-1]
	m := BacktestMonth{Month: last.key, Total: last.total}
	past, err := windowOf("past", cube, list[:len(list)-1])
	if err != nil {
		return m, err
	}
	t := trier{
		cube: cube.Keep(func(key []string) bool { return key[0] == last.key }),
		days: Window{From: last.key, To: last.key}.Days(), goals: b.Goals,
	}
	if m.Champion, err = t.try(champion); err != nil {
		return m, err
	}
	before := cube.Keep(func(key []string) bool {
		return slices.ContainsFunc(list[:len(list)-1], func(p period) bool { return p.key == key[0] })
	})
	c, err := Calibrate(before, champion, b.Goals)
	switch {
	case errors.Is(err, ErrNothing):
		m.Nothing = err.Error()
	case err != nil:
		return m, err
	default:
		if err := m.follow(c, t, past); err != nil {
			return m, err
		}
	}
	past.cube = nil // a month is kept for what it says, and the records would stay in memory
	m.Past = past
	return m, nil
}

// follow takes up what a calibration says, and tries it.
func (m *BacktestMonth) follow(c *Calibration, t trier, past Window) error {
	m.Ladder, m.Tested, m.Passed = c.Ladder, c.Tested, c.Passed
	if best, found := c.Recommendation(); found {
		last := len(c.Windows) - 1
		var err error
		if m.Promised, err = c.findings(best.Policy, best.Counts[last], c.Windows[last]); err != nil {
			return err
		}
		if m.Recommended, err = t.try(best.Policy); err != nil {
			return err
		}
		m.Family = best.Family
	}
	for _, w := range c.Windows {
		w.cube = nil
		m.Windows = append(m.Windows, w)
	}
	naive, err := naiveChoice(past, c.Base, t.goals)
	if err != nil || naive == nil {
		return err
	}
	m.Naive, err = t.try(naive)
	return err
}

// naiveChoice returns the policy with the most of the objective among those that keep the limits in a window, nil for none:
// what is commonly done in the place of a calibration.
func naiveChoice(w Window, base *replay.Policy, g Goals) (*replay.Policy, error) {
	g.Families = nil
	b, err := newBench(g, base, w.Days())
	if err != nil {
		return nil, err
	}
	space, err := NewSpace(w.cube, base)
	if err != nil {
		return nil, err
	}
	p, err := newSearcher(space, g, b, 1)
	if err != nil {
		return nil, err
	}
	problem := p.problem(0)
	switch {
	case !p.wants(Cutoffs):
		for i := range problem.Limits { // whole policies are counted here, not the grid's records alone
			problem.Limits[i].Numerator, problem.Limits[i].Denominator = p.targets[i].num, p.targets[i].den
		}
		p.add(Edges, p.descend(problem.Limits))
	default:
		search := p.grid.BestCutoffs
		if base.Second == "" {
			search = p.grid.BestSession
		}
		out, err := search(problem)
		if err != nil {
			return nil, err
		}
		if out.Infeasible == "" {
			p.addCorners(Cutoffs, Corner{out.Session.High, out.Onboarding.High})
		}
	}
	for _, f := range p.found {
		if counts := space.counts(f.policy); p.met(counts) && counts.Approved().N() > 0 {
			return f.policy, nil
		}
	}
	return nil, nil
}

// A trier counts policies in one month.
type trier struct {
	cube  *replay.Cube
	days  int64
	goals Goals
}

func (t trier) try(p *replay.Policy) (Trial, error) {
	out := Trial{Policy: p}
	b, err := newBench(t.goals, p, t.days)
	if err != nil {
		return out, err
	}
	r, err := t.cube.Run(p)
	if err != nil {
		return out, err
	}
	out.Counts = r.Counts
	shares := 0
	for i := range b.targets {
		if b.targets[i].share {
			shares++
		}
	}
	level := t.goals.Delta / float64(shares)
	designs, err := b.designs(Window{cube: t.cube}, p, level)
	if err != nil {
		return out, err
	}
	for i := range b.targets {
		out.Tests = append(out.Tests, b.targets[i].test(r.Counts, level, design(designs, i)))
	}
	return out, nil
}

func (t *target) test(c replay.Counts, delta, design float64) Test {
	out := Test{Limit: t.Limit, Alpha: t.alpha(), Certifiable: t.share, Low: Undefined()}
	out.K, out.N = t.count(c)
	out.Over = out.N != 0 && !t.met(c)
	if t.share && out.N > 0 {
		k, n := shrunk(out.K, out.N, design, math.Floor)
		low := LowerBound(k, n, delta)
		out.Low, out.Shown = Number(low), low > out.Alpha
	}
	return out
}
