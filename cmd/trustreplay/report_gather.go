package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// gather reads the history as seldom as its questions allow: once for the profile, once for the calibration, whose records are
// mature, and once, when it is known what is recommended, for what policies do with all records. The calibration is nil where
// there is none.
func (e *env) gather(c *cli.Context, h *history, r reportRequest) (in reports.Monthly, got *calibrate.Calibration, err error) {
	in = reports.Monthly{Tool: "trustreplay " + version(), By: r.by, Confidence: r.confidence, Champion: r.champion, Goals: r.goals, Previous: r.previous}
	h.hash = true
	found, err := e.discover(c, h)
	if err != nil {
		return in, nil, err
	}
	if in.Profile, err = e.profile(c, h, found); err != nil {
		return in, nil, err
	}
	if err = hasMonth(in.Profile, r.month); err != nil {
		return in, nil, err
	}
	h.hash = false // of the same bytes
	if err = e.maturity(c, h, &r.question, true); err != nil {
		return in, nil, err
	}
	got, cube, err := e.calibration(c.Context, h, r.question, r.champion, r.goals)
	switch {
	case errors.Is(err, calibrate.ErrNothing):
		in.Nothing, got = err.Error(), nil
	case err != nil:
		return in, nil, err
	}
	hashed(&cube.Account, in.Profile.Account)
	in.Calibration, in.Mature = got, cube.Account
	if got != nil {
		in.Goals = got.Goals
		if in.Certificate, err = e.certify(c, got, cube, r.question); err != nil {
			return in, nil, err
		}
		if in.Evidence, err = evidenceOf(c, got, cube); err != nil {
			return in, nil, err
		}
	}
	if err := curves(&in, cube, r); err != nil {
		return in, nil, err
	}
	if err := e.allRecords(c, h, &in, r, replay.TraitFields(found)); err != nil {
		return in, nil, err
	}
	in.Commands = e.reportCommands(c, in)
	return in, got, nil
}

// profile reads what inspect reads.
func (e *env) profile(c *cli.Context, h *history, found []dataset.Discovered) (*replay.Profile, error) {
	scan, err := h.open(c.Context, replay.ProfileFields(found))
	if err != nil {
		return nil, err
	}
	stop := e.watch(scan, "inspecting")
	profile, err := replay.BuildProfile(c.Context, scan, found, h.workers)
	stop()
	if err == nil && h.strict {
		err = strictly(profile.Account)
	}
	return profile, err
}

// hasMonth refuses a report of a month without records: one of nothing, or under the name of another month.
func hasMonth(p *replay.Profile, month string) error {
	var months []string
	for _, m := range p.Months {
		if m.Month == month {
			return nil
		}
		if m.Month != "" {
			months = append(months, m.Month)
		}
	}
	switch {
	case month == "":
		return nil
	case months == nil:
		return fmt.Errorf("--month %s: no record has a time: want none", month)
	}
	return fmt.Errorf("--month %s: no record is of it: the files have records of %s to %s", month, months[0], months[len(months)-1])
}

// hashed gives the files of an account the hashes that another scan of them found.
func hashed(a *dataset.Account, from dataset.Account) {
	a.Files = slices.Clone(a.Files)
	for i, f := range a.Files {
		if at := slices.IndexFunc(from.Files, func(g dataset.FileInfo) bool { return g.Name == f.Name }); at >= 0 {
			a.Files[i].SHA256 = from.Files[at].SHA256
		}
	}
}

// curves draws the strategy curve of the cutoff from which the champion approves, with the recommended policy beside it.
func curves(in *reports.Monthly, cube *replay.Cube, r reportRequest) error {
	base, marks := r.champion, []*replay.Policy(nil)
	if in.Calibration != nil {
		base = in.Calibration.Base
		if at, found := in.Calibration.Recommendation(); found && len(replay.Edits(base, at.Policy)) > 0 {
			marks = append(marks, at.Policy)
		}
	}
	cutoff, err := calibrate.DefaultCutoff(base)
	if err == nil {
		_, err = cutoff.Of(base)
	}
	if err != nil {
		in.NoCurve = err.Error()
		return nil
	}
	curve, err := calibrate.Strategy(cube, base, []calibrate.Cutoff{cutoff}, marks, calibrate.CurveOptions{Confidence: r.confidence})
	if err != nil {
		return err
	}
	in.Curves = append(in.Curves, curve)
	return nil
}

// allRecords replays the champion, the recommended policy and the challengers over all records, by month and segment.
func (e *env) allRecords(c *cli.Context, h *history, in *reports.Monthly, r reportRequest, traits []dataset.Field) error {
	list := []*replay.Policy{r.champion}
	if in.Calibration != nil {
		if at, found := in.Calibration.Recommendation(); found && len(replay.Edits(in.Calibration.Base, at.Policy)) > 0 {
			list = append(list, at.Policy)
		}
	}
	list = append(list, r.challengers...)
	q := r.question
	q.Policies, q.By, q.Exact, q.Singles, q.MatureOnly = list, append([]string{replay.Month}, r.by...), false, false, false
	q.Economics, q.Traits = r.goals.Economics, traits
	var forecast *replay.Policy
	if r.previous != nil {
		var err error
		if forecast, err = r.previous.InForce(r.champion); err != nil {
			return err
		}
		q.Policies = append(slices.Clone(list), forecast)
		if q.Economics != nil && q.Economics.Covers(forecast) != nil {
			q.Economics = nil // prices are no part of a forecast, but a plan wants them of every policy
		}
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		return err
	}
	cube, err := e.cube(c.Context, h, plan, nil, "replaying")
	if err != nil {
		return err
	}
	hashed(&cube.Account, in.Profile.Account)
	cube, in.Month = upTo(cube, r.month)
	in.Account = cube.Account
	if in.Results, err = runAll(cube, list); err != nil {
		return err
	}
	if q.Entity != "" {
		for i := range in.Results {
			if err := depend(cube, &in.Results[i]); err != nil {
				return err
			}
		}
	}
	if in.Versus, err = compareAll(cube, in.Results); err != nil {
		return err
	}
	if err := stability(in, cube); err != nil {
		return err
	}
	if forecast != nil {
		result, err := cube.Run(forecast)
		if err != nil {
			return err
		}
		in.Realised = *result
	}
	return nil
}

// stability holds the month of the report against those before it, where there are any.
func stability(in *reports.Monthly, cube *replay.Cube) error {
	before := func(month string) bool { return month != "" && month < in.Month }
	baseline, err := calibrate.NewDriftSide(cube, in.Champion, before)
	if err != nil || baseline.Total().N() == 0 {
		return err
	}
	period, err := calibrate.NewDriftSide(cube, in.Champion, func(month string) bool { return month == in.Month })
	if err != nil {
		return err
	}
	in.Drift = calibrate.CompareDrift(baseline, period, in.Confidence)
	if in.FraudDrift, err = fraudDrift(in, cube); err != nil {
		return err
	}
	in.Stability, err = calibrate.Stability(cube, in.Champion, before, in.Confidence)
	return err
}

// fraudDrift holds the newest month with final labels against those before it, where the month of the report has none.
func fraudDrift(in *reports.Monthly, cube *replay.Cube) (*calibrate.Drift, error) {
	last := in.Drift.Baseline.LastLabeled()
	if in.Drift.Period.LastLabeled() != "" || last == "" {
		return in.Drift, nil
	}
	baseline, err := calibrate.NewDriftSide(cube, in.Champion, func(month string) bool { return month != "" && month < last })
	if err != nil || baseline.Total().Labeled() == 0 {
		return in.Drift, err
	}
	period, err := calibrate.NewDriftSide(cube, in.Champion, func(month string) bool { return month == last })
	if err != nil {
		return nil, err
	}
	return calibrate.CompareDrift(baseline, period, in.Confidence), nil
}

// upTo leaves out the records of months after the one that the report is of, which is the last one where none is named.
func upTo(cube *replay.Cube, month string) (*replay.Cube, string) {
	last := ""
	for _, key := range cube.Keys() {
		last = max(last, key[0])
	}
	if month == "" || month >= last {
		return cube, last
	}
	account := cube.Account
	cube = cube.Keep(func(key []string) bool { return key[0] <= month })
	if end, err := time.Parse("2006-01", monthAfter(month)); err == nil && account.Period != nil {
		p := *account.Period
		p.Last = min(p.Last, end.UnixMicro()-1)
		account.Period = &p
	}
	cube.Account = account
	return cube, month
}

// monthAfter returns the month after one that monthText accepts.
func monthAfter(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		panic(fmt.Sprintf("trustreplay: month %q", month))
	}
	return t.AddDate(0, 1, 0).Format("2006-01")
}
