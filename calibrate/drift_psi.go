package calibrate

import (
	"fmt"
	"math"
	"sort"

	"github.com/trustreplay/trustreplay/dataset"
)

// psiAdd is what each bin counts more than it holds, so that a bin which empties, or fills, weighs as much as it should and not
// nothing: dropping such bins is how widely used tools read a PSI of 1.425 as 0.0446 (METRICS.md, "Traps").
const psiAdd = 0.5

// An Index is a population stability index: sum (a-e) ln(a/e) over fixed bins, a the period's share of a bin and e the
// baseline's, each bin with half a record more than it holds.
type Index struct {
	PSI Number
	// N and M are the records of the baseline and of the period, Bins the bins that hold a record of either.
	N, M int64
	Bins int
	// Mean and Most95 are the mean and the 95 % point of the index where nothing has changed: (1/n + 1/m) times a chi-square of
	// Bins-1 degrees (Yurdakul 2018, "Statistical properties of population stability index"; STATISTICS.md, section 6).
	Mean, Most95 Number
	// P is the probability of so large an index where nothing has changed, Adjusted P corrected for all indices looked at (Holm).
	P, Adjusted Number
	// Least is the index of a population that would have been told from no change in four of five cases, at the level of Adjusted.
	Least Number
}

// PSI compares the counts of a period with those of a baseline, bin by bin; the two have the same bins. PSI and the rest are
// undefined where either holds no record, and all but the PSI where fewer than two bins hold one.
func PSI(base, now []int64) Index {
	x := Index{PSI: Undefined(), Mean: Undefined(), Most95: Undefined(), P: Undefined(), Adjusted: Undefined(), Least: Undefined()}
	if len(base) != len(now) {
		panic(fmt.Sprintf("calibrate: %d bins against %d", len(base), len(now)))
	}
	var e, a []int64
	for i := range base {
		checkCount(0, min(base[i], now[i]))
		x.N, x.M = x.N+base[i], x.M+now[i]
		if base[i]+now[i] > 0 {
			e, a = append(e, base[i]), append(a, now[i])
		}
	}
	x.Bins = len(e)
	if x.N == 0 || x.M == 0 {
		return x
	}
	x.PSI = Number(stabilityIndex(e, a, psiAdd))
	if x.Bins < 2 {
		return x
	}
	scale, degrees := x.scale(), x.degrees()
	x.Mean, x.Most95 = Number(scale*degrees), Number(scale*chiSquaredQuantile(degrees, 0.95))
	x.P = Number(chiSquaredSurvival(degrees, float64(x.PSI)/scale))
	x.Adjusted = x.P
	return x
}

func (x Index) scale() float64 { return 1/float64(x.N) + 1/float64(x.M) }

// degrees are those of the chi-square that the index is about a multiple of where nothing has changed.
func (x Index) degrees() float64 { return float64(x.Bins - 1) }

// stabilityIndex adds to each bin; with nothing added an empty bin would make it infinite.
func stabilityIndex(base, now []int64, add float64) float64 {
	var n, m float64
	for i := range base {
		n, m = n+float64(base[i])+add, m+float64(now[i])+add
	}
	var sum float64
	for i := range base {
		e, a := (float64(base[i])+add)/n, (float64(now[i])+add)/m
		sum += (a - e) * math.Log(a/e)
	}
	return sum
}

// Colour is what the rule of thumb of credit scoring says of the index alone (Siddiqi 2006, "Credit Risk Scorecards"): green below
// 0.1, amber to 0.25, red above; "" where there is none. It does not know how many records there are, so it never stands
// without P.
func (x Index) Colour() string {
	switch {
	case !x.PSI.Defined():
		return ""
	case x.PSI < 0.1:
		return "green"
	case x.PSI <= 0.25:
		return "amber"
	}
	return "red"
}

// adjustIndices corrects the p-values for having looked at all of the indices, says what each could have shown, and returns how many
// were tested.
func adjustIndices(list []*Index, confidence float64) int {
	tested := adjustTested(list, func(x *Index) (Number, *Number) { return x.P, &x.Adjusted })
	for _, x := range tested {
		x.Least = x.least((1 - confidence) / float64(len(tested)))
	}
	return len(tested)
}

// leastPower is the share of cases in which what could have been shown would have been.
const leastPower = 0.8

// least returns the index of a population that a test at a level shows with leastPower: under a change the statistic is about a
// non-central chi-square whose non-centrality is the index over (1/n + 1/m).
func (x Index) least(level float64) Number {
	critical := chiSquaredQuantile(x.degrees(), 1-level)
	low, high := 0.0, 1.0
	for noncentral(x.degrees(), high, critical) < leastPower {
		high *= 2
	}
	for range 60 {
		if mid := (low + high) / 2; noncentral(x.degrees(), mid, critical) < leastPower {
			low = mid
		} else {
			high = mid
		}
	}
	return Number(high * x.scale())
}

// noncentral returns the probability that a non-central chi-square exceeds x: a mixture of central ones by a Poisson count
// (Johnson, Kotz and Balakrishnan 1995, "Continuous Univariate Distributions", chapter 29). lambda is above 0.
func noncentral(degrees, lambda, x float64) float64 {
	reach := 12*math.Sqrt(lambda/2) + 30
	var sum float64
	for j := math.Max(0, math.Floor(lambda/2-reach)); j <= lambda/2+reach; j++ {
		sum += poissonProb(lambda/2, j) * chiSquaredSurvival(degrees+2*j, x)
	}
	return sum
}

// ScoreBins are the inclusive lower edges of consecutive bins of scores, the first 0; the last bin ends with 1000.
type ScoreBins []int

// Deciles returns bins that hold a tenth each of the scores counted, as far as ties allow: a score is never split, so a bin may
// hold more and there may be fewer than ten. scores is indexed by score and label. It is nil where nothing is counted.
func Deciles(scores [][dataset.NumLabels]int64) ScoreBins {
	var n, seen int64
	for i := range scores {
		n += total(scores[i])
	}
	if n == 0 {
		return nil
	}
	edges, tenth := ScoreBins{0}, int64(1)
	for score := range scores {
		seen += total(scores[score])
		if seen == n {
			break // the rest belongs to the last bin
		}
		if 10*seen < tenth*n {
			continue
		}
		edges = append(edges, score+1)
		for tenth*n <= 10*seen {
			tenth++
		}
	}
	return edges
}

func total(labels [dataset.NumLabels]int64) int64 {
	return labels[dataset.Unlabeled] + labels[dataset.Legit] + labels[dataset.Fraud]
}

// Of returns the bin of a score.
func (b ScoreBins) Of(score int) int { return sort.SearchInts(b, score+1) - 1 }

// Name returns the scores of a bin, both ends included: "451-550".
func (b ScoreBins) Name(i int) string {
	high := dataset.MaxScore
	if i+1 < len(b) {
		high = b[i+1] - 1
	}
	return fmt.Sprintf("%d-%d", b[i], high)
}

// Count adds up the scores of each bin, by label; without bins it counts nothing.
func (b ScoreBins) Count(scores [][dataset.NumLabels]int64) [][dataset.NumLabels]int64 {
	out := make([][dataset.NumLabels]int64, len(b))
	if len(b) == 0 {
		return out
	}
	for score, labels := range scores {
		at := &out[b.Of(score)]
		for l, n := range labels {
			at[l] += n
		}
	}
	return out
}

// totals drops the labels.
func totals(bins [][dataset.NumLabels]int64) []int64 {
	out := make([]int64, len(bins))
	for i := range bins {
		out[i] = total(bins[i])
	}
	return out
}
