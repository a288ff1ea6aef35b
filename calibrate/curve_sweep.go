package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"slices"
)

// A sweep counts what a policy does under any bands of one of its products, all else as it is: rules, gate, matrix, and the
// other product's bands or recorded clusters. Every record was decided five times, once for each cluster that its score may
// fall in, so a count is five differences of sums, however many records there are.
type sweep struct {
	product Cutoff // of the cutoffs that move, for their product alone
	scores  []int  // the distinct scores of the product, rising
	// fixed counts the records without a score; from[c][i] the records with scores[i] or more, as if their cluster were c.
	fixed replay.Counts
	from  [dataset.NumClusters - 1][]replay.Counts
	// open are the undecided of fixed by first cluster. Those with a score are undecided in the cluster that they are taken for: a
	// score of the second product leaves nothing undecided.
	open replay.Open
	// rises and falls tell whether a better cluster is never worse, and never better, for being approved, however the undecided
	// are decided: all of them alike, as mildly or as harshly as they may be.
	rises, falls bool
	prospects    prospects
}

// probe are the bands under which the scores 0 to 4 stand for the five clusters.
var probe = replay.Bands{Edges: [4]int{1, 2, 3, 4}}

// newSweep arranges the piles of a cube that keeps every score of the product apart. keep chooses among them.
func newSweep(cube *replay.Cube, p *replay.Policy, of Cutoff, keep func(replay.Pile) bool) (*sweep, error) {
	piles, err := cube.Piles(p)
	if err != nil {
		return nil, err
	}
	s := &sweep{product: of, rises: true, falls: true, prospects: prospectsOf(p)}
	probed := *p
	*of.bands(&probed) = probe
	var at [dataset.NumClusters - 1][dataset.MaxScore + 2]replay.Counts
	var seen [dataset.MaxScore + 1]bool
	for pile := range piles {
		if !keep(pile) {
			continue
		}
		answer := &pile.First
		if of.Product != p.First {
			answer = &pile.Second
		}
		score, found := answer.State.Score()
		if !found {
			d := p.Decide(pile.Case)
			addPile(&s.fixed, d, pile)
			if d.By == replay.ByNobody {
				s.open[d.FirstCluster] = s.open[d.FirstCluster].Add(pileTally(pile))
			}
			continue
		}
		seen[score] = true
		var before [2]bool
		for c := range at {
			answer.State = dataset.Scored(c)
			d := probed.Decide(pile.Case)
			addPile(&at[c][score], d, pile)
			for end, approves := range s.prospects.approves(d) {
				s.rises = s.rises && (c == 0 || approves || !before[end])
				s.falls = s.falls && (c == 0 || !approves || before[end])
				before[end] = approves
			}
		}
	}
	s.scores = distinct(&seen)
	for c := range at {
		s.from[c] = make([]replay.Counts, len(s.scores)+1)
		for i := len(s.scores) - 1; i >= 0; i-- {
			s.from[c][i] = s.from[c][i+1].Add(at[c][s.scores[i]])
		}
	}
	return s, nil
}

func isApproved(a dataset.Action) bool { return a == dataset.Approve || a == dataset.Monitor }

// counts returns what the policy does under other bands of the product, and its undecided records by first cluster.
func (s *sweep) counts(b replay.Bands) (out replay.Counts, open replay.Open) {
	out, open = s.fixed, s.open
	edges := edgesOf(b)
	for c := range s.from {
		i, end := s.index(edges[c]), s.index(edges[c+1])
		if i < end {
			in := s.from[c][i].Sub(s.from[c][end])
			out = out.Add(in)
			row := &open[dataset.Clusters[c]]
			*row = row.Add(in.Actions[replay.Undecided])
		}
	}
	return out, open
}

// index returns the place of the first score at or above a cutoff.
func (s *sweep) index(cutoff int) int {
	i, _ := slices.BinarySearch(s.scores, cutoff)
	return i
}

// cutoffs returns the cutoffs that tell the records apart: each score, and one above all of them.
func (s *sweep) cutoffs() []int {
	out := make([]int, 0, len(s.scores)+1)
	return append(append(out, s.scores...), dataset.MaxScore+1)
}
