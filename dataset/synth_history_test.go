package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSynthRings(t *testing.T) {
	text, truth := synthText(t, SynthOptions{Records: 20_000, Rings: 0.5, TrueLabel: true})
	accounts := map[string][]looseRecord{}
	for _, r := range looseRecords(t, text) {
		id := r["account_id"].(string)
		accounts[id] = append(accounts[id], r)
	}
	inRings := int64(0)
	for id, records := range accounts {
		switch {
		case len(records) == 1:
			continue
		case len(records) != ringSize:
			t.Errorf("%s has %d records, want 1 or %d", id, len(records), ringSize)
		}
		for _, r := range records {
			if r["true_label"] != "ko" || r["country"] != records[0]["country"] {
				t.Errorf("%s: %v, %v in a ring of fraud in %v", id, r["true_label"], r["country"], records[0]["country"])
			}
			inRings++
		}
	}
	nearRate(t, "fraud in rings", inRings, truth.Fraud, 0.5, ringSize)
}

func TestSynthWaterfall(t *testing.T) {
	all, _ := synthText(t, SynthOptions{Records: 10_000, TrueLabel: true})
	whole := looseRecords(t, all)
	for _, gate := range [][2]int{{0, 0}, {400, 700}, {-1, 1001}} {
		cut, _ := synthText(t, SynthOptions{Records: 10_000, TrueLabel: true, Mode: SynthWaterfall, GateLow: gate[0], GateHigh: gate[1]})
		low, high := 451.0, 551.0
		if gate[1] != 0 {
			low, high = max(float64(gate[0]), 0), float64(gate[1])
		}
		asked, inReview := 0, 0
		onEdge := map[float64]bool{}
		for i, r := range looseRecords(t, cut) {
			s, status := r.product("session")
			_, present := r["onboarding"]
			score, _ := s["score"].(float64)
			if want := status == "ok" && low <= score && score < high; present != want {
				t.Fatalf("record %d, session %s %v: onboarding %v, want %v", i, status, score, present, want)
			}
			onEdge[score] = true
			if present {
				asked++
				if d := cmp.Diff(whole[i]["onboarding"], r["onboarding"]); d != "" {
					t.Fatalf("record %d is about someone else: %s", i, d)
				}
			}
			if s["score_cluster"] == "review" {
				inReview++
			}
			if whole[i]["true_label"] != r["true_label"] || whole[i][Amount] != r[Amount] || !cmp.Equal(whole[i]["session"], r["session"]) {
				t.Fatalf("record %d is about someone else", i)
			}
		}
		if gate[1] == 0 && (asked < 3000 || asked > 4000 || inReview != asked) {
			t.Errorf("onboarding was asked for %d of 10000, want 30-40 %% and the review cluster, %d", asked, inReview)
		}
		if gate[1] == 0 && !(onEdge[450] && onEdge[451] && onEdge[550] && onEdge[551]) {
			t.Error("no record at both sides of both edges of the gate")
		}
	}
}

// TestSynthActions reads the actions off the recorded clusters, from the guide's table as it is printed there.
func TestSynthActions(t *testing.T) {
	group := map[any]string{"very_high": "trusted", "high": "trusted", "review": "review", "low": "risky", "very_low": "risky"}
	combined := map[string]string{
		"trusted/trusted": "approve", "trusted/review": "review", "trusted/risky": "block", "trusted/": "review",
		"review/trusted": "step_up", "review/review": "review", "review/risky": "block", "review/": "review",
		"risky/trusted": "block", "risky/review": "block", "risky/risky": "block", "risky/": "block",
		"/trusted": "approve", "/review": "review", "/risky": "review", "/": "review"}
	waterfall := map[string]string{"trusted/": "approve", "review/trusted": "step_up", "review/review": "review",
		"review/risky": "block", "review/": "review", "risky/": "block", "/": "review"}
	for mode, table := range map[string]map[string]string{SynthCombined: combined, SynthWaterfall: waterfall} {
		text, _ := synthText(t, SynthOptions{Records: 40_000, Mode: mode, Processing: 0.05, Segments: []string{}})
		seen := map[string]bool{}
		for i, r := range looseRecords(t, text) {
			s, _ := r.product("session")
			o, _ := r.product("onboarding")
			score, _ := o["score"].(map[string]any)
			cell := group[s["score_cluster"]] + "/" + group[score["score_cluster"]]
			if r[ActionField] != table[cell] {
				t.Fatalf("%s record %d: %v for %q, want %v", mode, i, r[ActionField], cell, table[cell])
			}
			seen[cell] = true
		}
		if len(seen) != len(table) {
			t.Errorf("%s: only %d of %d cells occur", mode, len(seen), len(table))
		}
	}
}

func TestSynthPolicy(t *testing.T) {
	var policy [NumClusters][NumClusters]Action
	for i := range policy {
		for j := range policy[i] {
			policy[i][j] = Monitor
		}
	}
	_, truth := synthText(t, SynthOptions{Records: 500, Policy: &policy})
	if len(truth.Actions) != 1 || truth.Actions[0].Key != "monitor" {
		t.Errorf("actions %+v, want monitor only", truth.Actions)
	}
}

func TestSynthStrings(t *testing.T) {
	for _, login := range []bool{false, true} {
		for _, quoted := range []bool{false, true} {
			product := "session"
			if login {
				product = "login"
			}
			text, _ := synthText(t, SynthOptions{Records: 500, Strings: quoted, Login: login})
			for i, r := range looseRecords(t, text) {
				response, status := r.product(product)
				if status != "ok" {
					continue
				}
				for _, name := range []string{"score", "has_ai_agent", "ip_is_vpn", "mouse_movement"} {
					if _, isString := response[name].(string); isString != quoted {
						t.Fatalf("record %d: %s.%s is %T with strings %v", i, product, name, response[name], quoted)
					}
				}
				if o, status := r.product("onboarding"); status == "ok" {
					if _, isNumber := o["phone"].(map[string]any)["score"].(float64); !isNumber {
						t.Fatalf("record %d: onboarding scores are strings", i)
					}
				}
			}
		}
	}
}

func TestSynthLabelDelay(t *testing.T) {
	const n, mean = 30_000, 45.0
	text, truth := synthText(t, SynthOptions{Records: n, LabelDelay: mean, TrueLabel: true, Months: 6, Rings: -1})
	known, all, expect, variance := make([]float64, 6), make([]float64, 6), make([]float64, 6), make([]float64, 6)
	for _, r := range looseRecords(t, text) {
		at := r.time(t, Timestamp)
		p := 1 - math.Exp(-truth.Options.AsOf.Sub(at).Hours()/24/mean)
		m := int(at.Month()) - 1
		all[m]++
		expect[m] += p
		variance[m] += p * (1 - p)
		if r[LabelField] != nil {
			known[m]++
		}
	}
	for m := range known {
		if math.Abs(known[m]-expect[m]) > 4.5*math.Sqrt(variance[m]) {
			t.Errorf("month %d: %v labels known, want %.0f", m+1, known[m], expect[m])
		}
		if m > 0 && known[m]/all[m] >= known[m-1]/all[m-1] {
			t.Errorf("month %d has a share of %v known, month %d only %v", m+1, known[m]/all[m], m, known[m-1]/all[m-1])
		}
	}
	nearRate(t, "fraud among known", truth.Labels.Known.Fraud, truth.Labels.Known.Records, 0.02, 1)
}

func TestSynthExploration(t *testing.T) {
	text, truth := synthText(t, SynthOptions{Records: 30_000, Exploration: 0.2, BlockedUnlabeled: true, LabelDelay: -1, LabelNoise: 0.1})
	explored, kept := truth.Labels.Explored.Records, truth.Labels.Blocked.Records
	nearRate(t, "explored", explored, explored+kept, 0.2, 1)
	nearRate(t, "flipped", truth.Labels.Flipped.Records, truth.Labels.Known.Records, 0.1, 1)
	for i, r := range looseRecords(t, text) {
		q, want := r["approval_probability"], []float64{1, 0.2}
		switch r[ActionField] {
		case "block":
			want = []float64{0.2}
		case "review", "step_up":
			want = []float64{0}
		}
		if !slices.Contains(want, q.(float64)) || (r[LabelField] == nil) != (r[ActionField] == "block") {
			t.Fatalf("record %d: %v with probability %v and label %v", i, r[ActionField], q, r[LabelField])
		}
	}
}

// TestSynthIsNobody looks for anything that is not from a range set apart for examples.
func TestSynthIsNobody(t *testing.T) {
	text, _ := synthText(t, SynthOptions{Records: 3000, Details: true})
	patterns := map[string]string{ // what may be personal, and what it may be
		`[^"]*@[^"]*`:                 `^synth-c\d{9}@example\.com$`,
		`"\+[^"]*"`:                   `^"\+447700900\d{3}"$`,
		`\d+\.\d+\.\d+(\.\d+)?`:       `^192\.0\.2\.\d{1,3}$`,
		`"(?:[a-z]+_id)":"[^"]*"`:     `^"[a-z]+_id":"synth-`,
		`(?i)"[^"]*name[^"]*":"[^"]*`: `^$`,
	}
	for find, allowed := range patterns {
		good := regexp.MustCompile(allowed)
		for _, m := range regexp.MustCompile(find).FindAllString(string(text), -1) {
			if !good.MatchString(m) {
				t.Fatalf("%s is not set apart for examples", m)
			}
		}
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(line, `{"synthetic":true,"customer_id":"synth-`) {
			t.Fatalf("record %d does not say that it is synthetic: %.60s", i, line)
		}
	}
}

func TestSynthLabels(t *testing.T) {
	opt := SynthOptions{Records: 5000, Mode: SynthWaterfall, BlockedUnlabeled: true}
	text, _ := synthText(t, opt)
	want := "customer_id,label\n"
	for _, r := range looseRecords(t, text) {
		if r[LabelField] != nil {
			want += fmt.Sprintf("%s,%s\n", r[CustomerID], r[LabelField])
		}
	}
	var got bytes.Buffer
	if err := SynthLabels(&got, opt); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Errorf("labels in the history (-), in their own file (+): %s", d)
	}
	opt.NoLabels = true
	text, _ = synthText(t, opt)
	if bytes.Contains(text, []byte("label")) {
		t.Error("the history has labels although they are in a file")
	}
}

// TestSynthIsReadable gives the values to the parsers of the readers.
func TestSynthIsReadable(t *testing.T) {
	text, _ := synthText(t, SynthOptions{Records: 3000, Strings: true, Missing: 0.2, Processing: 0.1, Failed: 0.1, Exploration: 0.5})
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var r struct {
			Timestamp, Label, Action string
			LabelTime                string `json:"label_time"`
			Amount                   json.Number
			Session                  *struct {
				Score, Status any
				Cluster       string `json:"score_cluster"`
				Agent         string `json:"has_ai_agent"`
			}
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		kinds := []IssueKind{}
		at, k := parseTime([]byte(r.Timestamp))
		later, l := parseTime([]byte(r.LabelTime))
		_, m := parseAction([]byte(r.Action))
		_, n := parseLabel([]byte(r.Label))
		cents, o := parseAmount([]byte(r.Amount))
		kinds = append(kinds, k, l, m, n, o)
		if s := r.Session; s != nil && s.Status == nil {
			_, k = parseScore([]byte(s.Score.(string)))
			c, l := parseCluster([]byte(s.Cluster))
			b, m := parseBool([]byte(s.Agent))
			kinds = append(kinds, k, l, m)
			if c == NoCluster || b == BoolAbsent {
				t.Errorf("record %d: cluster %v, boolean %v", i, c, b)
			}
		} else if s != nil {
			_, k = parseStatus([]byte(fmt.Sprint(s.Status)))
			kinds = append(kinds, k)
		}
		for _, k := range kinds {
			if k != ok {
				t.Errorf("record %d: %v", i, k)
			}
		}
		if cents < 1 || later != NoTime && later < at {
			t.Errorf("record %d: amount %d, time %d, label time %d", i, cents, at, later)
		}
	}
}
