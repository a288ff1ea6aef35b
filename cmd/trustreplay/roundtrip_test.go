package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
)

// TestConvertKeepsReplay replays all built-in policies over random synthetic histories and over the Parquet that convert
// makes of them: the bytes are the same, whatever the number of workers.
func TestConvertKeepsReplay(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	flip := func(flag string) []string {
		if rng.IntN(2) == 0 {
			return nil
		}
		return []string{flag}
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		dir := t.TempDir()
		lines, parquet := filepath.Join(dir, "h.jsonl.gz"), filepath.Join(dir, "h.parquet")
		synth := []string{"synth", "--records", fmt.Sprint(1 + rng.IntN(3000)), "--seed", fmt.Sprint(round), "--out", lines,
			"--mode", []string{"combined", "waterfall"}[rng.IntN(2)], "--missing", fmt.Sprint(0.3 * rng.Float64()),
			"--failed", fmt.Sprint(0.3 * rng.Float64()), "--exploration", fmt.Sprint(rng.Float64())}
		for _, flag := range []string{"--strings", "--login", "--blocked-unlabeled"} {
			synth = append(synth, flip(flag)...)
		}
		tool(t, synth...)
		tool(t, "convert", lines, "--out", parquet)
		ask := []string{"replay", "--format", "json", "--by", "month,country"}
		for _, name := range replay.BuiltinNames() {
			ask = append(ask, "--policy", name)
		}
		ask = append(ask, flip("--absent=missing")...)
		want := tool(t, append(ask, lines, "--workers", "1")...)
		for _, other := range [][]string{{lines, "--workers", "5"}, {parquet, "--workers", "1"}, {parquet, "--workers", "3"}} {
			if got := tool(t, append(ask, other...)...); !bytes.Equal(got, want) {
				t.Fatalf("%v: %v gives other bytes: %s", synth, other, firstDifference(string(want), string(got)))
			}
		}
	}
}
