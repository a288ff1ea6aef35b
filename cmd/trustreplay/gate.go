package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// A gate holds challengers to an acceptance. The zero gate lets everybody through.
type gate struct {
	file       string
	acceptance *replay.Acceptance
	// more names the fields of segments that --by does not.
	more []string
	// said is what standard error is told; broken tells that a challenger does not pass.
	said   []string
	broken bool
}

// gate reads the file of --accept; by names the fields of --by.
func (e *env) gate(c *cli.Context, by []string) (*gate, error) {
	g := &gate{file: c.String("accept")}
	if g.file == "" {
		if c.IsSet("accept") {
			return nil, errors.New("--accept is empty: want an acceptance file")
		}
		return g, nil
	}
	src, err := readFile(g.file)
	if err != nil {
		return nil, err
	}
	if g.acceptance, err = replay.ParseAcceptance(g.file, src, calibrate.Measurables()); err != nil {
		return nil, err
	}
	if s := g.acceptance.Segments; s != nil {
		if len(s.By) == 0 && len(by) == 0 {
			return nil, fmt.Errorf("%s: segments has no by: want such as by: [country] there, or --by country", g.file)
		}
		g.more = slices.DeleteFunc(slices.Clone(s.By), func(f string) bool { return slices.Contains(by, f) })
	}
	return g, nil
}

// judge gives each challenger its verdicts.
func (g *gate) judge(versus []reports.Versus, by []string, account dataset.Account, confidence float64) error {
	if g.acceptance == nil {
		return nil
	}
	for i := range versus {
		v := &versus[i]
		gate := calibrate.Judge(g.acceptance, v.Comparison, by, account.Period, confidence)
		v.Gate = &gate
		if err := g.split(gate); err != nil {
			return err
		}
		g.said = append(g.said, reports.GateLines(v.Result.Policy.Name, gate, account)...)
		g.broken = g.broken || gate.Ruling() != calibrate.Holds
	}
	return nil
}

// split refuses segments by a field that no record has: a typing error must not open the gate.
func (g *gate) split(of calibrate.Gate) error {
	for i, field := range of.By {
		absent := func(v calibrate.Verdict) bool { return v.Key == nil || v.Key[i] == "" }
		if of.Groups > 0 && !slices.ContainsFunc(of.Verdicts, func(v calibrate.Verdict) bool { return !absent(v) }) {
			return fmt.Errorf("%s: no record has a value for %s, which segments are judged by: want a field of the history, or month", g.file, field)
		}
	}
	return nil
}

// close tells what is broken, and that the answer is then no.
func (g *gate) close(w io.Writer) error {
	for _, line := range g.said {
		fmt.Fprintf(w, "trustreplay: gate: %s\n", line)
	}
	if g.broken {
		return errNo
	}
	return nil
}
