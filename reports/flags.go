package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// findings are what inspect looked at for more or less fraud than elsewhere: the flags, boolean signals and reason codes of a
// profile, each in its order. They are one family: the more one looks at, the more of them differ by chance.
type findings struct {
	flags, signals, codes []*calibrate.Association
	// tested is how many of them had labeled records to compare, and were corrected for.
	tested int
}

// looked is how many things there were to look at.
func (f findings) looked() int { return len(f.flags) + len(f.signals) + len(f.codes) }

// findingsOf compares the fraud rate of the records that show each thing with that of the rest of those on which it can be told. A
// flag is tested for more fraud, which the guide says beforehand; what a signal or a code means need not be known, so those are
// tested for more or less.
func findingsOf(p *replay.Profile) findings {
	var f findings
	for _, flag := range p.Flags {
		f.flags = append(f.flags, associate(flag.Hits, flag.Told, calibrate.Greater))
	}
	for _, s := range p.Signals {
		f.signals = append(f.signals, associate(s.True, s.True.Add(s.False), calibrate.TwoSided))
	}
	for _, c := range p.Codes {
		f.codes = append(f.codes, associate(c.Tally, c.Told, calibrate.TwoSided))
	}
	f.tested = calibrate.Adjust(slices.Concat(f.flags, f.signals, f.codes))
	return f
}

// associate compares the hits with the rest of those that could be told.
func associate(hits, told replay.Tally, sides calibrate.Sides) *calibrate.Association {
	k, n := hits.Records[dataset.Fraud], hits.Labeled()
	a := calibrate.Associate(k, n, told.Records[dataset.Fraud]-k, told.Labeled()-n, sides, inspectConfidence)
	return &a
}

// findingTable starts a table of tallies that were compared: the columns of a rate, lift and p.
func findingTable(caption string, lead ...Column) *Table {
	t := rateTable(caption, lead...)
	for i := range t.Columns {
		if t.Columns[i].Name == "fraud_rate" {
			t.Columns[i].Head = "rate"
		}
	}
	t.Columns = append(t.Columns, Column{Name: "lift", Align: Right}, Column{Name: "p_holm", Head: "p", Align: Right})
	return t
}

// finding appends a row of such a table; more are the cells of the columns that follow.
func (t *Table) finding(tally replay.Tally, a *calibrate.Association, lead, more []Cell) {
	t.Rows = append(t.Rows, slices.Concat(lead, rateCells(tally), findingCells(a), more))
}

func findingCells(a *calibrate.Association) []Cell {
	return []Cell{{a.Lift, liftText(a.Lift)}, {a.Adjusted, probabilityText(a.Adjusted)}}
}

// liftText prints a lift to one decimal, without rounding one that is not nothing to 0.
func liftText(v calibrate.Number) string {
	switch {
	case !v.Defined():
		return undefined
	case v == 0:
		return "0"
	case v < 0.05:
		return "<0.1"
	}
	return fmt.Sprintf("%.1f", v)
}

// probabilityText prints a p-value to three decimals.
func probabilityText(p calibrate.Number) string {
	switch {
	case !p.Defined():
		return undefined
	case p < 0.001:
		return "<0.001"
	case p < 1 && p >= 0.9995:
		return ">0.999"
	}
	return fmt.Sprintf("%.3f", p)
}

// findingBlocks are the tables of what was looked at, behind their legend.
func findingBlocks(p *replay.Profile, f findings) []Block {
	tables := flagBlocks(p, f)
	if len(p.Signals) > 0 {
		tables = append(tables, signalTable(p, f))
	}
	tables = append(tables, codeTable(p, f)...)
	if len(tables) == 0 {
		return nil
	}
	return append([]Block{f.legend()}, tables...)
}

// legend explains the columns of all tables of findings, once.
func (f findings) legend() Block {
	kv := KeyValues{Caption: "What goes with fraud: how to read the tables of flags, signals and reason codes"}
	say := func(key, format string, args ...any) {
		kv.Pairs = append(kv.Pairs, Pair{key, textCell(fmt.Sprintf(format, args...))})
	}
	say("rate", "of the labeled records that show it. What production blocked without an outcome is in no rate.")
	say("lift", "that rate over the one of all labeled records on which it could be told")
	say("p", "exact (Fisher) against the rest of these: for more fraud of a flag, for more or less of a signal or code (twice the smaller tail). Corrected (Holm) for having looked at %d, of which %d could be tested",
		f.looked(), f.tested)
	return kv
}

// flagBlocks are the table of the flags and of what they have in common, none where no flag can be told and the history does not
// hold both products.
func flagBlocks(p *replay.Profile, f findings) []Block {
	both := p.Collection().Mode != replay.ModeSingle
	if !both && !slices.ContainsFunc(p.Flags, func(g replay.FlagProfile) bool { return g.Lacks == nil }) {
		return nil
	}
	t := findingTable("Red flags across session and onboarding (trustreplay policy flags)", Column{Name: "flag"})
	t.Columns[1] = Column{Name: "hits", Align: Right}
	t.Columns = append(t.Columns, Column{Name: "missing", Align: Right})
	for i, g := range p.Flags {
		name := g.Name
		if note := unseen(g); note != "" {
			reference := mark(len(t.Footnotes))
			name += reference
			t.Footnotes = append(t.Footnotes, strings.TrimSpace(reference)+" "+note)
		}
		t.finding(g.Hits, f.flags[i], []Cell{textCell(name)}, []Cell{countCell(g.Missing)})
		if g.Told.N() == 0 {
			for j := range 3 { // hits, labeled, fraud: nothing was counted, which is not none
				t.Rows[i][1+j].Text = undefined
			}
		}
	}
	t.Footnotes = append(t.Footnotes, "missing: records that lack a field of the flag. It never holds there, and they are in none of its figures.")
	return append([]Block{t}, overlapTable(p.Flags)...)
}

// unseen says why a flag has no hits, "" where it has some.
func unseen(g replay.FlagProfile) string {
	switch {
	case len(g.Lacks) > 0:
		return "cannot be told: not found in this history: " + strings.Join(g.Lacks, ", ")
	case g.Told.N() == 0:
		return "cannot be told: no record has all of " + strings.Join(fieldNames(g), ", ")
	case g.Hits.N() == 0:
		return fmt.Sprintf("no hit on %s records that have its fields: with %s confidence it holds on %s of records like these",
			thousands(g.Told.N()), confidenceText(inspectConfidence), atMost(hitBound(g)))
	}
	return ""
}

// hitBound is the greatest share of hits that is likely where none was seen, the Clopper-Pearson bound.
func hitBound(g replay.FlagProfile) calibrate.Number {
	return calibrate.Number(calibrate.UpperBound(g.Hits.N(), g.Told.N(), 1-inspectConfidence))
}

func fieldNames(g replay.FlagProfile) []string {
	out := []string{}
	for _, f := range g.When.Fields {
		out = append(out, f.Name)
	}
	return out
}

// overlapTable shows of the hits of each flag (down) how many are also hits of each other one (across).
func overlapTable(flags []replay.FlagProfile) []Block {
	t := &Table{Caption: "Of the hits of a flag (down), how many are hits of another (across)", Columns: []Column{{Name: "flag"}, {Name: "hits", Align: Right}}}
	for i, g := range flags {
		if g.Hits.N() == 0 {
			continue
		}
		t.Columns = append(t.Columns, Column{Name: g.Name, Head: fmt.Sprint(len(t.Rows) + 1), Align: Right})
		row := []Cell{textCell(fmt.Sprintf("%d %s", len(t.Rows)+1, g.Name)), countCell(g.Hits.N())}
		for j, h := range flags {
			switch {
			case h.Hits.N() == 0:
			case i == j:
				row = append(row, Cell{g.Overlap[j], none})
			default:
				row = append(row, Cell{g.Overlap[j], countShare(g.Overlap[j], g.Hits.N())})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) < 2 {
		return nil
	}
	return []Block{t}
}
