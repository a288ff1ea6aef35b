package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A ScorePairs counts the labeled records on which session and onboarding gave these two scores.
type ScorePairs struct {
	Session, Onboarding int
	Records             [dataset.NumLabels]int64 // by label; Unlabeled is 0
}

// A pairCounter counts labeled records by pairs of scores. There are at most 1,001 x 1,001 pairs, 40 MB of them, however many
// records a history has; most histories hold far fewer.
type pairCounter struct {
	pairs   numbering
	records [][dataset.NumLabels]int64 // by the pair's number
}

// scoreStride is the number of scores, by which two of them make a key.
const scoreStride = dataset.MaxScore + 1

func (c *pairCounter) add(session, onboarding dataset.State, label uint32) {
	s, first := session.Score()
	o, second := onboarding.Score()
	if first && second && dataset.Label(label) != dataset.Unlabeled {
		c.at(uint64(s)*scoreStride + uint64(o))[label]++
	}
}

// at returns the counts of a pair's key, valid until the next call.
func (c *pairCounter) at(key uint64) *[dataset.NumLabels]int64 {
	num := int(c.pairs.of(key))
	if num == len(c.records) {
		c.records = append(c.records, [dataset.NumLabels]int64{})
	}
	return &c.records[num]
}

func (c *pairCounter) merge(d *pairCounter) {
	for num, records := range d.records {
		mine := c.at(d.pairs.keys[num])
		for l, n := range records {
			mine[l] += n
		}
	}
}

// freeze returns the pairs by session score, then by onboarding score.
func (c *pairCounter) freeze() []ScorePairs {
	out := make([]ScorePairs, len(c.records))
	for num, records := range c.records {
		key := int(c.pairs.keys[num])
		out[num] = ScorePairs{key / scoreStride, key % scoreStride, records}
	}
	slices.SortFunc(out, func(a, b ScorePairs) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Onboarding, b.Onboarding))
	})
	return out
}
