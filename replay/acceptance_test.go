package replay

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// measurables are some measures of each kind; calibrate has the real list.
var measurables = []Measurable{
	{"approval_rate", true, true}, {"fraud_rate", true, true}, {"insult_rate", true, false}, {"false_positive_ratio", false, false},
	{"label_coverage_approve", true, false}, {"fraud_bps", false, false}, {"fraud_rate_value", false, false},
}

func TestParseAcceptance(t *testing.T) {
	const src = `acceptance: 1
limits:
  - {measure: fraud_rate, at_most: 0.5%, on: bound}
  - {measure: approval_rate, at_least: "0.85", on: value}
  - measure: approval_rate
    change_at_least: -0.5pp
    on: bound
  - {measure: fraud_rate, times_at_most: 1.10}
  - {measure: fraud_bps, change_at_most: 5bps}
  - {measure: fraud_bps, at_most: 0.5%}
  - {measure: false_positive_ratio, change_at_most: 1}
  - {measure: fraud_rate, change_at_most: 0}
segments:
  by: [country, month]
  min_labeled: 200
  limits:
    - {measure: fraud_rate, change_at_most: 0.2pp}
    - {measure: fraud_rate, times_at_least: 0.5}
`
	a, err := ParseAcceptance("a.yaml", []byte(src), measurables)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range append(a.Limits, a.Segments.Limits...) {
		got = append(got, c.String())
	}
	want := []string{"fraud_rate <= 0.5% on bound", "approval_rate >= 85%", "approval_rate change >= -0.5pp on bound", "fraud_rate <= 1.1 x champion",
		"fraud_bps change <= +5", "fraud_bps <= 50", "false_positive_ratio change <= +1", "fraud_rate change <= 0pp",
		"fraud_rate change <= +0.2pp", "fraud_rate >= 0.5 x champion"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Criterion{Limit{"approval_rate", true, Decimal{-5, 1000}}, Change, true}, a.Limits[2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"country", "month"}, a.Segments.By); diff != "" || a.Segments.MinLabeled != 200 {
		t.Errorf("segments %+v", a.Segments)
	}
}

// Each file of testdata/acceptance has mistakes; the golden file beside it holds what is said of them.
func TestAcceptanceErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/acceptance/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ParseAcceptance(name+".yaml", src, measurables)
			var list FileErrors
			if !errors.As(err, &list) || a != nil {
				t.Fatalf("got %v, error %v of type %T, want FileErrors", a, err, err)
			}
			golden(t, filepath.Join("acceptance", name+".txt"), err.Error()+"\n")
		})
	}
}

// A mistake in a valid file must be found by the parser and, where a schema can say it, by the schema.
func TestAcceptanceSchema(t *testing.T) {
	validate := validator(t, AcceptanceSchema(measurables))
	const good = `acceptance: 1
limits:
  - {measure: fraud_rate, at_most: 0.5%, on: bound}
  - {measure: fraud_bps, at_most: 50}
  - {measure: approval_rate, at_least: 0.85, on: value}
  - {measure: approval_rate, change_at_least: -0.5 pp}
  - {measure: fraud_rate, times_at_most: 1.1}
segments:
  by: [country, month]
  min_labeled: 0
  limits: [{measure: fraud_rate, change_at_most: 20bps}]
`
	if _, err := ParseAcceptance("good.yaml", []byte(good), measurables); err != nil {
		t.Fatal(err)
	}
	if err := validate([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new string }{
		{"acceptance: 1", ""}, {"acceptance: 1", "acceptance: 2"}, {"acceptance: 1", `acceptance: "1"`}, {"acceptance: 1", "acceptance: 1\nname: x"},
		{"measure: fraud_rate", "measure: fraud_rat"}, {"measure: fraud_rate, ", ""}, {"at_most: 0.5%, ", ""}, {"at_most: 0.5%", "at_most: 0.5%, at_least: 0%"},
		{"0.5%", "0,5%"}, {"0.5%", ".5%"}, {"0.5%", "0.5pp"}, {"0.5%", "[0.5%]"}, {"0.5%", "050%"}, {"on: bound", "on: bounds"}, {"-0.5 pp", "-0.5%"}, {"1.1", "110%"}, {"1.1", "0"},
		{"1.1", "-1.1"}, {"[country, month]", "[]"}, {"[country, month]", "country"}, {"[country, month]", "[month, month]"}, {"min_labeled: 0", "min_labeled: -1"},
		{"min_labeled: 0", "min_labeled: few"}, {"  limits: [{measure: fraud_rate, change_at_most: 20bps}]", ""}, {"[{measure: fraud_rate, change_at_most: 20bps}]", "[]"},
	} {
		bad := strings.Replace(good, tt.old, tt.new, 1)
		if bad == good {
			t.Fatalf("%q is not in the file", tt.old)
		}
		if _, err := ParseAcceptance("bad.yaml", []byte(bad), measurables); err == nil {
			t.Errorf("%q instead of %q: the parser accepts it", tt.new, tt.old)
		}
		if err := validate([]byte(bad)); err == nil {
			t.Errorf("%q instead of %q: the schema accepts it", tt.new, tt.old)
		}
	}
	if err := validate([]byte("acceptance: 1\n")); err == nil {
		t.Error("the schema accepts a file without limits")
	}
}

func TestAcceptanceHasAtMost100Limits(t *testing.T) {
	src := "acceptance: 1\nlimits:\n" + strings.Repeat("  - {measure: fraud_rate, at_most: 1%}\n", maxCriteria+1)
	if _, err := ParseAcceptance("a.yaml", []byte(src), measurables); err == nil || !strings.Contains(err.Error(), "a.yaml:103:5: 101 limits: want at most 100") {
		t.Errorf("error %v", err)
	}
}

func FuzzParseAcceptance(f *testing.F) {
	for _, pattern := range []string{"testdata/acceptance/*.yaml", "../testdata/sample/acceptance.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		a, err := ParseAcceptance("a.yaml", src, measurables)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "a.yaml:") {
					t.Fatalf("error of more than a line: %q", err)
				}
			}
			return
		}
		limits := a.Limits
		if a.Segments != nil {
			limits = append(limits, a.Segments.Limits...)
		}
		if len(limits) == 0 {
			t.Fatal("an acceptance without a limit")
		}
		for _, c := range limits {
			if c.Measure == "" || c.Bound.Den <= 0 || c.OnBound && c.Kind == Times {
				t.Fatalf("%+v", c)
			}
			if l, err := ParseLimit(c.Limit.String()); c.Kind == Absolute && (err != nil || l != c.Limit) {
				t.Fatalf("%s reads back as %+v, error %v", c.Limit, l, err)
			}
		}
	})
}
