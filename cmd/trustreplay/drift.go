package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) driftVerb() *cli.Command {
	return &cli.Command{
		Name:      "drift",
		Usage:     "this period against a baseline: decisions, fraud rates, scores, signals, and alarms",
		UsageText: "trustreplay drift --policy POLICY [--from MONTH | --baseline FILE] [flags] FILE...",
		Description: `The period is the newest month of FILE, or all from --from on, and the baseline what comes before it; or the
baseline is --baseline and the period all of FILE. What is marked as changed is more than chance for a whole table
together; where nothing is marked, it is said how large a change these numbers of records would have shown. Exit code 1
says that an --alarm rings; a change without an alarm is exit code 0.

Examples:
  trustreplay drift --policy now.yaml history/*.parquet
  trustreplay drift --policy now.yaml --from 2026-03 --by country history.jsonl.gz
  trustreplay drift --policy now.yaml --baseline 2025.parquet 2026-03.parquet
  trustreplay drift --policy now.yaml --alarm 'fraud_rate <= 0.5%' --state alarm.json history.parquet`,
		Flags: outputFlags(historyFlags(maturityFlags(
			&cli.StringFlag{Name: "policy", Aliases: []string{"p"}, Usage: "the `POLICY` in force: a YAML file or a built-in name"},
			&cli.StringFlag{Name: "from", Usage: "the first `MONTH` of the period, such as 2026-03", DefaultText: "the newest month; all months with --baseline"},
			&cli.StringFlag{Name: "until", Usage: "leave out records from `MONTH` on"},
			&cli.StringFlag{Name: "baseline-from", Usage: "leave out records of the baseline before `MONTH`"},
			&cli.StringSliceFlag{Name: "baseline", Usage: "take the baseline from `FILE`, and all of the other files as the period; repeatable"},
			&cli.StringSliceFlag{Name: "by", Usage: "look at the values of `FIELD` too, any field of the record such as country; repeatable"},
			&cli.StringSliceFlag{Name: "alarm", Usage: "exit 1 when `CONDITION` rings: a limit such as 'fraud_rate <= 0.5%' that may be looked at every day, or drift, a changed decision; repeatable"},
			&cli.StringFlag{Name: "state", Usage: "the `FILE` that keeps the evidence of the limit between runs, made by the first"},
			&cli.StringFlag{Name: "alarm-from", Usage: "the first `DAY` whose approvals count for the limit, such as 2026-03-01", DefaultText: "the first of FILE"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of each table as a whole and of the alarms, above 0.5 and below 1"},
			absentFlag(),
		)...)...),
		Action: e.drift,
	}
}

func (e *env) drift(c *cli.Context) error {
	q, err := driftQuestion(c)
	if err != nil {
		return err
	}
	alarms, err := driftAlarms(c)
	if err != nil {
		return err
	}
	if err := e.driftOutputs(c); err != nil {
		return err
	}
	if alarms.limit != nil {
		q.DayApprovals = q.Policies[0]
	}
	cubes, err := e.driftCubes(c, q)
	if err != nil {
		return err
	}
	d, source, err := cubes.compare(c, q.Policies[0])
	if err != nil {
		return err
	}
	if source.Alarms, err = e.ring(c, alarms, d, cubes.period, q); err != nil {
		return err
	}
	if err := e.print(c, reports.Drift(d, source)); err != nil {
		return err
	}
	if slices.ContainsFunc(source.Alarms, func(a reports.DriftAlarm) bool { return a.Rings }) {
		return errNo
	}
	return nil
}

// driftQuestion reads the flags that say what to count, but for how time is cut.
func driftQuestion(c *cli.Context) (replay.Question, error) {
	var q replay.Question
	if err := notEmpty(c, "policy", "from", "until", "baseline-from", "baseline", "alarm", "state", "alarm-from"); err != nil {
		return q, err
	}
	if c.String("policy") == "" {
		return q, errors.New("no policy named: want --policy FILE.yaml or a built-in such as table-waterfall (trustreplay policy list)")
	}
	q, err := ask(c, []string{c.String("policy")})
	if err != nil {
		return q, err
	}
	for _, name := range []string{replay.Month, replay.Day} {
		if slices.Contains(q.By, name) {
			return q, fmt.Errorf("--by %s: drift compares months as it is; want a field of the record such as country", name)
		}
	}
	for _, flag := range []string{"from", "until", "baseline-from"} {
		if v := c.String(flag); v != "" && !monthText(v) {
			return q, fmt.Errorf("--%s %q: want a month such as 2026-03", flag, v)
		}
	}
	first, from, until := c.String("baseline-from"), c.String("from"), c.String("until")
	switch {
	case from != "" && until != "" && from >= until:
		return q, fmt.Errorf("--from %s --until %s: no month is in between; records of the --until month are left out", from, until)
	case first != "" && from != "" && first >= from && len(c.StringSlice("baseline")) == 0:
		return q, fmt.Errorf("--baseline-from %s --from %s: no month is in between for a baseline", first, from)
	}
	return q, nil
}

// driftOutputs checks the outputs before the history is read.
func (e *env) driftOutputs(c *cli.Context) error {
	if err := dataset.SameOutput(c.String("out"), c.String("state")); err != nil {
		return err
	}
	return dataset.SameFile(c.String("state"), inputs(c))
}

// compare takes the months of the two sides out of the cubes.
func (d driftCubes) compare(c *cli.Context, pol *replay.Policy) (*calibrate.Drift, reports.DriftSource, error) {
	source := reports.DriftSource{Account: d.period.Account}
	from, until, first := c.String("from"), c.String("until"), c.String("baseline-from")
	if from == "" && !d.apart() {
		if from = newestMonth(d.period, until); from == "" {
			return nil, source, errors.New("no record has a time, so no month can be held against others: want --baseline FILE")
		}
	}
	inPeriod := func(month string) bool {
		if month == "" { // of an unknown time: in the period only where the files say so
			return from == "" && until == ""
		}
		return month >= from && (until == "" || month < until)
	}
	inBaseline := func(month string) bool {
		if d.apart() {
			return month >= first // "" too, where there is no first
		}
		return month != "" && month < from && month >= first
	}
	baseline, err := calibrate.NewDriftSide(d.baseline, pol, inBaseline)
	if err != nil {
		return nil, source, err
	}
	period, err := calibrate.NewDriftSide(d.period, pol, inPeriod)
	if err != nil {
		return nil, source, err
	}
	source.Outside = d.period.Records() - period.Total().N() - baseline.Total().N()
	if d.apart() {
		source.Baseline = &d.baseline.Account
		source.Outside += d.baseline.Records()
	}
	for _, side := range []struct {
		name string
		of   *calibrate.DriftSide
	}{{"baseline", baseline}, {"period", period}} {
		if side.of.Total().N() == 0 {
			return nil, source, fmt.Errorf("no record is in the %s: the files have %s%s", side.name, monthsOf(d), wantSide(side.name, from, d.apart()))
		}
	}
	return calibrate.CompareDrift(baseline, period, c.Float64("confidence")), source, nil
}

// wantSide says what to do about a side without records.
func wantSide(side, from string, apart bool) string {
	if side == "baseline" && !apart {
		return fmt.Sprintf("; want months before %s, or --baseline FILE", from)
	}
	return "; want --from, --until and --baseline-from to leave some of them"
}

// newestMonth returns the last month before until, "" for none.
func newestMonth(cube *replay.Cube, until string) (newest string) {
	for _, key := range cube.Keys() {
		if m := cube.MonthOf(key); until == "" || m < until {
			newest = max(newest, m)
		}
	}
	return newest
}

// monthsOf names the first and the last month of both cubes.
func monthsOf(d driftCubes) string {
	first, last := "", ""
	for _, cube := range []*replay.Cube{d.baseline, d.period} {
		for _, key := range cube.Keys() {
			if m := cube.MonthOf(key); m != "" {
				last = max(last, m)
				if first == "" || m < first {
					first = m
				}
			}
		}
	}
	switch {
	case first == "":
		return "no record with a time"
	case first == last:
		return "records of " + first + " alone"
	}
	return "records of " + first + " to " + last
}
