package calibrate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Calibration is the answer to which policy to run, and how sure that is.
type Calibration struct {
	Goals    Goals
	Champion *replay.Policy
	// Base is the champion with bands of scores in the place of recorded clusters: what searches start from.
	Base *replay.Policy
	// Ladder is set where the history is too short to propose, rank and certify on different records: the candidates were then
	// fixed before any record was looked at, and tested in that order on all of them.
	Ladder bool
	// Windows are propose, rank and certify or, for a ladder, all.
	Windows []Window
	// Timeless counts the records without a time, which are in no window.
	Timeless int64
	// Young counts the records of the newest months, or days, that hold no label at all yet; they are in no window either.
	Young int64
	// Mature tells how labels were read, nil where they were taken as they are.
	Mature *dataset.Mature
	// Production tells how it is known what production did; where it is not, the champion stands for it.
	Production replay.Production
	// Treated counts the outcomes of production's own step-ups and reviews that took the place of guesses in Goals.Economics, where
	// the cube has some: those of the windows before the last, of a ladder all.
	Treated replay.Treated
	// Current is what the champion does in each window.
	Current []replay.Counts
	// Proposed counts the policies that were ranked.
	Proposed int
	// Candidates are the policies to test, in the order that was fixed before the last window was looked at.
	Candidates []Candidate
	// Level is what each candidate is tested at: Delta, or for a ladder Delta by the number of its starts.
	Level float64
	// Tested is how many candidates were looked at, and Passed how many of them are certified: all of these meet every limit at
	// once with probability 1 - Delta at least.
	Tested, Passed int
	// Recommended is the index of the certified candidate with the most of the objective, -1 where there is none.
	Recommended int
	// Standing is what is known of the champion's own limits in the last window; it is no part of the walk.
	Standing []Finding
	// Missing tells, for each limit, what the candidate that came nearest lacks; it is nil where something is recommended.
	Missing []Finding
	// Refused is a candidate of which the history does not say whether it keeps the limits, nil where there is none.
	Refused *Refusal

	last *hearing   // of the last window
	past []produced // in each window
}

// A Candidate is a policy on its way to be certified.
type Candidate struct {
	Family Family
	Policy *replay.Policy
	// Counts are what it does in each window, zero in windows that were not looked at for it.
	Counts []replay.Counts
	// LogP is the natural logarithm of its p-value in the last window, the largest over the limits; RankLogP that in the
	// window that fixed the order.
	LogP, RankLogP float64
	// Withheld is how many records that production stopped lack a label which they should have and which a limit depends on, in
	// the last window: each counts as what hurts most.
	Withheld int64
	// Passed reports whether it is certified.
	Passed bool
	// Checked reports whether it keeps, in the last window, the limits that cannot be certified.
	Checked bool
}

// DefaultDelta is the probability, at most, that a certificate is wrong.
const DefaultDelta = 0.05

// tooFew is the number of expected events in the certify window below which a ladder takes the place of a search.
const tooFew = 10

// ErrNothing is why there is no calibration where records, outcomes or times are missing.
var ErrNothing = errors.New("nothing to calibrate")

// Calibrate proposes policies on the oldest third of a history or so, ranks them on the records after these, and certifies on
// the newest (STATISTICS.md, section 2). The cube is split by month or by day, keeps every score apart and covers the
// champion. A calibration that certifies nothing is an answer; goals that make no sense are an error, and so is a history
// without records, outcomes or times, which wraps ErrNothing.
func Calibrate(cube *replay.Cube, champion *replay.Policy, g Goals) (*Calibration, error) {
	g, err := g.complete()
	if err != nil {
		return nil, err
	}
	if g.Entity != cube.Entity() {
		return nil, fmt.Errorf("goals by entity %q of a cube by %q: want the same", g.Entity, cube.Entity())
	}
	base, err := banded(cube, champion, g)
	if err != nil {
		return nil, err
	}
	list, timeless, err := periodsOf(cube, champion)
	if err != nil {
		return nil, err
	}
	c := &Calibration{Goals: g, Champion: champion, Base: base, Timeless: timeless, Mature: cube.Account.Mature, Production: cube.Production(), Recommended: -1}
	list = g.known(list)
	if err := enough(list, timeless, c.Mature); err != nil {
		return nil, err
	}
	for list[len(list)-1].total.Labeled() == 0 { // too young for an outcome: they can neither rank nor certify
		c.Young += list[len(list)-1].total.N()
		list = list[:len(list)-1]
	}
	if from := g.CertifyFrom; from != "" && (len(list) < 3 || list[1].key >= from || list[len(list)-1].key < from) {
		return nil, fmt.Errorf("certify from %s: want two months or more before it, to propose and to rank, and one from it on; the history has %s to %s", from, list[0].key, list[len(list)-1].key)
	}
	if len(list) >= 3 {
		done, err := c.search(cube, list)
		if done || err != nil {
			return c, err
		}
	}
	return c, c.ladder(cube, list)
}

// enough reports why nothing can be learned from some periods.
func enough(list []period, timeless int64, mature *dataset.Mature) error {
	var total replay.Tally
	for _, p := range list {
		total = total.Add(p.total)
	}
	switch {
	case total.N() == 0 && timeless > 0:
		return fmt.Errorf("%w: none of %s records has a time, and windows are made of time", ErrNothing, count(timeless))
	case total.N() == 0 && mature != nil && mature.Immature > 0:
		return fmt.Errorf("%w: none of %s records is %d days old, so no label is final: --maturity takes fewer days", ErrNothing, count(mature.Immature), mature.Days)
	case total.N() == 0:
		return fmt.Errorf("%w: the history holds no record", ErrNothing)
	case total.Labeled() == 0:
		return fmt.Errorf("%w: none of %s records is labeled, so no fraud rate is known", ErrNothing, count(total.N()))
	}
	return nil
}

// search proposes, ranks and certifies. It is not done where the certify window is too small for what was proposed.
func (c *Calibration) search(cube *replay.Cube, list []period) (done bool, err error) {
	dealt := deal(list, c.Goals.CertifyFrom)
	windows, err := windowsOf(cube, c.Champion, dealt)
	if err != nil {
		return false, err
	}
	last := windows[2]
	c.measure(windows[:2])
	proposer, err := newProposer(windows[0], c.Champion, c.Base, c.Goals, ratioOf(last.Total.Labeled(), windows[0].Total.Labeled()))
	if err != nil {
		return false, err
	}
	if c.expected(last) < tooFew {
		return false, nil
	}
	found, err := proposer.propose()
	if err != nil {
		return false, err
	}
	c.Windows, c.Proposed = windows, len(found)
	if err := c.standing(windows); err != nil {
		return false, err
	}
	if err := c.rank(windows, found); err != nil {
		return false, err
	}
	return true, c.walk(last)
}

func ratioOf(a, b int64) float64 { return float64(max(a, 1)) / float64(max(b, 1)) }

// measure puts what came of production's own treatments in the place of guesses, from windows that do not certify: the order of
// the walk must owe nothing to the records that it is walked on.
func (c *Calibration) measure(windows []Window) {
	for _, w := range windows {
		c.Treated = c.Treated.Add(w.cube.Treated())
	}
	c.Goals.Economics = Measured(c.Goals.Economics, c.Treated)
}

// expected is the least number of events that a limit allows in a window: of as many labeled records as the base approves, all
// else being equal. No outcome is looked at, so that the choice of the procedure has none to depend on.
func (c *Calibration) expected(w Window) float64 {
	least := math.Inf(1)
	for _, l := range c.Goals.Limits {
		a := l.Bound.Float()
		if l.AtLeast {
			a = 1 - a
		}
		if replay.IsShare(l.Measure) && !IsFinal(l.Measure) {
			least = min(least, a)
		}
	}
	r, err := w.cube.Run(c.Champion)
	if err != nil || w.Total.N() == 0 {
		return 0
	}
	return least * float64(w.Total.Labeled()) * float64(r.Approved().N()) / float64(w.Total.N())
}

// standing counts the champion in each window and holds its limits against the last, which policies will be heard on.
func (c *Calibration) standing(windows []Window) error {
	for _, w := range windows {
		r, err := w.cube.Run(c.Champion)
		if err != nil {
			return err
		}
		c.Current, c.past = append(c.Current, r.Counts), append(c.past, producedIn(r))
	}
	last := len(windows) - 1
	var err error
	if c.last, err = newHearing(windows[last], c.Champion, c.Base, c.Goals); err != nil {
		return err
	}
	if c.last.wager, err = newWager(windows[last].cube, c.Goals); err != nil {
		return err
	}
	c.Standing, err = c.findings(c.Champion, c.Current[last], windows[last])
	return err
}

// rank fixes the candidates and their order by records that no search has seen: those that keep the limits that cannot be
// certified, and of which none has both more of the objective and a smaller p-value; the smallest p-value first.
func (c *Calibration) rank(windows []Window, found []proposal) error {
	seen, err := NewSpace(windows[0].cube, c.Base)
	if err != nil {
		return err
	}
	h, err := newHearing(windows[1], c.Champion, c.Base, c.Goals)
	if err != nil {
		return err
	}
	type ranked struct {
		Candidate
		gain int64
		at   int // among the proposals: what resolves ties
	}
	var list []ranked
	for i, p := range found {
		counts, withheld := h.space.counts(p.policy), h.withheld(p.policy)
		if !h.checked(counts, withheld) {
			continue
		}
		r := ranked{Candidate{Family: p.family, Policy: p.policy}, h.gain.Of(counts), i}
		r.RankLogP, _ = h.logP(counts, withheld, nil) // any order is as good for the promise
		r.Counts = []replay.Counts{seen.counts(p.policy), counts, {}}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.RankLogP, b.RankLogP), cmp.Compare(b.gain, a.gain), cmp.Compare(a.at, b.at))
	})
	most := int64(math.MinInt64)
	for _, r := range list {
		if r.gain > most {
			most = r.gain
			c.Candidates = append(c.Candidates, r.Candidate)
		}
	}
	return nil
}

// walk tests the candidates in order on the last window and stops at the first that fails. A ladder is tested as a whole:
// its order says nothing of where certainty begins, so that it is walked from several places (FixedSequence).
func (c *Calibration) walk(w Window) error {
	h, last := c.last, len(c.Windows)-1
	c.Level = c.Goals.Delta
	if c.Ladder {
		c.Level /= ladderStarts
	}
	var ps []float64
	for i := range c.Candidates {
		at := &c.Candidates[i]
		at.Counts[last] = h.space.counts(at.Policy)
		withheld := h.withheld(at.Policy)
		designs, err := h.designs(at.Policy, c.Level)
		if err != nil {
			return err
		}
		at.LogP, at.Withheld = h.logP(at.Counts[last], withheld, designs)
		wagered, err := h.wagered(at.Policy, withheld, c.Level)
		if err != nil {
			return err
		}
		at.LogP = max(at.LogP, wagered)
		at.Checked = h.checked(at.Counts[last], withheld)
		ps = append(ps, math.Exp(at.LogP))
		c.Tested++
		if at.Passed = at.LogP <= math.Log(c.Level); !at.Passed && !c.Ladder {
			break
		}
	}
	if c.Ladder {
		passed := FixedSequence(ps, c.Goals.Delta, ladderStarts)
		for i := range c.Candidates {
			c.Candidates[i].Passed = slices.Contains(passed, i)
		}
	}
	return c.choose(w)
}

// choose recommends the certified candidate with the most of the objective in the last window or, where there is none, finds
// what the nearest lacks.
func (c *Calibration) choose(w Window) error {
	nearest := -1
	for i := range c.Candidates[:c.Tested] {
		at := &c.Candidates[i]
		if at.Passed {
			c.Passed++
		} else if nearest < 0 || at.LogP < c.Candidates[nearest].LogP {
			nearest = i
		}
	}
	c.Recommended = c.best(&c.last.bench, func(at *Candidate) bool { return at.Checked })
	if err := c.refuse(w); err != nil || c.Recommended >= 0 || nearest < 0 {
		return err
	}
	var err error
	c.Missing, err = c.findings(c.Candidates[nearest].Policy, c.Candidates[nearest].Counts[len(c.Windows)-1], w)
	return err
}

// best returns the index of the certified candidate with the most of the bench's objective in the last window, among those that
// keep the limits which cannot be certified and approve somebody; -1 where there is none.
func (c *Calibration) best(b *bench, checked func(*Candidate) bool) int {
	last, best, most := len(c.Windows)-1, -1, int64(math.MinInt64)
	for i := range c.Candidates[:c.Tested] {
		at := &c.Candidates[i]
		if gain := b.gain.Of(at.Counts[last]); at.Passed && gain > most && checked(at) && at.Counts[last].Approved().N() > 0 {
			best, most = i, gain
		}
	}
	return best
}

// Recommendation returns the recommended candidate, or false.
func (c *Calibration) Recommendation() (Candidate, bool) {
	if c.Recommended < 0 {
		return Candidate{}, false
	}
	return c.Candidates[c.Recommended], true
}

// P returns the candidate's p-value in the last window, RankP that in the window that fixed the order.
func (c Candidate) P() Number     { return Number(math.Exp(c.LogP)) }
func (c Candidate) RankP() Number { return Number(math.Exp(c.RankLogP)) }

// MinDelta is the smallest one that may be asked for. Less would print as a confidence of 100 %, and is 1 as a float soon after.
const MinDelta = 1e-6
