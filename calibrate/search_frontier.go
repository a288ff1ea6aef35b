package calibrate

import (
	"fmt"
)

// maxStates bounds the memory of an exact frontier: two bytes for each state, 256 MB.
const maxStates = 1 << 27

// Frontier returns the exact frontier of gain against cost over all monotone regions that cost at most so much: every
// region with a larger gain than all that cost no more, in rising cost. It holds the regions between the vertices of Hull,
// which matter where a budget falls between two of them. Ties are ordered as in BestStaircase.
//
// The cost so far is part of the state, so that it suits coarse grids and small budgets: sessions x onboarding scores x
// budget may be at most 134 million, and an error says so beyond that. Forms are those of Hull.
func (g *Grid) Frontier(gain, cost Form, most int64) ([]Vertex, error) {
	gains, err := g.rising("gain", gain)
	if err != nil {
		return nil, err
	}
	costs, err := g.rising("cost", cost)
	if err != nil {
		return nil, err
	}
	if most < 0 {
		return nil, fmt.Errorf("frontier up to a cost of %d, want 0 or more", most)
	}
	most = min(most, costs[g.stride+1])
	rows, heights := int64(len(g.sessions)), int64(len(g.onboardings)+1)
	if most >= maxStates || rows*heights*(most+1) > maxStates {
		return nil, fmt.Errorf("%d session x %d onboarding scores x costs up to %d make more than %d states: take coarser scores, a smaller budget, or the hull", rows, heights-1, most, maxStates)
	}
	b := budget{Grid: g, gain: gains, cost: costs, size: int(most) + 1, top: int(heights)}
	b.search()
	return b.frontier(), nil
}

// A budget search holds, for each height of the row at hand and each cost, the best of the rows from there on.
type budget struct {
	*Grid
	gain, cost []int64
	size, top  int      // costs 0..size-1, heights 1..top
	states     []state  // by height and cost
	next       []uint16 // by row, height and cost of the rows beyond: the height there
	from       []state  // scratch: the states of one height before its own row is added
}

// A state is the best gain of exactly its cost, and its order among equals; gain is -1 where no region costs that.
type state struct{ gain, order int64 }

func (a state) better(b state) bool {
	return a.gain > b.gain || a.gain == b.gain && a.order < b.order
}

var unreachable = state{gain: -1}

func (b *budget) search() {
	b.states = make([]state, (b.top+1)*b.size)
	b.from = make([]state, b.size)
	b.next = make([]uint16, len(b.sessions)*b.top*b.size)
	for i := range b.states {
		if i%b.size > 0 {
			b.states[i] = unreachable
		}
	}
	for i := len(b.sessions); i >= 1; i-- {
		b.row(i)
	}
}

// choices returns the next heights of one row and height, by cost of the rows beyond.
func (b *budget) choices(i, h int) []uint16 {
	return b.next[((i-1)*b.top+h-1)*b.size:][:b.size]
}

// row adds a row: at each height the rows beyond go on at the same height or, one step later, at the best lower one.
func (b *budget) row(i int) {
	lower, at := make([]state, b.size), make([]uint16, b.size)
	for k := range lower {
		lower[k] = unreachable
	}
	for h := 1; h <= b.top; h++ {
		here, to := b.states[h*b.size:][:b.size], b.choices(i, h)
		for k, stay := range here {
			b.from[k], to[k] = stay, uint16(h)
			if step := (state{lower[k].gain, lower[k].order + tieStep}); step.gain >= 0 && step.better(stay) {
				b.from[k], to[k] = step, at[k]
			}
			if !lower[k].better(stay) {
				lower[k], at[k] = stay, uint16(h)
			}
		}
		p := i*b.stride + h
		gain, order := b.gain[p]-b.gain[p+b.stride], b.ties[p]-b.ties[p+b.stride]
		cost := b.cost[p] - b.cost[p+b.stride]
		for k := range here {
			here[k] = unreachable
			if from := int64(k) - cost; from >= 0 && b.from[from].gain >= 0 {
				here[k] = state{b.from[from].gain + gain, b.from[from].order + order}
			}
		}
	}
}

// frontier keeps the costs whose best gain exceeds that of every smaller cost.
func (b *budget) frontier() (out []Vertex) {
	for k := range b.size {
		best, at := unreachable, 0
		for h := 1; h <= b.top; h++ {
			s := b.states[h*b.size+k]
			if h < b.top {
				s.order += tieStep
			}
			if s.gain >= 0 && !best.better(s) {
				best, at = s, h
			}
		}
		if best.gain >= 0 && (out == nil || best.gain > out[len(out)-1].Gain) {
			out = append(out, Vertex{best.gain, int64(k), b.follow(at, int64(k))})
		}
	}
	return out
}

// follow rebuilds the staircase of a state of the first row.
func (b *budget) follow(h int, cost int64) Staircase {
	heights := make([]int, len(b.sessions)+1)
	for i := 1; i < len(heights); i++ {
		heights[i] = h
		p := i*b.stride + h
		cost -= b.cost[p] - b.cost[p+b.stride]
		h = int(b.choices(i, h)[cost])
	}
	return b.staircase(heights)
}
