package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reported runs report with a page in a folder and returns what it wrote, by name.
func reported(t *testing.T, dir string, args ...string) map[string][]byte {
	t.Helper()
	var said bytes.Buffer
	args = append([]string{"trustreplay", "report", "--ledger", "none", "--out", filepath.Join(dir, "report.html")}, args...)
	if code := run(context.Background(), args, strings.NewReader(""), &said, &said); code != exitDone {
		t.Fatalf("exit code %d: %s", code, said.Bytes())
	}
	if said.Len() > 0 {
		t.Errorf("said %q", said.Bytes())
	}
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[strings.TrimPrefix(path, dir+"/")], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// hostileNames are texts that end up in a report: what of the files, the policies and the records has a name.
const (
	hostileSegment = `</script><script>alert(1)</script>`
	hostileFormula = "=cmd|'/c calc'!A1"
	hostileMark    = "IT\u202egnp"
	hostileWords   = `"><img src=x onerror=alert(1)> [x](javascript:alert(1))`
	hostileFile    = `<svg onload=alert(1)> $(reboot).jsonl`
)

// personalTexts are a person's data, in every place that a record has for it.
var personalTexts = []string{"canary.phone.393331234567", "canary@mail.example", "203.0.113.77", "Canary McName", "CanaryAgent/9.9", "canary-customer-id", "canary-account-id"}

// hostileHistory has a few hundred records over five months, each of which carries the personalTexts.
func hostileHistory(t *testing.T, file string) {
	t.Helper()
	var b bytes.Buffer
	segments := []string{hostileSegment, hostileFormula, hostileMark, "-1+1", "plain", "a,b\"c", "| x |", "`code`"}
	for i := range 600 {
		score, label := 300+(i*37)%600, "ok"
		if i%29 == 0 {
			score, label = 100+(i*11)%500, "ko"
		}
		quote := func(s string) string { text, _ := json.Marshal(s); return string(text) }
		fmt.Fprintf(&b, `{"customer_id":%s,"account_id":%s,"phone":%s,"email":%s,"ip":%s,"name":%s,"first_name":%[6]s,"user_agent":%[7]s,"timestamp":"2025-%02[8]d-%02[9]dT05:00:00Z","amount":12.5,"label":"%[10]s","country":%[11]s,`,
			quote(fmt.Sprint(personalTexts[5], i)), quote(personalTexts[6]), quote(personalTexts[0]), quote(personalTexts[1]), quote(personalTexts[2]), quote(personalTexts[3]), quote(personalTexts[4]), 1+i/120, 1+i%28, label, quote(segments[i%len(segments)]))
		fmt.Fprintf(&b, `"session":{"score":%d,"is_<b>bot":%t,"user_agent":%s,"ip":%s,"raw":{"email":%s}},"onboarding":{"phone":{"number":%s,"phone_number":%[6]s,"score":600},"email":{"email":%[5]s,"score":500},"ip":{"ip":%[4]s},"name":{"value":%[7]s},"score":{"score":%d}},"raw":"{\"email\":\"%[9]s\"}"}`+"\n",
			score, i%7 == 0, quote(personalTexts[4]), quote(personalTexts[2]), quote(personalTexts[1]), quote(personalTexts[0]), quote(personalTexts[3]), score, personalTexts[1])
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReportHarmless checks that no name from the data runs in any form of a report, and that nothing of a person is in any of them.
func TestReportHarmless(t *testing.T) {
	if testing.Short() {
		t.Skip("a calibration takes a second")
	}
	dir := t.TempDir()
	history, policy := filepath.Join(dir, hostileFile), filepath.Join(dir, "policy.yaml")
	hostileHistory(t, history)
	words, _ := json.Marshal(hostileWords) // YAML reads it
	yaml := fmt.Sprintf("policy: 1\nname: now\ndescription: %s\nfirst: session\nclusters: {session: standard}\nrules:\n  - {name: odd, when: 'country == \"</code><script>alert(2)</script>\"', then: block}\ngate: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}\n", words)
	if err := os.WriteFile(policy, []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	files := reported(t, out, "--champion", policy, "--limit", "fraud_rate <= 20%", "--by", "country", "--maturity", "0", history)
	for path, b := range files {
		for _, c := range personalTexts {
			if bytes.Contains(b, []byte(c)) {
				t.Errorf("%s tells %q", path, c)
			}
		}
		switch filepath.Ext(path) {
		case ".json":
			if !json.Valid(b) {
				t.Errorf("%s is no JSON", path)
			}
		case ".csv":
			checkCells(t, path, b)
		case ".html", ".svg":
			checkAbsent(t, path, string(b), "<script", "<img src=x", "<svg onload", "\u202e")
		case ".md": // between fences markdown shows what it reads
			checkAbsent(t, path, fenced.ReplaceAllString(string(b), ""), "<script", "<img src=x", "<svg onload", "](javascript:alert(1))", "\u202e")
		}
	}
	page := string(files["report.html"])
	for _, shown := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "IT", "alert(2)"} {
		if !strings.Contains(page, shown) {
			t.Errorf("the page does not show %q", shown)
		}
	}
	if !strings.Contains(page, `&#39;`) || !strings.Contains(string(files["report-tables/segments-1.csv"]), "'"+hostileFormula) {
		t.Error("the formula is not disarmed")
	}
	if t.Failed() {
		return
	}
	t.Run("browser", func(t *testing.T) {
		p := openPage(t, filepath.Join(out, "report.html"), "")
		p.until("document.readyState === 'complete'")
		if n := evaluate[int](p, "document.scripts.length + document.querySelectorAll('[onerror],[onload]').length"); n != 0 {
			t.Errorf("%d elements of the page can run", n)
		}
	})
}

// fenced is a block of code in markdown.
var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

func checkAbsent(t *testing.T, path, text string, bad ...string) {
	t.Helper()
	for _, b := range bad {
		if strings.Contains(text, b) {
			t.Errorf("%s has %q", path, b)
		}
	}
}

// checkCells checks that a spreadsheet runs no cell of a file.
func checkCells(t *testing.T, path string, b []byte) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if _, err := fmt.Sscanf(cell, "%g", new(float64)); err == nil || cell == "" {
				continue
			}
			if strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s: the cell %q is a formula", path, cell)
			}
		}
	}
}

// TestReportSample makes the report of the sample once, and looks at all that it wrote.
func TestReportSample(t *testing.T) {
	if testing.Short() {
		t.Skip("a calibration takes seconds")
	}
	testdata := filepath.Join(root(t), "testdata")
	t.Chdir(t.TempDir())
	if err := os.CopyFS(".", os.DirFS(filepath.Join(testdata, "sample"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("june", 0o777); err != nil {
		t.Fatal(err)
	}
	files := reported(t, "june", "--champion", "policy.yaml", "--limit", "fraud_rate <= 2%", "--by", "country", "combined.jsonl.gz")
	t.Run("golden", func(t *testing.T) {
		var text bytes.Buffer
		if code := run(context.Background(), []string{"trustreplay", "report", "--from", "june/report.json"}, nil, &text, &text); code != exitDone {
			t.Fatalf("%s", text.Bytes())
		}
		goldenFile(t, filepath.Join(testdata, "report", "report.txt"), versionless(text.Bytes()))
		goldenFile(t, filepath.Join(testdata, "report", "report.sha256"), digests(files))
	})
	t.Run("page", func(t *testing.T) { checkReportPage(t, "june/report.html") })
}

// versionless makes a text the same whatever version of the program made it.
func versionless(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte("trustreplay "+version()), []byte("trustreplay VERSION"))
}

// digests are the SHA-256 of files, one to a line as sha256sum writes them. Pictures of dots are left out: how they are packed is
// the compiler's.
func digests(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) != ".png" {
			fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(versionless(files[name])), name)
		}
	}
	return out.Bytes()
}

// goldenFile compares a text with a file, which -update rewrites.
func goldenFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another; go test ./cmd/trustreplay -run ReportSample -update rewrites it:\n%s", filepath.Base(path), firstDifference(string(want), string(got)))
	}
}

// checkReportPage opens the page in a browser with the network cut: it renders without a fault, the decision comes first, every
// figure is drawn, folds open, and it fits the window.
func checkReportPage(t *testing.T, path string) {
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	p := openPage(t, path, "")
	p.until("document.readyState === 'complete'")
	if first := evaluate[string](p, "document.querySelector('main h2').textContent"); first != "Decision" {
		t.Errorf("the first section is %q", first)
	}
	for _, width := range []int64{1280, 400} {
		p.resize(width, 900)
		if wide := evaluate[int](p, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
			of := evaluate[string](p, "[...document.querySelectorAll('body *')].filter((n) => !n.closest('.scroll, pre') && !n.closest('svg') && n.getBoundingClientRect().right > innerWidth).map((n) => n.tagName + '.' + n.className + ' ' + n.textContent.slice(0, 60)).slice(0, 5).join('; ')")
			t.Errorf("the page is %d wider than a window of %d: %s", wide, width, of)
		}
	}
	p.resize(1280, 900)
	if n := evaluate[int](p, "[...document.querySelectorAll('figure img, figure svg')].filter((f) => f.getBoundingClientRect().width > 100).length"); n < 5 {
		t.Errorf("%d figures are drawn, want 5", n)
	}
	if n := evaluate[int](p, "document.querySelectorAll('details[open]').length"); n != 0 {
		t.Errorf("%d folds are open, want none", n)
	}
	for _, scheme := range []string{"light", "dark"} {
		p.screenshot("report", scheme)
	}
	p.click("details summary")
	p.until("document.querySelector('details').open")
}
