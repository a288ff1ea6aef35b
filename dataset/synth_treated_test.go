package dataset

import (
	"math"
	"testing"
)

// TestSynthOutcomes counts what becomes of many records: each share is within four standard errors of what the truth says, and an
// action that treats nobody has no outcome.
func TestSynthOutcomes(t *testing.T) {
	s := &synthesizer{SynthOptions: SynthOptions{Seed: 3}}
	const n = 40_000
	share := func(a Action, fraud bool, value string) float64 {
		k := 0
		for i := range int64(n) {
			_, got := s.outcome(&synthRecord{n: i, action: a, fraud: fraud})
			if got == value {
				k++
			}
		}
		return float64(k) / n
	}
	for _, x := range []struct {
		a     Action
		fraud bool
		value string
		want  float64
	}{
		{StepUp, false, "passed", 0.92}, {StepUp, true, "passed", 0.10}, {StepUp, false, "abandoned", 0.04}, {StepUp, true, "failed", 0.45},
		{Review, true, "rejected", 0.80}, {Review, false, "approved", 0.95}, {Approve, false, "", 1}, {Block, true, "", 1}, {NoAction, false, "", 1},
	} {
		got := share(x.a, x.fraud, x.value)
		if math.Abs(got-x.want) > 4*math.Sqrt(x.want*(1-x.want)/n)+1e-12 {
			t.Errorf("%s of fraud %v: %s in %v, want %v", x.a, x.fraud, x.value, got, x.want)
		}
	}
}
