package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

// driftCubes are the cubes of the two sides. They are one where the baseline is a part of the same files.
type driftCubes struct {
	baseline, period *replay.Cube
}

// driftCubes reads the files, once for the fields they have, and once to count; and for its times where it tells of ages.
func (e *env) driftCubes(c *cli.Context, q replay.Question) (driftCubes, error) {
	before := c.StringSlice("baseline")
	if slices.Contains(before, "-") && slices.Contains(c.Args().Slice(), "-") {
		return driftCubes{}, errors.New("stdin can be the baseline or the period, not both")
	}
	for _, name := range before {
		if st, err := os.Stat(name); err == nil && !st.IsDir() {
			if same, found := dataset.Among(name, c.Args().Slice()); found {
				return driftCubes{}, fmt.Errorf("--baseline %s is also read as the period (%s): want other files, or --from MONTH within one history", name, same)
			}
		}
	}
	if len(before) > 0 && c.NArg() == 0 {
		return driftCubes{}, errors.New("no period named: want files beside --baseline")
	}
	if saved, err := savedAlone(c, before); err != nil {
		return driftCubes{}, err
	} else if saved {
		return e.driftFromSaved(c, q, before)
	}
	all, err := e.historyOf(c, slices.Concat(before, c.Args().Slice()))
	if err != nil {
		return driftCubes{}, err
	}
	if q, err = e.driftTraits(c, all, q); err != nil {
		return driftCubes{}, err
	}
	// Labels of both sides are final by the same day. Whether ages are told is asked of all files, not tried on the first of them.
	if err := e.maturity(c, all, &q, len(before) > 0); err != nil {
		return driftCubes{}, err
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		return driftCubes{}, err
	}
	if len(before) == 0 {
		cube, err := e.cube(c.Context, all, plan, nil, "counting")
		return driftCubes{cube, cube}, err
	}
	var out driftCubes
	if out.baseline, err = e.driftCube(c.Context, all, before, plan, true); err != nil {
		return out, err
	}
	out.period, err = e.driftCube(c.Context, all, c.Args().Slice(), plan, false)
	return out, err
}

// driftTraits asks for what records look like. Segments are counted by themselves: split by all of them, a cube would hold the
// cells of every combination.
func (e *env) driftTraits(c *cli.Context, h *history, q replay.Question) (replay.Question, error) {
	found, err := e.discover(c, h)
	if err != nil {
		return q, err
	}
	q.Traits = replay.TraitFields(found)
	for _, name := range q.By {
		q.Traits = append(q.Traits, dataset.Field{Name: name, Kind: dataset.KindText})
	}
	q.By = []string{replay.Month}
	return q, nil
}

// savedAlone reports whether the baseline is of saved cubes and the period is not.
func savedAlone(c *cli.Context, before []string) (bool, error) {
	if len(before) == 0 || c.String("weights") != "" {
		return false, nil
	}
	baseline, err := dataset.PeekSaved(before, "")
	if err != nil || baseline == nil {
		return false, err
	}
	period, err := dataset.PeekSaved(c.Args().Slice(), "")
	return period == nil, err
}

// driftFromSaved holds a history against a baseline that was saved as counts: two scans of two questions, of one maturity.
func (e *env) driftFromSaved(c *cli.Context, q replay.Question, before []string) (out driftCubes, err error) {
	if len(c.StringSlice("labels")) > 0 {
		return out, errors.New("--labels: the baseline is a saved cube, which has its labels: join those of the period first (trustreplay convert --labels)")
	}
	baseline, err := e.historyOf(c, before)
	if err != nil {
		return out, err
	}
	period, err := e.history(c)
	if err != nil {
		return out, err
	}
	p, b := q, q
	if b, err = e.driftTraits(c, baseline, b); err == nil {
		p, err = e.driftTraits(c, period, p)
	}
	if err != nil {
		return out, err
	}
	// What the cube does not keep is unknown there: beside the period it would look as if it had appeared.
	unkept := func(f dataset.Field) bool { return !slices.Contains(b.Traits, f) }
	if lost := slices.IndexFunc(p.Traits, unkept); lost >= 0 {
		example, all := p.Traits[lost].Name, len(p.Traits)
		p.Traits = slices.DeleteFunc(p.Traits, unkept)
		fmt.Fprintf(e.stderr, "trustreplay: %d fields of the period, such as %s, are not in the saved baseline and are left out\n", all-len(p.Traits), example)
	}
	days, err := baseline.savedMaturity(c, &b)
	if err != nil {
		return out, err
	}
	if err := e.matureFor(c, period, &p, days, true); err != nil {
		return out, err
	}
	for _, side := range []struct {
		of   *history
		q    replay.Question
		into **replay.Cube
	}{{baseline, b, &out.baseline}, {period, p, &out.period}} {
		plan, err := replay.NewPlan(side.q)
		if err != nil {
			return out, err
		}
		if *side.into, err = e.cube(c.Context, side.of, plan, nil, "counting"); err != nil {
			return out, err
		}
	}
	return out, nil
}

// driftCube reads some of the files; partly says that they are not the last.
func (e *env) driftCube(ctx context.Context, all *history, files []string, plan *replay.Plan, partly bool) (*replay.Cube, error) {
	part := *all
	part.files, part.partly = files, partly
	return e.cube(ctx, &part, plan, nil, "counting")
}

func (d driftCubes) apart() bool { return d.baseline != d.period }
