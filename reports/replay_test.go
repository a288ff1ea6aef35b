package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got; rewrite with -update):\n%s", path, d)
	}
}

// tallyOf makes a tally of unlabeled, legit and fraud records at an amount of cents each.
func tallyOf(unlabeled, legit, fraud, cents int64) replay.Tally {
	return replay.Tally{Records: [3]int64{unlabeled, legit, fraud}, Amount: [3]int64{unlabeled * cents, legit * cents, fraud * cents}}
}

// waterfall is a result of a two-product policy with a rule, undecided records and groups; the groups add up to the whole.
func waterfall() replay.Result {
	r := replay.Result{Policy: &replay.Policy{Name: "guide-table-waterfall", First: "session", Second: "onboarding",
		Rules: []replay.Rule{{Name: "automation", When: &replay.Condition{}, Then: dataset.Block}}}}
	month := func(key string, scale int64) {
		g := replay.Group{Key: []string{key}}
		g.Actions[dataset.Approve] = tallyOf(20*scale, 480*scale, 2*scale, 4999)
		g.Actions[dataset.StepUp] = tallyOf(4*scale, 60*scale, 6*scale, 8050)
		g.Actions[dataset.Review] = tallyOf(2*scale, 31*scale, 5*scale, 12001)
		g.Actions[dataset.Block] = tallyOf(40*scale, 9*scale, 22*scale, 9900)
		g.Actions[replay.Undecided] = tallyOf(0, 7*scale, scale, 100)
		g.Calls = [2]int64{g.Total().N(), 130 * scale}
		r.Groups = append(r.Groups, g)
		r.Counts = r.Counts.Add(g.Counts)
	}
	month("", 1)
	month("2026-01", 10)
	month("2026-02", 12)
	r.Groups[0].Actions[dataset.Approve].Records[dataset.Fraud] = 0
	r.Actions[dataset.Approve].Records[dataset.Fraud] -= 2
	r.Groups[0].Calls[0] -= 2
	r.Calls[0] -= 2
	r.Rules = []replay.Tally{tallyOf(3, 1, 17, 9900)}
	return r
}

// cutoff is a result of a one-product policy without amounts.
func cutoff(name string, approvedFraud int64) replay.Result {
	r := replay.Result{Policy: &replay.Policy{Name: name, First: "login"}}
	r.Actions[dataset.Approve] = tallyOf(0, 598-approvedFraud, approvedFraud, 0)
	r.Actions[dataset.Block] = tallyOf(0, 20, 40+approvedFraud, 0)
	r.Calls[0] = r.Total().N()
	return r
}

// priced is a result with what it cost.
func priced(r replay.Result) replay.Result {
	r.Economics = &replay.Economics{Currency: "EUR", FraudLoss: replay.Price{Fixed: 15e6, Share: 10_000}, GoodMargin: replay.Price{Fixed: 4e6, Share: 250},
		Calls: map[string]replay.Money{"session": 10_000, "onboarding": 100_000, "login": 0}, ReviewCost: 3e6, StepUpCost: 50_000,
		Latency: map[string]replay.Latency{"session": {Low: 250, High: 8000}, "onboarding": {Low: 2000, High: 8000}}}
	return r
}

func account(records int64) dataset.Account {
	return dataset.Account{Period: &dataset.Period{First: 1767225600000000, Last: 1782863999000000},
		Files: []dataset.FileInfo{{Name: "history/2026.jsonl.gz", Format: "jsonl", Compression: "gzip", Records: records + 3, SHA256: strings.Repeat("ab", 32)}},
		Read:  records + 3, Rejected: 3,
		Issues: []dataset.IssueCount{
			{Kind: dataset.ScoreRange, Count: 2, First: []dataset.Issue{
				{Kind: dataset.ScoreRange, File: "history/2026.jsonl.gz", Line: 17, Group: -1, Field: "session.score", Value: `"1001"`},
				{Kind: dataset.ScoreRange, File: "history/2026.jsonl.gz", Line: 40, Group: -1, Field: "session.score", Value: `"-1"`}}},
			{Kind: dataset.BadLabel, Count: 1, First: []dataset.Issue{
				{Kind: dataset.BadLabel, File: "part.parquet", Line: 5, Group: 2, Field: "label", Value: `"may|be"`}}},
			{Kind: dataset.DuplicateID, Count: 1},
		},
	}
}

// failer is what testing.T and rapid.T share here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func render(t failer, d Document, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d, format, TextOptions{}); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

func documents() map[string]Document {
	one := waterfall()
	flat := one
	flat.Groups = nil
	n := one.Total().N()
	return map[string]Document{
		"one":        Replay([]replay.Result{flat}, nil, account(n), 0.95),
		"grouped":    Replay([]replay.Result{one}, []string{"month"}, account(n), 0.95),
		"priced":     Replay([]replay.Result{priced(flat)}, nil, account(n), 0.95),
		"enrollment": Replay([]replay.Result{enrolled(cutoff("login-cutoff-500", 3), 61), enrolled(cutoff("login-cutoff-400", 12), 0)}, nil, dataset.Account{Read: 658}, 0.95),
		"failures":   Replay([]replay.Result{failing(flat)}, nil, account(n), 0.95),
		"cutoff":     Replay([]replay.Result{cutoff("login-cutoff-500", 0)}, nil, dataset.Account{Read: 658}, 0.9),
		"several":    Replay([]replay.Result{cutoff("login-cutoff-500", 0), cutoff("login-cutoff-400", 12), cutoff("login-cutoff-450", 3)}, nil, dataset.Account{Read: 658}, 0.95),
		"past":       Replay([]replay.Result{remembered(flat, "guide-session")}, nil, account(n), 0.95, explored()),
		"beyond":     Replay([]replay.Result{beyondNothing(cutoff("login-cutoff-500", 0)), beyondNothing(cutoff("login-cutoff-400", 12))}, nil, dataset.Account{Read: 658}, 0.95),
		"empty":      Replay([]replay.Result{{Policy: &replay.Policy{Name: "p", First: "session"}}}, nil, dataset.Account{}, 0.95),
	}
}

var extensions = map[string]string{"text": "txt", "json": "json", "csv": "csv", "markdown": "md", "html": "html"}

// goldenFormats are those of the goldens of each verb. A page has the blocks that the gallery shows, in the same order.
var goldenFormats = []string{"text", "json", "csv", "markdown"}

func TestReplayGoldens(t *testing.T) {
	for name, d := range documents() {
		for _, format := range goldenFormats {
			got := render(t, d, format)
			golden(t, "replay-"+name+"."+extensions[format], got)
			if again := render(t, d, format); !bytes.Equal(got, again) {
				t.Errorf("%s as %s differs from one writing to the next", name, format)
			}
		}
	}
}

// TestTextFits holds every screen to the width that it is designed for.
func TestTextFits(t *testing.T) {
	for name, d := range documents() {
		for _, line := range strings.Split(string(render(t, d, "text")), "\n") {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
	}
}

// TestLocale renders in a process whose locale has wide dashes: the bytes must be those of the goldens.
func TestLocale(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=TestReplayGoldens")
	cmd.Env = append(os.Environ(), "LC_ALL=ja_JP.UTF-8", "LANG=ja_JP.UTF-8", "RUNEWIDTH_EASTASIAN=1", "NO_COLOR=", "FORCE_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// anyResult draws a result in which anything may be empty.
func anyResult(t *rapid.T) replay.Result {
	r := replay.Result{Policy: &replay.Policy{Name: "p", First: "session"}}
	if rapid.Bool().Draw(t, "second") {
		r.Policy.Second = "onboarding"
	}
	cell := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 1e9))
	for range rapid.IntRange(1, 3).Draw(t, "groups") {
		g := replay.Group{Key: []string{rapid.SampledFrom([]string{"", "2026-03", "=cmd|'/c calc'!A0", "a|b\n\x1b[31m\u202e"}).Draw(t, "key")}}
		for a := range g.Actions {
			for l := range g.Actions[a].Records {
				g.Actions[a].Records[l], g.Actions[a].Amount[l] = cell.Draw(t, "records"), cell.Draw(t, "amount")
			}
		}
		if rapid.Bool().Draw(t, "past") {
			r.Past = &replay.Past{}
			for i := range r.Past {
				r.Past[i][rapid.SampledFrom(outcomes).Draw(t, "action")].Records = g.Actions[i].Records
			}
		}
		g.Calls = [2]int64{g.Total().N(), rapid.Int64Range(0, g.Total().N()).Draw(t, "calls")}
		r.Groups, r.Counts = append(r.Groups, g), r.Counts.Add(g.Counts)
	}
	return r
}

// notANumber matches what must never be printed; a minus sign before a number is one, because nothing here is negative.
var notANumber = regexp.MustCompile(`NaN|[iI]nf\b|-0\b|%!|<nil>|(^|[^0-9.,])0\.00 %`)

func TestEveryFormatOfAnyResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyResult(t)
		d := Replay([]replay.Result{r}, []string{"segment"}, account(r.Total().N()), 0.95)
		for _, format := range Formats() {
			var b bytes.Buffer
			if err := Write(&b, d, format, TextOptions{}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			out := strings.ReplaceAll(b.String(), "0.00 – ", "") // the lower end of an interval may be small
			if bad := notANumber.FindString(out); bad != "" {
				t.Errorf("%s has %q:\n%s", format, bad, out)
			}
			if bad := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && unprintable(r) }); bad >= 0 {
				t.Errorf("%s has the control character %q", format, out[bad])
			}
		}
		checkJSON(t, render(t, d, "json"), r)
		checkCSV(t, render(t, d, "csv"))
	})
}

// checkJSON reads the contract back and compares its counts with the result's.
func checkJSON(t *rapid.T, data []byte, r replay.Result) {
	var got struct {
		Records int64
		Actions map[string]struct {
			Records, Fraud, Legit, Unlabeled int64
			Amount                           json.Number
		}
		Calls    map[string]int64
		Measures []struct {
			Name             string
			Value, Low, High *float64
		}
		Groups []struct{ Records int64 }
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Records != r.Total().N() || len(got.Actions) != 6 || got.Calls["session"] != r.Calls[0] || len(got.Groups) != len(r.Groups) {
		t.Errorf("counts differ: %+v", got)
	}
	for _, a := range outcomes {
		g, want := got.Actions[outcomeName(a)], r.Actions[a]
		if [3]int64{g.Unlabeled, g.Legit, g.Fraud} != want.Records || g.Records != want.N() || string(g.Amount) != Amount(want.Value()).Decimal() {
			t.Errorf("%s: %+v, want %+v", outcomeName(a), g, want)
		}
	}
	for _, m := range got.Measures {
		if (m.Low == nil) != (m.High == nil) || m.Low != nil && (m.Value == nil || *m.Low > *m.Value || *m.High < *m.Value) {
			t.Errorf("measure %s is not in its interval", m.Name)
		}
	}
}

// checkCSV reads the tidy table back: a rectangle, without formulas.
func checkCSV(t *rapid.T, data []byte) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
}

func TestJSONLeavesInputsOut(t *testing.T) {
	r := waterfall()
	a, b := account(10), account(10)
	b.Files = []dataset.FileInfo{{Name: "other.parquet", Format: "parquet"}}
	x, y := Replay([]replay.Result{r}, []string{"month"}, a, 0.95), Replay([]replay.Result{r}, []string{"month"}, b, 0.95)
	if !bytes.Equal(render(t, x, "json"), render(t, y, "json")) || !bytes.Equal(render(t, x, "csv"), render(t, y, "csv")) {
		t.Error("JSON or CSV depends on the inputs' names or formats")
	}
	if bytes.Equal(render(t, x, "text"), render(t, y, "text")) {
		t.Error("text does not name the inputs")
	}
}
