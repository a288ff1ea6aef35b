package calibrate

import (
	"slices"
	"sort"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A surface is the fraud rate by the scores of two products, falling with each of them: the isotonic regression of labeled
// records, whose level sets are the regions of the hull (STATISTICS.md, section 3). Records that lack a score, or both, have
// surfaces of their own: what tells them apart is not on the scale of the score.
type surface [numStrata]stratum

// numStrata counts the ways to have or lack two scores.
const numStrata = 4

// A stratum is the surface of records that lack the same scores.
type stratum struct {
	// regions are nested: regions[i] holds at each first score the second score from which on it reaches. The rate of a record is
	// that of the first region which holds it, the last of them where none does.
	regions [][]int
	rates   []float64
}

// strataOf returns the stratum of a case and its scores there, 0 for one that is lacking.
func strataOf(c replay.Case) (at, first, second int) {
	first, found := c.First.State.Score()
	if !found {
		at, first = at|1, 0
	}
	if second, found = c.Second.State.Score(); !found {
		at, second = at|2, 0
	}
	return at, first, second
}

// newSurface fits a surface to the labeled among piles of records that were approved by a coin or by nobody's choice. It is not
// weighted by their probabilities: given the scores, the coin did not look at the outcome, and weights would only move what is
// pooled with what.
func newSurface(piles func(func(replay.Pile) bool)) (*surface, error) {
	var cells [numStrata][]ScoreCell
	for p := range piles {
		if _, approved := p.Chance(); !approved || p.Label == dataset.Unlabeled {
			continue
		}
		at, first, second := strataOf(p.Case)
		cells[at] = append(cells[at], ScoreCell{Session: first, Onboarding: second, Label: p.Label, N: p.Records})
	}
	s := &surface{}
	for at := range cells {
		if err := s[at].fit(cells[at]); err != nil {
			return nil, err
		}
	}
	s.fill()
	return s, nil
}

func (s *stratum) fit(cells []ScoreCell) error {
	if len(cells) == 0 {
		return nil
	}
	grid, err := NewGrid(cells)
	if err != nil {
		return err
	}
	hull, err := grid.Hull(Approvals(), FraudApprovals())
	if err != nil {
		return err
	}
	var before Vertex
	for _, v := range hull {
		if v.Gain > before.Gain {
			s.regions = append(s.regions, v.Heights())
			s.rates = append(s.rates, float64(v.Cost-before.Cost)/float64(v.Gain-before.Gain))
		}
		before = v
	}
	return nil
}

// fill gives a stratum without a labeled record the rates of one that has some: any surface is as good for the estimate, a good
// one makes it surer.
func (s *surface) fill() {
	some := slices.IndexFunc(s[:], func(t stratum) bool { return len(t.rates) > 0 })
	for i := range s {
		switch {
		case len(s[i].rates) > 0:
		case some >= 0:
			s[i] = s[some]
		default:
			s[i] = stratum{[][]int{make([]int, dataset.MaxScore+1)}, []float64{0}}
		}
	}
}

// rate returns the surface at the scores of a case, in [0, 1].
func (s *surface) rate(c replay.Case) float64 {
	at, first, second := strataOf(c)
	t := &s[at]
	i := sort.Search(len(t.regions)-1, func(i int) bool { return second >= t.regions[i][first] })
	return t.rates[i]
}
