package replay

import (
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// Failures tell what became of the questions to the products of a policy, and what the usual ways to handle a failed answer
// would have done to the history.
type Failures struct {
	// Answers are those of the policy's first product and, where it has one, of its second.
	Answers []Answers
	// Handled has one entry for each of Policy.Handlings, in its order.
	Handled []Handled
}

// Answers count what became of the question to a product.
type Answers struct {
	Product string
	// First is set for the first product of the policy. There, a record that holds nothing of the product, or says that it was
	// not called, is one that was asked in vain; for a second product it is one that was not asked.
	First bool
	Fates
	// Months holds the fates of each month, ordered, records without a time in the month ""; nil where the cube is not split
	// by Month.
	Months []MonthFates
}

// MonthFates are the fates of one UTC month, such as "2026-03".
type MonthFates struct {
	Month string
	Fates
}

// Fates count records by what the history holds of a product.
type Fates struct {
	// Statuses hold each record once.
	Statuses [dataset.NumStatuses]Tally
	// Unclustered are those of Statuses[OK] whose cluster the policy cannot tell: it asks for the recorded one and there is
	// none, or for bands and there is no score.
	Unclustered Tally
}

// Asked returns the records on which the product was asked.
func (a *Answers) Asked(f Fates) Tally {
	t := f.total()
	if !a.First {
		t = t.Sub(f.Statuses[dataset.Absent]).Sub(f.Statuses[dataset.NotCalled])
	}
	return t
}

// Failed returns the records on which the product was asked and gave nothing to decide by.
func (a *Answers) Failed(f Fates) Tally {
	return a.Asked(f).Sub(f.Statuses[dataset.OK]).Add(f.Unclustered)
}

func (f *Fates) total() (t Tally) {
	for _, s := range f.Statuses {
		t = t.Add(s)
	}
	return t
}

// Handled is what one way to handle failed answers would have done.
type Handled struct {
	Handling
	// Affected counts the records whose fate a failed answer of the first product decides under the policy as given, and of the
	// second; the same records for every handling. A record on which both failed is the first's.
	Affected [2]Counts
	// Swap is of the whole history: the policy as given is the champion, the handling the challenger.
	Swap
	// Open are the records of the whole history that the handling leaves undecided.
	Open Open
}

// Failures counts what failed and replays the usual ways to handle it. The policy must be one that the cube's plan covers.
func (c *Cube) Failures(pol *Policy) (*Failures, error) {
	if err := c.plan.covers(pol); err != nil {
		return nil, err
	}
	f := &failureCount{pol: pol, month: slices.Index(c.plan.By, Month), given: c.plan.runner(pol)}
	f.out.Answers = []Answers{{Product: pol.First, First: true}}
	if pol.Second != "" {
		f.out.Answers = append(f.out.Answers, Answers{Product: pol.Second})
	}
	for _, h := range pol.Handlings() {
		f.out.Handled = append(f.out.Handled, Handled{Handling: h})
		f.runs = append(f.runs, c.plan.runner(h.Policy))
	}
	for i := range c.groups {
		f.group(&c.groups[i])
	}
	for i := range f.out.Answers {
		slices.SortFunc(f.out.Answers[i].Months, func(a, b MonthFates) int { return strings.Compare(a.Month, b.Month) })
	}
	return &f.out, nil
}

// A failureCount adds up Failures group by group.
type failureCount struct {
	pol   *Policy
	month int // the place of Month in the keys of groups, -1 for none
	given *runner
	runs  []*runner // of the handlings
	out   Failures
}

func (f *failureCount) group(g *cubeGroup) {
	in := f.given.in(g)
	handled := make([]groupRunner, len(f.runs))
	for i, r := range f.runs {
		handled[i] = r.in(g)
	}
	months := f.monthOf(g)
	for i, cell := range g.cells {
		label, codes := cell.index%dataset.NumLabels, cell.index/dataset.NumLabels
		var t Tally
		t.add(label, cell.n, cell.amount)
		if g.spreads != nil {
			t.widen(label, g.spreads[i])
		}
		c := in.sample(in.axis1.code(codes), in.axis2.code(codes), in.fired)
		f.answers(c, t, months)
		given := in.decision(codes)
		failed := f.pol.failedAt(c, given)
		for h := range handled {
			d := handled[h].decision(codes)
			into := &f.out.Handled[h]
			into.Swap.add(given, d, t)
			if d.By == ByNobody {
				into.Open[d.FirstCluster] = into.Open[d.FirstCluster].Add(t)
			}
			if failed < 0 {
				continue
			}
			affected := &into.Affected[failed]
			affected.Actions[d.Action] = affected.Actions[d.Action].Add(t)
			affected.Calls[0] += cell.n
			affected.Calls[1] += int64(asked(d)) * cell.n
		}
	}
}

// monthOf returns where the fates of a group's month stand in the Months of each product, -1 without months.
func (f *failureCount) monthOf(g *cubeGroup) int {
	if f.month < 0 {
		return -1
	}
	name := g.key[f.month]
	months := f.out.Answers[0].Months
	if i := slices.IndexFunc(months, func(m MonthFates) bool { return m.Month == name }); i >= 0 {
		return i
	}
	for i := range f.out.Answers {
		f.out.Answers[i].Months = append(f.out.Answers[i].Months, MonthFates{Month: name})
	}
	return len(months)
}

func (f *failureCount) answers(c Case, t Tally, month int) {
	bands := [...]Bands{f.pol.FirstBands, f.pol.SecondBands}
	answers := [...]Answer{c.First, c.Second}
	for i := range f.out.Answers {
		a, answer := &f.out.Answers[i], answers[i]
		bare := bands[i].Cluster(answer) == dataset.Unclustered
		a.Fates.add(answer, bare, t)
		if month >= 0 {
			a.Months[month].Fates.add(answer, bare, t)
		}
	}
}

func (f *Fates) add(a Answer, bare bool, t Tally) {
	at := &f.Statuses[a.State.Status()]
	*at = at.Add(t)
	if bare {
		f.Unclustered = f.Unclustered.Add(t)
	}
}
