package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trustreplay/trustreplay/replay"
)

// TestSavedCubeAnswersAsHistory asks random histories and the saved cubes made of them the same questions: the bytes of the
// answers are the same, and so are those of a cube whatever the number of workers, and of a cube of cubes.
func TestSavedCubeAnswersAsHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 7))
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		h := newSavedHistory(t, rng, 200+rng.IntN(500), round%2 == 1)
		h.cube("all.parquet", h.files, "--by", "country", "--workers", "1")
		h.cube("again.parquet", h.files, "--by", "country", "--workers", "5")
		h.same("all.parquet", "again.parquet")
		h.cube("narrow.parquet", h.files, "--policy", "table-waterfall", "--policy", "guide-combined")
		for i, f := range h.files {
			h.cube(fmt.Sprint("part", i, ".parquet"), []string{f}, "--by", "country")
		}
		parts := []string{"part0.parquet", "part1.parquet"}
		if all, merged := h.cube("all.parquet", h.files, "--by", "country"), h.cube("merged.parquet", parts, "--by", "country"); all != merged {
			t.Errorf("%s rows of a cube of cubes, want %s", merged, all)
		}
		var all []string
		for _, p := range replay.BuiltinNames() {
			all = append(all, "--policy", p)
		}
		some := []string{"--policy", "table-waterfall", "--policy", "guide-combined"}
		compare := []string{"compare", "--champion", "table-waterfall", "--challenger", "guide-combined"}
		for _, ask := range []struct {
			words []string
			cubes [][]string
		}{
			{append([]string{"replay", "--by", "month,country"}, all...), [][]string{{"all.parquet"}, parts, {"merged.parquet"}}},
			{append([]string{"replay", "--absent", "missing", "--failures"}, all...), [][]string{{"all.parquet"}, {"merged.parquet"}}},
			{append([]string{"replay", "--history-policy", "guide-combined"}, some...), [][]string{{"all.parquet"}, {"narrow.parquet"}}},
			{append([]string{"replay", "--economics", filepath.Join(h.dir, "economics.yaml")}, some...), [][]string{{"all.parquet"}, {"merged.parquet"}}},
			{append(compare, "--by", "month"), [][]string{{"all.parquet"}, {"narrow.parquet"}, parts}},
			{append(compare, "--impute", "band"), [][]string{{"all.parquet"}}},
			{[]string{"curve", "--policy", "table-waterfall", "--bands", "session=standard", "--cutoff", "session.high"}, [][]string{{"all.parquet"}, parts}},
			{[]string{"calibrate", "--quick", "--search", "cutoffs", "--ledger", "none", "--champion", "table-combined", "--limit", "fraud_rate <= 20%"}, [][]string{{"all.parquet"}, {"merged.parquet"}}},
		} {
			want := h.ask(ask.words, h.files)
			for _, cubes := range ask.cubes {
				if got := h.ask(ask.words, cubes); got != want {
					t.Fatalf("round %d: %v of %v: %s", round, ask.words, cubes, firstDifference(want, got))
				}
			}
		}
	}
}

// A savedHistory is a folder with a random history in two files.
type savedHistory struct {
	*testing.T
	dir   string
	files []string
	flags []string // of every reading: when labels are read
}

// newSavedHistory makes a history up with all that a record can lack. ages says that it tells when labels became known.
func newSavedHistory(t *testing.T, rng *rand.Rand, n int, ages bool) *savedHistory {
	h := &savedHistory{T: t, dir: t.TempDir(), files: []string{"a.jsonl", "b.jsonl"}}
	if ages {
		h.flags = []string{"--as-of", "2025-05-20", "--maturity", "30"}
	}
	if err := os.WriteFile(filepath.Join(h.dir, "economics.yaml"), []byte(treatedEconomics), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, name := range h.files {
		var b bytes.Buffer
		for range n {
			b.Write(randomRecord(rng, i, ages))
		}
		if err := os.WriteFile(filepath.Join(h.dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// treatedEconomics ask what came of production's treatments.
const treatedEconomics = `economics: 1
fraud_loss: 40
good_margin: 4
calls: {session: 0.01, onboarding: 0.1}
review_cost: 3
step_up_cost: 0.05
treatments:
  step_up: {good_pass: [85%, 92%, 97%], fraud_pass: [30%, 10%, 5%]}
  review: {sensitivity: [70%, 80%, 90%], specificity: [90%, 95%, 99%]}
`

// randomRecord returns a line of the history; file tells which three months it is of.
func randomRecord(rng *rand.Rand, file int, ages bool) []byte {
	pick := func(values ...any) any { return values[rng.IntN(len(values))] }
	at := time.Date(2025, time.Month(1+3*file+rng.IntN(3)), 1+rng.IntN(28), rng.IntN(24), 0, 0, 0, time.UTC)
	clusters := []any{"very_low", "low", "review", "high", "very_high"}
	answer := func(extra map[string]any) any {
		switch rng.IntN(14) {
		case 0:
			return nil
		case 1:
			return map[string]any{"status": pick("processing", "error", "missing", "not_called", 404)}
		case 2:
			return map[string]any{"score_cluster": pick(clusters...), "status": "ok"}
		case 3:
			extra["score"] = pick(rng.IntN(1001), "649")
			return extra
		case 4:
			if rng.IntN(10) == 0 {
				extra["score"] = 1001 // an issue
				return extra
			}
		}
		score := rng.IntN(1001)
		extra["score"], extra["score_cluster"] = score, clusters[min(4, score/200)]
		return extra
	}
	session := func() any {
		return answer(map[string]any{"has_automated_browser": pick(true, "false", nil), "ip_is_vpn": pick(false, false, "true")})
	}
	onboarding := func() any {
		return map[string]any{"score": answer(map[string]any{"reason_codes": pick("", "RP001", "RP001,RE002")}),
			"phone": map[string]any{"score_cluster": pick(clusters...), "reason_codes": pick("", "RP001")}}
	}
	r := map[string]any{"customer_id": fmt.Sprint(rng.IntN(1 << 30)), "timestamp": at.Format(time.RFC3339), "session": session(),
		"country": pick("IT", "FR", nil), "label": pick("ok", "ok", "ok", "ok", "ok", "ok", "ko", nil), "action": pick("approve", "block", "step_up", "review", nil, "?")}
	if rng.IntN(3) == 0 {
		r["step_up_outcome"], r["review_outcome"] = pick("passed", "failed", "odd", nil), pick("approved", "rejected", nil)
	}
	if rng.IntN(4) > 0 {
		r["onboarding"] = onboarding()
	}
	if rng.IntN(4) > 0 {
		r["amount"] = float64(rng.IntN(100000)) / 100
	}
	if rng.IntN(50) == 0 {
		delete(r, "timestamp")
	}
	if ages && r["label"] != nil && rng.IntN(3) > 0 {
		r["label_time"] = at.AddDate(0, 0, rng.IntN(60)).Format(time.RFC3339)
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return append(line, '\n')
}

func (h *savedHistory) paths(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, filepath.Join(h.dir, n))
	}
	return out
}

// cube makes a saved cube and returns its number of rows.
func (h *savedHistory) cube(out string, in []string, more ...string) string {
	h.Helper()
	text := h.run(append(append(append([]string{"convert", "--cube", "--format", "json", "--out", filepath.Join(h.dir, out)}, more...), h.flags...), h.paths(in)...))
	return regexp.MustCompile(`"rows": \d+`).FindString(text)
}

// ask returns an answer in JSON, less what tells the files apart.
func (h *savedHistory) ask(words, in []string) string {
	h.Helper()
	out := h.run(append(append(append(words[:len(words):len(words)], "--format", "json"), h.flags...), h.paths(in)...))
	return inputsOf.ReplaceAllString(out, "")
}

// inputsOf finds the files of a certificate, with their hashes.
var inputsOf = regexp.MustCompile(`(?s)"inputs": \[.*?\]`)

func (h *savedHistory) run(args []string) string {
	h.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), append([]string{"trustreplay"}, args...), strings.NewReader(""), &stdout, &stderr); code > 1 {
		h.Fatalf("%v: exit %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

func (h *savedHistory) same(a, b string) {
	h.Helper()
	var texts [2][]byte
	for i, name := range h.paths([]string{a, b}) {
		var err error
		if texts[i], err = os.ReadFile(name); err != nil {
			h.Fatal(err)
		}
	}
	if !bytes.Equal(texts[0], texts[1]) {
		h.Fatalf("%s and %s differ", a, b)
	}
}
