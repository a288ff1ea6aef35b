package replay

import (
	"github.com/trustreplay/trustreplay/dataset"
)

// A Step is what a gate says of a first cluster: one of the five actions, or Next.
type Step = dataset.Action

const (
	// Next asks the second product. It is valid in a gate only.
	Next Step = dataset.NumActions
	// Undecided is the action of a record on which the policy needs a response that the history does not hold.
	Undecided = dataset.NoAction
)

// NumRows is the number of rows of a gate, and of rows and columns of a matrix: the clusters, missing and unclustered.
const NumRows = dataset.NumClusters + 1

// MaxRules is the most rules a policy may have: their outcomes travel as the bits of one word.
const MaxRules = 64

// A Policy decides on a record by the answers of one or two products. It is immutable once parsed or built.
type Policy struct {
	Name string
	// Description says what the policy is for, in the words of whoever wrote it; "" says nothing.
	Description string
	// First is the product asked first, Second the one asked when the gate says Next, "" in a one-product policy.
	First, Second string
	// Bands tell how each product's score becomes a cluster, FirstBands for the first product, SecondBands for the second.
	FirstBands, SecondBands Bands
	Rules                   []Rule
	// Gate holds a Step for each first cluster. NoCluster is the row "missing", no response; Unclustered is the row of a
	// response without a cluster, which a policy file may leave out where it is treated like a missing one.
	Gate [NumRows]Step
	// Matrix holds an action for each pair of first and second cluster; only rows whose gate says Next are set.
	Matrix [NumRows][NumRows]dataset.Action
}

// Bands turn a score into a cluster. The zero Bands use the cluster that the response recorded.
type Bands struct {
	// Edges are the inclusive lower edges of low, review, high and very_high, strictly rising, 1..1000; all zero for recorded.
	Edges [4]int
}

// The band tables that the vendor publishes: Standard in the scorecard, Quintile in "understanding scores".
var (
	Recorded = Bands{}
	Standard = Bands{[4]int{226, 451, 551, 776}}
	Quintile = Bands{[4]int{200, 400, 600, 800}}
)

// Recorded reports whether the bands are the recorded clusters.
func (b Bands) Recorded() bool { return b == Recorded }

// Cluster returns the cluster of an answer: recomputed from its score, or the recorded one. It is NoCluster where the
// product did not answer and Unclustered where it did without a cluster, or without the score to compute one from.
func (b Bands) Cluster(a Answer) dataset.Cluster {
	if a.State.Status() != dataset.OK {
		return dataset.NoCluster
	}
	if b.Recorded() {
		if a.Cluster == dataset.NoCluster {
			return dataset.Unclustered
		}
		return a.Cluster
	}
	score, found := a.State.Score()
	if !found {
		return dataset.Unclustered
	}
	return b.Of(score)
}

// Of returns the cluster of a score under fixed bands: score >= edge is the trusted side of each edge.
func (b Bands) Of(score int) dataset.Cluster {
	c := dataset.VeryLow
	for _, e := range b.Edges {
		if score < e {
			break
		}
		c++
	}
	return c
}

// A Rule decides before the gate and the matrix: the first whose condition holds wins.
type Rule struct {
	Name string
	When *Condition
	Then dataset.Action
}

// Late reports whether a rule can only be asked once the second product was called, because it reads that product.
func (p *Policy) Late(r Rule) bool { return p.Second != "" && r.When.Reads(p.Second) }
