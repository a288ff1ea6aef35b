package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// currentBlocks show what the champion does with all records.
func (m monthly) currentBlocks() []Block {
	r := m.results[0]
	if r.Total().N() == 0 {
		return lacking("There is no record to replay the champion over.")
	}
	notes, marks := m.warnings()
	out := []Block{named("actions", m.actions(r)), named("measures", m.measures(r, keyMeasures, marks))}
	if len(notes.Items) > 0 {
		out = append(out, notes)
	}
	if t := m.finals(); t != nil {
		out = append(out, named("final", t))
	}
	if len(r.Policy.Rules) > 0 {
		out = append(out, named("rules", m.rules(r)))
	}
	if len(m.By) == 0 {
		out = append(out, Paragraph("No segment was asked for (--by FIELD)."))
	}
	for i, field := range m.By {
		s := m.screen
		s.by = []string{field}
		t := named(fmt.Sprintf("segments-%d", i+1), s.groups(busiest(only(m.Results[0], field))))
		t.Footnotes = append(t.Footnotes, "The most records first. Each interval is for its line alone, and not for all of them together.")
		out = append(out, t)
	}
	all := m.measureTable("All measures of " + r.Policy.Name)
	for _, x := range m.setting(r).Measures(r.Policy, r.Counts) {
		all.Rows = append(all.Rows, measureRow(x, x.Name))
	}
	return append(out, Details{Summary: "The champion's policy file, and all its measures", Blocks: []Block{policyCode("champion", r.Policy), named("all-measures", all)}})
}

// policyCode shows a policy file.
func policyCode(caption string, p *replay.Policy) Code {
	return Code{Caption: caption, Language: "yaml", Lines: strings.Split(strings.TrimSuffix(string(p.YAML()), "\n"), "\n")}
}

// curveBlocks are the pictures of what moving cutoffs does, and of what any policy reaches.
func (m monthly) curveBlocks() []Block {
	var out, more []Block
	if mature := m.Mature.Mature; len(m.Curves) > 0 && mature != nil && mature.Immature > 0 {
		out = append(out, Paragraph(fmt.Sprintf("Of the records whose labels are final: the %s younger ones are in no curve, so its shares are not quite those of all records (Current policy).", thousands(mature.Immature))))
	}
	for i, c := range m.Curves {
		s := newSweepScreen(c, m.Mature)
		picture := StrategyPicture(c, m.Mature, m.pictureLimits())
		name := fmt.Sprintf("strategy-%d", i+1)
		out = append(out, Figure{Name: name, Alt: fmt.Sprintf("Fraud rate among approved over the approval rate as %s moves. %s", s.cutoffs(" and "), marksText(picture)), Picture: picture})
		if len(c.Points) > 0 {
			out = append(out, named(fmt.Sprintf("operating-points-%d", i+1), s.markTable()))
			more = append(more, named(name, s.pointTable()))
		}
	}
	if m.NoCurve != "" {
		out = append(out, Paragraph("No strategy curve: "+m.NoCurve+"."))
	}
	if m.advice != nil {
		picture := FrontierPicture(m.Calibration, m.Evidence)
		out = append(out, Figure{Name: "frontier", Alt: "The frontier, the policies tested and the recommendation. " + marksText(picture), Picture: picture})
	} else {
		out = append(out, Paragraph("No frontier: "+m.Nothing+"."))
	}
	if more != nil {
		out = append(out, Details{Summary: "Points of the curves", Blocks: more})
	}
	return out
}

func (m monthly) pictureLimits() []Limit {
	return advice{Calibration: &calibrate.Calibration{Goals: m.Goals}}.pictureLimits()
}

// marksText tells where the marks of a picture are.
func marksText(p Picture) string {
	var parts []string
	for _, m := range p.Marks {
		parts = append(parts, m.Name+": "+m.Detail)
	}
	if parts == nil {
		return p.Empty
	}
	return strings.Join(parts, "; ") + "."
}

// recommendationBlocks show how the recommendation was found and what is promised of it.
func (m monthly) recommendationBlocks() []Block {
	if m.advice == nil {
		return lacking("There is none: %s.", m.Nothing)
	}
	s := m.advice
	out := []Block{}
	if s.cert != nil && s.cert.Withdrawn == "" {
		out = append(out, Box{Title: "What is certified", Blocks: []Block{Paragraph(s.cert.Claim)}})
	} else {
		out = append(out, s.verdict()[1:]...)
	}
	out = append(out, named("rates", s.rates()))
	out = append(out, namedAll("treatments", s.treatments())...)
	if notes := s.notes(); len(notes.Items) > 0 {
		out = append(out, notes)
	}
	more := Details{Summary: "Windows, the walk, what searches find, prices of the limits, the policy file", Blocks: []Block{named("windows", s.windows()), named("walk", s.walk())}}
	if a := m.Evidence.Apparent; a != nil {
		more.Blocks = append(more.Blocks, named("apparent", s.apparent(a)))
	}
	if u := m.Evidence.Unrestricted; u != nil {
		more.Blocks = append(more.Blocks, named("shapes", s.standings(u)))
	}
	if p := m.Evidence.Prices; p != nil {
		more.Blocks = append(more.Blocks, named("prices", s.prices(p)))
	}
	if t := s.edits(); t != nil {
		more.Blocks = append(more.Blocks, named("changes", t))
	}
	if at := m.proposed(); at != nil {
		more.Blocks = append(more.Blocks, policyCode("The recommended policy", at.Policy))
	}
	return append(out, more)
}

// rolloutBlocks lead from the champion to the recommendation.
func (m monthly) rolloutBlocks() []Block {
	switch {
	case m.advice == nil, m.decide() != decideChange:
		return lacking("There is nothing to roll out: no change is recommended.")
	case len(m.Evidence.Rollout) == 0:
		return lacking("No rollout was asked for (--rollout N).")
	}
	s := m.advice
	out := []Block{named("rollout", s.rollout()), m.triggers()}
	return append(out, m.backtestBlocks()...)
}

// backtestBlocks show what the procedure would have promised month by month, where that was asked for.
func (m monthly) backtestBlocks() []Block {
	switch {
	case m.Evidence.Backtest != nil:
		return namedAll("backtest", m.advice.backtest(m.Evidence.Backtest))
	case m.Evidence.NoBacktest != "":
		return lacking("No backtest: %s.", m.Evidence.NoBacktest)
	}
	return nil
}

// triggers say of every step and limit when to go on and when to stop.
func (m monthly) triggers() *Table {
	t := &Table{Name: "triggers", Caption: "When to go on, when to stop", Columns: []Column{{Name: "step"}, {Name: "limit"}, {Name: "look", Head: "look after", Align: Right},
		{Name: "go_on", Head: "go on ≤", Align: Right}, {Name: "stop", Head: "stop ≥", Align: Right}, {Name: "clean", Head: "at least", Align: Right}}}
	for _, e := range m.Evidence.Rollout {
		name := e.Policy.Name
		for _, g := range e.Triggers {
			t.Rows = append(t.Rows, []Cell{textCell(name), textCell(limitText(g.Limit)), countCell(g.Look), countCell(g.GoOn), countCell(g.Stop), countCell(g.Clean)})
			name = ""
		}
	}
	t.Footnotes = []string{"Counted in labeled, mature records that the step decides; at least: no fewer show that the limit is kept, even if none counts against it."}
	return t
}
