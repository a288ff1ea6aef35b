package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) exploreVerb() *cli.Command {
	return &cli.Command{
		Name:      "explore",
		Usage:     "one HTML page with the counts inside: move cutoffs, edit the matrix, see the rates follow, offline",
		UsageText: "trustreplay explore --policy CHAMPION [--by FIELD...] [--limit LIMIT...] [flags] --out PAGE.html FILE...",
		Description: `The page opens from disk in a browser, and asks nothing of the network. It begins with the champion; what is changed
there is the draft, shown beside it, and saved as a policy file that replay and compare take. No id and no text of a record is in it,
but for the values of --by.
A history that would make the page too large gets edges that are some scores apart: --step says how many.

Examples:
  trustreplay explore --policy table-waterfall --out page.html history.jsonl.gz
  trustreplay explore --policy mine.yaml --by country --limit 'fraud_rate <= 0.5%' --limit 'insult_rate <= 2%' --out page.html history/*.parquet
  trustreplay explore --policy mine.yaml --economics economics.yaml --step 10 --out page.html history.parquet`,
		Flags: historyFlags(maturityFlags(
			&cli.StringSliceFlag{Name: "policy", Aliases: []string{"p", "champion"}, Usage: "the `POLICY` to begin with and to compare with: a YAML file or a built-in name"},
			&cli.StringSliceFlag{Name: "by", Usage: "let the page filter by `FIELD`, any of few values such as country; repeatable. The month is always there"},
			&cli.StringSliceFlag{Name: "limit", Usage: "draw a `LIMIT` such as 'fraud_rate <= 0.5%', and say where it is kept; repeatable"},
			&cli.IntFlag{Name: "step", Usage: "edges are multiples of `N` scores: 1, or a divisor of 1000 such as 5, 10 or 25", DefaultText: "the least of 1, 5, 10, 25 with which the page stays small"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write the page to `FILE`, whole or not at all, instead of standard output"},
			absentFlag(), historyPolicyFlag(), economicsFlag(),
		)...),
		Action: e.explore,
	}
}

// askExplore reads the flags, and finds every mistake in them before anything is read.
func askExplore(c *cli.Context) (x reports.Explorer, q replay.Question, err error) {
	names := c.StringSlice("policy")
	if len(names) != 1 {
		return x, q, fmt.Errorf("%d policies named: want one --policy, FILE.yaml or a built-in such as table-waterfall (trustreplay policy list)", len(names))
	}
	if q, err = ask(c, names); err != nil {
		return x, q, err
	}
	for _, field := range q.By {
		if field == replay.Month || field == replay.Day {
			return x, q, fmt.Errorf("--by %s: the page filters by month anyway, want other fields such as country", field)
		}
	}
	q.Outcomes = false
	x = reports.Explorer{Champion: q.Policies[0], Economics: q.Economics, By: q.By, Confidence: c.Float64("confidence"), Step: c.Int("step")}
	if c.IsSet("step") && x.Step == 0 {
		return x, q, fmt.Errorf("--step 0: %w", reports.ErrStep)
	}
	if err := reports.CheckStep(x.Step); err != nil {
		return x, q, fmt.Errorf("--step: %w", err)
	}
	for _, text := range c.StringSlice("limit") {
		l, err := replay.ParseLimit(text)
		if err != nil {
			return x, q, fmt.Errorf("--limit: %w", err)
		}
		x.Limits = append(x.Limits, l)
	}
	if err := reports.CheckExploreLimits(x.Champion, x.Economics != nil, x.Limits); err != nil {
		return x, q, fmt.Errorf("--limit: %w", err)
	}
	if err := remember(c, &q); err != nil {
		return x, q, err
	}
	return x, reports.ExploreQuestion(q), nil
}

// explorePlan plans the page's question. A saved cube may lack the recorded clusters, which only a draft would ask for; it must
// have every score.
func explorePlan(q replay.Question) (*replay.Plan, error) {
	plan, err := replay.NewPlan(q)
	if err == nil || q.Saved == nil {
		return plan, err
	}
	champion := q
	champion.Policies = q.Policies[:1]
	if plan, err = replay.NewPlan(champion); err == nil {
		return plan, nil
	}
	exact := "--exact " + q.Policies[0].First
	if q.Policies[0].Second != "" {
		exact += " --exact " + q.Policies[0].Second
	}
	return nil, fmt.Errorf("%w (edges move to any score in the page: convert --cube with %s)", err, exact)
}

func (e *env) explore(c *cli.Context) error {
	x, q, err := askExplore(c)
	if err != nil {
		return err
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if err = e.maturity(c, h, &q, false); err != nil {
		return err
	}
	plan, err := explorePlan(q)
	if err != nil {
		return err
	}
	cube, err := e.cube(c.Context, h, plan, nil, "reading")
	if err != nil {
		return err
	}
	if cube.Records() == 0 {
		return errors.New("no record was read, and a page of nothing shows nothing")
	}
	if _, err := runAll(cube, []*replay.Policy{x.Champion}); err != nil { // costs beyond what is exact
		return err
	}
	x.Cube = cube
	var page bytes.Buffer
	size, err := x.Write(&page)
	if err != nil {
		return err
	}
	if err := e.deliver(c, page.Bytes()); err != nil {
		return err
	}
	if c.String("out") != "" && c.String("out") != "-" {
		fmt.Fprintf(e.stderr, "trustreplay: explore: %s: %d records in %d rows, edges %d apart, %.1f MB\n", c.String("out"), size.Records, size.Rows, size.Step, float64(size.Bytes)/1e6)
	}
	return nil
}
