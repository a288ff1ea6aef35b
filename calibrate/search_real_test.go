package calibrate

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// compas reads the public history of ../shared/real, where it is present.
func compas(t *testing.T) *Grid {
	t.Helper()
	file, err := os.Open("../../shared/real/compas.jsonl.gz")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no real histories in this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	type scored struct{ Score int }
	var cells []ScoreCell
	for lines := bufio.NewScanner(text); lines.Scan(); {
		var r struct {
			Label      int
			Session    scored
			Onboarding struct{ Score scored }
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		label := dataset.Legit
		if r.Label == 1 {
			label = dataset.Fraud
		}
		cells = append(cells, ScoreCell{Session: r.Session.Score, Onboarding: r.Onboarding.Score.Score, Label: label, N: 1})
	}
	g := mustGrid(t, cells)
	if n := g.Total(); n.Records[dataset.Legit] != 3963 || n.Records[dataset.Fraud] != 3251 {
		t.Fatalf("read %+v", n)
	}
	return g
}

// TestCompasOptimum is the exhaustive optimum that issue 3 names.
func TestCompasOptimum(t *testing.T) {
	g := compas(t)
	p := Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(338, 1000)}}
	one, err := g.BestSession(p)
	if err != nil || one.Infeasible != "" {
		t.Fatal(one.Infeasible, err)
	}
	approved := one.Counts.Actions[dataset.Approve]
	if one.Session != (Range{451, 550}) || approved.N() != 4578 || approved.Records[dataset.Fraud] != 1542 || one.Tied != 1 {
		t.Errorf("one cutoff: %+v", one)
	}
	two, err := g.BestCutoffs(p)
	if err != nil || two.Infeasible != "" {
		t.Fatal(two.Infeasible, err)
	}
	// The second optimum is the next onboarding cutoff, which parts no records: approving either way is approving the same.
	if two.Value != 4578 || two.Counts.Actions[dataset.Approve] != approved || two.Tied != 2 || two.Session != one.Session {
		t.Errorf("two cutoffs: %+v", two)
	}
}

// TestCompasApprovesNobody: where a fraud costs five false declines, no cutoff and no region is worth its frauds.
func TestCompasApprovesNobody(t *testing.T) {
	g := compas(t)
	cost := Errors(1, 5)
	s, v, err := g.BestStaircase(cost, dataset.Block)
	if err != nil || len(s.Corners) != 0 || v != -3963 {
		t.Errorf("any shape: %+v, %d, %v", s, v, err)
	}
	for name, search := range map[string]func(Problem) (CutoffOutcome, error){"session": g.BestSession, "onboarding": g.BestOnboarding, "both": g.BestCutoffs} {
		none, err := search(Problem{Maximize: cost})
		if err != nil || none.Infeasible != "" || none.Counts.Actions[dataset.Approve].N() != 0 || none.Value != -3963 || none.Tied != 1 {
			t.Errorf("%s: %+v, %v", name, none, err)
		}
	}
}

// TestCompasFrontier pins how much the shapes gain on one another under the limit of TestCompasOptimum. The figures are this
// package's own, from searches that equal brute force elsewhere.
func TestCompasFrontier(t *testing.T) {
	g := compas(t)
	hull, err := g.Hull(Approvals(), FraudApprovals())
	if err != nil {
		t.Fatal(err)
	}
	frontier, err := g.Frontier(Approvals(), FraudApprovals(), 3251)
	if err != nil {
		t.Fatal(err)
	}
	within := func(vertices []Vertex) (best int64) {
		for _, v := range vertices {
			if 1000*v.Cost <= 338*v.Gain {
				best = max(best, v.Gain)
			}
		}
		return best
	}
	if one, any := within(hull), within(frontier); one != 4594 || any != 4619 {
		t.Errorf("%d approvals on the hull and %d of any shape, want 4594 and 4619, above a cutoff's 4578", one, any)
	}
	for _, v := range hull {
		if !slices.ContainsFunc(frontier, func(f Vertex) bool { return f.Gain == v.Gain && f.Cost == v.Cost }) {
			t.Errorf("vertex %d, %d of the hull is not on the frontier", v.Gain, v.Cost)
		}
	}
}
