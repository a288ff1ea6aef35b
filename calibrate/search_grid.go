package calibrate

import (
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// NoScore stands for an answer without a score in a [ScoreCell], and for "not read" in a cutoff: score >= NoScore holds for
// every record, without a score too.
const NoScore = -1

// maxRecords bounds what a grid holds, so that the order of ties fits in one word (see the tie constants).
const maxRecords = math.MaxInt32

// A ScoreCell counts the records that share both scores and a label.
type ScoreCell struct {
	// Session and Onboarding are scores 0..1000, or NoScore.
	Session, Onboarding int
	Label               dataset.Label
	// N counts records and Amount adds up their minor units; neither is negative.
	N, Amount int64
}

// A Grid holds the counts of a history by session score x onboarding score, as sums of everything at or above a pair of
// scores: what a pair of cutoffs approves is one look-up. Its axes are the distinct scores of the history, at most 1,001
// each, because no policy can tell cutoffs apart that lie between the same two scores. Records without a score keep a row
// and a column of their own: they are on the untrusted side of every cutoff that is read. A Grid is immutable.
type Grid struct {
	sessions, onboardings []int // distinct scores, rising
	rows, columns         axisPlaces
	stride                int
	// planes are sums over positions at or above (i, j), by label: records first, then amounts; nil where all are zero.
	// Position 0 is NoScore, 1.. are the distinct scores, the last holds nothing.
	planes [2 * dataset.NumLabels][]int64
	// ties are the sums of what orders equals: records << tieRecords, plus the positions with two scores.
	ties []int64
}

// Staircases of equal worth are ordered by one word: steps first, then approved records, then approved positions. The
// widths hold twice the largest grid, for the two staircases of three nested regions.
const (
	tieRecords = 21
	tieStep    = 1 << 53
)

// NewGrid counts cells, which may come in any order and repeat.
func NewGrid(cells []ScoreCell) (*Grid, error) {
	g := &Grid{}
	var seen [2][dataset.MaxScore + 1]bool
	var total replay.Tally
	for _, c := range cells {
		if err := c.check(); err != nil {
			return nil, err
		}
		if total.Records[c.Label] += min(c.N, maxRecords+1); total.N() > maxRecords {
			return nil, fmt.Errorf("more than %s records, want at most that many in one grid", count(maxRecords))
		}
		if total.Amount[c.Label] += c.Amount; total.Amount[c.Label] < 0 || total.Value() < 0 {
			return nil, fmt.Errorf("the amounts of the grid add up to more than %d minor units", int64(math.MaxInt64))
		}
		for axis, score := range [2]int{c.Session, c.Onboarding} {
			if score != NoScore && c.N > 0 {
				seen[axis][score] = true
			}
		}
	}
	g.sessions, g.onboardings = distinct(&seen[0]), distinct(&seen[1])
	g.rows, g.columns = placesOf(g.sessions), placesOf(g.onboardings)
	g.stride = len(g.onboardings) + 2
	for label := range dataset.NumLabels {
		if total.Records[label] > 0 {
			g.planes[label] = g.plane()
		}
		if total.Amount[label] > 0 {
			g.planes[dataset.NumLabels+label] = g.plane()
		}
	}
	g.fill(cells)
	return g, nil
}

func (c ScoreCell) check() error {
	for _, s := range [2]struct {
		name  string
		score int
	}{{"session", c.Session}, {"onboarding", c.Onboarding}} {
		if s.score != NoScore && (s.score < 0 || s.score > dataset.MaxScore) {
			return fmt.Errorf("%s score %d, want 0..%d, or %d for none", s.name, s.score, dataset.MaxScore, NoScore)
		}
	}
	switch {
	case c.Label >= dataset.NumLabels:
		return fmt.Errorf("label %d, want less than %d", c.Label, dataset.NumLabels)
	case c.N < 0 || c.Amount < 0:
		return fmt.Errorf("%d records of amount %d, want neither below 0", c.N, c.Amount)
	case c.N == 0 && c.Amount != 0:
		return fmt.Errorf("amount %d of no records", c.Amount)
	}
	return nil
}

func distinct(seen *[dataset.MaxScore + 1]bool) []int {
	var out []int
	for score, found := range seen {
		if found {
			out = append(out, score)
		}
	}
	return out
}

func (g *Grid) plane() []int64 { return make([]int64, (len(g.sessions)+2)*g.stride) }

// fill adds the cells up and then sums every plane from its last row and column.
func (g *Grid) fill(cells []ScoreCell) {
	g.ties = g.plane()
	for _, c := range cells {
		if c.N == 0 {
			continue
		}
		at := g.rows.of(c.Session)*g.stride + g.columns.of(c.Onboarding)
		g.planes[c.Label][at] += c.N
		if c.Amount > 0 {
			g.planes[dataset.NumLabels+c.Label][at] += c.Amount
		}
		g.ties[at] += c.N << tieRecords
	}
	for i := 1; i <= len(g.sessions); i++ {
		for j := 1; j <= len(g.onboardings); j++ {
			g.ties[i*g.stride+j]++
		}
	}
	for _, p := range g.planes {
		g.sum(p)
	}
	g.sum(g.ties)
}

// axisPlaces tell, by cutoff + 1 from NoScore up to one above the highest score, the first position of an axis that the cutoff trusts:
// 0 for NoScore, which is not read.
type axisPlaces [dataset.MaxScore + 3]int32

func placesOf(scores []int) (at axisPlaces) {
	next := 0
	for cutoff := range dataset.MaxScore + 2 {
		for next < len(scores) && scores[next] < cutoff {
			next++
		}
		at[cutoff+1] = int32(next + 1)
	}
	return at
}

// of returns the position of a cutoff, however low or high it is, and of a score of the axis.
func (a *axisPlaces) of(cutoff int) int {
	return int(a[min(max(cutoff, NoScore), dataset.MaxScore+1)+1])
}

func (g *Grid) sum(p []int64) {
	for at := len(p) - g.stride - 2; at >= 0; at-- {
		if at%g.stride == g.stride-1 {
			continue
		}
		p[at] += p[at+1] + p[at+g.stride] - p[at+g.stride+1]
	}
}

// Sessions and Onboardings return the distinct scores of the history, rising.
func (g *Grid) Sessions() []int    { return slices.Clone(g.sessions) }
func (g *Grid) Onboardings() []int { return slices.Clone(g.onboardings) }

// Total counts every record of the grid, scored or not.
func (g *Grid) Total() replay.Tally { return g.at(0, 0) }

// Approved counts the records with session score >= session and onboarding score >= onboarding. A cutoff of NoScore is not
// read: records without that score count too. A cutoff above every score approves nobody.
func (g *Grid) Approved(session, onboarding int) replay.Tally {
	return g.at(g.rows.of(session), g.columns.of(onboarding))
}

func (g *Grid) at(i, j int) (t replay.Tally) {
	for label := range dataset.NumLabels {
		if p := g.planes[label]; p != nil {
			t.Records[label] = p[i*g.stride+j]
		}
		if p := g.planes[dataset.NumLabels+label]; p != nil {
			t.Amount[label] = p[i*g.stride+j]
		}
	}
	return t
}

// surface returns the sums of weighted counts, in the layout of the planes.
func (g *Grid) surface(w Weights) []int64 {
	out := g.plane()
	l := g.newLine(w)
	for at := 0; at < len(out); at += g.stride {
		l.row = out[at : at+g.stride]
		l.fill(at, at+g.stride)
	}
	return out
}

// A line evaluates weighted counts over a run of positions: a constant, and a weight for each plane that counts.
type line struct {
	constant int64
	weights  []int64
	planes   [][]int64
	row      []int64
}

func (g *Grid) newLine(w Weights) *line {
	l := &line{row: make([]int64, g.stride)}
	for k, p := range g.planes {
		if p != nil && w.of(k) != 0 {
			l.weights, l.planes = append(l.weights, w.of(k)), append(l.planes, p)
		}
	}
	return l
}

// fill evaluates positions from..to-1 of the planes and returns the row that it reuses. Two planes, labels most often, take
// one pass.
func (l *line) fill(from, to int) []int64 {
	row := l.row[:to-from]
	k := 0
	if len(l.planes) >= 2 {
		k = 2
		v, w := l.weights[0], l.weights[1]
		a, b := l.planes[0][from:to], l.planes[1][from:to]
		a, b = a[:len(row)], b[:len(row)]
		for x := range row {
			row[x] = l.constant + v*a[x] + w*b[x]
		}
	} else {
		for x := range row {
			row[x] = l.constant
		}
	}
	for ; k < len(l.planes); k++ {
		weight := l.weights[k]
		for x, n := range l.planes[k][from:to] {
			row[x] += weight * n
		}
	}
	return row
}

// less returns t without u, a part of it.
func less(t, u replay.Tally) replay.Tally {
	for i := range t.Records {
		t.Records[i] -= u.Records[i]
		t.Amount[i] -= u.Amount[i]
	}
	return t
}
