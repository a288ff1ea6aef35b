package calibrate

import (
	"cmp"
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A candidate is a pair of cutoffs and what it approves, undecided records taken as they hurt.
type candidate struct {
	at [2]int16
	stake
}

func newCandidate(first, second int, s stake) candidate {
	return candidate{[2]int16{int16(first), int16(second)}, s}
}

// samePairs returns every pair of cutoffs of one product, the first at or below the second.
func samePairs(s *sweep, p *replay.Policy, cutoffs []Cutoff) []candidate {
	var out []candidate
	at, stakes := s.cutoffs(), s.stakes()
	for i, low := range at {
		for _, high := range at[i:] {
			bands := *cutoffs[0].bands(Move(p, cutoffs, []int{low, high}))
			out = append(out, newCandidate(low, high, stakes.under(bands)))
		}
	}
	return out
}

// front keeps the candidates that no other dominates, and counts these in full. Of several that approve as many at the same
// rate, it keeps the one nearest to the policy's own cutoffs, then the one with the higher first cutoff: a cutoff that
// changes no approval may still decide between review and block, and is not to move without a reason.
func (c *StrategyCurve) front(candidates iter.Seq[candidate], counts func(at []int) (replay.Counts, replay.Open)) {
	var list []candidate
	for x := range candidates {
		c.Tried++
		if x.labeled > 0 {
			list = append(list, x)
		}
	}
	var own [2]int
	for i, cut := range c.Cutoffs {
		own[i] = cut.bands(c.Policy).Edges[cut.edge()]
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.approved, a.approved), compareRates(a.stake, b.stake), cmp.Compare(a.from(own), b.from(own)), cmp.Compare(b.at[0], a.at[0]))
	})
	for i, x := range list {
		if i == 0 || compareRates(x.stake, list[0].stake) < 0 {
			list[0] = x // the least rate so far
			at := []int{int(x.at[0]), int(x.at[1])}
			point := CurvePoint{At: at}
			point.Counts, point.Open = counts(at)
			c.Points = append(c.Points, point)
		}
	}
	slices.Reverse(c.Points)
}

// from returns how far the cutoffs are from others, both distances added up.
func (x candidate) from(own [2]int) int {
	distance := 0
	for i, at := range x.at {
		distance += max(int(at)-own[i], own[i]-int(at))
	}
	return distance
}

// pair finds the frontier of a cutoff of each of the policy's two products.
func (c *StrategyCurve) pair(cube *replay.Cube) error {
	// The first cutoff is walked in the outer loop, whichever product it belongs to.
	plane, err := newPlane(cube, c.Policy, c.Cutoffs)
	if err != nil {
		return err
	}
	space, err := NewSpace(cube, c.Policy)
	if err != nil {
		return err
	}
	c.front(plane.candidates(), func(at []int) (replay.Counts, replay.Open) { return space.counted(Move(c.Policy, c.Cutoffs, at)) })
	return nil
}

// A plane counts what a policy approves under any pair of cutoffs of its two products. Records with both scores are held by
// what the policy would approve of them: a bit for each pair of clusters, which depends on the rules that fired alone.
type plane struct {
	policy  *replay.Policy
	cutoffs []Cutoff
	// Those of the first cutoff's product are rows, those of the other one columns.
	rows, columns *sweep // of the records with one of the two scores, the fixed ones in rows
	rowScores     []int
	columnScores  []int
	rowAt         axisPlaces
	columnAt      axisPlaces
	layers        []planeLayer
}

type planeLayer struct {
	approves [5]uint8 // by the row's cluster, a bit for each of the column's clusters
	// below[label] has a line of columns for each row and one more: the records in rows before it.
	below [dataset.NumLabels][]int32
}

func newPlane(cube *replay.Cube, p *replay.Policy, cutoffs []Cutoff) (*plane, error) {
	pl := &plane{policy: p, cutoffs: cutoffs}
	rowFirst := cutoffs[0].Product == p.First
	scores := func(pile replay.Pile) (row, column int, r, c bool) {
		row, r = pile.First.State.Score()
		column, c = pile.Second.State.Score()
		if !rowFirst {
			return column, row, c, r
		}
		return row, column, r, c
	}
	var err error
	if pl.rows, err = newSweep(cube, p, cutoffs[0], func(pile replay.Pile) bool { _, _, _, c := scores(pile); return !c }); err != nil {
		return nil, err
	}
	if pl.columns, err = newSweep(cube, p, cutoffs[1], func(pile replay.Pile) bool { _, _, r, c := scores(pile); return c && !r }); err != nil {
		return nil, err
	}
	piles, err := cube.Piles(p)
	if err != nil {
		return nil, err
	}
	var seen [2][dataset.MaxScore + 1]bool
	for pile := range piles {
		row, column, r, c := scores(pile)
		seen[0][row] = seen[0][row] || r
		seen[1][column] = seen[1][column] || c
	}
	pl.rowScores, pl.columnScores = distinct(&seen[0]), distinct(&seen[1])
	pl.rowAt, pl.columnAt = placesOf(pl.rowScores), placesOf(pl.columnScores)
	masks := map[uint64][5]uint8{}
	for pile := range piles {
		row, column, r, c := scores(pile)
		if !r || !c {
			continue
		}
		mask, found := masks[pile.Fired]
		if !found {
			mask = pl.mask(pile.Fired, rowFirst)
			masks[pile.Fired] = mask
		}
		if mask == ([5]uint8{}) {
			continue // never approved
		}
		pl.layer(mask).below[pile.Label][pl.rowAt.of(row)*len(pl.columnScores)+pl.columnAt.of(column)-1] += int32(pile.Records)
	}
	pl.sum()
	return pl, nil
}

// mask asks the policy about each pair of clusters.
func (p *plane) mask(fired uint64, rowFirst bool) (out [5]uint8) {
	probed := *p.policy
	probed.FirstBands, probed.SecondBands = probe, probe
	for r := range out {
		for c := range out {
			first, second := withScore(r), withScore(c)
			if !rowFirst {
				first, second = second, first
			}
			if isApproved(probed.Decide(replay.Case{First: first, Second: second, Fired: fired}).Action) {
				out[r] |= 1 << c
			}
		}
	}
	return out
}

// layer returns the layer of a mask.
func (p *plane) layer(mask [5]uint8) *planeLayer {
	for i := range p.layers {
		if p.layers[i].approves == mask {
			return &p.layers[i]
		}
	}
	l := planeLayer{approves: mask}
	for label := range l.below {
		l.below[label] = make([]int32, (len(p.rowScores)+1)*len(p.columnScores))
	}
	p.layers = append(p.layers, l)
	return &p.layers[len(p.layers)-1]
}

func (p *plane) sum() {
	width := len(p.columnScores)
	for _, l := range p.layers {
		for _, b := range l.below {
			for i := width; i < len(b); i++ {
				b[i] += b[i-width]
			}
		}
	}
}

// candidates yields every pair of distinct cutoffs.
func (p *plane) candidates() iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		columnsAt := append(slices.Clone(p.columnScores), dataset.MaxScore+1)
		columnEdges := make([][dataset.NumClusters]int, len(columnsAt))
		aside, rows, columns := make([]stake, len(columnsAt)), p.rows.stakes(), p.columns.stakes()
		for j, at := range columnsAt {
			b := *p.cutoffs[1].bands(Move(p.policy, p.cutoffs[1:], []int{at}))
			aside[j] = columns.under(b)
			for k, e := range edgesOf(b) {
				columnEdges[j][k] = p.columnAt.of(e) - 1
			}
		}
		line := newPlaneLine(len(p.columnScores))
		for _, at := range append(slices.Clone(p.rowScores), dataset.MaxScore+1) {
			b := *p.cutoffs[0].bands(Move(p.policy, p.cutoffs[:1], []int{at}))
			p.fill(line, edgesOf(b))
			here := rows.under(b)
			for j, column := range columnsAt {
				s := here.plus(aside[j])
				for c := range line.upTo {
					from, to := columnEdges[j][c], columnEdges[j][c+1]
					between := func(l dataset.Label) int64 { return line.upTo[c][l][to] - line.upTo[c][l][from] }
					legit, fraud := between(dataset.Legit), between(dataset.Fraud)
					s = s.plus(stake{between(dataset.Unlabeled) + legit + fraud, legit + fraud, fraud})
				}
				if !yield(newCandidate(at, column, s)) {
					return
				}
			}
		}
	}
}

// A planeLine holds what is approved at one row's cutoff, for each cluster that a column may be in: sums over the columns
// before each place.
type planeLine struct {
	upTo [5][dataset.NumLabels][]int64
}

func newPlaneLine(columns int) *planeLine {
	l := &planeLine{}
	for c := range l.upTo {
		for label := range l.upTo[c] {
			l.upTo[c][label] = make([]int64, columns+1)
		}
	}
	return l
}

// fill counts the records of every column under the rows' edges.
func (p *plane) fill(line *planeLine, edges [dataset.NumClusters]int) {
	width := len(p.columnScores)
	for c := range line.upTo {
		for label := range line.upTo[c] {
			clear(line.upTo[c][label])
		}
	}
	for _, l := range p.layers {
		for r, approves := range l.approves {
			from, to := p.rowAt.of(edges[r])-1, p.rowAt.of(edges[r+1])-1
			if from >= to || approves == 0 {
				continue
			}
			for label, below := range l.below {
				low, high := below[from*width:(from+1)*width], below[to*width:(to+1)*width]
				for c := range line.upTo {
					if approves>>c&1 == 0 {
						continue
					}
					out := line.upTo[c][label][1:]
					for j := range low {
						out[j] += int64(high[j] - low[j])
					}
				}
			}
		}
	}
	for c := range line.upTo {
		for label := range line.upTo[c] {
			sums := line.upTo[c][label]
			for j := 1; j < len(sums); j++ {
				sums[j] += sums[j-1]
			}
		}
	}
}
