package dataset

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// A FileInfo describes one input.
type FileInfo struct {
	Name        string   `json:"name"`
	Format      string   `json:"format"`      // parquet, jsonl, csv
	Compression string   `json:"compression"` // of the file as a whole: gzip, zstd, or ""
	Records     int64    `json:"records"`
	SHA256      string   `json:"sha256,omitempty"`
	Columns     []Found  `json:"-"`
	Notes       []string `json:"notes,omitempty"` // such as a name that promises another format
}

// A Found tells where a field was found in a file.
type Found struct {
	Field Field
	Path  Path // nil where the file has no place for it
}

// An IssueCount is one kind of issue with the first places it was met at.
type IssueCount struct {
	Kind  IssueKind
	Count int64
	First []Issue // in input order, at most five
}

// An Account tells what became of every record: Read = replayed + Rejected.
type Account struct {
	Files    []FileInfo
	Read     int64
	Rejected int64
	Issues   []IssueCount // in the order of the kinds, only those that occurred
	// Period spans the times of the records that were not rejected, nil where no time was read or none is known.
	Period *Period
	// IDsChecked tells whether repeated records were looked for.
	IDsChecked bool
	// Mature tells which labels count as final, nil where they were taken as they are. A scan leaves it nil.
	Mature *Mature
	// LabelTimes tell whether it could be asked which labels count as final, nil where nobody asked or Mature tells more. A scan
	// leaves it nil.
	LabelTimes *LabelTimes
}

// Account returns what was read, once every worker has met io.EOF, and closes the scan. The error names every input that
// could not be read to its end; the counts are then of no use.
func (s *Scan) Account() (Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Account{Read: s.log.read, Period: s.log.period, IDsChecked: s.ids != nil && !s.ids.gone}
	for _, src := range s.sources {
		a.Files = append(a.Files, src.info())
	}
	if err := s.Close(); err != nil {
		s.errs = append(s.errs, err)
	}
	if len(s.errs) > 0 {
		slices.SortStableFunc(s.errs, byFile(s.inputs))
		return a, errors.Join(s.errs...)
	}
	if s.ids != nil {
		s.ids.report(&s.log)
	}
	a.Rejected = s.log.rejected
	for k := range s.log.kinds {
		t := &s.log.kinds[k]
		if t.count == 0 {
			continue
		}
		c := IssueCount{Kind: IssueKind(k), Count: t.count}
		for _, p := range t.first {
			c.First = append(c.First, s.issue(IssueKind(k), p))
		}
		a.Issues = append(a.Issues, c)
	}
	if s.opt.Saved != nil {
		return a, s.settleSaved(&a)
	}
	return a, nil
}

// issue resolves a place to its file and line.
func (s *Scan) issue(kind IssueKind, p place) Issue {
	file, n := p.unit>>unitBits, p.unit&(1<<unitBits-1)
	line := p.row + 1
	for _, u := range s.units[file][:n] {
		line += u.size
	}
	return Issue{Kind: kind, File: s.inputs[file].name, Line: line, Group: s.units[file][n].group, Field: p.field, Value: p.value}
}

// A fileError is a failure to read one input.
type fileError struct {
	file string
	err  error
}

func (e *fileError) Error() string { return oneLine(e.file) + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// oneLine returns a file's name as it may stand in a message, which a line break in it would make two of.
func oneLine(name string) string { return strings.NewReplacer("\n", "?", "\r", "?").Replace(name) }

func inFile(file string, err error) error { return &fileError{file, err} }

// byFile orders errors by the position of their file among the inputs, so that messages do not depend on timing.
func byFile(inputs []input) func(a, b error) int {
	rank := func(err error) int {
		var fe *fileError
		if errors.As(err, &fe) {
			return slices.IndexFunc(inputs, func(in input) bool { return in.name == fe.file })
		}
		return len(inputs)
	}
	return func(a, b error) int { return rank(a) - rank(b) }
}

// guard runs f and turns a panic into an error: the libraries below panic on damaged files, and no file may end the process.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if re, isRuntime := r.(runtime.Error); isRuntime {
				err = fmt.Errorf("damaged data: its decoder fails on it (%s)", re)
				return
			}
			err = fmt.Errorf("damaged data: %v", r)
		}
	}()
	return f()
}
