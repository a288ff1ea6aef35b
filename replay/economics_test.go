package replay

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

const economicsText = `economics: 1
currency: EUR
fraud_loss: {fixed: 15, share: 100%}
good_margin: 2.5%
calls: {session: 0.01, onboarding: 0.1}
review_cost: 3.0025
step_up_cost: 0
`

func TestParseEconomics(t *testing.T) {
	got, err := ParseEconomics("e.yaml", []byte(economicsText))
	want := &Economics{Currency: "EUR", FraudLoss: Price{15_000_000, 10_000}, GoodMargin: Price{0, 250},
		Calls: map[string]Money{"session": 10_000, "onboarding": 100_000}, ReviewCost: 3_002_500}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	asJSON := `{"economics":1,"currency":"EUR","fraud_loss":{"fixed":15,"share":"100%"},"good_margin":"2.5 %",
		"calls":{"session":0.01,"onboarding":0.10},"review_cost":3.0025,"step_up_cost":0.0}`
	if got, err = ParseEconomics("e.json", []byte(asJSON)); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("JSON: error %v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
}

// TestEconomicsErrors checks each mistake with its place, and that all of a file are found at once.
func TestEconomicsErrors(t *testing.T) {
	src := "economics: 2\ncurrency: euro\nfraud_loss: {fixd: 1}\ngood_margin: {share: 1}\ncalls: {sesion: 0.01, login: -1}\nreview_cost: 0.00001\nrevew: 1\n"
	_, err := ParseEconomics("e.yaml", []byte(src))
	want := `e.yaml:1:1: no step_up_cost: want step_up_cost: an amount from 0 to 1000000000 with at most 4 decimals, such as 2.50
e.yaml:1:12: economics is 2: want 1, the version of the format
e.yaml:2:11: currency is "euro": want three capital letters such as EUR
e.yaml:3:13: fraud_loss is empty: want an amount such as 2.50, a share of the record's amount such as 100%, or both as {fixed: 15.00, share: 100%}
e.yaml:3:14: unknown key "fixd" in fraud_loss: want fixed or share (did you mean fixed?)
e.yaml:4:22: good_margin share is "1": want a share of the amount from 0% to 100% with at most 2 decimals, such as 2.5%
e.yaml:5:9: unknown key "sesion" in calls: want session, onboarding, login, phone, email, ip or browser (did you mean session?)
e.yaml:5:30: calls of login is "-1": want an amount from 0 to 1000000000 with at most 4 decimals, such as 2.50
e.yaml:6:14: review_cost is "0.00001": want an amount from 0 to 1000000000 with at most 4 decimals, such as 2.50
e.yaml:7:1: unknown key "revew" in the economics: want economics, currency, fraud_loss, good_margin, calls, review_cost, step_up_cost, treatments or latency`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEconomicsFigures meets both sides of each edge of a figure.
func TestEconomicsFigures(t *testing.T) {
	const bad = -1
	for text, want := range map[string]Money{
		"0": 0, "3": 3e6, "0.0001": 100, "1.2345": 1_234_500, "1000000000": 1e15, "1000000000.0000": 1e15,
		"1000000000.0001": bad, "10000000000": bad, "99999999999": bad, "99999999999999999999": bad, "1.23456": bad, "-0": bad, "-0.01": bad, "+1": bad, ".5": bad, "1.": bad,
		"1e3": bad, "007": bad, "0x10": bad, "1_000": bad, "1,5": bad, `"1"`: bad, ".inf": bad, ".nan": bad, "~": bad, "true": bad, "[1, 2, 3]": bad, "5%": bad,
	} {
		e, err := ParseEconomics("e.yaml", []byte(strings.Replace(economicsText, "3.0025", text, 1)))
		switch {
		case want == bad && (err == nil || !strings.HasPrefix(err.Error(), "e.yaml:6:14: ")):
			t.Errorf("review_cost: %s: error %v, want one at 6:14", text, err)
		case want != bad && (err != nil || e.ReviewCost != want):
			t.Errorf("review_cost: %s: %v, error %v, want %d", text, e, err, want)
		}
	}
	for text, want := range map[string]Price{
		"0%": {}, "0.01%": {0, 1}, "100%": {0, 10_000}, "100.00 %": {0, 10_000}, "7": {7e6, 0}, "{share: 3%}": {0, 300}, "{fixed: 3}": {3e6, 0},
		"100.01%": {bad, 0}, "0.001%": {bad, 0}, "%": {bad, 0}, "-1%": {bad, 0}, "half": {bad, 0}, "{}": {bad, 0}, "{fixed: 3%}": {bad, 0}, "{share: 0.5}": {bad, 0}, "[1%]": {bad, 0},
	} {
		e, err := ParseEconomics("e.yaml", []byte(strings.Replace(economicsText, "2.5%", text, 1)))
		switch {
		case want.Fixed == bad && err == nil:
			t.Errorf("good_margin: %s: %v, want an error", text, e.GoodMargin)
		case want.Fixed != bad && (err != nil || e.GoodMargin != want):
			t.Errorf("good_margin: %s: %v, error %v, want %v", text, e, err, want)
		}
	}
}

func TestEconomicsCover(t *testing.T) {
	e := &Economics{Calls: map[string]Money{"session": 0}}
	if err := e.Covers(&Policy{Name: "one", First: "session"}); err != nil {
		t.Errorf("a price of 0 is a price: %v", err)
	}
	err := e.Covers(&Policy{Name: "two", First: "session", Second: "onboarding"})
	if err == nil || !strings.Contains(err.Error(), "no price of asking onboarding, which policy two does") {
		t.Errorf("error %v", err)
	}
}

func TestMoneyDecimal(t *testing.T) {
	for m, want := range map[Money]string{
		0: "0.00", 1: "0.000001", -25: "-0.000025", 1_234_500_000: "1234.50", 10_000: "0.01", -1_000_000: "-1.00", 100: "0.0001",
		math.MaxInt64: "9223372036854.775807", math.MinInt64: "-9223372036854.775808",
	} {
		if got := m.Decimal(); got != want {
			t.Errorf("%d is %s, want %s", m, got, want)
		}
	}
}

// TestEconomicsRoundTrip prints random economics and reads them back.
func TestEconomicsRoundTrip(t *testing.T) {
	money := rapid.Custom(func(t *rapid.T) Money { return 100 * Money(rapid.Int64Range(0, int64(maxMoney)/100).Draw(t, "money")) })
	price := rapid.Custom(func(t *rapid.T) Price {
		return Price{money.Draw(t, "fixed"), rapid.Int64Range(0, maxShare).Draw(t, "share")}
	})
	rapid.Check(t, func(t *rapid.T) {
		e := &Economics{Currency: rapid.SampledFrom([]string{"", "EUR", "NUL"}).Draw(t, "currency"), FraudLoss: price.Draw(t, "loss"), GoodMargin: price.Draw(t, "margin"),
			Calls: map[string]Money{}, ReviewCost: money.Draw(t, "review"), StepUpCost: money.Draw(t, "step-up")}
		for _, product := range dataset.Products {
			if rapid.Bool().Draw(t, product) {
				e.Calls[product] = money.Draw(t, "call")
			}
			if rapid.Bool().Draw(t, product+" is timed") {
				if e.Latency == nil {
					e.Latency = map[string]Latency{}
				}
				low := rapid.Int64Range(0, maxLatency).Draw(t, "low")
				e.Latency[product] = Latency{low, rapid.Int64Range(low, maxLatency).Draw(t, "high")}
			}
		}
		again, err := ParseEconomics("e.yaml", e.YAML())
		if err != nil || cmp.Diff(e, again) != "" {
			t.Fatalf("%v\n%s\n%s", err, e.YAML(), cmp.Diff(e, again))
		}
	})
}

func FuzzParseEconomics(f *testing.F) {
	f.Add([]byte(economicsText))
	f.Add([]byte("economics: 1\nfraud_loss: 5%\n"))
	f.Add([]byte(economicsText + "latency: {session: [2, 8.5], onboarding: low_latency}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		e, err := ParseEconomics("e.yaml", src)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "e.yaml:") {
					t.Fatalf("error of more than a line: %q", err)
				}
			}
			return
		}
		again, err := ParseEconomics("e.yaml", e.YAML())
		if err != nil || cmp.Diff(e, again) != "" {
			t.Fatalf("%v\n%s", err, e.YAML())
		}
		for _, m := range []Money{e.FraudLoss.Fixed, e.GoodMargin.Fixed, e.ReviewCost, e.StepUpCost} {
			if m < 0 || m > maxMoney || m%100 != 0 {
				t.Fatalf("%d is no amount of 0 to %d with four decimals", m, maxMoney)
			}
		}
	})
}
