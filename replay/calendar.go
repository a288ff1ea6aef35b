package replay

import (
	"fmt"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
)

// Month and Day are the By fields that stand for the UTC month and the UTC day of the record's time.
const (
	Month = "month"
	Day   = "day"
)

// A calendar cuts time, in microseconds since 1970 UTC, into numbered periods.
type calendar struct {
	of    func(us int64) int     // the number of the period that holds a time
	start func(period int) int64 // the first microsecond of a period
	name  func(period int) string
}

// calendars by the By field that asks for them.
var calendars = map[string]calendar{
	Month: {dataset.MonthOf, dataset.MonthStart, func(m int) string { return fmt.Sprintf("%04d-%02d", m/12, m%12+1) }},
	Day: {dayOf, func(d int) int64 { return int64(d) * dayMicros }, func(d int) string {
		return time.UnixMicro(int64(d) * dayMicros).UTC().Format(time.DateOnly)
	}},
}

// dayMicros is the length of a UTC day: time in microseconds since 1970 knows no leap seconds.
const dayMicros = 24 * 3600 * 1e6

// dayOf returns the days since 1970-01-01, negative before it. Go rounds a quotient towards 0, which would give two days the
// number 0.
func dayOf(us int64) int {
	d := us / dayMicros
	if us%dayMicros < 0 {
		d--
	}
	return int(d)
}

// A timePart numbers the periods of the records' times. Histories are mostly in order of time, so a record is compared with
// the bounds of the period before.
type timePart struct {
	calendar
	column   int
	periods  numbering // of the calendar's numbers, noPeriod for records without a time
	from, to int64     // the last record's period in microseconds, inclusive, exclusive
	num      uint32    // its number
}

const noPeriod = 1 << 40

func (p *timePart) number(b *dataset.Batch, out []uint32) {
	for r, t := range b.Cols[p.column].I64[:len(out)] {
		if t < p.from || t >= p.to {
			if b.Rejected(r) {
				continue
			}
			p.enter(t)
		}
		out[r] = p.num
	}
}

// one finds that all records are of one period, where it is the last record's of the batch before.
func (p *timePart) one(b *dataset.Batch) (num uint32, same bool) {
	from, length := p.from, uint64(p.to-p.from)
	for _, t := range b.Cols[p.column].I64[:b.N] {
		if uint64(t-from) >= length { // also where t is before from: the difference wraps around
			return 0, false
		}
	}
	return p.num, true
}

func (p *timePart) enter(t int64) {
	if t == dataset.NoTime {
		p.from, p.to = t, t+1
		p.num = p.periods.of(noPeriod)
		return
	}
	n := p.of(t)
	p.from, p.to = p.start(n), p.start(n+1)
	p.num = p.periods.of(uint64(n))
}

func (p *timePart) nameOf(num int) string {
	n := p.periods.keys[num]
	if n == noPeriod {
		return ""
	}
	return p.name(int(n))
}
