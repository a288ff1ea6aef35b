package calibrate

import (
	"math/big"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Ruling is what became of a limit. It is part of the JSON output.
type Ruling string

const (
	Holds  Ruling = "holds"
	Broken Ruling = "broken"
	// TooSmall is said of a group with fewer labeled records than the acceptance asks for: neither held nor broken.
	TooSmall Ruling = "too_small"
)

// A Gate is what an acceptance says of a challenger.
type Gate struct {
	// Verdicts holds one for each limit on all records, in the order of the acceptance, then one for each limit on segments
	// and each group, limit by limit, groups by their keys.
	Verdicts []Verdict
	// By names the fields that the groups share the values of; nil without segments.
	By []string
	// Groups is how many there are; MinLabeled is what they must have to be judged.
	Groups     int
	MinLabeled int64
	// Confidence is that of each limit on a bound, by itself.
	Confidence float64
}

// A Verdict is one limit and what the records say to it.
type Verdict struct {
	replay.Criterion
	Ruling Ruling
	// Key has a value for each of the Gate's By fields; it is nil for a verdict on all records.
	Key []string
	// Champion and Challenger are the measure of each policy as it was judged: where a policy has undecided records, each of
	// them counts as what hurts the challenger most. Undecided is how many of them the measure depends on, of the policies
	// that the limit looks at.
	Champion, Challenger Measure
	Undecided            int64
	// Straddles is set where the limit is broken with the undecided records taken so, and would hold with them taken the other way:
	// the answer is in what the history did not ask.
	Straddles bool
	// Seen is what was held to the bound: the challenger's value, its one-sided confidence bound, its change or the one-sided
	// bound of that, or the factor. It is undefined where it rests on 0/0, or where the records cannot tell a bound, and then
	// the limit is broken; a factor is undefined of a champion's 0 too, of which any multiple is 0.
	Seen Number
	// Method names how the bound of a limit on one is computed; MethodNone for a limit on the value, or on something undefined.
	Method string
	// Unlabeled counts the records without a label that the challenger approves and production stopped, where the measure is a
	// rate among labeled approvals: they are in neither of its counts.
	Unlabeled int64
	// Withheld is how many of them a limit on a bound takes for fraud: those that would have a label if they were labeled as often
	// as what the champion approves, beyond chance (see hearing). A promise must not rest on outcomes that production kept from being.
	Withheld int64
	// Labeled is how many records of the group have a label.
	Labeled int64
}

// Judge holds a comparison to an acceptance. by names the fields that the comparison is split by; those of the acceptance's
// segments must be among them. period is that of the history, nil where no record has a time. confidence, in (0.5, 1), is that
// of the limits on a bound.
func Judge(a *replay.Acceptance, c *replay.Comparison, by []string, period *dataset.Period, confidence float64) Gate {
	g := Gate{Confidence: confidence}
	for _, limit := range a.Limits {
		g.Verdicts = append(g.Verdicts, judge(mustDefine(limit.Measure, Days(period)), limit, c, &c.Swap, confidence))
	}
	if a.Segments == nil {
		return g
	}
	g.By, g.MinLabeled = a.Segments.By, a.Segments.MinLabeled
	if len(g.By) == 0 {
		g.By = by
	}
	groups := regroup(c.Groups, by, g.By)
	g.Groups = len(groups)
	for _, limit := range a.Segments.Limits {
		for i := range groups {
			q := mustDefine(limit.Measure, GroupDays(period, g.By, groups[i].Key))
			v := judge(q, limit, c, &groups[i].Swap, confidence)
			v.Key = groups[i].Key
			if v.Labeled < g.MinLabeled {
				v.Ruling = TooSmall
			}
			g.Verdicts = append(g.Verdicts, v)
		}
	}
	return g
}

// Ruling is Broken where any limit is, and Holds where none is and at least one holds. Where nothing was judged, because every
// group is too small or there is no record, it is TooSmall: silence is no consent.
func (g Gate) Ruling() Ruling {
	out := TooSmall
	for _, v := range g.Verdicts {
		switch v.Ruling {
		case Broken:
			return Broken
		case Holds:
			out = Holds
		}
	}
	return out
}

// Broken returns the verdicts on limits that are broken.
func (g Gate) Broken() []Verdict {
	return slices.DeleteFunc(slices.Clone(g.Verdicts), func(v Verdict) bool { return v.Ruling != Broken })
}

// regroup adds up groups by fewer fields than they are split by, in any order; the result is ordered by key.
func regroup(groups []replay.SwapGroup, by, fields []string) []replay.SwapGroup {
	at := make([]int, len(fields))
	for i, f := range fields {
		if at[i] = slices.Index(by, f); at[i] < 0 {
			panic("calibrate: segments by " + f + ", which the comparison is not split by")
		}
	}
	var out []replay.SwapGroup
	for _, g := range groups {
		key := make([]string, len(at))
		for i, j := range at {
			key[i] = g.Key[j]
		}
		out = append(out, replay.SwapGroup{Key: key, Swap: g.Swap})
	}
	order := func(a, b replay.SwapGroup) int { return slices.Compare(a.Key, b.Key) }
	slices.SortStableFunc(out, order)
	merged := out[:0]
	for _, g := range out {
		if last := len(merged) - 1; last >= 0 && order(merged[last], g) == 0 {
			merged[last].Swap = merged[last].Swap.Add(g.Swap)
			continue
		}
		merged = append(merged, g)
	}
	return merged
}

// judge holds the records of a swap table to one limit, whose measure q reads.
func judge(q gauge, limit replay.Criterion, c *replay.Comparison, s *replay.Swap, confidence float64) Verdict {
	q.may = [2]uint8{mayBecome(c.Champion), mayBecome(c.Challenger)}
	v := judgeAt(true, q, limit, c, s, confidence)
	if v.Ruling == Broken && v.Undecided > 0 {
		v.Straddles = judgeAt(false, q, limit, c, s, confidence).Ruling == Holds
	}
	return v
}

// judgeAt takes undecided records as they hurt the challenger most or, with hurt false, least.
func judgeAt(hurt bool, q gauge, limit replay.Criterion, c *replay.Comparison, s *replay.Swap, confidence float64) Verdict {
	// Whoever is held down is hurt by what is high, and the other way round; the champion by the opposite of both.
	settled := q.settle(s, limit.AtLeast == hurt, limit.AtLeast != hurt)
	a, b := s.Counts()
	v := Verdict{Criterion: limit, Ruling: Broken, Seen: Undefined(), Method: MethodNone, Labeled: a.Total().Labeled(), Undecided: q.pending(b, 1)}
	if limit.Kind != replay.Absolute {
		v.Undecided += q.pending(a, 0)
	}
	if limit.OnBound && !limit.AtLeast && q.den == (region{approved, labeled}) && q.num.labels == fraud {
		v.Withheld = takeForFraud(&settled, swapInsLacking(s, a.Approved()))
	}
	v.Champion, v.Challenger = q.measures(c, &settled, confidence)
	if q.den == (region{approved, labeled}) {
		v.Unlabeled = s.SwapIns().Records[dataset.Unlabeled]
	}
	holds := false
	switch {
	case !v.Challenger.Value.Defined(), limit.Kind != replay.Absolute && !v.Champion.Value.Defined():
	case limit.OnBound:
		v.Seen, v.Method = v.bound(c, &settled, 1-confidence)
		holds = v.Seen.Defined() && within(limit, new(big.Rat).SetFloat64(float64(v.Seen)), limit.Bound.Rat())
	default:
		var seen, bound *big.Rat
		v.Seen, seen, bound = v.value()
		holds = within(limit, seen, bound)
	}
	if holds {
		v.Ruling = Holds
	}
	return v
}

// swapInsLacking returns how many labels the swap-ins lack of those that records the champion approves have.
func swapInsLacking(s *replay.Swap, kept replay.Tally) int64 {
	if kept.N() == 0 {
		return s.SwapIns().Records[dataset.Unlabeled]
	}
	return lacking(s.SwapIns(), float64(kept.Labeled())/float64(kept.N()))
}

// takeForFraud gives so many records without a label that the challenger approves the label of a fraud: those that the champion
// does not approve first, since a fraud that both approve changes no difference. It returns how many there were.
func takeForFraud(s *replay.Swap, lack int64) (n int64) {
	for _, both := range []bool{false, true} {
		for from := range s.Actions {
			for _, to := range replay.Approved {
				if isApproved(dataset.Action(from)) == both {
					n += relabel(&s.Actions[from][to], dataset.Fraud, lack-n)
				}
			}
		}
	}
	return n
}

func within(limit replay.Criterion, seen, bound *big.Rat) bool {
	if limit.AtLeast {
		return seen.Cmp(bound) >= 0
	}
	return seen.Cmp(bound) <= 0
}

// value returns what a limit on the value looks at, and the two exact numbers to compare: counts are divided by nobody but
// big.Rat, so that 1 of 200 is 0.5 %. A factor is compared as a product, which a champion's 0 does not make infinite.
func (v Verdict) value() (seen Number, held, bound *big.Rat) {
	mine, theirs, bound := exact(v.Challenger), exact(v.Champion), v.Bound.Rat()
	switch v.Kind {
	case replay.Change:
		mine.Sub(mine, theirs)
	case replay.Times:
		if v.Champion.Value == 0 {
			return Undefined(), mine, new(big.Rat)
		}
		return v.Challenger.Value / v.Champion.Value, mine, bound.Mul(bound, theirs)
	}
	f, _ := mine.Float64()
	return Number(f), mine, bound
}

// exact returns a measure's value in its unit. The denominator is not 0, or the measure is not looked at.
func exact(m Measure) *big.Rat {
	if m.Denominator == 0 {
		return new(big.Rat)
	}
	r := big.NewRat(m.Numerator, m.Denominator)
	if m.Unit == BPS {
		r.Mul(r, big.NewRat(10_000, 1))
	}
	return r
}
