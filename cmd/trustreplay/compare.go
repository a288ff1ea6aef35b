package main

import (
	"errors"
	"io"

	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) compareVerb() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "a champion and its challengers on the same records: swap table, paired differences, what each edit adds",
		UsageText: "trustreplay compare --champion POLICY --challenger POLICY [--challenger POLICY...] [flags] FILE...",
		Description: `A policy is a YAML file or the name of a built-in one (trustreplay policy list). Every policy decides on every
record, in one scan, so differences are paired. A difference that these records do not show is printed as ~.
With --accept each challenger is held to the limits of a file; exit code 1 says that one of them breaks one.

Examples:
  trustreplay compare --champion table-waterfall --challenger mine.yaml history.jsonl.gz
  trustreplay compare --champion now.yaml --challenger a.yaml --challenger b.yaml --by country history/*.parquet
  trustreplay compare --champion now.yaml --challenger mine.yaml --changes changes.csv history.parquet
  trustreplay compare --champion now.yaml --challenger mine.yaml --accept acceptance.yaml history.parquet`,
		Flags: outputFlags(historyFlags(maturityFlags(
			&cli.StringFlag{Name: "champion", Usage: "the `POLICY` in force: a YAML file or a built-in name"},
			&cli.StringSliceFlag{Name: "challenger", Usage: "a `POLICY` that might replace it; repeatable"},
			&cli.StringSliceFlag{Name: "by", Usage: "compare by `FIELD` too: month, day, or any field of the record such as country; repeatable"},
			&cli.StringFlag{Name: "accept", Usage: "hold each challenger to the limits of `FILE`, YAML; exit 1 where one is broken"},
			&cli.StringFlag{Name: "changes", Usage: "write each record whose action changes, with both reasons, to `FILE`, CSV or Parquet by its ending"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1; p at or above 1 less it shows nothing"},
			entityFlag(), absentFlag(), historyPolicyFlag(), economicsFlag(), costCurveFlag(), valueIntervalsFlag(), imputeFlag(),
		)...)...),
		Action: e.compare,
	}
}

func (e *env) compare(c *cli.Context) error {
	champion, challengers := c.String("champion"), c.StringSlice("challenger")
	switch {
	case champion == "":
		return errors.New("no champion named: want --champion FILE.yaml or a built-in such as table-waterfall (trustreplay policy list)")
	case len(challengers) == 0:
		return errors.New("no challenger named: want --challenger FILE.yaml or a built-in such as table-combined (trustreplay policy list)")
	}
	by := split(c.StringSlice("by"))
	gate, err := e.gate(c, by)
	if err != nil {
		return err
	}
	by = append(by, gate.more...)
	err = e.answer(c, append([]string{champion}, challengers...), question{
		flag: "changes", doing: "comparing", by: gate.more,
		rows: func(plan *replay.Plan, w io.Writer, path string) (*replay.Decisions, error) {
			return replay.NewChanges(plan, plan.Policies[0], plan.Policies[1:], w, path)
		},
		arrange: func(cube *replay.Cube, results []replay.Result) (reports.Document, error) {
			if c.String("entity") != "" {
				for i := range results {
					if err := depend(cube, &results[i]); err != nil {
						return reports.Document{}, err
					}
				}
			}
			versus, err := compareAll(cube, results)
			if err != nil {
				return reports.Document{}, err
			}
			if err := gate.judge(versus, by, cube.Account, c.Float64("confidence")); err != nil {
				return reports.Document{}, err
			}
			return withCostCurve(c, reports.Compare(results[0], versus, by, cube.Account, c.Float64("confidence")), results), nil
		},
	})
	if err != nil {
		return err
	}
	return gate.close(e.stderr)
}

// compareAll compares the first of the results with each other one.
func compareAll(cube *replay.Cube, results []replay.Result) ([]reports.Versus, error) {
	champion := results[0].Policy
	var out []reports.Versus
	for _, r := range results[1:] {
		comparison, err := cube.Compare(champion, r.Policy)
		if err != nil {
			return nil, err
		}
		if r.Dependence != nil {
			if comparison.Dependence, err = cube.PairDependence(champion, r.Policy); err != nil {
				return nil, err
			}
			comparison.Entities = [2]*replay.Dependence{results[0].Dependence, r.Dependence}
		}
		edits, err := cube.Attribute(champion, r.Policy)
		if err != nil {
			return nil, err
		}
		out = append(out, reports.Versus{Result: r, Comparison: comparison, Edits: edits})
	}
	return out, nil
}
