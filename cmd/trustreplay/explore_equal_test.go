package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
)

// A drawnState is a state of the page, as its scripts have it.
type drawnState struct {
	Name     string      `json:"name"`
	Bands    []drawnBand `json:"bands"`
	Gate     []int       `json:"gate"`
	Matrix   [][]int     `json:"matrix"`
	Off      []bool      `json:"off"`
	From     int         `json:"from"`
	To       int         `json:"to"`
	Segments [][]int     `json:"segments"`
	Cut      [2]int      `json:"cut"`
}

type drawnBand struct {
	Recorded bool  `json:"recorded"`
	Edges    []int `json:"edges"`
}

// A pageTally and a pageCounts are those of the page.
type pageTally struct{ Records, Amount [dataset.NumLabels]int64 }

type pageCounts struct {
	Actions []pageTally
	Calls   [2]int64
	Open    []pageTally
	Parts   []pageTally
	Swap    [][]pageTally
	Stopped pageTally
}

type pageMeasure struct {
	Num, Den                      float64
	Value, Low, High, Least, Most *float64
	AtMost                        *float64
}

// A pageAnswer is what the page makes of a state.
type pageAnswer struct {
	YAML     string
	Counts   pageCounts
	Measures map[string]pageMeasure
	Curve    struct{ At, Approved, Frauds, Labeled []int64 }
}

// answerInPage has the page's own scripts count states, and returns what they make of each.
func answerInPage(p *browserPage, states []drawnState) []pageAnswer {
	p.t.Helper()
	text, err := json.Marshal(states)
	p.must(err)
	return evaluate[[]pageAnswer](p, fmt.Sprintf(`(() => {
		const { page, cube } = explorer, from = origins(page, cube, decider(page, firstState(page)));
		return %s.map((s) => {
			const d = decider(page, s), keep = keptGroups(page, s), counts = countDraft(page, cube, d, keep, from);
			const measures = {};
			for (const [name, m] of measuresOf(page, counts, daysOf(page, s))) {
				measures[name] = { Num: m.num, Den: m.den, Value: m.value, Low: m.low, High: m.high, Least: m.least, Most: m.most, AtMost: atMostOf(page, m) };
			}
			return { YAML: policyYAML(page, s), Measures: measures, Curve: curveOf(page, cube, s, d, keep, ...s.cut),
				Counts: { Actions: counts.actions, Calls: counts.calls, Open: counts.open, Parts: counts.parts, Swap: counts.swap, Stopped: counts.stopped } };
		});
	})()`, text))
}

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

const twoProductRules = `policy: 1
name: champion
first: session
second: onboarding
clusters: {session: recorded, onboarding: [200, 400, 600, 800]}
rules:
  - {name: red, when: red, then: block}
  - {name: late-vpn, when: onboarding.vpn, then: review}
  - {name: early-vpn, when: session.vpn && !red, then: step_up}
  - {name: both, when: session.vpn && onboarding.vpn, then: monitor}
gate:     {missing: review, very_low: block, low: next, review: next, high: next, very_high: approve}
matrix:
  low:    {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}
  review: {missing: review, very_low: block, low: block, review: review, high: step_up, very_high: approve}
  high:   {missing: review, very_low: block, low: review, review: monitor, high: approve, very_high: approve, unclustered: review}
`

const oneProduct = `policy: 1
name: alone
first: login
clusters: {login: standard}
rules:
  - {name: red, when: red, then: block}
gate: {missing: review, very_low: block, low: block, review: step_up, high: approve, very_high: approve, unclustered: monitor}
`

// TestExploreCountsAsReplay draws drafts and has the page in the browser count them: each count, measure and interval is that of
// replay and calibrate, and the policy file that the page writes is the canonical one.
func TestExploreCountsAsReplay(t *testing.T) {
	prices := "economics: 1\ncurrency: EUR\nfraud_loss: {fixed: 15, share: 100%}\ngood_margin: 4.00\ncalls: {session: 0.01, onboarding: 0.10, login: 0.05}\nreview_cost: 3.00\nstep_up_cost: 0.05\n"
	flat := strings.Replace(prices, "share: 100%", "share: 0%", 1)
	for _, c := range []struct {
		name, policy, economics, confidence string
		products                            []string
		step                                int
	}{
		{"two products", twoProductRules, prices, "0.95", []string{"session", "onboarding"}, 0},
		{"coarse", twoProductRules, flat, "0.9", []string{"session", "onboarding"}, 25},
		{"one product", oneProduct, flat, "0.95", []string{"login"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(len(c.name))))
			dir := t.TempDir()
			policyFile, priceFile := filepath.Join(dir, "champion.yaml"), filepath.Join(dir, "economics.yaml")
			for file, text := range map[string]string{policyFile: c.policy, priceFile: c.economics} {
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			history := drawHistory(t, r, c.products, 1500)
			args := []string{"--policy", policyFile, "--by", "country", "--economics", priceFile, "--confidence", c.confidence, "--maturity", "0"}
			if c.step > 0 {
				args = append(args, "--step", fmt.Sprint(c.step))
			}
			p := explored(t, "", append(args, history)...)
			cube, champion := exploreCube(t, policyFile, priceFile, history)
			keys := cube.Keys()
			months, values := distinct(keys, 0), distinct(keys, 1)
			var states []drawnState
			for range 120 {
				s := drawState(r, len(c.products), strings.Count(c.policy, "then:"), len(months), len(values))
				if c.step > 0 {
					onSteps(p, s)
				}
				states = append(states, s)
			}
			confidence := map[string]float64{"0.95": 0.95, "0.9": 0.9}[c.confidence]
			for i, got := range answerInPage(p, states) {
				compareAnswer(t, cube, champion, states[i], got, months, values, confidence)
				if t.Failed() {
					t.Fatalf("state %d: %+v\n%s", i, states[i], got.YAML)
				}
			}
		})
	}
}

// onSteps moves the edges of a state to where a coarse page can have them.
func onSteps(p *browserPage, s drawnState) {
	for axis, b := range s.Bands {
		for edge, v := range b.Edges {
			copy(b.Edges, evaluate[[]int](p, fmt.Sprintf("moveEdge(explorer.page.products[%d].positions, [%d, %d, %d, %d], %d, %d)", axis, b.Edges[0], b.Edges[1], b.Edges[2], b.Edges[3], edge, v)))
		}
	}
}

// exploreCube reads the history as explore does.
func exploreCube(t *testing.T, policyFile, priceFile, history string) (*replay.Cube, *replay.Policy) {
	t.Helper()
	champion, err := policy(policyFile)
	if err != nil {
		t.Fatal(err)
	}
	prices, err := economics(priceFile, []*replay.Policy{champion})
	if err != nil {
		t.Fatal(err)
	}
	q := reports.ExploreQuestion(replay.Question{Policies: []*replay.Policy{champion}, By: []string{"country"}, Economics: prices, Past: true})
	plan, err := replay.NewPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), []string{history}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(context.Background(), plan, scan, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cube, champion
}

func distinct(keys [][]string, at int) (out []string) {
	for _, k := range keys {
		out = append(out, k[at])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compareAnswer holds what the page says of a state against a replay.
func compareAnswer(t *testing.T, whole *replay.Cube, champion *replay.Policy, s drawnState, got pageAnswer, months, values []string, confidence float64) {
	t.Helper()
	draft, err := replay.ParsePolicy("page", []byte(got.YAML))
	if err != nil {
		t.Fatalf("%v\n%s", err, got.YAML)
	}
	if want := string(draft.YAML()); got.YAML != want {
		t.Errorf("the page writes\n%s\nwant\n%s", got.YAML, want)
	}
	cube, err := whole.Slice(func(key []string) bool {
		m, v := slices.Index(months, key[0]), slices.Index(values, key[1])
		return m >= s.From && m <= s.To && (s.Segments[0] == nil || slices.Contains(s.Segments[0], v))
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := cube.Run(draft)
	if err != nil {
		t.Fatal(err)
	}
	versus, err := cube.Compare(champion, draft)
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range res.Actions {
		sameTally(t, fmt.Sprint("action ", a), got.Counts.Actions[a], want)
		for b, want := range versus.Actions[a] {
			sameTally(t, fmt.Sprintf("swap %d %d", a, b), got.Counts.Swap[a][b], want)
		}
	}
	sameTally(t, "stopped", got.Counts.Stopped, versus.SwapIns())
	if got.Counts.Calls[0] != res.Calls[0] || got.Counts.Calls[1] != res.Calls[1] {
		t.Errorf("calls %v, want %v", got.Counts.Calls, res.Calls)
	}
	for row := range replay.NumRows {
		sameTally(t, fmt.Sprint("open ", row), got.Counts.Open[row], res.Open[row])
		for col, want := range res.Cells[row] { // parts of the page: seven of the gate, then the matrix row by row
			part := row
			if col > 0 {
				part = replay.NumRows + row*replay.NumRows + col - 1
			}
			sameTally(t, fmt.Sprintf("cell %d %d", row, col), got.Counts.Parts[part], want)
		}
	}
	var days int64
	for _, m := range months[s.From : s.To+1] {
		days += calibrate.GroupDays(whole.Account.Period, []string{replay.Month}, []string{m})
	}
	set := calibrate.Setting{Confidence: confidence, Days: days, Economics: res.Economics, Open: &res.Open}
	for _, want := range set.Measures(draft, res.Counts) {
		m, found := got.Measures[want.Name]
		if !found && !strings.HasPrefix(want.Name, "review_per_day_") {
			t.Errorf("the page has no %s", want.Name)
		} else if found {
			sameMeasure(t, m, want)
		}
	}
	sameCurve(t, cube, draft, s, got)
}

func sameTally(t *testing.T, what string, got pageTally, want replay.Tally) {
	t.Helper()
	if got.Records != want.Records || got.Amount != want.Amount {
		t.Errorf("%s: the page counts %v %v, want %v %v", what, got.Records, got.Amount, want.Records, want.Amount)
	}
}

func sameMeasure(t *testing.T, got pageMeasure, want calibrate.Measure) {
	t.Helper()
	if int64(got.Num) != want.Numerator || int64(got.Den) != want.Denominator {
		t.Errorf("%s: %v of %v, want %d of %d", want.Name, got.Num, got.Den, want.Numerator, want.Denominator)
	}
	atMost, _ := want.AtMost()
	for _, x := range []struct {
		what string
		got  *float64
		want calibrate.Number
	}{{"value", got.Value, want.Value}, {"low", got.Low, want.Low}, {"high", got.High, want.High}, {"least", got.Least, want.Least}, {"most", got.Most, want.Most}, {"at most", got.AtMost, atMost}} {
		if x.got == nil != !x.want.Defined() || x.got != nil && math.Abs(*x.got-float64(x.want)) > 1e-9*max(1, math.Abs(float64(x.want))) {
			v := math.NaN()
			if x.got != nil {
				v = *x.got
			}
			t.Errorf("%s: %s %v, want %v", want.Name, x.what, v, x.want)
		}
	}
}

// sameCurve replays the draft with its cutoff at some points of the page's curve.
func sameCurve(t *testing.T, cube *replay.Cube, draft *replay.Policy, s drawnState, got pageAnswer) {
	t.Helper()
	product := []string{draft.First, draft.Second}[s.Cut[0]]
	if s.Bands[s.Cut[0]].Recorded { // whose curve is of the edges that would be
		edges := [4]int(s.Bands[s.Cut[0]].Edges)
		moved := *draft
		if s.Cut[0] == 0 {
			moved.FirstBands.Edges = edges
		} else {
			moved.SecondBands.Edges = edges
		}
		draft = &moved
	}
	cut := calibrate.Cutoff{Product: product, Cluster: dataset.Low + dataset.Cluster(s.Cut[1])}
	for i := 0; i < len(got.Curve.At); i += 1 + len(got.Curve.At)/7 {
		res, err := cube.Run(calibrate.Move(draft, []calibrate.Cutoff{cut}, []int{int(got.Curve.At[i])}))
		if err != nil {
			t.Fatal(err)
		}
		a := res.Approved()
		if got.Curve.Approved[i] != a.N() || got.Curve.Frauds[i] != a.Records[dataset.Fraud] || got.Curve.Labeled[i] != a.Labeled() {
			t.Errorf("%s at %d: the page approves %d with %d frauds of %d, want %d, %d, %d", cut, got.Curve.At[i], got.Curve.Approved[i], got.Curve.Frauds[i], got.Curve.Labeled[i],
				a.N(), a.Records[dataset.Fraud], a.Labeled())
		}
	}
}

// TestExploreFollows counts a walk of drafts, each from the one before as the page does on the way of a slider, and each afresh: the
// same numbers.
func TestExploreFollows(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	file := filepath.Join(t.TempDir(), "champion.yaml")
	if err := os.WriteFile(file, []byte(twoProductRules), 0o644); err != nil {
		t.Fatal(err)
	}
	p := explored(t, "", "--policy", file, "--by", "country", "--maturity", "0", drawHistory(t, r, []string{"session", "onboarding"}, 1500))
	var walk []drawnState
	now := drawState(r, 2, 4, 5, 4)
	for range 200 {
		switch step := r.IntN(12); {
		case step < 9: // an edge moves, by little or by much
			axis, by := r.IntN(2), []int{1, 3, 20, 400}[r.IntN(4)]
			edges := slices.Clone(now.Bands[axis].Edges)
			edges[r.IntN(4)] += r.IntN(2*by+1) - by
			slices.Sort(edges)
			now.Bands = slices.Clone(now.Bands)
			now.Bands[axis] = drawnBand{step == 8, edges}
		case step == 9:
			now.Matrix = drawState(r, 2, 4, 5, 4).Matrix
		default:
			other := drawState(r, 2, 4, 5, 4)
			now.Gate, now.Off = other.Gate, other.Off
		}
		walk = append(walk, now)
	}
	text, err := json.Marshal(walk)
	p.must(err)
	got := evaluate[[]int](p, fmt.Sprintf(`(() => {
		const { page, cube } = explorer, from = origins(page, cube, decider(page, firstState(page))), keep = keptGroups(page, firstState(page));
		const counter = new Counter(page, cube, keep, from);
		let differ = 0, followed = 0;
		const recount = counter.recount.bind(counter);
		let again = 0;
		counter.recount = (d) => { again++; recount(d) };
		for (const s of %s) {
			const d = decider(page, s);
			if (JSON.stringify(counter.count(d)) !== JSON.stringify(countDraft(page, cube, d, keep, from))) differ++;
			followed++;
		}
		return [differ, followed - again];
	})()`, text))
	if got[0] > 0 || got[1] < 50 {
		t.Errorf("of 200 drafts that follow another, %d are counted otherwise than afresh; %d were followed, want many", got[0], got[1])
	}
}
