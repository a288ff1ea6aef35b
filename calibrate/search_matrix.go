package calibrate

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// ClusterCounts counts the records of each pair of clusters, session first; NoCluster is the row and column "missing".
type ClusterCounts [dataset.NumClusters][dataset.NumClusters]replay.Tally

// Clusters counts a grid by bands of its scores. Recorded clusters are not in a grid: fill a ClusterCounts from a replay's
// Result.Cells instead.
func (g *Grid) Clusters(session, onboarding replay.Bands) (*ClusterCounts, error) {
	if session.Recorded() || onboarding.Recorded() {
		return nil, fmt.Errorf("a grid of scores holds no recorded clusters, want bands of scores")
	}
	var out ClusterCounts
	for _, i := range dataset.Clusters {
		for _, j := range dataset.Clusters {
			s, o := edges(session, i), edges(onboarding, j)
			out[i][j] = less(g.Approved(s[0], o[0]).Add(g.Approved(s[1], o[1])), g.Approved(s[1], o[0]).Add(g.Approved(s[0], o[1])))
		}
		s, o := edges(session, i), edges(onboarding, i)
		out[i][0] = less(less(g.Approved(s[0], NoScore), g.Approved(s[1], NoScore)), less(g.Approved(s[0], 0), g.Approved(s[1], 0)))
		out[0][i] = less(less(g.Approved(NoScore, o[0]), g.Approved(NoScore, o[1])), less(g.Approved(0, o[0]), g.Approved(0, o[1])))
	}
	out[0][0] = less(g.Total().Add(g.Approved(0, 0)), g.Approved(0, NoScore).Add(g.Approved(NoScore, 0)))
	return &out, nil
}

// edges returns the lower edge of a cluster and that of the next better one.
func edges(b replay.Bands, c dataset.Cluster) [2]int {
	all := [...]int{0, b.Edges[0], b.Edges[1], b.Edges[2], b.Edges[3], dataset.MaxScore + 1}
	return [2]int{all[c-1], all[c]}
}

// Total counts every record.
func (c *ClusterCounts) Total() (t replay.Tally) {
	for i := range c {
		for j := range c[i] {
			t = t.Add(c[i][j])
		}
	}
	return t
}

// A Matrix is an action for each pair of clusters, in the layout of replay.Policy.Matrix.
type Matrix = [dataset.NumClusters][dataset.NumClusters]dataset.Action

// A MatrixFamily is all matrices that give each pair of clusters one of the actions and never treat a better cluster more
// harshly.
type MatrixFamily struct {
	// Actions are the two to five actions to choose from, in any order, each once.
	Actions []dataset.Action
	// Missing is the action of records that lack a cluster. The zero value leaves them undecided.
	Missing dataset.Action
}

func (f MatrixFamily) check() error {
	if len(f.Actions) < 2 || len(f.Actions) > len(dataset.Actions) {
		return fmt.Errorf("%d actions to choose from, want 2 to %d", len(f.Actions), len(dataset.Actions))
	}
	for i, a := range f.Actions {
		if a == dataset.NoAction || a >= dataset.NumActions || slices.Contains(f.Actions[:i], a) {
			return fmt.Errorf("action %d to choose from, want each of approve, monitor, step_up, review and block at most once", a)
		}
	}
	if f.Missing >= dataset.NumActions {
		return fmt.Errorf("action %d of missing clusters, want less than %d", f.Missing, dataset.NumActions)
	}
	return nil
}

// Matrices yields every matrix of a family and what it does, the strictest first and then in the order of their cells from
// the worst clusters up: 252, 19,404 or 731,808 of two, three or four actions, which is MacMahon's count of the plane
// partitions in a box of 5 x 5 x 1, 2 or 3. Both products count as called on every record.
func (c *ClusterCounts) Matrices(f MatrixFamily) (iter.Seq2[Matrix, replay.Counts], error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return func(yield func(Matrix, replay.Counts) bool) {
		w := newMatrixWalk(c, f)
		w.walk(0, 0, w.base, yield)
	}, nil
}

const numGrades = dataset.NumClusters - 1 // clusters without "missing"

// A word is one row of a matrix: a level for each second cluster, 0 for the strictest action, never falling.
type word [numGrades]uint8

// A matrixWalk builds matrices row by row: each is a chain of words, none below the one before it in any place.
type matrixWalk struct {
	levels []dataset.Action // strictest first
	words  []word           // in lexicographic order
	above  [][]int          // for each word the words nowhere below it, itself included
	rows   [numGrades][][]replay.Tally
	matrix Matrix
	base   replay.Counts
}

func newMatrixWalk(c *ClusterCounts, f MatrixFamily) *matrixWalk {
	w := &matrixWalk{levels: slices.Clone(f.Actions)}
	slices.SortFunc(w.levels, func(a, b dataset.Action) int { return cmp.Compare(b, a) })
	w.words = words(len(w.levels))
	for _, low := range w.words {
		var above []int
		for k, high := range w.words {
			if low.within(high) {
				above = append(above, k)
			}
		}
		w.above = append(w.above, above)
	}
	for i := range w.rows {
		for _, word := range w.words {
			tallies := make([]replay.Tally, len(w.levels))
			for j, level := range word {
				tallies[level] = tallies[level].Add(c[i+1][j+1])
			}
			w.rows[i] = append(w.rows[i], tallies)
		}
	}
	total := c.Total()
	w.base.Calls = [2]int64{total.N(), total.N()}
	for i := range dataset.NumClusters {
		w.matrix[0][i], w.matrix[i][0] = f.Missing, f.Missing
		w.base.Actions[f.Missing] = w.base.Actions[f.Missing].Add(c[0][i])
		if i > 0 {
			w.base.Actions[f.Missing] = w.base.Actions[f.Missing].Add(c[i][0])
		}
	}
	return w
}

// words lists the rows of so many levels, in lexicographic order.
func words(levels int) (out []word) {
	var w word
	var grow func(at, least int)
	grow = func(at, least int) {
		if at == len(w) {
			out = append(out, w)
			return
		}
		for level := least; level < levels; level++ {
			w[at] = uint8(level)
			grow(at+1, level)
		}
	}
	grow(0, 0)
	return out
}

func (w word) within(v word) bool {
	for i := range w {
		if w[i] > v[i] {
			return false
		}
	}
	return true
}

// walk chooses the words of the rows from row on; last is the word of the row before, word 0 being the least of all.
func (w *matrixWalk) walk(row, last int, counts replay.Counts, yield func(Matrix, replay.Counts) bool) bool {
	if row == numGrades {
		return yield(w.matrix, counts)
	}
	for _, k := range w.above[last] {
		next := counts
		for level, tally := range w.rows[row][k] {
			a := &next.Actions[w.levels[level]]
			*a = a.Add(tally)
		}
		for j, level := range w.words[k] {
			w.matrix[row+1][j+1] = w.levels[level]
		}
		if !w.walk(row+1, k, next, yield) {
			return false
		}
	}
	return true
}

// MatrixOutcome is the best matrix.
type MatrixOutcome struct {
	Outcome
	Matrix Matrix
	// Steps adds up the corners of the regions "at least this lenient", one for each action but the strictest: how many
	// sentences the table takes to say.
	Steps int
}

// BestMatrix tries every matrix of a family. Problem.Otherwise is not used. Ties: fewer steps, then the stricter by records,
// then by cells, then the stricter at the first cell that differs, from the worst clusters up.
func (c *ClusterCounts) BestMatrix(p Problem, f MatrixFamily) (MatrixOutcome, error) {
	if err := p.check(c.Total()); err != nil {
		return MatrixOutcome{}, err
	}
	matrices, err := c.Matrices(f)
	if err != nil {
		return MatrixOutcome{}, err
	}
	var out MatrixOutcome
	var best rank
	met := make([]int64, len(p.Limits))
	for m, counts := range matrices {
		out.Tried++
		if !p.within(&counts, met) {
			continue
		}
		out.Feasible++
		v := p.Maximize.Of(counts)
		if out.Feasible > 1 && v < out.Value {
			continue
		}
		r := f.rank(c, &m)
		switch {
		case out.Feasible == 1 || v > out.Value:
			out.Tied = 1
		default:
			if out.Tied++; !r.before(best) {
				continue
			}
		}
		out.Value, out.Counts, out.Matrix, out.Steps, best = v, counts, m, r.steps, r
	}
	if out.Feasible == 0 {
		out.Infeasible = p.infeasible("monotone matrices", out.Tried, met)
	}
	return out, nil
}

// within reports whether counts meet all limits, and counts for each how often it was met.
func (p *Problem) within(c *replay.Counts, met []int64) bool {
	all := true
	for k := range p.Limits {
		l := &p.Limits[k]
		if l.met(l.Numerator.Of(*c), l.Denominator.Of(*c)) {
			met[k]++
		} else {
			all = false
		}
	}
	return all
}

// A rank orders matrices of equal worth. Records and cells count once for each level above the strictest action.
type rank struct {
	steps          int
	records, cells int64
}

func (r rank) before(s rank) bool {
	return cmp.Or(cmp.Compare(r.steps, s.steps), cmp.Compare(r.records, s.records), cmp.Compare(r.cells, s.cells)) < 0
}

func (f MatrixFamily) rank(c *ClusterCounts, m *Matrix) (r rank) {
	var level [dataset.NumActions]int // of each action: how many of the family are stricter
	for _, a := range f.Actions {
		for _, stricter := range f.Actions {
			if stricter > a {
				level[a]++
			}
		}
	}
	var begin [dataset.NumActions]int // of each level: the first second cluster that is at least there, in the row before
	for l := range begin {
		begin[l] = dataset.NumClusters
	}
	for i := 1; i < len(m); i++ {
		reached := 0
		for j := 1; j < len(m[i]); j++ {
			l := level[m[i][j]]
			r.records += int64(l) * c[i][j].N()
			r.cells += int64(l)
			for ; reached < l; reached++ {
				if begin[reached+1] != j {
					begin[reached+1] = j
					r.steps++
				}
			}
		}
	}
	return r
}
