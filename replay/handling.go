package replay

import "github.com/trustreplay/trustreplay/dataset"

// A Handling is a way to treat the records on which a product did not answer: a policy that differs from the one it was made
// of in the rows "missing" and "unclustered" alone.
type Handling struct {
	// Name is as_given, fail_open, fail_to_review, fail_closed, or the name of a product followed by _only.
	Name   string
	Policy *Policy
	// Same reports that the policy does this as it is given.
	Same bool
}

// The names of handlings that are not about one product.
const (
	AsGiven      = "as_given"
	FailOpen     = "fail_open"      // approve
	FailToReview = "fail_to_review" // a person decides
	FailClosed   = "fail_closed"    // block
)

// lost are the clusters of an answer that did not come, or came without what a policy decides by.
var lost = [...]dataset.Cluster{dataset.NoCluster, dataset.Unclustered}

func isLost(c dataset.Cluster) bool { return c == dataset.NoCluster || c == dataset.Unclustered }

// scorecard is what the Session + Onboarding Guide recommends for one score alone ("Combining Scores", the column
// Recommendation): DECLINE, DECLINE, MANUAL REVIEW / APPROVE, APPROVE, APPROVE. Of the middle two the careful one is taken.
var scorecard = [NumRows]dataset.Action{
	dataset.VeryLow: dataset.Block, dataset.Low: dataset.Block, dataset.ReviewCluster: dataset.Review,
	dataset.High: dataset.Approve, dataset.VeryHigh: dataset.Approve,
}

// Handlings returns the usual ways to treat a failed answer, the policy's own first. They are
//
//   - fail_open, fail_to_review, fail_closed: whichever product failed, approve, review or block. The Integration Guide
//     ("Error Handling") names the first and the last.
//   - SECOND_only, of a policy with two products: where the first product failed, the second is asked and decides alone: by the
//     policy's own row of the matrix where it has one, by the guide's recommendation for one score elsewhere. Where both
//     failed, the policy's own action for the first stays.
//   - FIRST_only: where the second product failed, the first decides alone, by the guide's recommendation for its cluster.
//
// Rules stay, and so does a row of the matrix of which every answer leads to the same action: no answer is needed there.
func (p *Policy) Handlings() []Handling {
	out := []Handling{
		{AsGiven, p, true},
		p.handling(FailOpen, p.failing(dataset.Approve)),
		p.handling(FailToReview, p.failing(dataset.Review)),
		p.handling(FailClosed, p.failing(dataset.Block)),
	}
	if p.Second != "" {
		out = append(out, p.handling(p.Second+"_only", p.secondOnly()), p.handling(p.First+"_only", p.firstOnly()))
	}
	return out
}

func (p *Policy) handling(name string, q Policy) Handling {
	same := q.Gate == p.Gate && q.Matrix == p.Matrix
	suffix := "." + name
	q.Name = p.Name[:min(len(p.Name), maxName-len(suffix))] + suffix
	q.Description = p.Name + ", failed answers handled by " + name
	return Handling{name, &q, same}
}

// failing treats every failed answer with one action.
func (p *Policy) failing(a dataset.Action) Policy {
	q := *p
	for _, c := range lost {
		q.Gate[c], q.Matrix[c] = a, [NumRows]dataset.Action{}
	}
	for c, step := range q.Gate {
		if step == Next && p.needsSecond(dataset.Cluster(c)) {
			q.Matrix[c][dataset.NoCluster], q.Matrix[c][dataset.Unclustered] = a, a
		}
	}
	return q
}

// secondOnly asks the second product where the first failed.
func (p *Policy) secondOnly() Policy {
	q := *p
	for _, c := range lost {
		if step := p.Gate[c]; step != Next {
			q.Gate[c], q.Matrix[c] = Next, scorecard
			q.Matrix[c][dataset.NoCluster], q.Matrix[c][dataset.Unclustered] = step, step
		}
	}
	return q
}

// firstOnly decides by the first product where the second failed.
func (p *Policy) firstOnly() Policy {
	q := *p
	for c, step := range p.Gate {
		if cluster := dataset.Cluster(c); step == Next && !isLost(cluster) && p.needsSecond(cluster) {
			q.Matrix[c][dataset.NoCluster], q.Matrix[c][dataset.Unclustered] = scorecard[c], scorecard[c]
		}
	}
	return q
}

// needsSecond reports whether the second answer makes a difference to records of a first cluster.
func (p *Policy) needsSecond(first dataset.Cluster) bool {
	_, same := p.whatever(first)
	return !same
}

// failedAt tells which of the policy's products failed where that failure decided what became of a record: 0 for the first, 1
// for the second, -1 for neither. A rule that held before the failed product was looked at makes its failure one without
// consequence, and so does a first cluster for which the second answer makes no difference.
func (p *Policy) failedAt(c Case, d *Decision) int {
	switch {
	case d.By == ByRule && !p.Late(p.Rules[d.Rule]):
	case isLost(d.FirstCluster):
		return 0
	case d.By == ByMatrix && isLost(d.SecondCluster) && asksFor(c.Second) && p.needsSecond(d.FirstCluster):
		return 1
	}
	return -1
}

// asksFor reports whether the history asked for an answer, be it in vain.
func asksFor(a Answer) bool {
	s := a.State.Status()
	return s != dataset.Absent && s != dataset.NotCalled
}
