package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) replayVerb() *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "what policies would have done to a history: actions x outcomes, measures with intervals",
		UsageText: "trustreplay replay --policy POLICY [--policy POLICY...] [flags] FILE...",
		Description: `A policy is a YAML file or the name of a built-in one (trustreplay policy list). Several policies are
answered in one scan. Records with a bad value are counted and left out; none is lost silently.

Examples:
  trustreplay replay --policy table-waterfall history.jsonl.gz
  trustreplay replay --policy guide-combined --policy mine.yaml --by month history/*.parquet
  trustreplay replay --policy mine.yaml --labels outcomes.csv --by country --format json history.jsonl
  trustreplay replay --policy mine.yaml --decisions decisions.parquet history.parquet
  trustreplay replay --policy mine.yaml --failures history.parquet`,
		Flags: outputFlags(historyFlags(maturityFlags(
			&cli.StringSliceFlag{Name: "policy", Aliases: []string{"p"}, Usage: "the `POLICY` to replay: a YAML file or a built-in name; repeatable"},
			&cli.StringSliceFlag{Name: "by", Usage: "split by `FIELD`: month, day, or any field of the record such as country; repeatable"},
			&cli.StringFlag{Name: "decisions", Usage: "write each record's action and its reason to `FILE`, CSV or Parquet by its ending"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1"},
			&cli.BoolFlag{Name: "failures", Usage: "add failed answers by product and month, and what failing open, failing closed or deciding by the other product would have done"},
			&cli.StringFlag{Name: "enrollment", Usage: "replay login policies user by user, with the enrollments of the Login guide; `FIELD` says whose login it is, such as customer_id"},
			&cli.StringFlag{Name: "exploration", Usage: "estimate fraud rates from records that a coin approved; `FIELD` holds the probability of each record, such as approval_probability"},
			entityFlag(), absentFlag(), historyPolicyFlag(), economicsFlag(), costCurveFlag(), valueIntervalsFlag(), imputeFlag(),
		)...)...),
		Action: e.replay,
	}
}

func (e *env) replay(c *cli.Context) error {
	names := c.StringSlice("policy")
	if len(names) == 0 {
		return fmt.Errorf("no policy named: want --policy FILE.yaml or a built-in such as table-waterfall (trustreplay policy list)")
	}
	by := split(c.StringSlice("by"))
	v := question{flag: "decisions", doing: "replaying", rows: replay.NewDecisions, user: c.String("enrollment")}
	if err := notEmpty(c, "exploration"); err != nil {
		return err
	}
	v.exploration = c.String("exploration")
	// A split by month that was not asked for makes the cube larger and is folded away from everything but the failures and the
	// exploration.
	months := (c.Bool("failures") || v.exploration != "") && !slices.Contains(by, replay.Month)
	if months {
		v.by = []string{replay.Month}
	}
	// Where the economics say how many records can be reviewed on a day, it takes the days to say how often that is too few. A
	// history that is split already is left as it is, whose parts would become many.
	days := false
	v.more = func(q replay.Question) []string {
		e := q.Economics
		if days = len(q.By) == 0 && !months && e != nil && e.Treatments != nil && e.Treatments.ReviewsPerDay > 0; days {
			return []string{replay.Day}
		}
		return nil
	}
	v.arrange = func(cube *replay.Cube, results []replay.Result) (reports.Document, error) {
		var explored []*calibrate.ExploredPolicy
		for i := range results {
			if months {
				results[i] = results[i].Fold(replay.Month)
			}
			if days {
				results[i].Reviewed = calibrate.ReviewsByDay(results[i].Groups, results[i].By)
				results[i] = results[i].Fold(replay.Day)
			}
			if err := v.complete(c, cube, &results[i]); err != nil {
				return reports.Document{}, err
			}
			if v.exploration != "" {
				if !cube.HasChances() && results[i].Total().N() > 0 {
					return reports.Document{}, fmt.Errorf("--exploration %s: no record has that field", v.exploration)
				}
				e, err := calibrate.ExplorePolicy(cube, results[i].Policy, c.Float64("confidence"))
				if err != nil {
					return reports.Document{}, err
				}
				explored = append(explored, e)
			}
		}
		return withCostCurve(c, reports.Replay(results, by, cube.Account, c.Float64("confidence"), explored...), results), nil
	}
	return e.answer(c, names, v)
}

// complete adds to a result what was asked for beside its counts.
func (v question) complete(c *cli.Context, cube *replay.Cube, r *replay.Result) (err error) {
	if c.String("entity") != "" {
		err = depend(cube, r)
	}
	if err == nil && c.Bool("failures") {
		r.Failures, err = cube.Failures(r.Policy)
	}
	if err == nil && v.user != "" {
		r.Enrollment, err = cube.Enrollment(r.Policy)
	}
	return err
}

// A question is what a verb makes of policies replayed over a history.
type question struct {
	flag  string   // names the file of rows
	doing string   // the work's name in the progress bar
	by    []string // split by these fields too, beside those of --by
	// more are fields to split by too, once the flags are read; nil for none
	more func(replay.Question) []string
	// exploration is the field that holds the probability of each record's approval, "" where nobody asks.
	exploration string
	user        string // the field that says whose record it is, "" where nobody asks
	rows        func(plan *replay.Plan, w io.Writer, path string) (*replay.Decisions, error)
	arrange     func(cube *replay.Cube, results []replay.Result) (reports.Document, error)
}

// answer replays policies over the history of the command line, prints what the verb makes of it and only then lets its
// file of rows appear.
func (e *env) answer(c *cli.Context, names []string, v question) error {
	q, err := ask(c, names)
	if err != nil {
		return err
	}
	q.Rows = c.String(v.flag) != ""
	if v.more != nil {
		q.By = append(q.By, v.more(q)...)
	}
	q.By = append(q.By, v.by...)
	switch kind := c.String("impute"); {
	case kind == "band":
		for _, p := range q.Policies {
			q.ExactOf = append(q.ExactOf, p.First)
		}
	case kind != "" || c.IsSet("impute"):
		return fmt.Errorf("--impute must be band, got %q", kind)
	}
	if q.Entity, q.Logins = c.String("entity"), v.user != ""; q.Logins && q.Entity == "" {
		q.Entity = v.user
	}
	if q.Logins && q.Entity != v.user {
		return fmt.Errorf("--entity %s and --enrollment %s: want one field, a user's records depend on each other", q.Entity, v.user)
	}
	if v.exploration != "" {
		q.Exploration, q.Exact = v.exploration, true // a surface over the scores needs each of them
	}
	if err := remember(c, &q); err != nil {
		return err
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if err = e.maturity(c, h, &q, q.Rows); err != nil {
		return err
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		return err
	}
	rows, file, err := e.rows(c, v, plan)
	if err != nil {
		return err
	}
	if file != nil {
		defer file.Abort()
	}
	cube, err := e.cube(c.Context, h, plan, rows, v.doing)
	if err != nil {
		return err
	}
	results, err := runAll(cube, q.Policies)
	if err != nil {
		return err
	}
	if err := impute(c, cube, results); err != nil {
		return err
	}
	doc, err := v.arrange(cube, results)
	if err != nil {
		return err
	}
	if err := e.print(c, doc); err != nil {
		return err // and no rows are left behind
	}
	if file != nil {
		return file.Commit()
	}
	return nil
}

// impute adds to results what their undecided records are assumed from, where that was asked for.
func impute(c *cli.Context, cube *replay.Cube, results []replay.Result) (err error) {
	for i := range results {
		if c.String("impute") == "" || err != nil {
			break
		}
		results[i].Bands, err = cube.ImputeBands(results[i].Policy)
	}
	return err
}

// cube reads a history to its end. rows may be nil; what is the work's name in the progress bar. A history that turns out to tell
// its ages, although its first records do not, is read again with the standard maturity: the answer must not depend on the
// order of records. The cube's account says which maturity it has.
func (e *env) cube(ctx context.Context, h *history, plan *replay.Plan, rows *replay.Decisions, what string) (*replay.Cube, error) {
	scan, err := h.open(ctx, plan.Fields())
	if err != nil {
		return nil, err
	}
	stop := e.watch(scan, what)
	cube, err := replay.Build(ctx, plan, scan, h.workers, rows)
	stop()
	if err == nil && h.unsure && cube.Account.LabelTimes.Known > 0 {
		return e.maturely(ctx, h, plan, what)
	}
	if err == nil && h.strict {
		err = strictly(cube.Account)
	}
	if err == nil {
		e.unmatched(h)
		e.unchecked(scan)
	}
	return cube, err
}

// maturely is cube with the standard maturity, where there is one.
func (e *env) maturely(ctx context.Context, h *history, plan *replay.Plan, what string) (*replay.Cube, error) {
	q := plan.Question
	if err := e.standard(ctx, h, &q); err != nil {
		return nil, err
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		return nil, err
	}
	return e.cube(ctx, h, plan, nil, what) // whole had no rows to lose, see maturity
}

// ask reads the flags that say what to ask of a history; names are those of the policies.
func ask(c *cli.Context, names []string) (replay.Question, error) {
	q := replay.Question{By: split(c.StringSlice("by")), Spread: c.Bool("value-intervals")}
	var err error
	if q.AbsentMissing, err = absentMissing(c.String("absent")); err != nil {
		return q, err
	}
	if conf := c.Float64("confidence"); !(conf > 0.5 && conf < 1) {
		return q, fmt.Errorf("--confidence must be above 0.5 and below 1, such as 0.95, got %v", conf)
	}
	if q.Policies, err = policies(names); err != nil {
		return q, err
	}
	q.Economics, err = economics(c.String("economics"), q.Policies)
	q.Outcomes = q.Economics != nil && q.Economics.Treatments != nil
	return q, err
}

// split takes the values of a repeatable flag apart at commas too.
func split(values []string) []string {
	var out []string
	for _, v := range values {
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// runAll replays each policy over the cube.
func runAll(cube *replay.Cube, policies []*replay.Policy) ([]replay.Result, error) {
	var results []replay.Result
	for _, p := range policies {
		r, err := cube.Run(p)
		if err != nil {
			return nil, err
		}
		if r.Economics != nil {
			if err := calibrate.CheckCost(r.Economics, p, r.Counts); err != nil {
				return nil, err
			}
		}
		r.Economics = calibrate.Measured(r.Economics, r.Treated)
		results = append(results, *r)
	}
	return results, nil
}

// rows opens the file of rows, or returns nils where none was asked for.
func (e *env) rows(c *cli.Context, v question, plan *replay.Plan) (*replay.Decisions, *dataset.OutputFile, error) {
	path := c.String(v.flag)
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
	rows, err := v.rows(plan, file, path)
	if err != nil {
		file.Abort()
		return nil, nil, err
	}
	return rows, file, nil
}
