package calibrate

import (
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// letsThrough reports whether an action lets a record through.
func letsThrough(a dataset.Action) bool { return a == dataset.Approve || a == dataset.Monitor }

// parsedBack fails unless a policy's own text is a valid policy that says the same.
func parsedBack(t *rapid.T, p *replay.Policy) {
	q, err := replay.ParsePolicy("p.yaml", p.YAML())
	if err != nil {
		t.Fatalf("%v\n%s", err, p.YAML())
	}
	if q.Hash() != p.Hash() {
		t.Fatalf("read back as\n%s\nfrom\n%s", q.YAML(), p.YAML())
	}
}

// TestStaircasePolicies checks the policy of a staircase against the staircase itself, at random pairs of scores.
func TestStaircasePolicies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		two := rapid.Bool().Draw(rt, "two products")
		base := drawTestPolicy(rt, "base", two, nil)
		m := newMould(base, Goals{})
		corners := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Corner {
			return Corner{rapid.IntRange(-1, 1001).Draw(t, "first"), rapid.IntRange(-1, 1001).Draw(t, "second")}
		}), 1, maxCorners).Draw(rt, "corners")
		if !two {
			for i := range corners {
				corners[i].Onboarding = NoScore
			}
		}
		p, found := m.staircase(corners)
		if !found {
			rt.Fatalf("%v has no policy", corners)
		}
		parsedBack(rt, p)
		score := rapid.OneOf(rapid.IntRange(0, 1000), rapid.Map(rapid.SampledFrom(corners), func(c Corner) int { return min(max(c.Session, 0), 1000) }),
			rapid.Map(rapid.SampledFrom(corners), func(c Corner) int { return min(max(c.Onboarding-1, 0), 1000) }))
		for range 30 {
			s, o := score.Draw(rt, "session"), score.Draw(rt, "onboarding")
			want := slices.ContainsFunc(corners, func(c Corner) bool { return s >= c.Session && o >= c.Onboarding })
			d := p.Decide(replay.Case{First: withScore(s), Second: withScore(o)})
			if letsThrough(d.Action) != want {
				rt.Fatalf("%v: %s at %d, %d", corners, d.Action, s, o)
			}
		}
		first, second := edgesOf(p.FirstBands), edgesOf(p.SecondBands)
		for _, s := range first[:5] { // a cluster does what the base does at its lower edges
			for _, o := range second[:5] {
				c := replay.Case{First: withScore(s), Second: withScore(min(o, 1000))}
				if now, then := base.Decide(c).Action, p.Decide(c).Action; letsThrough(now) == letsThrough(then) && now != then {
					rt.Fatalf("%s at %d, %d where the base said %s", then, s, o, now)
				}
			}
		}
	})
}

// TestWaterfallPolicies checks the policy of a waterfall against its cutoffs.
func TestWaterfallPolicies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base := drawTestPolicy(rt, "base", true, nil)
		low := rapid.IntRange(0, 1001).Draw(rt, "block below")
		high := rapid.IntRange(low, 1001).Draw(rt, "approve from")
		second := rapid.IntRange(0, 1001).Draw(rt, "onboarding")
		p, found := newMould(base, Goals{}).waterfall(Waterfall{Block: Range{low, low}, Approve: Range{high, high}, Onboarding: Range{second, second}})
		if !found {
			rt.Fatal("no policy")
		}
		parsedBack(rt, p)
		score := rapid.OneOf(rapid.IntRange(0, 1000), rapid.SampledFrom([]int{min(low, 1000), max(low-1, 0), min(high, 1000), max(high-1, 0), min(second, 1000), max(second-1, 0)}))
		for range 30 {
			s, o := score.Draw(rt, "session"), score.Draw(rt, "onboarding")
			want := s >= high || s >= low && o >= second
			if d := p.Decide(replay.Case{First: withScore(s), Second: withScore(o)}); letsThrough(d.Action) != want || d.Called != (low <= s && s < high) {
				rt.Fatalf("block below %d, approve from %d, onboarding %d: %+v at %d, %d", low, high, second, d, s, o)
			}
		}
	})
}

func TestTooManyCutoffs(t *testing.T) {
	five := []Corner{{100, 900}, {200, 800}, {300, 700}, {400, 600}, {500, 500}}
	m := newMould(honestChampion(), Goals{})
	if _, found := m.staircase(five); found {
		t.Error("five cutoffs of a product fit into four edges")
	}
	if _, found := m.staircase(five[:4]); !found {
		t.Error("four cutoffs of a product do not fit into four edges")
	}
}

func TestBandsAt(t *testing.T) {
	base := replay.Standard
	for _, tt := range []struct {
		cutoffs []int
		want    [4]int
	}{
		{nil, [4]int{226, 451, 551, 776}},
		{[]int{0, 1001, -1}, [4]int{226, 451, 551, 776}},
		{[]int{500}, [4]int{226, 500, 551, 776}}, // the nearest of the base, 451 is as near as 551 less 2
		{[]int{451}, [4]int{226, 451, 551, 776}},
		{[]int{1, 2, 1000}, [4]int{1, 2, 451, 1000}},
	} {
		got, found := bandsAt(tt.cutoffs, base)
		if !found || !slices.IsSorted(got.Edges[:]) {
			t.Fatalf("%v: %v", tt.cutoffs, got)
		}
		for _, c := range tt.cutoffs {
			if c > 0 && c <= 1000 && !slices.Contains(got.Edges[:], c) {
				t.Errorf("%v: %v lacks %d", tt.cutoffs, got.Edges, c)
			}
		}
		if len(tt.cutoffs) < 2 && tt.want != got.Edges {
			t.Errorf("%v: %v, want %v", tt.cutoffs, got.Edges, tt.want)
		}
	}
}

// TestBanded takes the bands of recorded clusters from the records, and asks where they fit no published table.
func TestBanded(t *testing.T) {
	champion := honestChampion()
	champion.FirstBands, champion.SecondBands = replay.Recorded, replay.Recorded
	record := func(session int, of replay.Bands) testRecord {
		a := withScore(session)
		a.Cluster = of.Of(session)
		return testRecord{session: a, onboarding: a}
	}
	build := func(records ...testRecord) *replay.Cube {
		return cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, Exact: true}, records)
	}
	p, err := banded(build(record(560, replay.Quintile), record(300, replay.Quintile), record(210, replay.Quintile)), champion, Goals{})
	if err != nil || p.FirstBands != replay.Quintile || p.SecondBands != replay.Quintile {
		t.Errorf("%v, %v", p, err)
	}
	mixed := build(record(560, replay.Quintile), record(210, replay.Standard))
	if _, err := banded(mixed, champion, Goals{}); err == nil {
		t.Error("no published table fits, and none was asked for")
	}
	p, err = banded(mixed, champion, Goals{Bands: [2]replay.Bands{replay.Standard, replay.Quintile}})
	if err != nil || p.FirstBands != replay.Standard || p.SecondBands != replay.Quintile {
		t.Errorf("%v, %v", p, err)
	}
}
