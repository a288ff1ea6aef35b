package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// maxBrokenGroups is how many groups that break one limit get a line of their own in text; JSON and CSV have all.
const maxBrokenGroups = 20

// gate shows what the acceptance says of a challenger: a line for each limit on all records and, of the limits on segments,
// one for each group that breaks it and one for the groups that do not.
func (s contest) gate(v Versus) *Table {
	g := v.Gate
	t := &Table{Caption: s.gateCaption(v), Columns: []Column{{Name: "limit"}, {Name: "records"}, {Name: "seen", Align: Right},
		{Name: "counted", Align: Right, Extra: true}, {Name: "verdict"}}}
	add := func(limit, records, seen, counted, verdict string) {
		t.Rows = append(t.Rows, []Cell{textCell(limit), textCell(records), textCell(seen), textCell(counted), textCell(verdict)})
	}
	show := func(x calibrate.Verdict, records string) {
		add(x.Criterion.String()+refs(x), records, x.Text(), counted(x.Challenger), string(x.Ruling))
	}
	of := func(n int) string { return fmt.Sprintf("%d of %d groups", n, g.Groups) }
	verdicts := g.Verdicts
	for ; len(verdicts) > 0 && verdicts[0].Key == nil; verdicts = verdicts[1:] {
		show(verdicts[0], "all")
	}
	for ; len(verdicts) > 0; verdicts = verdicts[g.Groups:] {
		broken := 0
		var held []calibrate.Verdict
		for _, x := range verdicts[:g.Groups] {
			switch x.Ruling {
			case calibrate.Broken:
				if broken++; broken <= maxBrokenGroups {
					show(x, shorten(groupName(g.By, x.Key)))
				}
			case calibrate.Holds:
				held = append(held, x)
			}
		}
		limit := verdicts[0].Criterion.String()
		if more := broken - maxBrokenGroups; more > 0 {
			add(limit, fmt.Sprintf("%d more groups", more), "", "", string(calibrate.Broken))
		}
		if len(held) > 0 {
			add(limit+refs(held...), of(len(held)), "", "", string(calibrate.Holds))
		}
	}
	small := smallGroups(g)
	if len(small) > 0 {
		add("every limit on groups", of(len(small)), "", "", "too small")
	}
	t.Footnotes = s.gateNotes(v, small)
	return t
}

func (s contest) gateCaption(v Versus) string {
	whose := "Gate: "
	if len(s.versus) > 1 {
		whose = "Gate of " + v.Result.Policy.Name + ": "
	}
	return whose + tally(v.Gate)
}

// tally counts what is broken; a limit on groups counts for each of them that is judged.
func tally(g *calibrate.Gate) string {
	switch broken := len(g.Broken()); {
	case g.Ruling() == calibrate.TooSmall:
		return "nothing was judged, which is no pass"
	case broken > 0:
		return fmt.Sprintf("%s of %s limits broken", thousands(int64(broken)), thousands(judged(g)))
	case len(smallGroups(g)) > 0:
		return "no limit broken, not every group judged"
	}
	return fmt.Sprintf("no limit broken, of %s", thousands(judged(g)))
}

// judged returns how many limits hold or are broken.
func judged(g *calibrate.Gate) (n int64) {
	for _, v := range g.Verdicts {
		if v.Ruling != calibrate.TooSmall {
			n++
		}
	}
	return n
}

// refs marks a limit with the footnotes about what its counts leave open.
func refs(list ...calibrate.Verdict) string {
	out := ""
	if slices.ContainsFunc(list, leansOnUndecided) {
		out += " *"
	}
	if slices.ContainsFunc(list, leavesSwapInsOut) {
		out += " †"
	}
	return out
}

func leansOnUndecided(v calibrate.Verdict) bool {
	return v.Undecided > 0 && v.Ruling != calibrate.TooSmall
}
func leavesSwapInsOut(v calibrate.Verdict) bool {
	return v.Unlabeled > 0 && v.Ruling != calibrate.TooSmall
}

// groupName tells a group by its fields and values: country=IT, channel=web.
func groupName(by, key []string) string {
	out := make([]string, len(by))
	for i, field := range by {
		out[i] = field + "=" + keyCell(key[i]).Text
	}
	return strings.Join(out, ", ")
}

// shorten cuts a group's name to what a table can carry; JSON and CSV have it in full.
func shorten(name string) string {
	const most = 40
	if runes := []rune(clean(name)); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

// smallGroups names the groups that are too small to judge, each with its labeled records.
func smallGroups(g *calibrate.Gate) []string {
	var out []string
	for _, v := range g.Verdicts[max(0, len(g.Verdicts)-g.Groups):] { // those of the last limit: each has the same groups
		if v.Ruling == calibrate.TooSmall {
			out = append(out, fmt.Sprintf("%s (%s)", shorten(groupName(g.By, v.Key)), thousands(v.Labeled)))
		}
	}
	return out
}

func (s contest) gateNotes(v Versus, small []string) []string {
	g := v.Gate
	var out []string
	some := func(of func(calibrate.Verdict) bool) bool { return slices.ContainsFunc(g.Verdicts, of) }
	if some(leansOnUndecided) {
		a, b := v.Comparison.Counts()
		out = append(out, fmt.Sprintf("*: undecided records count as what hurts the challenger most (%s under the challenger, %s under the champion).",
			thousands(b.Actions[replay.Undecided].N()), thousands(a.Actions[replay.Undecided].N())))
	}
	if some(func(x calibrate.Verdict) bool { return x.Straddles }) {
		out = append(out, s.toAsk(v))
	}
	if some(leavesSwapInsOut) {
		out = append(out, "†: swap-ins without a label; whether they are fraud is unknown. A limit on a bound of the fraud rate counts as many of them as fraud as lack the label that they should have, beyond chance; other limits count none. A limit on label_coverage_approve bounds how many.")
	}
	if len(small) > 0 {
		const shown = 5
		names := strings.Join(small[:min(shown, len(small))], "; ")
		if more := len(small) - shown; more > 0 {
			names += fmt.Sprintf("; and %d more", more)
		}
		out = append(out, fmt.Sprintf("Too small to judge, with fewer than %s labeled records: %s.", thousands(g.MinLabeled), names))
	}
	note := ""
	if some(func(x calibrate.Verdict) bool { return x.OnBound }) {
		note = fmt.Sprintf("On bound: the one-sided bound at %s confidence that hurts, exact (Clopper-Pearson) for a share; for a change normal on the paired "+
			"standard error or, where few records differ, exact for each part of it. It is for a challenger that was chosen without looking at these records. ", confidenceText(g.Confidence))
	}
	if n := judged(g); n > 1 {
		note += fmt.Sprintf("Each of the %s verdicts stands at its own level: that one of them is wrong is likelier the more there are.", thousands(n))
	}
	if note != "" {
		out = append(out, strings.TrimSpace(note))
	}
	return out
}

// toAsk says which records decide a limit that is broken by the undecided ones alone.
func (s contest) toAsk(v Versus) string {
	var straddled []string
	for _, x := range v.Gate.Verdicts {
		if text := x.Criterion.String(); x.Straddles && !slices.Contains(straddled, text) {
			straddled = append(straddled, text)
		}
	}
	var where []string
	for _, r := range []replay.Result{s.results[0], v.Result} {
		for _, x := range calibrate.OpenRows(r.Policy, &r.Open) {
			text := fmt.Sprintf("%s on %s records with %s", r.Policy.Second, thousands(x.Undecided), x.Words(r.Policy.First))
			if !slices.Contains(where, text) {
				where = append(where, text)
			}
		}
	}
	return fmt.Sprintf("Only undecided records break %s: decided otherwise they would keep it. The history would have to ask %s, or a sample of them picked at random, for a verdict.",
		strings.Join(straddled, ", "), strings.Join(where, ", "))
}

// GateLines tells a log, line by line, what keeps a challenger from passing its gate: how many limits are broken and on which
// window, each of them, and how many groups were not judged. There are none where every limit holds.
func GateLines(challenger string, g calibrate.Gate, account dataset.Account) []string {
	var out []string
	add := func(format string, args ...any) {
		out = append(out, clean(challenger+": "+fmt.Sprintf(format, args...)))
	}
	if broken := g.Broken(); len(broken) > 0 {
		window := "records without a time"
		if p := newPeriod(account.Period); p != nil {
			window = fmt.Sprintf("the records of %s to %s (UTC)%s", p.First, p.Last, finalTo(account))
		}
		add("%s on %s", tally(&g), window)
		for _, v := range broken {
			scope := ""
			if v.Key != nil {
				scope = groupName(g.By, v.Key) + ": "
			}
			add("%s%s", scope, v.Sentence(g.Confidence))
		}
	}
	if small := len(smallGroups(&g)); small > 0 {
		add("%d of %d groups are too small to judge", small, g.Groups)
	}
	if g.Ruling() == calibrate.TooSmall {
		add("%s", tally(&g))
	}
	return out
}
