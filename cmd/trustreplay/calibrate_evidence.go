package main

import (
	"errors"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// evidenceOf gathers what stands beside a calibration.
func evidenceOf(c *cli.Context, got *calibrate.Calibration, cube *replay.Cube) (reports.Evidence, error) {
	var e reports.Evidence
	all, err := cube.Run(got.Champion)
	if err != nil {
		return e, err
	}
	e.All = all.Counts
	if c.Bool("backtest") {
		e.Backtest, err = calibrate.NewBacktest(cube, got.Champion, got.Goals)
		if errors.Is(err, calibrate.ErrNothing) {
			e.NoBacktest, err = err.Error(), nil
		}
		if err != nil {
			return e, err
		}
	}
	if c.Bool("quick") {
		return e, nil
	}
	survey, err := calibrate.NewSurvey(cube, got.Champion, got.Goals)
	if err != nil {
		return e, err
	}
	if e.Apparent, err = survey.Apparent(); err != nil {
		return e, err
	}
	at, found := got.Recommendation()
	if e.Unrestricted, err = survey.Unrestricted(at.Policy, e.Apparent); err != nil {
		return e, err
	}
	if !found {
		return e, nil
	}
	if e.Prices, err = prices(survey, at); err != nil {
		return e, err
	}
	if steps := c.Int("rollout"); steps > 0 {
		e.Rollout, err = got.Rollout(steps)
	}
	return e, err
}

// prices asks what limits cost among policies that are searched exhaustively, where the champion allows such: a search by
// prices can find less under a looser limit.
func prices(survey *calibrate.Survey, at calibrate.Candidate) (p *calibrate.Prices, err error) {
	for _, f := range []calibrate.Family{calibrate.Cutoffs, calibrate.Matrices, at.Family} {
		if p, err = survey.Prices(f, at.Policy); err != nil || p.Here.Skipped == "" {
			break
		}
	}
	return p, err
}
