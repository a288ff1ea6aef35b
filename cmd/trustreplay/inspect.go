package main

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) inspectVerb() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "what is in a history: records and issues, labels, scores, clusters, who was asked, what it cannot answer",
		UsageText: "trustreplay inspect [flags] FILE...",
		Description: `Reads every field but personal data, which is never decoded.

Examples:
  trustreplay inspect history.jsonl.gz
  trustreplay inspect --labels outcomes.csv 'history/*.parquet'
  trustreplay inspect --format json history.parquet > inspect.json`,
		Flags:  outputFlags(historyFlags(&cli.BoolFlag{Name: "hash", Value: true, Usage: "the SHA-256 of each file, so that a report can say what it is of; --hash=false saves reading the bytes once more"})...),
		Action: e.inspect,
	}
}

func (e *env) inspect(c *cli.Context) error {
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if err := h.oneByOne("inspect"); err != nil {
		return err
	}
	found, err := e.discover(c, h)
	if err != nil {
		return err
	}
	scan, err := h.open(c.Context, replay.ProfileFields(found))
	if err != nil {
		return err
	}
	stop := e.watch(scan, "inspecting")
	profile, err := replay.BuildProfile(c.Context, scan, found, h.workers)
	stop()
	if err != nil {
		return err
	}
	if h.strict {
		if err := strictly(profile.Account); err != nil {
			return err
		}
	}
	e.unmatched(h)
	return e.print(c, reports.Inspect(profile))
}

// discover lists the fields of a history. Standard input is kept in memory, because it is read twice.
func (e *env) discover(c *cli.Context, h *history) ([]dataset.Discovered, error) {
	var err error
	if h.stdin, err = e.buffered(c.Context, h.files); err != nil {
		return nil, err
	}
	return dataset.Discover(c.Context, h.files, h.stdin(), h.mapping)
}
