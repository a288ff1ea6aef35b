package calibrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

var fourClusters = []dataset.Cluster{dataset.Low, dataset.ReviewCluster, dataset.High, dataset.VeryHigh}

// drawCurve draws a history, a policy over it and the cube that keeps the scores of some products apart.
func drawCurve(t *testing.T, rt *rapid.T, two bool, products ...string) (*replay.Policy, *replay.Cube) {
	var rules []replay.Rule
	if two {
		rules = drawTestRules(rt)
	}
	p := drawTestPolicy(rt, "p", two, rules)
	if two && !slices.Contains(products, "onboarding") && rapid.Bool().Draw(rt, "recorded") {
		p.SecondBands = replay.Recorded
	}
	if two && !slices.Contains(products, "session") && rapid.Bool().Draw(rt, "recorded") {
		p.FirstBands = replay.Recorded
	}
	records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 0, 60).Draw(rt, "records")
	return p, cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, ExactOf: products}, records)
}

// TestCurveIsRun replays the policy of each point.
func TestCurveIsRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		two := rapid.Bool().Draw(rt, "two")
		product := "session"
		if two {
			product = rapid.SampledFrom([]string{"session", "onboarding"}).Draw(rt, "product")
		}
		p, cube := drawCurve(t, rt, two, product)
		cutoffs := []Cutoff{{product, rapid.SampledFrom(fourClusters).Draw(rt, "cluster")}}
		c, err := Strategy(cube, p, cutoffs, nil, CurveOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		approved := []int64{}
		for _, point := range c.Points {
			approved = append(approved, point.Counts.Approved().N())
			checkPoint(rt, cube, p, cutoffs, point)
		}
		if falling, rising := slices.IsSortedFunc(approved, func(a, b int64) int { return int(b - a) }), slices.IsSorted(approved); c.Nested && !falling && !rising {
			rt.Fatalf("approvals %v of a nested family go up and down", approved)
		}
		if own, err := cube.Run(p); err != nil || cmp.Diff(own.Counts, c.Marks[0].Counts) != "" {
			rt.Fatalf("the policy's own mark is not its replay: %v", err)
		}
	})
}

func checkPoint(t *rapid.T, cube *replay.Cube, p *replay.Policy, cutoffs []Cutoff, point CurvePoint) {
	want, err := cube.Run(Move(p, cutoffs, point.At))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Counts, point.Counts); diff != "" {
		t.Fatalf("at %v (-run +curve):\n%s", point.At, diff)
	}
	if diff := cmp.Diff(want.Open, point.Open); diff != "" {
		t.Fatalf("undecided at %v (-run +curve):\n%s", point.At, diff)
	}
}

// TestCurveBetweenScores checks that a cutoff between two scores decides as the point above it does, so that the points are
// all there is.
func TestCurveBetweenScores(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, cube := drawCurve(t, rt, true, "session")
		cutoffs := []Cutoff{{"session", rapid.SampledFrom(fourClusters).Draw(rt, "cluster")}}
		c, err := Strategy(cube, p, cutoffs, nil, CurveOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		at := rapid.IntRange(0, 1001).Draw(rt, "at")
		i := slices.IndexFunc(c.Points, func(x CurvePoint) bool { return x.At[0] >= at })
		if i < 0 {
			return // no record has a score
		}
		checkPoint(rt, cube, p, cutoffs, CurvePoint{At: []int{at}, Counts: c.Points[i].Counts, Open: c.Points[i].Open})
	})
}

// TestFrontierIsBest compares the frontier of a pair with replays of all pairs.
func TestFrontierIsBest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		products := rapid.SampledFrom([][]string{{"session", "onboarding"}, {"onboarding", "session"}, {"session", "session"}, {"onboarding", "onboarding"}}).Draw(rt, "products")
		p, cube := drawCurve(t, rt, true, products...)
		cutoffs := []Cutoff{{products[0], dataset.Low}, {products[1], dataset.High}}
		if products[0] != products[1] {
			cutoffs[0].Cluster = rapid.SampledFrom(fourClusters).Draw(rt, "first")
			cutoffs[1].Cluster = rapid.SampledFrom(fourClusters).Draw(rt, "second")
		}
		c, err := Strategy(cube, p, cutoffs, nil, CurveOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, point := range c.Points {
			checkPoint(rt, cube, p, cutoffs, point)
		}
		if c.Scored == 0 {
			return
		}
		best := map[int64]Ratio{} // by approvals
		var tried int64
		for _, first := range scoresOf(rt, cube, p, products[0]) {
			for _, second := range scoresOf(rt, cube, p, products[1]) {
				if products[0] == products[1] && first > second {
					continue
				}
				tried++
				r, err := cube.Run(Move(p, cutoffs, []int{first, second}))
				if err != nil {
					rt.Fatal(err)
				}
				n, rate := worstOf(r.Policy, r.Counts, &r.Open)
				if old, found := best[n]; rate.N > 0 && (!found || rate.K*old.N < old.K*rate.N) {
					best[n] = rate
				}
			}
		}
		if tried != c.Tried {
			rt.Fatalf("%d pairs tried, want %d", c.Tried, tried)
		}
		var want []string
		var least *Ratio
		counts := []int64{}
		for n := range best {
			counts = append(counts, n)
		}
		slices.Sort(counts)
		slices.Reverse(counts)
		for _, n := range counts {
			if rate := best[n]; least == nil || rate.K*least.N < least.K*rate.N {
				least = &rate
				want = append(want, fmt.Sprintf("%d: %.9f", n, float64(rate.K)/float64(rate.N)))
			}
		}
		slices.Reverse(want)
		var got []string
		for _, point := range c.Points {
			n, rate := worstOf(p, point.Counts, &point.Open)
			got = append(got, fmt.Sprintf("%d: %.9f", n, float64(rate.K)/float64(rate.N)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("frontier (-want +got):\n%s", diff)
		}
	})
}

// worstOf returns the fewest approvals and the worst fraud rate that undecided records can leave, by trying for each of their
// first clusters and labels whether all are approved or none, as far as the policy may.
func worstOf(p *replay.Policy, c replay.Counts, open *replay.Open) (approved int64, worst Ratio) {
	approved = math.MaxInt64
	ends := []Ratio{{}}
	fewest := c.Approved().N()
	t := c.Approved()
	ends[0] = Ratio{t.Records[dataset.Fraud], t.Labeled()}
	for row := range open {
		may := p.Possible(dataset.Cluster(row))
		for l, n := range open[row].Records {
			if n == 0 {
				continue
			}
			if may&^approvedBits == 0 {
				fewest += n
			}
			var next []Ratio
			for _, r := range ends {
				if may&^approvedBits != 0 {
					next = append(next, r)
				}
				if may&approvedBits == 0 {
					continue
				}
				switch dataset.Label(l) {
				case dataset.Fraud:
					r.K, r.N = r.K+n, r.N+n
				case dataset.Legit:
					r.N += n
				}
				next = append(next, r)
			}
			ends = next
		}
	}
	for _, r := range ends {
		if r.N > 0 && (worst.N == 0 || r.K*worst.N > worst.K*r.N) {
			worst = r
		}
	}
	if worst.K == 0 && slices.Contains(ends, Ratio{}) { // it may be that nothing labeled is approved: there is no rate to go by
		worst = Ratio{}
	}
	return fewest, worst
}

const approvedBits = 1<<dataset.Approve | 1<<dataset.Monitor

// scoresOf returns the distinct scores of a product in a cube, and one above all.
func scoresOf(t *rapid.T, cube *replay.Cube, p *replay.Policy, product string) (out []int) {
	piles, err := cube.Piles(p)
	if err != nil {
		t.Fatal(err)
	}
	for pile := range piles {
		answer := pile.First
		if product != p.First {
			answer = pile.Second
		}
		if score, found := answer.State.Score(); found {
			out = append(out, score)
		}
	}
	slices.Sort(out)
	return append(slices.Compact(out), dataset.MaxScore+1)
}

func TestMove(t *testing.T) {
	p := &replay.Policy{First: "session", FirstBands: replay.Standard, Second: "onboarding", SecondBands: replay.Quintile}
	for _, c := range []struct {
		cutoff string
		at     int
		want   string
	}{
		{"session.high", 551, "[226 451 551 776] [200 400 600 800]"},
		{"session.high", 300, "[226 300 300 776] [200 400 600 800]"},
		{"session.high", 200, "[200 200 200 776] [200 400 600 800]"},
		{"session.high", 900, "[226 451 900 900] [200 400 600 800]"},
		{"session.high", 1001, "[226 451 1001 1001] [200 400 600 800]"},
		{"session.low", 1001, "[1001 1001 1001 1001] [200 400 600 800]"},
		{"onboarding.very_high", 0, "[226 451 551 776] [-1 0 0 0]"}, // not all 0, which means recorded
		{"onboarding.review", 0, "[226 451 551 776] [0 0 600 800]"},
	} {
		cutoff, err := ParseCutoff(c.cutoff)
		if err != nil {
			t.Fatal(err)
		}
		got := Move(p, []Cutoff{cutoff}, []int{c.at})
		if s := fmt.Sprint(got.FirstBands.Edges, got.SecondBands.Edges); s != c.want {
			t.Errorf("%s at %d: %s, want %s", c.cutoff, c.at, s, c.want)
		}
	}
	if p.FirstBands != replay.Standard || p.SecondBands != replay.Quintile {
		t.Error("Move changed the policy that it was given")
	}
}

func TestParseCutoff(t *testing.T) {
	for _, s := range []string{"", "session", "session.", ".high", "session.very_low", "session.missing", "session.unclustered", "session.High", "sesion.high", "session.high.low", "session.551"} {
		if c, err := ParseCutoff(s); err == nil || !strings.Contains(err.Error(), "such as session.high") {
			t.Errorf("ParseCutoff(%q) = %v, %v", s, c, err)
		}
	}
	for _, product := range dataset.Products {
		for _, cluster := range fourClusters {
			want := Cutoff{product, cluster}
			if got, err := ParseCutoff(want.String()); err != nil || got != want {
				t.Errorf("ParseCutoff(%q) = %v, %v", want, got, err)
			}
		}
	}
}

func FuzzParseCutoff(f *testing.F) {
	f.Add("session.high")
	f.Add("onboarding.very_low")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCutoff(text)
		if err == nil && c.String() != text {
			t.Errorf("%q reads as %s", text, c)
		}
	})
}

func TestDefaultCutoff(t *testing.T) {
	for name, want := range map[string]string{
		"table-waterfall": "session.high", "table-combined": "session.high", "guide-session": "session.review", "guide-waterfall": "session.high", "login-recommended": "login.high",
	} {
		p, found := replay.Builtin(name)
		if !found {
			t.Fatalf("no policy %s", name)
		}
		if c, err := DefaultCutoff(p); err != nil || c.String() != want {
			t.Errorf("%s: %v, %v, want %s", name, c, err, want)
		}
	}
	never := &replay.Policy{Name: "never", First: "session"}
	for c := range never.Gate {
		never.Gate[c] = dataset.Block
	}
	if c, err := DefaultCutoff(never); err == nil || !strings.Contains(err.Error(), "policy never does not begin to approve at any cluster") {
		t.Errorf("a policy that blocks everybody: %v, %v", c, err)
	}
}

func TestStrategyRefuses(t *testing.T) {
	p := &replay.Policy{Name: "p", First: "session", FirstBands: replay.Recorded}
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, ExactOf: []string{"session"}}, nil)
	high, low := Cutoff{"session", dataset.High}, Cutoff{"session", dataset.Low}
	banded := *p
	banded.FirstBands = replay.Standard
	for _, c := range []struct {
		policy  *replay.Policy
		cutoffs []Cutoff
		want    string
	}{
		{p, []Cutoff{high}, "relies on the recorded clusters of session"},
		{p, []Cutoff{{"login", dataset.High}}, "policy p asks session"},
		{&banded, nil, "0 cutoffs: want one, or a pair"},
		{&banded, []Cutoff{low, high, high}, "3 cutoffs"},
		{&banded, []Cutoff{high, low}, "the lower first"},
		{&banded, []Cutoff{high, high}, "two different ones"},
	} {
		if _, err := Strategy(cube, c.policy, c.cutoffs, nil, CurveOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.cutoffs, err, c.want)
		}
	}
}

// TestCurveBands checks which intervals a curve carries.
func TestCurveBands(t *testing.T) {
	p := &replay.Policy{Name: "p", First: "session", FirstBands: replay.Standard}
	for c := range p.Gate {
		p.Gate[c] = dataset.Block
	}
	p.Gate[dataset.High], p.Gate[dataset.VeryHigh] = dataset.Approve, dataset.Monitor
	var records []testRecord
	for i := range 400 {
		label := dataset.Legit
		if i%20 == 0 {
			label = dataset.Fraud
		}
		records = append(records, testRecord{session: replay.Answer{State: dataset.Scored(100 + 200*(i%5))}, label: label})
	}
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, ExactOf: []string{"session"}}, records)
	cutoffs := []Cutoff{{"session", dataset.High}}
	c, err := Strategy(cube, p, cutoffs, []*replay.Policy{p}, CurveOptions{Confidence: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Nested || c.Tried != 6 || c.Family() != 8 || c.Scored != 400 {
		t.Fatalf("nested %v, tried %d, family %d, scored %d", c.Nested, c.Tried, c.Family(), c.Scored)
	}
	first := c.Points[0]
	low, high := ClopperPearson(20, 400, 1-0.1/8)
	if math.Abs(float64(first.FraudRate.Low)-low) > 1e-12 || math.Abs(float64(first.FraudRate.High)-high) > 1e-12 {
		t.Errorf("band %v, want %v..%v", first.FraudRate, low, high)
	}
	if eps := Number(DKW(400, 0.1)); first.Approval != (Interval{1 - eps, 1}) {
		t.Errorf("approval %v, want 1 - %v..1", first.Approval, eps)
	}
	last := c.Points[5]
	if last.At[0] != 1001 || last.Counts.Approved().N() != 0 || last.FraudRate.Low.Defined() || last.Approval.Low != 0 {
		t.Errorf("above every score: %+v", last)
	}
	if c, err = Strategy(cube, p, cutoffs, nil, CurveOptions{Confidence: 0.9, Pointwise: true}); err != nil {
		t.Fatal(err)
	}
	if low, high = Wilson(20, 400, 0.9); c.Simultaneous || c.Points[0].FraudRate != (Interval{Number(low), Number(high)}) {
		t.Errorf("pointwise band %v, want %v..%v", c.Points[0].FraudRate, low, high)
	}
	p.Gate[dataset.Low], p.Gate[dataset.VeryLow] = dataset.Block, dataset.Approve // better is worse and worse is better
	if c, err = Strategy(cube, p, cutoffs, nil, CurveOptions{}); err != nil || c.Nested || c.Points[0].Approval.Low.Defined() {
		t.Errorf("an approval band where records come and go: %v, %v", c.Points[0].Approval, err)
	}
}

// TestDefaultCutoffOfSecond finds the edge in the matrix where the gate asks always and every first cluster may be approved.
func TestDefaultCutoffOfSecond(t *testing.T) {
	p := &replay.Policy{Name: "p", First: "session", Second: "onboarding"}
	for c := range p.Gate {
		p.Gate[c] = replay.Next
		p.Matrix[c] = [replay.NumRows]dataset.Action{dataset.Review, dataset.Block, dataset.Block, dataset.Approve, dataset.Approve, dataset.Monitor, dataset.Review}
	}
	if c, err := DefaultCutoff(p); err != nil || c.String() != "onboarding.review" {
		t.Errorf("%v, %v, want onboarding.review", c, err)
	}
}

func benchmarkCube(b *testing.B, products ...string) (*replay.Policy, *replay.Cube) {
	p, _ := replay.Builtin("table-waterfall")
	p.FirstBands, p.SecondBands = replay.Standard, replay.Standard
	rng := rand.New(rand.NewPCG(1, 2))
	records := make([]testRecord, 1_000_000)
	for i := range records {
		label := dataset.Legit
		if rng.IntN(50) == 0 {
			label = dataset.Fraud
		}
		records[i] = testRecord{session: replay.Answer{State: dataset.Scored(rng.IntN(1001))}, onboarding: replay.Answer{State: dataset.Scored(rng.IntN(1001))}, label: label, amount: 100}
	}
	return p, cubeOf(b, replay.Question{Policies: []*replay.Policy{p}, ExactOf: products}, records)
}

func BenchmarkCurve(b *testing.B) {
	p, cube := benchmarkCube(b, "session")
	for b.Loop() {
		if _, err := Strategy(cube, p, []Cutoff{{"session", dataset.High}}, nil, CurveOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCurvePair tries all 1,004,004 pairs of cutoffs of a million records.
func BenchmarkCurvePair(b *testing.B) {
	p, cube := benchmarkCube(b, "session", "onboarding")
	for b.Loop() {
		c, err := Strategy(cube, p, []Cutoff{{"session", dataset.High}, {"onboarding", dataset.High}}, nil, CurveOptions{})
		if err != nil || c.Tried != 1002*1002 {
			b.Fatal(c.Tried, err)
		}
	}
}

func BenchmarkCurvePairOfOne(b *testing.B) {
	p, cube := benchmarkCube(b, "session")
	for b.Loop() {
		if _, err := Strategy(cube, p, []Cutoff{{"session", dataset.Low}, {"session", dataset.High}}, nil, CurveOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestExactOf checks that a cube keeps the scores of the named product apart, and not those of the other.
func TestExactOf(t *testing.T) {
	p, _ := replay.Builtin("table-waterfall")
	p.FirstBands, p.SecondBands = replay.Standard, replay.Standard
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, ExactOf: []string{"session"}}, scoredRecords(3, 500, 600, dataset.Legit))
	if _, err := cube.Run(Move(p, []Cutoff{{"session", dataset.High}}, []int{123})); err != nil {
		t.Errorf("another session edge: %v", err)
	}
	if _, err := cube.Run(Move(p, []Cutoff{{"onboarding", dataset.High}}, []int{567})); err == nil || !strings.Contains(err.Error(), "the edge 567 of onboarding") {
		t.Errorf("another onboarding edge: %v", err)
	}
}
