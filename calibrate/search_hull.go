package calibrate

import (
	"fmt"
	"math/bits"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Vertex is a point of a frontier, and the staircase that reaches it. Gain and Cost are counted from approving nobody.
type Vertex struct {
	Gain, Cost int64
	Staircase
}

// Hull returns the vertices of the concave frontier of gain against cost over all monotone regions: for each price of cost
// in gain, one of them is the best. From the largest gain at the least cost to the least cost of the largest gain, both
// rise strictly. Each staircase is the smallest region of its vertex, which makes each hold the one before it; where fewer
// steps matter more, ask BestStaircase at a price between its neighbours'. Regions between the vertices exist (Frontier),
// and no price finds them.
//
// Approving must never lower the gain nor the cost of any record: approvals against frauds is the usual pair.
func (g *Grid) Hull(gain, cost Form) ([]Vertex, error) {
	h := huller{Grid: g}
	var err error
	if h.gain, err = g.rising("gain", gain); err != nil {
		return nil, err
	}
	if h.cost, err = g.rising("cost", cost); err != nil {
		return nil, err
	}
	all := g.stride + 1
	mostGain, mostCost := h.gain[all], h.cost[all]
	if high, low := bits.Mul64(uint64(mostGain)+1, uint64(mostCost)+1); high > 0 || low > maxWorth {
		return nil, fmt.Errorf("gain %d times cost %d is beyond an exact search, want a product of at most %d: count records, or take amounts in major units", mostGain, mostCost, int64(maxWorth))
	}
	rows, top := len(g.sessions), len(g.onboardings)+1
	h.next = make([]uint16, (rows+1)*(top+1))
	nobody, everybody := make([]int, rows+1), make([]int, rows+1)
	for i := 1; i <= rows; i++ {
		nobody[i], everybody[i] = top, 1
	}
	// A price beyond the whole gain buys no cost at all; one below 1 over the whole cost, any gain.
	first := h.between(nobody, everybody, 1, mostGain+1)
	last := h.between(first, everybody, mostCost+1, 1)
	h.add(first)
	h.divide(first, last)
	return h.out, nil
}

// rising returns the surface of a form that approving never lowers.
func (g *Grid) rising(name string, f Form) ([]int64, error) {
	w, _, err := g.gains(f, dataset.Block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for k, p := range g.planes {
		if p != nil && w.of(k) < 0 {
			return nil, fmt.Errorf("%s: approving lowers it for some records, want weights of approve at least those of block", name)
		}
	}
	return g.surface(w), nil
}

type huller struct {
	*Grid
	gain, cost []int64
	next       []uint16
	out        []Vertex
}

func (h *huller) add(heights []int) {
	s := h.staircase(heights)
	h.out = append(h.out, Vertex{h.of(h.gain, heights), h.of(h.cost, heights), s})
}

// of adds a surface up over a staircase of heights by position.
func (h *huller) of(q []int64, heights []int) (sum int64) {
	for i := 1; i < len(heights); i++ {
		sum += q[i*h.stride+heights[i]] - q[(i+1)*h.stride+heights[i]]
	}
	return sum
}

// divide adds the vertices after low up to high, where low lies within high. At the price of the chord between the two
// either nothing is better than both ends, or a vertex lies between, and it may be sought between them alone: the best
// regions of falling prices can be chosen to hold one another (closures of a partial order are a lattice, and the weights
// are modular). That is what makes the whole hull cost little more than a few passes over the grid.
func (h *huller) divide(low, high []int) {
	gain, cost := h.of(h.gain, high)-h.of(h.gain, low), h.of(h.cost, high)-h.of(h.cost, low)
	if gain == 0 && cost == 0 {
		return
	}
	middle := h.between(low, high, cost, gain)
	dg, dc := h.of(h.gain, middle)-h.of(h.gain, low), h.of(h.cost, middle)-h.of(h.cost, low)
	if cost*dg <= gain*dc {
		h.add(high)
		return
	}
	h.divide(low, middle)
	h.divide(middle, high)
}

// between returns the smallest of the best regions for weights num x gain - price x cost that hold low and lie within
// high. The smallest is unique: two of them would have a smaller one in common.
func (h *huller) between(low, high []int, num, price int64) []int {
	rows, top := len(h.sessions), len(h.onboardings)+1
	worth, size := make([]int64, top+1), make([]int64, top+1)
	at := make([]uint16, top+1) // the best height up to each, of the row beyond
	for i := rows; i >= 1; i-- {
		gain, gainBeyond := h.gain[i*h.stride:], h.gain[(i+1)*h.stride:]
		cost, costBeyond := h.cost[i*h.stride:], h.cost[(i+1)*h.stride:]
		to := h.next[i*(top+1):][:top+1]
		limit := top
		if i < rows {
			limit = low[i+1]
		}
		// From the highest down, because worth[h] is read at heights up to h.
		for x := low[i]; x >= high[i]; x-- {
			from := min(x, limit)
			to[x] = at[from]
			w := num*(gain[x]-gainBeyond[x]) - price*(cost[x]-costBeyond[x])
			worth[x], size[x] = worth[from]+w, size[from]+int64(top-x)
		}
		best := high[i]
		for x := high[i]; x <= low[i]; x++ {
			if worth[x] > worth[best] || worth[x] == worth[best] && size[x] <= size[best] {
				best = x
			}
			worth[x], size[x], at[x] = worth[best], size[best], uint16(best)
		}
	}
	out := make([]int, rows+1)
	for i := 1; i <= rows; i++ {
		if i == 1 {
			out[i] = int(at[low[1]])
		} else {
			out[i] = int(h.next[(i-1)*(top+1)+out[i-1]])
		}
	}
	return out
}
