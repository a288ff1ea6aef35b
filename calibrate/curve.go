package calibrate

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A StrategyCurve is what a policy does as one of its cutoffs moves over every distinct score of a history, or the efficient
// frontier of a pair of cutoffs: the fraud rate among approved against the approval rate.
type StrategyCurve struct {
	Policy  *replay.Policy
	Cutoffs []Cutoff
	// Points of a single cutoff rise with it, one for each distinct score and one above all scores. Points of a pair are its
	// frontier, with rising approvals: no other pair approves as many records at a lower fraud rate, or more at the same. Undecided
	// records count as they hurt there: the fewest approvals and the worst fraud rate that they can leave.
	// There is none without a score, and none on a frontier where nothing that is sure to be approved is labeled.
	Points []CurvePoint
	// Tried counts the policies that the points are taken from: the points themselves, or every pair of distinct cutoffs.
	Tried int64
	// Marks are the operating points of policies, the curve's own first.
	Marks []CurveMark
	// Scored counts the records that have a score of the cutoffs' product, of the first of the two where there are two.
	Scored int64
	// Simultaneous tells whether all the intervals of the fraud rate hold at once, each with the same share of the error, or
	// each for itself alone. Those of a frontier are simultaneous over all that was tried, since it was chosen by looking.
	Simultaneous bool
	Confidence   float64
	// Nested tells whether records only ever leave, or only ever join, the approved ones as the cutoff rises: only then do
	// points carry an interval of the approval rate, which is DKW's.
	Nested bool
}

// A CurvePoint is the policy with its cutoffs at At, and what it does to the history.
type CurvePoint struct {
	At []int
	replay.Counts
	// Open are the undecided of the counts, for the ranges of measures; see Setting.
	Open replay.Open
	// FraudRate and Approval bound the two rates; where records are undecided, from the low end of the least rate that they can
	// leave to the high end of the most. Approval is undefined where StrategyCurve.Nested is false.
	FraudRate, Approval Interval
}

// A CurveMark is the operating point of a policy.
type CurveMark struct {
	replay.Result
	// At are the cutoffs of the curve's own policy, nil for another.
	At        []int
	FraudRate Interval
}

// CurveOptions say which curve is wanted. The zero value is the simultaneous band at 95 %.
type CurveOptions struct {
	Confidence float64
	Pointwise  bool
}

// Strategy returns the curve of one cutoff, or the frontier of two, of the policy over a cube that keeps every score of their
// products apart (Question.ExactOf) and covers the policy and the marks.
func Strategy(cube *replay.Cube, p *replay.Policy, cutoffs []Cutoff, marks []*replay.Policy, opt CurveOptions) (*StrategyCurve, error) {
	if opt.Confidence == 0 {
		opt.Confidence = 0.95
	}
	c := &StrategyCurve{Policy: p, Cutoffs: cutoffs, Simultaneous: !opt.Pointwise, Confidence: opt.Confidence}
	if err := checkMoves(p, cutoffs); err != nil {
		return nil, err
	}
	s, err := newSweep(cube, p, cutoffs[0], func(replay.Pile) bool { return true })
	if err != nil {
		return nil, err
	}
	now, _ := s.counts(*cutoffs[0].bands(p))
	total := now.Total()
	c.Scored = total.N() - s.fixed.Total().N()
	if c.Scored > 0 {
		switch {
		case len(cutoffs) == 1:
			c.single(s)
		case cutoffs[0].Product == cutoffs[1].Product:
			c.front(slices.Values(samePairs(s, p, cutoffs)), func(at []int) (replay.Counts, replay.Open) {
				return s.counts(*cutoffs[0].bands(Move(p, cutoffs, at)))
			})
		default:
			if err := c.pair(cube); err != nil {
				return nil, err
			}
		}
	}
	if err := c.mark(cube, marks); err != nil {
		return nil, err
	}
	c.bound(total.N())
	return c, nil
}

func checkMoves(p *replay.Policy, cutoffs []Cutoff) error {
	if len(cutoffs) != 1 && len(cutoffs) != 2 {
		return fmt.Errorf("%d cutoffs: want one, or a pair", len(cutoffs))
	}
	for _, c := range cutoffs {
		if _, err := c.Of(p); err != nil {
			return err
		}
	}
	if len(cutoffs) == 2 && cutoffs[0].Product == cutoffs[1].Product && cutoffs[0].Cluster >= cutoffs[1].Cluster {
		return fmt.Errorf("cutoffs %s and %s: want two different ones, of one product the lower first", cutoffs[0], cutoffs[1])
	}
	return nil
}

// single evaluates every cutoff.
func (c *StrategyCurve) single(s *sweep) {
	c.Nested = s.rises || s.falls
	for _, at := range s.cutoffs() {
		bands := *c.Cutoffs[0].bands(Move(c.Policy, c.Cutoffs, []int{at}))
		point := CurvePoint{At: []int{at}}
		point.Counts, point.Open = s.counts(bands)
		c.Points = append(c.Points, point)
	}
	c.Tried = int64(len(c.Points))
}

// mark replays the curve's policy and the others over the cube.
func (c *StrategyCurve) mark(cube *replay.Cube, marks []*replay.Policy) error {
	for i, p := range append([]*replay.Policy{c.Policy}, marks...) {
		r, err := cube.Run(p)
		if err != nil {
			return err
		}
		m := CurveMark{Result: *r}
		for _, cut := range c.Cutoffs {
			at, err := cut.Of(p)
			if err == nil && i == 0 {
				m.At = append(m.At, at)
			}
		}
		c.Marks = append(c.Marks, m)
	}
	return nil
}

// bound adds the intervals, each around all rates that undecided records can leave.
func (c *StrategyCurve) bound(records int64) {
	var least, most extents
	for _, p := range c.Points {
		least, most = c.extend(least, most, c.Policy, p.Counts, &p.Open)
	}
	for _, m := range c.Marks {
		least, most = c.extend(least, most, m.Policy, m.Counts, &m.Open)
	}
	band := c.intervals(least.rates)
	for i, r := range most.rates {
		if r != least.rates[i] { // a bound takes longer than all the rest of a point
			band[i].High = c.intervals(most.rates[i : i+1])[0].High
		}
	}
	for i := range c.Marks {
		c.Marks[i].FraudRate = band[len(c.Points)+i]
	}
	for i := range c.Points {
		c.Points[i].FraudRate, c.Points[i].Approval = band[i], Interval{Undefined(), Undefined()}
	}
	if !c.Nested {
		return
	}
	n := len(c.Points)
	above := DKWBand(most.approved[:n], records, c.Confidence)
	for i, b := range DKWBand(least.approved[:n], records, c.Confidence) {
		c.Points[i].Approval = Interval{b.Low, above[i].High}
	}
}

// Extents are one end of the rates that undecided records can leave, of points and then of marks.
type extents struct {
	rates    []Ratio
	approved []int64
}

// extend appends the ends of one policy's rates.
func (c *StrategyCurve) extend(least, most extents, p *replay.Policy, counts replay.Counts, open *replay.Open) (extents, extents) {
	low, high := fraudRatio(counts), fraudRatio(counts)
	few := counts.Approved().N()
	many := few
	if b := newBounder(p, counts, open); b != nil {
		low, high = b.rate("fraud_rate")
		l, m := b.rate("approval_rate")
		few, many = l.K, m.K
	}
	return extents{append(least.rates, low), append(least.approved, few)}, extents{append(most.rates, high), append(most.approved, many)}
}

// intervals bounds fraud rates of the points and the marks.
func (c *StrategyCurve) intervals(rates []Ratio) []Interval {
	if c.Simultaneous {
		return simultaneous(rates, c.Confidence, c.Family())
	}
	out := make([]Interval, len(rates))
	for i, r := range rates {
		low, high := Wilson(r.K, r.N, c.Confidence)
		out[i] = Interval{Number(low), Number(high)}
	}
	return out
}

// Family returns how many rates the simultaneous intervals hold for at once: all that were tried, and the marks.
func (c *StrategyCurve) Family() int64 { return c.Tried + int64(len(c.Marks)) }

func fraudRatio(c replay.Counts) Ratio {
	t := c.Approved()
	return Ratio{t.Records[dataset.Fraud], t.Labeled()}
}
