package main

import (
	"errors"

	"github.com/trustreplay/trustreplay/dataset"
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

Examples:
  trustreplay compare --champion table-waterfall --challenger mine.yaml history.jsonl.gz
  trustreplay compare --champion now.yaml --challenger a.yaml --challenger b.yaml --by country history/*.parquet
  trustreplay compare --champion now.yaml --challenger mine.yaml --changes changes.csv history.parquet`,
		Flags: outputFlags(historyFlags(
			&cli.StringFlag{Name: "champion", Usage: "the `POLICY` in force: a YAML file or a built-in name"},
			&cli.StringSliceFlag{Name: "challenger", Usage: "a `POLICY` that might replace it; repeatable"},
			&cli.StringSliceFlag{Name: "by", Usage: "compare by `FIELD` too: month, or any field of the record such as country; repeatable"},
			&cli.StringFlag{Name: "changes", Usage: "write each record whose action changes, with both reasons, to `FILE`, CSV or Parquet by its ending"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1; p at or above 1 less it shows nothing"},
			absentFlag(),
		)...),
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
	q, err := question(c, append([]string{champion}, challengers...))
	if err != nil {
		return err
	}
	q.Rows = c.String("changes") != ""
	h, err := e.history(c)
	if err != nil {
		return err
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		return err
	}
	rows, file, err := e.changes(c, plan)
	if err != nil {
		return err
	}
	if file != nil {
		defer file.Abort()
	}
	cube, err := e.cube(c.Context, h, plan, rows, "comparing")
	if err != nil {
		return err
	}
	results, err := runAll(cube, q.Policies)
	if err != nil {
		return err
	}
	versus, err := compareAll(cube, results)
	if err != nil {
		return err
	}
	if err := e.print(c, reports.Compare(results[0], versus, q.By, cube.Account, c.Float64("confidence"))); err != nil {
		return err // and no changes are left behind
	}
	if file != nil {
		return file.Commit()
	}
	return nil
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
		edits, err := cube.Attribute(champion, r.Policy)
		if err != nil {
			return nil, err
		}
		out = append(out, reports.Versus{Result: r, Comparison: comparison, Edits: edits})
	}
	return out, nil
}

// changes opens the --changes file, or returns nils where none was asked for.
func (e *env) changes(c *cli.Context, plan *replay.Plan) (*replay.Decisions, *dataset.OutputFile, error) {
	path := c.String("changes")
	if path == "" {
		return nil, nil, nil
	}
	if err := dataset.SameOutput(path, c.String("out")); err != nil {
		return nil, nil, err
	}
	file, err := e.create(path, inputs(c))
	if err != nil {
		return nil, nil, err
	}
	rows, err := replay.NewChanges(plan, plan.Policies[0], plan.Policies[1:], file, path)
	if err != nil {
		file.Abort()
		return nil, nil, err
	}
	return rows, file, nil
}
