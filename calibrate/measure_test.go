package calibrate

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// counts draws counts in which any cell may be empty.
func counts(t *rapid.T) replay.Counts {
	var c replay.Counts
	cell := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 1e6))
	for a := range c.Actions {
		for l := range c.Actions[a].Records {
			c.Actions[a].Records[l] = cell.Draw(t, "records")
			c.Actions[a].Amount[l] = cell.Draw(t, "amount")
		}
	}
	c.Calls[0] = c.Total().N()
	c.Calls[1] = rapid.Int64Range(0, c.Calls[0]).Draw(t, "calls")
	return c
}

var twoProducts = &replay.Policy{Name: "p", First: "session", Second: "onboarding"}

// TestMeasuresByHand spells each definition of METRICS.md out for one set of counts.
func TestMeasuresByHand(t *testing.T) {
	var c replay.Counts
	set := func(a dataset.Action, unlabeled, legit, fraud int64) {
		c.Actions[a].Records = [3]int64{unlabeled, legit, fraud}
		c.Actions[a].Amount = [3]int64{100 * unlabeled, 200 * legit, 300 * fraud}
	}
	set(dataset.Approve, 10, 600, 6)
	set(dataset.Monitor, 0, 30, 2)
	set(dataset.StepUp, 5, 50, 5)
	set(dataset.Review, 5, 40, 10)
	set(dataset.Block, 20, 20, 60)
	set(dataset.NoAction, 100, 30, 7)
	c.Calls = [2]int64{1000, 300}
	for name, want := range map[string][2]int64{
		"approval_rate":              {648, 1000},
		"good_approval_rate":         {630, 770},
		"fraud_rate":                 {8, 638},
		"fraud_rate_value":           {8 * 300, 8*300 + 630*200},
		"fraud_bps":                  {8 * 300, 8*300 + 630*200},
		"fraud_capture":              {75, 90},
		"block_capture":              {60, 90},
		"fraud_miss":                 {8, 90},
		"insult_rate":                {20, 770},
		"friction_rate":              {110, 770},
		"false_positive_ratio":       {20, 60},
		"precision":                  {60, 80},
		"monitor_rate":               {32, 1000},
		"step_up_rate":               {60, 1000},
		"review_rate":                {55, 1000},
		"block_rate":                 {100, 1000},
		"undecided_rate":             {137, 1000},
		"fraud_pressure":             {90, 860},
		"label_coverage":             {860, 1000},
		"label_coverage_block":       {80, 100},
		"call_rate_onboarding":       {300, 1000},
		"insult_rate_value":          {20 * 200, 770 * 200},
		"label_coverage_value":       {90*300 + 770*200, 90*300 + 770*200 + 140*100},
		"false_positive_ratio_value": {20 * 200, 60 * 300},
	} {
		m, found := Find(Measures(twoProducts, c, 0.95), name)
		if got := [2]int64{m.Numerator, m.Denominator}; !found || got != want {
			t.Errorf("%s is %v (%v), want %v", name, got, found, want)
		}
		value := float64(want[0]) / float64(want[1])
		if name == "fraud_bps" {
			value *= 10_000
		}
		if float64(m.Value) != value {
			t.Errorf("%s = %v, want %v", name, m.Value, value)
		}
	}
	if _, found := Find(Measures(&replay.Policy{First: "login"}, c, 0.95), "call_rate_"); found {
		t.Error("a policy of one product has a call rate")
	}
}

func TestMeasureLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := counts(t)
		list := Measures(twoProducts, c, 0.9)
		seen := map[string]Measure{}
		for _, m := range list {
			if _, twice := seen[m.Name]; twice {
				t.Errorf("two measures %s", m.Name)
			}
			seen[m.Name] = m
			if m.Value.Defined() != (m.Denominator != 0) {
				t.Errorf("%s: %d/%d = %v", m.Name, m.Numerator, m.Denominator, m.Value)
			}
			if m.ByValue != (strings.HasSuffix(m.Name, "_value") || m.Name == "fraud_bps") {
				t.Errorf("%s: by value %v", m.Name, m.ByValue)
			}
			if (m.Method == MethodWilson) != m.Low.Defined() || m.Method == MethodWilson && (m.Low > m.Value || m.High < m.Value || m.Confidence != 0.9) {
				t.Errorf("%s = %v is not in its interval [%v, %v]", m.Name, m.Value, m.Low, m.High)
			}
			if m.Unit == Share && m.Numerator > m.Denominator {
				t.Errorf("%s: %d of %d", m.Name, m.Numerator, m.Denominator)
			}
		}
		// The shares of the actions, and of the undecided, add up to the last record.
		n := seen["approval_rate"].Numerator + seen["step_up_rate"].Numerator + seen["review_rate"].Numerator +
			seen["block_rate"].Numerator + seen["undecided_rate"].Numerator
		if n != c.Total().N() {
			t.Errorf("the actions have %d records of %d", n, c.Total().N())
		}
		// What is neither captured nor missed is undecided.
		if got, want := seen["fraud_capture"].Numerator+seen["fraud_miss"].Numerator, c.Total().Records[dataset.Fraud]-c.Actions[replay.Undecided].Records[dataset.Fraud]; got != want {
			t.Errorf("%d frauds are captured or missed, want %d", got, want)
		}
		for _, w := range Warnings(replay.Result{Policy: twoProducts, Counts: c}) {
			if strings.Contains(w.Message, "NaN") || strings.Contains(w.Message, "%!") {
				t.Errorf("warning %s: %s", w.Code, w.Message)
			}
		}
	})
}

func TestAtMost(t *testing.T) {
	bound, found := ratio("fraud_rate", Share, 0, 598, 0.95).AtMost()
	if !found || !near(float64(bound), 0.004997058694246506) { // scipy.stats.beta.ppf(0.95, 1, 598)
		t.Errorf("0 of 598 is at most %v, %v", bound, found)
	}
	for _, m := range []Measure{ratio("x", Share, 1, 598, 0.95), ratio("x", Share, 0, 0, 0.95), ratio("x", Odds, 0, 5, 0.95), plain("x", Share, 0, 5)} {
		if bound, found := m.AtMost(); found {
			t.Errorf("%+v is at most %v", m, bound)
		}
	}
}

// TestUnseen: a doubt for each product, for each rule whatever it reads, and for each field of a split.
func TestUnseen(t *testing.T) {
	reads := func(names ...string) *replay.Condition {
		c := &replay.Condition{}
		for _, n := range names {
			c.Fields = append(c.Fields, dataset.Field{Name: n, Kind: dataset.KindBool})
		}
		return c
	}
	p := &replay.Policy{Name: "p", First: "session", Second: "onboarding", Rules: []replay.Rule{
		{Name: "bots", When: reads("session.a", "session.b", "session.c")}, {Name: "again", When: reads("session.a")}, {Name: "other", When: reads("session.d")}}}
	r := replay.Result{Policy: p, Unseen: []string{"onboarding.phone", "session.a", "session.c", "session.d"}, By: []string{"month", "contry"},
		Groups: []replay.Group{{Key: []string{"", ""}}, {Key: []string{"2026-01", ""}}}}
	r.Actions[dataset.Approve] = replay.Tally{Records: [3]int64{0, 90, 10}, Amount: [3]int64{0, 1, 1}}
	var got []string
	for _, w := range Warnings(r) {
		if w.Code == UnseenField {
			got = append(got, w.Message)
		}
	}
	want := []string{
		"no record holds an answer of phone, which the policy reads",
		`no record has a value for session.a or session.c, which rule "bots" reads: a test of it is false on every record`,
		`no record has a value for session.d, which rule "other" reads: a test of it is false on every record`,
		"no record has a value for contry, which the result is split by",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestNumberJSON(t *testing.T) {
	got, err := json.Marshal([]Number{Undefined(), 0, 0.25, 1, 1e-7})
	if want := `[null,0,0.25,1,1e-7]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if Number(math.NaN()).Defined() || !Number(0).Defined() {
		t.Error("0 is defined and NaN is not")
	}
}

// TestWarnings meets each limit on both sides.
func TestWarnings(t *testing.T) {
	healthy := func() replay.Counts {
		var c replay.Counts
		c.Actions[dataset.Approve] = replay.Tally{Records: [3]int64{0, 900, 10}, Amount: [3]int64{0, 1, 1}}
		c.Actions[dataset.Block] = replay.Tally{Records: [3]int64{0, 40, 50}}
		return c
	}
	cases := []struct {
		name   string
		change func(c *replay.Counts)
		want   string
	}{
		{"healthy", func(c *replay.Counts) {}, ""},
		{"no record", func(c *replay.Counts) { *c = replay.Counts{} }, NoRecords},
		{"nine frauds approved", func(c *replay.Counts) { c.Actions[dataset.Approve].Records[dataset.Fraud] = 9 }, FewFrauds},
		{"one undecided", func(c *replay.Counts) { c.Actions[replay.Undecided].Records[dataset.Legit] = 1 }, UndecidedLeft},
		{"half labeled", func(c *replay.Counts) {
			c.Actions[dataset.Approve].Records[dataset.Unlabeled], c.Actions[dataset.Block].Records[dataset.Unlabeled] = 910, 90
		}, ""},
		{"less than half labeled", func(c *replay.Counts) {
			c.Actions[dataset.Approve].Records[dataset.Unlabeled], c.Actions[dataset.Block].Records[dataset.Unlabeled] = 911, 90
		}, LowCoverage},
		{"blocked without outcome", func(c *replay.Counts) { c.Actions[dataset.Block].Records = [3]int64{80, 5, 5} }, UnevenLabels},
		{"nothing labeled", func(c *replay.Counts) {
			c.Actions[dataset.Approve].Records, c.Actions[dataset.Block].Records = [3]int64{9, 0, 0}, [3]int64{9, 0, 0}
		}, NothingLabeled},
		{"no fraud", func(c *replay.Counts) {
			c.Actions[dataset.Approve].Records[dataset.Fraud], c.Actions[dataset.Block].Records[dataset.Fraud] = 0, 0
		}, NoFraud + " " + FewFrauds},
		{"no legit", func(c *replay.Counts) {
			c.Actions[dataset.Approve].Records[dataset.Legit], c.Actions[dataset.Block].Records[dataset.Legit] = 0, 0
		}, NoLegit},
		{"no amount", func(c *replay.Counts) { c.Actions[dataset.Approve].Amount = [3]int64{} }, NoAmounts},
		{"nothing approved", func(c *replay.Counts) { c.Actions[dataset.Approve] = replay.Tally{Amount: [3]int64{1}} }, NoApproved},
	}
	for _, tc := range cases {
		c := healthy()
		tc.change(&c)
		var got []string
		for _, w := range Warnings(replay.Result{Policy: twoProducts, Counts: c}) {
			got = append(got, w.Code)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: warnings %v, want %s", tc.name, got, tc.want)
		}
	}
}
