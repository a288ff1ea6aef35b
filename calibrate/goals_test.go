package calibrate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func mustLimit(t interface{ Fatal(...any) }, text string) replay.Limit {
	l, err := replay.ParseLimit(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func drawCounts(t *rapid.T) (c replay.Counts) {
	for a := range c.Actions {
		for l := range c.Actions[a].Records {
			c.Actions[a].Records[l] = rapid.Int64Range(0, 20).Draw(t, "records")
			if c.Actions[a].Records[l] > 0 {
				c.Actions[a].Amount[l] = rapid.Int64Range(0, 1000).Draw(t, "amount")
			}
		}
	}
	n := c.Total().N()
	c.Calls = [2]int64{n, rapid.Int64Range(0, n).Draw(t, "calls")}
	return c
}

// TestTargetsAreMeasures checks that what a limit counts is the measure of its name, where nothing is undecided.
func TestTargetsAreMeasures(t *testing.T) {
	p := &replay.Policy{First: "session", Second: "onboarding"}
	names := []string{"call_rate_onboarding", "fraud_bps"}
	for _, d := range definitions {
		names = append(names, d.name, d.name+"_value")
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCounts(rt)
		c.Actions[replay.Undecided] = replay.Tally{}
		c.Calls = [2]int64{c.Total().N(), min(c.Calls[1], c.Total().N())}
		list := Measures(p, c, 0.95)
		for _, name := range names {
			m, found := Find(list, name)
			if !found {
				rt.Fatalf("no measure %s", name)
			}
			for _, atLeast := range []bool{false, true} {
				target, err := newTarget(replay.Limit{Measure: name, AtLeast: atLeast, Bound: replay.Decimal{Num: 3, Den: 10}}, p, nil, 30)
				if err != nil {
					rt.Fatal(err)
				}
				k, n := target.count(c)
				switch {
				case atLeast && target.share:
					k = n - k
				case atLeast:
					k = -k
				}
				scale := int64(1)
				if name == "fraud_bps" {
					scale = 10_000
				}
				if k != scale*m.Numerator || n != m.Denominator {
					rt.Fatalf("%s counts %d of %d, the measure %d of %d", name, k, n, m.Numerator, m.Denominator)
				}
				if want := m.Denominator > 0 && (float64(m.Value) <= 0.3) != atLeast; m.Denominator > 0 && math.Abs(float64(m.Value)-0.3) > 1e-9 && target.met(c) != want {
					rt.Fatalf("%s = %v: met %v", target.Limit, m.Value, target.met(c))
				}
			}
		}
	})
}

// TestSettleHurtsMost compares what undecided records count as with every way in which they could have been decided: none
// has a larger p-value, nor is further over the limit.
func TestSettleHurtsMost(t *testing.T) {
	p := &replay.Policy{First: "session", Second: "onboarding"}
	limits := []string{"fraud_rate <= 30%", "insult_rate <= 30%", "review_rate <= 30%", "approval_rate >= 30%", "fraud_capture >= 30%", "friction_rate <= 30%", "precision >= 30%", "block_rate <= 30%",
		"fraud_rate_value <= 30%", "fraud_bps <= 500", "approval_rate_value >= 30%"}
	rapid.Check(t, func(rt *rapid.T) {
		target, err := newTarget(mustLimit(rt, rapid.SampledFrom(limits).Draw(rt, "limit")), p, nil, 1)
		if err != nil {
			rt.Fatal(err)
		}
		c := drawCounts(rt)
		open := replay.Tally{}
		for l := range open.Records {
			open.Records[l] = rapid.Int64Range(0, 2).Draw(rt, "open")
			open.Amount[l] = 100 * open.Records[l]
		}
		c.Actions[replay.Undecided] = open
		excess := target.excess()
		worst := excess.Of(target.settle(c))
		for range 20 {
			decided := c
			decided.Actions[replay.Undecided] = replay.Tally{}
			for l, n := range open.Records {
				for range n {
					a := rapid.SampledFrom(dataset.Actions).Draw(rt, "action")
					decided.Actions[a].Records[l]++
					decided.Actions[a].Amount[l] += 100
				}
			}
			if v := excess.Of(decided); v > worst {
				rt.Fatalf("%s: an excess of %d where %d was said to be the worst", target.Limit, v, worst)
			}
		}
	})
}

func TestGoalsRefuse(t *testing.T) {
	p := &replay.Policy{First: "session", Second: "onboarding"}
	for text, want := range map[string]string{
		"fraud_rat <= 1%":         `no limit on "fraud_rat"`,
		"cost_per_record <= 1":    "needs prices",
		"fraud_rate <= 0%":        "can never be certified",
		"fraud_capture >= 100%":   "can never be certified",
		"savings <= 1":            `no limit on "savings"`,
		"call_rate_session <= 1%": `no limit on "call_rate_session"`,
	} {
		if _, err := newTarget(mustLimit(t, text), p, nil, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	bad := Goals{Objective: "approvals", Delta: 0.6, Families: []Family{"all"}, Otherwise: dataset.Approve, Ranges: [2]Range{{500, 400}}}
	err := bad.check()
	if err == nil || len(strings.Split(err.Error(), "\n")) != 5 {
		t.Errorf("want all five mistakes at once, got %v", err)
	}
	for delta, want := range map[float64]bool{MinDelta: true, math.Nextafter(MinDelta, 0): false, 0.5: true, math.Nextafter(0.5, 1): false, math.NaN(): false, 1e-300: false} {
		if err := (Goals{Objective: MostApprovals, Delta: delta}).check(); (err == nil) != want {
			t.Errorf("delta %v: %v", delta, err)
		}
	}
	for n, want := range map[int]bool{MaxLimits: true, MaxLimits + 1: false} {
		g := fraudGoals(t, slices.Repeat([]string{"fraud_rate <= 1%"}, n)...)
		g.Delta = DefaultDelta
		if err := g.check(); (err == nil) != want {
			t.Errorf("%d limits: %v", n, err)
		}
	}
	if err := (Goals{Objective: LeastCost, Delta: 0.5}).check(); err == nil || !strings.Contains(err.Error(), "prices") {
		t.Error(err)
	}
}

// TestUndecidedIsItsOwnMeasure: a limit on what is undecided counts it, and moves none of it away.
func TestUndecidedIsItsOwnMeasure(t *testing.T) {
	target, err := newTarget(mustLimit(t, "undecided_rate <= 10%"), &replay.Policy{First: "session"}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	var c replay.Counts
	c.Actions[dataset.Approve].Records[dataset.Legit] = 10
	c.Actions[replay.Undecided].Records[dataset.Legit] = 30
	if k, n := target.count(c); k != 30 || n != 40 || target.met(c) {
		t.Errorf("%d of %d, met %v", k, n, target.met(c))
	}
}
