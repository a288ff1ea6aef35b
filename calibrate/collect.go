package calibrate

import (
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Collection is what to collect so that a limit which undecided records straddle can be answered: the second product's answer
// on some records, picked at random among those of a few ranges of the first product's score.
//
// It is a plan and no promise. The records that are decided and those that are not are taken apart, each tested at half the
// level, and the latter are given the rate that the former leave them (Allowed). Of these it assumes that an answer leads to a
// counted record as often as the answers that the history has in the same rows (Yield), and that as many of those count against
// the limit as of the decided ones (Rate).
type Collection struct {
	Limit replay.Limit
	// Product is the one to ask, Of the one whose scores the ranges are of.
	Product, Of string
	// Ranges are at most MostRanges, in order, those without a score first; Undecided is how many records they hold in the window.
	Ranges    []ScoreRange
	Undecided int64
	// PerMonth is how many of these there are in 30 days.
	PerMonth float64
	// Rate, Allowed and Yield are the assumptions, shares each.
	Rate, Allowed, Yield Number
	// Counted is how many answers must count for the limit, Answers how many must be asked for. Both are 0 where no number
	// answers it: Reachable is false then.
	Counted, Answers int64
	Reachable        bool
}

// A ScoreRange is Low..High of a score, both included, or the records without one, where both are NoScore. Undecided counts those
// that a policy leaves undecided there.
type ScoreRange struct {
	Low, High int
	Undecided int64
}

// nearScores is how far apart ranges are at least that are worth telling apart.
const nearScores = 25

// MostRanges is how many ranges of scores a person is asked to look at.
const MostRanges = 3

// Share returns how many of a month's undecided records are to be asked, over Months of them: at most 1.
func (c Collection) Share() Number {
	return Number(float64(c.Answers) / (c.PerMonth * float64(c.Months())))
}

// Months returns for how many months to ask.
func (c Collection) Months() int64 { return max(1, int64(math.Ceil(float64(c.Answers)/c.PerMonth))) }

// fewAnswers are too few to tell from them how often an answer leads to a counted record.
const fewAnswers = 30

// collect plans the answer to a limit that a policy straddles in a window of so many days.
func (s *Space) collect(t *target, p *replay.Policy, w withholding, days int64, level float64) Collection {
	out := Collection{Limit: t.Limit, Product: p.Second, Of: p.First, Ranges: s.openRanges(p), Rate: Undefined(), Allowed: Undefined()}
	for _, r := range out.Ranges {
		out.Undecided += r.Undecided
	}
	out.PerMonth = float64(out.Undecided) * 30 / float64(max(days, 1))
	decided, _ := t.withhold(s.decided(p), withholding{labels: w.labels})
	k, n := t.num.Of(decided), t.den.Of(decided)
	out.Yield = s.yield(t, p)
	if !t.share || out.Yield <= 0 {
		return out
	}
	weight := float64(out.Yield) * float64(out.Undecided)
	allowed := t.alpha()
	if out.Rate = 0; n > 0 {
		out.Rate = divide(k, n)
		allowed += float64(n) / weight * (allowed - UpperBound(k, n, level/2))
	}
	if out.Allowed = Number(min(max(allowed, 0), 1)); allowed <= 0 {
		return out
	}
	if out.Counted, out.Reachable = needed(float64(out.Rate), min(allowed, 0.999), level/2); out.Reachable {
		out.Answers = int64(math.Ceil(float64(out.Counted) / float64(out.Yield)))
	}
	return out
}

// needed returns how many records certify at most alpha where their rate is an assumed one, what counts against them rounded up.
func needed(rate, alpha, delta float64) (int64, bool) {
	const most = 1000 // of those that count against; more would be years of asking
	for k := int64(0); k <= most && rate < alpha; k++ {
		if n := MinToCertify(k, alpha, delta); float64(n)*rate <= float64(k) {
			return n, true
		}
	}
	return 0, false
}

// decided returns what a policy does with the records that it does not leave undecided.
func (s *Space) decided(p *replay.Policy) replay.Counts {
	c := s.counts(p)
	c.Actions[replay.Undecided] = replay.Tally{}
	return c
}

// yield returns how many of the answers that the history has, where the policy asks and leaves others undecided, count in the
// denominator of a limit. Where there are few it is the share of the undecided that have a label, as if each of these counted.
func (s *Space) yield(t *target, p *replay.Policy) Number {
	_, open := s.counted(p)
	var asked replay.Counts
	var undecided replay.Tally
	first, second := edgesOf(p.FirstBands), edgesOf(p.SecondBands)
	for i := range s.layers {
		l := &s.layers[i]
		for row, c := range dataset.Clusters {
			if open[c].N() == 0 {
				continue
			}
			for col := range dataset.Clusters {
				if got := l.both.between(first[row], first[row+1], second[col], second[col+1]); got.N() > 0 {
					addTally(&asked, p.Decide(replay.Case{First: withScore(first[row]), Second: withScore(second[col]), Fired: l.fired}), got)
				}
			}
		}
	}
	for row := range open {
		undecided = undecided.Add(open[row])
	}
	if n := asked.Total().N(); n >= fewAnswers {
		return divide(t.den.Of(asked), n)
	}
	return divide(undecided.Labeled(), undecided.N())
}

// openRanges returns where the records lie that a policy leaves undecided. A range ends where nearScores scores or more have no such
// record; of more than MostRanges the nearest become one.
func (s *Space) openRanges(p *replay.Policy) (out []ScoreRange) {
	var unscored int64
	var open [dataset.MaxScore + 1]int64
	for i := range s.layers {
		l := &s.layers[i]
		for score := range open {
			if t := less(l.firsts[score][notCalled], l.firsts[score+1][notCalled]); t.N() > 0 && s.undecided(p, withScore(score), l.fired) {
				open[score] += t.N()
			}
		}
		for how := range numSilent {
			if t := l.neither[how][notCalled]; t.N() > 0 && s.undecided(p, silent(how), l.fired) {
				unscored += t.N()
			}
		}
	}
	for score, n := range open {
		switch last := len(out) - 1; {
		case n == 0:
		case last >= 0 && score-out[last].High <= nearScores:
			out[last].High, out[last].Undecided = score, out[last].Undecided+n
		default:
			out = append(out, ScoreRange{score, score, n})
		}
	}
	most := MostRanges
	if unscored > 0 {
		most--
	}
	out = fewer(out, most)
	if unscored > 0 {
		out = slices.Insert(out, 0, ScoreRange{NoScore, NoScore, unscored})
	}
	return out
}

// fewer joins the nearest of ranges in order until there are no more than so many.
func fewer(list []ScoreRange, most int) []ScoreRange {
	for len(list) > most {
		at := 1
		for i := 2; i < len(list); i++ {
			if list[i].Low-list[i-1].High < list[at].Low-list[at-1].High {
				at = i
			}
		}
		list[at-1].High, list[at-1].Undecided = list[at].High, list[at-1].Undecided+list[at].Undecided
		list = slices.Delete(list, at, at+1)
	}
	return list
}

// undecided reports whether a policy decides nothing on a first answer without a second one.
func (s *Space) undecided(p *replay.Policy, first replay.Answer, fired uint64) bool {
	return p.Decide(replay.Case{First: first, Second: silent(notCalled), Fired: fired}).By == replay.ByNobody
}

// An OpenRow is a first cluster of a policy that leaves records undecided.
type OpenRow struct {
	First     dataset.Cluster
	Undecided int64
	// Low..High are its scores, both included; NoScore where the policy goes by recorded clusters, or the cluster is of records
	// without a score.
	Low, High int
}

// OpenRows lists where a policy leaves records undecided, from the worst cluster up, for who does not keep every score apart.
func OpenRows(p *replay.Policy, open *replay.Open) (out []OpenRow) {
	for row := range open {
		if n := open[row].N(); n > 0 {
			out = append(out, OpenRow{dataset.Cluster(row), n, NoScore, NoScore})
		}
	}
	if p.FirstBands.Recorded() {
		return out
	}
	edges := edgesOf(p.FirstBands)
	for i := range out {
		if at := slices.Index(dataset.Clusters, out[i].First); at >= 0 {
			out[i].Low, out[i].High = edges[at], edges[at+1]-1
		}
	}
	return out
}

// Words names the row of a product: session review (451..550).
func (r OpenRow) Words(product string) string {
	if r.Low == NoScore {
		return product + " " + r.First.String()
	}
	return fmt.Sprintf("%s %s (%d..%d)", product, r.First, r.Low, r.High)
}
