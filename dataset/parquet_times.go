package dataset

import "github.com/apache/arrow/go/v17/parquet"

// pageTimes lets the chunk of a time column pass over pages. Times are most of what a replay decompresses, since they differ from
// record to record, while its answer asks for little more than their month. A page whose statistics say that its times are all
// alike is not decompressed: its records get the last of them.
//
// The account's period is that of the true times, as far as the statistics are true. Since a writer's can be wrong, the first page of each
// row group is decoded and held against them; where the two disagree, no page of the group is passed. So the answer depends on the
// file alone, and not on what a worker has read before.
type pageTimes struct {
	alike func(first, last int64) bool
	scale int64 // microseconds of the column's unit
	sink  *cells[int64]

	trust   trust
	seen    Period // of the times on the page that is held against its statistics
	exact   bool   // the batch has rejected records, whose times do not count to the period
	counted Period // of the batch's times
}

// newPageTimes returns what lets the column's pages be passed, nil where each must be read.
func (p *parquetSource) newPageTimes(leaf leafPlan, s sink) *pageTimes {
	k := p.scan.timeColumn()
	if k < 0 || p.scan.alike == nil || p.slow || leaf.name != Timestamp || leaf.kind != KindTime {
		return nil
	}
	plan, m := p.layout.fields[k], meaningOf(leaf.col)
	if plan.raw || len(plan.values) != 1 || m.sense != senseTime || m.per != 1 || leaf.col.PhysicalType() != parquet.Types.Int64 {
		return nil
	}
	return &pageTimes{alike: p.scan.alike, scale: m.unit, sink: s.(*cells[int64])}
}

// trust says what is known of a writer's statistics.
type trust uint8

const (
	untried trust = iota
	trying        // the page that is being read
	kept
	broken
)

// passes is the pager's question for each data page.
func (t *pageTimes) passes(h *pageHeader) bool {
	if !h.stats.known || h.stats.nulls != 0 || t.trust == broken {
		return false
	}
	if t.trust != kept {
		t.trust, t.seen = trying, noPeriod
		return false
	}
	p, good := t.period(&h.stats)
	return good && !t.exact && t.alike(p.First, p.Last)
}

// period returns the ends that statistics say, in microseconds, and whether they can be the ends of readable times.
func (t *pageTimes) period(s *pageStats) (p Period, good bool) {
	good = s.first <= s.last && s.first >= minTime/t.scale && s.last < maxTime/t.scale
	return Period{s.first * t.scale, s.last * t.scale}, good
}

// begin prepares for a batch. The other columns have been read, so it is known which of its records are rejected.
func (t *pageTimes) begin(c *chunk, b *Batch) error {
	t.counted, t.exact = noPeriod, b.Bad != nil
	if t.exact && c.left > 0 && c.page.passed {
		return t.back(c)
	}
	return nil
}

// back decodes the page that was passed, of which some records have been given out already: none of them was rejected.
func (t *pageTimes) back(c *chunk) error {
	if err := c.pager.back(&c.page); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	given, out := c.page.values-c.left, t.sink.out
	defer func() { t.sink.out = out }()
	t.sink.out = make([]int64, min(given, runRows)) // a page may promise far more rows than it has bytes
	for at := 0; at < given; at += runRows {
		n := min(runRows, given-at)
		// A time that cannot be read belies the statistics; its record has been replayed with a time that can.
		if err := c.run(&Batch{N: n}, 0, n); err != nil {
			return err
		}
		for _, us := range t.sink.out[:n] {
			t.counted.count(us)
		}
	}
	return nil
}

// fill gives the records of a page that was passed its last time.
func (t *pageTimes) fill(h *pageHeader, at, n int) { fill(t.sink.out[at:][:n], h.stats.last*t.scale) }

// note counts the times of the n records from row at on, which were read from the chunk's page.
func (t *pageTimes) note(c *chunk, b *Batch, at, n int) {
	if c.page.passed {
		if c.left == 0 { // all its records are known to be good
			p, _ := t.period(&c.page.stats)
			t.counted.count(p.First)
			t.counted.count(p.Last)
		}
		return
	}
	for i, us := range t.sink.out[at:][:n] {
		if !b.Rejected(at + i) {
			t.counted.count(us)
		}
		t.seen.count(us)
	}
	if t.trust == trying && c.left == 0 {
		t.trust = broken
		if p, good := t.period(&c.page.stats); good && p == t.seen {
			t.trust = kept
		}
	}
}

// end adds the batch's times to what its worker has logged.
func (t *pageTimes) end(b *Batch) {
	b.timed = true
	if t.counted != noPeriod {
		b.log.widen(&t.counted)
	}
}
