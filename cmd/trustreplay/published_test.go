package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
)

// published is a number that others printed for a real history, with its tolerance (shared/real/published.json).
type published struct {
	Dataset, What, Source string
	Published, Tolerance  float64
}

// replayed is what these tests read of replay's JSON.
type replayed struct {
	Actions  map[string]struct{ Records, Fraud, Legit int64 }
	Measures []struct {
		Name  string
		Value *float64
	}
	Groups []struct {
		Key map[string]string
		replayed
	}
}

func (r replayed) measure(name string) float64 {
	for _, m := range r.Measures {
		if m.Name == name && m.Value != nil {
			return *m.Value
		}
	}
	return math.NaN()
}

// approveFrom matches a published claim about one cutoff: its score, the group of records, and what is counted.
var approveFrom = regexp.MustCompile(`^approve iff session\.score >= (\d+)(?:, ([A-Za-z-]+))?: (.*)$`)

// TestPublished replays the cutoffs of published analyses of two real histories, from JSON lines and from the Parquet that
// convert makes of them, and expects their counts exactly and the same bytes from both.
func TestPublished(t *testing.T) {
	dir := filepath.Join(root(t), "..", "shared", "real")
	raw, err := os.ReadFile(filepath.Join(dir, "published.json"))
	if err != nil {
		t.Skip("the real histories are not here: ", err)
	}
	var claims []published
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	runs := map[string]replayed{}
	checked := 0
	for _, claim := range claims {
		m := approveFrom.FindStringSubmatch(claim.What)
		if m == nil {
			continue
		}
		id := claim.Dataset + " " + m[1]
		if _, done := runs[id]; !done {
			runs[id] = replayCutoff(t, filepath.Join(dir, claim.Dataset+".jsonl.gz"), m[1])
		}
		got := claimed(t, group(t, runs[id], m[2]), m[3])
		if math.Abs(got-claim.Published) > claim.Tolerance+1e-9 {
			t.Errorf("%s: %s: got %v, published %v (%s)", claim.Dataset, claim.What, got, claim.Published, claim.Source)
		}
		checked++
	}
	if checked < 48 {
		t.Errorf("checked %d published numbers, want the 48 of one cutoff", checked)
	}
	checkAccuracy(t, claims, runs["compas 551"])
}

// replayCutoff runs the program on a history and on its Parquet form.
func replayCutoff(t *testing.T, history, cutoff string) replayed {
	dir := t.TempDir()
	var c int
	fmt.Sscan(cutoff, &c)
	policy := filepath.Join(dir, "cutoff.yaml")
	src := fmt.Sprintf("policy: 1\nname: cutoff-%d\nfirst: session\nclusters: {session: [%d, %d, %d, %d]}\n"+
		"gate: {missing: review, very_low: block, low: approve, review: approve, high: approve, very_high: approve}\n", c, c, c+1, c+2, c+3)
	if err := os.WriteFile(policy, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	parquet := filepath.Join(dir, "history.parquet")
	tool(t, "convert", "--out", parquet, history)
	by := "race"
	if strings.Contains(history, "islr") {
		by = "student"
	}
	lines := tool(t, "replay", "--policy", policy, "--by", by, "--format", "json", history)
	if again := tool(t, "replay", parquet, "--policy", policy, "--by", by, "--format", "json"); !bytes.Equal(lines, again) {
		t.Errorf("%s: the Parquet that convert made gives other bytes", history)
	}
	var r replayed
	if err := json.Unmarshal(lines, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// tool runs the program and returns what it printed.
func tool(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), append([]string{"trustreplay"}, args...), strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, stderr.Bytes())
	}
	return stdout.Bytes()
}

func group(t *testing.T, r replayed, name string) replayed {
	if name == "" || name == "all" {
		return r
	}
	for _, g := range r.Groups {
		for _, v := range g.Key {
			if v == name {
				return g.replayed
			}
		}
	}
	t.Fatalf("no group %q", name)
	return replayed{}
}

// claimed returns what a claim counts. The publishers call a declined record "High" risk, an approved one "Low".
func claimed(t *testing.T, r replayed, what string) float64 {
	switch {
	case strings.Contains(what, "approved_good"):
		return float64(r.Actions["approve"].Legit)
	case strings.Contains(what, "declined_good"):
		return float64(r.Actions["block"].Legit)
	case strings.Contains(what, "approved_bad"):
		return float64(r.Actions["approve"].Fraud)
	case strings.Contains(what, "declined_bad"):
		return float64(r.Actions["block"].Fraud)
	case strings.HasPrefix(what, "false positive rate"):
		return 100 * r.measure("insult_rate")
	case strings.HasPrefix(what, "false negative rate"):
		return 100 * r.measure("fraud_miss")
	case strings.HasPrefix(what, "PPV"):
		return r.measure("precision")
	case strings.HasPrefix(what, "NPV"):
		return 1 - r.measure("fraud_rate")
	}
	t.Fatalf("unknown claim %q", what)
	return 0
}

// checkAccuracy compares the published accuracies and their exact intervals.
func checkAccuracy(t *testing.T, claims []published, r replayed) {
	for _, claim := range claims {
		name, what, found := strings.Cut(claim.What, ": accuracy ")
		if !found {
			continue
		}
		g := group(t, r, name)
		right, all := g.Actions["approve"].Legit+g.Actions["block"].Fraud, int64(0)
		for _, a := range g.Actions {
			all += a.Records
		}
		low, high := calibrate.ClopperPearson(right, all, 0.95)
		got := map[bool]float64{true: low, false: high}[strings.Contains(what, "low")]
		if what == "%" {
			got = float64(right) / float64(all)
		}
		if math.Abs(100*got-claim.Published) > claim.Tolerance {
			t.Errorf("%s: got %v, published %v", claim.What, 100*got, claim.Published)
		}
	}
}
