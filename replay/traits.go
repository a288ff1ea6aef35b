package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// Traits count what records look like, whatever a policy does with them: what each product answered, with which score and
// cluster, which signals are set and which reason codes were given. They are what drift is told by, month by month.
type Traits struct {
	Records  int64
	Products []ProductTraits // in the order of dataset.Products
	Signals  []SignalTraits  // boolean fields, in the order of the question
	Codes    []CodeTraits    // fields of reason codes, likewise
	Texts    []TextTraits    // text fields, likewise
}

// A MonthTraits holds those of one month.
type MonthTraits struct {
	Month string // "2026-03", "" for records without a time
	Traits
}

// A ProductTraits counts what one product said.
type ProductTraits struct {
	Product  string
	Statuses [dataset.NumStatuses]int64
	NoScore  int64 // answers without a score
	// Scores counts the answers by score, 0 to 1000, and by label; it is nil where no answer has a score, or where the history is
	// a cube in which scores share a cell.
	Scores [][dataset.NumLabels]int64
	// Clusters counts the answers by recorded cluster, NoCluster where they carry none.
	Clusters [dataset.NumClusters]int64
}

// Scored returns how many answers have a score.
func (p *ProductTraits) Scored() (n int64) {
	for _, labels := range p.Scores {
		n += labels[0] + labels[1] + labels[2]
	}
	return n
}

// A SignalTraits counts the records by a boolean field. Absent are those on which its product answered without it.
type SignalTraits struct {
	Field               string
	True, False, Absent int64
}

// A CodeTraits counts the records by the reason codes of a field.
type CodeTraits struct {
	Field string
	// Told are the records on which the product answered, or that carry any code of the field: those that could carry one.
	Told int64
	// Codes are ordered by their names; a record counts once for each code that it carries.
	Codes []ValueCount
	// TooMany says that the field holds too many values to be codes, and Codes none.
	TooMany bool
}

// A TextTraits counts the records by the values of a text field, such as a country.
type TextTraits struct {
	Field string
	// Values are ordered; "" stands for records without one. They add up to the records.
	Values []ValueCount
}

// A ValueCount counts the records that have a value, or carry a code.
type ValueCount struct {
	Value   string
	Records int64
}

// TraitFields returns what traits are counted of, for Question.Traits: of the fields that a history has, the products, boolean
// fields and reason codes. What is personal is left out. Text fields are for whoever asks to add.
func TraitFields(found []dataset.Discovered) []dataset.Field {
	fields := listedFields(found)
	return slices.DeleteFunc(fields, func(f dataset.Field) bool {
		switch f.Kind {
		case dataset.KindState, dataset.KindCluster, dataset.KindBool, dataset.KindCodes:
			return false
		}
		return true
	})
}

// Add returns the sum of two traits of one question.
func (t Traits) Add(u Traits) Traits {
	if t.Records == 0 && t.Products == nil {
		return u
	}
	if u.Records == 0 && u.Products == nil {
		return t
	}
	t.Records += u.Records
	t.Products, t.Signals, t.Codes, t.Texts = slices.Clone(t.Products), slices.Clone(t.Signals), slices.Clone(t.Codes), slices.Clone(t.Texts)
	for i := range u.Products {
		t.Products[i] = t.Products[i].add(&u.Products[i])
	}
	for i, s := range u.Signals {
		t.Signals[i].True += s.True
		t.Signals[i].False += s.False
		t.Signals[i].Absent += s.Absent
	}
	for i := range u.Codes {
		t.Codes[i] = t.Codes[i].add(u.Codes[i])
	}
	for i, x := range u.Texts {
		t.Texts[i].Values = addValues(t.Texts[i].Values, x.Values)
	}
	return t
}

func (p ProductTraits) add(q *ProductTraits) ProductTraits {
	for i, n := range q.Statuses {
		p.Statuses[i] += n
	}
	p.NoScore += q.NoScore
	for i, n := range q.Clusters {
		p.Clusters[i] += n
	}
	switch {
	case q.Scores == nil:
		return p
	case p.Scores == nil:
		p.Scores = q.Scores
		return p
	}
	p.Scores = slices.Clone(p.Scores)
	for score, labels := range q.Scores {
		for l, n := range labels {
			p.Scores[score][l] += n
		}
	}
	return p
}

func (c CodeTraits) add(d CodeTraits) CodeTraits {
	c.Told += d.Told
	c.Codes = addValues(c.Codes, d.Codes)
	if c.TooMany = c.TooMany || d.TooMany || len(c.Codes) > maxCodes; c.TooMany {
		c.Codes = nil
	}
	return c
}

// settleTraits looks at all months of a history together. It refuses what there is too much of, and takes a field that has too many
// codes out of every month: which of its months a worker has seen too many in depends on how the records were split.
func settleTraits(months []MonthTraits) error {
	if len(months) > maxTraitMonths {
		return errMonths
	}
	sum := SumTraits(months, func(string) bool { return true })
	for _, t := range sum.Texts {
		if len(t.Values) > maxValues {
			return errValues(t.Field)
		}
	}
	for i := range sum.Codes {
		if !sum.Codes[i].TooMany {
			continue
		}
		for m := range months {
			codes := slices.Clone(months[m].Codes)
			codes[i].TooMany, codes[i].Codes = true, nil
			months[m].Codes = codes
		}
	}
	return nil
}

// addValues merges two ordered lists.
func addValues(a, b []ValueCount) []ValueCount {
	if len(a) == 0 {
		return b
	}
	out := make([]ValueCount, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch d := cmp.Compare(a[0].Value, b[0].Value); {
		case d < 0:
			out, a = append(out, a[0]), a[1:]
		case d > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, ValueCount{a[0].Value, a[0].Records + b[0].Records}), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// SumTraits adds up the months that keep says yes to.
func SumTraits(months []MonthTraits, keep func(month string) bool) (sum Traits) {
	for _, m := range months {
		if keep(m.Month) {
			sum = sum.Add(m.Traits)
		}
	}
	return sum
}

// addMonths merges two lists of months, ordered by month.
func addMonths(a, b []MonthTraits) []MonthTraits {
	out := slices.Clone(a)
	for _, m := range b {
		i, found := slices.BinarySearchFunc(out, m.Month, func(x MonthTraits, month string) int { return cmp.Compare(x.Month, month) })
		if !found {
			out = slices.Insert(out, i, m)
			continue
		}
		out[i].Traits = out[i].Add(m.Traits)
	}
	return out
}
