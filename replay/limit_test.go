package replay

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]Decimal{
		"0.5%": {5, 1000}, "0.005": {5, 1000}, "50bps": {5, 1000}, "50 bps": {5, 1000}, "0.50 %": {5, 1000}, "-0.5pp": {-5, 1000},
		"12": {12, 1}, "+12.0": {12, 1}, "0": {0, 1}, "-0.00": {0, 1}, "100%": {1, 1}, "85%": {85, 100},
		"999999999999": {999999999999, 1}, "0.00000000001%": {1, 1e13}, "9.99999999999bps": {999999999999, 1e15},
	} {
		if got, err := ParseDecimal(text); err != nil || got != want {
			t.Errorf("%q is %+v, error %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "-", "+", "%", "bps", ".", ".5", "5.", "5.%", "1_000", "1,000", "0,5%", "1e-3", "0x1", "inf", "-inf", "nan", "NaN", "01", "00.5", "0451",
		"--1", "+-1", "1 2", " 1", "1 ", "1  %", "5%%", "5 pp pp", "5Bps", "1/2", "1234567890123", "0.123456789012", "٣", "−1", "1.2.3",
	} {
		if got, err := ParseDecimal(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, got)
		} else if !strings.Contains(err.Error(), "0.5%") {
			t.Errorf("%q: %v: want what is allowed", text, err)
		}
	}
}

// TestDecimalIsExact compares each operation with big rationals.
func TestDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"", "%", "pp", "bps", " %", " bps"}).Draw(t, "unit")
		number := rapid.StringMatching(`[-+]?(0|[1-9][0-9]{0,5})([.][0-9]{1,6})?`).Draw(t, "number")
		d, err := ParseDecimal(number + unit)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := new(big.Rat).SetString(number)
		scale := map[string]int64{"": 1, "%": 100, "pp": 100, "bps": 10_000}[strings.TrimSpace(unit)]
		want.Quo(want, big.NewRat(scale, 1))
		if new(big.Rat).SetFrac64(d.Num, d.Den).Cmp(want) != 0 {
			t.Fatalf("%s%s is %+v", number, unit, d)
		}
		if f, _ := want.Float64(); d.Float() != f {
			t.Fatalf("float %v, want %v", d.Float(), f)
		}
		if again, err := ParseDecimal(d.String()); len(d.String()) <= 12 && (err != nil || again != d) {
			t.Fatalf("%s reads back as %+v, %v", d, again, err)
		}
		k, n := rapid.Int64Range(-1e9, 1e9).Draw(t, "k"), rapid.Int64Range(1, 1e9).Draw(t, "n")
		if rapid.Bool().Draw(t, "equal") {
			k, n = d.Num, d.Den
		}
		if got, want := d.Cmp(k, n), big.NewRat(k, n).Cmp(want); got != want {
			t.Fatalf("%d/%d against %s: %d, want %d", k, n, d, got, want)
		}
	})
}

func TestParseLimit(t *testing.T) {
	for _, tt := range []struct {
		text, printed string
		want          Limit
	}{
		{"fraud_rate <= 0.5%", "fraud_rate <= 0.5%", Limit{"fraud_rate", false, Decimal{5, 1000}}},
		{"fraud_rate=<0.005", "fraud_rate <= 0.5%", Limit{"fraud_rate", false, Decimal{5, 1000}}},
		{" fraud_rate  ≤  50 bps ", "fraud_rate <= 0.5%", Limit{"fraud_rate", false, Decimal{5, 1000}}},
		{"approval_rate >= 85%", "approval_rate >= 85%", Limit{"approval_rate", true, Decimal{85, 100}}},
		{"approval_rate=>1", "approval_rate >= 100%", Limit{"approval_rate", true, Decimal{1, 1}}},
		{"approval_rate≥0", "approval_rate >= 0%", Limit{"approval_rate", true, Decimal{0, 1}}},
		{"fraud_rate <= 0.00000000001%", "fraud_rate <= 0.00000000001%", Limit{"fraud_rate", false, Decimal{1, 1e13}}},
		{"fraud_rate <= 0.0000000001bps", "fraud_rate <= 0.0000000001bps", Limit{"fraud_rate", false, Decimal{1, 1e14}}},
		{"fraud_rate <= 10.0000000001bps", "fraud_rate <= 10.0000000001bps", Limit{"fraud_rate", false, Decimal{100000000001, 1e14}}},
		{"fraud_bps <= 50", "fraud_bps <= 50", Limit{"fraud_bps", false, Decimal{50, 1}}},
		{"fraud_bps <= 50bps", "fraud_bps <= 50", Limit{"fraud_bps", false, Decimal{50, 1}}},
		{"fraud_bps <= 0.5%", "fraud_bps <= 50", Limit{"fraud_bps", false, Decimal{50, 1}}},
		{"fraud_bps <= 100%", "fraud_bps <= 10000", Limit{"fraud_bps", false, Decimal{10_000, 1}}},
		{"review_per_day <= 200", "review_per_day <= 200", Limit{"review_per_day", false, Decimal{200, 1}}},
		{"savings_block_all >= -1.5", "savings_block_all >= -1.5", Limit{"savings_block_all", true, Decimal{-15, 10}}},
		{"false_positive_ratio_value <= 3.5", "false_positive_ratio_value <= 3.5", Limit{"false_positive_ratio_value", false, Decimal{35, 10}}},
	} {
		got, err := ParseLimit(tt.text)
		if err != nil || got != tt.want || got.String() != tt.printed {
			t.Errorf("%q is %+v, printed %s, error %v; want %+v, %s", tt.text, got, got, err, tt.want, tt.printed)
		}
	}
	for text, message := range map[string]string{
		"":                          "want a measure, <= or >=, and a bound",
		"fraud_rate":                "want a measure, <= or >=, and a bound",
		"fraud_rate < 0.5%":         "want a measure, <= or >=, and a bound",
		"fraud_rate == 0.5%":        "want a measure, <= or >=, and a bound",
		"<= 0.5%":                   `measure ""`,
		"fraud rate <= 0.5%":        `measure "fraud rate"`,
		"fraud_rate <=":             `"": want a decimal`,
		"fraud_rate <= 0,5%":        `"0,5%": want a decimal`,
		"fraud_rate <= <= 0.5%":     `want a decimal`,
		"fraud_rate <= 0.5pp":       "want a bound such as 0.5%",
		"approval_rate >= 85":       `"85" is no share: want 0% to 100%`,
		"approval_rate >= 100.001%": "is no share",
		"approval_rate >= -1%":      "is no share",
		"fraud_bps <= 10001":        "want 0bps to 10000bps",
		"fraud_bps <= -1bps":        "want 0bps to 10000bps",
		"review_per_day <= 20%":     "review_per_day is no share: want a plain number",
		"review_per_day_max <= 20%": "review_per_day_max is no share: want a plain number",
		"cost_per_record <= 20bps":  "cost_per_record is no share: want a plain number",
	} {
		if got, err := ParseLimit(text); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q is %+v, error %v, want %q", text, got, err, message)
		}
	}
}

// A limit prints as text that says the same again.
func FuzzParseLimit(f *testing.F) {
	for _, text := range []string{"fraud_rate <= 0.5%", "approval_rate>=85%", "fraud_bps =< 50 bps", "review_per_day ≤ 12.5", "savings_block_all => -1", "x <= inf"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLimit(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of more than a line: %q", err)
			}
			return
		}
		if again, err := ParseLimit(l.String()); err != nil || again != l {
			t.Fatalf("%q is %+v and prints as %q, which is %+v, error %v", text, l, l, again, err)
		}
	})
}
