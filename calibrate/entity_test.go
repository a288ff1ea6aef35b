package calibrate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

type entityReference struct {
	M, K     []int64
	Phat     float64
	SE       float64
	Neff     float64
	Adjusted float64    `json:"neff_df_adj"`
	CI       [2]float64 `json:"ci95"`
}

// TestEntitiesReference holds R's survey package to the ten digits that the file has.
func TestEntitiesReference(t *testing.T) {
	eachReference(t, "korn_graubard", `{"m": [10,12,8,15,5,20,9,11,10,10], "k": [0,1,0,4,0,2,0,1,0,3], "phat": 0.1, "se": 0.03585502899,
		"neff": 70.00714286, "neff_df_adj": 53.73903434, "ci95": [0.03499199493, 0.2127589777]}`,
		func(t *testing.T, ref entityReference) {
			var e Entities
			for i, m := range ref.M {
				e.Add(ref.K[i], m)
			}
			low, high := e.Interval(0.95)
			want := [6]float64{ref.Phat, ref.SE, ref.Neff, ref.Adjusted, ref.CI[0], ref.CI[1]}
			for i, got := range []Number{e.Rate(), e.SE(), e.Effective(), e.adjusted(0.025), low, high} {
				if !near(float64(got), want[i]) {
					t.Errorf("%v, want %v", got, want[i])
				}
			}
			if !near(float64(e.DesignEffect()), 110/ref.Neff) {
				t.Errorf("design effect %v", e.DesignEffect())
			}
		})
}

// TestEntitiesByEntity sums over entities what the integers sum over.
func TestEntitiesByEntity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Entities
		var sizes, frauds []int64
		for range rapid.IntRange(0, 30).Draw(t, "entities") {
			m := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 1000)).Draw(t, "records")
			k := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, m), rapid.Just(m)).Draw(t, "frauds")
			e.Add(k, m)
			if m > 0 {
				sizes, frauds = append(sizes, m), append(frauds, k)
			}
		}
		var n, k, squares, largest float64
		for i := range sizes {
			n, k, largest = n+float64(sizes[i]), k+float64(frauds[i]), largest+float64(sizes[i]*sizes[i])
		}
		for i := range sizes {
			d := (float64(frauds[i]) - k/n*float64(sizes[i])) / n
			squares += d * d
		}
		c := float64(len(sizes))
		if se := math.Sqrt(c / (c - 1) * squares); len(sizes) >= 2 && math.Abs(float64(e.SE())-se) > 1e-9*se+1e-15 || len(sizes) < 2 && e.SE().Defined() {
			t.Errorf("%v, by entity %v", e.SE(), se)
		}
		low, high := e.Interval(0.9)
		if low.Defined() != (len(sizes) >= 2) || low.Defined() != high.Defined() || low.Defined() != e.DesignEffect().Defined() {
			t.Fatalf("%+v: %v..%v", e, low, high)
		}
		if !low.Defined() {
			return
		}
		if !(0 <= low && low <= e.Rate() && e.Rate() <= high && high <= 1) || math.IsInf(float64(e.Effective()), 0) || e.Effective() <= 0 {
			t.Errorf("%+v: %v in %v..%v of %v effective records", e, e.Rate(), low, high, e.Effective())
		}
		// Entities never make surer than records that do not depend on each other.
		if float64(high) < UpperBound(e.Frauds, e.Records, 0.05)*(1-1e-9) || float64(low) > LowerBound(e.Frauds, e.Records, 0.05)*(1+1e-9) {
			t.Errorf("%+v: %v..%v", e, low, high)
		}
		if stricter := e.UpperBound(0.01); stricter < high {
			t.Errorf("%v at 99 %%, %v at 95 %%", stricter, high)
		}
	})
}

// TestEntitiesOfOneRecord is Clopper-Pearson: the effective records of that many entities are one less, for the mean that was
// estimated.
func TestEntitiesOfOneRecord(t *testing.T) {
	var e Entities
	for i := range int64(1000) {
		e.Add(int64(b2i(i < 12)), 1)
	}
	if !near(float64(e.Effective()), 999) {
		t.Errorf("%v effective records", e.Effective())
	}
	low, high := e.Interval(0.95)
	if l, h := ClopperPearson(12, 1000, 0.95); math.Abs(float64(low)-l) > 0.002*l || math.Abs(float64(high)-h) > 0.002*h {
		t.Errorf("%v..%v, want about %v..%v", low, high, l, h)
	}
	// Where every record stands for five that are the same, five thousand records are a thousand.
	var rings Entities
	for i := range int64(1000) {
		rings.Add(5*int64(b2i(i < 12)), 5)
	}
	if !near(float64(rings.Effective()), 999) || !near(float64(rings.DesignEffect()), 5000.0/999) || rings.UpperBound(0.05) < e.UpperBound(0.05) {
		t.Errorf("%v effective records, design effect %v, %v", rings.Effective(), rings.DesignEffect(), rings.UpperBound(0.05))
	}
}

// TestEntitiesWithoutVariance are the cases in which the standard error shows nothing.
func TestEntitiesWithoutVariance(t *testing.T) {
	var clean, all, alike, one Entities
	for range 1000 {
		clean.Add(0, 5)
		all.Add(5, 5)
		alike.Add(1, 2)
	}
	one.Add(1, 5)
	if clean.Effective() != 1000 || !near(float64(clean.UpperBound(0.05)), UpperBound(0, 1000, 0.05)) && clean.adjusted(0.05) > 1000 || clean.LowerBound(0.05) != 0 {
		t.Errorf("no fraud: %v effective records, at most %v", clean.Effective(), clean.UpperBound(0.05))
	}
	if all.Effective() != 1000 || all.UpperBound(0.05) != 1 || all.LowerBound(0.05) > 0.9971 {
		t.Errorf("all fraud: %v effective records, at least %v", all.Effective(), all.LowerBound(0.05))
	}
	if alike.SE() != 0 || alike.Effective() != 1000 || !alike.UpperBound(0.05).Defined() {
		t.Errorf("one rate: %v, %v", alike.SE(), alike.Effective())
	}
	for name, e := range map[string]Entities{"none": {}, "one": one} {
		if e.SE().Defined() || e.Effective().Defined() || e.DesignEffect().Defined() || e.UpperBound(0.05).Defined() || e.LowerBound(0.05).Defined() {
			t.Errorf("%s: %v, %v", name, e.SE(), e.Effective())
		}
	}
	large := Entities{}
	for range 3 {
		large.Add(0, 1_000_000_000)
	}
	large.Frauds, large.SquaredFrauds, large.Products = 1, 1, 1_000_000_000
	if se := float64(large.SE()); !near(se*3e9, math.Sqrt(1.5*(4.0/9+1.0/9+1.0/9))) {
		t.Errorf("three billion records: %v", se*3e9)
	}
}

func TestEntitiesAreStored(t *testing.T) {
	var first, second, both Entities
	for i := range int64(20) {
		part := &first
		if i%2 == 0 {
			part = &second
		}
		part.Add(i%3, i+2)
		both.Add(i%3, i+2)
	}
	text, err := json.Marshal(first.Merge(second))
	var back Entities
	if err != nil || json.Unmarshal(text, &back) != nil || back != both || second.Merge(first) != both {
		t.Errorf("%s, want %+v", text, both)
	}
	for i, f := range []func(){
		func() { new(Entities).Add(-1, 2) }, func() { new(Entities).Add(3, 2) }, func() { new(Entities).Add(0, -1) },
		func() { new(Entities).Add(0, MaxEntityRecords+1) }, func() { Entities{Records: MaxEntityRecords}.Merge(Entities{Records: 1}) },
		func() { both.UpperBound(0.5) }, func() { both.UpperBound(0) }, func() { both.LowerBound(math.NaN()) }, func() { both.Interval(1) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}

// TestEntitiesOfRings certifies populations with rings at just the rate that is to be refused: at 10 %, records taken as independent
// certify it in some 30 % of the histories (STATISTICS.md, section 4).
func TestEntitiesOfRings(t *testing.T) {
	const runs, delta = 500, 0.1
	rng := rand.New(rand.NewPCG(41, 4))
	for _, c := range []struct {
		singles, rings, size int64
		single, ring         float64 // rates of fraud
		most                 float64 // certified; above delta where two rings decide
	}{
		{0, 3000, 5, 0, 0.01, 0.1},
		{0, 300, 5, 0, 0.01, 0.1},
		{5000, 100, 20, 0.002, 0.05, 0.1},
		{1000, 200, 5, 0.005, 0.01, 0.13},
		{20_000, 20, 50, 0.002, 0.1, 0.13},
	} {
		n := float64(c.singles + c.rings*c.size)
		rate := (float64(c.singles)*c.single + float64(c.rings*c.size)*c.ring) / n
		var naive, adjusted int
		for range runs {
			var e Entities
			for range c.singles {
				e.Add(int64(b2i(rng.Float64() < c.single)), 1)
			}
			for range c.rings {
				e.Add(c.size*int64(b2i(rng.Float64() < c.ring)), c.size)
			}
			naive += b2i(UpperBound(e.Frauds, e.Records, delta) <= rate)
			adjusted += b2i(float64(e.UpperBound(delta)) <= rate)
		}
		t.Logf("%+v: of %d histories at the rate to be refused are certified: as records %d, as entities %d", c, runs, naive, adjusted)
		if most := c.most*runs + 3*math.Sqrt(runs*c.most*(1-c.most)); float64(adjusted) > most {
			t.Errorf("%+v: %d of %d are certified, at most %.0f", c, adjusted, runs, most)
		}
		if naive < runs*18/100 {
			t.Errorf("%+v: %d of %d are certified as records: the simulation does not test anything", c, naive, runs)
		}
	}
}
