package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// notebook makes the files that the examples of testdata/notebook read, in a folder of their own.
func notebook(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sample := filepath.Join(root(t), "testdata", "sample")
	history := filepath.Join(dir, "history.parquet")
	tool(t, "convert", "--labels", filepath.Join(sample, "labels.csv"), "--out", history, filepath.Join(sample, "combined.jsonl.gz"))
	for _, format := range []string{"json", "csv"} {
		tool(t, "replay", "--policy", "table-combined", "--by", "month", "--maturity", "0", "--format", format,
			"--out", filepath.Join(dir, "replay."+format), history)
	}
	return dir
}

// example runs a program of testdata/notebook in a folder and compares what it prints with a golden beside it. It is skipped
// where the program that runs it is not installed.
func example(t *testing.T, dir, golden string, stdin *os.File, command ...string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("%s is not installed", command[0])
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdin = dir, stdin
	out, err := cmd.CombinedOutput()
	out = bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	path := filepath.Join(root(t), "testdata", "notebook", golden)
	if *update {
		if err := os.WriteFile(path, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, want) {
		t.Errorf("%s prints other than %s: %s", command, golden, firstDifference(string(want), string(out)))
	}
}

func TestPythonExample(t *testing.T) {
	dir := notebook(t)
	program := filepath.Join(root(t), "testdata", "notebook", "read_replay.py")
	for _, file := range []string{"replay.json", "replay.csv"} { // which say the same
		example(t, dir, "read_replay.txt", nil, "python3", program, file)
	}
	// A newer contract is not read as if it were this one.
	file := filepath.Join(dir, "newer.json")
	if err := os.WriteFile(file, []byte(`{"schema_version": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", program, file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "schema_version 2 is newer than 1") {
		t.Errorf("a newer version: %v, %s", err, out)
	}
}

// TestDuckDBExample also replays the saved cube that the example makes: it answers like the history.
func TestDuckDBExample(t *testing.T) {
	dir := notebook(t)
	sql, err := os.Open(filepath.Join(root(t), "testdata", "notebook", "cube.sql"))
	if err != nil {
		t.Fatal(err)
	}
	defer sql.Close()
	example(t, dir, "cube.txt", sql, "duckdb", "-csv")
	got := tool(t, "replay", "--policy", "table-combined", "--by", "month", "--maturity", "0", "--format", "json", filepath.Join(dir, "cube.parquet"))
	want, err := os.ReadFile(filepath.Join(dir, "replay.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the cube answers otherwise: %s", firstDifference(string(want), string(got)))
	}
}

// TestEveryOutputHasVersion asks every verb for JSON, and for Parquet: what a program reads says which version it is of.
func TestEveryOutputHasVersion(t *testing.T) {
	dir := notebook(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	history := at("history.parquet")
	calibrate := []string{"calibrate", "--quick", "--search", "cutoffs", "--ledger", "none", "--champion", "table-combined", "--limit", "fraud_rate <= 5%",
		"--certificate", at("cert.json"), "--policy-out", at("next.yaml")}
	for _, args := range [][]string{
		{"inspect"}, {"replay", "--policy", "table-combined", "--decisions", at("decisions.parquet")},
		{"compare", "--champion", "table-combined", "--challenger", "table-waterfall", "--changes", at("changes.parquet")},
		{"curve", "--policy", "table-combined", "--bands", "session=standard", "--cutoff", "session.high"},
		calibrate, {"verify", "--certificate", at("cert.json"), "--policy", at("next.yaml")},
		{"convert", "--out", at("again.parquet")}, {"convert", "--cube", "--out", at("saved.parquet")}, {"policy", "flags"},
	} {
		args = append(args, "--format", "json")
		if args[0] != "policy" {
			args = append(args, history)
		}
		versioned(t, args[0], tool(t, args...), 1)
	}
	cert, err := os.ReadFile(at("cert.json"))
	if err != nil {
		t.Fatal(err)
	}
	versioned(t, "certificate", cert, 2)
	for _, name := range []string{"decisions.parquet", "changes.parquet", "again.parquet", "saved.parquet"} {
		if text, err := os.ReadFile(at(name)); err != nil || !bytes.Contains(text, []byte(dataset.TableVersionKey)) {
			t.Errorf("%s has no %s: %v", name, dataset.TableVersionKey, err)
		}
	}
}

// versioned checks that a JSON text begins with its version.
func versioned(t *testing.T, what string, text []byte, want int) {
	t.Helper()
	var v struct {
		Version int `json:"schema_version"`
	}
	if err := json.Unmarshal(text, &v); err != nil || v.Version != want || !bytes.HasPrefix(text, []byte("{\n  \"schema_version\":")) {
		t.Errorf("%s: schema_version %d, want %d first, %v: %.80s", what, v.Version, want, err, text)
	}
}
