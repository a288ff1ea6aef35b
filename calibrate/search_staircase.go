package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Corner approves the records with session score >= Session and onboarding score >= Onboarding.
type Corner struct {
	Session    int `json:"session"`
	Onboarding int `json:"onboarding"`
}

// A Staircase approves what any of its corners approves: the shape of every policy that never treats a better pair of scores
// more harshly. A record without one of the scores is not approved.
type Staircase struct {
	// Corners have rising Session and falling Onboarding; each is a step. None approves nobody. A corner lies on scores that
	// occur, so it is the strictest that approves its records.
	Corners []Corner
	// Approved counts what is approved.
	Approved replay.Tally
}

// Approves reports whether a pair of scores, each 0..1000 or NoScore, is approved.
func (s Staircase) Approves(session, onboarding int) bool {
	return session >= 0 && onboarding >= s.Height(session)
}

// Height returns the onboarding cutoff at a session score: 1001 where nobody is approved.
func (s Staircase) Height(session int) int {
	height := dataset.MaxScore + 1
	for _, c := range s.Corners {
		if session >= c.Session {
			height = c.Onboarding
		}
	}
	return height
}

// Heights returns the onboarding cutoff at each session score 0..1000.
func (s Staircase) Heights() []int {
	out := make([]int, dataset.MaxScore+1)
	for session := range out {
		out[session] = s.Height(session)
	}
	return out
}

// BestStaircase returns the monotone region of any shape with the largest value of the form, and that value; what is not
// approved gets the other action, block by default. Limits go into the form as prices, or see Frontier. Calls of both
// products count on every record. Ties: fewer steps, then the fewest approved records, then the smallest approved part of
// the grid, then the higher cutoff at the lowest session score that tells.
func (g *Grid) BestStaircase(maximize Form, otherwise dataset.Action) (Staircase, int64, error) {
	w, p, err := g.gains(maximize, otherwise)
	if err != nil {
		return Staircase{}, 0, err
	}
	s := g.staircase(g.descend(w))
	return s, g.value(p, s), nil
}

// gains returns the weights of what approving gains over the other action.
func (g *Grid) gains(f Form, otherwise dataset.Action) (Weights, Problem, error) {
	p := Problem{Maximize: f, Otherwise: otherwise}
	if err := p.check(g.Total()); err != nil {
		return Weights{}, p, err
	}
	return f.among(dataset.Approve, p.otherwise()), p, nil
}

// value evaluates a problem's form on a staircase.
func (g *Grid) value(p Problem, s Staircase) int64 { return p.Maximize.Of(g.counts(p, s)) }

func (g *Grid) counts(p Problem, s Staircase) replay.Counts {
	n := g.Total().N()
	c := replay.Counts{Calls: [2]int64{n, n}}
	c.Actions[dataset.Approve] = s.Approved
	c.Actions[p.otherwise()] = less(g.Total(), s.Approved)
	return c
}

// descend returns the best height at each row 1.., as positions that never rise; the position beyond all scores approves
// nobody. It goes from the most trusted row down: the best of the rows from i on, given the height at i, is the column sum
// at i plus the best of the rows beyond at the same height or, one step later, at any lower one.
func (g *Grid) descend(w Weights) []int {
	rows, top := len(g.sessions), len(g.onboardings)+1
	worth, order := make([]int64, top+1), make([]int64, top+1)
	next := make([]uint16, (rows+1)*(top+1))
	rowOf, beyondOf := g.newLine(w), g.newLine(w)
	for i := rows; i >= 1; i-- {
		// The sums of this row are what the next reads as the sums beyond it.
		rowOf, beyondOf = beyondOf, rowOf
		this, beyond := rowOf.fill(i*g.stride, i*g.stride+top+1), beyondOf.row[:top+1]
		ties, beyondTies := g.ties[i*g.stride:][:top+1], g.ties[(i+1)*g.stride:][:top+1]
		to := next[i*(top+1):][:top+1]
		worth, order := worth[:len(this)], order[:len(this)]
		best, bestOrder, at := worth[1], order[1], 1
		for h := 1; h <= top; h++ {
			w, o := worth[h], order[h]
			to[h] = uint16(h)
			stay, stayOrder := w, o
			if best > w || best == w && bestOrder+tieStep < o {
				w, o, to[h] = best, bestOrder+tieStep, uint16(at)
			}
			// Note: >= and <= keep the highest of equals, which is the stricter.
			if stay > best || stay == best && stayOrder <= bestOrder {
				best, bestOrder, at = stay, stayOrder, h
			}
			worth[h] = w + this[h] - beyond[h]
			order[h] = o + ties[h] - beyondTies[h]
		}
	}
	start := 0
	for h := 1; h <= top; h++ {
		if h < top {
			order[h] += tieStep
		}
		if start == 0 || worth[h] > worth[start] || worth[h] == worth[start] && order[h] <= order[start] {
			start = h
		}
	}
	heights := make([]int, rows+1)
	for i := 1; i <= rows; i++ {
		heights[i] = start
		start = int(next[i*(top+1)+start])
	}
	return heights
}

// staircase turns heights by position into corners and counts them.
func (g *Grid) staircase(heights []int) Staircase {
	var s Staircase
	last := len(g.onboardings) + 1
	for i := 1; i < len(heights); i++ {
		if h := heights[i]; h < last {
			s.Corners = append(s.Corners, Corner{g.sessions[i-1], g.onboardings[h-1]})
			last = h
		}
	}
	s.Approved = g.approved(s.Corners)
	return s
}

// approved counts a staircase corner by corner: each adds what lies above it and not beyond the next corner's session.
func (g *Grid) approved(corners []Corner) (t replay.Tally) {
	for k, c := range corners {
		t = t.Add(g.Approved(c.Session, c.Onboarding))
		if k+1 < len(corners) {
			t = less(t, g.Approved(corners[k+1].Session, c.Onboarding))
		}
	}
	return t
}
