package calibrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// byMonth is the question that Calibrate wants answered.
func byMonth(p *replay.Policy) replay.Question {
	return replay.Question{Policies: []*replay.Policy{p}, By: []string{replay.Month}, Exact: true}
}

func fraudGoals(t testing.TB, limits ...string) Goals {
	g := Goals{Objective: MostApprovals}
	for _, text := range limits {
		g.Limits = append(g.Limits, mustLimit(t, text))
	}
	return g
}

// TestWalkIsFixedSequence checks the order and the walk: p-values of the ranking window rise and so does the objective, and
// what passed is what FixedSequence rejects.
func TestWalkIsFixedSequence(t *testing.T) {
	champion := honestChampion()
	for i, p := range populations() {
		for seed := range 4 {
			records := p.history(3000, rand.New(rand.NewPCG(uint64(i), uint64(seed))))
			cube := cubeOf(t, byMonth(champion), records)
			c, err := Calibrate(cube, champion, fraudGoals(t, "fraud_rate <= 1%", "review_rate <= 50%"))
			if err != nil {
				t.Fatal(err)
			}
			if c.Ladder || len(c.Windows) != 3 || c.Windows[0].From != "2025-01" || c.Windows[2].To != "2025-03" {
				t.Fatalf("windows %v", c.Windows)
			}
			if len(c.Candidates) == 0 {
				t.Fatal("no candidate")
			}
			gain := func(at Candidate, w int) int64 { return Approvals().Of(at.Counts[w]) }
			for j := 1; j < len(c.Candidates); j++ {
				a, b := c.Candidates[j-1], c.Candidates[j]
				if a.RankLogP > b.RankLogP || gain(a, 1) >= gain(b, 1) {
					t.Fatalf("steps %d and %d are out of order", j, j+1)
				}
			}
			var ps []float64
			for j, at := range c.Candidates {
				if j >= c.Tested && (at.Counts[2] != replay.Counts{}) {
					t.Fatalf("step %d was looked at after the walk had ended", j+1)
				}
				r, err := c.Windows[2].cube.Run(at.Policy)
				if err != nil {
					t.Fatal(err)
				}
				a := r.Actions[dataset.Approve]
				review := r.Actions[dataset.Review].N()
				ps = append(ps, max(PValue(a.Records[dataset.Fraud], a.Labeled(), 0.01), PValue(review, r.Total().N(), 0.5)))
				if j < c.Tested && math.Abs(float64(at.P())-ps[j]) > 1e-9 {
					t.Fatalf("step %d: p = %v, by a replay %v", j+1, at.P(), ps[j])
				}
			}
			if passed := FixedSequence(ps, DefaultDelta, 1); len(passed) != c.Passed {
				t.Fatalf("%d passed, want %d", c.Passed, len(passed))
			}
			best, recommended := int64(-1), -1
			for j, at := range c.Candidates[:c.Passed] {
				if v := gain(at, 2); v > best {
					best, recommended = v, j
				}
			}
			if c.Recommended != recommended {
				t.Fatalf("step %d is recommended, want %d", c.Recommended+1, recommended+1)
			}
		}
	}
}

// TestCalibrateIsDeterministic gives the same answer for records in any order.
func TestCalibrateIsDeterministic(t *testing.T) {
	champion := honestChampion()
	records := populations()[1].history(4000, rand.New(rand.NewPCG(7, 7)))
	var want []byte
	for i := range 3 {
		c, err := Calibrate(cubeOf(t, byMonth(champion), records), champion, fraudGoals(t, "fraud_rate <= 0.8%"))
		if err != nil {
			t.Fatal(err)
		}
		cert, err := c.Certificate()
		if err != nil || cert == nil {
			t.Fatalf("%v, %v", cert, err)
		}
		text, err := json.Marshal([]any{cert, c.Recommended, c.Passed, yamls(c)})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && !bytes.Equal(text, want) {
			t.Fatalf("the order of records changes the answer:\n%s\n%s", want, text)
		}
		want = text
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	}
}

func yamls(c *Calibration) (out []string) {
	for _, at := range c.Candidates {
		out = append(out, string(at.Policy.YAML()))
	}
	return out
}

// TestCalibrateDegenerate gives histories and goals from which little can be learned.
func TestCalibrateDegenerate(t *testing.T) {
	champion := honestChampion()
	all := populations()[0].history(1500, rand.New(rand.NewPCG(3, 3)))
	with := func(change func(i int, r *testRecord)) []testRecord {
		out := slices.Clone(all)
		for i := range out {
			change(i, &out[i])
		}
		return out
	}
	only := func(keep func(i int, r testRecord) bool) (out []testRecord) {
		for i, r := range all {
			if keep(i, r) {
				out = append(out, r)
			}
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		records []testRecord
		limit   string
		want    string // recommended, nothing or the beginning of an error
	}{
		{"as it is", all, "fraud_rate <= 1.5%", "recommended"},
		{"no fraud", with(func(_ int, r *testRecord) { r.label = dataset.Legit }), "fraud_rate <= 1.5%", "recommended"},
		{"no legit", with(func(_ int, r *testRecord) { r.label = dataset.Fraud }), "fraud_rate <= 1.5%", "nothing"},
		{"no label", with(func(_ int, r *testRecord) { r.label = dataset.Unlabeled }), "fraud_rate <= 1.5%", "nothing to calibrate: none of 4,500 records is labeled"},
		{"no record", nil, "fraud_rate <= 1.5%", "nothing to calibrate: the history holds no record"},
		{"one record", all[:1], "fraud_rate <= 1.5%", "nothing"},
		{"one score", with(func(_ int, r *testRecord) { r.session, r.onboarding = withScore(700), withScore(700) }), "fraud_rate <= 1.5%", "nothing"},
		{"one score, clean", with(func(_ int, r *testRecord) {
			r.session, r.onboarding, r.label = withScore(700), withScore(700), dataset.Legit
		}), "fraud_rate <= 1.5%", "recommended"},
		{"everything missing", with(func(_ int, r *testRecord) { r.session, r.onboarding = replay.Answer{}, replay.Answer{} }), "fraud_rate <= 1.5%", "nothing"},
		{"second never called", with(func(_ int, r *testRecord) { r.onboarding = silent(notCalled) }), "fraud_rate <= 1.5%", "nothing"},
		{"no time", with(func(_ int, r *testRecord) { r.time = dataset.NoTime }), "fraud_rate <= 1.5%", "nothing to calibrate: none of 4,500 records has a time"},
		{"a limit that nothing keeps", all, "fraud_rate <= 0.000001%", "nothing"},
		{"a limit that everything keeps", all, "fraud_rate <= 99%", "recommended"},
		{"one month", only(func(i int, _ testRecord) bool { return i < 1500 }), "fraud_rate <= 3%", "recommended"},
		{"labels in one month", with(func(i int, r *testRecord) {
			if i >= 1500 {
				r.label = dataset.Unlabeled
			}
		}), "fraud_rate <= 3%", "recommended"},
	} {
		c, err := Calibrate(cubeOf(t, byMonth(champion), tt.records), champion, fraudGoals(t, tt.limit))
		got := "nothing"
		switch {
		case err != nil:
			got = err.Error()
			if !errors.Is(err, ErrNothing) {
				t.Errorf("%s: %v is no ErrNothing", tt.name, err)
			}
		case c.Recommended >= 0:
			got = "recommended"
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if err == nil {
			soundNumbers(t, tt.name, c)
		}
	}
}

// soundNumbers looks for infinities, and for undefined numbers where something was counted.
func soundNumbers(t *testing.T, name string, c *Calibration) {
	for _, f := range append(slices.Clone(c.Standing), c.Missing...) {
		for what, v := range map[string]Number{"p": f.P, "bound": f.Bound} {
			if math.IsInf(float64(v), 0) || f.N > 0 && !v.Defined() {
				t.Errorf("%s: %s of %d/%d is %v", name, what, f.K, f.N, v)
			}
		}
	}
	for _, w := range c.Warnings() {
		if strings.Contains(w.Message, "NaN") || strings.Contains(w.Message, "Inf") {
			t.Errorf("%s: %s", name, w.Message)
		}
	}
	for i, at := range c.Candidates[:c.Tested] {
		if p := float64(at.P()); !(p >= 0 && p <= 1) {
			t.Errorf("%s: p of step %d is %v", name, i+1, p)
		}
	}
}

// TestUndecidedIsCounted: a history that asked onboarding in a zone only cannot certify a policy that asks it elsewhere.
func TestUndecidedIsCounted(t *testing.T) {
	champion := honestChampion()
	records := populations()[0].history(3000, rand.New(rand.NewPCG(5, 5)))
	for i := range records {
		if s, _ := records[i].session.State.Score(); s < 451 || s >= 551 {
			records[i].onboarding = silent(notCalled)
		}
	}
	c, err := Calibrate(cubeOf(t, byMonth(champion), records), champion, fraudGoals(t, "fraud_rate <= 1.5%"))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range c.Candidates[:c.Passed] {
		open := at.Counts[2].Actions[replay.Undecided]
		a := at.Counts[2].Actions[dataset.Approve]
		k := a.Records[dataset.Fraud] + open.Records[dataset.Fraud]
		if n := a.Labeled() + open.Records[dataset.Fraud]; float64(at.P()) < PValue(k, n, 0.015)-1e-9 {
			t.Errorf("p = %v with %d frauds undecided, want no less than %v", at.P(), open.Records[dataset.Fraud], PValue(k, n, 0.015))
		}
	}
}

func TestDeal(t *testing.T) {
	months := func(labeled ...int64) (list []period) {
		for i, n := range labeled {
			p := period{key: fmt.Sprintf("2025-%02d", i+1)}
			p.total.Records[dataset.Legit] = n
			list = append(list, p)
		}
		return list
	}
	for _, tt := range []struct {
		labeled []int64
		from    string
		want    [3]int
	}{
		{[]int64{1, 1, 1}, "2025-03", [3]int{1, 1, 1}},
		{slices.Repeat([]int64{7}, 10), "2025-10", [3]int{5, 4, 1}},
		{slices.Repeat([]int64{7}, 10), "2025-05", [3]int{2, 2, 6}},
		{[]int64{1, 1, 1}, "", [3]int{1, 1, 1}},
		{[]int64{1000, 1, 1}, "", [3]int{1, 1, 1}},
		{[]int64{0, 0, 0, 0}, "", [3]int{1, 1, 2}},
		{slices.Repeat([]int64{7}, 10), "", [3]int{3, 2, 5}},
		{slices.Repeat([]int64{7}, 24), "", [3]int{7, 5, 12}},
		{[]int64{1, 1, 1, 100}, "", [3]int{2, 1, 1}},
	} {
		dealt := deal(months(tt.labeled...), tt.from)
		var got [3]int
		for i, w := range dealt {
			got[i] = len(w)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: %s", tt.labeled, diff)
		}
	}
}

func TestWindowDays(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     int64
	}{{"2024-02", "2024-02", 29}, {"2025-12", "2026-01", 62}, {"2025-03-01", "2025-03-01", 1}, {"2025-03-30", "2025-04-02", 4}} {
		if got := (Window{From: tt.from, To: tt.to}).Days(); got != tt.want {
			t.Errorf("%s to %s: %d days, want %d", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestSelectiveLabels: where what the champion blocks has no outcome, nothing of it may be certified. Counted by outcomes
// alone, approving everybody looks as good as the champion, and every run broke its promise.
func TestSelectiveLabels(t *testing.T) {
	champion := honestChampion()
	p := populations()[0]
	p.fraud = 0.05
	for i := range 5 {
		records := p.history(6000, rand.New(rand.NewPCG(11, uint64(i))))
		rng := rand.New(rand.NewPCG(12, uint64(i)))
		for i, r := range records {
			if champion.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action != dataset.Approve || rng.IntN(4) == 0 {
				records[i].label = dataset.Unlabeled
			}
		}
		c, err := Calibrate(cubeOf(t, byMonth(champion), records), champion, fraudGoals(t, "fraud_rate <= 1%"))
		if err != nil {
			t.Fatal(err)
		}
		best, found := c.Recommendation()
		if !found {
			t.Fatal("the champion itself can be certified")
		}
		if rate, _ := p.truth(best.Policy); rate > 0.01 {
			t.Errorf("a policy of a true rate of %.2f %% is certified for 1 %%", 100*rate)
		}
		all := *champion
		for c := range all.Matrix {
			for d := range all.Matrix[c] {
				all.Matrix[c][d] = dataset.Approve
			}
		}
		w := c.Windows[2]
		r, err := w.cube.Run(&all)
		if err != nil {
			t.Fatal(err)
		}
		f, err := c.Findings(&all, r.Counts)
		if err != nil {
			t.Fatal(err)
		}
		if f[0].Withheld < 500 || f[0].Met || f[0].K < f[0].Withheld {
			t.Errorf("approving everybody: %+v", f[0])
		}
	}
}

// TestLacking: labels that are as rare as elsewhere lack nothing, whatever chance does; labels that are rarer do.
func TestLacking(t *testing.T) {
	tally := func(labeled, unlabeled int64) (t replay.Tally) {
		t.Records[dataset.Legit], t.Records[dataset.Unlabeled] = labeled, unlabeled
		return t
	}
	for _, tt := range []struct {
		t     replay.Tally
		share float64
		want  int64
	}{
		{tally(0, 0), 0.5, 0},
		{tally(500, 500), 0.5, 0},
		{tally(453, 547), 0.5, 0}, // 47 fewer than expected, with a standard error of 15.8
		{tally(452, 548), 0.5, 1},
		{tally(0, 1000), 0.5, 453},
		{tally(999, 1), 1, 1}, // where everything is labeled, one that is not was held back
		{tally(0, 1000), 0, 0},
		{tally(0, 3), 0.5, 0},
	} {
		if got := lacking(tt.t, tt.share); got != tt.want {
			t.Errorf("%v labeled, share %v: %d, want %d", tt.t.Records, tt.share, got, tt.want)
		}
	}
}

// TestWindowEnds: at the ends of the history a window is as long as its records reach.
func TestWindowEnds(t *testing.T) {
	day := func(text string) int64 {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMicro()
	}
	seen := &dataset.Period{First: day("2025-01-11"), Last: day("2025-03-20")}
	for _, tt := range []struct {
		from, to string
		want     int64
	}{{"2025-01", "2025-01", 21}, {"2025-02", "2025-02", 28}, {"2025-03", "2025-03", 20}, {"2025-01", "2025-03", 69}, {"2025-01-11", "2025-01-11", 1}, {"2025-03-20", "2025-03-20", 1}} {
		if got := (Window{From: tt.from, To: tt.to, seen: seen}).Days(); got != tt.want {
			t.Errorf("%s to %s: %d days, want %d", tt.from, tt.to, got, tt.want)
		}
	}
}
