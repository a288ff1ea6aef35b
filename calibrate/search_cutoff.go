package calibrate

import (
	"cmp"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Range is a run of cutoffs, both ends included, that all decide every record of the history alike. {NoScore, NoScore} is
// a cutoff that is not read; 1001 alone is above every score and approves nobody.
type Range struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

// CutoffOutcome is the best pair of cutoffs: approve where session score >= Session and onboarding score >= Onboarding.
type CutoffOutcome struct {
	Outcome
	// Session and Onboarding are the cutoffs; each of a range will do, and High is the strictest.
	Session, Onboarding Range
}

// BestCutoffs searches all pairs of cutoffs of both scores, and approving nobody: 1,002,002 candidates where every score
// occurs. Both products count as called on every record. Ties: approving nobody, then the fewest approved records, then
// the smallest approved part of the grid, then the higher session cutoff.
func (g *Grid) BestCutoffs(p Problem) (CutoffOutcome, error) {
	n := g.Total().N()
	s := cutoffSearch{Grid: g, Problem: p, calls: [2]int64{n, n}, firstRow: 1, lastRow: len(g.sessions), firstColumn: 1, lastColumn: len(g.onboardings)}
	return s.run("pairs of cutoffs")
}

// BestSession searches all cutoffs of the session score alone, and BestOnboarding those of the onboarding score. The other
// product is neither read nor called.
func (g *Grid) BestSession(p Problem) (CutoffOutcome, error) {
	s := cutoffSearch{Grid: g, Problem: p, calls: [2]int64{g.Total().N(), 0}, firstRow: 1, lastRow: len(g.sessions)}
	return s.run("session cutoffs")
}

// BestOnboarding is BestSession's mirror image.
func (g *Grid) BestOnboarding(p Problem) (CutoffOutcome, error) {
	s := cutoffSearch{Grid: g, Problem: p, calls: [2]int64{0, g.Total().N()}, firstColumn: 1, lastColumn: len(g.onboardings)}
	return s.run("onboarding cutoffs")
}

// A cutoffSearch tries the cutoffs at a block of positions, and approving nobody.
type cutoffSearch struct {
	*Grid
	Problem
	calls                                      [2]int64
	firstRow, lastRow, firstColumn, lastColumn int

	objective *line
	limits    []limitLines
	best      place2
	out       CutoffOutcome
}

// A place2 is a candidate: positions of its cutoffs on both axes, and what orders it among equals.
type place2 struct {
	i, j  int
	order int64
}

// limitLines are a limit over a row of positions, and how many candidates met it.
type limitLines struct {
	limit                  *Limit
	numerator, denominator *line
	met                    int64
}

// line evaluates a form of the candidates.
func (s *cutoffSearch) line(f Form) *line {
	rest := s.otherwise()
	l := s.newLine(f.among(dataset.Approve, rest))
	l.constant = f.Constant + f.Calls[0]*s.calls[0] + f.Calls[1]*s.calls[1] + f.Actions[rest].times(s.Total())
	return l
}

func (s *cutoffSearch) run(what string) (CutoffOutcome, error) {
	if err := s.check(s.Total()); err != nil {
		return CutoffOutcome{}, err
	}
	s.objective = s.line(s.Maximize)
	for k := range s.Limits {
		l := &s.Limits[k]
		s.limits = append(s.limits, limitLines{limit: l, numerator: s.line(l.Numerator), denominator: s.line(l.Denominator)})
	}
	i, j := s.nobody()
	s.try(i, j, j)
	for i := s.firstRow; i <= s.lastRow; i++ {
		s.try(i, s.firstColumn, s.lastColumn)
	}
	if s.out.Feasible == 0 {
		met := make([]int64, len(s.limits))
		for k := range s.limits {
			met[k] = s.limits[k].met
		}
		s.out.Infeasible = s.infeasible(what, s.out.Tried, met)
		return s.out, nil
	}
	s.report()
	return s.out, nil
}

// nobody returns positions beyond every score, on the axes that are read.
func (s *cutoffSearch) nobody() (i, j int) {
	if s.firstRow > 0 {
		i = len(s.sessions) + 1
	}
	if s.firstColumn > 0 {
		j = len(s.onboardings) + 1
	}
	return i, j
}

// try tries positions (i, from) to (i, to).
func (s *cutoffSearch) try(i, from, to int) {
	if to < from {
		return
	}
	start, end := i*s.stride+from, i*s.stride+to+1
	values := s.objective.fill(start, end)
	for k := range s.limits {
		s.limits[k].numerator.fill(start, end)
		s.limits[k].denominator.fill(start, end)
	}
	s.out.Tried += int64(len(values))
	for x, value := range values {
		if !s.within(x) {
			continue
		}
		s.out.Feasible++
		if s.out.Feasible > 1 && value < s.out.Value {
			continue
		}
		at := place2{i, from + x, s.ties[start+x]}
		switch {
		case s.out.Feasible == 1 || value > s.out.Value:
			s.out.Value, s.best, s.out.Tied = value, at, 1
		default:
			s.out.Tied++
			if at.before(s.best) {
				s.best = at
			}
		}
	}
}

// before orders equals: the stricter first, then the higher session cutoff.
func (a place2) before(b place2) bool {
	return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(b.i, a.i), cmp.Compare(b.j, a.j)) < 0
}

func (s *cutoffSearch) within(x int) bool {
	all := true
	for k := range s.limits {
		l := &s.limits[k]
		if l.limit.met(l.numerator.row[x], l.denominator.row[x]) {
			l.met++
		} else {
			all = false
		}
	}
	return all
}

func (s *cutoffSearch) report() {
	s.out.Session, s.out.Onboarding = cutoffs(s.sessions, s.best.i), cutoffs(s.onboardings, s.best.j)
	approved := s.at(s.best.i, s.best.j)
	s.out.Counts = replay.Counts{Calls: s.calls}
	s.out.Counts.Actions[dataset.Approve] = approved
	rest := &s.out.Counts.Actions[s.otherwise()]
	*rest = rest.Add(less(s.Total(), approved))
}

// cutoffs returns the cutoffs that trust the scores from a position on.
func cutoffs(scores []int, position int) Range {
	switch {
	case position == 0:
		return Range{NoScore, NoScore}
	case position > len(scores):
		return Range{dataset.MaxScore + 1, dataset.MaxScore + 1}
	case position == 1:
		return Range{0, scores[0]}
	}
	return Range{scores[position-2] + 1, scores[position-1]}
}
