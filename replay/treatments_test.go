package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pricesWithout = "economics: 1\nfraud_loss: 1\ngood_margin: 1\ncalls: {}\nreview_cost: 0\nstep_up_cost: 0\n"

func TestTreatments(t *testing.T) {
	src := pricesWithout + "treatments:\n  step_up: {good_pass: [85%, 92.5%, 97%], fraud_pass: 5%}\n  review: {sensitivity: [70%, 80%, 90%], specificity: [90%, 95%, 99%], capacity_per_day: 40}\n"
	e, err := ParseEconomics("e.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := &Treatments{Guess{8500, 9250, 9700}, Guess{500, 500, 500}, Guess{7000, 8000, 9000}, Guess{9000, 9500, 9900}, 40}
	if diff := cmp.Diff(want, e.Treatments); diff != "" {
		t.Error(diff)
	}
	again, err := ParseEconomics("e.yaml", e.YAML())
	if err != nil || cmp.Diff(e, again) != "" {
		t.Errorf("%v\n%s\n%s", err, e.YAML(), cmp.Diff(e, again))
	}
	if e, err := ParseEconomics("e.yaml", []byte(pricesWithout)); err != nil || e.Treatments != nil {
		t.Errorf("%v, %v", e, err)
	}
}

func TestTreatmentsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"treatments: 5":                                                "want a mapping of step_up",
		"treatments: {}":                                               "treatments has no step_up",
		"treatments: {step_up: 5, review: {}}":                         "step_up is",
		"treatments: {step_up: {good_pass: 1}, review: {}}":            "step_up has no fraud_pass",
		"treatments: {step_up: {good_pass: [90%, 80%, 70%]}}":          "good_pass is not rising from worst to best",
		"treatments: {step_up: {fraud_pass: [1%, 2%, 3%]}}":            "fraud_pass is not falling from worst to best",
		"treatments: {step_up: {fraud_pass: [1%, 2%]}}":                "fraud_pass has 2 shares",
		"treatments: {step_up: {good_pass: 101%}}":                     "good_pass is",
		"treatments: {review: {sensitivity: 1%, capacity_per_day: 0}}": "capacity_per_day is 0",
		"treatments: {cure: {}}":                                       "cure",
	} {
		_, err := ParseEconomics("e.yaml", []byte(pricesWithout+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
