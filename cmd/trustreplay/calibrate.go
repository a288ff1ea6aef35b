package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
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
		Flags: outputFlags(historyFlags(
			&cli.StringFlag{Name: "champion", Usage: "the `POLICY` in force, where the search begins: a YAML file or a built-in name"},
			&cli.StringSliceFlag{Name: "limit", Aliases: []string{"l"}, Usage: "a `LIMIT` such as 'fraud_rate <= 0.5%' or 'approval_rate >= 85%'; repeatable"},
			&cli.StringFlag{Name: "maximize", Usage: "approval_rate, good_approval_rate, fraud_capture or profit: what `MEASURE` to have most of", DefaultText: "approval_rate"},
			&cli.StringFlag{Name: "minimize", Usage: "cost: what `MEASURE` to have least of, instead"},
			&cli.StringFlag{Name: "economics", Usage: "YAML `FILE` of prices, for profit and cost"},
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
			&cli.StringFlag{Name: "picture", Usage: "draw the frontier, the policies tested and the recommendation into `FILE`, .svg, .png or .pdf"},
			&cli.IntFlag{Name: "rollout", Value: 4, Usage: "lead from the champion to the recommendation in `N` steps; 0 for none"},
			&cli.BoolFlag{Name: "backtest", Usage: "repeat the whole procedure for each month on the months before it, and count broken promises"},
			&cli.BoolFlag{Name: "quick", Usage: "only the recommendation and its certificate: no look at other shapes, at prices of limits, nor at a rollout"},
			absentFlag(),
		)...),
		Action: e.calibrate,
	}
}

func familyNames() string {
	var names []string
	for _, f := range calibrate.Families {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func (e *env) calibrate(c *cli.Context) error {
	champion, goals, err := calibrationGoals(c)
	if err != nil {
		return err
	}
	q, err := calibrationQuestion(c.String("absent"), champion)
	if err != nil {
		return err
	}
	if n := c.Int("rollout"); n < 0 || n > calibrate.MaxRolloutSteps {
		return fmt.Errorf("--rollout must be 0..%d, got %d", calibrate.MaxRolloutSteps, n)
	}
	if file := c.String("picture"); file != "" {
		if _, err := reports.PictureFormat(file); err != nil {
			return err
		}
	}
	outs := []string{c.String("picture"), c.String("policy-out"), c.String("certificate"), c.String("out"), c.String("ledger")}
	if err := dataset.SameOutput(outs...); err != nil {
		return err
	}
	for _, name := range outs {
		if err := dataset.SameFile(name, inputs(c)); err != nil {
			return err
		}
	}
	for _, name := range outs[:3] {
		if name == "" {
			continue
		}
		f, err := e.create(name, nil) // so that what cannot be written is told before the answer, not after it
		if err != nil {
			return err
		}
		f.Abort()
	}
	if name := c.String("ledger"); name != "none" {
		if _, err := readLedger(name); err != nil { // before a long run, not after it
			return err
		}
	}
	h, err := e.history(c)
	if err != nil {
		return err
	}
	h.hash = true
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
	cert, err := certificateOf(got, cube, q)
	if err != nil {
		return err
	}
	if name := c.String("ledger"); name != "none" {
		use, err := got.Use(cube)
		if err != nil {
			return err
		}
		n, err := e.enter(c, name, use)
		if err != nil {
			return err
		}
		if cert != nil {
			cert.Withdraw(n)
		}
	}
	evidence, err := evidenceOf(c, got, cube)
	if err != nil {
		return err
	}
	if err := e.print(c, reports.Calibrate(got, cert, evidence, cube.Account)); err != nil {
		return err
	}
	if err := e.calibrationFiles(c, got, cert); err != nil {
		return err
	}
	if file := c.String("picture"); file != "" {
		format, err := reports.PictureFormat(file)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := reports.WritePicture(&b, reports.FrontierPicture(got, evidence), format); err != nil {
			return err
		}
		if err := e.file(c, file, b.Bytes()); err != nil {
			return err
		}
	}
	if cert == nil || cert.Withdrawn != "" {
		return errNo
	}
	return nil
}

// calibrationGoals reads the flags that say what is wanted.
func calibrationGoals(c *cli.Context) (*replay.Policy, calibrate.Goals, error) {
	g := calibrate.Goals{Objective: calibrate.MostApprovals, Delta: c.Float64("delta"), AnyMatrix: c.Bool("any-matrix"), Until: c.String("until"), CertifyFrom: c.String("certify-from")}
	if err := notEmpty(c, "maximize", "minimize", "economics", "search", "cutoffs", "bands", "otherwise", "until", "certify-from", "policy-out", "certificate", "ledger", "picture"); err != nil {
		return nil, g, err
	}
	if c.IsSet("delta") && c.Float64("delta") == 0 { // which is no delta at all to the library
		return nil, g, errors.New("--delta 0: no certificate is never wrong: want 0.000001 to 0.5, such as 0.05")
	}
	if c.String("champion") == "" {
		return nil, g, errors.New("no champion named: want --champion FILE.yaml or a built-in such as table-combined (trustreplay policy list)")
	}
	champion, err := policy(c.String("champion"))
	var errs []error
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	add(err)
	most, least := c.String("maximize"), c.String("minimize")
	switch {
	case most != "" && least != "":
		add(errors.New("--maximize and --minimize exclude each other: want one of them, and the other as a --limit"))
	case most == string(calibrate.LeastCost):
		add(errors.New("--maximize cost: want --minimize cost"))
	case most != "":
		g.Objective = calibrate.Objective(most)
	case least != "" && least != string(calibrate.LeastCost):
		add(fmt.Errorf("--minimize %s: want cost; hold any other measure down with --limit", least))
	case least != "":
		g.Objective = calibrate.LeastCost
	}
	if len(c.StringSlice("limit")) == 0 {
		add(errors.New("no limit given: want --limit 'fraud_rate <= 0.5%' or another measure to hold down or up"))
	}
	for _, text := range c.StringSlice("limit") {
		l, err := replay.ParseLimit(text)
		add(err)
		g.Limits = append(g.Limits, l)
	}
	for _, f := range split(c.StringSlice("search")) {
		g.Families = append(g.Families, calibrate.Family(f))
	}
	if a := c.String("otherwise"); a != "" {
		var known bool
		if g.Otherwise, known = dataset.ActionNamed(a); !known || g.Otherwise == dataset.NoAction {
			add(fmt.Errorf("--otherwise %q: want step_up, review or block", a))
		}
	}
	if file := c.String("economics"); file != "" {
		src, err := readFile(file)
		add(err)
		if err == nil {
			g.Economics, err = replay.ParseEconomics(file, src)
			add(err)
		}
	}
	for _, flag := range []string{"until", "certify-from"} {
		if v := c.String(flag); v != "" && !monthText(v) {
			add(fmt.Errorf("--%s %q: want a month such as 2026-03", flag, v))
		}
	}
	if champion != nil {
		add(productFlags(c.StringSlice("cutoffs"), "--cutoffs", champion, func(at int, text string) error { return cutoffRange(text, &g.Ranges[at]) }))
		add(productFlags(c.StringSlice("bands"), "--bands", champion, func(at int, text string) (err error) {
			g.Bands[at], err = replay.ParseBands(text)
			return err
		}))
	}
	return champion, g, errors.Join(errs...)
}

func monthText(s string) bool {
	return len(s) == 7 && s[4] == '-' && strings.Trim(s[:4]+s[5:], "0123456789") == "" && s[5:] >= "01" && s[5:] <= "12"
}

// productFlags reads flags of the form PRODUCT=TEXT, at most one for each of a policy's products.
func productFlags(values []string, flag string, p *replay.Policy, read func(at int, text string) error) error {
	var errs []error
	products := []string{p.First}
	if p.Second != "" {
		products = append(products, p.Second)
	}
	seen := map[string]bool{}
	for _, v := range joinLists(values) {
		name, text, _ := strings.Cut(v, "=")
		at := slices.Index(products, name)
		if seen[name] {
			errs = append(errs, fmt.Errorf("%s %s: a second one for %s: want one for each product", flag, strconv.Quote(v), name))
			continue
		}
		seen[name] = at >= 0
		if at < 0 {
			errs = append(errs, fmt.Errorf("%s %s: want PRODUCT=..., and %s asks %s", flag, strconv.Quote(v), p.Name, strings.Join(products, " and ")))
			continue
		}
		if err := read(at, text); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", flag, strconv.Quote(v), err))
		}
	}
	return errors.Join(errs...)
}

// joinLists puts values together again that the flag package split at a comma.
func joinLists(values []string) []string {
	var out []string
	for _, v := range values {
		if strings.Contains(v, "=") || len(out) == 0 {
			out = append(out, v)
		} else {
			out[len(out)-1] += "," + v
		}
	}
	return out
}

func cutoffRange(text string, r *calibrate.Range) error {
	low, high, found := strings.Cut(text, "..")
	var err1, err2 error
	r.Low, err1 = strconv.Atoi(low)
	r.High, err2 = strconv.Atoi(high)
	if !found || err1 != nil || err2 != nil || r.Low < 1 || r.High > dataset.MaxScore || r.Low > r.High {
		return fmt.Errorf("want LOW..HIGH within 1..%d, such as 400..800", dataset.MaxScore)
	}
	return nil
}

// calibrationQuestion asks for every score apart, by month.
func calibrationQuestion(absent string, champion *replay.Policy) (replay.Question, error) {
	q := replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}
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
		got, err := calibrate.Calibrate(cube, champion, g)
		return got, cube, err
	}
	panic("trustreplay: a history is read by month or by day")
}

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

// certificateOf completes a certificate with what the library does not know: the program and the files.
func certificateOf(got *calibrate.Calibration, cube *replay.Cube, q replay.Question) (*calibrate.Certificate, error) {
	cert, err := got.Certificate()
	if cert == nil || err != nil {
		return nil, err
	}
	cert.Tool, cert.AbsentMissing = "trustreplay "+version(), q.AbsentMissing
	for _, f := range cube.Account.Files {
		cert.Inputs = append(cert.Inputs, calibrate.InputID{File: filepath.Base(f.Name), SHA256: f.SHA256, Records: f.Records})
	}
	return cert, nil
}

// calibrationFiles writes what there is to write of the recommendation.
func (e *env) calibrationFiles(c *cli.Context, got *calibrate.Calibration, cert *calibrate.Certificate) error {
	at, found := got.Recommendation()
	if !found {
		return nil
	}
	if name := c.String("policy-out"); name != "" {
		if err := e.file(c, name, at.Policy.YAML()); err != nil {
			return err
		}
	}
	if name := c.String("certificate"); name != "" {
		return e.file(c, name, jsonText(cert))
	}
	return nil
}

// jsonText prints a value as JSON, with signs such as <= as they are.
func jsonText(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic("trustreplay: " + err.Error()) // structs of our own
	}
	return b.Bytes()
}

// file writes a file whole or not at all.
func (e *env) file(c *cli.Context, name string, text []byte) error {
	f, err := e.create(name, inputs(c))
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Commit()
}
