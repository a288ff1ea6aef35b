package calibrate

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// TestGammaBound are the one-sided bounds of ../shared/reference/statistics.json, fay_feuer_gamma.
func TestGammaBound(t *testing.T) {
	// Frauds of 120, 80, 300, 45 and 500 in an approved amount of 250,000, the largest 500.
	if got := GammaBound(1045, 250_000, replay.Spread{Lo: 362_825, Most: 500}, 0.1); !near(got, 0.01037760017330614) {
		t.Errorf("amounts: %v", got)
	}
	// Twelve frauds of weight 1 and nine of 0.3 in 6,000, the largest 1: in tenths.
	if got := GammaBound(147, 60_000, replay.Spread{Lo: 12*100 + 9*9, Most: 10}, 0.05); !near(got, 0.003711735594185392) {
		t.Errorf("weights: %v", got)
	}
	// Of equal amounts it is the exact Poisson bound: without an event, -ln(delta) events.
	if got := GammaBound(0, 100*700, replay.Spread{Most: 700}, 0.05); !near(got, -math.Log(0.05)/100) {
		t.Errorf("no fraud among 100 records of 7.00: %v, want %v", got, -math.Log(0.05)/100)
	}
	for _, c := range []struct {
		x, y int64
		s    replay.Spread
		want float64
	}{{5, 5, replay.Spread{Lo: 25, Most: 5}, 1}, {0, 5, replay.Spread{}, 0}, {0, 5, replay.Spread{Most: 5}, 1}} {
		if got := GammaBound(c.x, c.y, c.s, 0.05); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := GammaBound(0, 0, replay.Spread{}, 0.05); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

// TestSharedGammaBound compares the two examples whose weights the file spells out; of the third it has the results alone.
func TestSharedGammaBound(t *testing.T) {
	var ref struct {
		Gamma []struct {
			Desc  string
			Upper float64
		} `json:"fay_feuer_gamma"`
	}
	shared(t, &ref)
	compared := 0
	for _, r := range ref.Gamma {
		var got float64
		switch {
		case strings.HasPrefix(r.Desc, "step-up weights: 12 frauds w=1, 9 frauds w=0.3, total exposure 6000"):
			got = GammaBound(147, 60_000, replay.Spread{Lo: 12*100 + 9*9, Most: 10}, 0.05)
		case strings.HasPrefix(r.Desc, "amounts of frauds [120,80,300,45,500], approved amount 250000"):
			got = GammaBound(1045, 250_000, replay.Spread{Lo: 362_825, Most: 500}, 0.1)
		default:
			continue
		}
		if compared++; !near(got, r.Upper) {
			t.Errorf("%s: %v, want %v", r.Desc, got, r.Upper)
		}
	}
	if compared != 2 {
		t.Errorf("%d examples compared, want 2", compared)
	}
}

// paid is a record with its amount.
type paid struct {
	action dataset.Action
	label  dataset.Label
	amount int64
}

func countsOfPaid(records []paid) (c replay.Counts) {
	for _, r := range records {
		var t replay.Tally
		t.Records[r.label], t.Amount[r.label] = 1, r.amount
		t.Spread[r.label] = replay.Spread{Lo: uint64(r.amount * r.amount), Most: r.amount}
		c.Actions[r.action] = c.Actions[r.action].Add(t)
	}
	return c
}

func drawPaid(t *rapid.T) []paid {
	amount := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(1, 1e4), rapid.Int64Range(1, 1e9), rapid.Just(int64(4999)))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) paid {
		return paid{dataset.Action(rapid.IntRange(0, dataset.NumActions-1).Draw(t, "action")), dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")), amount.Draw(t, "amount")}
	}), 0, 40).Draw(t, "records")
}

// TestLinearizedByRecord adds the influence of each record up, for every share of amounts.
func TestLinearizedByRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := drawPaid(t)
		list := Measures(twoProducts, countsOfPaid(records), 0.9)
		for _, d := range definitions {
			m, _ := Find(list, d.name+valueSuffix)
			if m.Method != MethodLinearized || d.unit != Share {
				continue
			}
			var sum, squares float64
			for _, r := range records {
				in := func(x region) float64 {
					if x.actions>>r.action&1 != 0 && x.labels>>r.label&1 != 0 {
						return float64(r.amount)
					}
					return 0
				}
				z := (in(d.num) - float64(m.Value)*in(d.den)) / float64(m.Denominator)
				sum, squares = sum+z, squares+z*z
			}
			half := 1.6448536269514722 * math.Sqrt(squares) // the normal quantile of 0.95
			low, high := max(float64(m.Value)-half, 0), min(float64(m.Value)+half, 1)
			if math.Abs(sum) > 1e-12 || math.Abs(float64(m.Low)-low) > 1e-9 || math.Abs(float64(m.High)-high) > 1e-9 {
				t.Errorf("%s %v in [%v, %v], by record [%v, %v], influences add up to %v", d.name, m.Value, m.Low, m.High, low, high, sum)
			}
		}
	})
}

// TestByValueLaws binds value, interval and bound together, and the units to each other.
func TestByValueLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := countsOfPaid(drawPaid(t))
		list := Measures(twoProducts, c, 0.95)
		for _, m := range list {
			if !m.ByValue {
				continue
			}
			if (m.Method == MethodNone) != !m.Low.Defined() || (m.Method == MethodNone) != !m.Confidence.Defined() || m.Low > m.Value || m.High < m.Value || m.Low < 0 {
				t.Errorf("%+v", m)
			}
			if m.Unit == Share && m.Denominator > 0 && (m.Method == MethodNone || m.High > 1) {
				t.Errorf("an amount and no interval within 0..1: %+v", m)
			}
			if math.IsInf(float64(m.High), 0) {
				t.Errorf("%+v", m)
			}
			bound, found := AtMostByValue(c, m.Name, 0.05)
			if found != (m.Unit != Odds) || found && bound.Defined() != (m.Denominator > 0) || bound.Defined() && bound < m.Value-1e-12 {
				t.Errorf("%s %v is at most %v, %v", m.Name, m.Value, bound, found)
			}
		}
		share, _ := Find(list, "fraud_rate_value")
		bps, _ := Find(list, "fraud_bps")
		if share.Low.Defined() && (math.Abs(float64(bps.Low-10_000*share.Low)) > 1e-9 || math.Abs(float64(bps.High-10_000*share.High)) > 1e-9) {
			t.Errorf("%+v and %+v", share, bps)
		}
	})
}

// TestByValueOfEqualAmounts is the interval by count: with amounts alike, value says what counts say.
func TestByValueOfEqualAmounts(t *testing.T) {
	var records []paid
	for i := range 1000 {
		l := dataset.Legit
		if i < 20 {
			l = dataset.Fraud
		}
		records = append(records, paid{dataset.Approve, l, 4999})
	}
	m, _ := Find(Measures(twoProducts, countsOfPaid(records), 0.95), "fraud_rate_value")
	half := 1.959963984540054 * math.Sqrt(0.02*0.98/1000)
	if math.Abs(float64(m.Value)-0.02) > 1e-15 || math.Abs(float64(m.High)-(0.02+half)) > 1e-12 || math.Abs(float64(m.Low)-(0.02-half)) > 1e-12 {
		t.Errorf("%+v, want 0.02 and %v to each side", m, half)
	}
}

// TestByValueWithoutSpread claims nothing where nobody asked for the spread.
func TestByValueWithoutSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := counts(t)
		for _, m := range Measures(twoProducts, c, 0.95) {
			if m.ByValue && m.Method != MethodNone {
				t.Errorf("%+v", m)
			}
		}
		if bound, found := AtMostByValue(c, "fraud_rate_value", 0.05); !found || bound.Defined() {
			t.Errorf("at most %v, %v", bound, found)
		}
	})
}

// TestByValueCovers draws histories whose rate by value is known: amounts are log-normal, like those of shops, and fraud does
// not depend on them. The two-sided interval is approximate, and told to be; the bound is what a sentence may lean on.
func TestByValueCovers(t *testing.T) {
	const rate, runs, size = 0.02, 400, 2000
	rng := rand.New(rand.NewPCG(20261122, 5))
	inside, below := 0, 0
	for range runs {
		records := make([]paid, size)
		for i := range records {
			records[i] = paid{dataset.Approve, dataset.Legit, int64(math.Exp(8 + 0.8*rng.NormFloat64()))}
			if rng.Float64() < rate {
				records[i].label = dataset.Fraud
			}
		}
		c := countsOfPaid(records)
		m, _ := Find(Measures(twoProducts, c, 0.9), "fraud_rate_value")
		if m.Low <= rate && rate <= m.High {
			inside++
		}
		if bound, _ := AtMostByValue(c, "fraud_rate_value", 0.1); rate <= bound {
			below++
		}
	}
	// Three standard errors of 400 runs are 4.5 points.
	if share := float64(inside) / runs; share < 0.83 || share > 0.95 {
		t.Errorf("the 90 %% interval holds the rate in %v of runs", share)
	}
	if share := float64(below) / runs; share < 0.9-0.045 {
		t.Errorf("the 90 %% bound holds the rate in %v of runs", share)
	}
	t.Logf("interval %d, bound %d of %d", inside, below, runs)
}

// TestOddsInterval is Wilson's of 20 in 80, turned: 20 : 60.
func TestOddsInterval(t *testing.T) {
	m := ratio("false_positive_ratio", Odds, 20, 60, 0.95)
	low, high := Wilson(20, 80, 0.95)
	if !near(float64(m.Low), low/(1-low)) || !near(float64(m.High), high/(1-high)) || m.Method != MethodWilson || m.Low >= m.Value || m.High <= m.Value {
		t.Errorf("%+v", m)
	}
	if m := ratio("false_positive_ratio", Odds, 20, 0, 0.95); m.Method != MethodNone || m.Low.Defined() {
		t.Errorf("20 : 0 is %+v", m)
	}
}
