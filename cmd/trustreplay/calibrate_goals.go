package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

// calibrationGoals reads the flags that say what is wanted.
func calibrationGoals(c *cli.Context) (*replay.Policy, calibrate.Goals, error) {
	g := calibrate.Goals{Objective: calibrate.MostApprovals, Delta: c.Float64("delta"), AnyMatrix: c.Bool("any-matrix"), Until: c.String("until"), CertifyFrom: c.String("certify-from"), Entity: c.String("entity")}
	if err := notEmpty(c, "maximize", "minimize", "economics", "search", "cutoffs", "bands", "otherwise", "until", "certify-from", "policy-out", "certificate", "ledger", "picture", "entity", "cap"); err != nil {
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
	var asked []*replay.Policy // what prices are to cover
	if champion != nil {
		asked = append(asked, champion)
	}
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
	g.Economics, err = economics(c.String("economics"), asked)
	add(err)
	if text := c.String("cap"); text != "" {
		g.Cap, err = capOf(text)
		add(err)
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

// capOf reads an amount in major units with at most two decimals.
func capOf(text string) (int64, error) {
	major, err := strconv.ParseFloat(text, 64)
	minor := math.Round(major * 100)
	if err != nil || !(minor >= 1 && minor <= 1e15) || minor/100 != major {
		return 0, fmt.Errorf("--cap %q: want an amount above 0 with at most two decimals, such as 5000", text)
	}
	return int64(minor), nil
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
