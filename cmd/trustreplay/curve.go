package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

func (e *env) curveVerb() *cli.Command {
	return &cli.Command{
		Name:      "curve",
		Usage:     "what moving a cutoff does: approvals against fraud at each distinct score; the frontier of two",
		UsageText: "trustreplay curve --policy POLICY [--cutoff PRODUCT.CLUSTER...] [--mark POLICY...] [--picture FILE] [flags] FILE...",
		Description: `A cutoff is the lower edge of a cluster: session.high is the least session score that is high. All else in the policy
stays as it is; edges that the cutoff would cross move along. Two cutoffs give the efficient frontier of all their pairs.

Examples:
  trustreplay curve --policy table-waterfall --bands session=standard --cutoff session.high history.jsonl.gz
  trustreplay curve --policy mine.yaml --cutoff session.high --mark now.yaml --limit 0.5% --picture curve.svg history/*.parquet
  trustreplay curve --policy mine.yaml --cutoff session.high --cutoff onboarding.high --format csv history.parquet`,
		Flags: outputFlags(historyFlags(maturityFlags(
			&cli.StringSliceFlag{Name: "policy", Aliases: []string{"p"}, Usage: "the `POLICY` whose cutoff moves: a YAML file or a built-in name"},
			&cli.StringSliceFlag{Name: "cutoff", Usage: "the `CUTOFF` to move, such as session.high, or two of them", DefaultText: "where the policy begins to approve"},
			&cli.StringSliceFlag{Name: "mark", Usage: "mark the operating point of another `POLICY` too; repeatable"},
			&cli.StringSliceFlag{Name: "bands", Usage: "the edges to move where the policy relies on recorded clusters: `PRODUCT=standard`, quintile or four edges such as 226,451,551,776"},
			&cli.StringFlag{Name: "picture", Usage: "draw the curve to `FILE`: .svg, .png, .pdf or .vl.json (Vega-Lite)"},
			&cli.StringFlag{Name: "limit", Usage: "draw a line at a fraud `RATE` such as 0.5%"},
			&cli.StringFlag{Name: "band", Value: "simultaneous", Usage: "the `KIND` of the fraud rate's intervals: simultaneous over all points, or pointwise"},
			&cli.Float64Flag{Name: "confidence", Value: 0.95, Usage: "`LEVEL` of the intervals, above 0.5 and below 1"},
			absentFlag(), economicsFlag(),
		)...)...),
		Action: e.curve,
	}
}

// A curveRequest is what the flags of curve ask for.
type curveRequest struct {
	question replay.Question
	policy   *replay.Policy // with edges where its cutoffs are
	cutoffs  []calibrate.Cutoff
	marks    []*replay.Policy
	options  calibrate.CurveOptions
	limits   []reports.Limit
	picture  string // its format, "" for none
}

func (e *env) curve(c *cli.Context) error {
	r, err := askCurve(c)
	if err != nil {
		return err
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	if err = e.maturity(c, h, &r.question, false); err != nil {
		return err
	}
	plan, err := replay.NewPlan(r.question)
	if err != nil {
		return err
	}
	picture, err := e.pictureFile(c)
	if err != nil {
		return err
	}
	if picture != nil {
		defer picture.Abort()
	}
	cube, err := e.cube(c.Context, h, plan, nil, "reading")
	if err != nil {
		return err
	}
	if _, err := runAll(cube, r.question.Policies); err != nil { // costs beyond what is exact
		return err
	}
	curve, err := calibrate.Strategy(cube, r.policy, r.cutoffs, r.marks, r.options)
	if err != nil {
		return err
	}
	draw := func() reports.Picture { return reports.StrategyPicture(curve, cube.Account, r.limits) }
	if picture != nil {
		if err := reports.WritePicture(picture, draw(), r.picture); err != nil {
			return err
		}
	}
	if err := e.printIllustrated(c, reports.Strategy(curve, cube.Account), draw); err != nil {
		return err
	}
	if picture != nil {
		if err := picture.Commit(); err != nil {
			return err
		}
	}
	if len(curve.Points) == 0 {
		return errNo // the document says why there is no curve
	}
	return nil
}

// askCurve reads the flags, and finds every mistake in them before anything is read.
func askCurve(c *cli.Context) (r curveRequest, err error) {
	names := c.StringSlice("policy")
	switch len(names) {
	case 0:
		return r, errors.New("no policy named: want --policy FILE.yaml or a built-in such as table-waterfall (trustreplay policy list)")
	case 1:
		names = append(names, c.StringSlice("mark")...)
	default:
		return r, fmt.Errorf("--policy names %d: want the one whose cutoff moves, and the others as --mark", len(names))
	}
	if r.question, err = ask(c, names); err != nil {
		return r, err
	}
	r.policy, r.marks = r.question.Policies[0], r.question.Policies[1:]
	if r.cutoffs, err = cutoffs(c.StringSlice("cutoff"), r.policy); err != nil {
		return r, err
	}
	banded, err := withBands(r.policy, c.StringSlice("bands"))
	if err != nil {
		return r, err
	}
	if banded != nil { // and the policy as it stands is marked beside it
		r.question.Policies = append([]*replay.Policy{banded}, r.question.Policies...)
		r.policy, r.marks = banded, r.question.Policies[1:]
	}
	for _, cut := range r.cutoffs {
		var recorded *calibrate.RecordedError
		if _, err := cut.Of(r.policy); errors.As(err, &recorded) {
			return r, fmt.Errorf("%w: say which edges to take, --bands %s=standard (226,451,551,776), quintile (200,400,600,800) or four of your own; trustreplay inspect shows which fit the records",
				err, cut.Product)
		} else if err != nil {
			return r, err
		}
		if !slices.Contains(r.question.ExactOf, cut.Product) {
			r.question.ExactOf = append(r.question.ExactOf, cut.Product)
		}
	}
	r.options.Confidence = c.Float64("confidence")
	switch band := c.String("band"); band {
	case "simultaneous":
	case "pointwise":
		r.options.Pointwise = true
	default:
		return r, fmt.Errorf("--band must be simultaneous or pointwise, got %q", band)
	}
	if r.limits, err = rateLimit(c.String("limit")); err != nil {
		return r, err
	}
	if path := c.String("picture"); path != "" {
		r.picture, err = reports.PictureFormat(path)
	}
	return r, err
}

// cutoffs reads the cutoffs to move, of one product the lower first; without any, it is the one from which the policy approves.
func cutoffs(values []string, p *replay.Policy) ([]calibrate.Cutoff, error) {
	var out []calibrate.Cutoff
	for _, v := range split(values) {
		c, err := calibrate.ParseCutoff(v)
		if err != nil {
			return nil, fmt.Errorf("--cutoff: %w", err)
		}
		if slices.Contains(out, c) {
			return nil, fmt.Errorf("--cutoff %s is named twice", c)
		}
		out = append(out, c)
	}
	switch len(out) {
	case 0:
		c, err := calibrate.DefaultCutoff(p)
		if err != nil {
			return nil, fmt.Errorf("no --cutoff named, and %w", err)
		}
		out = append(out, c)
	case 1:
	case 2:
		if out[0].Product == out[1].Product && out[0].Cluster > out[1].Cluster {
			slices.Reverse(out)
		}
	default:
		return nil, fmt.Errorf("--cutoff names %d: want one, or two for the frontier of their pairs", len(out))
	}
	return out, nil
}

// withBands returns the policy with the edges that are named for its products, nil where none is named.
func withBands(p *replay.Policy, values []string) (*replay.Policy, error) {
	if len(values) == 0 {
		return nil, nil
	}
	out := *p
	var names []string
	seen := map[string]bool{}
	for _, v := range joinLists(values) {
		product, text, _ := strings.Cut(v, "=")
		if seen[product] {
			return nil, fmt.Errorf("--bands %s: a second one for %s: want one for each product", v, product)
		}
		seen[product] = true
		bands, err := replay.ParseBands(text)
		if err != nil {
			return nil, fmt.Errorf("--bands %s: %w", v, err)
		}
		if name := bands.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
		switch product {
		case p.First:
			out.FirstBands = bands
		case p.Second:
			out.SecondBands = bands
		default:
			return nil, fmt.Errorf("--bands %s: policy %s does not ask %q", v, p.Name, product)
		}
	}
	if out.FirstBands == p.FirstBands && out.SecondBands == p.SecondBands {
		return nil, nil
	}
	out.Name += " (" + strings.Join(names, ", ") + ")"
	return &out, nil
}

// rateLimit returns the line to draw at a fraud rate.
func rateLimit(text string) ([]reports.Limit, error) {
	if text == "" {
		return nil, nil
	}
	d, err := replay.ParseDecimal(text)
	if err == nil && (d.Num <= 0 || d.Num >= d.Den) {
		err = fmt.Errorf("%s: want a rate above 0 and below 1, such as 0.5%%", text)
	}
	if err != nil {
		return nil, fmt.Errorf("--limit %w", err)
	}
	return []reports.Limit{{Name: "limit " + strings.TrimRight(strings.ReplaceAll(text, "%", " %"), " "), At: float64(d.Num) / float64(d.Den)}}, nil
}

// pictureFile opens the file of the picture, nil where none was asked for.
func (e *env) pictureFile(c *cli.Context) (*dataset.OutputFile, error) {
	path := c.String("picture")
	if path == "" {
		return nil, nil
	}
	if err := dataset.SameOutput(path, c.String("out")); err != nil {
		return nil, err
	}
	return e.create(path, inputs(c))
}
