package calibrate

import (
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

func scoredRecords(n, session, onboarding int, label dataset.Label) []testRecord {
	r := testRecord{session: replay.Answer{State: dataset.Scored(session)}, label: label}
	if onboarding >= 0 {
		r.onboarding = replay.Answer{State: dataset.Scored(onboarding)}
	}
	return slices.Repeat([]testRecord{r}, n)
}

// TestCurveWarnings makes histories that call for each doubt, and one that calls for none.
func TestCurveWarnings(t *testing.T) {
	waterfall, _ := replay.Builtin("table-waterfall")
	waterfall.FirstBands, waterfall.SecondBands = replay.Standard, replay.Standard
	never := *waterfall
	never.Name = "never"
	for c := range never.Gate {
		never.Gate[c], never.Matrix[c] = dataset.Block, [replay.NumRows]dataset.Action{}
	}
	calm := slices.Concat(scoredRecords(100, 700, 700, dataset.Legit), scoredRecords(100, 800, 700, dataset.Legit), scoredRecords(20, 600, 700, dataset.Fraud),
		scoredRecords(100, 300, 600, dataset.Legit))
	for name, c := range map[string]struct {
		policy  *replay.Policy
		cutoffs []string
		records []testRecord
		code    string
		want    string
	}{
		"calm":         {waterfall, []string{"session.high"}, calm, "", ""},
		"no records":   {waterfall, []string{"session.high"}, nil, NoRecords, "no record was replayed"},
		"no scores":    {waterfall, []string{"session.high"}, make([]testRecord, 5), NoScores, "no record has a score of session: there is no cutoff to move"},
		"one score":    {waterfall, []string{"session.high"}, scoredRecords(50, 700, 700, dataset.Fraud), OneScore, "all 50 records with a score of session have the same"},
		"flat":         {&never, []string{"session.high"}, calm, FlatCurve, "session.high makes no difference to any record"},
		"never":        {&never, []string{"session.high"}, calm, NeverApproves, "no cutoff lets the policy approve a record"},
		"no front":     {&never, []string{"session.high", "onboarding.high"}, calm, NeverApproves, "no pair of cutoffs lets the policy approve"},
		"chosen":       {waterfall, []string{"session.high", "onboarding.high"}, calm, ChosenFront, "the best of 15 pairs of cutoffs on these same records"},
		"undecided":    {waterfall, []string{"session.high"}, append(scoredRecords(40, 700, -1, dataset.Legit), calm...), MoreUndecided, "up to 40 of 360 records are undecided, at cutoff 800"},
		"less labeled": {waterfall, []string{"session.high"}, append(scoredRecords(60, 100, -1, dataset.Unlabeled), calm...), LessLabeled, "cutoff 100 approves 160 records more than now, 60 of them without a label"},
		"few of these": {waterfall, []string{"session.high"}, append(scoredRecords(16, 100, -1, dataset.Unlabeled), calm...), LessLabeled, "cutoff 100 approves 116 records more than now, 16 of them"},
		"fewer":        {waterfall, []string{"session.high"}, append(scoredRecords(11, 100, -1, dataset.Unlabeled), calm...), "", ""},
	} {
		var cutoffs []Cutoff
		q := replay.Question{Policies: []*replay.Policy{c.policy}}
		for _, text := range c.cutoffs {
			cutoff, err := ParseCutoff(text)
			if err != nil {
				t.Fatal(err)
			}
			cutoffs, q.ExactOf = append(cutoffs, cutoff), append(q.ExactOf, cutoff.Product)
		}
		curve, err := Strategy(cubeOf(t, q, c.records), c.policy, cutoffs, nil, CurveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		own := Warnings(curve.Marks[0].Result)
		added := slices.DeleteFunc(curve.Warnings(), func(w Warning) bool {
			return slices.ContainsFunc(own, func(o Warning) bool { return o.Code == w.Code }) && w.Code != c.code
		})
		at := slices.IndexFunc(added, func(w Warning) bool { return w.Code == c.code })
		switch {
		case c.code == "" && len(added) > 0:
			t.Errorf("%s: warned of %v", name, added)
		case c.code != "" && (at < 0 || !strings.Contains(added[at].Message, c.want)):
			t.Errorf("%s: warned of %v, want %q", name, added, c.want)
		}
	}
}
