package dataset

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// Options say what to read. The zero value reads no field: it only counts.
type Options struct {
	Fields  []Field
	Mapping Mapping
	// Labels, where not nil, are joined to the records; a record found there and also labeled inline must agree.
	Labels *Labels
	// CheckIDs says whether repeated records (one customer_id at one time) are looked for: it costs an id column and 24
	// bytes of memory a record.
	CheckIDs bool
	// CheckIDsUpTo looks for them also where the inputs have at most so many bytes together, or an unknown number; it gives up
	// where they turn out to hold more than 8 million records.
	CheckIDsUpTo int64
	// Saved describes the inputs where they are saved cubes (PeekSaved), nil where they are an ordinary history.
	Saved *Saved
	names bool // only the names of fields are looked at, so that a row may be anything
	// Hash adds the SHA-256 of each file to the account; it reads every byte of it once more.
	Hash bool
}

// A source is one opened input of any format.
type source interface {
	// claim hands out the next unit of the source, io.EOF after the last. One goroutine at a time calls it.
	claim() (unit, error)
	// info describes the source; it is called after the last unit is done.
	info() FileInfo
	close() error
}

// A unit is a part of a source that one goroutine reads on its own: a row group, or a run of lines.
type unit interface {
	// fill reads the next records into b, or returns io.EOF where there are none left. b.Unit and b.Row are set; Row is the
	// number of records (Parquet) or lines (text) of this unit before the batch.
	fill(b *Batch) error
	// size returns the rows or lines that the unit held; it is called after fill returned io.EOF.
	size() int64
	// group returns the row group, or -1.
	group() int
}

// A Scan reads inputs in parallel: each goroutine calls Next with a Batch of its own until io.EOF, then any one calls
// Account. Units are handed out in input order.
type Scan struct {
	opt    Options
	fields []Field // opt.Fields and behind them the columns that the scan itself needs
	want   []wanted
	inputs []input
	done   atomic.Int64 // bytes of input read so far, for a progress display
	beats  atomic.Int64 // calls of Next that came back
	total  int64        // bytes of all inputs, 0 where one of them is a stream

	mu      sync.Mutex
	next    int // the source to claim from
	sources []source
	units   [][]unitInfo // per source, in order
	claimed int          // units handed out so far
	log     issueLog
	errs    []error
	ids     *idCheck
	saved   savedScan
	alike   func(first, last int64) bool // nil where each time counts
	reuse   bool                         // see ReuseTexts
	closed  bool
}

type unitInfo struct {
	group int
	size  int64 // set when the unit is done
}

// unitBits is how many of a Batch's Unit number the parts within a file.
const unitBits = 32

// Open resolves names (files, folders, globs, "-" for stdin), recognises each file's format by its content and prepares to
// read opt.Fields. All unreadable inputs are reported at once.
func Open(ctx context.Context, names []string, stdin io.Reader, opt Options) (*Scan, error) {
	inputs, unresolved := resolve(names, stdin)
	s := &Scan{opt: opt, fields: slices.Clone(opt.Fields), inputs: inputs, units: make([][]unitInfo, len(inputs))}
	var size int64
	streams := false
	for _, in := range inputs {
		size += max(in.size, 0)
		streams = streams || in.size < 0
	}
	if !streams {
		s.total = size
	}
	if saved := opt.Saved; saved != nil {
		s.saved = savedScan{nil, s.column(Field{saved.Weights, KindNumber}), s.column(Field{LabelField, KindLabel}), s.column(Field{Amount, KindAmount}),
			make([]*Saved, len(inputs)), make([]SavedTotals, len(inputs))}
	} else if opt.CheckIDs || opt.CheckIDsUpTo > 0 && size <= opt.CheckIDsUpTo {
		s.ids = newIDCheck(s.column(Field{CustomerID, KindText}), s.column(Field{Timestamp, KindTime}))
		if !opt.CheckIDs {
			s.ids.most = autoIDs
		}
	}
	if opt.Labels != nil {
		s.column(Field{opt.Labels.Key, KindText})
		s.column(Field{LabelField, KindLabel})
	}
	for _, f := range s.fields {
		s.want = append(s.want, opt.Mapping.want(f))
	}
	var errs []error
	if unresolved != nil {
		errs = append(errs, unresolved) // the others are opened all the same, to name every one that is no good
	}
	for i := range inputs {
		src, err := openSource(ctx, &inputs[i], s)
		if err != nil {
			errs = append(errs, err)
		}
		s.sources = append(s.sources, src)
	}
	if err := s.openSaved(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		s.Close()
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// timeColumn returns the index of the record's time, -1 where that is not read.
func (s *Scan) timeColumn() int { return slices.Index(s.fields, Field{Timestamp, KindTime}) }

// Alike tells the scan that the reader of its batches does not mind which times the records have, as long as alike(first, last) is true
// for the ends, both included, between which the true times are: a reader that counts by month calls times of one month alike.
// Where that saves work, records get such a time instead of their own. The account's period stays that of the true times, as far as a
// file's own statistics are true. Alike must be called before the first Next, and does nothing where the scan itself needs the times.
func (s *Scan) Alike(alike func(first, last int64) bool) {
	if s.ids == nil && s.opt.Labels == nil && s.opt.Saved == nil {
		s.alike = alike
	}
}

// ReuseTexts tells the scan that no text of a batch is used once the batch is given to Next again, unless it is of a Column.Dict with an
// ID. The memory of such texts is then used again. It must be called before the first Next.
func (s *Scan) ReuseTexts() { s.reuse = true }

// column returns the index of a field, adding it behind those asked for where it is not among them.
func (s *Scan) column(f Field) int {
	if i := slices.Index(s.fields, f); i >= 0 {
		return i
	}
	s.fields = append(s.fields, f)
	return len(s.fields) - 1
}

// Progress returns the bytes of input read so far and their total, 0 where that is not known. Any goroutine may ask.
func (s *Scan) Progress() (done, total int64) { return s.done.Load(), s.total }

// Beats returns a number that grows as long as the scan gets on. Where it stands still for long on files, a damaged input
// has a decoder spinning, which no goroutine can stop. Any goroutine may ask.
func (s *Scan) Beats() int64 { return s.beats.Load() + s.done.Load() }

// Next reads the next records into b, io.EOF after the last. A broken file does not end the scan: the others are read to
// the end, so that Account can name every one that is broken.
func (s *Scan) Next(ctx context.Context, b *Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.unit == nil {
		if err := s.claim(b); err != nil {
			s.flush(b)
			return err
		}
	}
	err := guard(func() error { return b.unit.fill(b) })
	s.beats.Add(1)
	if err == nil {
		s.finish(b)
		return nil
	}
	if err != io.EOF {
		s.fail(b.Unit>>unitBits, err)
	}
	s.release(b)
	b.reset(s.fields, 0)
	b.End = true
	return nil
}

// claim gives b the next unit.
func (s *Scan) claim(b *Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.next < len(s.sources) {
		i := s.next
		var u unit
		err := guard(func() (err error) {
			u, err = s.sources[i].claim()
			return err
		})
		if err == nil {
			b.unit, b.Unit, b.Row, b.Seq, b.End = u, i<<unitBits|len(s.units[i]), 0, s.claimed, false
			s.claimed++
			s.units[i] = append(s.units[i], unitInfo{group: u.group()})
			return nil
		}
		if err != io.EOF {
			s.errs = append(s.errs, inFile(s.inputs[i].name, err))
		}
		if s.next == i { // a stream gives the lock up while it is read, so another goroutine may have met its end
			s.next++
		}
	}
	return io.EOF
}

// finish completes a filled batch: labels are joined, ids checked, records counted.
func (s *Scan) finish(b *Batch) {
	if s.opt.Labels != nil {
		s.opt.Labels.join(b, s.fields)
	}
	if s.ids != nil {
		s.ids.add(b)
	}
	if s.opt.Saved != nil {
		s.weigh(b)
	}
	if i := s.timeColumn(); i >= 0 && !b.timed {
		b.log.addPeriod(b, i)
	}
	b.log.read += int64(b.N)
}

// release counts a finished unit and frees b for the next.
func (s *Scan) release(b *Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units[b.Unit>>unitBits][b.Unit&(1<<unitBits-1)].size = b.unit.size()
	b.unit = nil
}

// flush adds what b's worker has logged to the scan's own log, once, at the end of its stream.
func (s *Scan) flush(b *Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.merge(&b.log)
	b.log = issueLog{}
}

func (s *Scan) fail(file int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, inFile(s.inputs[file].name, err))
}

// Close releases the inputs. It may be called twice.
func (s *Scan) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, src := range s.sources {
		if src != nil {
			errs = append(errs, src.close())
		}
	}
	return errors.Join(errs...)
}
