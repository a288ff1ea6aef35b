package reports

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// rated is a record with the scores of session and onboarding.
type rated struct {
	session, onboarding int
	label               dataset.Label
}

func profileOf(records ...rated) *replay.Profile {
	p := &replay.Profile{Products: []replay.ProductProfile{{Product: "session"}, {Product: "onboarding"}, {Product: "phone"}}}
	for _, r := range records {
		p.Total.Records[r.label]++
		p.Actions[dataset.NoAction].Records[r.label]++
		p.Products[0].Scores[r.session].Records[r.label]++
		p.Products[1].Scores[r.onboarding].Records[r.label]++
		pair := replay.ScorePairs{Session: r.session, Onboarding: r.onboarding}
		pair.Records[r.label]++
		p.ScorePairs = append(p.ScorePairs, pair)
	}
	p.NoAmount = p.Total.N()
	return p
}

// TestScoresSayPlainly asks for a plain sentence, and no NaN, where scores cannot be measured.
func TestScoresSayPlainly(t *testing.T) {
	const legit, fraud, unlabeled = dataset.Legit, dataset.Fraud, dataset.Unlabeled
	for name, c := range map[string]struct {
		records    []rated
		want, none string // what the text says, and what it does not
	}{
		"nothing":   {nil, "Profile of 0 records", "Scores against outcomes"},
		"no label":  {[]rated{{1, 2, unlabeled}}, "Anything about fraud: no record has a label", "Scores against outcomes"},
		"no fraud":  {[]rated{{1, 2, legit}, {3, 4, legit}}, "session: n/a, because none of 2 labeled records with a score of session is fraud.", "Lift"},
		"no legit":  {[]rated{{1, 2, fraud}}, "onboarding: n/a, because none of 1 labeled records with a score of onboarding is legit.", "Lift"},
		"one each":  {[]rated{{1, 2, fraud}, {3, 4, legit}}, "session 1 1 1.0000 n/a 1.0000 1.0000 1", "NaN"},
		"alike":     {[]rated{{1, 1, fraud}, {3, 3, legit}, {2, 2, fraud}, {1, 1, legit}}, "none: the two scores are the same on each of them", "identical"},
		"separated": {[]rated{{1, 9, fraud}, {2, 8, fraud}, {8, 2, legit}, {9, 1, legit}}, "onboarding less session -1.0000, without an interval", "identical"},
		"backwards": {[]rated{{9, 1, fraud}, {8, 2, fraud}, {7, 3, fraud}, {3, 7, legit}, {2, 6, legit}, {1, 5, legit}, {8, 9, legit}}, "session: frauds score above legit records.", "onboarding: frauds"},
		"constant":  {[]rated{{5, 5, fraud}, {5, 6, fraud}, {5, 7, legit}, {5, 8, legit}}, "session 2 2 0.5000 n/a 0.0000 0.0000 0", "NaN"},
	} {
		d := Inspect(profileOf(c.records...))
		text := strings.Join(strings.Fields(string(render(t, d, "text"))), " ")
		if !strings.Contains(text, c.want) || strings.Contains(text, c.none) {
			t.Errorf("%s: want %q and not %q in\n%s", name, c.want, c.none, render(t, d, "text"))
		}
		for _, format := range Formats() {
			if out := render(t, d, format); regexp.MustCompile(`\b(NaN|Inf|-0\.0000)\b`).Match(out) {
				t.Errorf("%s: %s has a number that is none:\n%s", name, format, out)
			}
		}
	}
}

// TestScoresJSON reads the figures back from JSON and CSV.
func TestScoresJSON(t *testing.T) {
	p := profileOf(rated{100, 700, dataset.Fraud}, rated{600, 200, dataset.Fraud}, rated{300, 600, dataset.Legit}, rated{700, 800, dataset.Legit}, rated{900, 900, dataset.Legit}, rated{650, 650, dataset.Unlabeled})
	var got struct {
		Products []struct {
			Performance struct {
				AUC, Gini, KS float64
				KSScore       *int `json:"ks_score"`
				Method        string
				Bands         []struct{ Low, High, Gain float64 }
				Lacks         string
			}
		}
		Scores struct {
			Fraud, Legit int64
			Session      float64 `json:"session_auc"`
			Onboarding   float64 `json:"onboarding_auc"`
			Difference   struct{ Value float64 }
		} `json:"score_comparison"`
	}
	d := Inspect(p)
	if err := json.Unmarshal(render(t, d, "json"), &got); err != nil {
		t.Fatal(err)
	}
	// Of six pairs session orders five rightly (600 above 300), and so does onboarding (700 above 600).
	s, o := got.Products[0].Performance, got.Products[1].Performance
	if math.Abs(s.AUC-5.0/6) > 1e-15 || math.Abs(o.AUC-5.0/6) > 1e-15 || math.Abs(s.Gini-4.0/6) > 1e-15 || s.Method != calibrate.MethodDeLong || s.KSScore == nil || *s.KSScore != 600 {
		t.Errorf("session %+v, onboarding %+v", s, o)
	}
	if len(s.Bands) == 0 || s.Bands[len(s.Bands)-1].Gain != 1 {
		t.Errorf("bands %+v", s.Bands)
	}
	if lacks := got.Products[2].Performance.Lacks; lacks != "no record has a score of phone" {
		t.Errorf("phone lacks %q", lacks)
	}
	if got.Scores.Fraud != 2 || got.Scores.Legit != 3 || got.Scores.Difference.Value != 0 {
		t.Errorf("comparison %+v", got.Scores)
	}
	lines := render(t, d, "csv")
	for _, want := range []string{"auc,session,,5,2,3,0,", "ks,session,600,5,2,3,0,", "band,session,0-299,1,1,0,0,,,1,", "auc_difference,onboarding,session,5,2,3,0,"} {
		if !bytes.Contains(lines, []byte("\n"+want)) {
			t.Errorf("no line %q in\n%s", want, lines)
		}
	}
}
