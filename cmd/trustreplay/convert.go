package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) convertVerb() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "any history to one compact, typed Parquet file, labels joined, personal data left out",
		UsageText: "trustreplay convert --out FILE.parquet [flags] FILE...",
		Description: `Every field but personal data is kept under its canonical name (README, "Record format"). A replay of the
Parquet file gives the same answer as one of the input, several times faster. Rejected records are left out and counted.
With --cube the file holds counts instead of records, of what the policies can tell apart, and answers in milliseconds.

Examples:
  trustreplay convert --out history.parquet history/*.jsonl.gz
  trustreplay convert --labels outcomes.csv --out labeled.parquet history.jsonl
  trustreplay convert --cube --out cube.parquet history/*.parquet
  trustreplay convert --cube --policy now.yaml --policy next.yaml --by country --out cube.parquet history/*.parquet`,
		Flags: historyFlags(append(cubeFlags(),
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the Parquet `FILE` to write, whole or not at all"},
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "text", Usage: "text, json, csv, markdown or html: the `FORMAT` of the account on standard output"},
		)...),
		Action: e.convert,
	}
}

func (e *env) convert(c *cli.Context) error {
	path := c.String("out")
	if path == "" {
		return fmt.Errorf("no output named: want --out FILE.parquet")
	}
	if ext := filepath.Ext(path); !strings.EqualFold(ext, ".parquet") && !strings.EqualFold(ext, ".pq") && !strings.HasPrefix(path, "/dev/") {
		return fmt.Errorf("--out %s: convert writes Parquet, want a name that ends in .parquet", path)
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if c.Bool("cube") {
		return e.saveCube(c, h, path)
	}
	for _, name := range []string{"policy", "by", "exact", "maturity", "as-of"} {
		if c.IsSet(name) {
			return fmt.Errorf("--%s is for --cube", name)
		}
	}
	if err := h.oneByOne("convert without --cube"); err != nil {
		return err
	}
	found, err := e.discover(c, h)
	if err != nil {
		return err
	}
	scan, err := h.open(c.Context, dataset.ConvertFields(found))
	if err != nil {
		return err
	}
	defer scan.Close()
	file, err := e.create(path, inputs(c))
	if err != nil {
		return err
	}
	defer file.Abort()
	stop := e.watch(scan, "converting")
	account, err := dataset.Convert(c.Context, scan, h.workers, file)
	stop()
	if err != nil {
		return err
	}
	if h.strict {
		if err := strictly(account); err != nil {
			return err
		}
	}
	e.unmatched(h)
	if err := file.Commit(); err != nil {
		return err
	}
	return reports.Write(e.stdout, reports.Account(account, path), c.String("format"), e.textOptions(""))
}
