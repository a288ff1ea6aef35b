package replay

import (
	"fmt"
	"strings"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// on returns the flag as it can be asked of a history that has fields of these kinds, by name: holds is its condition and told
// the one of having a value for each part, without the spellings whose fields the history lacks. They hold on the same records
// as those of all spellings, because a missing field is false. Where a part has no spelling left, the flag cannot be told at all,
// and lacks says what the history would need: for each such part the fields of its first spelling.
func (f Flag) on(kinds map[string]dataset.Kind) (holds, told *Condition, lacks []string) {
	var parts []flagPart
	for _, p := range f.parts {
		var left []string
		for _, s := range p.spellings {
			if len(lacking(s, kinds)) == 0 {
				left = append(left, s)
			}
		}
		if len(left) == 0 {
			lacks = append(lacks, lacking(p.spellings[0], kinds)...)
		}
		parts = append(parts, flagPart{left})
	}
	if len(lacks) > 0 {
		return nil, nil, lacks
	}
	return mustCompile(conjunction(parts, flagPart.condition)), mustCompile(conjunction(parts, flagPart.told)), nil
}

// spellingFields holds the fields that each spelling of the library reads.
var spellingFields = sync.OnceValue(func() map[string][]dataset.Field {
	out := map[string][]dataset.Field{}
	for _, f := range flagRows {
		for _, p := range f.parts {
			for _, s := range p.spellings {
				out[s] = mustCompile(s).Fields
			}
		}
	}
	return out
})

// lacking returns the fields of a spelling that the history does not have, or not in a kind that can be read as the one that is
// asked for. Read all the same, values of another kind would be issues, and a profile would reject records for fields that
// only a flag looks at.
func lacking(spelling string, kinds map[string]dataset.Kind) []string {
	var out []string
	for _, f := range spellingFields()[spelling] {
		switch got, found := kinds[f.Name]; {
		case !found:
			out = append(out, f.Name)
		case !readable(got, f.Kind):
			out = append(out, f.Name+" as "+kindWords[f.Kind])
		}
	}
	return out
}

// readable reports whether every value of a field of the one kind is one of the other.
func readable(got, want dataset.Kind) bool {
	switch want {
	case dataset.KindText:
		return got == want || got == dataset.KindNumber || got == dataset.KindBool
	case dataset.KindCodes, dataset.KindCluster: // a schema calls them texts
		return got == want || got == dataset.KindText
	}
	return got == want
}

var kindWords = map[dataset.Kind]string{dataset.KindBool: "true or false", dataset.KindNumber: "a number", dataset.KindText: "a text",
	dataset.KindCodes: "reason codes", dataset.KindCluster: "a cluster"}

// told returns the expression of having a value for all fields of some spelling.
func (p flagPart) told() string {
	var any []string
	for _, s := range p.spellings {
		var all []string
		for _, f := range spellingFields()[s] {
			all = append(all, presence(f))
		}
		if len(all) > 1 {
			any = append(any, "("+strings.Join(all, " && ")+")")
		} else {
			any = append(any, all...)
		}
	}
	return disjunction(any)
}

// presence returns an expression that holds where the field has a value, whatever it is. An empty list of codes is an answer
// too, which only the status of the product tells from no answer.
func presence(f dataset.Field) string {
	switch f.Kind {
	case dataset.KindBool:
		return fmt.Sprintf("(%s == true || %s == false)", f.Name, f.Name)
	case dataset.KindNumber:
		return fmt.Sprintf("(%s >= 0 || %s < 0)", f.Name, f.Name)
	case dataset.KindCodes:
		return fmt.Sprintf(`(%s.status == "ok" || len(%s) > 0)`, strings.TrimSuffix(f.Name, ".reason_codes"), f.Name)
	}
	return fmt.Sprintf("len(%s) > 0", f.Name)
}

// A FlagProfile counts what a flag of the library finds in a history.
type FlagProfile struct {
	Flag
	// Lacks are fields without which the flag cannot be told on any record: they are not among those found in the history, or
	// not "as a number". Then all counts are zero but Missing.
	Lacks []string
	// Told are the records that have a value for every part of the flag, Hits those of them on which it holds. Missing is how
	// many records lack a part.
	Told, Hits Tally
	Missing    int64
	// Overlap is, for each flag of the library, on how many of the hits that one holds too; for the flag itself all of them.
	Overlap []int64
}

// flagCounter counts one worker's share of the hits.
type flagCounter struct {
	flags []FlagProfile
	asked []int // for each pair of conditions, the flag
	eval  *evaluator
	fired []uint64
}

// flagConditions returns what is asked of each record: the conditions of the flags that can be told, each followed by the one
// of being told; and for each pair the flag.
func flagConditions(found []dataset.Discovered) (flags []FlagProfile, conds []*Condition, asked []int) {
	kinds := map[string]dataset.Kind{}
	for _, d := range found {
		kinds[d.Field.Name] = d.Field.Kind
	}
	list := Flags()
	for i, f := range list {
		holds, told, lacks := f.on(kinds)
		flags = append(flags, FlagProfile{Flag: f, Lacks: lacks, Overlap: make([]int64, len(list))})
		if lacks == nil {
			conds, asked = append(conds, holds, told), append(asked, i)
		}
	}
	return flags, conds, asked
}

// newFlagCounter prepares to count in batches of the given columns.
func newFlagCounter(found []dataset.Discovered, fields []dataset.Field) (*flagCounter, error) {
	flags, conds, asked := flagConditions(found)
	eval, err := newEvaluator(conds, fields)
	if err != nil {
		return nil, err
	}
	return &flagCounter{flags: flags, asked: asked, eval: eval}, nil
}

func (c *flagCounter) add(b *dataset.Batch, labels []uint8, amounts []int64) {
	if cap(c.fired) < b.N {
		c.fired = make([]uint64, b.N)
	}
	c.fired = c.fired[:b.N]
	c.eval.eval(b, c.fired)
	for r, fired := range c.fired {
		if b.Rejected(r) {
			continue
		}
		label, amount := uint32(labels[r]), max(0, amounts[r])
		for pair, flag := range c.asked {
			f := &c.flags[flag]
			if fired>>(2*pair+1)&1 == 0 {
				f.Missing++
				continue
			}
			f.Told.add(label, 1, amount)
			if fired>>(2*pair)&1 != 0 {
				f.Hits.add(label, 1, amount)
				c.overlap(f, fired)
			}
		}
	}
}

// overlap notes which flags hold beside f on a record.
func (c *flagCounter) overlap(f *FlagProfile, fired uint64) {
	for pair, flag := range c.asked {
		f.Overlap[flag] += int64(fired >> (2 * pair) & 1)
	}
}

func (c *flagCounter) merge(d *flagCounter) {
	for i := range c.flags {
		f, g := &c.flags[i], &d.flags[i]
		f.Told, f.Hits, f.Missing = f.Told.Add(g.Told), f.Hits.Add(g.Hits), f.Missing+g.Missing
		for j, n := range g.Overlap {
			f.Overlap[j] += n
		}
	}
}

// freeze returns the counts; total is how many records there are.
func (c *flagCounter) freeze(total int64) []FlagProfile {
	for i := range c.flags {
		if c.flags[i].Lacks != nil {
			c.flags[i].Missing = total
		}
	}
	return c.flags
}
