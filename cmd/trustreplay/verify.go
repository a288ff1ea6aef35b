package main

import (
	"errors"
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) verifyVerb() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "recompute a certificate from the history it was made from",
		UsageText: "trustreplay verify CERTIFICATE.json --policy POLICY [flags] FILE...",
		Description: `The certificate is the first file, or --certificate. Its champion and goals are in it; the history is read, searched,
ordered and tested again, and every figure is compared. Exit code 1 says which ones differ.

Examples:
  trustreplay verify next.json --policy next.yaml history/*.parquet
  trustreplay verify next.json --policy next.yaml --labels outcomes.csv history.jsonl.gz`,
		Flags: outputFlags(historyFlags(
			&cli.StringFlag{Name: "certificate", Usage: "the certificate's `FILE`", DefaultText: "the first file"},
			&cli.StringFlag{Name: "policy", Aliases: []string{"p"}, Usage: "the `POLICY` that is to be the certified one: a YAML file"},
		)...),
		Action: e.verify,
	}
}

func (e *env) verify(c *cli.Context) error {
	files := c.Args().Slice()
	name := c.String("certificate")
	if name == "" && len(files) > 0 {
		name, files = files[0], files[1:]
	}
	if name == "" {
		return errors.New("no certificate named: want it first, as in trustreplay verify next.json --policy next.yaml history.jsonl.gz")
	}
	src, err := readFile(name)
	if err != nil {
		return err
	}
	cert, champion, goals, err := calibrate.ParseCertificate(name, src)
	if err != nil {
		return err
	}
	var differ []calibrate.Discrepancy
	if name := c.String("policy"); name != "" {
		p, err := policy(name)
		if err != nil {
			return err
		}
		if hash := p.Hash(); hash != cert.Policy.SHA256 {
			differ = append(differ, calibrate.Discrepancy{Field: "policy file", Claimed: cert.Policy.SHA256, Found: hash})
		}
	}
	h, err := e.historyOf(c, files)
	if err != nil {
		return err
	}
	h.hash = true
	q, err := calibrationQuestion(map[bool]string{true: "missing", false: "not_called"}[cert.AbsentMissing], champion, goals)
	if err != nil {
		return err
	}
	// Whatever the certificate says: where records carry an action, the champion does not stand for production.
	q.Past = true
	if q.HistoryPolicy, err = cert.HistoryPolicy(name); err != nil {
		return err
	}
	if m := cert.Maturity; m != nil {
		q.Maturity = replay.Maturity{Days: m.Days, AsOf: m.AsOf}
	}
	if h.saved != nil {
		claimed := q.Maturity
		if err := h.maturity(c, &q); err != nil {
			return err
		}
		if q.Maturity != claimed {
			return fmt.Errorf("the saved cube was built with %s, %s is of another maturity: build it again, from the history", h.saved.Maturity, name)
		}
	}
	got, cube, err := e.calibration(c.Context, h, q, champion, goals)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	again, err := certificateOf(got, cube, q)
	if err != nil {
		return err
	}
	more, err := cert.Against(again)
	if err != nil {
		return err
	}
	differ = append(differ, more...)
	if err := e.print(c, reports.Verify(cert, again, differ, cube.Account)); err != nil {
		return err
	}
	if len(differ) > 0 || cert.Withdrawn != "" {
		return errNo
	}
	return nil
}
