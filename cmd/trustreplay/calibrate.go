package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) calibrateVerb() *cli.Command {
	return &cli.Command{
		Name:      "calibrate",
		Usage:     "the policy to run instead of the champion, and a certificate for it",
		UsageText: "trustreplay calibrate --champion POLICY --limit 'fraud_rate <= 0.5%' [flags] FILE...",
		Description: `Searches the policies near and far from the champion on the oldest records, orders the best of them on the next, and
certifies on the newest, so that what is recommended keeps its limits with the stated confidence. Records can carry
a promise once: a ledger file remembers which ones did. Exit code 1 says that nothing could be certified.

Examples:
  trustreplay calibrate --champion now.yaml --limit 'fraud_rate <= 0.5%' history/*.parquet
  trustreplay calibrate --champion table-combined --maximize good_approval_rate --limit 'fraud_rate <= 0.8%' \
      --limit 'review_rate <= 8%' --policy-out next.yaml --certificate next.json history.jsonl.gz
  trustreplay calibrate --champion now.yaml --minimize cost --economics prices.yaml --limit 'fraud_rate <= 1%' history.parquet
  trustreplay verify --policy next.yaml next.json history.jsonl.gz`,
		Flags: outputFlags(historyFlags(maturityFlags(
			goalFlags(
				&cli.StringFlag{Name: "picture", Usage: "draw the frontier, the policies tested and the recommendation into `FILE`, .svg, .png, .pdf or .vl.json (Vega-Lite)"},
				&cli.BoolFlag{Name: "quick", Usage: "only the recommendation and its certificate: no look at other shapes, at prices of limits, nor at a rollout"},
			)...,
		)...)...),
		Action: e.calibrate,
	}
}

// goalFlags are the flags of every verb that calibrates.
func goalFlags(more ...cli.Flag) []cli.Flag {
	return append(append([]cli.Flag{
		&cli.StringFlag{Name: "champion", Usage: "the `POLICY` in force, where the search begins: a YAML file or a built-in name"},
		&cli.StringSliceFlag{Name: "limit", Aliases: []string{"l"}, Usage: "a `LIMIT` such as 'fraud_rate <= 0.5%' or 'approval_rate >= 85%'; repeatable"},
		&cli.StringFlag{Name: "maximize", Usage: "approval_rate, good_approval_rate, final_approval_rate, fraud_capture or profit: what `MEASURE` to have most of", DefaultText: "approval_rate"},
		&cli.StringFlag{Name: "minimize", Usage: "cost: what `MEASURE` to have least of, instead"},
		&cli.StringFlag{Name: "economics", Usage: "YAML `FILE` of prices, for profit and cost, and of what step-ups and reviews come to"},
		&cli.Float64Flag{Name: "delta", Value: calibrate.DefaultDelta, Usage: "the `PROBABILITY`, at most, that the certificate is wrong"},
		&cli.StringSliceFlag{Name: "search", Usage: "a `FAMILY` of policies to search: " + familyNames() + "; repeatable", DefaultText: "all that suit the champion"},
		&cli.StringSliceFlag{Name: "cutoffs", Usage: "only cutoffs of a product within `PRODUCT=LOW..HIGH`; repeatable"},
		&cli.StringSliceFlag{Name: "bands", Usage: "bands of a product whose champion uses recorded clusters, as `PRODUCT=standard`, quintile or four edges", DefaultText: "the published ones that agree with the records"},
		&cli.StringFlag{Name: "otherwise", Usage: "the `ACTION` of records that are no longer approved: step_up, review or block", DefaultText: "the mildest the champion uses"},
		&cli.BoolFlag{Name: "any-matrix", Usage: "allow matrices that treat a better cluster more harshly than a worse one"},
		&cli.StringFlag{Name: "until", Usage: "leave out records from `MONTH` on, such as 2026-03, whose labels are not complete yet"},
		&cli.StringFlag{Name: "certify-from", Usage: "certify on records from `MONTH` on, and propose and rank on those before", DefaultText: "the newest half"},
		&cli.StringFlag{Name: "policy-out", Usage: "write the recommended policy to `FILE`"},
		&cli.StringFlag{Name: "certificate", Usage: "write the certificate to `FILE`, which trustreplay verify recomputes"},
		&cli.StringFlag{Name: "ledger", Value: "trustreplay-ledger.json", Usage: "the `FILE` that remembers which records were certified on; none keeps no ledger"},
		&cli.IntFlag{Name: "rollout", Value: 4, Usage: "lead from the champion to the recommendation in `N` steps; 0 for none"},
		&cli.BoolFlag{Name: "backtest", Usage: "repeat the whole procedure for each month on the months before it, and count broken promises"},
		&cli.StringFlag{Name: "cap", Usage: "the largest `AMOUNT` that a record can have, declared before you look: certifies limits on fraud_rate_value and fraud_bps, by betting"},
	}, more...), entityFlag(), absentFlag(), historyPolicyFlag())
}

// familyNames lists what --search takes.
func familyNames() string {
	var names []string
	for _, f := range calibrate.Families {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// calibrate answers, and only then writes its files.
func (e *env) calibrate(c *cli.Context) error {
	champion, goals, err := calibrationGoals(c)
	if err != nil {
		return err
	}
	q, err := askCalibration(c, champion, goals)
	if err != nil {
		return err
	}
	if err := e.calibrationOutputs(c); err != nil {
		return err
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	h.hash = true
	if err = e.maturity(c, h, &q, true); err != nil {
		return err
	}
	got, cube, err := e.calibration(c.Context, h, q, champion, goals)
	if errors.Is(err, calibrate.ErrNothing) {
		if err := e.print(c, reports.Uncalibrated(err, champion, goals, cube.Account)); err != nil {
			return err
		}
		return errNo
	}
	if err != nil {
		return err
	}
	cert, err := e.certify(c, got, cube, q)
	if err != nil {
		return err
	}
	evidence, err := evidenceOf(c, got, cube)
	if err != nil {
		return err
	}
	draw := func() reports.Picture { return reports.FrontierPicture(got, evidence) }
	if err := e.printIllustrated(c, reports.Calibrate(got, cert, evidence, cube.Account), draw); err != nil {
		return err
	}
	if err := e.calibrationFiles(c, got, cert); err != nil {
		return err
	}
	if err := e.frontierPicture(c, got, evidence); err != nil {
		return err
	}
	if cert == nil || cert.Withdrawn != "" {
		return errNo
	}
	return nil
}

// certify completes the certificate, nil where nothing is certified, and enters the use of the records into the ledger: one that was
// used before withdraws what it says.
func (e *env) certify(c *cli.Context, got *calibrate.Calibration, cube *replay.Cube, q replay.Question) (*calibrate.Certificate, error) {
	cert, err := certificateOf(got, cube, q)
	name := c.String("ledger")
	if err != nil || name == "none" {
		return cert, err
	}
	use, err := got.Use(cube)
	if err != nil {
		return nil, err
	}
	n, err := e.enter(c, name, use)
	if err == nil && cert != nil {
		cert.Withdraw(n)
	}
	return cert, err
}

// askCalibration is calibrationQuestion with what the flags of a calibration add to it.
func askCalibration(c *cli.Context, champion *replay.Policy, g calibrate.Goals) (replay.Question, error) {
	q, err := calibrationQuestion(c.String("absent"), champion, g)
	if err != nil {
		return q, err
	}
	q.Outcomes = g.Economics != nil && g.Economics.Treatments != nil
	return q, remember(c, &q)
}

// calibrationQuestion asks for every score apart, by month.
func calibrationQuestion(absent string, champion *replay.Policy, g calibrate.Goals) (replay.Question, error) {
	q := replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true, Entity: g.Entity, Singles: g.Cap > 0, MatureOnly: true}
	var err error
	q.AbsentMissing, err = absentMissing(absent)
	return q, err
}

// calibration reads a history and calibrates on it. A history of fewer than three months is read again by day.
func (e *env) calibration(ctx context.Context, h *history, q replay.Question, champion *replay.Policy, g calibrate.Goals) (*calibrate.Calibration, *replay.Cube, error) {
	for _, by := range []string{replay.Month, replay.Day} {
		q.By = []string{by}
		plan, err := replay.NewPlan(q)
		if err != nil {
			return nil, nil, err
		}
		cube, err := e.cube(ctx, h, plan, nil, "calibrating")
		if err != nil {
			return nil, nil, err
		}
		if g.Until != "" { // also of what only looks at all records
			account := cube.Account
			cube = cube.Keep(func(key []string) bool { return key[0] < g.Until })
			cube.Account = account
		}
		if by == replay.Month && calibrate.Short(cube) {
			continue
		}
		if cube.Entity() != "" && !cube.HasEntities() && cube.Records() > 0 {
			return nil, cube, fmt.Errorf("--entity %s: no record has that field", cube.Entity())
		}
		got, err := calibrate.Calibrate(cube, champion, g)
		return got, cube, err
	}
	panic("trustreplay: a history is read by month or by day")
}
