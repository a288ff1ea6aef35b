package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// reportCommands are the command lines that give the parts of a report by themselves.
func (e *env) reportCommands(c *cli.Context, in reports.Monthly) []reports.Command {
	by := []string{"--by", "month"}
	for _, f := range in.By {
		by = append(by, "--by", f)
	}
	segments := by[2:]
	var until []string // what came after the month of the report is left out where a verb can
	later := ""
	if in.Month != "" && in.Profile.Total.N() > in.Results[0].Total().N() {
		until, later = []string{"--until", monthAfter(in.Month)}, ", with the later months of the files"
	}
	champion := c.String("champion")
	out := []reports.Command{
		{Gives: "this report", Line: line(c, e.reportVerb(), segments...)},
		{Gives: "scope, score performance", Line: line(c, e.inspectVerb())},
		{Gives: "current policy" + later, Line: line(c, e.replayVerb(), append([]string{"--policy", champion}, by...)...)},
	}
	if in.Drift != nil {
		out = append(out, reports.Command{Gives: "stability", Line: line(c, e.driftVerb(), append([]string{"--policy", champion, "--from", in.Month}, append(until, segments...)...)...)})
	}
	if len(in.Curves) > 0 {
		curveToo := later
		if mature := in.Mature.Mature; later == "" && mature != nil && mature.Immature > 0 {
			curveToo = ", with the records whose labels are not final"
		}
		extra := []string{"--policy", champion, "--cutoff", in.Curves[0].Cutoffs[0].String()}
		for _, product := range []string{in.Champion.First, in.Champion.Second} {
			if bands := bandsOf(in, product); bands != "" {
				extra = append(extra, "--bands", product+"="+bands)
			}
		}
		out = append(out, reports.Command{Gives: "strategy curve" + curveToo, Line: line(c, e.curveVerb(), extra...)})
	}
	earlier := until
	if until != nil && in.Goals.Until != "" {
		earlier = []string{"--until", in.Goals.Until} // an earlier one where --until was given too
	}
	out = append(out, reports.Command{Gives: "recommendation, frontier, rollout", Line: line(c, e.calibrateVerb(), append([]string{"--policy-out", "next.yaml", "--certificate", "next.json"}, earlier...)...)})
	switch {
	case len(in.Versus) > len(c.StringSlice("challenger")): // the recommended policy is one of them
		out = append(out, reports.Command{Gives: "champion against challenger" + later, Line: line(c, e.compareVerb(), append([]string{"--challenger", "next.yaml"}, segments...)...)})
	case len(in.Versus) > 0:
		out = append(out, reports.Command{Gives: "champion against challenger" + later, Line: line(c, e.compareVerb(), segments...)})
	}
	return out
}

// bandsOf names the bands that stand in for the recorded clusters of a product of the champion, "" where it has its own.
func bandsOf(in reports.Monthly, product string) string {
	if in.Calibration == nil || product == "" {
		return ""
	}
	own, base := in.Champion.FirstBands, in.Calibration.Base.FirstBands
	if product == in.Champion.Second {
		own, base = in.Champion.SecondBands, in.Calibration.Base.SecondBands
	}
	if own == base {
		return ""
	}
	return strings.Trim(strings.ReplaceAll(base.String(), " ", ""), "[]")
}

// line is the command line of a verb with the flags of this run that it has too, and some of its own before them. How the work was
// done and where the answer went is left out.
func line(c *cli.Context, verb *cli.Command, own ...string) string {
	words := append([]string{"trustreplay", verb.Name}, own...)
	for _, f := range verb.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) || leftOut(verb.Name, name) || slices.Contains(own, "--"+name) && name != "challenger" {
			continue
		}
		switch v := c.Value(name).(type) {
		case cli.StringSlice:
			list := v.Value()
			if name == "cutoffs" || name == "bands" {
				list = joinLists(list)
			}
			for _, value := range list {
				words = append(words, "--"+name, value)
			}
		case bool:
			words = append(words, fmt.Sprintf("--%s=%t", name, v))
		default:
			words = append(words, "--"+name, fmt.Sprint(v))
		}
	}
	for _, file := range c.Args().Slice() {
		if strings.HasPrefix(file, "-") && file != "-" {
			words = append(words, "--")
			break
		}
	}
	words = append(words, c.Args().Slice()...)
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// leftOut tells which flags of the report mean nothing to another verb, or something else.
func leftOut(verb, flag string) bool {
	switch flag {
	case "out", "format", "workers", "policy-out", "certificate", "by":
		return true
	case "limit", "bands": // of curve, a line in the picture and the edges of one policy
		return verb == "curve"
	case "until": // of drift, the end of the period
		return verb == "drift"
	}
	return false
}

// plainWord has no character that a shell would read as anything else.
const plainWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,+-@%"

// shellWord quotes what a shell would not take as it stands.
func shellWord(w string) string {
	if w != "" && strings.Trim(w, plainWord) == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
