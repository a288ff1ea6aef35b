package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the JSON form of what inspect looked at: names and their order are part of the contract.

// familyJSON says how many things were looked at and tested, and how the p-values were made.
type familyJSON struct {
	Flags      int              `json:"flags"`
	Signals    int              `json:"signals"`
	Codes      int              `json:"reason_codes"`
	Tested     int              `json:"tested"`
	Method     string           `json:"method"`
	Correction string           `json:"correction"`
	Confidence calibrate.Number `json:"confidence"` // of the intervals and of share_at_most
}

type associationJSON struct {
	Lift  calibrate.Number `json:"lift"`
	P     calibrate.Number `json:"p"`
	PHolm calibrate.Number `json:"p_holm"`
}

type flagJSON struct {
	Name        string           `json:"name"`
	Session     string           `json:"session"`    // the guide's words
	Onboarding  string           `json:"onboarding"` // the guide's words
	Risk        string           `json:"risk"`       // the guide's words
	Source      string           `json:"source"`
	When        string           `json:"when"`
	Then        string           `json:"then"` // suggested
	Reads       []string         `json:"reads"`
	Lacks       []string         `json:"lacks"` // fields that no record has, without which the flag cannot be told
	Missing     int64            `json:"missing"`
	Told        rateJSON         `json:"told"`
	Hits        rateJSON         `json:"hits"`
	AtMost      calibrate.Number `json:"share_at_most"` // of hits among told, where there is no hit
	Alternative string           `json:"alternative"`
	associationJSON
	Overlap []overlapJSON `json:"overlap"`
}

type overlapJSON struct {
	Flag    string `json:"flag"`
	Records int64  `json:"records"`
}

func newFamily(f findings) familyJSON {
	return familyJSON{len(f.flags), len(f.signals), len(f.codes), f.tested, "fisher_exact", "holm", inspectConfidence}
}

func newAssociation(a *calibrate.Association) associationJSON {
	return associationJSON{a.Lift, a.P, a.Adjusted}
}

func newFlags(p *replay.Profile, f findings) []flagJSON {
	out := []flagJSON{}
	for i, g := range p.Flags {
		j := flagJSON{Name: g.Name, Session: g.Session, Onboarding: g.Onboarding, Risk: g.Risk, Source: replay.FlagSource, When: g.When.Source,
			Then: g.Then.String(), Reads: fieldNames(g), Lacks: append([]string{}, g.Lacks...), Missing: g.Missing, Told: newRate(g.Told), Hits: newRate(g.Hits),
			AtMost: calibrate.Undefined(), Alternative: "greater", associationJSON: newAssociation(f.flags[i]), Overlap: []overlapJSON{}}
		if g.Hits.N() == 0 && g.Told.N() > 0 {
			j.AtMost = hitBound(g)
		}
		for k, other := range p.Flags {
			if k != i {
				j.Overlap = append(j.Overlap, overlapJSON{other.Name, g.Overlap[k]})
			}
		}
		out = append(out, j)
	}
	return out
}

// findingTidy appends the line of something that was looked at: its tally and, in the last columns, lift and p.
func (t *Table) findingTidy(table, key, value string, tally replay.Tally, a *calibrate.Association) {
	t.tally(table, key, value, tally)
	row := t.Rows[len(t.Rows)-1]
	for i, c := range t.Columns {
		switch c.Name {
		case "lift":
			row[i].Value = a.Lift
		case "p":
			row[i].Value = a.P
		case "p_holm":
			row[i].Value = a.Adjusted
		}
	}
}

// flagTidy appends the lines of the flags: what could be told, the hits, how many records lack a field, and the overlaps.
func (t *Table) flagTidy(p *replay.Profile, f findings) {
	for i, g := range p.Flags {
		t.tally("flag", g.Name, "told", g.Told)
		t.findingTidy("flag", g.Name, "hits", g.Hits, f.flags[i])
		t.line(nil, "flag", g.Name, "missing", g.Missing)
		for j, other := range p.Flags {
			if j != i {
				t.line(nil, "flag_overlap", g.Name, other.Name, g.Overlap[j])
			}
		}
	}
}
