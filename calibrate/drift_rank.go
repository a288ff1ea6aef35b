package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A RankOrder tells where the fraud rate of a score's bands does not fall as the score rises: month by month, and band against the
// next lower one.
type RankOrder struct {
	// Tested are the pairs of neighbouring bands of a product and month with labeled records in both and a fraud in either, Months
	// the months that have one.
	Tested, Months int
	// Breaks are those where the rate of the higher band is above that of the lower, by product, month and band.
	Breaks []RankBreak
}

// A RankBreak is a pair of neighbouring bands in the wrong order.
type RankBreak struct {
	Product, Month string
	Lower, Higher  string // the bands, with their scores
	// Below and Above are the frauds among the labeled of the two bands.
	Below, Above Portion
	// P is the exact p-value of the higher band not having the higher rate (Fisher, one-sided), Adjusted P corrected for all pairs
	// tested, the ones in order among them (Holm).
	P, Adjusted Number
}

// Changed reports whether the order is wrong by more than chance, at a confidence for all pairs together.
func (b RankBreak) Changed(confidence float64) bool { return float64(b.Adjusted) <= 1-confidence }

// newRankOrder looks at each month of the two sides; records without a time are in none.
func newRankOrder(bands []productBands, base, now []replay.MonthTraits) RankOrder {
	sum := map[string]replay.Traits{}
	var months []string
	for _, m := range slices.Concat(base, now) {
		if m.Month == "" {
			continue
		}
		if _, found := sum[m.Month]; !found {
			months = append(months, m.Month)
		}
		sum[m.Month] = sum[m.Month].Add(m.Traits) // the files of the two sides may share a month
	}
	slices.Sort(months)
	var pairs []RankBreak
	seen := map[string]bool{}
	for _, b := range bands {
		for _, month := range months {
			if p := rankPairs(b, month, productOf(sum[month], b.product)); p != nil {
				pairs, seen[month] = append(pairs, p...), true
			}
		}
	}
	return orderOf(pairs, len(seen))
}

// rankPairs are the neighbouring bands of one product and month of which something can be told.
func rankPairs(b productBands, month string, p replay.ProductTraits) (out []RankBreak) {
	counts := b.bins.Count(p.Scores)
	for i := 1; i < len(counts); i++ {
		x := RankBreak{Product: b.product, Month: month, Lower: bandName(b.bins, i-1), Higher: bandName(b.bins, i),
			Below: fraudPortion(replay.Tally{Records: counts[i-1]}), Above: fraudPortion(replay.Tally{Records: counts[i]})}
		if x.Below.N > 0 && x.Above.N > 0 && x.Below.K+x.Above.K > 0 {
			x.P = Number(FisherGreater(x.Above.K, x.Above.N, x.Below.K, x.Below.N))
			out = append(out, x)
		}
	}
	return out
}

func bandName(b ScoreBins, i int) string { return dataset.Clusters[i].String() + " " + b.Name(i) }

func orderOf(pairs []RankBreak, months int) RankOrder {
	o := RankOrder{Tested: len(pairs), Months: months}
	var p []float64
	for _, x := range pairs {
		p = append(p, float64(x.P))
	}
	for i, v := range HolmAdjusted(p) {
		x := pairs[i]
		x.Adjusted = Number(v)
		if x.Above.K*x.Below.N > x.Below.K*x.Above.N {
			o.Breaks = append(o.Breaks, x)
		}
	}
	return o
}
