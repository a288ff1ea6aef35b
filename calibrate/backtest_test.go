package calibrate

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// monthly draws n records of a population for each of some months, from January 2025 on.
func (p population) monthly(n, months int, rng *rand.Rand) []testRecord {
	var out []testRecord
	for month := range months {
		part := p.history((n+2)/3, rng)[:n]
		for i := range part {
			part[i].time = dataset.MonthStart(2025*12 + month)
		}
		out = append(out, part...)
	}
	return out
}

func backtestGoals() Goals {
	return Goals{Objective: MostApprovals, Delta: honestyDelta, Families: []Family{Neighbours, Cutoffs},
		Limits: []replay.Limit{{Measure: "fraud_rate", Bound: replay.Decimal{Num: 5, Den: 1000}}}}
}

func monthCube(t testing.TB, champion *replay.Policy, records []testRecord) *replay.Cube {
	return cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}, records)
}

// TestBacktestIsCalibrate checks a backtest against its slow twin: for each month a history of the records before it, built
// alone, calibrated, and the month's records decided one by one.
func TestBacktestIsCalibrate(t *testing.T) {
	champion, goals := honestChampion(), backtestGoals()
	records := populations()[0].monthly(3000, 6, rand.New(rand.NewPCG(7, 8)))
	got, err := NewBacktest(monthCube(t, champion, records), champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Months) != 3 || got.Tried != 3 || math.Abs(got.Allowed-6*honestyDelta) > 1e-12 {
		t.Fatalf("%d months, %d tried, %v allowed: want 3, 3 and %v", len(got.Months), got.Tried, got.Allowed, 6*honestyDelta)
	}
	for i, m := range got.Months {
		start, end := dataset.MonthStart(2025*12+3+i), dataset.MonthStart(2025*12+4+i)
		past := slices.DeleteFunc(slices.Clone(records), func(r testRecord) bool { return r.time >= start })
		now := slices.DeleteFunc(slices.Clone(records), func(r testRecord) bool { return r.time < start || r.time >= end })
		want, err := Calibrate(monthCube(t, champion, past), champion, goals)
		if err != nil {
			t.Fatal(err)
		}
		best, found := want.Recommendation()
		if found != (m.Recommended.Policy != nil) || m.Passed != want.Passed || m.Tested != want.Tested {
			t.Fatalf("%s: recommended %v after %d of %d, want %v after %d of %d", m.Month, m.Recommended.Policy != nil, m.Passed, m.Tested, found, want.Passed, want.Tested)
		}
		if !found {
			continue
		}
		if m.Family != best.Family || m.Recommended.Policy.Hash() != best.Policy.Hash() {
			t.Errorf("%s: recommended\n%s\nwant\n%s", m.Month, m.Recommended.Policy.YAML(), best.Policy.YAML())
		}
		for _, way := range []Trial{m.Recommended, m.Champion, m.Naive} {
			var k, n int64
			for _, r := range now {
				if d := way.Policy.Decide(replay.Case{First: r.session, Second: r.onboarding}); d.Action == dataset.Approve && r.label != dataset.Unlabeled {
					n++
					if r.label == dataset.Fraud {
						k++
					}
				}
			}
			want := Test{Limit: goals.Limits[0], K: k, N: n, Alpha: honestyTarget, Certifiable: true, Low: Number(LowerBound(k, n, honestyDelta)),
				Over: 1000*k > 5*n, Shown: LowerBound(k, n, honestyDelta) > honestyTarget}
			if diff := cmp.Diff([]Test{want}, way.Tests); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", m.Month, way.Policy.Name, diff)
			}
		}
	}
}

// TestBacktestHonesty runs the backtest on populations that do not change: certificates are shown broken within what is
// allowed, also where every policy is too bad, and the naive choice far more often.
func TestBacktestHonesty(t *testing.T) {
	champion, goals := honestChampion(), backtestGoals()
	months, n := 30, 4000
	if testing.Short() {
		months = 12
	}
	for _, p := range populations() {
		b, err := NewBacktest(monthCube(t, champion, p.monthly(n, months, rand.New(rand.NewPCG(uint64(p.name[0]), 1)))), champion, goals)
		if err != nil {
			t.Fatal(err)
		}
		r := b.Recommended
		t.Logf("%s: %d months; recommended in %d, over in %d, shown in %d (%.1f allowed, tail %.2g, ceiling %.2g); naive %d/%d/%d, champion %d/%d", p.name,
			b.Tried, r.Chosen, r.Over, r.Shown, b.Allowed, float64(b.Tail), float64(b.Ceiling), b.Naive.Chosen, b.Naive.Over, b.Naive.Shown, b.Champion.Over, b.Champion.Shown)
		if float64(r.Shown) > b.Allowed {
			t.Errorf("%s: shown broken in %d of %d months, want at most %v", p.name, r.Shown, b.Tried, b.Allowed)
		}
		if p.name == "A" && (r.Chosen < b.Tried/2 || b.Naive.Over <= r.Over) {
			t.Errorf("%s: recommended in %d of %d months, over in %d, the naive choice in %d: the test shows nothing", p.name, r.Chosen, b.Tried, r.Over, b.Naive.Over)
		}
	}
}

// TestBacktestShowsDrift makes fraud ten times as frequent after the months that certify: the backtest must show it.
func TestBacktestShowsDrift(t *testing.T) {
	champion, goals := honestChampion(), backtestGoals()
	rng := rand.New(rand.NewPCG(5, 6))
	p := populations()[0]
	records := p.monthly(4000, 4, rng)
	p.fraud = 0.2
	for _, r := range p.monthly(4000, 1, rng) {
		r.time = dataset.MonthStart(2025*12 + 4)
		records = append(records, r)
	}
	b, err := NewBacktest(monthCube(t, champion, records), champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	if got := []bool{b.Months[0].Recommended.Shown(), b.Months[1].Recommended.Shown()}; got[0] || !got[1] {
		t.Errorf("shown broken %v, want false, then true", got)
	}
	if want := 1 - math.Pow(1-2*honestyDelta, 2); b.Recommended.Shown != 1 || math.Abs(float64(b.Tail)-want) > 1e-12 || math.Abs(float64(b.Ceiling)-4*honestyDelta) > 1e-12 {
		t.Errorf("%d shown, tail %v, ceiling %v: want 1, %v and %v", b.Recommended.Shown, b.Tail, b.Ceiling, want, 4*honestyDelta)
	}
}

// TestBacktestAnyCores checks that the number of goroutines does not show.
func TestBacktestAnyCores(t *testing.T) {
	champion := honestChampion()
	cube := monthCube(t, champion, populations()[1].monthly(1500, 7, rand.New(rand.NewPCG(3, 4))))
	var all []*Backtest
	for _, cores := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(cores)
		b, err := NewBacktest(cube, champion, backtestGoals())
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	for _, b := range all[1:] {
		if diff := cmp.Diff(all[0], b, cmp.AllowUnexported(Window{}), cmp.Comparer(sameNumber), cmp.Comparer(func(a, b *replay.Cube) bool { return a == b })); diff != "" {
			t.Errorf("(-1 core +more):\n%s", diff)
		}
	}
}

func sameNumber(a, b Number) bool { return a == b || !a.Defined() && !b.Defined() }

// TestBacktestDegenerate goes through histories that say little.
func TestBacktestDegenerate(t *testing.T) {
	champion := honestChampion()
	goals := backtestGoals()
	rng := rand.New(rand.NewPCG(1, 9))
	p := populations()[0]
	monthOf := func(r testRecord) int { return dataset.MonthOf(r.time) - 2025*12 }
	unlabeled := func(in func(month int) bool, records []testRecord) []testRecord {
		for i := range records {
			if in(monthOf(records[i])) {
				records[i].label = dataset.Unlabeled
			}
		}
		return records
	}
	t.Run("three months", func(t *testing.T) {
		_, err := NewBacktest(monthCube(t, champion, p.monthly(100, 3, rng)), champion, goals)
		if !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "takes 4 months") {
			t.Errorf("error %v, want one of 4 months that wraps ErrNothing", err)
		}
	})
	t.Run("no record", func(t *testing.T) {
		if _, err := NewBacktest(monthCube(t, champion, nil), champion, goals); !errors.Is(err, ErrNothing) {
			t.Errorf("error %v, want ErrNothing", err)
		}
	})
	t.Run("by day", func(t *testing.T) {
		cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Day}, Exact: true}, p.monthly(10, 5, rng))
		if _, err := NewBacktest(cube, champion, goals); err == nil || !strings.Contains(err.Error(), "want it by month") {
			t.Errorf("error %v, want one of the split", err)
		}
	})
	t.Run("until", func(t *testing.T) {
		records := p.monthly(500, 6, rng)
		early := goals
		early.Until = "2025-05"
		want := mustBacktest(t, champion, slices.Clone(records[:4*500]), goals)
		if got := mustBacktest(t, champion, records, early); len(got.Months) != 1 || got.Months[0].Month != "2025-04" || got.Recommended != want.Recommended || got.Champion != want.Champion {
			t.Errorf("%d months, recommended %+v, want 2025-04 alone and %+v", len(got.Months), got.Recommended, want.Recommended)
		}
		early.Until = "2025-04"
		if _, err := NewBacktest(monthCube(t, champion, records), champion, early); !errors.Is(err, ErrNothing) {
			t.Errorf("error %v with three months left, want ErrNothing", err)
		}
	})
	t.Run("bad goals", func(t *testing.T) {
		if _, err := NewBacktest(monthCube(t, champion, p.monthly(10, 5, rng)), champion, Goals{Objective: "fame"}); err == nil {
			t.Error("no error for an objective that is none")
		}
	})
	t.Run("nothing recommended", func(t *testing.T) {
		b := mustBacktest(t, champion, p.monthly(100, 5, rng), goals)
		if b.Tried != 2 || b.Recommended != (TrackRecord{}) || b.Tail != 1 || b.Ceiling != 1 || b.Allowed != 4*honestyDelta {
			t.Errorf("tried %d, recommended %+v, tail %v, ceiling %v, allowed %v: want 2 months of nothing", b.Tried, b.Recommended, b.Tail, b.Ceiling, b.Allowed)
		}
	})
	t.Run("no label in the month", func(t *testing.T) {
		b := mustBacktest(t, champion, unlabeled(func(month int) bool { return month == 4 }, p.monthly(3000, 5, rng)), goals)
		last := b.Months[1]
		if b.Tried != 1 || b.Champion.Chosen != 1 {
			t.Errorf("tried %d months, want the labeled one", b.Tried)
		}
		if x := last.Champion.Tests[0]; x.N != 0 || x.Over || x.Shown || x.Low.Defined() {
			t.Errorf("a month without labels says %+v", x)
		}
	})
	t.Run("no label at all", func(t *testing.T) {
		b := mustBacktest(t, champion, unlabeled(func(int) bool { return true }, p.monthly(50, 5, rng)), goals)
		if b.Tried != 0 || b.Tail.Defined() || b.Ceiling.Defined() || b.Months[0].Nothing == "" {
			t.Errorf("tried %d, tail %v, ceiling %v, nothing %q: want none, undefined, and why", b.Tried, b.Tail, b.Ceiling, b.Months[0].Nothing)
		}
	})
	t.Run("months without records and records without months", func(t *testing.T) {
		records := p.monthly(500, 6, rng)
		for i := range records {
			switch monthOf(records[i]) {
			case 1:
				records[i].time = dataset.NoTime
			case 5:
				records[i].time = dataset.MonthStart(2027 * 12)
			}
		}
		b := mustBacktest(t, champion, records, goals)
		if b.Timeless != 500 || len(b.Months) != 2 || b.Months[0].Month != "2025-05" || b.Months[1].Month != "2027-01" || b.Months[1].Past.To != "2025-05" {
			t.Errorf("%d timeless, months %+v", b.Timeless, b.Months)
		}
	})
}

func mustBacktest(t testing.TB, champion *replay.Policy, records []testRecord, g Goals) *Backtest {
	t.Helper()
	b, err := NewBacktest(monthCube(t, champion, records), champion, g)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBacktestAnything checks that a backtest of any policy and any few records answers, and that its sums are sums.
func TestBacktestAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		two := rapid.Bool().Draw(rt, "two")
		champion := drawTestPolicy(rt, "champion", two, nil)
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 5, 60).Draw(rt, "records")
		for i := range records {
			records[i].time = dataset.MonthStart(2025*12 + i%5)
		}
		goals := backtestGoals()
		goals.Families = rapid.SampledFrom([][]Family{nil, {Cutoffs}, {Neighbours}}).Draw(rt, "families")
		goals.Limits[0].Bound = replay.Decimal{Num: rapid.Int64Range(1, 99).Draw(rt, "percent"), Den: 100}
		goals.Limits = append(goals.Limits, replay.Limit{Measure: "review_per_day", Bound: replay.Decimal{Num: 1, Den: 10}},
			replay.Limit{Measure: "approval_rate", AtLeast: true, Bound: replay.Decimal{Num: 1, Den: 10}})
		b := mustBacktest(t, champion, records, goals)
		if len(b.Months) != 2 {
			rt.Fatalf("%d months, want 2", len(b.Months))
		}
		for _, m := range b.Months {
			for _, trial := range []Trial{m.Recommended, m.Champion, m.Naive} {
				if trial.Policy == nil {
					continue
				}
				if got := trial.Counts.Total(); got != m.Total {
					rt.Fatalf("%s: a policy counts %v, the month holds %v", m.Month, got, m.Total)
				}
				for _, x := range trial.Tests {
					if x.Shown && !x.Over || x.Shown && !x.Certifiable {
						rt.Fatalf("%s: %+v is shown broken", m.Month, x)
					}
				}
			}
		}
		if r := b.Recommended; r.Shown > r.Over || r.Over > r.Chosen || r.Chosen > b.Tried {
			rt.Fatalf("%+v of %d tried", r, b.Tried)
		}
	})
}

// BenchmarkBacktest is 24 months of a million records at all 1001 scores, with every family of policies.
func BenchmarkBacktest(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 4))
	champion, goals := honestChampion(), backtestGoals()
	goals.Families = nil
	records := populations()[0].monthly(1_000_000/24, 24, rng)
	for i := range records {
		for _, a := range []*replay.Answer{&records[i].session, &records[i].onboarding} {
			score, _ := a.State.Score()
			*a = withScore(score + rng.IntN(16))
		}
	}
	cube := monthCube(b, champion, records)
	b.ResetTimer()
	for b.Loop() {
		if _, err := NewBacktest(cube, champion, goals); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(records)), "records")
}
