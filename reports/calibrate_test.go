package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// sampled builds the cube of the combined sample for a calibration of table-combined.
func sampled(t *testing.T) (*replay.Cube, *replay.Policy) {
	t.Helper()
	ctx := context.Background()
	champion, _ := replay.Builtin("table-combined")
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(ctx, []string{"../testdata/sample/combined.jsonl.gz"}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(ctx, plan, scan, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cube, champion
}

// goalsOf asks for the most approvals within limits, of a few policies alone.
func goalsOf(t *testing.T, limits ...string) calibrate.Goals {
	t.Helper()
	g := calibrate.Goals{Objective: calibrate.MostApprovals, Families: []calibrate.Family{calibrate.Cutoffs}}
	for _, text := range limits {
		l, err := replay.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		g.Limits = append(g.Limits, l)
	}
	return g
}

// calibrated calibrates, and completes the certificate as the program does.
func calibrated(t *testing.T, cube *replay.Cube, champion *replay.Policy, g calibrate.Goals) (*calibrate.Calibration, *calibrate.Certificate) {
	t.Helper()
	c, err := calibrate.Calibrate(cube, champion, g)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if cert != nil {
		cert.Tool, cert.Inputs = "trustreplay test", []calibrate.InputID{{File: "combined.jsonl.gz", SHA256: strings.Repeat("ab", 32), Records: 6000}}
	}
	return c, cert
}

// besideOf is all that stands beside a calibration.
func besideOf(t *testing.T, cube *replay.Cube, c *calibrate.Calibration) (e Evidence) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	all, err := cube.Run(c.Champion)
	must(err)
	e.All = all.Counts
	e.Backtest, err = calibrate.NewBacktest(cube, c.Champion, c.Goals)
	must(err)
	survey, err := calibrate.NewSurvey(cube, c.Champion, c.Goals)
	must(err)
	e.Apparent, err = survey.Apparent()
	must(err)
	at, _ := c.Recommendation()
	e.Unrestricted, err = survey.Unrestricted(at.Policy, e.Apparent)
	must(err)
	e.Prices, err = survey.Prices(calibrate.Cutoffs, at.Policy)
	must(err)
	e.Rollout, err = c.Rollout(2)
	must(err)
	return e
}

// TestCalibrateGoldens shows each answer that a calibration has, in every format.
func TestCalibrateGoldens(t *testing.T) {
	cube, champion := sampled(t)
	first := cube.Keep(func(key []string) bool { return key[0] == "2025-01" })
	seen := account(6000)
	seen.Period = cube.Account.Period
	documents := map[string]Document{}

	c, cert := calibrated(t, cube, champion, goalsOf(t, "fraud_rate <= 2%", "review_rate <= 20%"))
	beside := besideOf(t, cube, c)
	documents["certified"] = Calibrate(c, cert, beside, seen)
	again := *cert
	again.Withdraw(2)
	documents["withdrawn"] = Calibrate(c, &again, Evidence{}, seen)

	none, cert := calibrated(t, cube, champion, goalsOf(t, "fraud_rate <= 1%", "fraud_capture >= 95%"))
	if cert != nil {
		t.Fatal("fewer than three frauds of 59 get through, and 95 % are certified")
	}
	documents["nothing"] = Calibrate(none, nil, Evidence{}, seen)

	ladder, cert := calibrated(t, first, champion, goalsOf(t, "fraud_rate <= 1.5%"))
	if !ladder.Ladder || cert == nil {
		t.Fatalf("a month is a ladder: %v, %v", ladder.Ladder, cert)
	}
	documents["ladder"] = Calibrate(ladder, cert, Evidence{}, seen)

	nobody := goalsOf(t, "fraud_rate <= 1%")
	nobody.Until = "2025-01"
	_, err := calibrate.Calibrate(cube, champion, nobody)
	if !errors.Is(err, calibrate.ErrNothing) {
		t.Fatalf("no record is left, and the error is %v", err)
	}
	nobody.Delta = calibrate.DefaultDelta
	documents["uncalibrated"] = Uncalibrated(err, champion, nobody, seen)

	for name, d := range documents {
		for _, format := range goldenFormats {
			text := render(t, d, format)
			if format == "text" {
				hundredColumns(t, name, string(text))
			}
			if format == "json" && name == "certified" { // half a megabyte of numbers, of which the names are the contract
				golden(t, "calibrate-fields.txt", []byte(fieldsOf(t, text)))
			} else if format != "json" || name == "uncalibrated" {
				golden(t, "calibrate-"+name+"."+extensions[format], text)
			}
		}
	}

	var svg bytes.Buffer
	if err := WritePicture(&svg, FrontierPicture(c, beside), "svg"); err != nil {
		t.Fatal(err)
	}
	golden(t, "calibrate-certified.svg", svg.Bytes())
}

// fieldsOf lists the paths of a JSON text, each once and with its kind: limits[] string.
func fieldsOf(t *testing.T, text []byte) string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]string{}
	note := func(path, kind string) {
		if !slices.Contains(kinds[path], kind) {
			kinds[path] = append(kinds[path], kind)
		}
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, x := range v {
				walk(strings.TrimPrefix(path+"."+name, "."), x)
			}
		case []any:
			note(path, "list")
			for _, x := range v {
				walk(path+"[]", x)
			}
		case nil:
			note(path, "null")
		default:
			note(path, fmt.Sprintf("%T", v))
		}
	}
	walk("", tree)
	var out strings.Builder
	for _, path := range slices.Sorted(maps.Keys(kinds)) {
		slices.Sort(kinds[path])
		fmt.Fprintf(&out, "%s %s\n", path, strings.Join(kinds[path], " "))
	}
	return out.String()
}

// hundredColumns looks for lines that a terminal would break.
func hundredColumns(t *testing.T, name, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 {
			t.Errorf("%s: %d columns: %s", name, n, line)
		}
	}
}

// TestVerifyGoldens shows a certificate that holds, one of other files, one that does not hold, and one that was withdrawn.
func TestVerifyGoldens(t *testing.T) {
	cert := &calibrate.Certificate{SchemaVersion: calibrate.CertificateVersion, Claim: "With 95 % confidence, fraud among approved is at most 2 %.",
		Inputs: []calibrate.InputID{{File: "a.parquet", SHA256: "aa", Records: 6000}}}
	other, withdrawn := *cert, *cert
	other.Inputs = []calibrate.InputID{{File: "a.jsonl", SHA256: "bb", Records: 6000}}
	withdrawn.Withdraw(3)
	differ := []calibrate.Discrepancy{{Field: "limits[0].k", Claimed: "27", Found: "28"}, {Field: "policy file", Claimed: strings.Repeat("0f", 32), Found: strings.Repeat("f0", 32)}}
	for name, d := range map[string]Document{
		"holds":     Verify(cert, cert, nil, account(6000)),
		"others":    Verify(cert, &other, nil, account(6000)),
		"differs":   Verify(cert, cert, differ, account(6000)),
		"nothing":   Verify(cert, nil, []calibrate.Discrepancy{{Field: "policy", Claimed: "ab", Found: "nothing is certified"}}, account(6000)),
		"withdrawn": Verify(&withdrawn, cert, nil, account(6000)),
	} {
		for _, format := range goldenFormats {
			text := render(t, d, format)
			golden(t, "verify-"+name+"."+extensions[format], text)
			if format == "text" {
				hundredColumns(t, name, string(text))
			}
		}
	}
}
