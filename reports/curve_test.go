package reports

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// swept returns a curve over the combined sample.
func swept(t *testing.T, p *replay.Policy, opt calibrate.CurveOptions, e *replay.Economics, names ...string) (*calibrate.StrategyCurve, dataset.Account) {
	t.Helper()
	ctx := context.Background()
	mark, _ := replay.Builtin("guide-session")
	q := replay.Question{Policies: []*replay.Policy{p, mark}, Economics: e}
	var cutoffs []calibrate.Cutoff
	for _, name := range names {
		c, err := calibrate.ParseCutoff(name)
		if err != nil {
			t.Fatal(err)
		}
		cutoffs, q.ExactOf = append(cutoffs, c), append(q.ExactOf, c.Product)
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(ctx, []string{"../testdata/sample/combined.jsonl.gz"}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(ctx, plan, scan, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := calibrate.Strategy(cube, p, cutoffs, []*replay.Policy{mark}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return curve, cube.Account
}

func banded(name string) *replay.Policy {
	p, _ := replay.Builtin(name)
	q := *p
	q.FirstBands, q.SecondBands = replay.Standard, replay.Standard
	if q.Second == "" {
		q.SecondBands = replay.Recorded
	}
	return &q
}

var curvePrices = &replay.Economics{Currency: "EUR", FraudLoss: replay.Price{Fixed: 15e6, Share: 10_000}, GoodMargin: replay.Price{Fixed: 4e6},
	Calls: map[string]replay.Money{"session": 10_000, "onboarding": 100_000}, ReviewCost: 3e6, StepUpCost: 50_000}

func TestCurveGoldens(t *testing.T) {
	for name, ask := range map[string]struct {
		policy  string
		options calibrate.CurveOptions
		prices  *replay.Economics
		cutoffs []string
	}{
		"one":       {"table-waterfall", calibrate.CurveOptions{}, curvePrices, []string{"session.high"}},
		"pointwise": {"table-combined", calibrate.CurveOptions{Pointwise: true, Confidence: 0.9}, nil, []string{"onboarding.high"}},
		"frontier":  {"table-combined", calibrate.CurveOptions{}, nil, []string{"session.high", "onboarding.high"}},
	} {
		c, account := swept(t, banded(ask.policy), ask.options, ask.prices, ask.cutoffs...)
		d := Strategy(c, account)
		text := render(t, d, "text")
		golden(t, "curve-"+name+".txt", text)
		golden(t, "curve-"+name+".md", render(t, d, "markdown"))
		for _, line := range strings.Split(string(text), "\n") {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
		golden(t, "curve-"+name+".svg", drawn(t, StrategyPicture(c, account, []Limit{{Name: "limit 0.5 %", At: 0.005}}), "svg"))
		checkCurveForms(t, c, d)
	}
}

// checkCurveForms checks that CSV and JSON hold every point and mark, with the figures of the curve.
func checkCurveForms(t *testing.T, c *calibrate.StrategyCurve, d Document) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(render(t, d, "csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + len(c.Points) + len(c.Marks); len(rows) != want {
		t.Errorf("csv has %d lines, want %d", len(rows), want)
	}
	var got struct {
		Policy string
		Period struct{ First, Last string }
		Tried  int64
		Points []struct {
			Cutoffs  map[string]int
			Measures map[string]struct {
				Numerator, Denominator json.Number
				Value, Low, High       *float64
			}
		}
		Marks    []struct{ Policy string }
		Warnings []calibrate.Warning
	}
	if err := json.Unmarshal(render(t, d, "json"), &got); err != nil {
		t.Fatal(err)
	}
	if got.Policy != c.Policy.Name || got.Tried != c.Tried || len(got.Points) != len(c.Points) || len(got.Marks) != len(c.Marks) || got.Period.First != "2025-01-01" || got.Period.Last != "2025-06-30" {
		t.Errorf("json is of %s, %d tried, %d points, %d marks, %v", got.Policy, got.Tried, len(got.Points), len(got.Marks), got.Period)
	}
	column := func(name string) int {
		for i, h := range rows[0] {
			if h == name {
				return i
			}
		}
		t.Fatalf("csv has no column %s", name)
		return 0
	}
	for i, p := range c.Points {
		row, m := rows[1+i], got.Points[i].Measures["fraud_rate"]
		tally := p.Approved()
		if row[column("approved")] != strconv.FormatInt(tally.N(), 10) || row[column("approved_fraud")] != strconv.FormatInt(tally.Records[dataset.Fraud], 10) {
			t.Fatalf("csv at %v: %v", p.At, row)
		}
		if m.Numerator.String() != row[column("approved_fraud")] || m.Denominator.String() != row[column("approved_labeled")] || got.Points[i].Cutoffs[c.Cutoffs[0].String()] != p.At[0] {
			t.Fatalf("json at %v: %+v", p.At, m)
		}
		if (m.Low == nil) != (tally.Labeled() == 0) {
			t.Fatalf("json at %v has a band: %v", p.At, m.Low != nil)
		}
	}
}

// TestThinned checks that a long table shows both ends and about as many rows as a person reads.
func TestThinned(t *testing.T) {
	for _, n := range []int{0, 1, 2, 28, 29, 30, 100, 1002} {
		for name, approved := range map[string]func(i int) int64{
			"falling": func(i int) int64 { return int64(n - i) },
			"same":    func(int) int64 { return 5 },
			"jump":    func(i int) int64 { return int64(i / (n/2 + 1) * 1000) },
			"zigzag":  func(i int) int64 { return int64(i % 2 * 1000) },
		} {
			c := &calibrate.StrategyCurve{Cutoffs: make([]calibrate.Cutoff, 1)}
			for i := range n {
				var p calibrate.CurvePoint
				p.Actions[dataset.Approve].Records[dataset.Legit] = approved(i)
				c.Points = append(c.Points, p)
			}
			rows := sweepScreen{StrategyCurve: c}.thinned()
			if len(rows) > 28 || n > 0 && (rows[0] != 0 || rows[len(rows)-1] != n-1) || n <= 28 && len(rows) != n {
				t.Errorf("%d points, %s: rows %v", n, name, rows)
			}
			for i := 1; i < len(rows); i++ {
				if rows[i] <= rows[i-1] {
					t.Errorf("%d points, %s: rows %v", n, name, rows)
				}
			}
		}
	}
}

// TestCurveOfNothing says why there is no curve, in the document and in the picture.
func TestCurveOfNothing(t *testing.T) {
	p := banded("guide-session")
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{p}, ExactOf: []string{"session"}})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.NewBuilder(plan).Cube()
	if err != nil {
		t.Fatal(err)
	}
	c, err := calibrate.Strategy(cube, p, []calibrate.Cutoff{{Product: "session", Cluster: dataset.High}}, nil, calibrate.CurveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "no record was replayed"
	for _, format := range Formats() {
		if got := string(render(t, Strategy(c, dataset.Account{}), format)); format != "csv" && !strings.Contains(got, want) {
			t.Errorf("%s does not say %q:\n%s", format, want, got)
		}
	}
	if said := strings.Join(texts(t, drawn(t, StrategyPicture(c, dataset.Account{}, nil), "svg")), " "); !strings.Contains(said, want) || strings.Contains(said, "Approval rate") {
		t.Errorf("the picture says %q", said)
	}
}
