package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestRealScores holds what inspect prints of the real histories against a count of every pair of a bad and a good record.
// Larson et al. (ProPublica, 2016) and others print an AUC of 0.70 for the general risk score of the first.
func TestRealScores(t *testing.T) {
	for _, name := range []string{"compas", "islr"} {
		path := filepath.Join(root(t), "..", "shared", "real", name+".jsonl.gz")
		if _, err := os.Stat(path); err != nil {
			t.Skip("the real histories are not here: ", err)
		}
		var got struct {
			Products []struct {
				Product     string
				Performance struct{ AUC, Low, High, Gini, KS float64 }
			}
			Scores struct {
				Session    float64 `json:"session_auc"`
				Onboarding float64 `json:"onboarding_auc"`
			} `json:"score_comparison"`
		}
		if err := json.Unmarshal(tool(t, "inspect", "--format", "json", path), &got); err != nil {
			t.Fatal(err)
		}
		session, onboarding := realScores(t, path)
		for i, want := range []float64{slowAUC(session), slowAUC(onboarding)} {
			p := got.Products[i].Performance
			if math.Abs(p.AUC-want) > 1e-12 || math.Abs(p.Gini-(2*want-1)) > 1e-12 || !(p.Low < want && want < p.High) || !(p.KS > 0 && p.KS < 1) {
				t.Errorf("%s: %s %+v, an AUC of %v by pairs", name, got.Products[i].Product, p, want)
			}
		}
		if math.Abs(got.Scores.Session-slowAUC(session)) > 1e-12 || math.Abs(got.Scores.Onboarding-slowAUC(onboarding)) > 1e-12 {
			t.Errorf("%s: %+v of all records, which have both scores", name, got.Scores)
		}
		if name == "compas" && math.Abs(slowAUC(session)-0.70) > 0.005 {
			t.Errorf("an AUC of %v, published 0.70", slowAUC(session))
		}
	}
}

// realScores returns the scores of good and of bad records, by label.
func realScores(t *testing.T, path string) (session, onboarding [2][]int) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	type scored struct{ Score int }
	for lines := bufio.NewScanner(text); lines.Scan(); {
		var r struct {
			Label      int
			Session    scored
			Onboarding struct{ Score scored }
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		session[r.Label] = append(session[r.Label], r.Session.Score)
		onboarding[r.Label] = append(onboarding[r.Label], r.Onboarding.Score.Score)
	}
	return session, onboarding
}

// slowAUC compares every pair.
func slowAUC(scores [2][]int) float64 {
	var halves int64
	for _, good := range scores[0] {
		for _, bad := range scores[1] {
			switch {
			case good > bad:
				halves += 2
			case good == bad:
				halves++
			}
		}
	}
	return float64(halves) / float64(2*int64(len(scores[0]))*int64(len(scores[1])))
}
