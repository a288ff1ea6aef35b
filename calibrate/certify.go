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

	last *hearing // of the last window
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
	// Withheld is how many records that it approves against the champion lack a label which they should have, in the last
	// window: each counts as what hurts a limit most.
	Withheld int64
	// Passed reports whether it is certified.
	Passed bool
	// Checked reports whether it keeps, in the last window, the limits that cannot be certified.
	Checked bool
}

// A Finding is a limit held against the counts of a window.
type Finding struct {
	Limit replay.Limit
	// K of N is the ratio that is to be at most Alpha; of a limit from below, it is the rest. Certifiable is set where it is a
	// share of records; the fields below are set for these alone.
	K, N        int64
	Alpha       float64
	Certifiable bool
	// Withheld counts the records of K or N that are approved against the champion and lack a label that they should have;
	// they count as what hurts most.
	Withheld int64
	Met      bool
	P        Number
	// Bound is the exact upper bound of the ratio at the calibration's delta.
	Bound   Number
	Missing Shortfall
}

// DefaultDelta is the probability, at most, that a certificate is wrong.
const DefaultDelta = 0.05

// MinDelta is the smallest one that may be asked for. Less would print as a confidence of 100 %, and is 1 as a float soon after.
const MinDelta = 1e-6

// tooFew is the number of expected events in the certify window below which a ladder takes the place of a search.
const tooFew = 10

// ErrNothing is why there is no calibration where records, outcomes or times are missing.
var ErrNothing = errors.New("nothing to calibrate")

// Calibrate proposes policies on the oldest third of a history or so, ranks them on the records after these, and certifies on
// the newest (STATISTICS.md, section 2). The cube is split by month or by day, keeps every score apart and covers the
// champion. A calibration that certifies nothing is an answer; goals that make no sense are an error, and so is a history
// without records, outcomes or times, which wraps ErrNothing.
func Calibrate(cube *replay.Cube, champion *replay.Policy, g Goals) (*Calibration, error) {
	if g.Delta == 0 {
		g.Delta = DefaultDelta
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	base, err := banded(cube, champion, g)
	if err != nil {
		return nil, err
	}
	list, timeless, err := periodsOf(cube, champion)
	if err != nil {
		return nil, err
	}
	c := &Calibration{Goals: g, Champion: champion, Base: base, Timeless: timeless, Recommended: -1}
	if g.Until != "" {
		list = slices.DeleteFunc(list, func(p period) bool { return p.key >= g.Until })
	}
	if err := enough(list, timeless); err != nil {
		return nil, err
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
func enough(list []period, timeless int64) error {
	var total replay.Tally
	for _, p := range list {
		total = total.Add(p.total)
	}
	switch {
	case total.N() == 0 && timeless > 0:
		return fmt.Errorf("%w: none of %s records has a time, and windows are made of time", ErrNothing, count(timeless))
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
	var windows []Window
	for i, name := range []string{"propose", "rank", "certify"} {
		w, err := windowOf(name, cube, dealt[i])
		if err != nil {
			return false, err
		}
		windows = append(windows, w)
	}
	last := windows[2]
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

// expected is the least number of events that a limit allows in a window: of as many labeled records as the base approves, all
// else being equal. No outcome is looked at, so that the choice of the procedure has none to depend on.
func (c *Calibration) expected(w Window) float64 {
	least := math.Inf(1)
	for _, l := range c.Goals.Limits {
		a := l.Bound.Float()
		if l.AtLeast {
			a = 1 - a
		}
		if replay.IsShare(l.Measure) {
			least = min(least, a)
		}
	}
	r, err := w.cube.Run(c.Champion)
	if err != nil || w.Total.N() == 0 {
		return 0
	}
	return least * float64(w.Total.Labeled()) * float64(r.Approved().N()) / float64(w.Total.N())
}

// standing counts the champion in each window and holds its limits against the last.
func (c *Calibration) standing(windows []Window) error {
	for _, w := range windows {
		r, err := w.cube.Run(c.Champion)
		if err != nil {
			return err
		}
		c.Current = append(c.Current, r.Counts)
	}
	last := len(windows) - 1
	var err error
	c.Standing, err = c.findings(c.Champion, c.Current[last], windows[last])
	return err
}

// findings holds every limit of the goals against counts of a window.
func (c *Calibration) findings(p *replay.Policy, counts replay.Counts, w Window) ([]Finding, error) {
	j, err := newBench(c.Goals, p, w.Days())
	if err != nil {
		return nil, err
	}
	var withheld int64
	if p != c.Champion && c.last != nil {
		withheld = c.last.withheld(p)
	}
	var out []Finding
	for i := range j.targets {
		out = append(out, j.targets[i].finding(counts, withheld, cmp.Or(c.Level, c.Goals.Delta)))
	}
	return out, nil
}

func (t *target) finding(c replay.Counts, withheld int64, delta float64) Finding {
	v := Finding{Limit: t.Limit, Alpha: t.alpha(), Certifiable: t.share, P: Undefined(), Bound: Undefined()}
	if t.hidden != dataset.Unlabeled {
		v.Withheld = withheld
	}
	c = t.withhold(c, withheld)
	v.K, v.N = t.count(c)
	v.Met = t.met(c)
	if t.share {
		v.P, v.Bound = Number(PValue(v.K, v.N, v.Alpha)), Number(UpperBound(v.K, v.N, delta))
		v.Missing = MissingLabels(v.K, v.N, v.Alpha, delta)
	}
	return v
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
		counts := h.space.counts(p.policy)
		if !h.checked(counts) {
			continue
		}
		r := ranked{Candidate{Family: p.family, Policy: p.policy, RankLogP: h.logP(counts, h.withheld(p.policy))}, h.gain.Of(counts), i}
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
	h, err := newHearing(w, c.Champion, c.Base, c.Goals)
	if err != nil {
		return err
	}
	c.last = h
	last := len(c.Windows) - 1
	c.Level = c.Goals.Delta
	if c.Ladder {
		c.Level /= ladderStarts
	}
	var ps []float64
	for i := range c.Candidates {
		at := &c.Candidates[i]
		at.Counts[last] = h.space.counts(at.Policy)
		at.Withheld, at.Checked = h.withheld(at.Policy), h.checked(at.Counts[last])
		at.LogP = h.logP(at.Counts[last], at.Withheld)
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
	j := &c.last.bench
	last := len(c.Windows) - 1
	most, nearest := int64(math.MinInt64), -1
	for i := range c.Candidates[:c.Tested] {
		at := &c.Candidates[i]
		if !at.Passed {
			if nearest < 0 || at.LogP < c.Candidates[nearest].LogP {
				nearest = i
			}
			continue
		}
		c.Passed++
		if gain := j.gain.Of(at.Counts[last]); at.Checked && gain > most && j.approves(at.Counts[last]) {
			most, c.Recommended = gain, i
		}
	}
	if c.Recommended >= 0 || nearest < 0 {
		return nil
	}
	var err error
	c.Missing, err = c.findings(c.Candidates[nearest].Policy, c.Candidates[nearest].Counts[last], w)
	return err
}

// approves reports whether a policy approves anybody at all.
func (j *bench) approves(c replay.Counts) bool {
	return c.Actions[dataset.Approve].N()+c.Actions[dataset.Monitor].N() > 0
}

// rungs are how far the edges of a ladder's policies are from the champion's: all of them, of both products, at once.
var rungs = [...]int{300, 250, 200, 150, 120, 100, 80, 60, 40, 20, 0, -20, -40, -60, -80, -100}

// ladderStarts are the places from which a ladder is walked: the strictest rung, one that is moderately stricter than the
// champion, and the champion. The strictest approves so few that it may show nothing.
const ladderStarts = 3

// ladder tests policies that were fixed before any record was looked at, from the strictest to the mildest, on all records, or
// on those from CertifyFrom on: the ones before may have carried a promise already.
func (c *Calibration) ladder(cube *replay.Cube, list []period) error {
	list = slices.DeleteFunc(slices.Clone(list), func(p period) bool { return p.key < c.Goals.CertifyFrom })
	w, err := windowOf("all", cube, list)
	if err != nil {
		return err
	}
	c.Ladder, c.Windows, c.Current, c.Candidates, c.Proposed = true, []Window{w}, nil, nil, len(rungs)
	if err := c.standing(c.Windows); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, by := range rungs {
		p := *newMould(c.Base, c.Goals).fresh()
		p.FirstBands = shifted(p.FirstBands, by)
		if p.Second != "" {
			p.SecondBands = shifted(p.SecondBands, by)
		}
		if text := string(p.YAML()); !seen[text] {
			seen[text] = true
			c.Candidates = append(c.Candidates, Candidate{Family: Neighbours, Policy: &p, Counts: make([]replay.Counts, 1)})
		}
	}
	return c.walk(w)
}

// shifted moves all edges by so much, as far as four edges fit within 1..1000.
func shifted(b replay.Bands, by int) replay.Bands {
	for i := range b.Edges {
		b.Edges[i] = min(max(b.Edges[i]+by, 1+i), dataset.MaxScore-len(b.Edges)+1+i)
	}
	return b
}

// Recommendation returns the recommended candidate, or false.
func (c *Calibration) Recommendation() (Candidate, bool) {
	if c.Recommended < 0 {
		return Candidate{}, false
	}
	return c.Candidates[c.Recommended], true
}
