package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A decision is what a report comes to.
type decision string

const (
	decideChange decision = "change"
	decideKeep   decision = "keep"
	decideNone   decision = "insufficient_evidence"
)

// decide says what the report comes to. A promise that is withdrawn is none.
func (m monthly) decide() decision {
	switch {
	case m.advice == nil:
		return decideNone
	case m.advice.cert == nil, m.advice.cert.Withdrawn != "":
		return decideNone
	case m.proposed() == nil:
		return decideKeep
	}
	return decideChange
}

// proposed returns the candidate that is to replace the champion, nil where none is certified or it says what the champion says.
func (m monthly) proposed() *calibrate.Candidate {
	if m.advice == nil {
		return nil
	}
	at, found := m.advice.Recommendation()
	if !found || len(replay.Edits(m.advice.Base, at.Policy)) == 0 {
		return nil
	}
	return &at
}

func (m monthly) decisionBlocks() []Block {
	box := Box{Blocks: append([]Block{m.numbers()}, m.verdictBlocks()...)}
	switch m.decide() {
	case decideChange:
		if box.Title = "Change: run the proposed policy"; !m.nobodyIsBest() {
			box.Tone = Good
		}
	case decideKeep:
		box.Title = "Keep the champion"
	default:
		box.Title, box.Tone = "Insufficient evidence: keep the champion, and promise nothing of it", Bad
	}
	if at := m.proposed(); at != nil && m.decide() == decideChange {
		box.Blocks = append(box.Blocks, Code{Caption: "The proposed policy, as a change of the champion", Language: "diff", Lines: diffPolicies(m.Champion, at.Policy)})
	}
	if minds := m.minds(); len(minds) > 0 {
		box.Blocks = append(box.Blocks, Notes{Caption: "What would change our mind", Items: minds})
	}
	return []Block{box}
}

// verdictBlocks say why.
func (m monthly) verdictBlocks() []Block {
	if m.advice == nil {
		return lacking("%s.", capital(m.Nothing))
	}
	var out []Block
	if m.nobodyIsBest() {
		out = append(out, Paragraph(fmt.Sprintf("By these goals it is best to approve nobody: %s. Look at the goals first.", m.advice.objectiveText(m.Evidence.Apparent.Nobody.Objective))))
	}
	list := m.advice.verdict()[1:] // its heading is the title of the box, and the table has what it gains
	if m.decide() == decideChange {
		list = list[:1]
	}
	if m.decide() == decideNone && m.advice.cert == nil {
		out = append(out, Paragraph("No policy is certified to keep "+m.limitsText()+"."))
	}
	return append(out, list...)
}

// nobodyIsBest tells that the goals are such that no policy does better than approving nobody.
func (m monthly) nobodyIsBest() bool {
	return m.Evidence.Apparent != nil && m.Evidence.Apparent.NobodyIsBest()
}

func (m monthly) limitsText() string {
	var out []string
	for _, l := range m.Goals.Limits {
		out = append(out, limitText(l))
	}
	return strings.Join(out, " and ")
}

// A pairOf measures is one measure under the champion and, where there is one, under the proposed policy.
type pairOf struct {
	champion calibrate.Measure
	proposed *calibrate.Measure
}

// keyNumbers returns approval rate, fraud rate and the third measure that matters, with the words that say on which records.
func (m monthly) keyNumbers() (list []pairOf, window string) {
	r := m.results[0]
	champion, proposed := m.setting(r).Measures(r.Policy, r.Counts), []calibrate.Measure(nil)
	window = fmt.Sprintf("all %s records", thousands(r.Total().N()))
	if m.advice != nil {
		last := len(m.advice.Windows) - 1
		w := m.advice.Windows[last]
		window = fmt.Sprintf("the %s records of %s, %s of them labeled", thousands(w.Total.N()), w, thousands(w.Total.Labeled()))
		champion = m.windowMeasures(m.Champion, m.advice.Current[last])
		if at := m.proposed(); at != nil && m.decide() == decideChange {
			proposed = m.windowMeasures(at.Policy, at.Counts[last])
		}
	}
	for _, name := range []string{"approval_rate", "fraud_rate", m.third(champion)} {
		x := pairOf{}
		var found bool
		if x.champion, found = calibrate.Find(champion, name); !found {
			continue
		}
		if p, found := calibrate.Find(proposed, name); found {
			x.proposed = &p
		}
		list = append(list, x)
	}
	return list, window
}

// windowMeasures are those of a policy in the last window of the calibration, with intervals for display.
func (m monthly) windowMeasures(p *replay.Policy, c replay.Counts) []calibrate.Measure {
	set := m.advice.windowSetting(len(m.advice.Windows)-1, p, c)
	set.Confidence = m.confidence
	return set.Measures(p, c)
}

// third names the measure that matters beside approvals and the fraud among them: the first that the goals name, or else how much
// of the fraud is stopped.
func (m monthly) third(list []calibrate.Measure) string {
	wanted := []string{}
	for _, l := range m.Goals.Limits {
		wanted = append(wanted, l.Measure)
	}
	switch o := m.Goals.Objective; o {
	case calibrate.MostProfit, calibrate.LeastCost:
		wanted = append(wanted, "cost_per_record")
	default:
		wanted = append(wanted, string(o))
	}
	for _, name := range wanted {
		if _, found := calibrate.Find(list, name); found && name != "approval_rate" && name != "fraud_rate" {
			return name
		}
	}
	return "fraud_capture"
}

// measureWords are those of a measure on a screen.
func measureWords(name string) string {
	i := slices.IndexFunc(keyMeasures, func(m shown) bool { return m.name == name && name != "call_rate" })
	if i < 0 {
		return strings.ReplaceAll(name, "_", " ")
	}
	return keyMeasures[i].words
}

// numbers is the table of the three.
func (m monthly) numbers() *Table {
	list, window := m.keyNumbers()
	head := confidenceText(m.confidence) + " interval"
	t := &Table{Name: "decision", Columns: []Column{{Name: "measure"}, {Name: "champion", Head: "now", Align: Right}, {Name: "champion_interval", Head: head, Align: Right}}}
	change := slices.ContainsFunc(list, func(x pairOf) bool { return x.proposed != nil })
	if change {
		t.Columns = append(t.Columns, Column{Name: "proposed", Align: Right}, Column{Name: "proposed_interval", Head: head, Align: Right})
	}
	cells := func(x *calibrate.Measure) []Cell {
		if x == nil {
			return []Cell{{nil, none}, {nil, none}}
		}
		value, interval := measureText(*x)
		if interval == "" {
			interval = none
		}
		return []Cell{{x.Value, value}, textCell(interval)}
	}
	for _, x := range list {
		row := append([]Cell{textCell(measureWords(x.champion.Name) + unitWords(x.champion, m.Goals.Economics))}, cells(&x.champion)...)
		if change {
			row = append(row, cells(x.proposed)...)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Footnotes = []string{fmt.Sprintf("Of %s. Intervals are for display; what is promised is in the words below.", window)}
	if m.decide() != decideChange {
		t.Footnotes[0] = fmt.Sprintf("Of %s.", window)
	}
	for _, w := range calibrate.Warnings(m.results[0]) {
		if w.Code == calibrate.UnevenLabels && slices.ContainsFunc(list, func(x pairOf) bool { return slices.Contains(w.Measures, x.champion.Name) }) {
			t.Footnotes = append(t.Footnotes, capital(w.Message)+".") // or a share of the known frauds reads as one of all
		}
	}
	return t
}

// minds lists what would change the decision, as facts that can be looked up later.
func (m monthly) minds() []string {
	if m.advice == nil {
		return []string{"A history with what is missing: the report makes the decision again."}
	}
	out := m.promiseMinds()
	if m.decide() != decideChange {
		out = append(out, m.championMinds()...)
	}
	out = append(out, m.openMinds()...)
	if m.decide() == decideNone { // of nothing that is promised
		return append(out, m.noneMinds())
	}
	return append(out, fmt.Sprintf("A change in who applies. What is promised is of applicants like those of %s; Stability says what has moved.",
		m.Calibration.Windows[len(m.Calibration.Windows)-1]))
}

// noneMinds says where a promise could come from, where there is none.
func (m monthly) noneMinds() string {
	if m.advice.cert != nil {
		return fmt.Sprintf("Records that no calibration has looked at, newer than %s: they can carry a promise.", m.Calibration.Windows[len(m.Calibration.Windows)-1])
	}
	return "More labeled, mature records: the report makes the decision again."
}

// promiseMinds say how near the certificate was to none, and what of the rollout would end it.
func (m monthly) promiseMinds() (out []string) {
	at, found := m.advice.Recommendation() // the champion's, where it is kept
	if !found || m.decide() == decideNone {
		return nil
	}
	for _, v := range m.advice.findingsOf(at.Policy, at.Counts) {
		if text := m.headroom(v); text != "" {
			out = append(out, text)
		}
	}
	steps := m.Evidence.Rollout
	if m.decide() != decideChange || len(steps) == 0 || len(steps[0].Triggers) == 0 {
		return out
	}
	if g := steps[0].Triggers[0]; g.Stop <= g.Look {
		out = append(out, fmt.Sprintf("In the rollout: after %s labeled, mature records under %s, %s or more of them against %s. Then stop (Rollout).",
			thousands(g.Look), steps[0].Policy.Name, thousands(g.Stop), limitText(g.Limit)))
	}
	return out
}

// championMinds say which limits the champion is itself not shown to keep.
func (m monthly) championMinds() (out []string) {
	for _, v := range m.advice.Standing {
		if v.Certifiable && v.Bound.Defined() && float64(v.Bound) > v.Alpha && v.N > 0 {
			out = append(out, fmt.Sprintf("The champion is itself not shown to keep %s: %s%s of %s count against it, with %s confidence %s.", limitText(v.Limit), worstWords(v), thousands(v.K), thousands(v.N),
				confidenceText(1-m.Calibration.Goals.Delta), atMost(v.Bound)))
		}
	}
	return out
}

// worstWords say which of the records that count against a limit were not seen to, but are taken as what hurts it most.
func worstWords(v calibrate.Finding) string {
	switch {
	case v.Undecided > 0:
		return fmt.Sprintf("%s undecided records are taken as what hurts most, and if they were what hurts least, it would be %s of %s. As it is, ", thousands(v.Undecided), thousands(v.LeastK), thousands(v.LeastN))
	case v.Withheld > 0:
		return fmt.Sprintf("%s without a label are taken as what hurts most, and in all ", countOf(int(v.Withheld), "record"))
	}
	return ""
}

// openMinds say what answers the history does not have: of what production stopped, and of what it did not ask.
func (m monthly) openMinds() (out []string) {
	at := m.proposed()
	for _, v := range m.Versus {
		if at == nil || v.Result.Policy != at.Policy {
			continue
		}
		q := m.contest().question(v)
		for _, l := range m.Goals.Limits { // which is what has to be kept, and not the champion's own rate
			if l.Measure == "fraud_rate" && !l.AtLeast {
				q.reference, q.rate = "the limit", calibrate.Number(l.Bound.Float())
			}
		}
		if q.Unknown > 0 {
			out = append(out, fmt.Sprintf("The %s %s, among what it approves. %s", thousands(q.Unknown), q.stopped, strings.Replace(q.breakEven(), "It is at most", "Its fraud rate is at most", 1)))
		}
	}
	if r := m.advice.Refused; r != nil {
		out = append(out, fmt.Sprintf("An answer of %s on records that history did not ask it about: another policy may then be certified (What history cannot say).", m.Calibration.Candidates[r.Candidate].Policy.Second))
	}
	return out
}

// headroom says how many more records against a limit would have ended the certificate, "" where that is no count of records.
func (m monthly) headroom(v calibrate.Finding) string {
	if !v.Certifiable || v.Bets > 0 || v.Effective > 0 || v.N == 0 {
		return ""
	}
	level, most := m.Calibration.Level, v.K
	for most < v.N && calibrate.MinToCertify(most+1, v.Alpha, level) <= v.N {
		most++
	}
	if calibrate.MinToCertify(v.K, v.Alpha, level) > v.N {
		return ""
	}
	return fmt.Sprintf("%s against %s, in the place of %s, among the %s that it was certified on: then it would not have been certified.",
		countOf(int(most+1), "record"), limitText(v.Limit), thousands(v.K), thousands(v.N))
}

// contest is the screen of the comparisons over all records.
func (m monthly) contest() contest {
	s := m.screen
	for _, v := range m.Versus {
		s.results = append(s.results, whole(v.Result))
	}
	return contest{s, m.Versus}
}
