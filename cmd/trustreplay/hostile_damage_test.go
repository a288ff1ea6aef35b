package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// damageRecords is how many records the small files have that are damaged everywhere.
const damageRecords = 24

// TestDamage flips a byte of a small file of every format at every position, and cuts it at every length. What comes of it is
// an error that names the file, or all its records; a gzip or zstd file that is still read has the very same answer, because
// both carry checksums. Parquet has none that must be there, so of it a flipped byte may be another value, and inspect prints
// the hash of each file. Without -hostile-full fewer positions are tried.
func TestDamage(t *testing.T) {
	var count tried
	t.Cleanup(func() { count.log(t) })
	text := smallHistory(damageRecords)
	for _, f := range []struct{ name, data string }{
		{"lines.jsonl", text}, {"table.csv", smallTable(damageRecords)}, {"lines.jsonl.gz", gzipped(text)}, {"lines.jsonl.zst", zstded(text)},
		{"table.parquet", smallParquet(t, damageRecords)}, {"cube.parquet", smallParquet(t, damageRecords, "--cube")},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			d := damage{name: filepath.Join(t.TempDir(), f.name), whole: f.data, count: &count}
			if d.answer = d.replay(t, f.data); d.answer == "" {
				t.Fatal("the whole file is refused")
			}
			step := damageStep(len(f.data))
			for i := 0; i < len(f.data); i += step {
				for _, mask := range damageMasks(i) {
					d.flip(t, i, mask)
				}
				d.cut(t, i)
			}
		})
	}
}

// smallTable is smallHistory as CSV.
func smallTable(n int) string {
	var b strings.Builder
	b.WriteString("customer_id,timestamp,label,session_score,session_score_cluster\n")
	for i := range n {
		fmt.Fprintf(&b, "c%d,2026-01-%02d,%s,%d,high\n", i, i%28+1, []string{"ok", "ko"}[i%2], i*37%1001)
	}
	return b.String()
}

// damageStep is the distance of the positions that are damaged.
func damageStep(size int) int {
	switch {
	case *hostileFull:
		return 1
	case testing.Short():
		return 1 + size/25
	}
	return 1 + size/120
}

// damageMasks are the bits that are flipped at position i: all of them, and one of them.
func damageMasks(i int) []byte { return []byte{0xff, 1 << (i % 8)} }

// A damage is one small file that is damaged in many ways.
type damage struct {
	name, whole string
	answer      string // of the whole file
	count       *tried
}

// replay writes the file and replays it. It returns the answer, "" where it is refused.
func (d *damage) replay(t *testing.T, data string) string {
	t.Helper()
	if err := os.WriteFile(d.name, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	got := runTool(t, "replay", "--policy", "guide-session", "--by", "month", "--format", "json", d.name)
	switch got.code {
	case exitDone:
		d.count.add(1, 1, 1, 0, 0)
		return got.stdout
	case exitNone:
		named := strings.Contains(got.stderr, filepath.Base(d.name)) || strings.Contains(got.stderr, " cube was not built with") // what a policy lacks in a cube
		if !named || got.stdout != "" {
			t.Errorf("the refusal does not name the file: %q", clipped(got.stderr))
		}
		d.count.add(1, 1, 0, 1, 0)
		return ""
	}
	t.Fatalf("exit code %d: %q", got.code, clipped(got.stderr))
	return ""
}

func (d *damage) flip(t *testing.T, i int, mask byte) {
	b := []byte(d.whole)
	b[i] ^= mask
	got := d.replay(t, string(b))
	if got == "" {
		return
	}
	var a account
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatal(err)
	}
	want := int64(damageRecords)
	switch filepath.Ext(d.name) {
	case ".jsonl", ".csv":
		want = a.Read // a byte may become a line end, or a line end another byte
		if lines := int64(bytes.Count(b, []byte("\n"))); a.Read > lines+1 || a.Read < lines/2 {
			t.Errorf("byte %d ^ %#x: read %d of %d lines", i, mask, a.Read, lines)
		}
	case ".gz", ".zst":
		if withoutName(got) != withoutName(d.answer) {
			t.Errorf("byte %d ^ %#x: another answer, without an error", i, mask)
		}
	}
	if lost := a.lost(); lost != 0 || a.Read != want {
		d.count.add(0, 0, 0, 0, 1)
		t.Errorf("byte %d ^ %#x: %d read of %d, %d of them neither replayed nor rejected", i, mask, a.Read, want, lost)
	}
}

// cut keeps the first n bytes. Text may end anywhere, and its last record is then bad; nothing else may.
func (d *damage) cut(t *testing.T, n int) {
	got := d.replay(t, d.whole[:n])
	switch filepath.Ext(d.name) {
	case ".jsonl", ".csv":
		return
	}
	if got != "" && n > 0 {
		d.count.add(0, 0, 0, 0, 1)
		t.Errorf("cut after %d of %d bytes: an answer", n, len(d.whole))
	}
}

var notes = regexp.MustCompile(`(?s)"inputs": \[.*?\]`)

// withoutName leaves out what an answer says of the file as such.
func withoutName(answer string) string { return notes.ReplaceAllString(answer, "") }
