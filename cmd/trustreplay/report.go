package main

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) reportVerb() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "the monthly calibration report: keep or change the policy, and what that rests on, as one page",
		UsageText: "trustreplay report --champion POLICY --limit 'fraud_rate <= 0.5%' [flags] --out report.html FILE...",
		Description: `With --out NAME.html it writes NAME.html, which needs nothing beside it, the same as NAME.md and NAME.json, every table
in NAME-tables and every figure in NAME-figures. NAME.json makes all of them again without the data (--from), and is what
next month's report holds its records against (--previous). Without --out the report goes to standard output.
It calibrates as calibrate does, and enters the same ledger: the same goals on the same records are one use of them.
Exit code 0 says that the report was made, whatever it says; --exit-code makes it 1 where nothing is certified.

Examples:
  trustreplay report --champion now.yaml --limit 'fraud_rate <= 0.5%' --by country --out 2025-06/report.html history/*.parquet
  trustreplay report --champion now.yaml --limit 'fraud_rate <= 0.5%' --previous 2025-05/report.json --out 2025-06/report.html history/*.parquet
  trustreplay report --champion now.yaml --challenger idea.yaml --limit 'fraud_rate <= 1%' --format markdown history.jsonl.gz
  trustreplay report --from 2025-06/report.json --out again/report.html`,
		Flags: outputFlags(historyFlags(maturityFlags(goalFlags(
			&cli.StringSliceFlag{Name: "challenger", Usage: "a `POLICY` to set against the champion beside the recommended one; repeatable"},
			&cli.StringSliceFlag{Name: "by", Usage: "show segments by `FIELD`, any field of the record such as country; repeatable"},
			&cli.StringFlag{Name: "month", Usage: "the `MONTH` that the report is of, such as 2025-06; later records are left out", DefaultText: "the last one of the records"},
			&cli.StringFlag{Name: "previous", Usage: "the JSON `FILE` of an earlier report, whose forecast is held against what came"},
			&cli.StringFlag{Name: "from", Usage: "write again what the JSON `FILE` of a report holds, without the data"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1; certificates have --delta"},
			&cli.BoolFlag{Name: "exit-code", Usage: "exit 1 where nothing is certified"},
		)...)...)...),
		Action: e.report,
	}
}

// A reportRequest is what the flags of report ask for.
type reportRequest struct {
	champion    *replay.Policy
	goals       calibrate.Goals
	challengers []*replay.Policy
	by          []string
	month       string
	previous    *reports.Previous
	question    replay.Question // of the calibration
	confidence  float64
}

// report makes the whole answer, and only then writes its files.
func (e *env) report(c *cli.Context) error {
	if err := notEmpty(c, "from", "previous", "month", "by", "challenger", "out"); err != nil {
		return err
	}
	if err := reportTarget(c); err != nil {
		return err
	}
	if c.String("from") != "" {
		return e.reportFrom(c)
	}
	r, err := askReport(c)
	if err != nil {
		return err
	}
	if err := e.reportOutputs(c); err != nil {
		return err
	}
	if err := e.calibrationOutputs(c); err != nil {
		return err
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if err := h.oneByOne("report"); err != nil {
		return err
	}
	in, got, err := e.gather(c, h, r)
	if err != nil {
		return err
	}
	if err := e.writeReport(c, reports.Report(in)); err != nil {
		return err
	}
	if got != nil {
		if err := e.calibrationFiles(c, got, in.Certificate); err != nil {
			return err
		}
	}
	if c.Bool("exit-code") && (in.Certificate == nil || in.Certificate.Withdrawn != "") {
		return errNo
	}
	return nil
}

// reportFrom writes again what a report's file holds.
func (e *env) reportFrom(c *cli.Context) error {
	name := c.String("from")
	if c.NArg() > 0 {
		return fmt.Errorf("--from %s: wants no history, got %q", name, c.Args().Slice())
	}
	for _, flag := range c.Command.Flags {
		if f := flag.Names()[0]; c.IsSet(f) && !slices.Contains([]string{"from", "out", "format"}, f) {
			return fmt.Errorf("--from %s: the report was made already, --%s has nothing to say: want --out or --format", name, f)
		}
	}
	if err := e.reportOutputs(c); err != nil {
		return err
	}
	src, err := readUpTo(name, reports.MaxReport)
	if err != nil {
		return err
	}
	doc, err := reports.ParseReport(name, src)
	if err != nil {
		return err
	}
	return e.writeReport(c, doc)
}

// askReport reads the flags, and finds every mistake in them before anything is read.
func askReport(c *cli.Context) (r reportRequest, err error) {
	if r.champion, r.goals, err = calibrationGoals(c); err != nil {
		return r, err
	}
	if r.challengers, err = policies(c.StringSlice("challenger")); err != nil {
		return r, err
	}
	for i, p := range r.challengers {
		if p.Name == r.champion.Name {
			return r, fmt.Errorf("%s: policy %q is the champion's name too, want distinct names", c.StringSlice("challenger")[i], p.Name)
		}
	}
	if r.goals.Economics, err = economics(c.String("economics"), append([]*replay.Policy{r.champion}, r.challengers...)); err != nil {
		return r, err
	}
	r.by = split(c.StringSlice("by"))
	for _, field := range r.by {
		if field == replay.Month || field == replay.Day {
			return r, fmt.Errorf("--by %s: the report is by month already: want a field of the records, such as country", field)
		}
	}
	r.month = c.String("month")
	if r.month != "" {
		if !monthText(r.month) {
			return r, fmt.Errorf("--month %q: want a month such as 2026-03", r.month)
		}
		if next := monthAfter(r.month); r.goals.Until == "" || r.goals.Until > next {
			r.goals.Until = next
		}
	}
	if r.confidence = c.Float64("confidence"); !(r.confidence > 0.5 && r.confidence < 1) {
		return r, fmt.Errorf("--confidence must be above 0.5 and below 1, such as 0.95, got %v", r.confidence)
	}
	if name := c.String("previous"); name != "" {
		src, err := readUpTo(name, reports.MaxReport)
		if err != nil {
			return r, err
		}
		if r.previous, err = reports.ParsePrevious(name, src); err != nil {
			return r, fmt.Errorf("--previous: %w", err)
		}
	}
	r.question, err = askCalibration(c, r.champion, r.goals)
	return r, err
}
