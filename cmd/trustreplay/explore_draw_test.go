package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
)

// drawHistory writes records of every kind: products that answer, fail or are not asked, with score and cluster or without.
func drawHistory(t *testing.T, r *rand.Rand, products []string, n int) string {
	t.Helper()
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	answer := func() any {
		switch r.IntN(12) {
		case 0:
			return map[string]any{"status": pick("missing", "not_called", "processing", "error")}
		case 1:
			return nil
		}
		a := map[string]any{"vpn": r.IntN(5) == 0}
		if r.IntN(15) > 0 {
			a["score"] = []int{r.IntN(1001), 100 * r.IntN(11), 225 + r.IntN(3), 0, 1000}[r.IntN(5)]
		}
		if r.IntN(6) > 0 {
			a["score_cluster"] = pick("very_low", "low", "review", "high", "very_high")
		}
		return a
	}
	var b strings.Builder
	for range n {
		rec := map[string]any{"customer_id": fmt.Sprint("c", r.Uint64()), "country": pick("IT", "ES", "<script>", ""), "red": r.IntN(6) == 0}
		if r.IntN(20) > 0 {
			rec["timestamp"] = fmt.Sprintf("2025-%02d-%02dT01:02:03Z", 1+r.IntN(4), 1+r.IntN(28))
		}
		if r.IntN(10) > 0 {
			rec["amount"] = float64(r.IntN(100000)) / 100
		}
		if r.IntN(4) > 0 {
			rec["label"] = pick("fraud", "legit", "legit", "legit")
		}
		if r.IntN(4) > 0 {
			rec["action"] = pick("approve", "monitor", "step_up", "review", "block")
		}
		for _, p := range products {
			if a := answer(); a != nil || r.IntN(2) == 0 {
				rec[p] = a
			}
		}
		line, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	file := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// drawEdges draws four rising edges.
func drawEdges(r *rand.Rand) []int {
	for {
		e := []int{1 + r.IntN(1000), 1 + r.IntN(1000), 226, 1 + r.IntN(1000)}
		slices.Sort(e)
		if len(slices.Compact(slices.Clone(e))) == 4 {
			return e
		}
	}
}

// drawState draws a draft of a page with so many products, rules, months and values of the one segment.
func drawState(r *rand.Rand, products, rules, months, values int) drawnState {
	s := drawnState{Name: "drawn", Gate: make([]int, replay.NumRows), Matrix: make([][]int, replay.NumRows), Off: make([]bool, rules), Cut: [2]int{r.IntN(products), r.IntN(4)}, Segments: [][]int{nil}}
	for range products {
		b := drawnBand{r.IntN(3) == 0, drawEdges(r)}
		if r.IntN(4) == 0 {
			b.Edges = []int{226, 451, 551, 776}
		}
		s.Bands = append(s.Bands, b)
	}
	few := 1 + r.IntN(5) // some drafts take few actions, and then rows on which the second product makes no difference
	for row := range s.Gate {
		s.Gate[row] = 1 + r.IntN(5)
		if products > 1 && r.IntN(2) == 0 {
			s.Gate[row] = int(replay.Next)
		}
		s.Matrix[row] = make([]int, replay.NumRows)
		for col := range s.Matrix[row] {
			s.Matrix[row][col] = 1 + r.IntN(few)
		}
	}
	for i := range s.Off {
		s.Off[i] = r.IntN(3) == 0
	}
	s.From = r.IntN(months)
	s.To = s.From + r.IntN(months-s.From)
	if r.IntN(2) == 0 {
		for v := range values {
			if r.IntN(2) == 0 {
				s.Segments[0] = append(s.Segments[0], v)
			}
		}
		if s.Segments[0] == nil {
			s.Segments[0] = []int{}
		}
	}
	return s
}
