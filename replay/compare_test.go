package replay

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// caseOf is what a policy with these of the testRules looks at in a row.
func (r row) caseOf(p *Policy, used []int) Case {
	c := Case{First: r.answers[p.First], Second: r.answers[p.Second]}
	for i, rule := range used {
		if testRules[rule].hold(r) {
			c.Fired |= 1 << i
		}
	}
	return c
}

// key is the row's group.
func (r row) key(by []string) []string {
	var key []string
	for _, f := range by {
		switch {
		case f == "country":
			key = append(key, r.country)
		case r.time == dataset.NoTime:
			key = append(key, "")
		default:
			layout := map[string]string{Month: "2006-01", Day: "2006-01-02"}[f]
			key = append(key, time.UnixMicro(r.time).UTC().Format(layout))
		}
	}
	return key
}

// tally is that of the row alone, with its spread where that was asked for.
func (r row) tally(spread bool) Tally {
	var t Tally
	t.Records[r.label] = 1
	t.Amount[r.label] = max(r.amount, 0)
	if spread {
		t.Spread[r.label] = Spread{0, uint64(max(r.amount, 0) * max(r.amount, 0)), max(r.amount, 0)}
	}
	return t
}

// asPlanned returns the rows with the answers that the plan takes them to hold.
func asPlanned(plan *Plan, rows []row) []row {
	if !plan.AbsentMissing {
		return rows
	}
	out := slices.Clone(rows)
	for i, r := range out {
		out[i].answers = maps.Clone(r.answers)
		for p, a := range r.answers {
			if a.State.Status() == dataset.Absent {
				out[i].answers[p] = Answer{State: dataset.State(dataset.Missing), Cluster: a.Cluster}
			}
		}
	}
	return out
}

// rulesUsed finds the testRules of a policy by their sources.
func rulesUsed(p *Policy) []int {
	var used []int
	for _, r := range p.Rules {
		for i, t := range testRules {
			if t.when == r.When.Source {
				used = append(used, i)
			}
		}
	}
	return used
}

// slowSwap counts one record in a swap table by the words of METRICS.md.
func slowSwap(s *Swap, a, b Decision, t Tally) {
	s.Actions[a.Action][b.Action] = s.Actions[a.Action][b.Action].Add(t)
	called := map[bool]int{true: 1}
	s.Called[called[a.Called]][called[b.Called]]++
}

type slowCrossing struct {
	Champion, Challenger string
	From, To             dataset.Action
	Tally                Tally
}

// slowCompare is the slow twin of Compare: Decide, record by record.
func slowCompare(champion, challenger *Policy, q Question, rows []row) (Swap, []SwapGroup, map[string]slowCrossing) {
	var all Swap
	groups := map[string]*SwapGroup{}
	crossings := map[string]slowCrossing{}
	for _, r := range rows {
		if r.bad {
			continue
		}
		a := champion.Decide(r.caseOf(champion, rulesUsed(champion)))
		b := challenger.Decide(r.caseOf(challenger, rulesUsed(challenger)))
		slowSwap(&all, a, b, r.tally(q.Spread))
		key := r.key(q.By)
		if len(q.By) > 0 {
			id := fmt.Sprintf("%q", key)
			if groups[id] == nil {
				groups[id] = &SwapGroup{Key: key}
			}
			slowSwap(&groups[id].Swap, a, b, r.tally(q.Spread))
		}
		from, to := champion.Reason(a), challenger.Reason(b)
		x := crossings[from+" / "+to]
		crossings[from+" / "+to] = slowCrossing{from, to, a.Action, b.Action, x.Tally.Add(r.tally(q.Spread))}
	}
	var list []SwapGroup
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b SwapGroup) int { return slices.Compare(a.Key, b.Key) })
	return all, list, crossings
}

// drawChallenger returns a policy that has nothing to do with the champion, or one that differs in a few places, as those
// that people compare.
func drawChallenger(t *rapid.T, champion *Policy) *Policy {
	other, _ := drawPolicy(t, "challenger")
	if rapid.IntRange(0, 3).Draw(t, "unrelated") == 0 {
		return other
	}
	p := *champion
	p.Name = "challenger"
	for range rapid.IntRange(0, 4).Draw(t, "mutations") {
		c := rapid.IntRange(0, NumRows-1).Draw(t, "cluster")
		switch rapid.IntRange(0, 6).Draw(t, "mutation") {
		case 0:
			p.FirstBands = drawBands(t)
		case 1:
			if p.Second != "" {
				p.SecondBands = drawBands(t)
			}
		case 2:
			p.Gate[c], p.Matrix[c] = rapid.SampledFrom(dataset.Actions).Draw(t, "action"), [NumRows]dataset.Action{}
		case 3:
			if p.Gate[c] == Next {
				p.Matrix[c][rapid.IntRange(0, NumRows-1).Draw(t, "second")] = rapid.SampledFrom(dataset.Actions).Draw(t, "action")
			}
		case 4:
			p.Rules = other.Rules
		case 5:
			p.Rules = slices.Clone(p.Rules)
			slices.Reverse(p.Rules)
		case 6:
			if p.Second != "" {
				p.Second, p.SecondBands = "", Bands{}
				for c, step := range p.Gate {
					if step == Next {
						p.Gate[c], p.Matrix[c] = dataset.Review, [NumRows]dataset.Action{}
					}
				}
				break
			}
			products := slices.DeleteFunc([]string{"session", "onboarding", "login"}, func(s string) bool { return s == p.First })
			p.Second, p.SecondBands = rapid.SampledFrom(products).Draw(t, "added"), drawBands(t)
			p.Gate[c] = Next
			for s := range p.Matrix[c] {
				p.Matrix[c][s] = rapid.SampledFrom(dataset.Actions).Draw(t, "cell")
			}
		}
	}
	return &p
}

// drawHistory draws a question about two policies and the rows to answer it from.
func drawHistory(t *rapid.T) (champion, challenger *Policy, plan *Plan, rows []row) {
	champion, _ = drawPolicy(t, "champion")
	challenger = drawChallenger(t, champion)
	q := Question{Policies: []*Policy{champion, challenger}, Exact: rapid.IntRange(0, 9).Draw(t, "exact") == 0}
	q.By = rapid.SampledFrom([][]string{nil, {"month"}, {"country"}, {"country", "month"}, {"day"}, {"month", "day"}}).Draw(t, "by")
	q.AbsentMissing, q.Spread = rapid.Bool().Draw(t, "absent is missing"), rapid.Bool().Draw(t, "spread")
	plan, err := NewPlan(q)
	if err != nil {
		t.Skip(err) // three products with every score apart
	}
	return champion, challenger, plan, rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(t, "rows")
}

// TestCompareIsDecide checks a comparison against Decide record by record, and its parts against each other.
func TestCompareIsDecide(t *testing.T) {
	samePolicy := cmp.Comparer(func(x, y *Policy) bool { return x == y })
	rapid.Check(t, func(rt *rapid.T) {
		champion, challenger, plan, rows := drawHistory(rt)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		cube := buildOf(t, plan, rows, rng)
		got, err := cube.Compare(champion, challenger)
		if err != nil {
			rt.Fatal(err)
		}
		swap, groups, crossings := slowCompare(champion, challenger, plan.Question, asPlanned(plan, rows))
		if diff := cmp.Diff(swap, got.Swap); diff != "" {
			rt.Fatalf("swap table (-decide +cube):\n%s", diff)
		}
		if diff := cmp.Diff(groups, got.Groups); diff != "" {
			rt.Fatalf("groups (-decide +cube):\n%s", diff)
		}
		parts := map[string]slowCrossing{}
		for _, x := range got.Crossings {
			parts[x.Champion.Name+" / "+x.Challenger.Name] = slowCrossing{x.Champion.Name, x.Challenger.Name, x.Champion.Action, x.Challenger.Action, x.Tally}
		}
		if diff := cmp.Diff(crossings, parts); diff != "" || len(parts) != len(got.Crossings) {
			rt.Fatalf("crossings (-decide +cube):\n%s", diff)
		}
		checkRuns(rt, cube, got)
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		again, err := buildOf(t, plan, rows, rng).Compare(champion, challenger)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(got, again, samePolicy); diff != "" {
			rt.Fatalf("the comparison depends on the order of records or the number of workers:\n%s", diff)
		}
	})
}

// checkRuns checks a comparison against each policy's own replay, and that all its parts add up to the same difference.
func checkRuns(t *rapid.T, cube *Cube, got *Comparison) {
	a, err := cube.Run(got.Champion)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cube.Run(got.Challenger)
	if err != nil {
		t.Fatal(err)
	}
	champion, challenger := got.Counts()
	if diff := cmp.Diff([]Counts{a.Counts, b.Counts}, []Counts{champion, challenger}); diff != "" {
		t.Fatalf("counts (-run +compare):\n%s", diff)
	}
	var byPart, byGroup Counts
	var changed Tally
	var groups Swap
	for _, x := range got.Crossings {
		byPart = byPart.Add(x.Difference())
		if x.Changed() {
			changed = changed.Add(x.Tally)
		}
	}
	for i, g := range got.Groups {
		groups = groups.Add(g.Swap)
		byGroup = byGroup.Add(g.Difference())
		ga, gb := g.Counts()
		if diff := cmp.Diff([]Group{a.Groups[i], b.Groups[i]}, []Group{{Key: g.Key, Counts: ga}, {Key: g.Key, Counts: gb}}, cmpopts.IgnoreFields(Group{}, "Open")); diff != "" {
			t.Fatalf("group %q (-run +compare):\n%s", g.Key, diff)
		}
	}
	if want := b.Counts.Sub(a.Counts); byPart != want || got.Difference() != want || len(got.Groups) > 0 && byGroup != want {
		t.Fatalf("difference %v: by part %v, by group %v, want %v", got.Difference(), byPart, byGroup, want)
	}
	if len(got.Groups) > 0 && groups != got.Swap {
		t.Fatalf("the groups add up to %v, want %v", groups, got.Swap)
	}
	if changed != got.Changed() {
		t.Fatalf("changed parts add up to %v, want %v", changed, got.Changed())
	}
	checkPairs(t, got, a, b)
}

// checkPairs checks the four counts of a paired test against their margins, where the two sets differ too.
func checkPairs(t *rapid.T, got *Comparison, a, b *Result) {
	sum := func(c Counts, set []dataset.Action) (out Tally) {
		for _, action := range set {
			out = out.Add(c.Actions[action])
		}
		return out
	}
	sets := [][]dataset.Action{Approved, nil, {Undecided, dataset.Approve, dataset.Monitor}, {dataset.Block}}
	for _, x := range sets {
		for _, y := range sets {
			p := got.Pairs(x, y)
			if p.Both.Add(p.OnlyChampion) != sum(a.Counts, x) || p.Both.Add(p.OnlyChallenger) != sum(b.Counts, y) ||
				p.Both.Add(p.Neither).Add(p.OnlyChampion).Add(p.OnlyChallenger) != a.Total() {
				t.Fatalf("pairs of %v and %v: %v", x, y, p)
			}
		}
	}
	if got.Approvals() != got.Pairs(Approved, Approved) {
		t.Fatal("approvals are not the pairs of approved")
	}
}

// comparePolicy is the table of the guide, small enough to count by hand below.
const comparePolicy = `policy: 1
name: champion
first: session
clusters: {session: standard}
gate: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}
`

func parsed(t testing.TB, src string) *Policy {
	t.Helper()
	p, err := ParsePolicy("p.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// scored returns a row with a session score.
func scored(score int, label dataset.Label, amount int64) row {
	return row{answers: map[string]Answer{"session": {State: dataset.Scored(score)}}, label: label, amount: amount, time: dataset.NoTime}
}

// TestCompareByHand moves one cutoff over four records and looks at every number.
func TestCompareByHand(t *testing.T) {
	champion := parsed(t, comparePolicy)
	challenger := *champion
	challenger.Name = "challenger"
	challenger.FirstBands.Edges[2] = 520
	plan, err := NewPlan(Question{Policies: []*Policy{champion, &challenger}})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(plan)
	rows := []row{scored(519, dataset.Legit, 100), scored(520, dataset.Fraud, 2000), scored(550, dataset.Legit, 30), scored(551, dataset.Fraud, 4)}
	if err := b.Add(rowsBatch(t, plan, rows)); err != nil {
		t.Fatal(err)
	}
	cube, err := b.Cube()
	if err != nil {
		t.Fatal(err)
	}
	got, err := cube.Compare(champion, &challenger)
	if err != nil {
		t.Fatal(err)
	}
	var want Swap
	want.Actions[dataset.Review][dataset.Review] = Tally{Records: [3]int64{0, 1, 0}, Amount: [3]int64{0, 100, 0}}
	want.Actions[dataset.Review][dataset.Approve] = Tally{Records: [3]int64{0, 1, 1}, Amount: [3]int64{0, 30, 2000}}
	want.Actions[dataset.Approve][dataset.Approve] = Tally{Records: [3]int64{0, 0, 1}, Amount: [3]int64{0, 0, 4}}
	want.Called[0][0] = 4
	if diff := cmp.Diff(want, got.Swap); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p := got.Approvals(); p.OnlyChallenger.N() != 2 || p.OnlyChampion.N() != 0 || p.Both.Records[dataset.Fraud] != 1 || p.Neither.N() != 1 {
		t.Errorf("approvals %+v", p)
	}
	var names []string
	for _, x := range got.Crossings {
		names = append(names, fmt.Sprintf("%s / %s %d %t", x.Champion.Name, x.Challenger.Name, x.N(), x.Changed()))
	}
	wantNames := []string{"gate[review] / gate[review] 1 false", "gate[review] / gate[high] 2 true", "gate[high] / gate[high] 1 false"}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A policy that the cube was not built for is refused, whichever side it is on.
func TestCompareWantsCoveredPolicies(t *testing.T) {
	champion := parsed(t, comparePolicy)
	other := *champion
	other.FirstBands.Edges[2] = 520
	plan, err := NewPlan(Question{Policies: []*Policy{champion}})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := NewBuilder(plan).Cube()
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]*Policy{{champion, &other}, {&other, champion}} {
		if c, err := cube.Compare(pair[0], pair[1]); err == nil {
			t.Errorf("compared %v", c)
		}
		if c, err := cube.Attribute(pair[0], pair[1]); err == nil {
			t.Errorf("attributed %v", c)
		}
	}
	same, err := cube.Compare(champion, champion)
	if err != nil || same.Crossings != nil || same.Swap != (Swap{}) {
		t.Errorf("an empty history gives %v, %v", same, err)
	}
	if diff := cmp.Diff([]string{"session"}, same.Unseen, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("unseen (-want +got):\n%s", diff)
	}
}
