package calibrate

import (
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func profileOf(all []scored) *replay.ProductProfile {
	p := &replay.ProductProfile{Product: "session"}
	for _, r := range all {
		p.Scores[r.score[0]].Records[r.label]++
	}
	return p
}

// TestQuantiles looks at every band of random histories: none parts a score, and each begins where those before it are full.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawScored(t)
		h, bands := histogramOf(all), rapid.IntRange(1, 12).Draw(t, "bands")
		n := h.Totals()
		labeled := n[dataset.Legit] + n[dataset.Fraud]
		edges := h.Quantiles(bands)
		if len(edges) >= bands {
			t.Fatalf("%d edges for %d bands", len(edges), bands)
		}
		var isEdge [dataset.MaxScore + 2]bool
		for _, e := range edges {
			isEdge[e] = true
		}
		var below, begun int64 // labeled records below the score, and below the band's first
		for score, at := range h {
			size := at[dataset.Legit] + at[dataset.Fraud]
			// A band is full when it reaches the next multiple of a share; the records of a score that comes then begin another.
			full := size > 0 && below*int64(bands)/labeled > begun*int64(bands)/labeled
			if full != isEdge[score] {
				t.Errorf("score %d with %d of %d below: edge %v, want %v", score, below, labeled, isEdge[score], full)
			}
			if full {
				begun = below
			}
			below += size
		}
		if labeled > 0 {
			var sum int64
			for _, b := range h.Bands(edges, 0.95) {
				k := b.Records[dataset.Legit] + b.Records[dataset.Fraud]
				if k == 0 {
					t.Errorf("band %d-%d is empty", b.Low, b.High)
				}
				sum += k
			}
			if sum != labeled {
				t.Errorf("bands hold %d of %d labeled records", sum, labeled)
			}
		}
	})
}

// TestQuantilesByHand has deciles of distinct scores, a tie of more than a share, and a constant.
func TestQuantilesByHand(t *testing.T) {
	var distinct, tied, constant Histogram
	for s := range 100 {
		distinct[10*s][dataset.Legit] = 1
		distinct[10*s+1][dataset.Unlabeled] = 99 // says nothing about fraud, and moves no edge
	}
	if got := distinct.Quantiles(10); len(got) != 9 || got[0] != 100 || got[8] != 900 {
		t.Errorf("deciles of 0, 10, ... 990 begin at %v", got)
	}
	tied[300], tied[500], tied[700] = [3]int64{0, 10, 0}, [3]int64{0, 80, 0}, [3]int64{0, 5, 5}
	if got := tied.Quantiles(10); len(got) != 2 || got[0] != 500 || got[1] != 700 {
		t.Errorf("with a tie: %v, want 500 and 700", got)
	}
	constant[451] = [3]int64{0, 90, 10}
	if got := constant.Quantiles(10); got != nil {
		t.Errorf("a constant score is parted at %v", got)
	}
}

// TestPerformance is the example of statistics.json: KS of 1..8 and 2.5, 3.5, 4.5, 5.5, 9, 10, 11, 12 is 0.5 (scipy 1.10.1).
func TestPerformance(t *testing.T) {
	var all []scored
	for _, v := range []int{10, 20, 30, 40, 50, 60, 70, 80} {
		all = append(all, scored{[2]int{v, 0}, dataset.Fraud})
	}
	for _, v := range []int{25, 35, 45, 55, 90, 100, 110, 120} {
		all = append(all, scored{[2]int{v, 0}, dataset.Legit})
	}
	p := PerformanceOf(profileOf(all), 0.95)
	if p.KS != 0.5 || p.KSScore != 80 || p.Lacks != "" || p.Area.Fraud != 8 || len(p.Bands) == 0 {
		t.Errorf("%+v", p)
	}
	if last := p.Bands[len(p.Bands)-1]; last.Gain != 1 || last.CumulativeLift != 1 {
		t.Errorf("all bands together have gains %v and a lift of %v, want 1", last.Gain, last.CumulativeLift)
	}
}

// TestPerformanceLacks says in a sentence what there is nothing to measure with.
func TestPerformanceLacks(t *testing.T) {
	record := func(l dataset.Label) scored { return scored{[2]int{500, 0}, l} }
	for want, all := range map[string][]scored{
		"no record has a score of session":                           nil,
		"none of 2 records with a score of session has a label":      {record(dataset.Unlabeled), record(dataset.Unlabeled)},
		"none of 1 labeled records with a score of session is fraud": {record(dataset.Legit), record(dataset.Unlabeled)},
		"none of 1 labeled records with a score of session is legit": {record(dataset.Fraud)},
		"": {record(dataset.Fraud), record(dataset.Legit)},
	} {
		p := PerformanceOf(profileOf(all), 0.95)
		if p.Lacks != want || (p.Lacks == "") != p.Area.AUC.Defined() || (p.Lacks == "") != p.KS.Defined() || (p.Lacks == "") != (p.Bands != nil) {
			t.Errorf("%q, want %q: %+v", p.Lacks, want, p)
		}
		if strings.Contains(p.Lacks, "NaN") {
			t.Error(p.Lacks)
		}
	}
}
