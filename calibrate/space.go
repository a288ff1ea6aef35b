package calibrate

import (
	"fmt"
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Space holds a history so that any policy of one kind is counted in a few hundred look-ups, however many records there
// are: the policies that share products and rules with a base, and differ in bands of scores, gate and matrix. It says what
// Cube.Run would, to the last record; the base itself may use recorded clusters, what is counted may not.
type Space struct {
	base   *replay.Policy
	total  replay.Tally
	fixed  replay.Counts // records that a rule decides before the gate
	layers []layer
	// leavesOpen is set where the history did not ask the second product of some record, which a policy may be undecided on.
	leavesOpen bool
}

// A layer holds the records on which the same late rule would decide, once the second product is called.
type layer struct {
	fired uint64      // the bit of that rule, 0 for none
	both  *Grid       // records with both scores
	cells []ScoreCell // those of both, where no rule holds
	// Records without one of the scores: sums from each first score up by what the second product said, the same by second
	// score, and those with neither.
	firsts  [dataset.MaxScore + 2][numSilent]replay.Tally
	seconds [dataset.MaxScore + 2][numSilent]replay.Tally
	neither [numSilent][numSilent]replay.Tally
}

// The ways in which a product can be without a score. For a first product notCalled does not occur: it is unanswered.
const (
	notCalled  = iota // the history does not hold the product, or says that it was not called
	unanswered        // it was asked in vain
	scoreless         // it answered without a score
	numSilent
)

// silence returns the score of an answer, or in which way it is without one.
func silence(a replay.Answer, first bool) (score, how int) {
	if s, found := a.State.Score(); found {
		return s, 0
	}
	switch a.State.Status() {
	case dataset.OK:
		return NoScore, scoreless
	case dataset.Absent, dataset.NotCalled:
		if !first {
			return NoScore, notCalled
		}
	}
	return NoScore, unanswered
}

// silent returns an answer that stands for all that are without a score in one way.
func silent(how int) replay.Answer {
	return replay.Answer{State: dataset.State([...]dataset.Status{dataset.NotCalled, dataset.Missing, dataset.OK}[how])}
}

// NewSpace arranges a cube that was built with every score apart and covers the base.
func NewSpace(cube *replay.Cube, base *replay.Policy) (*Space, error) {
	piles, err := cube.Piles(base)
	if err != nil {
		return nil, err
	}
	return spaceOf(piles, base)
}

// spaceOf arranges piles of records as the base sees them.
func spaceOf(piles iter.Seq[replay.Pile], base *replay.Policy) (*Space, error) {
	s := &Space{base: base}
	cells := map[uint64][]ScoreCell{}
	at := map[uint64]*layer{}
	var order []uint64
	for p := range piles {
		s.total = s.total.Add(pileTally(p))
		if d, early := s.early(p.Case); early {
			addPile(&s.fixed, d, p)
			continue
		}
		fired := s.late(p.Fired)
		l := at[fired]
		if l == nil {
			l = &layer{fired: fired}
			at[fired] = l
			order = append(order, fired)
		}
		t := pileTally(p)
		first, how := silence(p.First, true)
		second, how2 := silence(p.Second, false)
		s.leavesOpen = s.leavesOpen || second == NoScore && how2 == notCalled && base.Second != ""
		switch {
		case first != NoScore && second != NoScore:
			cells[fired] = append(cells[fired], ScoreCell{first, second, p.Label, p.Records, p.Amount})
		case first != NoScore:
			l.firsts[first][how2] = l.firsts[first][how2].Add(t)
		case second != NoScore:
			l.seconds[second][how] = l.seconds[second][how].Add(t)
		default:
			l.neither[how][how2] = l.neither[how][how2].Add(t)
		}
	}
	for _, fired := range order {
		l := at[fired]
		var err error
		if l.both, err = NewGrid(cells[fired]); err != nil {
			return nil, err
		}
		if fired == 0 {
			l.cells = cells[fired]
		}
		l.sum()
		s.layers = append(s.layers, *l)
	}
	return s, nil
}

func pileTally(p replay.Pile) (t replay.Tally) {
	t.Records[p.Label], t.Amount[p.Label] = p.Records, p.Amount
	return t
}

// early returns the decision of a record that a rule takes before the gate.
func (s *Space) early(c replay.Case) (replay.Decision, bool) {
	if c.Fired == 0 {
		return replay.Decision{}, false
	}
	d := s.base.Decide(c)
	return d, d.By == replay.ByRule && !s.base.Late(s.base.Rules[d.Rule])
}

// late returns the bit of the first of the rules that fired; it is called once no early rule did.
func (s *Space) late(fired uint64) uint64 { return fired & -fired }

func addPile(c *replay.Counts, d replay.Decision, p replay.Pile) {
	addTally(c, d, pileTally(p))
}

func addTally(c *replay.Counts, d replay.Decision, t replay.Tally) {
	c.Actions[d.Action] = c.Actions[d.Action].Add(t)
	c.Calls[0] += t.N()
	if d.Called {
		c.Calls[1] += t.N()
	}
}

// sum turns the lists by score into sums from each score up.
func (l *layer) sum() {
	for score := dataset.MaxScore; score >= 0; score-- {
		for how := range numSilent {
			l.firsts[score][how] = l.firsts[score][how].Add(l.firsts[score+1][how])
			l.seconds[score][how] = l.seconds[score][how].Add(l.seconds[score+1][how])
		}
	}
}

// Counts returns what a policy would have done to the history. It asks the base's products, has the base's rules, and bands
// of scores for each product.
func (s *Space) Counts(p *replay.Policy) (replay.Counts, error) {
	if err := s.check(p); err != nil {
		return replay.Counts{}, err
	}
	return s.counts(p), nil
}

func (s *Space) check(p *replay.Policy) error {
	switch {
	case p.First != s.base.First || p.Second != s.base.Second || len(p.Rules) != len(s.base.Rules):
		return fmt.Errorf("policy %s has other products or rules than %s, whose records are counted", p.Name, s.base.Name)
	case p.FirstBands.Recorded() || p.Second != "" && p.SecondBands.Recorded():
		return fmt.Errorf("policy %s uses recorded clusters, want bands of scores", p.Name)
	}
	return nil
}

func (s *Space) counts(p *replay.Policy) replay.Counts {
	out, _ := s.counted(p)
	return out
}

// counted returns the counts, and the undecided among them by first cluster.
func (s *Space) counted(p *replay.Policy) (out replay.Counts, open replay.Open) {
	out = s.fixed
	first, second := edgesOf(p.FirstBands), edgesOf(p.SecondBands)
	for i := range s.layers {
		l := &s.layers[i]
		decide := func(a, b replay.Answer, t replay.Tally) {
			if t.N() == 0 {
				return
			}
			d := p.Decide(replay.Case{First: a, Second: b, Fired: l.fired})
			addTally(&out, d, t)
			if d.By == replay.ByNobody {
				open[d.FirstCluster] = open[d.FirstCluster].Add(t)
			}
		}
		for i := range dataset.Clusters {
			low, high := first[i], first[i+1]
			for j := range dataset.Clusters {
				decide(withScore(low), withScore(second[j]), l.both.between(low, high, second[j], second[j+1]))
			}
			for how := range numSilent {
				decide(withScore(low), silent(how), less(l.firsts[low][how], l.firsts[high][how]))
				decide(silent(how), withScore(second[i]), less(l.seconds[second[i]][how], l.seconds[second[i+1]][how]))
			}
		}
		for how := range numSilent {
			for how2, t := range l.neither[how] {
				decide(silent(how), silent(how2), t)
			}
		}
	}
	return out, open
}

// withScore returns an answer with a score.
func withScore(score int) replay.Answer { return replay.Answer{State: dataset.Scored(score)} }

// edgesOf returns the lower edge of each cluster from very_low up, and one above the highest score. Recorded bands, those of
// a product that is not asked, make one cluster of everything. Edges that were pushed below 0 are at 0, see Cutoff.
func edgesOf(b replay.Bands) [dataset.NumClusters]int {
	out := [dataset.NumClusters]int{5: dataset.MaxScore + 1}
	for i, e := range b.Edges {
		out[1+i] = max(e, 0)
	}
	if b.Recorded() {
		for i := range b.Edges {
			out[1+i] = dataset.MaxScore + 1
		}
	}
	return out
}

// between counts the records of a rectangle of scores, each axis from low, included, to high, excluded.
func (g *Grid) between(sessionLow, sessionHigh, onboardingLow, onboardingHigh int) replay.Tally {
	i, ii := g.rows.of(sessionLow), g.rows.of(sessionHigh)
	j, jj := g.columns.of(onboardingLow), g.columns.of(onboardingHigh)
	if i == ii || j == jj {
		return replay.Tally{}
	}
	return less(g.at(i, j).Add(g.at(ii, jj)), g.at(ii, j).Add(g.at(i, jj)))
}

// search returns the grid that searches go through: the records that no rule decides and that have both scores or, where the
// base asks one product, its score. With silent records come those with a first score alone, which a waterfall need not call.
func (s *Space) search(silent bool) (*Grid, error) {
	i := slices.IndexFunc(s.layers, func(l layer) bool { return l.fired == 0 })
	if i < 0 {
		return NewGrid(nil)
	}
	if !silent && s.base.Second != "" {
		return s.layers[i].both, nil
	}
	return NewGrid(s.searched(silent))
}

// narrowed is search with the scores that no allowed cutoff tells apart made equal: those below a range, and those from its end
// up. Every cutoff of the narrowed grid is then one within the ranges, or none at all, which its lowest score stands for.
func (s *Space) narrowed(silent bool, ranges [2]Range) (*Grid, error) {
	cells := s.searched(silent)
	for i := range cells {
		cells[i].Session, cells[i].Onboarding = ranges[0].clamp(cells[i].Session), ranges[1].clamp(cells[i].Onboarding)
	}
	return NewGrid(cells)
}

// clamp makes scores equal that no cutoff within the range tells apart; the zero Range tells all of them apart.
func (r Range) clamp(score int) int {
	if r == (Range{}) || score == NoScore {
		return score
	}
	return min(max(score, r.Low-1), r.High)
}

// searched returns the cells of search.
func (s *Space) searched(silent bool) []ScoreCell {
	i := slices.IndexFunc(s.layers, func(l layer) bool { return l.fired == 0 })
	if i < 0 {
		return nil
	}
	l := &s.layers[i]
	cells := slices.Clone(l.cells)
	if !silent && s.base.Second != "" {
		return cells
	}
	for score := range dataset.MaxScore + 1 {
		for how := range numSilent {
			t := less(l.firsts[score][how], l.firsts[score+1][how])
			for label, n := range t.Records {
				if n > 0 {
					cells = append(cells, ScoreCell{score, NoScore, dataset.Label(label), n, t.Amount[label]})
				}
			}
		}
	}
	return cells
}

// onGrid returns what a policy with bands does with the records of a grid that search returned, without silent records.
func (s *Space) onGrid(g *Grid, p *replay.Policy) replay.Counts {
	alone := Space{base: s.base, layers: []layer{{both: g}}}
	if s.base.Second != "" {
		return alone.counts(p)
	}
	for score := dataset.MaxScore; score >= 0; score-- {
		alone.layers[0].firsts[score][notCalled] = g.Approved(score, NoScore)
	}
	alone.layers[0].both, _ = NewGrid(nil)
	return alone.counts(p)
}

// onFirsts returns what a policy does with the records that search adds to the grid where silent ones are asked for: those
// with a first score alone, which no rule decides.
func (s *Space) onFirsts(p *replay.Policy) replay.Counts {
	i := slices.IndexFunc(s.layers, func(l layer) bool { return l.fired == 0 })
	if i < 0 || s.base.Second == "" {
		return replay.Counts{}
	}
	empty, _ := NewGrid(nil)
	alone := Space{base: s.base, layers: []layer{{both: empty, firsts: s.layers[i].firsts}}}
	return alone.counts(p)
}
