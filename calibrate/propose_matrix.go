package calibrate

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// maxLevels bounds the actions of a matrix search: monotone matrices of four are 731,808, of five 16.8 million.
const maxLevels = 4

// matrixActions returns the actions that cells may take: those of the champion's clusters, with approve and a way to stop.
func (p *proposer) matrixActions() []dataset.Action {
	out := clusterActions(p.base)
	for _, a := range []dataset.Action{dataset.Approve, p.mould.otherwise} {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	for _, spare := range []dataset.Action{dataset.Monitor, dataset.StepUp, dataset.Review} {
		if i := slices.Index(out, spare); len(out) > maxLevels && i >= 0 {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// matrices proposes, for each margin, the best matrix over the base's bands: of all monotone ones, which is exact, or with
// AnyMatrix the best action of each cell at each price.
func (p *proposer) matrices() error {
	cells, rest, err := p.matrixCells()
	if err != nil {
		return err
	}
	family := MatrixFamily{Actions: p.matrixActions(), Missing: dataset.Block}
	if p.AnyMatrix {
		return p.anyMatrices(cells, family)
	}
	all, err := cells.Matrices(family)
	if err != nil {
		return err
	}
	best := newBests(p, rest)
	for m, counts := range all {
		best.see(&m, counts)
	}
	for i := range best.at {
		if best.at[i].found {
			p.add(Matrices, p.matrix(best.at[i].matrix))
		}
	}
	return nil
}

// matrixCells counts the records on which the base's matrix decides, and what the base does with all others.
func (p *proposer) matrixCells() (cells *ClusterCounts, rest replay.Counts, err error) {
	if cells, err = cmp.Or(p.wide, p.grid).Clusters(p.base.FirstBands, p.base.SecondBands); err != nil {
		return nil, rest, err
	}
	onCells := replay.Counts{}
	for _, c := range dataset.Clusters {
		for _, d := range dataset.Clusters {
			if p.base.Gate[c] != replay.Next {
				cells[c][d] = replay.Tally{} // the gate decides there
				continue
			}
			addTally(&onCells, replay.Decision{Action: p.base.Matrix[c][d], Called: true}, cells[c][d])
		}
	}
	return cells, p.space.counts(p.base).Sub(onCells), nil
}

// bests keep the best matrix of each margin in one pass over all of them.
type bests struct {
	gain Form
	aims [len(margins)][]Limit
	at   [len(margins)]struct {
		found  bool
		value  int64
		matrix Matrix
	}
}

func newBests(p *proposer, rest replay.Counts) *bests {
	b := &bests{gain: p.gain}
	b.gain.Constant = p.gain.Of(rest)
	for i, margin := range margins {
		for k := range p.targets {
			t := &p.targets[k]
			aim := p.aim(t, margin)
			l := Limit{Numerator: t.num, Denominator: t.den, Num: aim.Num, Den: aim.Den}
			l.Numerator.Constant, l.Denominator.Constant = t.num.Of(rest), t.den.Of(rest)
			b.aims[i] = append(b.aims[i], l)
		}
	}
	return b
}

// see compares a matrix with the best of each margin. Margins widen, so the first that a matrix breaks ends the row for it.
func (b *bests) see(m *Matrix, c replay.Counts) {
	value := b.gain.Of(c)
	for i := range b.at {
		at := &b.at[i]
		if at.found && value <= at.value {
			continue // another margin's best may be worth less
		}
		for k := range b.aims[i] {
			if l := &b.aims[i][k]; !l.met(l.Numerator.Of(c), l.Denominator.Of(c)) {
				return
			}
		}
		at.found, at.value, at.matrix = true, value, *m
	}
}

// anyMatrices proposes for each price the matrix whose every cell has its own best action, the milder of equals.
func (p *proposer) anyMatrices(cells *ClusterCounts, family MatrixFamily) error {
	for _, margin := range [...]float64{0, 3} {
		for _, price := range priceLadder() {
			form := p.priced(price, margin)
			var m Matrix
			for _, c := range dataset.Clusters {
				for _, d := range dataset.Clusters {
					best := family.Actions[0]
					for _, a := range family.Actions[1:] {
						if form.among(a, best).times(cells[c][d]) > 0 {
							best = a
						}
					}
					m[c][d] = best
				}
			}
			p.add(Matrices, p.matrix(m))
		}
	}
	return nil
}

// notches are how far a neighbour's edge is from the champion's.
var notches = [...]int{-100, -50, -25, -10, 10, 25, 50, 100}

// neighbours proposes the base, and the base with one edge moved or one cell a notch milder or stricter.
func (p *proposer) neighbours() error {
	p.add(Neighbours, p.fresh())
	for product := range 2 {
		if product == 1 && p.base.Second == "" {
			break
		}
		for i := range p.base.FirstBands.Edges {
			for _, notch := range notches {
				if policy, found := p.moved(p.base, product, i, notch); found {
					p.add(Neighbours, policy)
				}
			}
		}
	}
	for _, c := range dataset.Clusters {
		if p.base.Gate[c] != replay.Next {
			p.cell(func(q *replay.Policy) *dataset.Action { return &q.Gate[c] })
			continue
		}
		for _, d := range dataset.Clusters {
			p.cell(func(q *replay.Policy) *dataset.Action { return &q.Matrix[c][d] })
		}
	}
	return nil
}

// moved returns a policy with one edge of one product moved by so much, where it then still stands between its neighbours.
func (p *proposer) moved(from *replay.Policy, product, edge, by int) (*replay.Policy, bool) {
	q := *from
	q.Name, q.Description = recommendedName, p.mould.purpose
	b := [...]*replay.Bands{&q.FirstBands, &q.SecondBands}[product]
	b.Edges[edge] += by
	ends := [...]int{0, b.Edges[0], b.Edges[1], b.Edges[2], b.Edges[3], dataset.MaxScore + 1}
	if ends[edge] >= b.Edges[edge] || b.Edges[edge] >= ends[edge+2] || !p.allowed(product, b.Edges[edge]) {
		return nil, false
	}
	return &q, true
}

// cell proposes the base with one of its actions a notch milder and a notch stricter, as far as this keeps it monotone.
func (p *proposer) cell(of func(*replay.Policy) *dataset.Action) {
	actions := p.matrixActions()
	at := slices.Index(actions, *of(p.base))
	for _, i := range []int{at - 1, at + 1} {
		if at < 0 || i < 0 || i >= len(actions) {
			continue
		}
		q := p.fresh()
		*of(q) = actions[i]
		if p.AnyMatrix || !isMonotone(p.base) || isMonotone(q) {
			p.add(Neighbours, q)
		}
	}
}

// isMonotone reports whether a policy treats no better cluster more harshly, as far as its matrix and its gate say.
func isMonotone(p *replay.Policy) bool {
	at := func(c, d dataset.Cluster) dataset.Action {
		if p.Gate[c] == replay.Next {
			return p.Matrix[c][d]
		}
		return p.Gate[c]
	}
	for i, c := range dataset.Clusters {
		for j, d := range dataset.Clusters {
			if i > 0 && at(c, d) > at(dataset.Clusters[i-1], d) || j > 0 && at(c, d) > at(c, dataset.Clusters[j-1]) {
				return false
			}
		}
	}
	return true
}

// edges proposes, for each margin, what the base becomes when its edges are moved one at a time, each to where it serves
// best, until none moves: the objective counts among policies within the limits, the excess over the limits elsewhere.
func (p *proposer) edges() error {
	for _, margin := range margins {
		problem := p.problem(margin)
		for i := range problem.Limits { // whole policies are counted here, not the grid's records alone
			t := &p.targets[i]
			problem.Limits[i].Numerator, problem.Limits[i].Denominator = t.num, t.den
		}
		p.add(Edges, p.descend(problem.Limits))
	}
	return nil
}

// A standing compares two policies of a coordinate search.
type standing struct {
	within bool
	excess float64 // over the limits, relative to each
	value  int64
}

func (a standing) better(b standing) bool {
	switch {
	case a.within != b.within:
		return a.within
	case !a.within && a.excess != b.excess:
		return a.excess < b.excess
	}
	return a.value > b.value
}

func (p *proposer) stand(q *replay.Policy, limits []Limit) standing {
	c := p.space.counts(q)
	s := standing{within: true, value: p.gain.Of(c)}
	for i := range limits {
		l := &limits[i]
		settled := p.targets[i].settle(c)
		k, n := l.Numerator.Of(settled), l.Denominator.Of(settled)
		if !l.met(k, n) {
			s.within = false
			if n > 0 {
				s.excess += max(0, float64(k)/float64(n)*float64(l.Den)/max(1, float64(magnitude(l.Num)))-1)
			} else {
				s.excess++
			}
		}
	}
	return s
}

// descend moves edges until a round over all of them changes nothing. Strides shorten, so that a round costs little.
func (p *proposer) descend(limits []Limit) *replay.Policy {
	at := p.fresh()
	now := p.stand(at, limits)
	for _, stride := range [...]int{64, 16, 4, 1} {
		for changed, round := true, 0; changed && round < 20; round++ {
			changed = false
			for product := range 2 {
				for edge := range at.FirstBands.Edges {
					if product == 1 && p.base.Second == "" {
						continue
					}
					for _, by := range [...]int{-4 * stride, -stride, stride, 4 * stride} {
						q, found := p.moved(at, product, edge, by)
						if !found {
							continue
						}
						if s := p.stand(q, limits); s.better(now) {
							at, now, changed = q, s, true
						}
					}
				}
			}
		}
	}
	return at
}
