package calibrate

import (
	"cmp"
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Waterfall asks onboarding only where session leaves a doubt. Below Block, or without a session score, it blocks; from
// Approve up it approves; between, it calls onboarding and approves from Onboarding up. Every cutoff is a Range of equals.
type Waterfall struct {
	Block, Approve, Onboarding Range
	// Cutoffs counts those in play: 0 blocks everybody, 1 never calls, 2 approves nobody without a call, 3 does all.
	Cutoffs int
	Value   int64
	Counts  replay.Counts
}

// A Zone is what a waterfall does where it calls and does not approve.
type Zone struct {
	// Otherwise is the action of an onboarding score below the cutoff; the zero value means block.
	Otherwise dataset.Action
	// Missing is the action where there is no onboarding score. The zero value leaves those records undecided, which is what
	// they are where production never called (STATISTICS.md, section 4).
	Missing dataset.Action
}

func (z Zone) check() error {
	if z.Otherwise >= dataset.NumActions || z.Missing >= dataset.NumActions {
		return fmt.Errorf("actions %d and %d of a call without approval, want less than %d", z.Otherwise, z.Missing, dataset.NumActions)
	}
	return nil
}

// BestWaterfall returns the waterfall with the largest value of the form, calls included. Ties: fewer cutoffs, then the
// fewest records approved by their scores, then the smallest approved part of the grid, then the higher Block, Approve and
// Onboarding.
func (g *Grid) BestWaterfall(maximize Form, zone Zone) (Waterfall, error) {
	if err := zone.check(); err != nil {
		return Waterfall{}, err
	}
	p := Problem{Maximize: maximize, Otherwise: zone.Otherwise}
	if err := p.check(g.Total()); err != nil {
		return Waterfall{}, err
	}
	zone.Otherwise = p.otherwise()
	return g.waterfall(maximize, zone, g.flow(maximize, zone)), nil
}

// Flow counts what one waterfall approves, and for how many records it calls onboarding. Every cutoff is inclusive; the zone from block
// to approve is empty where block is not below approve. It takes a few look-ups, so that a million waterfalls take milliseconds.
func (g *Grid) Flow(block, approve, onboarding int) (approved replay.Tally, called int64) {
	b := g.rows.of(max(approve, 0)) * g.stride
	a := min(g.rows.of(max(block, 0))*g.stride, b)
	c := g.columns.of(max(onboarding, 0))
	for label := range dataset.NumLabels {
		if p := g.planes[label]; p != nil {
			approved.Records[label] = p[b] + p[a+c] - p[b+c]
			called += p[a] - p[b]
		}
		if p := g.planes[dataset.NumLabels+label]; p != nil {
			approved.Amount[label] = p[b] + p[a+c] - p[b+c]
		}
	}
	return approved, called
}

// A course is a waterfall by positions, with all that ranks it.
type course struct {
	worth             int64 // over blocking everybody
	cutoffs           int
	order             int64
	block, approve, c int
}

func (a course) before(b course) bool {
	return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.cutoffs, b.cutoffs), cmp.Compare(a.order, b.order),
		cmp.Compare(b.block, a.block), cmp.Compare(b.approve, a.approve), cmp.Compare(b.c, a.c)) < 0
}

// An entry is the best start of a zone so far, for one onboarding cutoff: the worth and order of all from there up.
type entry struct {
	worth, order int64
	block        int
}

// flow finds the best course. With zone(i, c) the worth of calling everybody from row i up, a course from a to b is worth
// zone(a, c) - zone(b, c) + the approvals from b up: so the best a below each b is a running maximum.
func (g *Grid) flow(f Form, z Zone) course {
	rows, top := len(g.sessions), len(g.onboardings)+1
	best := course{block: rows + 1, approve: rows + 1, c: top}
	entries := make([]entry, top+1)
	passed := g.newLine(f.among(dataset.Approve, z.Otherwise))
	for b := 1; b <= rows+1; b++ {
		at := b * g.stride
		trusted := f.among(dataset.Approve, dataset.Block).times(g.at(b, 0))
		called := g.called(f, z, b)
		if direct := (course{trusted, 1, g.ties[at], b, b, top}); b <= rows && direct.before(best) {
			best = direct
		}
		row := passed.fill(at, at+top+1)
		for c := 1; c <= top; c++ {
			worth, order := called+row[c], g.ties[at+c]
			e := &entries[c]
			if e.block > 0 {
				via := course{trusted + e.worth - worth, 3, g.ties[at] + e.order - order, e.block, b, c}
				if b > rows {
					via.cutoffs = 2
				}
				if via.worth >= best.worth && via.before(best) {
					best = via
				}
			}
			if e.block == 0 || worth > e.worth || worth == e.worth && order <= e.order {
				*e = entry{worth, order, b}
			}
		}
	}
	return best
}

// called is what calling everybody from row i up, and approving nobody of them, is worth over blocking them.
func (g *Grid) called(f Form, z Zone, i int) int64 {
	all, scored := g.at(i, 0), g.at(i, 1)
	return f.among(z.Otherwise, dataset.Block).times(scored) + f.among(z.Missing, dataset.Block).times(less(all, scored)) + f.Calls[1]*all.N()
}

func (g *Grid) waterfall(f Form, z Zone, best course) Waterfall {
	w := Waterfall{Block: cutoffs(g.sessions, best.block), Approve: cutoffs(g.sessions, best.approve), Onboarding: Range{NoScore, NoScore}, Cutoffs: best.cutoffs}
	trusted, zone := g.at(best.approve, 0), less(g.at(best.block, 0), g.at(best.approve, 0))
	scored := less(g.at(best.block, 1), g.at(best.approve, 1))
	var passed replay.Tally
	if best.block < best.approve {
		w.Onboarding = cutoffs(g.onboardings, best.c)
		passed = less(g.at(best.block, best.c), g.at(best.approve, best.c))
	}
	add := func(a dataset.Action, t replay.Tally) { w.Counts.Actions[a] = w.Counts.Actions[a].Add(t) }
	add(dataset.Approve, trusted.Add(passed))
	add(z.Otherwise, less(scored, passed))
	add(z.Missing, less(zone, scored))
	add(dataset.Block, less(g.Total(), g.at(best.block, 0)))
	w.Counts.Calls = [2]int64{g.Total().N(), zone.N()}
	w.Value = f.Of(w.Counts)
	return w
}
