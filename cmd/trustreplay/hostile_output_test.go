package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/trustreplay/trustreplay/reports"
)

// payloads are texts that somebody who is not the user may choose, and that a program which shows them might obey.
var payloads = []string{
	`<script>alert(1)</script>`, `</script><img src=x onerror=alert(1)>`, `<!-- `, `"><b>`, `&lt;`, `=1+1`, `=cmd|' /C calc'!A0`, `+1-1`, `-2+3`, `@SUM(1)`,
	"\t=1+1", "\r=1+1", " =1+1", "\ufeff=1+1", "\uff1d1+1", `|x|y|`, "[click](javascript:alert(1))", "![x](http://example.com/x.png)", "`code`", "# head", "a\nb", "a\r\nb",
	"\x1b[31mred", "\x1b]0;title\x07", "\u009b31m", "a\bb", "\x7f", "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\ufeff", "{{.}}", "${x}", "%s%n", `a"b`, `a'b`, `a\b`, "",
}

// injected returns records with a payload in each text that reaches an output: a segment, an id, a reason code, a key.
func injected() string {
	var b strings.Builder
	for i, p := range payloads {
		text, _ := json.Marshal(p)
		if p == "" {
			text = []byte("null")
		}
		code, _ := json.Marshal("RC001," + p)
		key, _ := json.Marshal("k" + p)
		b.WriteString(`{"customer_id":` + string(text) + `,"country":` + string(text) + `,"label":"` + []string{"ok", "ko"}[i%2] +
			`","session":{"score":` + []string{"100", "500", "900"}[i%3] + `,"score_cluster":"high",` + string(key) + `:true},"onboarding":{"score":{"score":7,"reason_codes":` + string(code) + `}}}` + "\n")
	}
	return b.String()
}

// TestHostileOutputs: whatever the texts of a history, no output holds what a terminal, a browser or a spreadsheet obeys.
func TestHostileOutputs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "h.jsonl")
	if err := os.WriteFile(file, []byte(injected()), 0o666); err != nil {
		t.Fatal(err)
	}
	kept := newCorpus("outputs", 1)
	kept.add(t, "payloads.jsonl", injected(), false, []observed{{"", "accept: and no format of any verb holds what a terminal, a browser or a spreadsheet obeys"}}, "")
	kept.check(t)
	rows := filepath.Join(dir, "rows.csv")
	for _, verb := range [][]string{
		{"inspect", file},
		{"replay", "--policy", "guide-session", "--by", "country", "--decisions", rows, file},
		{"compare", "--champion", "guide-session", "--challenger", "guide-waterfall", "--by", "country", "--changes", rows, file},
	} {
		for _, format := range reports.Formats() {
			t.Run(verb[0]+" "+format, func(t *testing.T) {
				os.Remove(rows)
				got := runTool(t, append(verb, "--format", format)...)
				if got.code != exitDone {
					t.Fatalf("exit code %d: %s", got.code, got.stderr)
				}
				obeyed(t, format, got.stdout)
				obeyed(t, "text", got.stderr)
				if b, err := os.ReadFile(rows); err == nil {
					obeyed(t, "csv", string(b))
				}
			})
		}
	}
}

// obeyed reports what a reader of the format would take for more than text.
func obeyed(t *testing.T, format, out string) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s: control character %U", format, r)
		}
	}
	switch format {
	case "markdown", "html":
		for _, tag := range []string{"<script>alert", "<img", "<b>", "<!--"} {
			if strings.Contains(strings.ToLower(out), tag) {
				t.Errorf("%s: %q", format, tag)
			}
		}
		if link := markdownLink.FindString(out); link != "" && format == "markdown" {
			t.Errorf("%s: a link %q", format, link)
		}
	case "json":
		if !json.Valid([]byte(out)) {
			t.Error("no JSON")
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Error(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.IndexAny(strings.TrimLeft(cell, " \u00a0\ufeff"), "=+-@\t\r\uff1d") == 0 && !isNumber(cell) {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
	}
}

var markdownLink = regexp.MustCompile(`[^\\]\]\(.*`)

func isNumber(cell string) bool {
	var f json.Number
	return json.Unmarshal([]byte(cell), &f) == nil
}
