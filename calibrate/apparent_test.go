package calibrate

import (
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// drawSurvey draws a small history, goals of any kind and their survey. Half of the histories have both scores everywhere.
func drawSurvey(t *testing.T, rt *rapid.T, champion *replay.Policy) (*Survey, *replay.Cube) {
	record := rapid.Custom(func(t *rapid.T) testRecord {
		score := rapid.SampledFrom([]int{0, 225, 226, 450, 1000})
		r := testRecord{session: withScore(score.Draw(t, "session")), onboarding: withScore(score.Draw(t, "onboarding")),
			label: dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")), amount: rapid.Int64Range(0, 300).Draw(t, "amount")}
		r.time = dataset.MonthStart(2025*12 + rapid.IntRange(0, 2).Draw(t, "month"))
		return r
	})
	if rapid.Bool().Draw(rt, "silent") {
		scored := record
		record = rapid.Custom(func(t *rapid.T) testRecord {
			r := scored.Draw(t, "record")
			switch rapid.IntRange(0, 5).Draw(t, "silent") {
			case 0:
				r.session = silent(unanswered)
			case 1:
				r.onboarding = silent(rapid.IntRange(0, numSilent-1).Draw(t, "how"))
			}
			return r
		})
	}
	records := rapid.SliceOfN(record, 1, 40).Draw(rt, "records")
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}, records)
	g := Goals{Objective: rapid.SampledFrom(Objectives).Draw(rt, "objective"), Economics: bellEconomics(1)}
	measures := []string{"fraud_rate", "insult_rate", "review_rate", "fraud_rate_value", "review_per_day", "approval_rate"}
	if g.Objective == MostFinalApprovals || rapid.Bool().Draw(rt, "treated") {
		g.Economics.Treatments = guessed().Treatments
		measures = append(measures, finalFraudRate)
	}
	for _, measure := range measures {
		if rapid.IntRange(0, 2).Draw(rt, measure) == 0 {
			l := replay.Limit{Measure: measure, Bound: replay.Decimal{Num: rapid.Int64Range(1, 99).Draw(rt, "bound"), Den: 100}, AtLeast: measure == "approval_rate"}
			g.Limits = append(g.Limits, l)
		}
	}
	s, err := NewSurvey(cube, champion, g)
	if err != nil {
		rt.Fatal(err)
	}
	return s, cube
}

// drawChampion draws one that asks both products of everybody.
func drawChampion(rt *rapid.T) *replay.Policy {
	p := honestChampion()
	if rapid.Bool().Draw(rt, "reviews") {
		for c := range p.Matrix {
			p.Matrix[c][dataset.Low] = dataset.Review
		}
	}
	p.Gate[0], p.Matrix[0] = dataset.Review, [replay.NumRows]dataset.Action{}
	return p
}

// TestApparentIsReplay checks the counts of every policy against the cube, and the bound of every search against all
// monotone regions of the grid.
func TestApparentIsReplay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, cube := drawSurvey(t, rt, drawChampion(rt))
		a, err := s.Apparent()
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range append([]Row{a.Nobody}, a.Rows...) {
			if !r.Found() {
				continue
			}
			if !r.Gap.Defined() || r.Objective != s.proposer.gain.Of(r.Counts) || r.Kept != s.proposer.met(r.Counts) || r.Counts.Total() != s.Window.Total {
				rt.Fatalf("%s: %+v", r.Search, r)
			}
			if r.Policy == nil {
				continue
			}
			run, err := cube.Run(r.Policy)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(run.Counts, r.Counts); diff != "" {
				rt.Fatalf("%s (-replay +row):\n%s", r.Search, diff)
			}
		}
		checkBounds(rt, s, a)
	})
}

// checkBounds compares staircases with all that there are.
func checkBounds(rt *rapid.T, s *Survey, a *Apparent) {
	p := s.proposer
	for _, w := range twins(s.shapes, cellsOf(s.shapes)) {
		c := w.counts(s.shapes.Total(), p.mould.otherwise).Add(p.rest)
		if !p.met(c) {
			continue
		}
		for name, corners := range map[string]int{SearchCorners2: 2, SearchCorners4: 4, SearchAnyShape: math.MaxInt} {
			if w.steps > corners {
				continue
			}
			r, _ := a.Row(name)
			if r.Found() && p.gain.Of(c) > r.Objective+int64(r.Gap) {
				rt.Fatalf("%s: %d and at most %v more, and %v has %d", name, r.Objective, r.Gap, w.heights, p.gain.Of(c))
			}
			if !r.Found() && len(p.targets) == 1 && len(w.heights) > 0 && w.records > 0 && name == SearchAnyShape {
				rt.Fatalf("%s: %s, and %v keeps all limits", name, r.Infeasible, w.heights)
			}
		}
	}
}

// cellsOf reads the cells of a grid back.
func cellsOf(g *Grid) (out []ScoreCell) {
	for i, session := range g.sessions {
		for j, onboarding := range g.onboardings {
			t := less(g.at(i+1, j+1).Add(g.at(i+2, j+2)), g.at(i+2, j+1).Add(g.at(i+1, j+2)))
			for label, n := range t.Records {
				if n > 0 {
					out = append(out, ScoreCell{session, onboarding, dataset.Label(label), n, t.Amount[label]})
				}
			}
		}
	}
	return out
}

// TestChord checks that no region lies above the chord between the neighbours of a limit, and that one of the neighbours
// keeps it.
func TestChord(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, _ := drawSurvey(t, rt, drawChampion(rt))
		p := s.proposer
		if len(p.targets) == 0 {
			return
		}
		limit := &p.targets[0]
		c, err := across(p, limit, p.ofCorners(s.shapes, 0))
		if err != nil {
			rt.Fatal(err)
		}
		excess := p.excess(limit)
		for _, w := range twins(s.shapes, cellsOf(s.shapes)) {
			counts := w.counts(s.shapes.Total(), p.mould.otherwise).Add(p.rest)
			gain, over := p.gain.Of(counts), excess.Of(counts)
			switch {
			case limit.met(counts) != (limit.den.Of(limit.settle(counts)) > 0 && over <= 0):
				rt.Fatalf("%s is kept by an excess of %d", limit.Limit, over)
			case limit.met(counts) && gain > c.bound:
				rt.Fatalf("%v has %d within %s, above the bound of %d", w.heights, gain, limit.Limit, c.bound)
			case c.kept == nil && over < 0 && w.records > 0:
				rt.Fatalf("%v keeps %s, which nothing was found to keep", w.heights, limit.Limit)
			case c.kept != nil && c.broken != nil && c.broken.excess > c.kept.excess && c.broken.gain > c.kept.gain:
				cost, more := c.broken.excess-c.kept.excess, c.broken.gain-c.kept.gain
				if cost*(gain-c.kept.gain) > more*(over-c.kept.excess) {
					rt.Fatalf("%v: %d at an excess of %d is above the chord from %+v to %+v", w.heights, gain, over, c.kept, c.broken)
				}
			}
		}
	})
}

// TestApparentWaterfall compares waterfalls with all that there are, on histories in which a policy and its search agree.
func TestApparentWaterfall(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, _ := drawSurvey(t, rt, honestChampion())
		p := s.proposer
		if s.shapes.Total() != s.Window.Total {
			return
		}
		a, err := s.Apparent()
		if err != nil {
			rt.Fatal(err)
		}
		r, _ := a.Row(SearchWaterfall)
		cut := []int{0, 225, 226, 450, 1000, 1001}
		for i, block := range cut {
			for _, approve := range cut[i:] {
				for _, second := range cut {
					policy, _ := p.waterfall(Waterfall{Block: Range{block, block}, Approve: Range{approve, approve}, Onboarding: Range{second, second}})
					c := p.space.counts(policy)
					if p.met(c) && r.Found() && p.gain.Of(c) > r.Objective+int64(r.Gap) {
						rt.Fatalf("%d and at most %v more, and %d, %d, %d has %d", r.Objective, r.Gap, block, approve, second, p.gain.Of(c))
					}
				}
			}
		}
	})
}

// TestSurveyOfDegenerateHistories: every search of every history says something, and nothing infinite.
func TestSurveyOfDegenerateHistories(t *testing.T) {
	at := dataset.MonthStart(2025 * 12)
	record := func(session, onboarding replay.Answer, l dataset.Label) testRecord {
		return testRecord{session: session, onboarding: onboarding, label: l, amount: 100, time: at}
	}
	missing := silent(unanswered)
	var legit, frauds, unlabeled, one []testRecord
	for i := range 50 {
		a, b := withScore(20*i), withScore(1000-i)
		legit, frauds, unlabeled = append(legit, record(a, b, dataset.Legit)), append(frauds, record(a, b, dataset.Fraud)), append(unlabeled, record(a, b, dataset.Unlabeled))
		one = append(one, record(withScore(500), withScore(500), dataset.Label(1+i%2)))
	}
	histories := map[string][]testRecord{
		"no fraud": legit, "no legit": frauds, "no label": unlabeled, "one score": one, "one record": one[:1], "one fraud": frauds[:1],
		"everything missing": {record(missing, missing, dataset.Legit), record(missing, missing, dataset.Fraud)},
		"no second answer":   {record(withScore(900), missing, dataset.Legit), record(withScore(100), missing, dataset.Fraud)},
		"no time":            {{session: withScore(900), onboarding: withScore(900), label: dataset.Legit, time: dataset.NoTime}},
		"all of it":          slices.Concat(legit, frauds, unlabeled, one),
	}
	limit := func(measure string, num, den int64, atLeast bool) replay.Limit {
		return replay.Limit{Measure: measure, AtLeast: atLeast, Bound: replay.Decimal{Num: num, Den: den}}
	}
	limits := map[string][]replay.Limit{
		"none": nil, "usual": {limit("fraud_rate", 5, 1000, false)}, "nothing meets": {limit("fraud_rate", 1, 1_000_000_000_000, false), limit("approval_rate", 999_999, 1_000_000, true)},
		"everything meets": {limit("fraud_rate", 1, 1, false)}, "reviews": {limit("fraud_rate", 5, 100, false), limit("review_rate", 1, 10, false)},
		"by value": {limit("fraud_bps", 50, 1, false), limit("cost_per_record", 1, 100, false)},
	}
	single := &replay.Policy{Name: "single", First: "session", FirstBands: replay.Standard}
	for c := range single.Gate {
		single.Gate[c] = dataset.Block
	}
	single.Gate[dataset.High], single.Gate[dataset.VeryHigh] = dataset.Approve, dataset.Approve
	waterfall, _ := replay.Builtin("table-waterfall")
	for history, records := range histories {
		for _, champion := range []*replay.Policy{honestChampion(), single, waterfall} {
			cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}, records)
			for name, list := range limits {
				for _, objective := range Objectives {
					if testing.Short() && objective != MostApprovals && objective != LeastCost {
						continue
					}
					if champion == waterfall && (name != "usual" || objective != MostApprovals || history != "all of it" && history != "no second answer") {
						continue // 731,808 matrices a time
					}
					e := bellEconomics(1)
					if objective == MostFinalApprovals {
						e.Treatments = guessed().Treatments
					}
					a, u, p := surveyed(t, cube, champion, Goals{Objective: objective, Limits: list, Economics: e, Bands: [2]replay.Bands{replay.Standard, replay.Standard}}, Candidate{})
					for _, v := range []any{a, u, p} {
						if path, bad := infinite(reflect.ValueOf(v)); bad {
							t.Errorf("%s, %s, limits %s, %s: %T%s is infinite", history, champion.Name, name, objective, v, path)
						}
					}
					for _, r := range a.Rows {
						if r.Found() && (!r.Gap.Defined() || r.Counts.Total() != a.Window.Total) || !r.Found() && r.Policy != nil {
							t.Errorf("%s, %s, limits %s, %s: %+v", history, champion.Name, name, objective, r)
						}
					}
				}
			}
		}
	}
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{single}, By: []string{replay.Month}, Exact: true}, nil)
	if _, err := NewSurvey(cube, single, bellGoals()); !errors.Is(err, ErrNothing) {
		t.Errorf("no record: %v", err)
	}
}

// infinite finds an infinite float.
func infinite(v reflect.Value) (path string, found bool) {
	switch v.Kind() {
	case reflect.Float64:
		return "", math.IsInf(v.Float(), 0)
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return infinite(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if path, found := infinite(v.Index(i)); found {
				return path, found
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[replay.Policy]() || v.Type() == reflect.TypeFor[Window]() {
			return "", false
		}
		for i := range v.NumField() {
			if path, found := infinite(v.Field(i)); found {
				return "." + v.Type().Field(i).Name + path, found
			}
		}
	}
	return "", false
}

// TestSurveyIsTheSameOnAnyCores asks for everything twice.
func TestSurveyIsTheSameOnAnyCores(t *testing.T) {
	champion := honestChampion()
	cube := bellCube(t, 20_000, 10, champion)
	goals := bellGoals()
	goals.Limits = append(goals.Limits, replay.Limit{Measure: "review_rate", Bound: replay.Decimal{Num: 5, Den: 100}})
	type all struct {
		A *Apparent
		U *Unrestricted
		P *Prices
	}
	ask := func(cores int) all {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		a, u, p := surveyed(t, cube, champion, goals, Candidate{})
		return all{a, u, p}
	}
	opts := []cmp.Option{cmpopts.IgnoreUnexported(Window{}, Apparent{}), cmp.Comparer(func(a, b Number) bool { return a == b || !a.Defined() && !b.Defined() }), cmp.Comparer(func(a, b *replay.Policy) bool { return (a == nil) == (b == nil) && (a == nil || a.Hash() == b.Hash()) })}
	if diff := cmp.Diff(ask(1), ask(4), opts...); diff != "" {
		t.Errorf("(-one core +four):\n%s", diff)
	}
}
