package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/urfave/cli/v2"
)

func (e *env) synthVerb() *cli.Command {
	return &cli.Command{
		Name:      "synth",
		Usage:     "a synthetic history with known truth, for demos, tests and benchmarks",
		UsageText: "trustreplay synth [flags] > history.jsonl",
		Description: `Writes JSON lines in the shape of the vendor's API. Each record says "synthetic":true. The same flags give the
same bytes on any machine.

Examples:
  trustreplay synth --records 20000 --months 6 > history.jsonl
  trustreplay synth --mode waterfall --strings --out history.jsonl.gz --truth truth.json
  trustreplay synth --label-delay 45 --blocked-unlabeled --exploration 0.02 --out censored.jsonl`,
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "records", Value: 10_000, Usage: "`N` records"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "`SEED` of the random numbers"},
			&cli.StringFlag{Name: "start", Value: "2025-01", Usage: "first `MONTH`"},
			&cli.IntFlag{Name: "months", Value: 12, Usage: "`N` months"},
			&cli.StringSliceFlag{Name: "segment", Usage: "a field and its values as `NAME=VALUE,VALUE`; repeatable", DefaultText: "country=IT,FR,ES and channel=web,app"},
			&cli.Float64Flag{Name: "fraud-rate", Value: 0.02, Usage: "`SHARE` of fraud among records"},
			&cli.StringFlag{Name: "mode", Value: dataset.SynthCombined, Usage: "combined or waterfall: the `MODE` of collection"},
			&cli.StringFlag{Name: "population", Value: dataset.SynthInformative, Usage: "`A` both scores tell, B two kinds of fraud, N scores say nothing"},
			&cli.IntFlag{Name: "gate-low", Value: 451, Usage: "in a waterfall, onboarding is asked from this session `SCORE` (inclusive)"},
			&cli.IntFlag{Name: "gate-high", Value: 551, Usage: "up to this `SCORE` (exclusive)"},
			&cli.BoolFlag{Name: "login", Usage: "login responses instead of session and onboarding"},
			&cli.BoolFlag{Name: "strings", Usage: "numbers and booleans of the session response as strings, as the vendor's API sends them"},
			&cli.BoolFlag{Name: "details", Usage: "add what the guide's red flags read: countries of phone and IP, age and social accounts of the email"},
			&cli.Float64Flag{Name: "missing", Value: 0.02, Usage: "`SHARE` of session responses that are lost"},
			&cli.Float64Flag{Name: "processing", Value: 0.005, Usage: "`SHARE` of responses that were not ready"},
			&cli.Float64Flag{Name: "failed", Value: 0.005, Usage: "`SHARE` of responses that are an error"},
			&cli.Float64Flag{Name: "label-delay", Value: 30, Usage: "mean `DAYS` until a label is known"},
			&cli.TimestampFlag{Name: "as-of", Layout: "2006-01-02", Usage: "labels not known before this `DAY` are null", DefaultText: "the end of the last month"},
			&cli.Float64Flag{Name: "label-noise", Usage: "`SHARE` of labels recorded the wrong way round"},
			&cli.BoolFlag{Name: "blocked-unlabeled", Usage: "what production blocked has no label"},
			&cli.Float64Flag{Name: "exploration", Usage: "`SHARE` of blocked records let through at random"},
			&cli.BoolFlag{Name: "outcomes", Usage: "add step_up_outcome and review_outcome, of known shares"},
			&cli.Float64Flag{Name: "rings", Value: 0.1, Usage: "`SHARE` of records in runs of five that share an account and a fate"},
			&cli.BoolFlag{Name: "true-label", Usage: "add true_label: the label without delay, noise or censoring"},
			&cli.StringFlag{Name: "labels", Usage: "put the labels into `FILE` as the vendor's training-set CSV instead of the records"},
			&cli.StringFlag{Name: "truth", Usage: "write what is true by construction to `FILE` as JSON"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output, compressed if it ends in .gz"},
		},
		Action: e.synth,
	}
}

// share turns a rate of the command line, where 0 means none, into an option, where 0 means the default.
func share(v float64) float64 {
	if v == 0 {
		return -1
	}
	return v
}

func synthOptions(c *cli.Context) (dataset.SynthOptions, error) {
	o := dataset.SynthOptions{
		Records: c.Int64("records"), Seed: c.Uint64("seed"), Start: c.String("start"), Months: c.Int("months"),
		FraudRate: share(c.Float64("fraud-rate")), Mode: c.String("mode"), Population: c.String("population"),
		GateLow: c.Int("gate-low"), GateHigh: c.Int("gate-high"), Login: c.Bool("login"), Strings: c.Bool("strings"), Details: c.Bool("details"),
		Missing: share(c.Float64("missing")), Processing: share(c.Float64("processing")), Failed: share(c.Float64("failed")),
		LabelDelay: share(c.Float64("label-delay")), LabelNoise: share(c.Float64("label-noise")), NoLabels: c.String("labels") != "",
		TrueLabel: c.Bool("true-label"), BlockedUnlabeled: c.Bool("blocked-unlabeled"), Exploration: share(c.Float64("exploration")),
		Rings: share(c.Float64("rings")), Outcomes: c.Bool("outcomes"),
	}
	for _, r := range []string{"fraud-rate", "missing", "processing", "failed", "label-delay", "label-noise", "exploration", "rings"} {
		if v := c.Float64(r); !(v >= 0) {
			return o, fmt.Errorf("--%s must be 0 or more, got %v", r, v)
		}
	}
	if o.Records < 1 {
		return o, fmt.Errorf("--records must be 1 or more, got %d", o.Records)
	}
	if o.GateLow == 0 {
		o.GateLow = -1 // "from score 0": a plain zero would be the default
	}
	// The values of a segment contain commas, at which the flag package splits.
	for _, s := range c.StringSlice("segment") {
		if strings.Contains(s, "=") || len(o.Segments) == 0 {
			o.Segments = append(o.Segments, s)
		} else {
			o.Segments[len(o.Segments)-1] += "," + s
		}
	}
	if t := c.Timestamp("as-of"); t != nil {
		o.AsOf = t.In(time.UTC)
	}
	return o, nil
}

func (e *env) synth(c *cli.Context) error {
	if c.NArg() > 0 {
		return fmt.Errorf("synth reads no file, got %q: want --out FILE to name the output", c.Args().First())
	}
	o, err := synthOptions(c)
	if err != nil {
		return err
	}
	if err := dataset.SameOutput(c.String("out"), c.String("labels"), c.String("truth")); err != nil {
		return err
	}
	var truth dataset.Truth
	err = e.write(c.String("out"), func(w io.Writer) (err error) {
		truth, err = dataset.Synth(interruptible{w, c.Context.Err}, o)
		return err
	})
	if err != nil {
		return err
	}
	if file := c.String("labels"); file != "" {
		o.NoLabels = false
		if err := e.write(file, func(w io.Writer) error { return dataset.SynthLabels(w, o) }); err != nil {
			return err
		}
	}
	if file := c.String("truth"); file != "" {
		if err := e.write(file, func(w io.Writer) error { return writeJSON(w, truth) }); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.stderr, "trustreplay: %d synthetic records, no real person in them\n", truth.Records)
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// interruptible fails to write once the run was interrupted.
type interruptible struct {
	io.Writer
	err func() error
}

func (i interruptible) Write(p []byte) (int, error) {
	if err := i.err(); err != nil {
		return 0, err
	}
	return i.Writer.Write(p)
}

// write calls f with an output that appears whole or not at all; "" and "-" are standard output.
func (e *env) write(path string, f func(io.Writer) error) error {
	if path == "" || path == "-" {
		return f(e.stdout)
	}
	file, err := e.create(path, nil)
	if err != nil {
		return err
	}
	defer file.Abort()
	if !strings.HasSuffix(path, ".gz") {
		if err := f(file); err != nil {
			return err
		}
		return file.Commit()
	}
	zip := gzip.NewWriter(file)
	if err := f(zip); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return file.Commit()
}
