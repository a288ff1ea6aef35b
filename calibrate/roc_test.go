package calibrate

import (
	"math"
	"math/big"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func histogramOf(all []scored) *Histogram {
	h := new(Histogram)
	for _, r := range all {
		h[r.score[0]][r.label]++
	}
	return h
}

// TestAreaByPair counts every pair of a legit and a fraud.
func TestAreaByPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawScored(t)
		var halves, pairs int64
		for _, l := range all {
			for _, f := range all {
				if l.label != dataset.Legit || f.label != dataset.Fraud {
					continue
				}
				pairs++
				if l.score[0] > f.score[0] {
					halves += 2
				} else if l.score[0] == f.score[0] {
					halves++
				}
			}
		}
		a := histogramOf(all).Area(0.95)
		if a.Halves.Int64() != halves || a.Legit*a.Fraud != pairs {
			t.Errorf("%v halves of %d x %d, want %d of %d", a.Halves, a.Legit, a.Fraud, halves, pairs)
		}
		if pairs == 0 {
			if a.AUC.Defined() || a.Gini.Defined() {
				t.Errorf("no pair, and %+v", a)
			}
			return
		}
		// Counted before divided: the floats are those of one division, to the last bit.
		if a.AUC != divide(halves, 2*pairs) || a.Gini != divide(halves-pairs, pairs) {
			t.Errorf("auc %v, gini %v of %d halves in %d pairs", a.AUC, a.Gini, halves, pairs)
		}
	})
}

// TestKSByScore tries every cutoff with a fresh count.
func TestKSByScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawScored(t)
		h := histogramOf(all)
		n := h.Totals()
		most, at := int64(0), 0
		for cutoff := range dataset.MaxScore + 1 {
			var below [dataset.NumLabels]int64
			for _, r := range all {
				if r.score[0] <= cutoff {
					below[r.label]++
				}
			}
			gap := below[dataset.Fraud]*n[dataset.Legit] - below[dataset.Legit]*n[dataset.Fraud]
			if gap = max(gap, -gap); gap > most {
				most, at = gap, cutoff
			}
		}
		got, score := h.KS()
		if want := divide(most, n[dataset.Legit]*n[dataset.Fraud]); got != want && (got.Defined() || want.Defined()) || score != at {
			t.Errorf("KS %v at %d, want %v at %d", got, score, want, at)
		}
	})
}

// TestRankingTraps meets the degenerate scores of METRICS.md: a constant score and perfect separation, both ways round.
func TestRankingTraps(t *testing.T) {
	for _, r := range []struct {
		name      string
		legit     int
		fraud     int
		auc, gini Number
		ks        Number
		score     int
	}{
		{"constant", 500, 500, 0.5, 0, 0, 0},
		{"perfect", 501, 500, 1, 1, 1, 500},
		{"perfect at the ends", 1000, 0, 1, 1, 1, 0},
		{"upside down", 0, 1000, 0, -1, 1, 0},
	} {
		var h Histogram
		h[r.legit][dataset.Legit] += 900
		h[r.fraud][dataset.Fraud] += 7
		h[3][dataset.Unlabeled] = 50
		a := h.Area(0.95)
		if ks, score := h.KS(); a.AUC != r.auc || a.Gini != r.gini || ks != r.ks || score != r.score {
			t.Errorf("%s: auc %v, gini %v, ks %v at %d", r.name, a.AUC, a.Gini, ks, score)
		}
	}
	var none Histogram
	none[5][dataset.Legit] = 3
	if a, _ := none.KS(); a.Defined() || none.Area(0.95).AUC.Defined() {
		t.Error("no fraud, and a rank of it")
	}
}

// TestAreaBeyondInt64 counts more pairs than an int64 holds.
func TestAreaBeyondInt64(t *testing.T) {
	var h Histogram
	h[10] = [dataset.NumLabels]int64{0, 1 << 40, 1 << 40}
	h[20] = [dataset.NumLabels]int64{0, 1 << 40, 0}
	a := h.Area(0.95)
	if want := new(big.Int).Lsh(big.NewInt(3), 80); a.Halves.Cmp(want) != 0 || a.AUC != 0.75 || a.Gini != 0.5 {
		t.Errorf("%+v", a)
	}
	if ks, score := h.KS(); ks != 0.5 || score != 10 {
		t.Errorf("ks %v at %d", ks, score)
	}
}

func TestHistogramOf(t *testing.T) {
	var p replay.ProductProfile
	p.Scores[0].Records = [dataset.NumLabels]int64{1, 2, 3}
	p.Scores[1000].Records = [dataset.NumLabels]int64{4, 5, 6}
	h := HistogramOf(&p)
	if h[0] != p.Scores[0].Records || h[1000] != p.Scores[1000].Records || h.Totals() != [dataset.NumLabels]int64{5, 7, 9} {
		t.Errorf("totals %v", h.Totals())
	}
}

func TestBands(t *testing.T) {
	var h Histogram
	h[0] = [dataset.NumLabels]int64{2, 0, 6}
	h[225] = [dataset.NumLabels]int64{0, 2, 0}   // the last of very_low
	h[226] = [dataset.NumLabels]int64{1, 6, 2}   // the first of low
	h[776] = [dataset.NumLabels]int64{0, 40, 1}  // the first of very_high
	h[1000] = [dataset.NumLabels]int64{0, 42, 1} // 10 frauds of 100
	got := h.Bands([]int{226, 451, 551, 776}, 0.95)
	for i, want := range []struct {
		low, high            int
		k, n                 int64
		lift, cumulative, in Number
	}{
		{0, 225, 6, 8, 7.5, 7.5, 0.6},
		{226, 450, 2, 8, 2.5, 5, 0.8},
		{451, 550, 0, 0, Undefined(), 5, 0.8}, // empty is not 0 %
		{551, 775, 0, 0, Undefined(), 5, 0.8},
		{776, 1000, 2, 84, 200.0 / 840, 1, 1},
	} {
		b := got[i]
		if b.Low != want.low || b.High != want.high || b.FraudRate.Numerator != want.k || b.FraudRate.Denominator != want.n ||
			!same(b.Lift, float64(want.lift)) || b.CumulativeLift != want.cumulative || b.Gain != want.in || b.FraudRate.Value.Defined() != (want.n > 0) {
			t.Errorf("band %d: %+v, want %+v", i, b, want)
		}
	}
	if one := h.Bands(nil, 0.95); len(one) != 1 || one[0].Low != 0 || one[0].High != 1000 || one[0].Lift != 1 {
		t.Errorf("one band: %+v", one)
	}
	var clean Histogram
	clean[9][dataset.Legit] = 5
	if b := clean.Bands([]int{1, 1000}, 0.95); b[0].Gain.Defined() || b[1].Lift.Defined() || b[1].CumulativeLift.Defined() {
		t.Errorf("no fraud, and %+v", b)
	}
	for _, edges := range [][]int{{0}, {1001}, {5, 5}, {7, 6}, {-1}} {
		if !panics(func() { h.Bands(edges, 0.95) }) {
			t.Errorf("edges %v were accepted", edges)
		}
	}
}

// TestBandsAddUp holds the bands to the records, whatever the edges: gains end at 1, and lifts average to 1.
func TestBandsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := histogramOf(drawScored(t))
		var edges []int
		for s := 0; len(edges) < 5; {
			s += rapid.IntRange(1, 200).Draw(t, "step")
			edges = append(edges, s)
		}
		n, sum, lifts := h.Totals(), [dataset.NumLabels]int64{}, 0.0
		bands := h.Bands(edges, 0.95)
		for _, b := range bands {
			for l, k := range b.Records {
				sum[l] += k
			}
			if b.Lift.Defined() {
				lifts += float64(b.Lift) * float64(b.FraudRate.Denominator)
			}
		}
		if sum != n {
			t.Errorf("the bands hold %v of %v", sum, n)
		}
		last := bands[len(bands)-1]
		if n[dataset.Fraud] > 0 && (last.Gain != 1 || last.CumulativeLift != 1 || math.Abs(lifts-float64(n[dataset.Fraud]+n[dataset.Legit])) > 1e-9) {
			t.Errorf("%+v, lifts %v", last, lifts)
		}
	})
}
