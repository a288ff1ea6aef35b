package calibrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Cutoff is one edge of a policy's bands: the inclusive lower edge of Cluster, which is low, review, high or very_high, on
// the scores of Product.
type Cutoff struct {
	Product string
	Cluster dataset.Cluster
}

// String names the cutoff as ParseCutoff reads it: session.high.
func (c Cutoff) String() string { return c.Product + "." + c.Cluster.String() }

// ParseCutoff reads a cutoff such as session.high.
func ParseCutoff(s string) (Cutoff, error) {
	product, name, _ := strings.Cut(s, ".")
	cluster, found := dataset.ClusterNamed(name)
	c := Cutoff{product, cluster}
	if !slices.Contains(dataset.Products, product) || !found || c.edge() < 0 || c.edge() >= len(replay.Bands{}.Edges) {
		return Cutoff{}, fmt.Errorf("cutoff %q: want a product and the cluster that begins at the cutoff, low, review, high or very_high, such as session.high", s)
	}
	return c, nil
}

// edge is the cutoff's place in replay.Bands.
func (c Cutoff) edge() int { return int(c.Cluster) - int(dataset.Low) }

// bands returns the bands of the cutoff's product in a policy, nil where the policy does not ask it.
func (c Cutoff) bands(p *replay.Policy) *replay.Bands {
	switch c.Product {
	case p.First:
		return &p.FirstBands
	case p.Second:
		return &p.SecondBands
	}
	return nil
}

// Of returns where a policy has the cutoff. The error says why it has none: it does not ask the product, or relies on the
// clusters that the responses recorded.
func (c Cutoff) Of(p *replay.Policy) (int, error) {
	b := c.bands(p)
	switch {
	case b == nil:
		asks := p.First
		if p.Second != "" {
			asks += " and " + p.Second
		}
		return 0, fmt.Errorf("cutoff %s: policy %s asks %s", c, p.Name, asks)
	case b.Recorded():
		return 0, &RecordedError{c, p.Name}
	}
	return b.Edges[c.edge()], nil
}

// A RecordedError says that a policy has no edge to move, because it relies on the clusters that the responses recorded.
type RecordedError struct {
	Cutoff Cutoff
	Policy string
}

func (e *RecordedError) Error() string {
	return fmt.Sprintf("cutoff %s: policy %s relies on the recorded clusters of %s, which have no edges to move", e.Cutoff, e.Policy, e.Cutoff.Product)
}

// Move returns the policy with its cutoffs at scores 0..1001; 1001 is above every score. Edges that would cross move along,
// so that the clusters between become empty: session.high at 300 puts low and review at 300 too, and what scores less is
// very_low. Such bands are more than a policy file can say, which wants rising edges, and Decide takes them as they are.
// Of two cutoffs of one product, the first is the lower one.
func Move(p *replay.Policy, cutoffs []Cutoff, at []int) *replay.Policy {
	out := *p
	for i, c := range cutoffs {
		b := c.bands(&out)
		edges := &b.Edges
		for e := range edges {
			switch {
			case e < c.edge():
				edges[e] = min(edges[e], at[i])
			case e > c.edge():
				edges[e] = max(edges[e], at[i])
			}
		}
		edges[c.edge()] = at[i]
		if *edges == ([4]int{}) {
			edges[0] = -1 // all at 0 would read as recorded; below 0 and at 0 there is the same: nothing
		}
	}
	return &out
}

// DefaultCutoff returns the cutoff from which a policy begins to approve: the lower edge of the worst cluster of its first
// product from which up the gate approves, alone or with some answer of the second product; else that of the second product
// from which up the matrix approves. The error says that there is none.
func DefaultCutoff(p *replay.Policy) (Cutoff, error) {
	approves := func(a dataset.Action) bool { return slices.Contains(replay.Approved, a) }
	first := lowest(func(c dataset.Cluster) bool {
		return approves(p.Gate[c]) || p.Gate[c] == replay.Next && slices.ContainsFunc(p.Matrix[c][:], approves)
	})
	if first > dataset.VeryLow {
		return Cutoff{p.First, first}, nil
	}
	second := lowest(func(d dataset.Cluster) bool {
		return p.Second != "" && !slices.ContainsFunc(dataset.Clusters, func(c dataset.Cluster) bool {
			return p.Gate[c] == replay.Next && !approves(p.Matrix[c][d])
		})
	})
	if second > dataset.VeryLow && second != dataset.NoCluster {
		return Cutoff{p.Second, second}, nil
	}
	return Cutoff{}, fmt.Errorf("policy %s does not begin to approve at any cluster: name the cutoff to move, such as %s.high", p.Name, p.First)
}

// lowest returns the worst cluster from which up all clusters do, NoCluster where the best does not.
func lowest(does func(dataset.Cluster) bool) dataset.Cluster {
	out := dataset.NoCluster
	for i := len(dataset.Clusters) - 1; i >= 0 && does(dataset.Clusters[i]); i-- {
		out = dataset.Clusters[i]
	}
	return out
}
