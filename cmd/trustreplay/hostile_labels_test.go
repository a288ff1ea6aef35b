package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostileLabelFiles are outcomes in a file of their own, for a history of the records a, b and c, of which c has a label
// inline: ok. told is what standard error says, of an answer or of a refusal.
var hostileLabelFiles = []struct {
	name, data string
	want       outcome
	told       string
}{
	{"plain.csv", "customer_id,label\na,ok\nb,ko\n", accepted(3), ""},
	{"bom.csv", "\xef\xbb\xbfcustomer_id,label\r\na,ok\r\n", accepted(3), ""},
	{"quoted.csv", "\"customer_id\";\"label\"\n\"a\";\"ok\"\n", accepted(3), ""},
	{"twice-the-same.csv", "customer_id,label\na,ok\na,ok\n", accepted(3), ""},
	{"conflict.csv", "customer_id,label\na,ok\na,ko\n", accepted(3, "conflicting_label 1"), ""},
	{"conflict-inline.csv", "customer_id,label\nc,ko\n", accepted(3, "conflicting_label 3"), ""},
	{"conflict-of-spellings.csv", "customer_id,label\na,1\na,ko\na,fraud\n", accepted(3), ""},
	{"unknown-label.csv", "customer_id,label\na,ok\nb,perhaps\n", accepted(3), `2 rows: FILE:3: unknown_label in label "perhaps"`},
	{"no-such-id.csv", "customer_id,label\nz,ok\n", accepted(3), "1 of 1 ids (customer_id) are in no record"},
	{"id-in-capitals.csv", "customer_id,label\nA,ok\n", accepted(3), "1 of 1 ids (customer_id) are in no record"},
	{"empty-labels.csv", "customer_id,label\na,\nb,\n", refused("no value in any column label"), ""},
	{"header-alone.csv", "customer_id,label\n", refused("no value in any column label"), ""},
	{"nothing.csv", "", refused("no value in any column label"), ""},
	{"no-id.csv", "id,label\na,ok\n", refused("no labels by customer_id, session_id, resolution_id"), ""},
	{"utf16.csv", "\xff\xfec\x00", refused("UTF-16"), ""},
	{"open-quote.csv", "customer_id,label\n\"a,ok\nb,ko\n", refused("a quote is missing"), ""},
	{"cut.csv.gz", gzipped("customer_id,label\na,ok\n")[:20], refused("gzip: "), ""},
	{"whole.csv.zst", zstded("customer_id,label\na,ok\n"), accepted(3), ""},
	{"lines.jsonl", `{"customer_id":"a","label":"ko"}` + "\n{\n", accepted(3), "bad_json"},
	{"html.csv", "<!DOCTYPE html>\n", refused("not Parquet, JSON lines or CSV"), ""},
}

// TestHostileLabelFiles joins each of the files, and holds what comes of it to testdata/hostile too.
func TestHostileLabelFiles(t *testing.T) {
	dir := t.TempDir()
	history := filepath.Join(dir, "h.jsonl")
	record := func(id, label string) string {
		return `{"customer_id":"` + id + `","session":{"score":551,"score_cluster":"high"},"label":"` + label + `"}`
	}
	if err := os.WriteFile(history, []byte(lined(record("a", ""), record("b", ""), record("c", "ok"))), 0o666); err != nil {
		t.Fatal(err)
	}
	kept := newCorpus("label-files", len(hostileLabelFiles))
	defer kept.check(t)
	for _, c := range hostileLabelFiles {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, c.name)
			if err := os.WriteFile(file, []byte(c.data), 0o666); err != nil {
				t.Fatal(err)
			}
			got := runTool(t, "replay", "--policy", "guide-session", "--format", "json", "--labels", file, history)
			if c.want.refuse != "" {
				checkRefusal(t, "replay", file, c.want, got)
				kept.add(t, c.name, c.data, false, []observed{{"replay", refusedAs(file, got, c.want.says)}}, "")
				return
			}
			if told := strings.ReplaceAll(got.stderr, file, "FILE"); !strings.Contains(told, c.told) || c.told == "" && told != "" {
				t.Errorf("told %q, want %q", told, c.told)
			}
			var a account
			if err := json.Unmarshal([]byte(got.stdout), &a); err != nil || got.code != exitDone {
				t.Fatalf("exit code %d, %v", got.code, err)
			}
			if a.Read != c.want.read || a.lost() != 0 || a.issuesOf() != c.want.issues {
				t.Errorf("read %d, lost %d, issues %q, want %q", a.Read, a.lost(), a.issuesOf(), c.want.issues)
			}
			note, _, _ := strings.Cut(strings.ReplaceAll(got.stderr, file, "FILE"), "\n")
			kept.add(t, c.name, c.data, false, []observed{{"replay", answeredAs(a)}}, note)
		})
	}
}
