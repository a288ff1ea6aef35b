package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestDeLongHanley is the table of Hanley and McNeil, "The meaning and use of the area under a receiver operating
// characteristic (ROC) curve", 1982: 109 CT images rated 1 to 5, 58 normal and 51 abnormal. Stata's manual, [R] roctab, prints
// area 0.8932, DeLong standard error 0.0307 and interval 0.83295 to 0.95339; the digits are from all pairs in mpmath 1.3.0.
func TestDeLongHanley(t *testing.T) {
	var h Histogram
	normal, abnormal := [5]int64{33, 6, 6, 11, 2}, [5]int64{3, 2, 2, 11, 33}
	for i := range normal {
		// Abnormal has the higher ratings there, as legit has the higher scores here.
		h[200*(i+1)] = [dataset.NumLabels]int64{9, dataset.Legit: abnormal[i], dataset.Fraud: normal[i]}
	}
	a := h.Area(0.95)
	want := [4]float64{0.8931710615280595, 0.0307244083793811173, 0.8329523276581718603, 0.9533897953979471390}
	for i, got := range []Number{a.AUC, a.SE, a.Low, a.High} {
		if !near(float64(got), want[i]) {
			t.Errorf("%+v, want %v", a, want)
			break
		}
	}
	if a.Legit != 51 || a.Fraud != 58 || a.Halves.Int64() != 5284 {
		t.Errorf("%d legits, %d frauds, %v halves of %d", a.Legit, a.Fraud, a.Halves, 2*51*58)
	}
}

// scored is one labeled record with the scores of two products.
type scored struct {
	score [2]int
	label dataset.Label
}

// slowPlacement compares one record with all records of the other label: V10 and V01 as DeLong writes them.
func slowPlacement(all []scored, r scored, product int) float64 {
	var sum, n float64
	for _, o := range all {
		if o.label == r.label || o.label == dataset.Unlabeled {
			continue
		}
		n++
		legit, fraud := r.score[product], o.score[product]
		if r.label == dataset.Fraud {
			legit, fraud = fraud, legit
		}
		if legit > fraud {
			sum++
		} else if legit == fraud {
			sum += 0.5
		}
	}
	return sum / n
}

// slowDeLong returns both areas and the 2 x 2 covariance matrix of DeLong, DeLong and Clarke-Pearson, pair by pair.
func slowDeLong(all []scored) (auc [2]float64, cov [2][2]float64) {
	for _, label := range []dataset.Label{dataset.Legit, dataset.Fraud} {
		var v [][2]float64
		for _, r := range all {
			if r.label == label {
				v = append(v, [2]float64{slowPlacement(all, r, 0), slowPlacement(all, r, 1)})
			}
		}
		n := float64(len(v))
		var mean [2]float64
		for _, x := range v {
			mean[0] += x[0] / n
			mean[1] += x[1] / n
		}
		for i := range 2 {
			for j := range 2 {
				var s float64
				for _, x := range v {
					s += (x[i] - mean[i]) * (x[j] - mean[j])
				}
				cov[i][j] += s / (n - 1) / n
			}
		}
		if auc = mean; len(v) == 0 {
			return [2]float64{math.NaN(), math.NaN()}, cov
		}
	}
	return auc, cov
}

func drawScored(t *rapid.T) []scored {
	score := rapid.OneOf(rapid.IntRange(0, dataset.MaxScore), rapid.IntRange(498, 502), rapid.SampledFrom([]int{0, 500, dataset.MaxScore}))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scored {
		return scored{[2]int{score.Draw(t, "first"), score.Draw(t, "second")}, dataset.Label(rapid.IntRange(0, dataset.NumLabels-1).Draw(t, "label"))}
	}), 0, 60).Draw(t, "records")
}

// pairsOf counts the records by pair of scores, in the order in which they come first.
func pairsOf(all []scored) (out []ScorePair) {
	at := map[[2]int]int{}
	for _, r := range all {
		i, found := at[r.score]
		if !found {
			i = len(out)
			at[r.score] = i
			out = append(out, ScorePair{First: r.score[0], Second: r.score[1]})
		}
		out[i].Records[r.label]++
	}
	return out
}

func TestDeLongByPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawScored(t)
		auc, cov := slowDeLong(all)
		first, second, d := CompareAreas(pairsOf(all), 0.9)
		for i, a := range []Area{first, second} {
			if !same(a.AUC, auc[i]) || a.Gini.Defined() && math.Abs(float64(a.Gini)-(2*auc[i]-1)) > 1e-12 {
				t.Errorf("area %+v, want %v", a, auc[i])
			}
			checkError(t, a.SE, cov[i][i])
			if a.SE.Defined() && !(0 <= a.Low && a.Low <= a.AUC && a.AUC <= a.High && a.High <= 1 && a.Confidence == 0.9) || a.SE.Defined() != a.Low.Defined() {
				t.Errorf("interval of %+v", a)
			}
		}
		if d.SE != 0 {
			checkError(t, d.SE, cov[0][0]+cov[1][1]-2*cov[0][1])
		}
		if want := auc[1] - auc[0]; d.Value.Defined() == math.IsNaN(want) || math.Abs(float64(d.Value)-want) > 1e-12 {
			t.Errorf("%+v, want %v", d, want)
		}
		sound(t, d)

		// The same records one by one are the same question.
		var single []ScorePair
		for _, r := range all {
			p := ScorePair{First: r.score[0], Second: r.score[1]}
			p.Records[r.label] = 1
			single = append(single, p)
		}
		if _, _, e := CompareAreas(single, 0.9); !same(e.Value, float64(d.Value)) || math.Abs(float64(e.SE-d.SE)) > 1e-12 {
			t.Errorf("one by one %+v, by pairs %+v", e, d)
		}
	})
}

// checkError compares a standard error with a variance that may be undefined, or nothing but rounding.
func checkError(t *rapid.T, se Number, variance float64) {
	if se.Defined() && math.Abs(float64(se)-math.Sqrt(variance)) > 1e-9*float64(se)+1e-12 ||
		!se.Defined() && variance > 1e-15 {
		t.Errorf("standard error %v, want the root of %v", se, variance)
	}
}

func TestDeLongSaysNothing(t *testing.T) {
	pair := func(first, second int, legit, fraud int64) ScorePair {
		return ScorePair{first, second, [dataset.NumLabels]int64{0, legit, fraud}}
	}
	for name, pairs := range map[string][]ScorePair{
		"nothing":            nil,
		"no fraud":           {pair(1, 2, 5, 0), pair(2, 1, 5, 0)},
		"one fraud":          {pair(1, 2, 5, 1), pair(2, 1, 5, 0)},
		"one legit":          {pair(1, 2, 1, 5), pair(2, 1, 0, 5)},
		"constant":           {pair(7, 8, 5, 5)},
		"perfect separation": {pair(0, 1, 0, 5), pair(1000, 999, 5, 0)},
	} {
		first, second, d := CompareAreas(pairs, 0.95)
		if first.SE.Defined() || second.SE.Defined() || d.SE.Defined() || d.P.Defined() || first.Low.Defined() {
			t.Errorf("%s: %+v, %+v, %+v", name, first, second, d)
		}
	}
	// The second product moves each of three legits one fraud up: all placements differ by 1/3, but not all their floats do.
	thirds := []ScorePair{pair(1, 2, 1, 0), pair(3, 4, 1, 0), pair(5, 6, 1, 0), pair(2, 1, 0, 1), pair(4, 3, 0, 1), pair(6, 5, 0, 1)}
	if _, _, d := CompareAreas(thirds, 0.95); !near(float64(d.Value), 1.0/3) || d.SE.Defined() || d.P.Defined() {
		t.Errorf("a constant difference: %+v", d)
	}
	_, _, d := CompareAreas([]ScorePair{pair(3, 3, 4, 2), pair(9, 9, 4, 2), {First: 1, Second: 2, Records: [dataset.NumLabels]int64{8}}}, 0.95)
	if d.Value != 0 || d.SE != 0 || d.P != 1 {
		t.Errorf("a product against itself: %+v", d)
	}
	if !panics(func() { CompareAreas([]ScorePair{pair(-1, 3, 1, 1)}, 0.95) }) || !panics(func() { CompareAreas([]ScorePair{pair(1, 1001, 1, 1)}, 0.95) }) {
		t.Error("a score out of range was accepted")
	}
}

// TestDeLongCovers draws histories of which the true area is known: 95 % intervals hold it in 95 % of them.
func TestDeLongCovers(t *testing.T) {
	const runs, size = 600, 400
	rng := rand.New(rand.NewPCG(3, 4))
	held := 0
	for range runs {
		var h Histogram
		for i := range size {
			// Legits are uniform on 200..999, frauds on 0..799.
			if i%2 == 0 {
				h[200+rng.IntN(800)][dataset.Legit]++
			} else {
				h[rng.IntN(800)][dataset.Fraud]++
			}
		}
		// P(legit > fraud) + P(equal)/2 with a shift of 200 in 800 is 1 - (600/800)^2/2.
		if a := h.Area(0.95); a.Low <= 0.71875 && 0.71875 <= a.High {
			held++
		}
	}
	if spread := 3 * math.Sqrt(runs*0.95*0.05); math.Abs(float64(held)-runs*0.95) > spread+runs*0.01 {
		t.Errorf("%d of %d intervals hold the true area", held, runs)
	}
}

// millionPairs is a history of a million records on 250,000 distinct pairs of scores.
func millionPairs() (pairs []ScorePair) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 500 {
		for j := range 500 {
			fraud := int64(0)
			if rng.IntN(1000) > i+j {
				fraud = 1
			}
			pairs = append(pairs, ScorePair{2 * i, 2 * j, [dataset.NumLabels]int64{1, 3 - fraud, fraud}})
		}
	}
	return pairs
}

func BenchmarkCompareAreas(b *testing.B) {
	pairs := millionPairs()
	for b.Loop() {
		CompareAreas(pairs, 0.95)
	}
	b.ReportMetric(float64(b.N)*1e6/b.Elapsed().Seconds(), "records/s")
}
