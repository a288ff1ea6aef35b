package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// BestSteps is BestStaircase among the staircases of at most so many steps: 1 is a pair of cutoffs.
func (g *Grid) BestSteps(maximize Form, otherwise dataset.Action, steps int) (Staircase, int64, error) {
	list, w, err := g.bestSteps(maximize, otherwise, steps)
	if err != nil {
		return Staircase{}, 0, err
	}
	return list[0], g.value(w, list[0]), nil
}

// bestSteps returns the best staircase of each number of steps, which rise: more steps go on from fewer, and cost no second search.
func (g *Grid) bestSteps(maximize Form, otherwise dataset.Action, steps ...int) ([]Staircase, Problem, error) {
	if steps[0] < 0 {
		return nil, Problem{}, fmt.Errorf("staircases of at most %d steps, want 0 or more", steps[0])
	}
	w, p, err := g.gains(maximize, otherwise)
	if err != nil {
		return nil, p, err
	}
	// The best of any shape is the best of few steps if it has few, and costs one pass instead of one for each step.
	free := g.staircase(g.descend(w))
	out := make([]Staircase, len(steps))
	few := 0
	for i, n := range steps {
		if out[i] = free; len(free.Corners) > n {
			few = i + 1
		}
	}
	if few > 0 {
		copy(out, g.fewSteps(g.surface(w), steps[:few]))
	}
	return out, p, nil
}

// A stepper holds, for each corner position, the best staircase that begins there and has at most so many steps.
type stepper struct {
	*Grid
	q            []int64
	worth, order []int64    // in the layout of the planes; order counts the steps after the first
	next         [][]uint32 // for each number of further steps: the next corner as its place in the layout, 0 for none
}

// fewSteps adds one step at a time: a staircase from corner (i, h) is either all that lies above it, or goes on at a
// later row j with a lower corner: all above (i, h), less all above (j, h), plus the best from there.
func (g *Grid) fewSteps(q []int64, steps []int) (out []Staircase) {
	s := stepper{Grid: g, q: q, worth: append([]int64(nil), q...), order: append([]int64(nil), g.ties...)}
	for _, n := range steps {
		if n == 0 {
			out = append(out, Staircase{})
			continue
		}
		for len(s.next) < n-1 {
			s.extend()
		}
		out = append(out, s.best())
	}
	return out
}

// extend allows one step more. It goes from the last row down and, in a row, from the lowest height up, so that it reads
// the former pass before it overwrites it.
func (s *stepper) extend() {
	top := len(s.onboardings) + 1
	next := make([]uint32, len(s.q))
	// The best way on from each height at a later row, compared with staying at that height; at is 0 for none yet.
	on := make([]way, top)
	for i := len(s.sessions); i >= 1; i-- {
		var lower way // the best of the former pass in this row below h
		for h := 1; h < top; h++ {
			at := i*s.stride + h
			former := way{s.worth[at], s.order[at], uint32(at)}
			s.worth[at], s.order[at] = s.q[at], s.ties[at]
			if on[h].at > 0 && on[h].worth > 0 {
				s.worth[at], s.order[at], next[at] = s.q[at]+on[h].worth, s.ties[at]+on[h].order, on[h].at
			}
			if lower.at > 0 {
				step := way{lower.worth - s.q[at], lower.order + tieStep - s.ties[at], lower.at}
				if on[h].at == 0 || step.better(on[h]) {
					on[h] = step
				}
			}
			if lower.at == 0 || !lower.better(former) {
				lower = former
			}
		}
	}
	s.next = append(s.next, next)
}

// A way is a corner to go to, what it is worth and its order among equals.
type way struct {
	worth, order int64
	at           uint32
}

func (a way) better(b way) bool { return a.worth > b.worth || a.worth == b.worth && a.order < b.order }

// best follows the best first corner; approving nobody has the fewest steps of all that are worth nothing.
func (s *stepper) best() Staircase {
	top := len(s.onboardings) + 1
	var first way
	for i := len(s.sessions); i >= 1; i-- {
		for h := top - 1; h >= 1; h-- {
			at := i*s.stride + h
			if w := (way{s.worth[at], s.order[at] + tieStep, uint32(at)}); w.better(first) {
				first = w
			}
		}
	}
	var out Staircase
	for at, left := first.at, len(s.next); at > 0; left-- {
		out.Corners = append(out.Corners, Corner{s.sessions[int(at)/s.stride-1], s.onboardings[int(at)%s.stride-1]})
		if left == 0 {
			break
		}
		at = s.next[left-1][at]
	}
	out.Approved = s.approved(out.Corners)
	return out
}
