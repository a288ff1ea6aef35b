package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// checkSaved reports what is asked of saved cubes that they cannot answer, and takes over their maturity.
func (p *Plan) checkSaved() error {
	s := p.Saved
	if s == nil {
		return nil
	}
	p.Maturity = Maturity{}
	if m := s.Maturity; m != nil {
		p.Maturity = Maturity{Days: m.Days, AsOf: int64(m.AsOf)}
	}
	if err := p.recordsWanted(); err != nil {
		return err
	}
	for _, name := range p.By {
		has, known := s.Has(dataset.Field{Name: name, Kind: dataset.KindText})
		_, isTime := calendars[name]
		switch {
		case !isTime && known && !has:
			return lacksBy(name)
		case name == Day && s.Time != Day:
			return fmt.Errorf("by day: the saved cube keeps %s: build one with --by day", timesKept(s.Time))
		case name == Month && s.Time == "none":
			return errors.New("by month: the saved cube keeps no times: build one with a timestamp")
		}
	}
	if err := p.traitsSaved(); err != nil {
		return err
	}
	for _, pol := range p.everybody() {
		if lacks := p.unsaved(pol, func(f dataset.Field) bool { has, known := s.Has(f); return known && !has }); lacks != nil {
			return lackError(pol, lacks)
		}
	}
	return nil
}

// traitsSaved reports what is asked of the records' looks, and of days, that saved cubes do not keep.
func (p *Plan) traitsSaved() error {
	if p.DayApprovals != nil && p.Saved.Time != Day {
		return fmt.Errorf("approvals by day: the saved cube keeps %s: build one with --by day", timesKept(p.Saved.Time))
	}
	for _, product := range dataset.Products {
		state := dataset.Field{Name: dataset.ProductField(product, ""), Kind: dataset.KindState}
		if _, binned := p.Saved.Edges[product]; binned && slices.Contains(p.Traits, state) {
			return fmt.Errorf("the scores of %s: the saved cube does not keep every one: build it again with --exact all, from the history", product)
		}
	}
	return nil
}

func lacksBy(name string) error {
	return fmt.Errorf("by %s: the saved cube was not built with it: build it again with --by %s, from the history", name, name)
}

func timesKept(kind string) string {
	return map[string]string{"month": "months", "day": "days", "none": "no times"}[kind]
}

// recordsWanted reports what takes records one by one, which a saved cube has no more.
func (p *Plan) recordsWanted() error {
	for _, want := range []struct {
		is   bool
		what string
	}{
		{p.Rows, "a file of every record's decision"},
		{p.Logins, "an enrollment user by user"},
		{p.Entity != "", "a split by entity"},
		{p.Singles, "the amount of each record"},
		{p.Spread, "how uneven amounts are, for intervals by value,"},
		{p.Exploration != "", "the probability of each approval"},
	} {
		if want.is {
			return fmt.Errorf("%s needs the records one by one, and a saved cube holds their counts: name the history that it was made of", want.what)
		}
	}
	return nil
}

// unsaved lists what a policy reads that saved cubes do not tell apart; missing says of a field whether they lack it.
func (p *Plan) unsaved(pol *Policy, missing func(dataset.Field) bool) []string {
	var out []string
	lack := func(f dataset.Field, what string) {
		if missing(f) && !slices.Contains(out, what) {
			out = append(out, what)
		}
	}
	product := func(name string, b Bands) {
		if name == "" {
			return
		}
		lack(dataset.Field{Name: dataset.ProductField(name, ""), Kind: dataset.KindState}, "the product "+name)
		if b.Recorded() {
			lack(dataset.Field{Name: dataset.ProductField(name, "score_cluster"), Kind: dataset.KindCluster}, "the recorded clusters of "+name)
		}
		if _, binned := p.Saved.Edges[name]; binned && (p.Exact || slices.Contains(p.ExactOf, name)) {
			out = append(out, "every score of "+name)
			return
		}
		for _, e := range b.Edges {
			if !b.Recorded() && e > 0 && e <= dataset.MaxScore && !p.Saved.Parts(name, e) {
				out = append(out, fmt.Sprintf("the edge %d of %s", e, name))
			}
		}
	}
	product(pol.First, pol.FirstBands)
	product(pol.Second, pol.SecondBands)
	for _, r := range pol.Rules {
		for _, f := range r.When.Fields {
			lack(readAs(f), f.Name)
			if _, binned := p.Saved.Edges[scoreRead(f)]; binned {
				out = append(out, "every score of "+scoreRead(f))
			}
			if f.Kind == dataset.KindAmount {
				out = append(out, "the amount of each record")
			}
		}
	}
	return out
}

func lackError(pol *Policy, lacks []string) error {
	return fmt.Errorf("policy %s needs what the cube was not built with: %s: build it again with --policy %s, from the history",
		pol.Name, strings.Join(lacks, ", "), pol.Name)
}

// scoreRead returns the product whose score a condition reads as a number, "" for any other field.
func scoreRead(f dataset.Field) string {
	for _, p := range dataset.Products {
		if f.Kind == dataset.KindNumber && f.Name == dataset.ProductField(p, "score") {
			return p
		}
	}
	return ""
}

// errSaved is of a plan and a scan that disagree about what a row is.
var errSaved = errors.New("saved cubes are read by a plan of saved cubes, and a history by any other")

// addYoung asks for the column of saved cubes that tells immature records, where it matters.
func (p *Plan) addYoung() {
	if p.Saved.Maturity != nil && (p.MatureOnly || p.Save) {
		p.young = p.column(dataset.Field{Name: dataset.ImmatureField, Kind: dataset.KindBool})
	}
}

// leaveYoung leaves out immature records, where the question is not about them.
func (p *Plan) leaveYoung(b *dataset.Batch) {
	if !p.MatureOnly || p.young < 0 || b.N == 0 {
		return
	}
	for r, young := range b.Cols[p.young].U8[:b.N] {
		if young == dataset.BoolTrue && !b.Rejected(r) {
			leaveOut(b, r)
		}
	}
}

// settleSaved adds to an account what saved cubes tell of their labels, and checks that they have the columns that were asked
// for where they do not say so themselves. What is read may be a part of what the plan was made for.
func (p *Plan) settleSaved(a *dataset.Account, s *dataset.Saved) error {
	if s.Maturity != nil {
		a.Mature = s.Maturity.Mature(p.MatureOnly)
	} else if p.LabelTimes {
		a.LabelTimes = s.LabelTimes
	}
	if p.past < 0 { // a cube's issues with actions are none of a question that does not read them
		a.Issues = slices.DeleteFunc(a.Issues, func(c dataset.IssueCount) bool { return c.Kind == dataset.BadAction })
	}
	missing := func(f dataset.Field) bool { return a.Read > 0 && len(s.Lacks([]dataset.Field{f}, a.Files)) > 0 }
	for _, pol := range p.everybody() {
		if lacks := p.unsaved(pol, missing); lacks != nil {
			return lackError(pol, lacks)
		}
	}
	for i, name := range p.By {
		if f := p.fields[p.by[i]]; missing(f) {
			return lacksBy(name)
		}
	}
	return nil
}
