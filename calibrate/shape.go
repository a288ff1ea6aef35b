package calibrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// recommendedName is the name of every policy that a search makes.
const recommendedName = "recommended"

// A mould turns shapes that searches find into policies: what the shape does not say, the base says.
type mould struct {
	base      *replay.Policy // with bands of scores
	otherwise dataset.Action
	purpose   string // the description of every policy
}

// purpose describes the policies that are searched for some goals.
func (g Goals) purpose(base *replay.Policy) string {
	var limits []string
	for _, l := range g.Limits {
		limits = append(limits, l.String())
	}
	most := "most " + string(g.Objective)
	if g.Objective == LeastCost {
		most = "least cost"
	}
	return fmt.Sprintf("Calibrated from %s for the %s with %s.", base.Name, most, strings.Join(limits, ", "))
}

// maxCorners is how many corners of a staircase a policy can hold: its five clusters have four edges between them.
const maxCorners = 4

func newMould(base *replay.Policy, g Goals) mould {
	m := mould{base: base, otherwise: g.Otherwise, purpose: g.purpose(base)}
	if m.otherwise == dataset.NoAction {
		m.otherwise = mildest(base)
	}
	return m
}

// mildest returns the mildest friction that a policy uses on clusters, block where it stops nobody.
func mildest(p *replay.Policy) dataset.Action {
	best := dataset.Block
	for _, a := range clusterActions(p) {
		if a > dataset.Monitor && a < best {
			best = a
		}
	}
	return best
}

// clusterActions returns the actions of a policy's gate and matrix, in order and each once, without those of missing answers.
func clusterActions(p *replay.Policy) []dataset.Action {
	var out []dataset.Action
	for _, c := range dataset.Clusters {
		if p.Gate[c] != replay.Next {
			out = append(out, p.Gate[c])
			continue
		}
		for _, d := range dataset.Clusters {
			out = append(out, p.Matrix[c][d])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fresh returns a copy of the base to change; rules are shared, and never changed in place.
func (m mould) fresh() *replay.Policy {
	p := *m.base
	p.Name, p.Description = recommendedName, m.purpose
	return &p
}

// staircase returns the policy that approves what is at or above one of the corners, both scores given, and stops the rest:
// as the base does where it stops it, with the otherwise action where it does not. A corner's cutoff at or below 0 is no
// cutoff. found is false where the staircase has more cutoffs than a policy can hold.
func (m mould) staircase(corners []Corner) (p *replay.Policy, found bool) {
	p = m.fresh()
	var first, second []int
	for _, c := range corners {
		first, second = append(first, c.Session), append(second, c.Onboarding)
	}
	if p.FirstBands, found = bandsAt(first, m.base.FirstBands); !found {
		return nil, false
	}
	if p.Second == "" {
		m.single(p, first)
		return p, true
	}
	if p.SecondBands, found = bandsAt(second, m.base.SecondBands); !found {
		return nil, false
	}
	approves := func(session, onboarding int) bool {
		return slices.ContainsFunc(corners, func(c Corner) bool { return session >= c.Session && onboarding >= c.Onboarding })
	}
	from, to := edgesOf(p.FirstBands), edgesOf(p.SecondBands)
	for i, c := range dataset.Clusters {
		p.Gate[c], p.Matrix[c] = replay.Next, m.absent(from[i])
		for j, d := range dataset.Clusters {
			p.Matrix[c][d] = m.action(from[i], to[j], approves(from[i], to[j]))
		}
		settleRow(p, c)
	}
	return p, true
}

// single fills the gate of a policy of one product.
func (m mould) single(p *replay.Policy, cutoffs []int) {
	from := edgesOf(p.FirstBands)
	for i, c := range dataset.Clusters {
		approve := slices.ContainsFunc(cutoffs, func(cutoff int) bool { return from[i] >= cutoff })
		p.Gate[c] = m.pick(m.base.Gate[m.base.FirstBands.Of(from[i])], approve)
	}
}

// absent returns a row of the matrix that treats a second product without a score as the base does at a first score; where
// the base decides there without asking, it is as if the first product decided alone, and never milder than the base.
func (m mould) absent(first int) (row [replay.NumRows]dataset.Action) {
	b := m.base
	c := b.FirstBands.Of(first)
	if b.Gate[c] == replay.Next {
		return b.Matrix[c]
	}
	for i := range row {
		row[i] = b.Gate[c]
	}
	return row
}

// action returns what to do at a pair of scores.
func (m mould) action(first, second int, approve bool) dataset.Action {
	b := m.base
	c := b.FirstBands.Of(first)
	now := b.Gate[c]
	if now == replay.Next {
		now = b.Matrix[c][b.SecondBands.Of(second)]
	}
	return m.pick(now, approve)
}

// pick keeps the base's action where it agrees with what is to be done.
func (m mould) pick(now dataset.Action, approve bool) dataset.Action {
	switch passes := now == dataset.Approve || now == dataset.Monitor; {
	case passes == approve:
		return now
	case approve:
		return dataset.Approve
	}
	return m.otherwise
}

// settleRow lets the gate decide a row on which the second product makes no difference, which saves its calls.
func settleRow(p *replay.Policy, c dataset.Cluster) {
	row := p.Matrix[c]
	for _, a := range row {
		if a != row[0] {
			return
		}
	}
	if slices.ContainsFunc(p.Rules, p.Late) {
		return
	}
	p.Gate[c], p.Matrix[c] = row[0], [replay.NumRows]dataset.Action{}
}

// waterfall returns the policy that blocks below a first score, approves from another up, and asks the second product in
// between.
func (m mould) waterfall(w Waterfall) (p *replay.Policy, found bool) {
	p = m.fresh()
	low, high, second := w.Block.High, w.Approve.High, w.Onboarding.High
	if p.FirstBands, found = bandsAt([]int{low, high}, m.base.FirstBands); !found {
		return nil, false
	}
	if p.SecondBands, found = bandsAt([]int{second}, m.base.SecondBands); !found {
		return nil, false
	}
	from, to := edgesOf(p.FirstBands), edgesOf(p.SecondBands)
	for i, c := range dataset.Clusters {
		p.Matrix[c] = [replay.NumRows]dataset.Action{}
		switch {
		case from[i] < low:
			p.Gate[c] = dataset.Block
		case from[i] >= high:
			p.Gate[c] = dataset.Approve
		default:
			p.Gate[c], p.Matrix[c] = replay.Next, m.absent(from[i])
			for j, d := range dataset.Clusters {
				p.Matrix[c][d] = m.action(from[i], to[j], to[j] >= second)
			}
		}
	}
	return p, true
}

// matrix returns the base with other actions for its pairs of clusters.
func (m mould) matrix(actions Matrix) *replay.Policy {
	p := m.fresh()
	for _, c := range dataset.Clusters {
		if p.Gate[c] != replay.Next {
			continue
		}
		for _, d := range dataset.Clusters {
			p.Matrix[c][d] = actions[c][d]
		}
	}
	return p
}

// bandsAt returns bands with edges at the cutoffs given, at most four within 1..1000, filled up with edges of the base and,
// where these are too near, with the nearest free scores. Cutoffs outside that range need no edge.
func bandsAt(cutoffs []int, base replay.Bands) (replay.Bands, bool) {
	var edges []int
	for _, c := range cutoffs {
		if c > 0 && c <= dataset.MaxScore && !slices.Contains(edges, c) {
			edges = append(edges, c)
		}
	}
	if len(edges) > len(base.Edges) {
		return base, false
	}
	fill := slices.Clone(base.Edges[:])
	slices.SortStableFunc(fill, func(a, b int) int { return cmp.Compare(gap(edges, b), gap(edges, a)) })
	for _, e := range fill {
		if len(edges) < len(base.Edges) && !slices.Contains(edges, e) {
			edges = append(edges, e)
		}
	}
	for e := 1; len(edges) < len(base.Edges); e++ {
		if !slices.Contains(edges, e) {
			edges = append(edges, e)
		}
	}
	slices.Sort(edges)
	return replay.Bands{Edges: [4]int(edges)}, true
}

// gap returns the distance of a score from the nearest edge.
func gap(edges []int, score int) int {
	least := dataset.MaxScore + 1
	for _, e := range edges {
		least = min(least, max(e-score, score-e))
	}
	return least
}

// banded returns the champion with bands of scores in the place of recorded clusters: those of the goals or, where they name
// none, the published table that agrees with every recorded cluster of the cube.
func banded(cube *replay.Cube, champion *replay.Policy, g Goals) (*replay.Policy, error) {
	p := *champion
	bands := [2]*replay.Bands{&p.FirstBands, &p.SecondBands}
	var open [2]bool
	for i, b := range bands {
		if b.Recorded() && (i == 0 || p.Second != "") {
			*b = g.Bands[i]
			open[i] = b.Recorded()
		}
	}
	if !open[0] && !open[1] {
		return &p, nil
	}
	piles, err := cube.Piles(champion)
	if err != nil {
		return nil, err
	}
	fits := [2][2]bool{{true, true}, {true, true}}
	tables := [2]replay.Bands{replay.Standard, replay.Quintile}
	for pile := range piles {
		for i, a := range [2]replay.Answer{pile.First, pile.Second} {
			score, found := a.State.Score()
			if !open[i] || !found || a.Cluster == dataset.NoCluster {
				continue
			}
			for t, table := range tables {
				fits[i][t] = fits[i][t] && table.Of(score) == a.Cluster
			}
		}
	}
	for i, b := range bands {
		switch product := [2]string{p.First, p.Second}[i]; {
		case !open[i]:
		case fits[i][0]:
			*b = tables[0]
		case fits[i][1]:
			*b = tables[1]
		default:
			return nil, fmt.Errorf("the champion uses the recorded clusters of %s, and neither published table has their edges: want --bands %s=LOW,REVIEW,HIGH,VERY_HIGH, which inspect prints", product, product)
		}
	}
	return &p, nil
}
