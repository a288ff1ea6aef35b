package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/urfave/cli/v2"
)

// starter holds the files of a starter folder but the history, which is made.
//
//go:embed starter
var starter embed.FS

// starterHistory is the name of that history, starterOptions what is in it: large enough that calibrate certifies something.
const starterHistory = "history.jsonl.gz"

var starterOptions = dataset.SynthOptions{
	Records: 20_000, Seed: 1, Start: "2025-01", Months: 12, Details: true, Outcomes: true, AsOf: time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC),
}

func (e *env) initVerb() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "a starter folder: a policy, a proposal, prices, limits, a sample history, and the commands to try",
		UsageText: "trustreplay init [FOLDER]",
		Description: `Writes into FOLDER, which it makes where it is missing, or into trustreplay-starter. It replaces no file.

Examples:
  trustreplay init
  trustreplay init demo && cd demo && trustreplay inspect history.jsonl.gz`,
		Action: e.init,
	}
}

func (e *env) init(c *cli.Context) error {
	folder := "trustreplay-starter"
	switch c.NArg() {
	case 0:
	case 1:
		folder = c.Args().First()
	default:
		return fmt.Errorf("init wants one folder, got %q", c.Args().Slice())
	}
	files, err := starter.ReadDir("starter")
	if err != nil {
		return err
	}
	names := []string{starterHistory}
	for _, f := range files {
		names = append(names, f.Name())
	}
	if err := unused(folder, names); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, name := range names {
		if err := e.starterFile(c, filepath.Join(folder, name), name); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.stdout, `%s holds a synthetic history, a policy, a proposal, prices and limits. Begin with

  cd %s
  trustreplay inspect %s

and go on with the commands in README.md there.
`, folder, folder, starterHistory)
	return err
}

// unused reports each of the files that is there already: what somebody wrote is worth more than a sample.
func unused(folder string, names []string) error {
	var errs []error
	for _, name := range names {
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); err == nil {
			errs = append(errs, fmt.Errorf("%s is there already, and init replaces no file: want another folder", path))
		}
	}
	return errors.Join(errs...)
}

// starterFile writes one file of the folder, whole or not at all.
func (e *env) starterFile(c *cli.Context, path, name string) error {
	return e.write(path, func(w io.Writer) error {
		if name != starterHistory {
			text, err := starter.ReadFile("starter/" + name)
			if err != nil {
				return err
			}
			_, err = w.Write(text)
			return err
		}
		_, err := dataset.Synth(interruptible{w, c.Context.Err}, starterOptions)
		return err
	})
}
