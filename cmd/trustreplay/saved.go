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

// weightsFlag declares a saved cube that another program made.
func weightsFlag() cli.Flag {
	return &cli.StringFlag{Name: "weights", Usage: "the files are saved cubes whose `FIELD`, such as records, says of how many records a row is; not needed where they say so themselves"}
}

// recognise finds out whether the history is one of saved cubes, and refuses what these have no answer to.
func (h *history) recognise(c *cli.Context) (err error) {
	if err := notEmpty(c, "weights"); err != nil {
		return err
	}
	if h.saved, err = dataset.PeekSaved(h.files, c.String("weights")); h.saved == nil || err != nil {
		return err
	}
	switch {
	case len(c.StringSlice("labels")) > 0:
		return errors.New("--labels: a saved cube has its labels and no ids to join others by: build it again with --labels, from the history")
	case h.check == "always" && !h.saved.IDsChecked:
		return errors.New("--check-ids always: a saved cube has no ids: build it again with --check-ids always, from the history")
	}
	return nil
}

// oneByOne refuses saved cubes where a verb reads records one by one.
func (h *history) oneByOne(verb string) error {
	if h.saved == nil {
		return nil
	}
	return fmt.Errorf("%s reads records one by one, and a saved cube holds their counts: name the history that it was made of", verb)
}

// maturity tells a question that its history is one of saved cubes, whose labels were held to a maturity when they were made.
// Flags may say the same, and nothing else.
func (h *history) maturity(c *cli.Context, q *replay.Question) error {
	if _, err := h.savedMaturity(c, q); err != nil {
		return err
	}
	m := h.saved.Maturity
	if asOf := c.String("as-of"); asOf != "" {
		if m == nil {
			return fmt.Errorf("--as-of %s: the saved cube was built with %s: leave the flag out, or build the cube again from the history", asOf, m)
		}
		if day, _ := m.Mature(false).Dates(); day != asOf {
			return fmt.Errorf("--as-of %s: the saved cube was built with %s: leave the flag out, or build the cube again from the history", asOf, m)
		}
	}
	return nil
}

// savedMaturity is maturity but for --as-of, which may be that of another history; it returns the days, 0 for none.
func (h *history) savedMaturity(c *cli.Context, q *replay.Question) (days int, err error) {
	q.Saved, q.Maturity = h.saved, replay.Maturity{}
	m := h.saved.Maturity
	if m != nil {
		q.Maturity = replay.Maturity{Days: m.Days, AsOf: int64(m.AsOf)}
	}
	q.LabelTimes = m == nil && h.saved.LabelTimes != nil && !c.IsSet("maturity")
	if days := c.Int("maturity"); c.IsSet("maturity") && days != q.Maturity.Days {
		return 0, fmt.Errorf("--maturity %d: the saved cube was built with %s: leave the flag out, or build the cube again from the history", days, m)
	}
	return q.Maturity.Days, nil
}

// unchecked tells which saved cubes bring nothing to check them by.
func (e *env) unchecked(scan *dataset.Scan) {
	if names := scan.Unchecked(); names != nil {
		fmt.Fprintf(e.stderr, "trustreplay: %s: a saved cube without control totals: whether all of it is there cannot be told\n", strings.Join(names, ", "))
	}
}

// cubeFlags are those of convert that are for --cube.
func cubeFlags() []cli.Flag {
	return maturityFlags(
		&cli.BoolFlag{Name: "cube", Usage: "write a saved cube: each combination of values once, with the number of its records; every verb that replays reads it"},
		&cli.StringSliceFlag{Name: "policy", Aliases: []string{"p"}, Usage: "the `POLICY` that --cube is to answer for: a YAML file or a built-in name; repeatable", DefaultText: "all built-in ones, at every score"},
		&cli.StringSliceFlag{Name: "by", Usage: "keep `FIELD` in --cube, to split by it: day, or any field of the record such as country; repeatable", DefaultText: "the month, which is always kept"},
		&cli.StringSliceFlag{Name: "exact", Usage: "keep every score of `PRODUCT` apart in --cube, or of all, so that cutoffs can move: for curve and calibrate; repeatable", DefaultText: "scores are told apart at the cutoffs of the policies"},
	)
}

// saveQuestion reads what a saved cube is to answer.
func saveQuestion(c *cli.Context, h *history) (q replay.Question, err error) {
	names := c.StringSlice("policy")
	switch {
	case len(names) > 0:
	case h.saved == nil:
		names, q.Exact = replay.BuiltinNames(), true
	case len(h.saved.Policies) == 0:
		return q, errors.New("--cube of saved cubes that name no policies: want --policy")
	default:
		names = h.saved.Policies
		q.Exact = len(h.saved.Edges) == 0
		for _, name := range names {
			if _, found := replay.Builtin(name); !found {
				return q, fmt.Errorf("--cube of saved cubes that were built for policy %s: want --policy with its file", name)
			}
		}
	}
	if q.Policies, err = policies(names); err != nil {
		return q, err
	}
	for _, by := range split(c.StringSlice("by")) {
		if by != replay.Month {
			q.By = append(q.By, by)
		}
	}
	for _, p := range split(c.StringSlice("exact")) {
		switch {
		case p == "all":
			q.Exact = true
		case !slices.Contains(dataset.Products, p):
			return q, fmt.Errorf("--exact %q: want all or a product: %s", p, strings.Join(dataset.Products, ", "))
		case !slices.ContainsFunc(q.Policies, func(pol *replay.Policy) bool { return pol.First == p || pol.Second == p }):
			return q, fmt.Errorf("--exact %s: no policy asks it", p)
		default:
			q.ExactOf = append(q.ExactOf, p)
		}
	}
	return q, nil
}

// saveCube is convert with --cube.
func (e *env) saveCube(c *cli.Context, h *history, path string) error {
	q, err := saveQuestion(c, h)
	if err != nil {
		return err
	}
	h.hash = true
	if err := e.maturity(c, h, &q, true); err != nil {
		return err
	}
	plan, err := replay.NewSavePlan(q)
	if err != nil {
		return err
	}
	scan, err := h.open(c.Context, plan.Fields())
	if err != nil {
		return err
	}
	defer scan.Close()
	file, err := e.create(path, inputs(c))
	if err != nil {
		return err
	}
	defer file.Abort()
	stop := e.watch(scan, "counting")
	counted, err := replay.Count(c.Context, plan, scan, h.workers)
	stop()
	if err == nil && h.strict {
		err = strictly(counted.Account)
	}
	if err != nil {
		return err
	}
	rows, err := counted.Write(c.Context, file)
	if err != nil {
		return err
	}
	e.unmatched(h)
	e.unchecked(scan)
	if err := file.Commit(); err != nil {
		return err
	}
	return reports.Write(e.stdout, reports.Saved(counted.Account, rows, path), c.String("format"), e.textOptions(""))
}
