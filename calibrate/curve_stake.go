package calibrate

import (
	"cmp"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A stake is what a policy approves with its undecided records taken as they hurt: the fewest that it may approve, and the
// frauds among the labeled approvals where their rate is worst. The two are not of the same way to decide; each is what is certain.
type stake struct{ approved, labeled, fraud int64 }

func (s stake) plus(t stake) stake {
	return stake{s.approved + t.approved, s.labeled + t.labeled, s.fraud + t.fraud}
}

func (s stake) minus(t stake) stake {
	return stake{s.approved - t.approved, s.labeled - t.labeled, s.fraud - t.fraud}
}

// compareRates compares two fraud rates exactly: products of two counts, at most 2^31 each, fit.
func compareRates(a, b stake) int { return cmp.Compare(a.fraud*b.labeled, b.fraud*a.labeled) }

// Prospects tell, of each first cluster, whether an undecided record may be approved and whether it must be. They depend on
// the matrix and the rules, and not on where the clusters begin.
type prospects struct{ may, must [replay.NumRows]bool }

func prospectsOf(p *replay.Policy) (out prospects) {
	for row := range out.may {
		actions := p.Possible(dataset.Cluster(row))
		out.may[row], out.must[row] = actions&approved != 0, actions&^approved == 0
	}
	return out
}

// approves reports whether a decision approves, taken as harshly and as mildly as it may turn out.
func (o *prospects) approves(d replay.Decision) [2]bool {
	if d.By == replay.ByNobody {
		return [2]bool{o.must[d.FirstCluster], o.may[d.FirstCluster]}
	}
	a := isApproved(d.Action)
	return [2]bool{a, a}
}

// decided returns the stake of what was decided.
func decided(c *replay.Counts) (s stake) {
	for _, a := range replay.Approved {
		t := &c.Actions[a].Records
		s = s.plus(stake{t[dataset.Unlabeled] + t[dataset.Legit] + t[dataset.Fraud], t[dataset.Legit] + t[dataset.Fraud], t[dataset.Fraud]})
	}
	return s
}

// undecided returns the stake of the undecided of a first cluster.
func (o *prospects) undecided(row dataset.Cluster, t *replay.Tally) (s stake) {
	if o.must[row] {
		s.approved, s.labeled = t.N(), t.Records[dataset.Legit]
	}
	if o.may[row] {
		s.fraud = t.Records[dataset.Fraud]
		s.labeled += s.fraud
	}
	return s
}

// Harshest returns how many records a policy approves at least, and the fraud rate among its labeled approvals at most, over all
// that its undecided records may become; open is nil where it leaves none. The two are not of the same way to decide.
func Harshest(p *replay.Policy, c replay.Counts, open *replay.Open) (approved int64, rate Ratio) {
	s := decided(&c)
	if open != nil {
		ways := prospectsOf(p)
		for row := range open {
			s = s.plus(ways.undecided(dataset.Cluster(row), &open[row]))
		}
	}
	return s.approved, Ratio{s.fraud, s.labeled}
}

// Stakes are a sweep's counts reduced to stakes, for the search of a pair: three differences in the place of hundreds.
type stakes struct {
	*sweep
	rest stake // of what has no score
	up   [dataset.NumClusters - 1][]stake
}

func (s *sweep) stakes() *stakes {
	out := &stakes{sweep: s, rest: decided(&s.fixed)}
	for row := range s.open {
		out.rest = out.rest.plus(s.prospects.undecided(dataset.Cluster(row), &s.open[row]))
	}
	for c := range s.from {
		out.up[c] = make([]stake, len(s.from[c]))
		for i := range s.from[c] {
			counts := &s.from[c][i]
			out.up[c][i] = decided(counts).plus(s.prospects.undecided(dataset.Clusters[c], &counts.Actions[replay.Undecided]))
		}
	}
	return out
}

// under returns the stake under other bands of the product.
func (s *stakes) under(b replay.Bands) stake {
	out, edges := s.rest, edgesOf(b)
	for c := range s.up {
		if i, end := s.index(edges[c]), s.index(edges[c+1]); i < end {
			out = out.plus(s.up[c][i].minus(s.up[c][end]))
		}
	}
	return out
}
