package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// policyFlags lists the library of red flags.
func (e *env) policyFlags(c *cli.Context) error {
	if c.NArg() != 0 {
		return fmt.Errorf("policy flags wants no argument, got %q", c.Args().Slice())
	}
	return e.print(c, reports.Flags(replay.Flags()))
}

// switchedOn returns the policy with the rules of --with, and says on standard error what lint doubts of it that it did not doubt
// of the policy without them.
func (e *env) switchedOn(p *replay.Policy, with []string) (*replay.Policy, error) {
	if len(with) == 0 {
		return p, nil
	}
	var rules []replay.Rule
	var errs []error
	for _, text := range with {
		r, err := flagRule(text)
		rules, errs = append(rules, r), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out, err := p.With(rules...)
	if err != nil {
		return nil, fmt.Errorf("--with: %w", err)
	}
	before := p.Lint()
	for _, w := range out.Lint() {
		if !slices.Contains(before, w) {
			fmt.Fprintf(e.stderr, "trustreplay: %s: warning: %v\n", out.Name, w)
		}
	}
	return out, nil
}

// flagRule reads FLAG or FLAG=ACTION.
func flagRule(text string) (replay.Rule, error) {
	name, action, given := strings.Cut(text, "=")
	f, err := replay.FlagNamed(name)
	if err != nil {
		return replay.Rule{}, fmt.Errorf("--with: %w", err)
	}
	r := f.Rule()
	if !given {
		return r, nil
	}
	then, found := dataset.ActionNamed(action)
	if !found || then == dataset.NoAction {
		var names []string
		for _, a := range dataset.Actions {
			names = append(names, a.String())
		}
		return replay.Rule{}, fmt.Errorf("--with %s: action is %q: want one of %s", name, action, strings.Join(names, ", "))
	}
	r.Then = then
	return r, nil
}
