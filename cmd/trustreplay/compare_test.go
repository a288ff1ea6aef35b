package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
)

// TestConvertKeepsCompare compares policies over synthetic histories and over the Parquet that convert makes of them: the bytes
// are the same, whatever the number of workers.
func TestConvertKeepsCompare(t *testing.T) {
	for seed, mode := range []string{"combined", "waterfall"} {
		dir := t.TempDir()
		lines, parquet := filepath.Join(dir, "h.jsonl.gz"), filepath.Join(dir, "h.parquet")
		tool(t, "synth", "--records", "2000", "--seed", fmt.Sprint(seed), "--mode", mode, "--strings", "--missing", "0.1", "--blocked-unlabeled", "--out", lines)
		tool(t, "convert", lines, "--out", parquet)
		for _, format := range []string{"json", "csv"} {
			ask := []string{"compare", "--champion", "table-waterfall", "--challenger", "guide-combined", "--challenger", "guide-session",
				"--by", "month,country", "--format", format}
			want := tool(t, append(ask, lines, "--workers", "1")...)
			for _, other := range [][]string{{lines, "--workers", "5"}, {parquet, "--workers", "1"}, {parquet, "--workers", "3"}} {
				if got := tool(t, append(ask, other...)...); !bytes.Equal(got, want) {
					t.Fatalf("%s: %v gives other bytes: %s", mode, other, firstDifference(string(want), string(got)))
				}
			}
		}
	}
}
