package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// NewSavePlan lays out a saved cube that can answer a question and those that are no finer: any policy that reads what the
// question's policies read, with cutoffs at any score (Exact), or at the scores at which they have theirs. By may name day;
// otherwise the month is kept.
func NewSavePlan(q Question) (*Plan, error) {
	q.Save, q.Past, q.Outcomes, q.AbsentMissing = true, true, true, false
	for _, pol := range q.Policies {
		for _, r := range pol.Rules {
			for _, f := range r.When.Fields {
				switch {
				case f.Kind == dataset.KindAmount:
					return nil, fmt.Errorf("policy %s: the rule %q reads the amount, and a saved cube holds sums of amounts: replay it on the history", pol.Name, r.Name)
				case dataset.Personal(f.Name) || slices.Contains(dataset.IDs, f.Name):
					return nil, fmt.Errorf("policy %s: the rule %q reads %s, which is never written: replay it on the history", pol.Name, r.Name, f.Name)
				case scoreRead(f) != "": // the rule parts scores that no cutoff does
					q.ExactOf = append(q.ExactOf, scoreRead(f))
				}
			}
		}
	}
	for _, name := range q.By {
		if slices.Contains(dataset.IDs, name) {
			return nil, fmt.Errorf("by %q is an id, which is never written: want month, day or a field of few values such as country", name)
		}
	}
	p, err := NewPlan(q)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(p.fields, func(f dataset.Field) bool { return f.Name == dataset.ImmatureField }) && q.Saved == nil {
		return nil, fmt.Errorf("a field is called %s, as the column of a saved cube that tells immature records: give it another name (--mapping)", dataset.ImmatureField)
	}
	return p, nil
}

// A Counted is a history counted by what a plan tells apart, to be written as a saved cube.
type Counted struct {
	// Account tells what became of every record that was read.
	Account dataset.Account
	all     *saver
}

// Count reads a scan, opened with the plan's Fields, to its end and counts its records: each combination of what the fields say
// once. The plan is one of NewSavePlan.
func Count(ctx context.Context, plan *Plan, scan *dataset.Scan, workers int) (*Counted, error) {
	defer scan.Close()
	if (scan.Saved() == nil) != (plan.Saved == nil) {
		return nil, errSaved
	}
	savers := make([]*saver, max(1, workers))
	mature, times := make([]dataset.MatureCount, len(savers)), make([]dataset.LabelTimes, len(savers))
	err := drain(ctx, scan, len(savers), func(i int) func(*dataset.Batch) error {
		savers[i] = newSaver(plan)
		return func(b *dataset.Batch) error {
			plan.countTimes(b, &times[i])
			savers[i].noteYoung(b)
			plan.mature(b, &mature[i])
			return savers[i].add(b)
		}
	})
	if err != nil {
		return nil, err
	}
	c := &Counted{all: savers[0]}
	if c.Account, err = scan.Account(); err != nil {
		return nil, err
	}
	if plan.Saved != nil {
		err = plan.settleSaved(&c.Account, scan.Saved())
	} else {
		plan.settleLabels(&c.Account, mature, times)
	}
	for i := 1; i < len(savers) && err == nil; i++ {
		err = c.all.merge(savers[i])
		savers[i] = nil // its memory is free once its rows are told
	}
	return c, err
}

// Write writes the counts as a saved cube and returns how many rows it has. The bytes depend neither on the number of workers
// nor on the order of records.
func (c *Counted) Write(ctx context.Context, w io.Writer) (rows int64, err error) {
	out, err := dataset.NewSavedWriter(w, c.all.list)
	if err != nil {
		return 0, err
	}
	if err := c.all.write(ctx, out); err != nil {
		return 0, err
	}
	return out.Rows(), out.Close(c.all.about(c.Account))
}

// about describes the cube that was written.
func (s *saver) about(a dataset.Account) dataset.Saved {
	p := s.plan
	about := dataset.Saved{Time: p.timeKept(), Edges: p.keptEdges(), Totals: s.totals(a)}
	for _, f := range s.list {
		if f.Name != dataset.ImmatureField {
			about.Fields = append(about.Fields, f.Name)
		}
	}
	for _, pol := range p.Policies {
		about.Policies = append(about.Policies, pol.Name)
	}
	about.Describe(a)
	if p.Saved != nil {
		about.Inputs = p.Saved.Inputs
		about.LabelTimes = p.Saved.LabelTimes
		return about
	}
	for _, f := range a.Files {
		about.Inputs = append(about.Inputs, dataset.FileInfo{Name: filepath.Base(f.Name), Format: f.Format, Compression: f.Compression, Records: f.Records, SHA256: f.SHA256})
	}
	return about
}

// timeKept is the resolution of the times that are written.
func (p *Plan) timeKept() string {
	switch {
	case p.Saved != nil && p.Saved.Time == "none":
		return "none"
	case slices.Contains(p.By, Day):
		return Day
	}
	return Month
}

// keptEdges returns the edges between which scores are not kept apart, by product.
func (p *Plan) keptEdges() map[string][]int {
	out := map[string][]int{}
	for i := range p.axes {
		a := &p.axes[i]
		var edges []int
		all := true
		for score := 1; score <= dataset.MaxScore; score++ {
			at := dataset.Scored(score)
			if a.bin[at] != a.bin[at-1] {
				edges = append(edges, score)
			}
			all = all && a.bin[at] != a.bin[at-1]
		}
		if !all {
			out[a.product] = append([]int{}, edges...)
		}
		if p.Saved == nil {
			continue
		}
		if before, binned := p.Saved.Edges[a.product]; binned { // cells of a cube of cubes are no finer than theirs
			out[a.product] = slices.DeleteFunc(slices.Clone(before), func(e int) bool { return !all && !slices.Contains(edges, e) })
		}
	}
	return out
}

var errRows = errors.New("more than 2^31 different rows: want fewer fields, or scores by the cutoffs of policies and not every one")

// settleLabels adds to an account how labels were read.
func (p *Plan) settleLabels(a *dataset.Account, mature []dataset.MatureCount, times []dataset.LabelTimes) {
	if p.Maturity.Days > 0 {
		a.Mature = &dataset.Mature{Days: p.Maturity.Days, AsOf: p.Maturity.AsOf, Only: p.MatureOnly}
		for _, c := range mature {
			a.Mature.Add(c)
		}
		return
	}
	if p.LabelTimes {
		a.LabelTimes = new(dataset.LabelTimes)
		for _, c := range times {
			a.LabelTimes.Add(c)
		}
	}
}
