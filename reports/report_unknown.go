package reports

import (
	"fmt"
	"time"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// unknownBlocks gather what the records cannot answer: what was not asked, who was stopped, what is too young.
func (m monthly) unknownBlocks() []Block {
	limits := unanswered(m.Profile, m.Profile.Collection())
	for _, r := range m.contest().results {
		if u := r.Actions[replay.Undecided]; u.N() > 0 {
			limits = append(limits, fmt.Sprintf("What %s would do with %s: it asks %s there and the history did not. Its measures print what they may be.",
				r.Policy.Name, countShare(u.N(), r.Total().N()), r.Policy.Second))
		}
	}
	if mature := m.account.Mature; mature != nil && mature.Immature > 0 && !m.finalThroughout() {
		limits = append(limits, fmt.Sprintf("The fraud among the %s youngest records of the files: their labels are not final. They count in approvals and in no fraud rate of a policy; Scope and Score performance take labels as they are.", thousands(mature.Immature)))
	}
	if m.Calibration != nil && m.Calibration.Timeless > 0 {
		limits = append(limits, fmt.Sprintf("In which window %s records without a time belong: no certificate counts them.", thousands(m.Calibration.Timeless)))
	}
	var out []Block
	if len(limits) > 0 {
		out = append(out, Notes{Items: limits})
	}
	past := m.contest().screen
	past.results = past.results[:1]
	out = append(out, namedAll("production", past.pasts())...)
	for i, v := range m.Versus {
		if t := m.contest().question(v).table(); t != nil {
			t.Caption = v.Result.Policy.Name + ": " + t.Caption
			out = append(out, named(fmt.Sprintf("swap-ins-%d", i+1), t))
		}
	}
	if m.advice != nil {
		for _, b := range m.advice.refused() {
			if h, ok := b.(Heading); ok {
				b = Subheading(h)
			}
			out = append(out, b)
		}
	}
	if len(out) == 0 {
		return lacking("Nothing of what this report asks is left open by these records, chance apart.")
	}
	return out
}

// finalThroughout tells that the label of every record with a time is final, as where the month of the report lies far enough back.
func (m monthly) finalThroughout() bool {
	mature, p := m.account.Mature, m.account.Period
	return mature != nil && p != nil && p.Last <= time.UnixMicro(mature.AsOf).UTC().AddDate(0, 0, -mature.Days).UnixMicro()
}

// evidenceBlocks say what the report was made from, so that it can be made again, and what its words mean.
func (m monthly) evidenceBlocks() []Block {
	inputs := &Table{Name: "inputs", Caption: "Inputs", Columns: []Column{{Name: "file"}, {Name: "records", Align: Right}, {Name: "sha256", Head: "SHA-256"}}}
	for _, f := range m.Profile.Account.Files {
		inputs.Rows = append(inputs.Rows, []Cell{textCell(f.Name), countCell(f.Records), textCell(f.SHA256)})
	}
	policies := &Table{Name: "policies", Caption: "Policies", Columns: []Column{{Name: "role"}, {Name: "policy"}, {Name: "sha256", Head: "SHA-256 of its canonical form"}}}
	add := func(role string, p *replay.Policy) {
		policies.Rows = append(policies.Rows, []Cell{textCell(role), textCell(p.Name), textCell(p.Hash())})
	}
	add("champion", m.Champion)
	at := m.proposed()
	if at != nil {
		add("recommended", at.Policy)
	}
	for _, v := range m.Versus {
		if at == nil || v.Result.Policy != at.Policy {
			add("challenger", v.Result.Policy)
		}
	}
	facts := KeyValues{Pairs: []Pair{{"tool", textCell(m.Tool)}, {"seed", textCell("none: no random number is drawn")}}}
	if c := m.Certificate; c != nil {
		use := "not kept in a ledger"
		if c.Use > 0 {
			use = fmt.Sprintf("number %d of calibrations that looked at records of this window", c.Use)
		}
		facts.Pairs = append(facts.Pairs, Pair{"history", textCell("SHA-256 " + c.History + " of the records, whatever their files")}, Pair{"use of the records", textCell(use)})
	}
	out := []Block{facts, inputs, policies}
	if len(m.Commands) > 0 {
		lines := Code{Caption: "This report, and each of its parts by itself", Language: "console"}
		for _, c := range m.Commands {
			lines.Lines = append(lines.Lines, "# "+c.Gives, "$ "+c.Line)
		}
		out = append(out, lines)
	}
	return append(out, glossary())
}

// glossary says what the words of the report mean (METRICS.md of this project).
func glossary() Block {
	words := []Pair{
		{"record", textCell("one decision of the past, with the vendor's responses and what happened next")},
		{"score", textCell("0 to 1000, the most trusted at 1000; a cutoff is the lowest score on the trusted side")},
		{"approval rate", textCell("records approved or monitored, of all records")},
		{"fraud rate", textCell("frauds among approved records whose outcome is known")},
		{"fraud capture", textCell("frauds stepped up, reviewed or blocked, of all known frauds")},
		{"insult rate", textCell("legit records that are blocked, of all known legit records")},
		{"undecided", textCell("records on which a policy asks a product that history did not ask")},
		{"label", textCell("fraud or legit; a label is mature once its record is old enough for it to be final")},
		{"champion, challenger", textCell("the policy in force, and one that might replace it")},
		{"swap-in, swap-out", textCell("newly approved, and newly not approved, by the challenger")},
		{"apparent, ranked, certified", textCell("a rate on the records that the policy was searched on, on those that ordered it, and on those that nothing had looked at before")},
		{"AUC, KS", textCell("how often a legit record scores above a fraud; the largest distance of the two distributions of scores")},
		{"lift", textCell("the fraud rate of a band of scores over that of all")},
		{"PSI", textCell("how far two distributions over fixed bins are apart; chance alone makes some")},
		{"interval", textCell("where the rate lies with the stated confidence, records taken as independent")},
	}
	return Details{Summary: "Glossary", Blocks: []Block{KeyValues{Pairs: words}}}
}

// inputIDs are the files that were read.
func inputIDs(a dataset.Account) []calibrate.InputID {
	out := []calibrate.InputID{}
	for _, f := range a.Files {
		out = append(out, calibrate.InputID{File: f.Name, SHA256: f.SHA256, Records: f.Records})
	}
	return out
}
