package reports

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/replay"
)

// versusBlocks set each challenger, the recommended policy first, against the champion on all records.
func (m monthly) versusBlocks() []Block {
	if len(m.Versus) == 0 {
		return lacking("No change is recommended and no challenger was named (--challenger POLICY).")
	}
	s := m.contest()
	notes, marks := s.doubts()
	var out []Block
	for i, v := range m.Versus {
		name := func(what string) string {
			if len(m.Versus) == 1 {
				return what
			}
			return fmt.Sprintf("%s-%d", what, i+1)
		}
		out = append(out, Subheading(v.Result.Policy.Name))
		out = append(out, m.duelBlocks(s, v, name, marks)...)
	}
	if len(notes.Items) > 0 {
		out = append(out, notes)
	}
	return out
}

// duelBlocks are those of one challenger; name makes the names of its tables different from those of another.
func (m monthly) duelBlocks(s contest, v Versus, name func(string) string, marks map[string]string) []Block {
	one := v // over all records, split no more
	one.Result = whole(v.Result)
	all := *v.Comparison
	all.Groups = nil
	one.Comparison = &all
	records := func(t replay.Tally) Cell { return Cell{t.N(), cellText(t.N())} }
	out := []Block{named(name("differences"), s.measuresOf(one, marks)), named(name("swaps"), s.swaps(one))}
	if len(v.Edits) > 0 {
		out = append(out, named(name("attribution"), s.edits(one)))
	}
	if t := s.tornado(one); t != nil {
		out = append(out, named(name("final-differences"), s.pair(one).finals()), named(name("guesses"), t))
	}
	out = append(out, named(name("swap-table"), s.grid("Actions: champion (down) x challenger (across), records", one, records)))
	more := Details{Summary: "By segment, and by the parts of the two policies"}
	for i, field := range m.By {
		more.Blocks = append(more.Blocks, m.segmentDuel(v, field, name(fmt.Sprintf("segment-differences-%d", i+1))))
	}
	more.Blocks = append(more.Blocks, named(name("parts"), s.parts("Changed records by the parts of the two policies", one)))
	return append(out, more)
}

// segmentDuel shows the differences in the largest segments.
func (m monthly) segmentDuel(v Versus, field, name string) *Table {
	split := v.Comparison.Only(m.Results[0].By, field)
	champion, challenger := only(m.Results[0], field), only(v.Result, field)
	slices.SortStableFunc(split.Groups, func(a, b replay.SwapGroup) int {
		return cmp.Or(cmp.Compare(sizeOf(&b.Swap), sizeOf(&a.Swap)), slices.Compare(a.Key, b.Key))
	})
	left := len(split.Groups) - mostSegments
	if left > 0 {
		split.Groups = split.Groups[:mostSegments]
	}
	s := contest{m.screen, nil}
	s.by, s.results = []string{field}, []replay.Result{champion, challenger}
	t := named(name, s.groupsOf(Versus{Result: challenger, Comparison: split}))
	t.Footnotes = append(t.Footnotes, "The most records first.")
	if left > 0 {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("%s smaller segments are in the last line alone.", thousands(int64(left))))
	}
	return t
}

func sizeOf(s *replay.Swap) int64 {
	champion, _ := s.Counts()
	return champion.Total().N()
}
