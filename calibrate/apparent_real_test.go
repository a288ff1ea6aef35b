package calibrate

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// compasRecords reads the public history of ../shared/real, where it is present, as records of a cube.
func compasCube(t *testing.T, champion *replay.Policy) *replay.Cube {
	t.Helper()
	if _, err := os.Stat("../../shared/real/compas.jsonl.gz"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no real histories in this checkout")
	}
	g := compas(t)
	var records []testRecord
	for i, session := range g.sessions {
		for j, onboarding := range g.onboardings {
			t := less(g.at(i+1, j+1).Add(g.at(i+2, j+2)), g.at(i+2, j+1).Add(g.at(i+1, j+2)))
			for label, n := range t.Records {
				for range n {
					records = append(records, testRecord{session: withScore(session), onboarding: withScore(onboarding), label: dataset.Label(label), time: dataset.MonthStart(2013 * 12)})
				}
			}
		}
	}
	return cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}, records)
}

// TestCompasApparent is what issue 3 asks to be shown.
func TestCompasApparent(t *testing.T) {
	champion := honestChampion()
	cube := compasCube(t, champion)
	s, err := NewSurvey(cube, champion, Goals{Objective: MostApprovals, Limits: []replay.Limit{{Measure: "fraud_rate", Bound: replay.Decimal{Num: 338, Den: 1000}}}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Apparent()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Rows {
		n := r.Counts.Approved()
		t.Logf("%-32s %5d approvals %5d bad, gap %v, tried %d feasible %d tied %d, %v x %v, %s%s", r.Search, n.N(), n.Records[dataset.Fraud], r.Gap, r.Tried, r.Feasible, r.Tied, r.First, r.Second, r.Infeasible, r.Skipped)
	}
	one, _ := a.Row(SearchFirst)
	if n := one.Counts.Approved(); one.First != (Range{451, 550}) || n.N() != 4578 || n.Records[dataset.Fraud] != 1542 || one.Tied != 1 || !one.Kept {
		t.Errorf("one cutoff: %+v", one)
	}
	pair, _ := a.Row(SearchPair)
	if n := pair.Counts.Approved(); n.N() != 4578 || pair.Tied != 2 || pair.First != one.First {
		t.Errorf("two cutoffs: %+v", pair)
	}
	// The exact frontier of TestCompasFrontier has 4,619: a vertex has less, and the bound is not below it.
	shape, _ := a.Row(SearchAnyShape)
	if n := shape.Counts.Approved().N(); n != 4594 || shape.Objective+int64(shape.Gap) < 4619 {
		t.Errorf("any shape: %d approvals, gap %v", n, shape.Gap)
	}
}

// TestCompasApparentNobody: with a fraud as dear as five false declines, approving nobody is the answer of every search.
func TestCompasApparentNobody(t *testing.T) {
	champion := honestChampion()
	cube := compasCube(t, champion)
	major := replay.MoneyPerMajor
	free := &replay.Economics{GoodMargin: replay.Price{Fixed: major}, FraudLoss: replay.Price{Fixed: 5 * major}, Calls: map[string]replay.Money{"session": 0, "onboarding": 0}}
	s, err := NewSurvey(cube, champion, Goals{Objective: LeastCost, Economics: free})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Apparent()
	if err != nil {
		t.Fatal(err)
	}
	if !a.NobodyIsBest() || a.Nobody.Objective != -3963*int64(major) || !a.Nobody.ApprovesNobody() {
		t.Errorf("approving nobody: %+v", a.Nobody)
	}
	for _, r := range a.Rows {
		if r.Skipped == "" && (!r.ApprovesNobody() || r.Objective != a.Nobody.Objective || r.Gap != 0) {
			t.Errorf("%s: %+v", r.Search, r)
		}
	}
}
