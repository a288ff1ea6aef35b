package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// historyFlags are the flags of every verb that reads a history.
func historyFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.StringSliceFlag{Name: "labels", Usage: "outcomes by id from `FILE` (CSV, JSONL or Parquet), such as the vendor's customer_id,label; repeatable"},
		&cli.StringFlag{Name: "labels-key", Usage: "the `ID` that labels are keyed by: customer_id, session_id or resolution_id", DefaultText: "the first that the file has"},
		&cli.StringFlag{Name: "mapping", Usage: "YAML `FILE` that says where fields are under other names"},
		&cli.StringFlag{Name: "check-ids", Value: "auto", Usage: "`WHEN` to look for repeated records: always, never, or auto, which is up to 256 MiB of input and 8 million records"},
		weightsFlag(),
		&cli.BoolFlag{Name: "strict", Usage: "end with exit code 2 on the first kind of bad record instead of counting it"},
		&cli.IntFlag{Name: "workers", Usage: "read with `N` goroutines; the answer does not depend on it", DefaultText: "one per core"},
	)
}

// outputFlags are the flags of every verb that prints a document.
func outputFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "text", Usage: "text, json, csv, markdown or html: the `FORMAT` of the output"},
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write to `FILE`, whole or not at all, instead of standard output"},
	)
}

// economicsFlag prices what policies do.
func economicsFlag() cli.Flag {
	return &cli.StringFlag{Name: "economics", Usage: "YAML `FILE` of what calls, reviews, step-ups, fraud and lost margin cost: adds cost_per_record and savings"}
}

// imputeFlag asks for what is assumed of undecided records.
func imputeFlag() cli.Flag {
	return &cli.StringFlag{Name: "impute", Usage: "show what measures come to under an assumption about undecided records, beside what is certain; the only `KIND` is band: they fare as the asked ones of the same first cluster, 25 scores and label"}
}

// valueIntervalsFlag asks for what intervals by value need.
func valueIntervalsFlag() cli.Flag {
	return &cli.BoolFlag{Name: "value-intervals", Usage: "approximate intervals of the measures by value; costs another pass over the amounts"}
}

// absentFlag says how to read a product that a record does not hold.
func absentFlag() cli.Flag {
	return &cli.StringFlag{Name: "absent", Value: "not_called", Usage: "the `STATE` of a second product that a record does not hold: not_called, or missing in a history that always asked"}
}

// absentMissing reads that flag.
func absentMissing(state string) (bool, error) {
	switch state {
	case "not_called":
		return false, nil
	case "missing":
		return true, nil
	}
	return false, fmt.Errorf("--absent must be not_called or missing, got %q", state)
}

// history is the input of a verb.
type history struct {
	files   []string
	stdin   func() io.Reader
	mapping dataset.Mapping
	labels  *dataset.Labels
	workers int
	strict  bool
	check   string
	hash    bool
	// partly says that other files of the same labels follow.
	partly bool
	// unsure says that no age was found in the first records: the scan that answers will tell whether there is one.
	unsure bool
	// told says that unmatched labels were told of: a history can be read more than once.
	told  bool
	saved *dataset.Saved // what the files are where they are saved cubes, nil elsewhere
}

func (e *env) history(c *cli.Context) (*history, error) { return e.historyOf(c, c.Args().Slice()) }

// historyOf is for a verb of which some files are not history.
func (e *env) historyOf(c *cli.Context, files []string) (*history, error) {
	h := &history{files: files, strict: c.Bool("strict"), check: c.String("check-ids"), hash: c.Bool("hash")}
	if len(h.files) == 0 {
		return nil, fmt.Errorf("no history named: want files, folders, globs or - for stdin, see trustreplay %s --help", c.Command.Name)
	}
	// Checked here and not when the answer is printed: a long scan, or an output, would come before the refusal.
	if f := c.String("format"); c.IsSet("format") && !slices.Contains(reports.Formats(), f) {
		return nil, fmt.Errorf("format %q: want %s", f, strings.Join(reports.Formats(), ", "))
	}
	if !slices.Contains([]string{"auto", "always", "never"}, h.check) {
		return nil, fmt.Errorf("--check-ids must be auto, always or never, got %q", h.check)
	}
	if err := h.recognise(c); err != nil {
		return nil, err
	}
	var err error
	if h.workers, err = workers(c); err != nil {
		return nil, err
	}
	if file := c.String("mapping"); file != "" {
		src, err := readFile(file)
		if err != nil {
			return nil, err
		}
		if h.mapping, err = replay.ParseMapping(file, src); err != nil {
			return nil, err
		}
	}
	h.stdin = func() io.Reader { return e.stdin }
	if names := c.StringSlice("labels"); len(names) > 0 {
		if h.labels, err = e.labels(c.Context, h, names, c.String("labels-key")); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// labels reads outcomes from files of their own. Bad rows are told on stderr and are fatal under --strict.
func (e *env) labels(ctx context.Context, h *history, names []string, key string) (*dataset.Labels, error) {
	if slices.Contains(names, "-") && slices.Contains(h.files, "-") {
		return nil, errors.New("stdin can be the history or the labels, not both")
	}
	for _, name := range names {
		in, found := dataset.Among(name, h.files)
		if st, err := os.Stat(in); found && (err != nil || st.IsDir()) { // a history that is its own labels is named itself
			return nil, fmt.Errorf("--labels %s is also read as history (%s): name the history's files, or move the labels", name, in)
		}
	}
	labels, account, err := dataset.LoadLabels(ctx, names, e.stdin, h.mapping, key)
	if err != nil {
		return nil, err
	}
	if h.strict {
		return labels, strictly(account)
	}
	for _, c := range account.Issues {
		fmt.Fprintf(e.stderr, "trustreplay: labels: %d of %d rows: %s\n", c.Count, account.Read, printable(c.First[0].Error()))
	}
	return labels, nil
}

// unmatched tells how many labels found no record: all of them, where the ids of the two are not the same thing.
func (e *env) unmatched(h *history) {
	if h.labels == nil || h.partly || h.told {
		return
	}
	h.told = true
	if n := h.labels.Unmatched(); n > 0 {
		fmt.Fprintf(e.stderr, "trustreplay: labels: %d of %d ids (%s) are in no record\n", n, h.labels.Len(), h.labels.Key)
	}
}

// open starts a scan of the history for the given fields.
func (h *history) open(ctx context.Context, fields []dataset.Field) (*dataset.Scan, error) {
	return dataset.Open(ctx, h.files, h.stdin(), dataset.Options{
		Fields: fields, Mapping: h.mapping, Labels: h.labels, Hash: h.hash, Saved: h.saved,
		CheckIDs: h.check == "always", CheckIDsUpTo: h.checkUpTo(),
	})
}

func (h *history) checkUpTo() int64 {
	if h.check == "auto" {
		return autoCheckBytes
	}
	return 0
}

// autoCheckBytes is the size of input up to which repeated records are looked for without being asked.
const autoCheckBytes = 256 << 20

// strictly turns the issues of an account into an error.
func strictly(a dataset.Account) error {
	var errs []error
	for _, c := range a.Issues {
		for _, i := range c.First {
			errs = append(errs, i)
		}
		if more := c.Count - int64(len(c.First)); more > 0 {
			errs = append(errs, fmt.Errorf("and %d more records with %s", more, c.Kind))
		}
	}
	if errs == nil {
		return nil
	}
	return errors.Join(append(errs, fmt.Errorf("--strict: %d of %d records would be rejected", a.Rejected, a.Read))...)
}

// maxConfig is more than a policy or a mapping may have. A history in their place, named by mistake, is not read to its end.
const maxConfig = 2 << 20

// readFile reads a policy or a mapping.
func readFile(name string) ([]byte, error) { return readUpTo(name, maxConfig) }

// readUpTo reads a file of so many bytes at most.
func readUpTo(name string, most int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if len(src) > most { // what would be cut off could be a limit
		return nil, fmt.Errorf("%s is longer than %d MiB, the most that is read of such a file", name, most>>20)
	}
	return src, err
}

// economics reads what the decisions of policies cost, nil where no file is named.
func economics(file string, policies []*replay.Policy) (*replay.Economics, error) {
	if file == "" {
		return nil, nil
	}
	src, err := readFile(file)
	if err != nil {
		return nil, err
	}
	out, err := replay.ParseEconomics(file, src)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range policies {
		if err := out.Covers(p); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
	}
	return out, errors.Join(errs...)
}

// policies loads policies by built-in name or file.
func policies(names []string) ([]*replay.Policy, error) {
	var out []*replay.Policy
	var errs []error
	for _, name := range names {
		p, err := policy(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i := slices.IndexFunc(out, func(q *replay.Policy) bool { return q.Name == p.Name }); i >= 0 {
			errs = append(errs, fmt.Errorf("%s: policy %q is named twice, want distinct names", name, p.Name))
		}
		out = append(out, p)
	}
	return out, errors.Join(errs...)
}

// policy loads one policy: a file where there is one, or else a built-in.
func policy(name string) (*replay.Policy, error) {
	src, err := readFile(name)
	if err == nil {
		return replay.ParsePolicy(name, src)
	}
	if p, found := replay.Builtin(name); found {
		return p, nil
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("policy %q is neither a file nor built in%s: want a YAML file or one of %s",
			name, nearest("", name, replay.BuiltinNames()), strings.Join(replay.BuiltinNames(), ", "))
	}
	return nil, err
}
