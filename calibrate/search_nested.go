package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Nested is three regions, each within the next: approved, the middle action, and the rest.
type Nested struct {
	// Approve is the approved region; Reach holds it and the region of the middle action, so that its Approved counts both.
	Approve, Reach Staircase
	Value          int64
	Counts         replay.Counts
}

// BestNested returns the three nested monotone regions with the largest value of the form: approve, the middle action such
// as review or step_up, and otherwise, block by default. Ties are those of BestStaircase, the two staircases' steps, records
// and positions added up, and the approved region's height compared first at each session score.
//
// Where the best of either staircase alone happens to nest, two passes over the grid find both. Elsewhere every pair of
// heights is a state: half a billion of them on the full grid.
func (g *Grid) BestNested(maximize Form, middle, otherwise dataset.Action) (Nested, error) {
	p := Problem{Maximize: maximize, Otherwise: otherwise}
	if err := p.check(g.Total()); err != nil {
		return Nested{}, err
	}
	if middle <= dataset.Approve || middle >= dataset.NumActions || middle == p.otherwise() {
		return Nested{}, fmt.Errorf("middle action %d, want an action other than approve and the one of the rest", middle)
	}
	inner, outer := maximize.among(dataset.Approve, middle), maximize.among(middle, p.otherwise())
	approve, reach := g.descend(inner), g.descend(outer)
	if !nested(approve, reach) {
		approve, reach = newCoupled(g, inner, outer).search()
	}
	n := Nested{Approve: g.staircase(approve), Reach: g.staircase(reach)}
	n.Counts.Calls = [2]int64{g.Total().N(), g.Total().N()}
	n.Counts.Actions[dataset.Approve] = n.Approve.Approved
	n.Counts.Actions[middle] = less(n.Reach.Approved, n.Approve.Approved)
	n.Counts.Actions[p.otherwise()] = less(g.Total(), n.Reach.Approved)
	n.Value = maximize.Of(n.Counts)
	return n, nil
}

func nested(approve, reach []int) bool {
	for i := 1; i < len(approve); i++ {
		if approve[i] < reach[i] {
			return false
		}
	}
	return true
}

// A coupled search is descend for two staircases at once, the approved one nowhere below the other. Remembering every choice
// would take two gigabytes on the full grid: so it keeps the states before each block of rows, and searches a block again
// when it follows the choices there.
type coupled struct {
	*Grid
	lines   [2][2]*line // of the approved region and of the reach: this row and the one beyond
	top     int
	pairs   []pair
	best    []step      // scratch: for each reach, the best pair with a lower approve
	kept    [][]pair    // by block: the pairs of the row beyond it
	choices [][]heights // by row of the block at hand and pair: where to go on
}

// A pair is a state: the best of the rows from one on, given both heights there. order is unsigned because the sum of two
// staircases' orders takes all 64 bits.
type pair struct {
	worth int64
	order uint64
}

// heights are positions, reach <= approve.
type heights struct{ approve, reach uint16 }

// place returns where a pair of heights is kept.
func (h heights) place() int { return int(h.approve)*(int(h.approve)-1)/2 + int(h.reach) - 1 }

// A step is a pair to go to; without heights it leads nowhere.
type step struct {
	pair
	heights
}

// better prefers, of equals, the higher approve and then the higher reach.
func (a *step) better(b *step) bool {
	switch {
	case a.approve == 0 || b.approve == 0:
		return a.approve > b.approve
	case a.worth != b.worth:
		return a.worth > b.worth
	case a.order != b.order:
		return a.order < b.order
	case a.approve != b.approve:
		return a.approve > b.approve
	}
	return a.reach > b.reach
}

// block is how many rows are searched again at once.
const block = 64

func newCoupled(g *Grid, inner, outer Weights) *coupled {
	top := len(g.onboardings) + 1
	c := &coupled{Grid: g, top: top, pairs: make([]pair, top*(top+1)/2), best: make([]step, top+1)}
	for k, w := range []Weights{inner, outer} {
		c.lines[k] = [2]*line{g.newLine(w), g.newLine(w)}
	}
	for range min(block, len(g.sessions)+1) {
		c.choices = append(c.choices, make([]heights, len(c.pairs)))
	}
	c.kept = make([][]pair, len(g.sessions)/block+1)
	return c
}

func (c *coupled) search() (approve, reach []int) {
	rows := len(c.sessions)
	for b := len(c.kept) - 1; b >= 0; b-- {
		c.kept[b] = append([]pair(nil), c.pairs...)
		c.rows(b)
	}
	approve, reach = make([]int, rows+1), make([]int, rows+1)
	now := c.start()
	for i := 1; i <= rows; i++ {
		if i%block == 0 {
			c.pairs = c.kept[i/block]
			c.rows(i / block)
		}
		approve[i], reach[i] = int(now.approve), int(now.reach)
		now = c.choices[i%block][now.place()]
	}
	return approve, reach
}

// rows adds the rows of a block, the most trusted first.
func (c *coupled) rows(b int) {
	for i := min(len(c.sessions), b*block+block-1); i >= max(1, b*block); i-- {
		c.row(i)
	}
}

// row adds a row. From each pair of heights the rows beyond go on at the same heights or, one step later each, at the best
// lower approve, at the best lower reach, or at the best of both lower.
func (c *coupled) row(i int) {
	inner, outer := c.column(0, i), c.column(1, i)
	ties, beyond := c.ties[i*c.stride:], c.ties[(i+1)*c.stride:]
	clear(c.best)
	at := 0
	for a := 1; a <= c.top; a++ {
		var reachLower, bothLower step
		for r := 1; r <= a; r++ {
			stay := step{c.pairs[at], heights{uint16(a), uint16(r)}}
			to := stay
			to.try(&reachLower, 1)
			to.try(&c.best[r], 1)
			to.try(&bothLower, 2)
			c.choices[i%block][at] = to.heights
			if c.best[r].better(&bothLower) {
				bothLower = c.best[r]
			}
			if stay.better(&reachLower) {
				reachLower = stay
			}
			if stay.better(&c.best[r]) {
				c.best[r] = stay
			}
			c.pairs[at] = pair{to.worth + inner[a] + outer[r], to.order + uint64(ties[a]-beyond[a]) + uint64(ties[r]-beyond[r])}
			at++
		}
	}
}

// try goes to another pair instead if that is better, so many steps counted.
func (a *step) try(b *step, steps uint64) {
	if b.approve == 0 {
		return
	}
	c := *b
	c.order += steps * tieStep
	if c.better(a) {
		*a = step{c.pair, b.heights}
	}
}

// column returns what row i is worth to a staircase at each height.
func (c *coupled) column(k, i int) []int64 {
	l := c.lines[k]
	this := l[0].fill(i*c.stride, i*c.stride+c.top+1)
	for h, n := range l[1].fill((i+1)*c.stride, (i+1)*c.stride+c.top+1) {
		this[h] -= n
	}
	return this
}

// start returns the best heights of the first row, each below the top a step.
func (c *coupled) start() heights {
	var best step
	at := 0
	for a := 1; a <= c.top; a++ {
		for r := 1; r <= a; r++ {
			s := step{c.pairs[at], heights{uint16(a), uint16(r)}}
			if a < c.top {
				s.order += tieStep
			}
			if r < c.top {
				s.order += tieStep
			}
			if s.better(&best) {
				best = s
			}
			at++
		}
	}
	return best.heights
}
