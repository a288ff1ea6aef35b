package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// maxTraitMonths bounds the months of a history whose traits are counted, a hundred years of them: each takes 24 KiB for a product
// with scores.
const maxTraitMonths = 1200

var errMonths = fmt.Errorf("records of more than %d months: want a part of the history at a time", maxTraitMonths)

// A traitColumns says where a plan's traits are read.
type traitColumns struct {
	label    int
	products []productTraitColumns
	signals  []traitColumn
	codes    []traitColumn
	texts    []traitColumn
}

type productTraitColumns struct {
	name           string
	state, cluster int
}

// A traitColumn is that of a field, with the column of the state of the product that it belongs to, -1 for none.
type traitColumn struct {
	name            string
	column, answers int
}

// maxValues bounds the values of a text field whose traits are counted, so that an id named as one is refused instead of filling the
// memory.
const maxValues = 10_000

func errValues(field string) error {
	return fmt.Errorf("%s has more than %d values, want a field of few", field, maxValues)
}

// addTraits adds the columns of the question's traits.
func (p *Plan) addTraits() error {
	if p.Traits == nil {
		return nil
	}
	t := &traitColumns{label: p.label}
	for _, product := range dataset.Products {
		if f := (dataset.Field{Name: dataset.ProductField(product, ""), Kind: dataset.KindState}); slices.Contains(p.Traits, f) {
			cluster := dataset.Field{Name: dataset.ProductField(product, "score_cluster"), Kind: dataset.KindCluster}
			t.products = append(t.products, productTraitColumns{product, p.column(f), p.column(cluster)})
		}
	}
	for _, f := range p.Traits {
		if p.Saved != nil && f.Name == dataset.ImmatureField {
			continue // of the cube, not of its records
		}
		switch f.Kind {
		case dataset.KindBool:
			t.signals = append(t.signals, traitColumn{f.Name, p.column(f), p.answersOf(f.Name)})
		case dataset.KindCodes:
			t.codes = append(t.codes, traitColumn{f.Name, p.column(f), p.answersOf(f.Name)})
		case dataset.KindText:
			if dataset.Personal(f.Name) {
				return fmt.Errorf("%q is personal data, which is never printed; want a field such as country", f.Name)
			}
			if slices.ContainsFunc(t.texts, func(c traitColumn) bool { return c.name == f.Name }) {
				return fmt.Errorf("%q is named twice", f.Name)
			}
			t.texts = append(t.texts, traitColumn{f.Name, p.column(f), -1})
		}
	}
	p.traits = t
	return nil
}

// answersOf returns the column of the state of the product that a field belongs to: of a part of onboarding where there is one.
func (p *Plan) answersOf(name string) int {
	for at := strings.LastIndexByte(name, '.'); at > 0; at = strings.LastIndexByte(name, '.') {
		name = name[:at]
		state := dataset.Field{Name: name, Kind: dataset.KindState}
		if slices.Contains(p.Traits, state) {
			return p.column(state)
		}
	}
	return -1
}

// A traitCounter counts one worker's share, month by month.
type traitCounter struct {
	plan   *Plan
	month  timePart
	number []uint32
	months []*Traits // by the month's number; codes by their number in codes, not by name
	codes  []codeNumbers
	texts  []textPart
	counts [][][]int64 // by month, field of codes and then of texts, and the number of the value
	value  []uint32    // scratch: the number of each record's value
}

// codeNumbers gives numbers to the codes of a field, asking once for each entry of a dictionary.
type codeNumbers struct {
	byName  map[string]uint32
	dict    uint64
	entries [][]uint32 // the codes of each entry, each once; nil where not asked yet
	tooMany bool
}

func newTraitCounter(p *Plan) *traitCounter {
	c := &traitCounter{plan: p, codes: make([]codeNumbers, len(p.traits.codes))}
	c.month = timePart{calendar: calendars[Month], column: p.time}
	for i := range c.codes {
		c.codes[i].byName = map[string]uint32{}
	}
	for _, t := range p.traits.texts {
		c.texts = append(c.texts, textPart{column: t.column})
	}
	return c
}

func (c *traitCounter) add(b *dataset.Batch) error {
	c.number = resized(c.number, b.N)
	c.month.number(b, c.number)
	for len(c.months) < len(c.month.periods.keys) {
		c.months = append(c.months, c.newMonth())
		c.counts = append(c.counts, make([][]int64, len(c.codes)+len(c.texts)))
	}
	if len(c.months) > maxTraitMonths {
		return errMonths
	}
	for r := range b.N {
		if !b.Rejected(r) {
			c.months[c.number[r]].Records += b.Weight(r)
		}
	}
	for i := range c.plan.traits.products {
		c.product(b, i)
	}
	for i := range c.plan.traits.signals {
		c.signal(b, i)
	}
	for i := range c.codes {
		c.code(b, i)
	}
	for i := range c.texts {
		if c.text(b, i); len(c.texts[i].names) > maxValues {
			return errValues(c.plan.traits.texts[i].name)
		}
	}
	return nil
}

func (c *traitCounter) newMonth() *Traits {
	t := &Traits{}
	for _, p := range c.plan.traits.products {
		t.Products = append(t.Products, ProductTraits{Product: p.name})
	}
	for _, s := range c.plan.traits.signals {
		t.Signals = append(t.Signals, SignalTraits{Field: s.name})
	}
	for _, s := range c.plan.traits.codes {
		t.Codes = append(t.Codes, CodeTraits{Field: s.name})
	}
	for _, s := range c.plan.traits.texts {
		t.Texts = append(t.Texts, TextTraits{Field: s.name})
	}
	return t
}

func (c *traitCounter) product(b *dataset.Batch, i int) {
	at := c.plan.traits.products[i]
	clusters, labels := b.Cols[at.cluster].U8, b.Cols[c.plan.traits.label].U8
	for r, s := range b.Cols[at.state].State[:b.N] {
		if !b.Rejected(r) {
			c.months[c.number[r]].Products[i].count(s, dataset.Cluster(clusters[r]), labels[r], b.Weight(r), c.plan.AbsentMissing)
		}
	}
}

// count adds n answers of one kind.
func (p *ProductTraits) count(s dataset.State, cluster dataset.Cluster, label uint8, n int64, absentMissing bool) {
	status := s.Status()
	if status == dataset.Absent && absentMissing {
		status = dataset.Missing
	}
	p.Statuses[status] += n
	if status != dataset.OK {
		return
	}
	p.Clusters[cluster] += n
	score, found := s.Score()
	if !found {
		p.NoScore += n
		return
	}
	if p.Scores == nil {
		p.Scores = make([][dataset.NumLabels]int64, dataset.MaxScore+1)
	}
	p.Scores[score][label] += n
}

func (c *traitCounter) signal(b *dataset.Batch, i int) {
	at := c.plan.traits.signals[i]
	for r, v := range b.Cols[at.column].U8[:b.N] {
		if b.Rejected(r) {
			continue
		}
		switch s := &c.months[c.number[r]].Signals[i]; {
		case v == dataset.BoolTrue:
			s.True += b.Weight(r)
		case v == dataset.BoolFalse:
			s.False += b.Weight(r)
		case answered(b, at.answers, r):
			s.Absent += b.Weight(r)
		}
	}
}

// answered reports whether a product, by the column of its state, answered on a record; where no state tells, it did.
func answered(b *dataset.Batch, answers, r int) bool {
	return answers < 0 || b.Cols[answers].State[r].Status() == dataset.OK
}

func (c *traitCounter) code(b *dataset.Batch, i int) {
	at, numbers := c.plan.traits.codes[i], &c.codes[i]
	col := &b.Cols[at.column]
	numbers.open(col)
	for r, entry := range col.Idx[:b.N] {
		if b.Rejected(r) {
			continue
		}
		month := c.number[r]
		if entry != 0 || answered(b, at.answers, r) {
			c.months[month].Codes[i].Told += b.Weight(r)
		}
		if entry == 0 || numbers.tooMany {
			continue
		}
		if numbers.entries[entry] == nil {
			numbers.entries[entry] = numbers.of(col.Dict[entry])
		}
		for _, code := range numbers.entries[entry] {
			c.one(month, i, code, b.Weight(r))
		}
	}
}

// one adds n records to a value of a field of codes or texts.
func (c *traitCounter) one(month uint32, field int, value uint32, n int64) {
	counts := c.counts[month][field]
	if grow := int(value) + 1 - len(counts); grow > 0 {
		counts = append(counts, make([]int64, grow)...)
		c.counts[month][field] = counts
	}
	counts[value] += n
}

func (c *traitCounter) text(b *dataset.Batch, i int) {
	c.value = resized(c.value, b.N)
	c.texts[i].number(b, c.value)
	for r, value := range c.value {
		if !b.Rejected(r) {
			c.one(c.number[r], len(c.codes)+i, value, b.Weight(r))
		}
	}
}

// open makes room for the entries of a column's dictionary, which may have grown.
func (n *codeNumbers) open(col *dataset.Column) {
	if col.DictID == 0 || col.DictID != n.dict {
		n.dict = col.DictID
		clear(n.entries)
	}
	if grow := len(col.Dict) - len(n.entries); grow > 0 {
		n.entries = append(n.entries, make([][]uint32, grow)...)
	}
}

// of returns the numbers of the codes of a list, each once. What cannot be a code, and might be personal data, is notCode.
func (n *codeNumbers) of(list string) []uint32 {
	out := []uint32{}
	for code := range strings.SplitSeq(list, ",") {
		if code = strings.TrimSpace(code); code == "" {
			continue
		}
		if !dataset.IsCode(code) {
			code = notCode
		}
		number, found := n.byName[code]
		if !found {
			if n.tooMany = n.tooMany || len(n.byName) >= maxCodes; n.tooMany {
				return out // the field is left out as a whole
			}
			number = uint32(len(n.byName))
			n.byName[strings.Clone(code)] = number
		}
		if !slices.Contains(out, number) {
			out = append(out, number)
		}
	}
	return out
}

// freeze returns the months in their order, those of records without a time first.
func (c *traitCounter) freeze() []MonthTraits {
	var out []MonthTraits
	for number, t := range c.months {
		if t.Records == 0 {
			continue // only rejected records
		}
		for i := range c.codes {
			if t.Codes[i].TooMany = c.codes[i].tooMany; !t.Codes[i].TooMany {
				t.Codes[i].Codes = nameValues(c.codes[i].byName, c.counts[number][i])
			}
		}
		for i := range c.texts {
			t.Texts[i].Values = nameValues(c.texts[i].byName, c.counts[number][len(c.codes)+i])
		}
		out = append(out, MonthTraits{c.month.nameOf(number), *t})
	}
	slices.SortFunc(out, func(a, b MonthTraits) int { return cmp.Compare(a.Month, b.Month) })
	return out
}

// nameValues returns the counts that are not 0 by the names of their numbers.
func nameValues(byName map[string]uint32, counts []int64) (out []ValueCount) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if number := int(byName[name]); number < len(counts) && counts[number] > 0 {
			out = append(out, ValueCount{name, counts[number]})
		}
	}
	return out
}
