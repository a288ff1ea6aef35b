package calibrate

import (
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

func TestSharedMcNemar(t *testing.T) {
	var ref struct {
		McNemar []struct {
			B, C        int64
			Exact, Midp float64
		} `json:"mcnemar"`
	}
	shared(t, &ref)
	if len(ref.McNemar) < 7 {
		t.Fatalf("%d values to compare with", len(ref.McNemar))
	}
	for _, r := range ref.McNemar {
		if exact, midP := McNemar(r.B, r.C); !near(exact, r.Exact) || !near(midP, r.Midp) {
			t.Errorf("McNemar(%d, %d) = %v, %v, want %v, %v", r.B, r.C, exact, midP, r.Exact, r.Midp)
		}
	}
}

func TestMcNemar(t *testing.T) {
	// statsmodels 0.13.5; the last three by hand.
	for _, r := range []struct {
		b, c        int64
		exact, midP float64
	}{
		{121, 59, 4.4344492637551645e-06, 3.2666467957745733e-06},
		{1171, 609, 5.245895956698086e-41, 3.982267328438237e-41},
		{10, 10, 1, 0.9119014739990235},
		{0, 0, 1, 1},
		{0, 1, 1, 0.5},
		{3, 0, 0.25, 0.125},
	} {
		if exact, midP := McNemar(r.b, r.c); !near(exact, r.exact) || !near(midP, r.midP) {
			t.Errorf("McNemar(%d, %d) = %v, %v, want %v, %v", r.b, r.c, exact, midP, r.exact, r.midP)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b, c := rapid.Int64Range(0, 300).Draw(t, "b"), rapid.Int64Range(0, 300).Draw(t, "c")
		exact, midP := McNemar(b, c)
		if other, otherMid := McNemar(c, b); exact != other || midP != otherMid || !(0 < midP && midP <= exact && exact <= 1) {
			t.Errorf("%v, %v, the other way round %v, %v", exact, midP, other, otherMid)
		}
		// Both tails, term by term.
		want, seen := math.Min(1, 2*slowTail(min(b, c), b+c, 0.5)), slowTail(min(b, c), b+c, 0.5)
		if min(b, c) > 0 {
			seen -= slowTail(min(b, c)-1, b+c, 0.5)
		}
		if wantMid := 2*slowTail(min(b, c), b+c, 0.5) - seen; b != c && math.Abs(midP-wantMid) > 1e-9*wantMid || math.Abs(exact-want) > 1e-9*want {
			t.Errorf("%v, %v, want %v, %v", exact, midP, want, wantMid)
		}
	})
	if !panics(func() { McNemar(-1, 3) }) || !panics(func() { McNemar(3, -1) }) {
		t.Error("a negative count was accepted")
	}
}

// worked is the section "paired" of statistics.json: cells a, b, y (champion approves, challenger approves, fraud).
var worked = PairedCounts{
	{{dataset.Legit: 3700, dataset.Fraud: 268}, {dataset.Legit: 1150, dataset.Fraud: 21}},
	{{dataset.Legit: 600, dataset.Fraud: 9}, {dataset.Legit: 14200, dataset.Fraud: 52}},
}

// pairedReference holds the printed digits of the section, inlined for a checkout without it.
type pairedReference struct {
	Cells                map[string]int64
	RA, RB, Diff, Z, P   float64
	SE                   float64 `json:"se_paired"`
	Unpaired             float64 `json:"se_unpaired"`
	Approval, ApprovalSE float64
}

func TestPairedReference(t *testing.T) {
	ref := pairedReference{RA: 0.0041047036, RB: 0.0047331907, Diff: 0.0006284871, SE: 0.0003582681, Unpaired: 0.0007619132, Z: 1.754237,
		P: 0.07938994, Approval: 0.0281, ApprovalSE: 0.0021001237}
	checkPaired(t, worked, ref)
	t.Run("shared", func(t *testing.T) {
		var file struct {
			Paired struct {
				pairedReference
				Approval   float64 `json:"approval_diff"`
				ApprovalSE float64 `json:"approval_se"`
			}
		}
		shared(t, &file)
		ref := file.Paired.pairedReference
		ref.Approval, ref.ApprovalSE = file.Paired.Approval, file.Paired.ApprovalSE
		var c PairedCounts
		for key, n := range ref.Cells {
			c[key[0]-'0'][key[1]-'0'][dataset.Legit+dataset.Label(key[2]-'0')] = n
		}
		if c != worked {
			t.Fatalf("cells %v, want %v", c, worked)
		}
		checkPaired(t, c, ref)
	})
}

// checkPaired compares to the digits that the reference prints: ten after the point, seven for z and p.
func checkPaired(t *testing.T, c PairedCounts, ref pairedReference) {
	t.Helper()
	printed := func(name string, got Number, want, digit float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= 0.50001*digit) {
			t.Errorf("%s = %.12g, want %v", name, got, want)
		}
	}
	d := c.FraudRateDifference(0.95)
	printed("champion", d.First, ref.RA, 1e-10)
	printed("challenger", d.Second, ref.RB, 1e-10)
	printed("difference", d.Value, ref.Diff, 1e-10)
	printed("standard error", d.SE, ref.SE, 1e-10)
	printed("z", d.Value/d.SE, ref.Z, 1e-6)
	printed("p", d.P, ref.P, 1e-8)
	kA, nA := c.approvals(false)
	kB, nB := c.approvals(true)
	variance := func(k, n int64) float64 { r := float64(k) / float64(n); return r * (1 - r) / float64(n) }
	unpaired := math.Sqrt(variance(kA, nA) + variance(kB, nB))
	printed("unpaired standard error", Number(unpaired), ref.Unpaired, 1e-10)
	if ratio := unpaired / float64(d.SE); ratio < 2.1 || ratio > 2.2 {
		t.Errorf("the unpaired interval is %v times too wide", ratio) // 2.1, STATISTICS.md section 5
	}
	a := c.ApprovalDifference(0.95)
	printed("approval difference", a.Value, ref.Approval, 1e-10)
	printed("its standard error", a.SE, ref.ApprovalSE, 1e-10)
	if _, midP := McNemar(1171, 609); float64(a.P) != midP {
		t.Errorf("p = %v, want McNemar's %v", a.P, midP)
	}
	const z = 1.959963984540054 // scipy.stats.norm.ppf(0.975)
	for _, d := range []Difference{a, d} {
		if !near(float64(d.High-d.Value), z*float64(d.SE)) || !near(float64(d.Value-d.Low), z*float64(d.SE)) || d.Confidence != 0.95 {
			t.Errorf("interval of %+v", d)
		}
	}
}

// pairs draws counts in which any cell may be empty.
func pairs(t *rapid.T) (c PairedCounts) {
	cell := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 40))
	for a := range c {
		for b := range c[a] {
			for l := range c[a][b] {
				c[a][b][l] = cell.Draw(t, "records")
			}
		}
	}
	return c
}

// record is one record of PairedCounts: what the slow twins loop over.
type record struct {
	a, b  int
	label dataset.Label
}

func (c PairedCounts) records() (out []record) {
	for a := range c {
		for b := range c[a] {
			for l, n := range c[a][b] {
				for range n {
					out = append(out, record{a, b, dataset.Label(l)})
				}
			}
		}
	}
	return out
}

// slowFraudRates writes psi down record by record, and adds it up within each group of records.
func slowFraudRates(groups [][]record) (first, second, se float64) {
	var k, n [2]float64
	each := func(f func(r record, y float64)) {
		for _, g := range groups {
			for _, r := range g {
				if r.label != dataset.Unlabeled {
					f(r, map[dataset.Label]float64{dataset.Fraud: 1}[r.label])
				}
			}
		}
	}
	each(func(r record, y float64) {
		n[0], k[0] = n[0]+float64(r.a), k[0]+float64(r.a)*y
		n[1], k[1] = n[1]+float64(r.b), k[1]+float64(r.b)*y
	})
	first, second = k[0]/n[0], k[1]/n[1]
	for _, g := range groups {
		var psi float64
		for _, r := range g {
			if r.label != dataset.Unlabeled {
				y := map[dataset.Label]float64{dataset.Fraud: 1}[r.label]
				psi += float64(r.b)*(y-second)/n[1] - float64(r.a)*(y-first)/n[0]
			}
		}
		se += psi * psi
	}
	return first, second, math.Sqrt(se)
}

func same(got Number, want float64) bool {
	return !got.Defined() && math.IsNaN(want) || math.Abs(float64(got)-want) <= 1e-9*math.Abs(want)+1e-15
}

func TestFraudRateDifferenceByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := pairs(t)
		var groups [][]record
		for _, r := range c.records() {
			groups = append(groups, []record{r})
		}
		first, second, se := slowFraudRates(groups)
		d := c.FraudRateDifference(0.9)
		if !same(d.First, first) || !same(d.Second, second) || !same(d.Value, second-first) {
			t.Errorf("%+v, want %v and %v", d, first, second)
		}
		if d.SE.Defined() && !same(d.SE, se) || !d.SE.Defined() && se > 1e-12 {
			t.Errorf("standard error %v, want %v", d.SE, se)
		}
		sound(t, d)
		reverse := PairedCounts{{c[0][0], c[1][0]}, {c[0][1], c[1][1]}}.FraudRateDifference(0.9)
		if !same(reverse.Value, -float64(d.Value)) || !same(reverse.SE, float64(d.SE)) || !same(reverse.P, float64(d.P)) {
			t.Errorf("%+v is not the reverse of %+v", reverse, d)
		}
	})
}

// sound checks what holds of every difference.
func sound(t *rapid.T, d Difference) {
	if defined := d.SE.Defined(); d.Low.Defined() != defined || d.High.Defined() != defined || d.Confidence.Defined() != defined {
		t.Errorf("half an interval: %+v", d)
	}
	if d.SE.Defined() && !(-1 <= d.Low && d.Low <= d.Value && d.Value <= d.High && d.High <= 1 && 0 <= d.P && d.P <= 1) {
		t.Errorf("%+v", d)
	}
	for _, v := range []Number{d.First, d.Second, d.Value, d.SE, d.Low, d.High, d.P} {
		if math.IsInf(float64(v), 0) || v == 0 && math.Signbit(float64(v)) {
			t.Errorf("an infinity or a minus zero: %+v", d)
		}
	}
}

func TestClusteredByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entities := rapid.SliceOfN(rapid.Custom(pairs), 0, 6).Draw(t, "entities")
		var groups [][]record
		for _, e := range entities {
			groups = append(groups, e.records())
		}
		first, second, se := slowFraudRates(groups)
		d := clusteredFraudRateDifference(slices.Values(entities), 0.9)
		if !same(d.First, first) || !same(d.Second, second) {
			t.Errorf("%+v, want %v and %v", d, first, second)
		}
		if d.SE.Defined() && d.SE != 0 && math.Abs(float64(d.SE)-se) > 1e-9*se+1e-14 {
			t.Errorf("standard error %v, want %v", d.SE, se)
		}
	})
	// Entities of one record are the independent records.
	var alone iter.Seq[PairedCounts] = func(yield func(PairedCounts) bool) {
		for _, r := range worked.records() {
			var c PairedCounts
			c[r.a][r.b][r.label] = 1
			if !yield(c) {
				return
			}
		}
	}
	got, want := clusteredFraudRateDifference(alone, 0.95), worked.FraudRateDifference(0.95)
	if !near(float64(got.SE), float64(want.SE)) || got.Value != want.Value {
		t.Errorf("entities of one record: %+v, want %+v", got, want)
	}
	// Rings of four identical records carry the information of one each: the standard error doubles.
	var rings PairedCounts
	for range 4 {
		rings = rings.add(worked)
	}
	ring := func(yield func(PairedCounts) bool) {
		for c := range alone {
			if !yield(c.add(c).add(c).add(c)) {
				return
			}
		}
	}
	if got, alone := clusteredFraudRateDifference(ring, 0.95), rings.FraudRateDifference(0.95); !near(float64(got.SE), 2*float64(alone.SE)) {
		t.Errorf("rings of four: %v, want twice %v", got.SE, alone.SE)
	}
}

func TestApprovalDifferenceByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := pairs(t)
		records := c.records()
		var mean, squares float64
		for _, r := range records {
			mean += float64(r.b-r.a) / float64(len(records))
		}
		for _, r := range records {
			squares += (float64(r.b-r.a) - mean) * (float64(r.b-r.a) - mean)
		}
		d := c.ApprovalDifference(0.9)
		if len(records) == 0 {
			if d.Value.Defined() || d.P.Defined() {
				t.Errorf("no record, and %+v", d)
			}
			return
		}
		if math.Abs(float64(d.Value)-mean) > 1e-12 || !near(float64(d.Second-d.First)+1, float64(d.Value)+1) {
			t.Errorf("%+v, want %v", d, mean)
		}
		if se := math.Sqrt(squares) / float64(len(records)); d.SE.Defined() && !same(d.SE, se) || !d.SE.Defined() && se > 1e-12 {
			t.Errorf("standard error %v, want %v", d.SE, se)
		}
		sound(t, d)
	})
}

// TestDifferenceSaysNothing meets the counts that cannot carry an interval.
func TestDifferenceSaysNothing(t *testing.T) {
	clean := PairedCounts{1: {0: {dataset.Legit: 50}, 1: {dataset.Legit: 50}}}
	if d := clean.FraudRateDifference(0.95); d.Value != 0 || d.SE.Defined() || d.P.Defined() {
		t.Errorf("no fraud at all: %+v, which is not certainty", d)
	}
	identical := PairedCounts{0: {0: {0, 5, 5}}, 1: {1: {7, 50, 3}}}
	for _, d := range []Difference{identical.FraudRateDifference(0.95), identical.ApprovalDifference(0.95)} {
		if d.Value != 0 || d.SE != 0 || d.P != 1 || d.Low != 0 || d.High != 0 {
			t.Errorf("two policies that do the same: %+v", d)
		}
	}
	nobody := PairedCounts{1: {0: {dataset.Legit: 50, dataset.Fraud: 1}}}
	if d := nobody.FraudRateDifference(0.95); d.Value.Defined() || d.Second.Defined() || d.P.Defined() || !d.First.Defined() {
		t.Errorf("a challenger that approves nobody: %+v", d)
	}
	if d := nobody.ApprovalDifference(0.95); d.Value != -1 || d.SE.Defined() || !(d.P < 1e-14) {
		t.Errorf("everybody swapped out: %+v", d)
	}
	if in, out := worked.Swapped(); in != 1171 || out != 609 {
		t.Errorf("swapped %d in, %d out", in, out)
	}
}

// clusteredFraudRateDifference is the slow twin of Paired by entity: FraudRateDifference where the records of one entity, such as a fraud ring or a customer,
// depend on each other: the influences are added up within each entity first. It ranges over the entities twice.
func clusteredFraudRateDifference(entities iter.Seq[PairedCounts], confidence float64) Difference {
	var total PairedCounts
	for e := range entities {
		total = total.add(e)
	}
	psi := newInfluence(total)
	var squares float64
	for e := range entities {
		var sum float64
		for a := range e {
			for b := range e[a] {
				sum += float64(e[a][b][dataset.Legit])*psi.of(a, b, dataset.Legit) + float64(e[a][b][dataset.Fraud])*psi.of(a, b, dataset.Fraud)
			}
		}
		squares += sum * sum
	}
	return psi.difference(total, squares, confidence)
}

// add returns the sum of two counts.
func (c PairedCounts) add(d PairedCounts) PairedCounts {
	for a := range c {
		for b := range c[a] {
			for l := range c[a][b] {
				c[a][b][l] += d[a][b][l]
			}
		}
	}
	return c
}
