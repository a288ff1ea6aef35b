package main

import (
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

func (e *env) policyVerb() *cli.Command {
	return &cli.Command{
		Name:      "policy",
		Usage:     "list, show, lint policies; print the JSON Schema of the format",
		UsageText: "trustreplay policy list|show|lint|schema ...",
		Description: `Examples:
  trustreplay policy list
  trustreplay policy show guide-waterfall > mine.yaml
  trustreplay policy lint mine.yaml
  trustreplay policy schema > policy.schema.json`,
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "the built-in policies", UsageText: "trustreplay policy list", Action: e.policyList},
			{Name: "show", Usage: "print a policy as YAML, a built-in one or a file in canonical form",
				UsageText: "trustreplay policy show POLICY", Action: e.policyShow},
			{Name: "lint", Usage: "check policies: every error with line and column, and doubts about what they say",
				UsageText: "trustreplay policy lint [--strict] POLICY...", Action: e.policyLint,
				Flags: []cli.Flag{&cli.BoolFlag{Name: "strict", Usage: "exit 1 when there is a warning"}}},
			{Name: "schema", Usage: "print the JSON Schema of policy files, for editors", UsageText: "trustreplay policy schema", Action: e.policySchema},
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
	doubts := 0
	for _, p := range list {
		warnings := p.Lint()
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

func (e *env) policySchema(c *cli.Context) error {
	_, err := e.stdout.Write(replay.PolicySchema())
	return err
}
