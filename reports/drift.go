package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

// A DriftSource says what a drift was counted from, and what became of its alarms.
type DriftSource struct {
	// Account is that of the period's files, which hold the baseline too where Baseline is nil.
	Account  dataset.Account
	Baseline *dataset.Account
	// Outside counts the records that are in neither side.
	Outside int64
	// Alarms are those asked for, in their order.
	Alarms []DriftAlarm
}

// A DriftAlarm is one condition that a run was to watch.
type DriftAlarm struct {
	// Condition is a limit as replay.Limit prints it, or "drift" for a changed decision.
	Condition string
	Rings     bool
	// State and Run are those of a limit, nil and zero for drift. Kept says that the state stays for the next run, and From is the
	// first day that counts, "" for all.
	State *calibrate.Alarm
	Run   calibrate.AlarmRun
	Kept  bool
	From  string
}

// Drift arranges a period against its baseline: alarms, one sentence for each question, then decisions, fraud rates, scores, signals,
// answers and the order of the scores. Tables are named drift-decisions, drift-fraud, drift-scores, drift-traits, drift-answers,
// drift-order and drift-bins; Tidy has all their rows. The JSON form is described by the types of drift_data.go.
func Drift(d *calibrate.Drift, s DriftSource) Document {
	doc := Document{Title: driftTitle(d), Tidy: driftTidy(d), Data: driftData(d, s)}
	doc.Blocks = append(doc.Blocks, Paragraph(driftSource(d, s)))
	for _, a := range s.Alarms {
		doc.Blocks = append(doc.Blocks, alarmBox(d, a))
	}
	for _, account := range s.accounts() {
		if len(account.Issues) > 0 {
			doc.Blocks = append(doc.Blocks, issueTable(account.Issues))
		}
	}
	doc.Blocks = append(doc.Blocks, driftBlocks(d)...)
	for _, account := range s.accounts() {
		if len(account.Files) > 0 {
			doc.Blocks = append(doc.Blocks, Details{Summary: "Inputs", Blocks: []Block{fileTable(account.Files)}})
		}
	}
	return doc
}

func (s DriftSource) accounts() []dataset.Account {
	if s.Baseline == nil {
		return []dataset.Account{s.Account}
	}
	return []dataset.Account{*s.Baseline, s.Account}
}

// driftBlocks has what a drift says, without a title and without its inputs: the headlines, and each question under its heading.
func driftBlocks(d *calibrate.Drift) []Block {
	var items []string
	for _, say := range []func(*calibrate.Drift) string{decisionHeadline, fraudHeadline, scoreHeadline, traitHeadline, orderHeadline} {
		if text := say(d); text != "" {
			items = append(items, text)
		}
	}
	out := []Block{Notes{Caption: "What changed, as far as these records can say", Items: items}}
	out = append(out, Heading("Decisions"), shiftTable("drift-decisions", "Shares of all records: actions, then the parts of the policy in its order", d.Decisions))
	out = append(out, Heading("Fraud rates"))
	out = append(out, fraudBlocks(d)...)
	if len(d.Scores)+len(d.Segments) > 0 {
		out = append(out, Heading("Scores, clusters and segments"), indexTable(d), binDetails(d))
	}
	if d.TraitTests > 0 {
		out = append(out, Heading("Signals, reason codes and segments"), traitTable(d))
	}
	if len(d.Answers.List) > 0 {
		out = append(out, Heading("Answers and labels"), labelFacts(d), shiftTable("drift-answers", "What became of the question to each product, shares of all records", d.Answers))
	}
	if d.Order.Tested > 0 {
		out = append(out, Heading("Order of the scores"))
		out = append(out, orderBlocks(d)...)
	}
	return out
}

func driftTitle(d *calibrate.Drift) string {
	return fmt.Sprintf("Drift of %s: %s against %s", d.Period.Result.Policy.Name, sideWords(d.Period), sideWords(d.Baseline))
}

// sideWords names the months of a side: "2026-03 to 2026-05".
func sideWords(s *calibrate.DriftSide) string {
	var months []string
	for _, m := range s.Months {
		if m != "" {
			months = append(months, m)
		}
	}
	switch {
	case len(s.Months) == 0:
		return "no record"
	case len(months) == 0:
		return "records without a time"
	case len(months) == 1:
		return months[0]
	}
	return months[0] + " to " + months[len(months)-1]
}

func driftSource(d *calibrate.Drift, s DriftSource) string {
	side := func(name string, x *calibrate.DriftSide, a dataset.Account) string {
		t := x.Total()
		return fmt.Sprintf("%s: %s records of %s, %s of them labeled, %s fraud%s.", name, thousands(t.N()), sideWords(x), thousands(t.Labeled()),
			thousands(t.Records[dataset.Fraud]), finalTo(a))
	}
	base := s.Account
	if s.Baseline != nil {
		base = *s.Baseline
	}
	text := []string{side("Baseline", d.Baseline, base), side("Period", d.Period, s.Account)}
	for _, a := range s.accounts() {
		if a.Rejected > 0 {
			text = append(text, fmt.Sprintf("%s of %s records read were rejected.", thousands(a.Rejected), thousands(a.Read)))
		}
	}
	if s.Outside > 0 {
		text = append(text, fmt.Sprintf("%s records are in neither, by their month or for lack of a time.", thousands(s.Outside)))
	}
	if m := maturityText(s.Account); m != "" {
		text = append(text, m+".")
	}
	text = append(text, fmt.Sprintf("What is marked as changed is more than chance with %s confidence for a table as a whole, if records are independent.", confidenceText(d.Confidence)))
	return strings.Join(text, " ")
}

// shiftName says what a shift is about.
func shiftName(c calibrate.Shift) string {
	if c.Of != "" {
		return c.Of + " " + c.Name
	}
	return c.Name
}

// moved says of a shift how far it went: 4.10 % → 7.90 % (+2.90 to +4.70 pp).
func moved(c calibrate.Shift) string {
	return fmt.Sprintf("%s → %s (%s to %s)", portionText(c.Base), portionText(c.Now), strings.TrimSuffix(points(c.Low), " pp"), points(c.High))
}

// portionText prints a share, and a count of none as what it is of.
func portionText(p calibrate.Portion) string {
	switch {
	case p.N == 0:
		return undefined
	case p.K == 0:
		return "0 of " + thousands(p.N)
	}
	return percent(p.Share())
}

// shownText says what a family of shifts could have shown.
func shownText(s calibrate.Shifts, what string) string {
	least := s.Least()
	if !least.Defined() {
		return "These numbers of records could not have shown every rise, however large."
	}
	return fmt.Sprintf("A counted rise of %s in any %s would have been marked; a smaller one may be there, and half of true ones of that size are missed.", strings.TrimPrefix(points(least), "+"), what)
}

func decisionHeadline(d *calibrate.Drift) string {
	s := d.Decisions
	if s.Tested == 0 {
		return "Decisions: one of the two sides has no records."
	}
	largest, found := s.Largest()
	if !found {
		return fmt.Sprintf("Decisions: of %d shares of actions and parts none is marked as changed. %s", s.Tested, shownText(s, "share"))
	}
	return fmt.Sprintf("Decisions: %d of %d shares of actions and parts changed, the largest %s: %s. %s", len(s.Marked()), s.Tested, shiftName(largest), moved(largest), shownText(s, "share"))
}

func fraudHeadline(d *calibrate.Drift) string {
	s := d.Outcomes
	if s.Tested == 0 {
		return "Fraud rates: nothing to compare. " + lacksFraud(d)
	}
	if largest, found := s.Largest(); found {
		return fmt.Sprintf("Fraud rates: %d of %d changed, the largest %s: %s.", len(s.Marked()), s.Tested, shiftName(largest), moved(largest))
	}
	text := fmt.Sprintf("Fraud rates: of %d none is marked as changed.", s.Tested)
	if least := s.List[0].Least; least.Defined() { // of all labeled records
		text += fmt.Sprintf(" A counted rise of %s of all labeled records would have been marked, and half of true ones of that size are missed; in a small part only a larger one.", strings.TrimPrefix(points(least), "+"))
	}
	return text
}

// lacksFraud says what is missing to compare fraud rates.
func lacksFraud(d *calibrate.Drift) string {
	for _, side := range []struct {
		name string
		*calibrate.DriftSide
	}{{"baseline", d.Baseline}, {"period", d.Period}} {
		if side.Total().Labeled() > 0 {
			continue
		}
		text := "No record of the " + side.name + " has a final label."
		if last := d.Baseline.LastLabeled(); side.DriftSide == d.Period && last != "" {
			text += " The newest month that has some is " + last + ": --from " + last + " holds it against those before it."
		}
		return text
	}
	return "No labeled record of either side is fraud."
}

func scoreHeadline(d *calibrate.Drift) string {
	if d.IndexTests == 0 {
		return ""
	}
	var changed []string
	least := calibrate.Number(0)
	for _, x := range indexRows(d) {
		if indexChanged(d, x) {
			changed = append(changed, fmt.Sprintf("%s (%s, PSI %s)", x.Of, x.By, indexText(x.PSI)))
		}
		if x.Least.Defined() {
			least = max(least, x.Least)
		}
	}
	if changed == nil {
		return fmt.Sprintf("Distributions: of %d stability indices none is more than chance. A change of PSI %s would have been seen in four of five cases; a smaller one may be there.",
			d.IndexTests, indexText(least))
	}
	return fmt.Sprintf("Distributions: %d of %d changed: %s.", len(changed), d.IndexTests, listed(changed, 4))
}

func traitHeadline(d *calibrate.Drift) string {
	if d.TraitTests == 0 {
		return ""
	}
	var changed []string
	for _, t := range sortedTraits(d) {
		if t.Changed(d.Confidence) {
			changed = append(changed, traitName(t)+newness(t))
		}
	}
	if changed == nil {
		return fmt.Sprintf("Signals, codes and segments: of %d shares none is marked as changed, which is no proof that none did.", d.TraitTests)
	}
	return fmt.Sprintf("Signals, codes and segments: %d of %d shares changed: %s.", len(changed), d.TraitTests, listed(changed, 6))
}

func orderHeadline(d *calibrate.Drift) string {
	o := d.Order
	if o.Tested == 0 {
		return ""
	}
	beyond := 0
	for _, b := range o.Breaks {
		if b.Changed(d.Confidence) {
			beyond++
		}
	}
	if len(o.Breaks) == 0 {
		return fmt.Sprintf("Order of the scores: in none of %s pairs of neighbouring bands does the fraud rate rise with the score.", thousands(int64(o.Tested)))
	}
	chance := "none of them by more than chance"
	if beyond > 0 {
		chance = fmt.Sprintf("%d of them by more than chance", beyond)
	}
	return fmt.Sprintf("Order of the scores: the fraud rate rises with the score in %s of %s pairs of neighbouring bands of a month, %s.",
		thousands(int64(len(o.Breaks))), thousands(int64(o.Tested)), chance)
}

// listed joins the first of a list and says how many there are beyond.
func listed(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
}
