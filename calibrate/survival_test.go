package calibrate

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

type survivalReference struct {
	Time  []int
	Event []int
	S     map[string]float64
	SE    map[string]float64 `json:"greenwood_se"`
}

// TestDevelopmentReference holds the 6-MP arm of Freireich et al. (1963), of which the file has eight digits.
func TestDevelopmentReference(t *testing.T) {
	eachReference(t, "kaplan_meier_6MP", `{"time": [6,6,6,7,10,13,16,22,23,6,9,10,11,17,19,20,25,32,32,34,35],
		"event": [1,1,1,1,1,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0],
		"S": {"6": 0.85714286, "7": 0.80672269, "10": 0.75294118, "13": 0.69019608, "16": 0.62745098, "22": 0.53781513, "23": 0.44817927},
		"greenwood_se": {"6": 0.076360355, "7": 0.086935285, "10": 0.096349653, "13": 0.106814708, "16": 0.114053865, "22": 0.128233752, "23": 0.134591457}}`,
		func(t *testing.T, ref survivalReference) {
			byDay := make([]DelayCount, 50)
			for i, day := range ref.Time {
				byDay[day].Reported += int64(ref.Event[i])
				byDay[day].Open += int64(1 - ref.Event[i])
			}
			d := NewDevelopment(byDay)
			if d.LastDay() != 35 || len(ref.S) != 7 {
				t.Fatalf("last day %d, %d shares", d.LastDay(), len(ref.S))
			}
			for text, want := range ref.S {
				day, _ := strconv.Atoi(text)
				p := d.At(day, 0.95)
				if math.Abs(1-float64(p.Value)-want) > 5e-9 || math.Abs(float64(p.SE)-ref.SE[text]) > 5e-9 {
					t.Errorf("day %d: %+v, want %v, %v", day, p, want, ref.SE[text])
				}
				// The interval as R writes it: S^exp(+-z se(log S)/log S).
				theta := 1.959963984540054 * ref.SE[text] / want / math.Log(want)
				if low, high := 1-math.Pow(want, math.Exp(theta)), 1-math.Pow(want, math.Exp(-theta)); math.Abs(float64(p.Low)-low) > 1e-7 || math.Abs(float64(p.High)-high) > 1e-7 {
					t.Errorf("day %d: %+v, want %v..%v", day, p, low, high)
				}
			}
			// The days between are those of the last report; day 36 nobody has seen.
			if d.At(5, 0.95).Value != 0 || d.At(35, 0.95).Value != d.At(23, 0.95).Value || d.At(36, 0.95).Value.Defined() || d.Within(3, 36, 0.95).Value.Defined() {
				t.Error("days without a report")
			}
			// Of 1 - 0.448 within 35 days, 1 - 0.753 are reported within 10.
			if w := d.Within(10, 35, 0.95); math.Abs(float64(w.Value)-(1-0.75294118)/(1-0.44817927)) > 2e-8 || w.AtRisk != 15 {
				t.Errorf("%+v", w)
			}
		})
}

func drawDelays(t *rapid.T) []DelayCount {
	n := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 5), rapid.Int64Range(0, 1e6))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) DelayCount {
		return DelayCount{n.Draw(t, "reported"), n.Draw(t, "open")}
	}), 0, 12).Draw(t, "days")
}

// TestDevelopmentExact multiplies fractions out, counting those at risk anew each day.
func TestDevelopmentExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		byDay := drawDelays(t)
		d := NewDevelopment(byDay)
		left, spread := big.NewRat(1, 1), new(big.Rat)
		for day, c := range byDay {
			var risk int64
			for _, later := range byDay[day:] {
				risk += later.Reported + later.Open
			}
			p := d.At(day, 0.9)
			if risk == 0 {
				if day <= d.LastDay() || p.Value.Defined() || p.AtRisk != 0 {
					t.Errorf("day %d, when nobody is at risk: %+v", day, p)
				}
				continue
			}
			left.Mul(left, big.NewRat(risk-c.Reported, risk))
			if c.Reported < risk {
				spread.Add(spread, new(big.Rat).Mul(big.NewRat(c.Reported, risk), big.NewRat(1, risk-c.Reported)))
			}
			share, _ := new(big.Rat).Sub(big.NewRat(1, 1), left).Float64()
			s, _ := left.Float64()
			v, _ := spread.Float64()
			if !near(float64(p.Value), share) || p.AtRisk != risk || share > 0 && share < 1 && !near(float64(p.SE), s*math.Sqrt(v)) {
				t.Errorf("day %d: %+v, want %v, %v", day, p, share, s*math.Sqrt(v))
			}
			if p.Method == MethodNone != !p.Low.Defined() || p.Low > p.Value || p.High < p.Value || p.Low < 0 || p.High > 1 || share < 1 && !p.Low.Defined() {
				t.Errorf("day %d: %+v", day, p)
			}
			for early := range day + 1 {
				e, w := d.At(early, 0.9), d.Within(early, day, 0.9)
				if w.Value.Defined() != (share > 0) || share > 0 && math.Abs(float64(w.Value)-float64(e.Value)/share) > 1e-9 {
					t.Errorf("%d within %d: %+v, want %v/%v", early, day, w, e.Value, share)
				}
				if w.Low.Defined() && !(0 <= w.Low && w.Low <= w.Value && w.Value <= w.High && w.High <= 1) || math.IsInf(float64(w.SE), 0) {
					t.Errorf("%+v", w)
				}
			}
		}
		if p := d.At(len(byDay), 0.9); p.Value.Defined() {
			t.Errorf("beyond all days: %+v", p)
		}
	})
}

// TestDevelopmentWithoutYoung is a binomial share: where no record is open before the day, nothing is estimated.
func TestDevelopmentWithoutYoung(t *testing.T) {
	d := NewDevelopment([]DelayCount{{3, 0}, {2, 0}, {0, 995}})
	if p := d.At(1, 0.95); !near(float64(p.Value), 0.005) || !near(float64(p.SE), math.Sqrt(0.005*0.995/1000)) {
		t.Errorf("%+v", p)
	}
	// Three of the five frauds are reported on day 0: a binomial share of five.
	if w := d.Within(0, 1, 0.95); !near(float64(w.Value), 0.6) || !near(float64(w.SE), math.Sqrt(0.6*0.4/5)) {
		t.Errorf("%+v", w)
	}
	clean := NewDevelopment([]DelayCount{{0, 402}, {0, 598}}).At(1, 0.9)
	if clean.Value != 0 || clean.Low != 0 || !near(float64(clean.High), UpperBound(0, 598, 0.05)) || clean.Method != MethodClopperPearson {
		t.Errorf("nothing reported: %+v", clean)
	}
	if all := NewDevelopment([]DelayCount{{5, 0}}).At(0, 0.9); all.Value != 1 || all.Low.Defined() || all.Method != MethodNone {
		t.Errorf("all reported: %+v", all)
	}
}

// TestDevelopmentCovers draws records of every age up to 200 days, 4 % fraud, reported after 40 days on average: the share of
// frauds among all of them, ignoring age, is too small.
func TestDevelopmentCovers(t *testing.T) {
	const runs, size, rate, mean, day, horizon = 400, 5000, 0.04, 40.0, 30, 120
	reported := func(d int) float64 { return rate * -math.Expm1(-float64(d+1)/mean) }
	rng := rand.New(rand.NewPCG(31, 4))
	var naive, at, within int
	for range runs {
		byDay := make([]DelayCount, 201)
		var frauds int64
		for range size {
			age, delay := rng.IntN(201), math.MaxInt
			if rng.Float64() < rate {
				delay = int(rng.ExpFloat64() * mean)
			}
			if delay <= age {
				byDay[delay].Reported++
				frauds++
			} else {
				byDay[age].Open++
			}
		}
		d := NewDevelopment(byDay)
		holds := func(low, high Number, truth float64) int { return b2i(float64(low) <= truth && truth <= float64(high)) }
		p, w := d.At(horizon, 0.95), d.Within(day, horizon, 0.95)
		at += holds(p.Low, p.High, reported(horizon))
		within += holds(w.Low, w.High, reported(day)/reported(horizon))
		low, high := Wilson(frauds, size, 0.95)
		naive += holds(Number(low), Number(high), reported(horizon))
	}
	t.Logf("of %d intervals at 95 %% hold the truth: at %d, within %d, ignoring age %d", runs, at, within, naive)
	slack := 3 * math.Sqrt(runs*0.95*0.05)
	for _, held := range []int{at, within} {
		if math.Abs(float64(held)-0.95*runs) > slack+0.01*runs {
			t.Errorf("%d of %d intervals hold the truth", held, runs)
		}
	}
	if naive > runs*6/10 {
		t.Errorf("%d of %d intervals that ignore age hold the truth: the simulation does not test anything", naive, runs)
	}
}

func TestDevelopmentRefuses(t *testing.T) {
	if d := NewDevelopment(nil); d.LastDay() != -1 || d.At(0, 0.95).Value.Defined() || d.Within(0, 0, 0.95).Value.Defined() {
		t.Error("a curve of nothing")
	}
	for i, f := range []func(){
		func() { NewDevelopment([]DelayCount{{-1, 0}}) }, func() { NewDevelopment([]DelayCount{{0, -1}}) },
		func() { NewDevelopment([]DelayCount{{math.MaxInt64, 1}}) }, func() { NewDevelopment([]DelayCount{{math.MaxInt64, 0}, {0, 1}}) },
		func() { NewDevelopment(nil).At(-1, 0.95) }, func() { NewDevelopment(nil).At(0, 1) },
		func() { NewDevelopment(nil).Within(-1, 3, 0.95) }, func() { NewDevelopment(nil).Within(3, 2, 0.95) },
	} {
		if !panics(f) {
			t.Errorf("case %d was accepted", i)
		}
	}
}
