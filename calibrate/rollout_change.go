package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Change is what one policy does to records otherwise than another, whatever the records are.
type Change string

const (
	Same     Change = "same"     // both decide alike
	Loosens  Change = "loosens"  // some records get a milder action, none a harsher one
	Tightens Change = "tightens" // some records get a harsher action, none a milder one
	Mixed    Change = "mixed"    // some records get a milder action, others a harsher one
)

// holds reports whether the change from a policy to another is this one or none; every change is Mixed.
func (c Change) holds(from, to *replay.Policy) bool {
	change := changeOf(from, to)
	return c == Mixed || change == Same || change == c
}

// changeOf compares two policies of the same products and rules on everything that they can tell apart.
func changeOf(from, to *replay.Policy) Change {
	milder, harsher := false, false
	for _, c := range casesOf(from, to) {
		a, b := from.Decide(c).Action, to.Decide(c).Action
		milder, harsher = milder || b < a, harsher || b > a
	}
	switch {
	case milder && harsher:
		return Mixed
	case milder:
		return Loosens
	case harsher:
		return Tightens
	}
	return Same
}

// between reports whether a policy treats nothing more mildly than the milder of two others, nor more harshly than the harsher.
func between(p, a, b *replay.Policy) bool {
	return !slices.ContainsFunc(casesOf(p, a, b), func(c replay.Case) bool {
		x, y, at := a.Decide(c).Action, b.Decide(c).Action, p.Decide(c).Action
		return at < min(x, y) || at > max(x, y)
	})
}

// casesOf returns a case for all that policies of the same products and rules can tell apart when they run. A second product
// that was not called is not among them: a policy that needs it calls it, and only a history can lack the answer.
func casesOf(policies ...*replay.Policy) []replay.Case {
	first := answersOf(policies, 0)
	second := []replay.Answer{{}}
	if policies[0].Second != "" {
		second = answersOf(policies, 1)
	}
	// An early rule decides in every policy alike. Of the late rules, the first that holds decides once the second product is
	// called, so that one at a time shows all there is.
	fired := []uint64{0}
	for i, r := range policies[0].Rules {
		if policies[0].Late(r) {
			fired = append(fired, 1<<i)
		}
	}
	out := make([]replay.Case, 0, len(first)*len(second)*len(fired))
	for _, a := range first {
		for _, b := range second {
			for _, f := range fired {
				out = append(out, replay.Case{First: a, Second: b, Fired: f})
			}
		}
	}
	return out
}

// answersOf returns the answers of a product that policies can tell apart: the lowest score of every run between two edges,
// or every recorded cluster, and each way to be asked without one.
func answersOf(policies []*replay.Policy, product int) (out []replay.Answer) {
	out = append(out, silent(unanswered), silent(scoreless))
	scores := []int{0}
	for _, p := range policies {
		b := bandsOf(p, product)
		if b.Recorded() {
			for c := range dataset.Cluster(dataset.NumClusters) {
				out = append(out, replay.Answer{State: dataset.Scored(0), Cluster: c})
			}
			continue
		}
		scores = append(scores, b.Edges[:]...)
	}
	slices.Sort(scores)
	for _, s := range slices.Compact(scores) {
		out = append(out, withScore(s))
	}
	return out
}

// byCells turns the cells of the gate and the matrix, of policies with the same bands, from the champion's to the
// recommendation's: those that loosen, those that do both, those that tighten.
func byCells(champion, recommended *replay.Policy) []leg {
	var legs []leg
	at := champion
	parts := cellsApart(champion, recommended)
	for _, change := range []Change{Loosens, Mixed, Tightens} {
		var some []func(*replay.Policy)
		for _, part := range parts {
			q := *champion
			part(&q)
			if changeOf(champion, &q) == change {
				some = append(some, part)
			}
		}
		from := at
		l := leg{from: from, change: change, parts: len(some), at: func(i, n int) *replay.Policy {
			q := *from
			for _, part := range some[:(len(some)*i+n/2)/n] {
				part(&q)
			}
			return &q
		}}
		if len(some) > 0 {
			l.to = l.at(1, 1)
			at = l.to
			legs = append(legs, l)
		}
	}
	return legs
}

// cellsApart returns what turns the cells of one policy into those of another, from the worst first cluster up and missing
// answers last: cell by cell where both ask the second product, else the gate's cell with its row.
func cellsApart(from, to *replay.Policy) (parts []func(*replay.Policy)) {
	for _, c := range slices.Concat(dataset.Clusters, []dataset.Cluster{dataset.NoCluster, dataset.Unclustered}) {
		switch {
		case from.Gate[c] != to.Gate[c]:
			parts = append(parts, func(p *replay.Policy) { p.Gate[c], p.Matrix[c] = to.Gate[c], to.Matrix[c] })
		case from.Gate[c] == replay.Next:
			for d, a := range to.Matrix[c] {
				if a != from.Matrix[c][d] {
					parts = append(parts, func(p *replay.Policy) { p.Matrix[c][d] = a })
				}
			}
		}
	}
	return parts
}

// onCommonBands returns policies that decide as two others do and have the same bands, where four edges of each product hold
// all at which one of them begins to decide otherwise.
func onCommonBands(a, b *replay.Policy) (onA, onB *replay.Policy, found bool) {
	var bands [2]replay.Bands
	for product := range bands {
		like := bandsOf(a, product)
		if like.Recorded() {
			continue // in both
		}
		var edges []int
		for _, p := range []*replay.Policy{a, b} {
			for _, i := range runs(p, product) {
				edges = append(edges, edge(p, product, i))
			}
		}
		if bands[product], found = bandsAt(edges, like); !found {
			return nil, nil, false
		}
	}
	onA, onB = rebanded(a, bands), rebanded(b, bands)
	return onA, onB, changeOf(a, onA) == Same && changeOf(b, onB) == Same
}

// rebanded returns a policy with other bands, each cell of which decides as the policy does at the cell's lowest scores.
func rebanded(p *replay.Policy, bands [2]replay.Bands) *replay.Policy {
	var at [2][replay.NumRows]dataset.Cluster // the policy's own cluster for each
	for product := range at {
		own, low := bandsOf(p, product), edgesOf(bands[product])
		for c := range at[product] {
			at[product][c] = dataset.Cluster(c)
		}
		if !own.Recorded() {
			for i, c := range dataset.Clusters {
				at[product][c] = own.Of(low[i])
			}
		}
	}
	q := *p
	q.FirstBands, q.SecondBands = bands[0], bands[1]
	for c, first := range at[0] {
		q.Gate[c] = p.Gate[first]
		for d, second := range at[1] {
			q.Matrix[c][d] = p.Matrix[first][second]
		}
	}
	return &q
}

// renumbered returns a policy with the gate and the matrix of another that decides as p does, if other edges are all it takes:
// where both policies treat the same runs of clusters alike, one by one, a run's edge may be that of another cluster.
func renumbered(p, like *replay.Policy) (*replay.Policy, bool) {
	q := *like
	for product, b := range [...]*replay.Bands{&q.FirstBands, &q.SecondBands} {
		if b.Recorded() {
			continue
		}
		own, theirs := runs(p, product), runs(like, product)
		if len(own) != len(theirs) {
			return nil, false
		}
		fixed := map[int]int{}
		for i, at := range theirs {
			fixed[at] = edge(p, product, own[i])
		}
		if !refill(b, fixed) {
			return nil, false
		}
	}
	return &q, changeOf(p, &q) == Same
}

// runs returns the indexes of the edges at which a policy begins to treat a product's clusters otherwise.
func runs(p *replay.Policy, product int) (out []int) {
	for i := range p.FirstBands.Edges {
		c, d := dataset.Clusters[i], dataset.Clusters[i+1]
		alike := p.Gate[c] == p.Gate[d] && p.Matrix[c] == p.Matrix[d]
		if product == 1 {
			alike = !slices.ContainsFunc(p.Matrix[:], func(row [replay.NumRows]dataset.Action) bool { return row[c] != row[d] })
		}
		if !alike {
			out = append(out, i)
		}
	}
	return out
}

// refill sets some edges of bands, and moves the others as little as keeps all of them rising; false where there is no room.
func refill(b *replay.Bands, fixed map[int]int) bool {
	e := &b.Edges
	for i := range e {
		if at, found := fixed[i]; found {
			e[i] = at
		} else if i > 0 {
			e[i] = max(e[i], e[i-1]+1)
		}
	}
	next := dataset.MaxScore + 1
	for i := len(e) - 1; i >= 0; i-- {
		if _, found := fixed[i]; !found {
			e[i] = min(e[i], next-1)
		}
		if e[i] >= next {
			return false
		}
		next = e[i]
	}
	return next >= 1
}
