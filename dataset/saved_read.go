package dataset

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A savedScan is what a Scan of saved cubes keeps beside that of any other.
type savedScan struct {
	about                 *Saved        // all that is read, nil where it is an ordinary history
	weight, label, amount int           // columns of the batch
	files                 []*Saved      // what each input says of itself, nil where it says nothing
	sums                  []SavedTotals // what was read of each, Read with the records that were rejected
}

// openSaved prepares to read saved cubes, and holds what the files say now to what was seen of them before.
func (s *Scan) openSaved() error {
	var errs []error
	for i, src := range s.sources {
		p, isParquet := src.(*parquetSource)
		if !isParquet {
			continue
		}
		saved, err := savedOf(p.meta)
		switch {
		case err != nil:
			errs = append(errs, inFile(s.inputs[i].name, err))
		case s.opt.names:
		case saved != nil && s.opt.Saved == nil:
			errs = append(errs, inFile(s.inputs[i].name, errors.New("a saved cube, whose rows stand for several records each, where records one by one are wanted: name the history it was made of")))
		case s.opt.Saved != nil:
			s.saved.files[i] = saved
		}
	}
	if errs != nil || s.opt.Saved == nil || len(s.inputs) == 0 {
		return errors.Join(errs...)
	}
	var list []*Saved
	var names []string
	for i, f := range s.saved.files {
		if f == nil {
			f = &Saved{SchemaVersion: savedVersion, Weights: s.opt.Saved.Weights, Time: s.opt.Saved.Time}
		}
		list, names = append(list, f), append(names, s.inputs[i].name)
	}
	var err error
	s.saved.about, err = mergeSaved(list, names)
	return err
}

// Saved describes the saved cubes that the scan reads, nil where it reads an ordinary history.
func (s *Scan) Saved() *Saved { return s.saved.about }

// weigh reads how many records each row of a batch stands for, and adds up the control totals.
func (s *Scan) weigh(b *Batch) {
	b.Weights = sized(b.Weights, b.N)
	sums := &SavedTotals{}
	labels, amounts := b.Cols[s.saved.label].U8, b.Cols[s.saved.amount].I64
	counts := [NumLabels]*int64{Unlabeled: &sums.Unlabeled, Fraud: &sums.Fraud, Legit: &sums.Legit}
	for i, w := range b.Cols[s.saved.weight].F64[:b.N] {
		n := int64(1)
		good := w >= 1 && w <= MaxRecords && w == math.Trunc(w)
		if good {
			n = int64(w)
		} else if !b.Rejected(i) {
			b.reject(i, BadRecords, s.opt.Saved.Weights, weightText(w))
		}
		if sums.Read > MaxRecords-n {
			s.fail(b.Unit>>unitBits, errTooMany)
			n = 0
		}
		b.Weights[i] = n
		sums.Read += n
		if b.Rejected(i) {
			sums.Rejected += n
			b.log.rejected += n - 1 // reject counted the row
			continue
		}
		sums.Records += n
		*counts[labels[i]] += n
		if amounts[i] == NoAmount {
			sums.NoAmount += n
		} else {
			sums.AmountMinor += amounts[i] // bounded by the reader: no batch can overflow
		}
	}
	b.log.read += sums.Read - int64(b.N) // finish counts the rows
	s.addSums(b.Unit>>unitBits, *sums)
}

var errTooMany = fmt.Errorf("its rows stand for more than %d records: want counts that an engine's numbers hold exactly", int64(MaxRecords))

// weightText shows a number of records that cannot be one; NaN stands for none.
func weightText(w float64) string {
	if math.IsNaN(w) {
		return ""
	}
	return fmt.Sprint(w)
}

// addSums adds what a batch held to the sums of its file.
func (s *Scan) addSums(file int, t SavedTotals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.saved.sums[file].add(t)
	if sum.Read > MaxRecords || sum.AmountMinor > math.MaxInt64/4 {
		s.errs = append(s.errs, inFile(s.inputs[file].name, errTooMany))
		return
	}
	s.saved.sums[file] = sum
}

// settleSaved holds the sums of each file to its control totals, and makes the account one of the records that the cubes were
// made of.
func (s *Scan) settleSaved(a *Account) error {
	var errs []error
	var read, rejected int64
	for i, sums := range s.saved.sums {
		if sums.Read > 0 && slices.ContainsFunc(a.Files[i].Columns, s.noWeights) {
			errs = append(errs, inFile(s.inputs[i].name, fmt.Errorf("has no column %q that would say of how many records a row is (--weights)", s.opt.Saved.Weights)))
			continue
		}
		if f := s.saved.files[i]; f != nil && f.Totals != nil {
			if err := f.Totals.against(sums); err != nil {
				errs = append(errs, inFile(s.inputs[i].name, err))
			}
			sums.Read, sums.Rejected = f.Totals.Read, f.Totals.Rejected
		}
		a.Files[i].Records = sums.Read
		read, rejected = read+sums.Read, rejected+sums.Rejected
	}
	if errs != nil {
		return errors.Join(errs...)
	}
	saved := s.saved.about
	a.Read, a.Rejected, a.IDsChecked = read, rejected, saved.IDsChecked
	a.Issues = append(saved.AsIssues(), a.Issues...) // of the records first, then those of the rows
	switch {
	case saved.Period != nil:
		a.Period = &Period{int64(saved.Period.First), int64(saved.Period.Last)}
	case a.Period != nil: // the last period may have records up to its end
		a.Period.Last = periodEnd(a.Period.Last, saved.Time)
	}
	return nil
}

// noWeights reports whether a file lacks the column of weights.
func (s *Scan) noWeights(f Found) bool { return f.Field == s.fields[s.saved.weight] && f.Path == nil }

// periodEnd returns the last microsecond of the month or day that a time is in.
func periodEnd(us int64, kind string) int64 {
	t := time.UnixMicro(us).UTC()
	switch kind {
	case "month":
		return MonthStart(MonthOf(us)+1) - 1
	case "day":
		return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
	}
	return us
}

// against names every total that the rows do not add up to.
func (t *SavedTotals) against(rows SavedTotals) error {
	var differ []string
	note := func(name string, want, got int64) {
		if want != got {
			differ = append(differ, fmt.Sprintf("%s %d, its rows have %d", name, want, got))
		}
	}
	note("records", t.Records, rows.Records)
	note("fraud", t.Fraud, rows.Fraud)
	note("legit", t.Legit, rows.Legit)
	note("unlabeled", t.Unlabeled, rows.Unlabeled)
	note("no_amount", t.NoAmount, rows.NoAmount)
	note("amount_minor", t.AmountMinor, rows.AmountMinor)
	if differ == nil {
		return nil
	}
	return fmt.Errorf("the saved cube was changed, its control totals do not hold: %s: build it again", strings.Join(differ, "; "))
}

// Unchecked names the saved cubes that bring no control totals, so that nobody can tell whether they are whole.
func (s *Scan) Unchecked() []string {
	var out []string
	for i, in := range s.inputs {
		if s.opt.Saved != nil && (s.saved.files[i] == nil || s.saved.files[i].Totals == nil) {
			out = append(out, in.name)
		}
	}
	return out
}

// Lacks returns those of the fields that no saved cube has: of cubes that do not say what they tell apart, the columns do. It is
// called after Account, with its files.
func (s *Saved) Lacks(fields []Field, files []FileInfo) []string {
	var out []string
	for _, f := range fields {
		has, known := s.Has(f)
		if !known {
			has = slices.ContainsFunc(files, func(info FileInfo) bool {
				return slices.ContainsFunc(info.Columns, func(c Found) bool { return c.Field == f && c.Path != nil })
			})
		}
		if !has {
			out = append(out, f.Name)
		}
	}
	return out
}
