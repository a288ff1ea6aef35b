package dataset

import (
	"math"
	"testing"
)

// densityProbability is the slow twin of FraudProbability: it integrates the normal densities by Simpson's rule.
func densityProbability(population string, rate float64, session, onboarding int) float64 {
	mass := func(b bell, score int) float64 {
		low, high := float64(score)-0.5, float64(score)+0.5
		if score == 0 {
			low = b.mean - 40*b.sd
		}
		if score == MaxScore {
			high = b.mean + 40*b.sd
		}
		const steps = 20_000
		sum, h := 0.0, (high-low)/steps
		for i := range steps + 1 {
			z := (low + float64(i)*h - b.mean) / b.sd
			f := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) / b.sd
			switch {
			case i == 0 || i == steps:
				sum += f
			case i%2 == 1:
				sum += 4 * f
			default:
				sum += 2 * f
			}
		}
		return sum * h / 3
	}
	var p [2]float64
	for _, k := range synthKinds[population] {
		class, prior := 0, 1-rate
		if k.fraud {
			class, prior = 1, rate
		}
		p[class] += prior * k.weight * mass(k.session, session) * mass(k.onboarding, onboarding)
	}
	return p[1] / (p[0] + p[1])
}

func TestFraudProbabilityFormula(t *testing.T) {
	for _, population := range []string{"A", "B", "N"} {
		o := SynthOptions{Population: population, FraudRate: 0.05}
		for _, c := range [][2]int{{0, 0}, {1, 999}, {225, 226}, {450, 451}, {500, 500}, {550, 551}, {775, 776}, {1000, 1000}, {0, 1000}, {1000, 0}} {
			got, want := o.FraudProbability(c[0], c[1]), densityProbability(population, 0.05, c[0], c[1])
			if !(math.Abs(got-want) <= 1e-8*want) {
				t.Errorf("%s %v: %v, want %v", population, c, got, want)
			}
		}
	}
}

func TestFraudProbabilityLaws(t *testing.T) {
	for population, kinds := range synthKinds {
		weights := map[bool]float64{}
		for _, k := range kinds {
			weights[k.fraud] += k.weight
		}
		if math.Abs(weights[true]-1) > 1e-12 || math.Abs(weights[false]-1) > 1e-12 {
			t.Errorf("%s: weights add up to %v, want 1 and 1", population, weights)
		}
		o := SynthOptions{Population: population, FraudRate: 0.03}
		r, err := o.resolve()
		if err != nil {
			t.Fatal(err)
		}
		fraud, total := 0.0, 0.0
		for s := range MaxScore + 1 {
			p, share := r.model(onlyScore(s), onlyScore(-1))
			fraud += p * share
			total += share
			if q := o.FraudProbability(s, -1); q != p || !(q > 0 && q < 1) {
				t.Errorf("%s: session %d has probability %v, want %v in (0,1)", population, s, q, p)
			}
		}
		if math.Abs(total-1) > 1e-9 || math.Abs(fraud-0.03) > 1e-9 {
			t.Errorf("%s: shares add up to %v, fraud to %v, want 1 and 0.03", population, total, fraud)
		}
		if p := o.FraudProbability(-1, -1); math.Abs(p-0.03) > 1e-9 {
			t.Errorf("%s: nothing known: %v, want 0.03", population, p)
		}
	}
	useless := SynthOptions{Population: SynthUseless, FraudRate: 0.03}
	for _, s := range []int{-1, 0, 300, 500, 1000} {
		if p := useless.FraudProbability(s, 700); math.Abs(p-0.03) > 1e-12 {
			t.Errorf("N, session %d: %v, want 0.03", s, p)
		}
	}
	if p := useless.FraudProbability(1001, 0); !math.IsNaN(p) {
		t.Errorf("score 1001: %v, want NaN", p)
	}
	if p := (SynthOptions{FraudRate: -1}).FraudProbability(100, 100); p != 0 {
		t.Errorf("no fraud: %v, want 0", p)
	}
}

// TestFraudProbability compares the formula with frequencies: in each class of predicted probability, in each cell of the
// truth, and in the cells that a waterfall lets through to both products.
func TestFraudProbability(t *testing.T) {
	for _, opt := range []SynthOptions{{Population: "A"}, {Population: "B", Mode: SynthWaterfall}, {Population: "N"}, {Login: true}} {
		opt.Records, opt.FraudRate, opt.TrueLabel, opt.Rings, opt.Segments = 30_000, 0.05, true, -1, []string{}
		text, truth := synthText(t, opt)
		var predicted, variance [11]float64
		var fraud [11]float64
		for _, r := range looseRecords(t, text) {
			session, onboarding := -1, -1
			for _, name := range []string{"session", "login"} {
				if response, status := r.product(name); status == "ok" {
					session = int(response["score"].(float64))
				}
			}
			if response, status := r.product("onboarding"); status == "ok" {
				onboarding = int(response["score"].(map[string]any)["score"].(float64))
			}
			p := opt.FraudProbability(session, onboarding)
			bin := int(p * 10)
			if p < 0.01 {
				bin = 10
			}
			predicted[bin] += p
			variance[bin] += p * (1 - p)
			if r["true_label"] == "ko" {
				fraud[bin]++
			}
		}
		for i := range fraud {
			if math.Abs(fraud[i]-predicted[i]) > 4.5*math.Sqrt(variance[i])+1e-9 {
				t.Errorf("%+v: bin %d has %v fraud, the formula says %.1f +- %.1f", opt, i, fraud[i], predicted[i], math.Sqrt(variance[i]))
			}
		}
		for _, c := range truth.Cells {
			what := c.Session + " x " + c.Onboarding
			nearRate(t, what+" share", c.Records, opt.Records, c.Share, 1)
			nearRate(t, what+" fraud", c.Fraud, opt.Records, c.Share*c.Probability, 1)
		}
	}
}

// TestSynthSigns holds every signal and reason code to its table, and asks that the tables tell something.
func TestSynthSigns(t *testing.T) {
	o, err := SynthOptions{Records: 40_000, FraudRate: 0.3, Rings: -1}.resolve()
	if err != nil {
		t.Fatal(err)
	}
	d := newSynthesizer(o).newDrawer(0)
	var records [numProfiles]int64
	var signals [numProfiles][numSignals]int64
	var codes [numProfiles][numCodes]int64
	for n := range o.Records {
		r := d.next(n)
		p := r.kind.profile
		records[p]++
		for i, on := range r.signals {
			if on {
				signals[p][i]++
			}
		}
		for i, on := range r.codes {
			if on {
				codes[p][i]++
			}
		}
	}
	for p, n := range records {
		for i, s := range sessionSigns {
			nearRate(t, s.name, signals[p][i], n, s.p[p], 1)
		}
		for i, s := range claimCodes {
			nearRate(t, s.name, codes[p][i], n, s.p[p], 1)
		}
	}
	for i, c := range claimCodes {
		if len(c.name) != 5 || c.name[0] == 'R' && c.p[identityProfile] < c.p[plainProfile] || c.name[0] == 'T' && c.p[identityProfile] > c.p[plainProfile] {
			t.Errorf("code %d, %s, says the opposite of its name: %v", i, c.name, c.p)
		}
	}
}

func TestScorecard(t *testing.T) {
	for score, want := range map[int]Cluster{0: VeryLow, 225: VeryLow, 226: Low, 450: Low, 451: ReviewCluster, 550: ReviewCluster,
		551: High, 775: High, 776: VeryHigh, 1000: VeryHigh} {
		if got := scorecard(score); got != want {
			t.Errorf("score %d is %v, want %v", score, got, want)
		}
	}
}

func TestClipScore(t *testing.T) {
	for x, want := range map[float64]int{-1e9: 0, -0.6: 0, 0.4: 0, 0.5: 1, 999.4: 999, 999.6: 1000, 1e9: 1000} {
		if got := clipScore(x); got != want {
			t.Errorf("%v becomes %d, want %d", x, got, want)
		}
	}
}
