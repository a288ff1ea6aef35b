package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// contested compares policies over the sample waterfall and its labels, the first of them the champion.
func contested(t *testing.T, by []string, policies ...*replay.Policy) (replay.Result, []Versus, dataset.Account) {
	t.Helper()
	ctx := context.Background()
	plan, err := replay.NewPlan(replay.Question{Policies: policies, By: by})
	if err != nil {
		t.Fatal(err)
	}
	labels, _, err := dataset.LoadLabels(ctx, []string{"../testdata/sample/labels.csv"}, nil, dataset.Mapping{}, "")
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(ctx, []string{"../testdata/sample/waterfall.jsonl.gz"}, nil, dataset.Options{Fields: plan.Fields(), Labels: labels})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(ctx, plan, scan, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	var results []replay.Result
	for _, p := range policies {
		r, err := cube.Run(p)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, *r)
	}
	var versus []Versus
	for _, r := range results[1:] {
		comparison, err := cube.Compare(policies[0], r.Policy)
		if err != nil {
			t.Fatal(err)
		}
		edits, err := cube.Attribute(policies[0], r.Policy)
		if err != nil {
			t.Fatal(err)
		}
		versus = append(versus, Versus{Result: r, Comparison: comparison, Edits: edits})
	}
	return results[0], versus, cube.Account
}

// waterfalls returns the vendor's table, one that approves more and leaves records undecided, and one that blocks more.
func waterfalls() (champion, looser, stricter *replay.Policy) {
	champion, _ = replay.Builtin("table-waterfall")
	champion.FirstBands = replay.Standard
	a, b := *champion, *champion
	a.Name, a.FirstBands.Edges = "looser", [4]int{226, 440, 520, 776}
	a.Matrix[dataset.ReviewCluster][dataset.Low] = dataset.Review
	b.Name, b.FirstBands.Edges = "stricter", [4]int{226, 451, 600, 776}
	return champion, &a, &b
}

func compareDocuments(t *testing.T) map[string]Document {
	champion, looser, stricter := waterfalls()
	documents := map[string]Document{}
	for name, ask := range map[string]struct {
		by       []string
		policies []*replay.Policy
	}{
		"one":     {[]string{"channel"}, []*replay.Policy{champion, looser}},
		"several": {nil, []*replay.Policy{champion, looser, stricter}},
	} {
		r, versus, account := contested(t, ask.by, ask.policies...)
		documents[name] = Compare(r, versus, ask.by, account, 0.95)
	}
	same := *champion
	same.Name = "same"
	documents["empty"] = Compare(replay.Result{Policy: champion}, []Versus{{Result: replay.Result{Policy: &same},
		Comparison: &replay.Comparison{Champion: champion, Challenger: &same}}}, nil, dataset.Account{}, 0.95)
	return documents
}

func TestCompareGoldens(t *testing.T) {
	for name, d := range compareDocuments(t) {
		for _, format := range goldenFormats {
			golden(t, "compare-"+name+"."+extensions[format], render(t, d, format))
		}
		for _, line := range strings.Split(string(render(t, d, "text")), "\n") {
			if n := len([]rune(line)); n > 100 {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
	}
}

// comparedJSON is what these tests read of the contract.
type comparedJSON struct {
	Records     int64
	Challengers []struct {
		Challenger string
		Actions    map[string]map[string]struct{ Records int64 }
		Swaps      map[string]countsJSON
		Measures   []struct {
			Name                 string
			Champion, Challenger *struct{ Value *float64 }
			Difference           struct {
				Value, Low, High, P *float64
				Method              string
				Shown               *bool
			}
		}
		Edits []struct {
			Name      string
			Approvals int64
			Fraud     int64      `json:"fraud_approved"`
			In        countsJSON `json:"swap_in"`
			Out       countsJSON `json:"swap_out"`
		}
		Parts  []countsJSON
		Groups []struct {
			Records int64
			Swaps   map[string]countsJSON
		}
	}
}

type countsJSON struct{ Records, Fraud, Legit, Unlabeled int64 }

func (c countsJSON) add(d countsJSON, sign int64) countsJSON {
	return countsJSON{c.Records + sign*d.Records, c.Fraud + sign*d.Fraud, c.Legit + sign*d.Legit, c.Unlabeled + sign*d.Unlabeled}
}

func readCompared(t failer, d Document) comparedJSON {
	t.Helper()
	var got comparedJSON
	if err := json.Unmarshal(render(t, d, "json"), &got); err != nil {
		t.Fatalf("%v", err)
	}
	return got
}

// TestCompareAddsUp checks on the sample history that every table of the contract adds up to the same difference, and that
// each measure's difference is the challenger's less the champion's.
func TestCompareAddsUp(t *testing.T) {
	for name, d := range compareDocuments(t) {
		got := readCompared(t, d)
		for _, c := range got.Challengers {
			net := c.Swaps["swap_in"].add(c.Swaps["swap_out"], -1)
			changed := c.Swaps["swap_in"].add(c.Swaps["swap_out"], 1).add(c.Swaps["other_change"], 1)
			var byEdit, byPart, byGroup countsJSON
			var approvals, fraud int64
			for _, e := range c.Edits {
				byEdit = byEdit.add(e.In, 1).add(e.Out, -1)
				approvals, fraud = approvals+e.Approvals, fraud+e.Fraud
			}
			for _, p := range c.Parts {
				byPart = byPart.add(p, 1)
			}
			for _, g := range c.Groups {
				byGroup = byGroup.add(g.Swaps["swap_in"], 1).add(g.Swaps["swap_out"], -1)
			}
			for _, m := range c.Measures {
				a, b, d := m.Champion, m.Challenger, m.Difference.Value
				if a == nil || b == nil || a.Value == nil || b.Value == nil {
					if d != nil {
						t.Errorf("%s, %s: %s differs by %v from what is undefined", name, c.Challenger, m.Name, *d)
					}
				} else if d == nil || math.Abs(*b.Value-*a.Value-*d) > 1e-12*max(1, *a.Value, *b.Value) {
					t.Errorf("%s, %s: %s differs by %v, want %v less %v", name, c.Challenger, m.Name, d, *b.Value, *a.Value)
				}
			}
			if byEdit != net || approvals != net.Records || fraud != net.Fraud {
				t.Errorf("%s, %s: edits add up to %v, %d approvals and %d frauds, want %v", name, c.Challenger, byEdit, approvals, fraud, net)
			}
			if byPart != changed {
				t.Errorf("%s, %s: parts add up to %v, want %v", name, c.Challenger, byPart, changed)
			}
			if c.Groups != nil && byGroup != net {
				t.Errorf("%s, %s: groups add up to %v, want %v", name, c.Challenger, byGroup, net)
			}
			if all := changed.add(c.Swaps["unchanged"], 1); all.Records != got.Records {
				t.Errorf("%s, %s: the swaps hold %d records, want %d", name, c.Challenger, all.Records, got.Records)
			}
		}
	}
}

// anyComparison draws a comparison in which anything may be empty; its groups add up to it.
func anyComparison(t *rapid.T) Versus {
	champion, challenger := &replay.Policy{Name: "a", First: "session", Second: "onboarding"}, &replay.Policy{Name: "b", First: "session"}
	if rapid.Bool().Draw(t, "second") {
		challenger.Second = "onboarding"
	}
	c := &replay.Comparison{Champion: champion, Challenger: challenger}
	cell := rapid.OneOf(rapid.Just(int64(0)), rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 1e6))
	for range rapid.IntRange(0, 3).Draw(t, "groups") {
		g := replay.SwapGroup{Key: []string{rapid.SampledFrom([]string{"", "2026-03", "=cmd|'/c calc'!A0", "a|b\n\x1b[31m\u202e"}).Draw(t, "key")}}
		for a := range g.Actions {
			for b := range g.Actions[a] {
				for l := range dataset.NumLabels {
					g.Actions[a][b].Records[l], g.Actions[a][b].Amount[l] = cell.Draw(t, "records"), cell.Draw(t, "amount")
				}
			}
		}
		all, _ := g.Counts()
		g.Called[0][0] = all.Total().N()
		c.Groups, c.Swap = append(c.Groups, g), c.Swap.Add(g.Swap)
	}
	_, counts := c.Counts()
	return Versus{Result: replay.Result{Policy: challenger, Counts: counts}, Comparison: c,
		Edits: []replay.Contribution{{Edit: replay.Edit{Name: "gate[high] approve -> block"}, Comparison: c}}}
}

// notADifference is notANumber where there are negative numbers: -0.5 is one, -0 and -0.00 are none.
var notADifference = regexp.MustCompile(`NaN|[iI]nf\b|-0(\.0*)?([^0-9.]|$)|%!|<nil>|(^|[^0-9.,])0\.00 %`)

func TestEveryFormatOfAnyComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyComparison(t)
		counts, _ := v.Comparison.Counts()
		champion := replay.Result{Policy: v.Comparison.Champion, Counts: counts}
		d := Compare(champion, []Versus{v}, []string{"segment"}, account(counts.Total().N()), 0.95)
		for _, format := range Formats() {
			out := strings.ReplaceAll(string(render(t, d, format)), "0.00 – ", "") // the lower end of an interval may be small
			if bad := notADifference.FindString(out); bad != "" {
				t.Errorf("%s has %q:\n%s", format, bad, out)
			}
			if bad := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && unprintable(r) }); bad >= 0 {
				t.Errorf("%s has the control character %q", format, out[bad])
			}
		}
		for _, m := range readCompared(t, d).Challengers[0].Measures {
			x := m.Difference
			tested := x.Method != calibrate.MethodNone
			if tested != (x.Shown != nil) || tested != (m.Name == "approval_rate" || m.Name == "fraud_rate") || !tested && (x.Low != nil || x.P != nil) {
				t.Errorf("%s claims %+v", m.Name, x)
			}
			if x.Shown != nil && *x.Shown != (x.P != nil && *x.P < 1-0.95) {
				t.Errorf("%s with p %v is shown: %v", m.Name, x.P, *x.Shown)
			}
		}
	})
}

func TestCompareLeavesInputsOut(t *testing.T) {
	champion, looser, _ := waterfalls()
	r, versus, a := contested(t, nil, champion, looser)
	b := a
	b.Files = []dataset.FileInfo{{Name: "other.parquet", Format: "parquet"}}
	x, y := Compare(r, versus, nil, a, 0.95), Compare(r, versus, nil, b, 0.95)
	if !bytes.Equal(render(t, x, "json"), render(t, y, "json")) || !bytes.Equal(render(t, x, "csv"), render(t, y, "csv")) {
		t.Error("JSON or CSV depends on the inputs' names or formats")
	}
}

// TestPairedCells checks the text of both sides of each edge.
func TestPairedCells(t *testing.T) {
	n := calibrate.Undefined()
	d := func(value, se, p calibrate.Number) calibrate.Difference {
		return calibrate.Difference{Value: value, SE: se, Low: value - 2*se, High: value + 2*se, P: p, Confidence: 0.95, Method: calibrate.MethodMcNemar}
	}
	for _, c := range []struct {
		d    calibrate.Difference
		want string
	}{
		{d(0.1, 0.01, 0.0499), "+10.00 pp (p=0.050)"},
		{d(0.1, 0.01, 0.0501), "~ (p=0.050)"},
		{d(-0.1, 0.01, 0.001), "-10.00 pp (p=0.001)"},
		{d(-0.1, 0.01, 0.00099), "-10.00 pp (p<0.001)"},
		{d(0.00004, 0.00001, 0.01), "<+0.01 pp (p=0.010)"},
		{d(-0.00004, 0.00001, 0.01), ">-0.01 pp (p=0.010)"},
		{d(0.1, n, n), "~ (n/a)"},
		{d(0, 0, 1), "~ (identical)"},
		{d(n, n, n), "n/a"},
	} {
		if got := verdict(c.d, 0.95); got != c.want {
			t.Errorf("%+v: %q, want %q", c.d, got, c.want)
		}
	}
	if got := intervalText(0.00001, 0.02); got != "+0.0010 – +2.0000" {
		t.Errorf("a bound just above 0 prints %q", got)
	}
	if got := intervalText(-0.01, 0.02); got != "-1.00 – +2.00" {
		t.Errorf("an interval prints %q", got)
	}
}

// TestOpenDifferencesAreUntested: a challenger that asks onboarding of everybody is undecided on what the waterfall approved, so
// that no test of what is certain may speak for it, on all records or in a group; what is not left open is tested as ever.
func TestOpenDifferencesAreUntested(t *testing.T) {
	champion, looser, _ := waterfalls()
	combined, _ := replay.Builtin("table-combined")
	by := []string{"channel"}
	r, versus, account := contested(t, by, champion, combined, looser)
	s := contest{screen: screen{account: account, results: []replay.Result{r}, by: by, confidence: 0.95}, versus: versus}
	for i, open := range []bool{true, false} {
		v := versus[i]
		lists := [][]contrast{contrasts(v.Comparison, &v.Comparison.Swap, s.sides(v))}
		for _, g := range v.Comparison.Groups {
			lists = append(lists, contrasts(v.Comparison, &g.Swap, s.groupSides(v, g.Key)))
		}
		for _, list := range lists {
			x := contrastOf(list, "approval_rate")
			if x.open() != open || x.P.Defined() == open || (x.Method == calibrate.MethodNone) != open || !x.Value.Defined() {
				t.Errorf("%s: approval open %v, %+v; want open %v", v.Result.Policy.Name, x.open(), x.Difference, open)
			}
		}
		text := plainOf(t, s.groupsOf(v))
		if strings.Contains(text, untested) != open || strings.Contains(text, "p<0.001") == open {
			t.Errorf("%s by channel: want untested %v, got\n%s", v.Result.Policy.Name, open, text)
		}
	}
}

func plainOf(t *testing.T, b Block) string {
	t.Helper()
	var out strings.Builder
	if err := Text(&out, Document{Blocks: []Block{b}}, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestRangesKeepTheWidth: what undecided records leave open takes twice the width, and the screen of several policies still keeps
// to that of a terminal, without the columns that it names.
func TestRangesKeepTheWidth(t *testing.T) {
	champion, looser, _ := waterfalls()
	combined, _ := replay.Builtin("table-combined")
	r, versus, account := contested(t, []string{"channel"}, combined, looser, champion)
	results := []replay.Result{r, versus[0].Result, versus[1].Result}
	var out strings.Builder
	if err := Text(&out, Replay(results, []string{"channel"}, account, 0.95), TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("a line of %d: %s", n, line)
		}
	}
	if !strings.Contains(out.String(), "(left out for width: capture, insult, review, calls)") {
		t.Errorf("want the columns that were left out named, got\n%s", out.String())
	}
}
