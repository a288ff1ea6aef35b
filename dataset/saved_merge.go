package dataset

import (
	"fmt"
	"maps"
	"slices"
)

// mergeSaved describes several saved cubes as one: it tells apart what all of them do. names are those of the files.
func mergeSaved(list []*Saved, names []string) (*Saved, error) {
	sum := *list[0]
	sum.Edges = maps.Clone(sum.Edges)
	for i, s := range list[1:] {
		if err := sum.merge(s); err != nil {
			return nil, fmt.Errorf("%s and %s: %w", names[0], names[i+1], err)
		}
	}
	return &sum, nil
}

func (s *Saved) merge(t *Saved) error {
	switch {
	case s.Weights != t.Weights:
		return fmt.Errorf("weights in columns %q and %q: want one name", s.Weights, t.Weights)
	case (s.Maturity == nil) != (t.Maturity == nil), s.Maturity != nil && (s.Maturity.Days != t.Maturity.Days || s.Maturity.AsOf != t.Maturity.AsOf):
		return fmt.Errorf("labels of %s and of %s: want saved cubes of one maturity and one day, build them with the same --maturity and --as-of",
			s.Maturity, t.Maturity)
	}
	s.mergeCounts(t)
	s.Time = coarser(s.Time, t.Time)
	s.Fields = common(s.Fields, t.Fields)
	s.mergeEdges(t)
	for _, p := range t.Policies {
		if !slices.Contains(s.Policies, p) {
			s.Policies = append(slices.Clone(s.Policies), p)
		}
	}
	s.IDsChecked = s.IDsChecked && t.IDsChecked
	s.Inputs = slices.Concat(s.Inputs, t.Inputs)
	s.Issues = addIssues(s.Issues, t.Issues)
	if p, q := s.Period, t.Period; p != nil && q != nil {
		s.Period = &SavedPeriod{min(p.First, q.First), max(p.Last, q.Last)}
	} else if p == nil {
		s.Period = q
	}
	return nil
}

// mergeCounts adds up the totals, where all have them, and what maturity did.
func (s *Saved) mergeCounts(t *Saved) {
	if s.Totals != nil && t.Totals != nil {
		sum := s.Totals.add(*t.Totals)
		s.Totals = &sum
	} else {
		s.Totals = nil
	}
	if m, u := s.Maturity, t.Maturity; m != nil {
		s.Maturity = &SavedMaturity{m.Days, m.AsOf, m.Immature + u.Immature, m.Late + u.Late, m.Known + u.Known, max(m.Newest, u.Newest)}
	}
	if s.LabelTimes != nil && t.LabelTimes != nil {
		l := *s.LabelTimes
		l.Add(*t.LabelTimes)
		s.LabelTimes = &l
	} else {
		s.LabelTimes = nil
	}
}

// mergeEdges keeps of the edges those that part the scores of both.
func (s *Saved) mergeEdges(t *Saved) {
	for product, edges := range t.Edges {
		if own, binned := s.Edges[product]; binned {
			edges = slices.DeleteFunc(slices.Clone(edges), func(e int) bool { return !slices.Contains(own, e) })
		}
		if s.Edges == nil {
			s.Edges = map[string][]int{}
		}
		s.Edges[product] = edges
	}
}

// add returns the sum of two totals.
func (t SavedTotals) add(u SavedTotals) SavedTotals {
	return SavedTotals{t.Read + u.Read, t.Rejected + u.Rejected, t.Records + u.Records, t.Fraud + u.Fraud, t.Legit + u.Legit,
		t.Unlabeled + u.Unlabeled, t.NoAmount + u.NoAmount, t.AmountMinor + u.AmountMinor}
}

// String tells the maturity in words; nil is none.
func (m *SavedMaturity) String() string {
	if m == nil {
		return "no maturity"
	}
	asOf, _ := m.Mature(false).Dates()
	return fmt.Sprintf("%d days as of %s", m.Days, asOf)
}

func coarser(a, b string) string {
	order := []string{"day", "month", "none"}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// common returns the names of both lists; nil stands for a list that nobody knows.
func common(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return !slices.Contains(b, name) })
}

// addIssues adds up issues by kind, in the order of the kinds, with the first places of the first files.
func addIssues(a, b []SavedIssue) []SavedIssue {
	out := slices.Clone(a)
	for _, i := range b {
		at := slices.IndexFunc(out, func(j SavedIssue) bool { return j.Kind == i.Kind })
		if at < 0 {
			out = append(out, i)
			continue
		}
		first := slices.Concat(out[at].First, i.First)
		out[at] = SavedIssue{i.Kind, out[at].Count + i.Count, first[:min(len(first), keepPlaces)]}
	}
	slices.SortStableFunc(out, func(i, j SavedIssue) int {
		x, _ := issueNamed(i.Kind)
		y, _ := issueNamed(j.Kind)
		return int(x) - int(y)
	})
	return out
}
