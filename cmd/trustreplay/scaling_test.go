package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
)

var scaling = flag.String("scaling", "", "draw how the cost of a replay grows into this `folder`")

// TestScaling measures how the cost of a replay grows with records and with cells, and draws both:
//
//	go test ./cmd/trustreplay -run TestScaling -scaling testdata/scaling -v
//
// It is a command, not a test of time: it fails only where what it measures is not what it says.
func TestScaling(t *testing.T) {
	if *scaling == "" {
		t.Skip("-scaling names no folder")
	}
	dir := t.TempDir()
	million := filepath.Join(dir, "part.parquet")
	runCommand(t, dir, "trustreplay synth --records 1000000 --months 24 --out history.jsonl 2>/dev/null && trustreplay convert --check-ids never --out part.parquet history.jsonl")
	var files []string
	for i := range 8 { // copies: one name stands for one file
		name := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", i))
		if err := os.Link(million, name); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	champion, _ := replay.Builtin("table-combined")
	byMonth := replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}}

	var records, cells []reports.Point
	for n := 1; n <= len(files); n++ {
		took, cube := fastest(func() *replay.Cube { return readCube(t, byMonth, files[:n]) })
		t.Logf("%d records read in %v", cube.Records(), took)
		records = append(records, reports.Point{X: float64(cube.Records()) / 1e6, Y: took.Seconds() * 1000})
	}
	for _, q := range []replay.Question{
		{}, {By: []string{replay.Month}}, {ExactOf: []string{"session"}}, {ExactOf: []string{"session"}, By: []string{"country"}},
		{Exact: true}, {Exact: true, By: []string{"channel"}}, {Exact: true, By: []string{replay.Month}},
	} {
		q.Policies = byMonth.Policies
		cube := readCube(t, q, files[:1])
		took, _ := fastest(func() *replay.Cube {
			if _, err := cube.Run(champion); err != nil {
				t.Fatal(err)
			}
			return nil
		})
		t.Logf("%d cells replayed in %v", cube.Cells(), took)
		cells = append(cells, reports.Point{X: float64(cube.Cells()) / 1000, Y: took.Seconds() * 1000})
	}
	slices.SortFunc(cells, func(a, b reports.Point) int { return int(a.X - b.X) })
	plot(t, "records", "Reading a history", "Million records (Parquet)", records)
	plot(t, "cells", "Replaying a policy over a cube", "Thousand cells", cells)
}

// fastest returns the least time of seven runs, which is the one that other programs disturbed least, and what it returned.
func fastest(f func() *replay.Cube) (least time.Duration, out *replay.Cube) {
	for i := range 7 {
		runtime.GC()
		began := time.Now()
		out = f()
		if took := time.Since(began); i == 0 || took < least {
			least = took
		}
	}
	return least, out
}

func readCube(t *testing.T, q replay.Question, files []string) *replay.Cube {
	plan, err := replay.NewPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), files, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(context.Background(), plan, scan, runtime.GOMAXPROCS(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := cube.Records(); got != int64(len(files))*1e6 {
		t.Fatalf("%d records in %d files of a million", got, len(files))
	}
	return cube
}

// plot draws a cost that begins at nothing, so that the eye can tell a line from a curve.
func plot(t *testing.T, name, title, x string, points []reports.Point) {
	p := reports.Picture{Title: title, X: reports.Axis{Label: x}, Y: reports.Axis{Label: "Milliseconds"},
		Curves: []reports.Curve{{Name: "least of 7 runs", Points: append([]reports.Point{{}}, points...)}},
		Notes:  []string{fmt.Sprintf("%d cores, %s, %s", runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOARCH)}}
	path := filepath.Join(root(t), *scaling, name+".svg")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := reports.WritePicture(f, p, "svg"); err != nil {
		t.Fatal(err)
	}
}
