package calibrate

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trustreplay/trustreplay/replay"
)

// A Backtest is what would have become of this procedure's advice, had it been asked at the end of every month: for each month
// the whole of Calibrate is run on the months before it, and what it recommends is counted in the month itself, which nothing
// has looked at.
//
// What may be expected of it. For one month, a policy that breaks a limit is recommended with probability delta at most, and a
// policy that keeps all of them is shown to break one with probability delta at most, for which each limit is tested at delta
// divided by the number of limits that are. So each month is shown broken with probability 2 x delta at most, and over M
// months Allowed = 2 x delta x M of them are expected at most, however they depend on each other. Three things follow:
//
//   - M counts every month that was tried, those with nothing recommended too. The certificate bounds how often the procedure
//     recommends a bad policy, not how often a recommendation is bad: where every policy is too bad, all of the few that it
//     recommends are.
//   - A month above its limit by chance is no broken promise: a policy whose true rate is the limit is above it in every
//     second month. Over counts these months, and nothing is to be concluded from it.
//   - Neighbouring months share most of what their certificates were made of, so that wrong ones come in runs, and the number
//     of months shown broken is not binomial. Tail is the binomial probability all the same, as if the months were
//     independent: a yardstick and no p-value. Ceiling is Markov's inequality, which needs no independence and says less.
//
// All of this is for applicants who stay the same. Where they change, a month that is shown broken says that what held of the
// past did not hold of the month, which is worth knowing and no fault of the certificate. Two things it cannot show: labels
// are those known today, where a calibration of that time would have had to do without the newest; and only labeled records
// count, so that a policy which approves what production stopped is judged by the others.
type Backtest struct {
	// Goals are those given, delta filled in.
	Goals Goals
	// Months are those with MinPast months before them, in order.
	Months []BacktestMonth
	// Timeless counts the records without a time, which are in no month.
	Timeless int64
	// Recommended, Champion and Naive are the records of the three ways to choose a policy, over the months that were tried.
	Recommended, Champion, Naive TrackRecord
	// Tried is M: the months that hold a label, so that something could have been shown in them.
	Tried int
	// Allowed is 2 x delta x M, the expected number of months shown broken at most.
	Allowed float64
	// Tail is P(X >= Recommended.Shown) for X binomial of M and 2 x delta, Ceiling an upper bound of the probability that
	// holds however the months depend on each other. Both are undefined where no month was tried.
	Tail, Ceiling Number
}

// MinPast is how many months a calibration is given at least: one to propose, one to rank and one to certify.
const MinPast = 3

// A TrackRecord sums up what one way to choose a policy came to, over the months tried.
type TrackRecord struct {
	// Chosen is the number of months in which it chose a policy at all.
	Chosen int
	// Over is the number of these in which a limit's value was above its bound, which may be chance. Shown is the number in
	// which a limit that can be certified was shown broken.
	Over, Shown int
	// Counts are what its policies did in these months, added up.
	Counts replay.Counts
}

// A BacktestMonth is one month, and what three policies did in it that were chosen without it.
type BacktestMonth struct {
	Month string
	// Total counts its records.
	Total replay.Tally
	// Past is what the calibration was given: all months before.
	Past Window
	// Windows are those of the calibration; nil where there was nothing to calibrate, of which Nothing says why.
	Windows []Window
	Nothing string
	// Ladder, Tested and Passed are the calibration's.
	Ladder         bool
	Tested, Passed int
	// Family is the shape of what was recommended, "" where nothing was. Promised are its limits in the window that certified.
	Family   Family
	Promised []Finding
	// Recommended is what the recommended policy did in the month, Champion what the champion did. Naive is the best on all
	// of the past, promised by nothing: the best pair of cutoffs, or where the history does not ask both products of
	// everybody, the champion with its edges moved one at a time. Either may have no policy.
	Recommended, Champion, Naive Trial
}

// A Trial is what a policy did in a month that it had not seen.
type Trial struct {
	// Policy is nil where none was chosen; the rest is zero then.
	Policy *replay.Policy
	Counts replay.Counts
	// Tests hold each limit of the goals against the month.
	Tests []Test
}

// A Test holds a limit against the counts of a month.
type Test struct {
	Limit replay.Limit
	// K of N is the ratio that is to be at most Alpha; of a limit from below, it is the rest. N is 0 where the month says
	// nothing of the limit.
	K, N  int64
	Alpha float64
	// Certifiable is set where the ratio is a share of records. Low is then its exact lower bound, at delta divided by the
	// number of limits that are; it is undefined for others, and for N = 0.
	Certifiable bool
	Low         Number
	// Over is set where the ratio is above the bound, Shown where Low is as well.
	Over, Shown bool
}

// Over reports whether a limit's value was above its bound, Shown whether one was shown broken.
func (t Trial) Over() bool { return slices.ContainsFunc(t.Tests, func(x Test) bool { return x.Over }) }
func (t Trial) Shown() bool {
	return slices.ContainsFunc(t.Tests, func(x Test) bool { return x.Shown })
}

// NewBacktest runs Calibrate for every month of a cube that is split by month, keeps every score apart and covers the champion;
// the goals' Until leaves out the newest months here too. A month in which nothing can be certified is part of the answer. Fewer than MinPast + 1 months are an error that wraps
// ErrNothing; a cube that is split otherwise, and goals that make no sense, are errors too.
//
// Months run side by side on as many goroutines as GOMAXPROCS allows, and the result does not depend on how many.
func NewBacktest(cube *replay.Cube, champion *replay.Policy, g Goals) (*Backtest, error) {
	g, err := g.complete()
	if err != nil {
		return nil, err
	}
	list, timeless, err := periodsOf(cube, champion)
	if err != nil {
		return nil, err
	}
	list = g.known(list)
	for _, p := range list {
		if _, err := time.Parse("2006-01", p.key); err != nil {
			return nil, fmt.Errorf("a backtest goes month by month, and the history is split into %q: want it by month", p.key)
		}
	}
	if len(list) <= MinPast {
		return nil, fmt.Errorf("%w: a backtest takes %d months with records, %d to learn from and one to test, and the history has %d", ErrNothing, MinPast+1, MinPast, len(list))
	}
	b := &Backtest{Goals: g, Timeless: timeless, Months: make([]BacktestMonth, len(list)-MinPast)}
	if err := b.run(cube, champion, list); err != nil {
		return nil, err
	}
	b.sum()
	return b, nil
}

// run fills in the months. The last ones have the longest past and are begun first, so that none is waited for at the end.
func (b *Backtest) run(cube *replay.Cube, champion *replay.Policy, list []period) error {
	errs := make([]error, len(b.Months))
	var begun atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.Months)) {
		wg.Go(func() {
			for {
				i := len(b.Months) - int(begun.Add(1))
				if i < 0 {
					return
				}
				b.Months[i], errs[i] = b.month(cube, champion, list[:MinPast+i+1])
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", list[MinPast+i].key, err)
		}
	}
	return nil
}

// sum adds up the months that were tried.
func (b *Backtest) sum() {
	for i := range b.Months {
		m := &b.Months[i]
		if m.Total.Labeled() == 0 {
			continue
		}
		b.Tried++
		b.Recommended.add(m.Recommended)
		b.Champion.add(m.Champion)
		b.Naive.add(m.Naive)
	}
	b.Allowed = 2 * b.Goals.Delta * float64(b.Tried)
	b.Tail, b.Ceiling = Undefined(), Undefined()
	if b.Tried > 0 {
		m, shown := int64(b.Tried), int64(b.Recommended.Shown)
		// X or more of M months at a rate are M - X or fewer at the rest of it.
		b.Tail = Number(PValue(m-shown, m, max(1-2*b.Goals.Delta, 0)))
		b.Ceiling = Number(min(1, b.Allowed/float64(max(shown, 1))))
		if shown == 0 {
			b.Ceiling = 1
		}
	}
}

func (r *TrackRecord) add(t Trial) {
	if t.Policy == nil {
		return
	}
	r.Chosen++
	if t.Over() {
		r.Over++
	}
	if t.Shown() {
		r.Shown++
	}
	r.Counts = r.Counts.Add(t.Counts)
}
