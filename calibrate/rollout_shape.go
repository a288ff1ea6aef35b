package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// byShape leads to a policy of another shape, of which edges alone make none: the champion is loosened, then tightened as far
// as its edges go, and the rest of the way is the recommendation's, which begins as near as its own edges allow.
func (w *wayfinder) byShape() []leg {
	loose := shiftedTo(w.champion, Loosens, w.recommended)
	tight := shiftedTo(loose, Tightens, w.recommended)
	near := shiftedTo(w.recommended, Loosens, tight)
	jump := leg{from: tight, to: near, change: changeOf(tight, near), parts: 1}
	return []leg{edgeLeg(w.champion, loose), edgeLeg(loose, tight), jump, edgeLeg(near, w.recommended)}
}

// shiftedTo returns a policy with lower edges, to loosen it, or with higher ones, to tighten it: moved as far as it stays
// between itself and another policy everywhere, all edges together first, then each alone.
func shiftedTo(p *replay.Policy, change Change, other *replay.Policy) *replay.Policy {
	sign := 1
	if change == Loosens {
		sign = -1
	}
	start := p
	// furthest shifts p by the largest number 1..most that is allowed, as far as halving finds it.
	furthest := func(most int, shift func(by int) *replay.Policy) {
		low, high := 0, most+1
		for high-low > 1 {
			middle := (low + high) / 2
			if q := shift(middle); change.holds(p, q) && between(q, start, other) {
				low = middle
			} else {
				high = middle
			}
		}
		if q := shift(low); low > 0 && changeOf(p, q) == change {
			p = q
		}
	}
	at := p
	furthest(dataset.MaxScore, func(by int) *replay.Policy {
		return withEdges(at, func(product, i int) int {
			if b := bandsOf(at, product); !b.Recorded() {
				return shifted(b, sign*by).Edges[i]
			}
			return 0
		})
	})
	for product := range 2 {
		for n := range p.FirstBands.Edges {
			i := n
			if change == Tightens {
				i = len(p.FirstBands.Edges) - 1 - n // from above, so that those below find room
			}
			at := p
			furthest(room(bandsOf(at, product), i, change), func(by int) *replay.Policy {
				return withEdges(at, func(q, j int) int {
					if q == product && j == i {
						return edge(at, q, j) + sign*by
					}
					return edge(at, q, j)
				})
			})
		}
	}
	return settled(p, start)
}

// settled puts the edges of a policy that make no difference back to where they are in another.
func settled(p, like *replay.Policy) *replay.Policy {
	for product := range 2 {
		for i := range p.FirstBands.Edges {
			q := withEdges(p, func(k, j int) int {
				if k == product && j == i {
					return edge(like, k, j)
				}
				return edge(p, k, j)
			})
			if e := bandsOf(q, product).Edges; slices.IsSorted(e[:]) && len(slices.Compact(e[:])) == len(e) && changeOf(p, q) == Same {
				p = q
			}
		}
	}
	return p
}

// room returns how far an edge can move before it meets the next.
func room(b replay.Bands, i int, change Change) int {
	if b.Recorded() {
		return 0
	}
	edges := edgesOf(b) // from 0 to one above the highest score
	if change == Loosens {
		return edges[i+1] - edges[i] - 1
	}
	return edges[i+2] - edges[i+1] - 1
}

func bandsOf(p *replay.Policy, product int) replay.Bands {
	return [...]replay.Bands{p.FirstBands, p.SecondBands}[product]
}
