package main

import (
	"fmt"
	"runtime"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

func (e *env) policyVerb() *cli.Command {
	return &cli.Command{
		Name:      "policy",
		Usage:     "list, show, lint policies; the red flags to switch on; the JSON Schema of the format",
		UsageText: "trustreplay policy list|show|lint|flags|schema ...",
		Description: `Examples:
  trustreplay policy list
  trustreplay policy show guide-waterfall > mine.yaml
  trustreplay policy lint mine.yaml
  trustreplay policy flags
  trustreplay policy show --with spoofed-disposable table-combined > mine.yaml
  trustreplay policy schema > policy.schema.json`,
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "the built-in policies", UsageText: "trustreplay policy list", Action: e.policyList},
			{Name: "show", Usage: "print a policy as YAML, a built-in one or a file in canonical form",
				UsageText: "trustreplay policy show [--with FLAG[=ACTION]] POLICY", Action: e.policyShow,
				Description: `Examples:
  trustreplay policy show guide-waterfall > mine.yaml
  trustreplay policy show mine.yaml
  trustreplay policy show --with spoofed-disposable --with no-mouse-established=step_up table-combined > mine.yaml`,
				Flags: []cli.Flag{
					&cli.StringSliceFlag{Name: "with", Usage: "put the red flag `FLAG[=ACTION]` of the library (trustreplay policy flags) before the policy's own rules; repeatable"},
				}},
			{Name: "flags", Usage: "the red flags that the vendor's guide tells of, as rules to switch on", UsageText: "trustreplay policy flags [flags]",
				Action: e.policyFlags, Flags: outputFlags(),
				Description: `Examples:
  trustreplay policy flags
  trustreplay policy flags --format json`},
			{Name: "lint", Usage: "check policies: every error with line and column, and doubts about what they say",
				UsageText: "trustreplay policy lint [--strict] [--history FILE] POLICY...", Action: e.policyLint,
				Description: `Examples:
  trustreplay policy lint mine.yaml
  trustreplay policy lint --strict --history history.parquet mine.yaml theirs.yaml`,
				Flags: []cli.Flag{
					&cli.BoolFlag{Name: "strict", Usage: "exit 1 when there is a warning"},
					&cli.StringSliceFlag{Name: "history", Usage: "also find the rules that never fire and the cells that no record of `FILE` reaches; repeatable"},
				}},
			{Name: "schema", Usage: "print the JSON Schema of policy files, or of acceptance files, for editors",
				UsageText: "trustreplay policy schema [acceptance]", Action: e.policySchema},
		},
		Action: func(c *cli.Context) error { return cli.ShowSubcommandHelp(c) },
	}
}

func (e *env) policyList(c *cli.Context) error {
	for _, name := range replay.BuiltinNames() {
		p, _ := replay.Builtin(name)
		if _, err := fmt.Fprintf(e.stdout, "%-18s %s\n", name, p.Description); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) policyShow(c *cli.Context) error {
	if c.NArg() != 1 {
		return fmt.Errorf("policy show wants one policy, got %d", c.NArg())
	}
	p, err := policy(c.Args().First())
	if err != nil {
		return err
	}
	if p, err = e.switchedOn(p, c.StringSlice("with")); err != nil {
		return err
	}
	_, err = e.stdout.Write(p.YAML())
	return err
}

func (e *env) policyLint(c *cli.Context) error {
	if c.NArg() == 0 {
		return fmt.Errorf("policy lint wants at least one policy")
	}
	list, err := policies(c.Args().Slice())
	if err != nil {
		return err
	}
	touched, err := lintHistory(c, e, list)
	if err != nil {
		return err
	}
	doubts := 0
	for i, p := range list {
		warnings := p.Lint()
		if touched != nil {
			warnings = append(warnings, p.LintResult(touched[i])...)
		}
		doubts += len(warnings)
		for _, w := range warnings {
			fmt.Fprintf(e.stdout, "%s: warning: %v\n", p.Name, w)
		}
		if len(warnings) == 0 {
			fmt.Fprintf(e.stdout, "%s: ok\n", p.Name)
		}
	}
	if doubts > 0 && c.Bool("strict") {
		return errNo
	}
	return nil
}

// lintHistory replays the policies over the history of --history, nil without one.
func lintHistory(c *cli.Context, e *env, list []*replay.Policy) ([]replay.Result, error) {
	files := c.StringSlice("history")
	if len(files) == 0 {
		return nil, nil
	}
	plan, err := replay.NewPlan(replay.Question{Policies: list})
	if err != nil {
		return nil, err
	}
	scan, err := dataset.Open(c.Context, files, e.stdin, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		return nil, err
	}
	stop := e.watch(scan, "reading")
	cube, err := replay.Build(c.Context, plan, scan, runtime.GOMAXPROCS(0), nil)
	stop()
	if err != nil {
		return nil, err
	}
	return runAll(cube, list)
}

func (e *env) policySchema(c *cli.Context) error {
	schema := replay.PolicySchema()
	switch what := c.Args().First(); {
	case c.NArg() > 1 || what != "" && what != "acceptance":
		return fmt.Errorf("policy schema wants nothing, or acceptance, got %q", c.Args().Slice())
	case what == "acceptance":
		schema = replay.AcceptanceSchema(calibrate.Measurables())
	}
	_, err := e.stdout.Write(schema)
	return err
}
