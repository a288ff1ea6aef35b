package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// gates are acceptances and what the comparison is split by.
var gates = map[string]struct {
	by   []string
	file string
}{
	"limits": {[]string{"channel", "country"}, `limits:
  - {measure: fraud_rate, at_most: 1.5%, on: bound}
  - {measure: approval_rate, change_at_least: -0.5pp, on: bound}
  - {measure: approval_rate, at_least: 50%}
  - {measure: fraud_rate, times_at_most: 1.1}
  - {measure: fraud_bps, at_most: 300}
  - {measure: insult_rate, change_at_most: 0pp}
  - {measure: review_per_day, at_most: 4}
segments:
  by: [country]
  min_labeled: 1000
  limits:
    - {measure: fraud_rate, change_at_most: 0.2pp}
    - {measure: undecided_rate, at_most: 5%}
`},
	"one":    {nil, "limits: [{measure: approval_rate, at_least: 48%}]"},
	"silent": {[]string{"channel"}, "segments: {min_labeled: 5000, limits: [{measure: fraud_rate, at_most: 1%}]}"},
}

// gated judges the challengers of the sample waterfall.
func gated(t *testing.T, by []string, file string, confidence float64) (contest, dataset.Account) {
	t.Helper()
	a, err := replay.ParseAcceptance("a.yaml", []byte("acceptance: 1\n"+file), calibrate.Measurables())
	if err != nil {
		t.Fatal(err)
	}
	champion, looser, stricter := waterfalls()
	r, versus, account := contested(t, by, champion, looser, stricter)
	for i := range versus {
		g := calibrate.Judge(a, versus[i].Comparison, by, account.Period, confidence)
		versus[i].Gate = &g
	}
	return contest{screen{[]replay.Result{r}, by, account, confidence, nil}, versus}, account
}

// TestGateGoldens shows the part of each form that the gate adds to a comparison.
func TestGateGoldens(t *testing.T) {
	for name, ask := range gates {
		s, account := gated(t, ask.by, ask.file, 0.95)
		d := Document{Title: "gate " + name, Tidy: &Table{Columns: s.tidy().Columns}}
		var data []*gateJSON
		var lines strings.Builder
		for _, v := range s.versus {
			d.Blocks = append(d.Blocks, s.gate(v))
			data = append(data, newGate(v.Gate))
			s.tidyGate(d.Tidy, v)
			lines.WriteString(strings.Join(append(GateLines(v.Result.Policy.Name, *v.Gate, account), ""), "\n"))
		}
		d.Data = data
		for _, format := range goldenFormats {
			golden(t, "gate-"+name+"."+extensions[format], render(t, d, format))
		}
		golden(t, "gate-"+name+".log", []byte(lines.String()))
	}
}

// TestGateComesFirst: whoever reads one screen of a pull request reads the verdict.
func TestGateComesFirst(t *testing.T) {
	s, account := gated(t, nil, gates["one"].file, 0.95)
	d := Compare(s.results[0], s.versus, nil, account, 0.95)
	for i := range s.versus {
		if table, isTable := d.Blocks[1+i].(*Table); !isTable || !strings.HasPrefix(table.Caption, "Gate of ") {
			t.Errorf("block %d is %v, want the gate", 1+i, d.Blocks[1+i])
		}
	}
	if text := string(render(t, d, "json")); strings.Count(text, `"gate": {`) != 2 {
		t.Errorf("want a gate for each challenger in\n%s", text[:500])
	}
	if rows := d.Tidy.Rows; rows[0][1].Value != "gate" {
		t.Errorf("first line of the table is %v", rows[0])
	}
}

// TestManyBrokenGroups: a segment for each day must not fill the screen, nor go missing from what programs read.
func TestManyBrokenGroups(t *testing.T) {
	g := calibrate.Gate{By: []string{"branch"}, Groups: 25, Confidence: 0.95}
	limit := replay.Criterion{Limit: replay.Limit{Measure: "fraud_rate", Bound: replay.Decimal{Num: 1, Den: 100}}}
	for i := range g.Groups {
		g.Verdicts = append(g.Verdicts, calibrate.Verdict{Criterion: limit, Ruling: calibrate.Broken, Key: []string{fmt.Sprintf("b\x1b[31m%02d", i)},
			Challenger: calibrate.Rate("fraud_rate", 2, 100, 0.95), Seen: 0.02})
	}
	champion, looser, _ := waterfalls()
	v := Versus{Result: replay.Result{Policy: looser}, Comparison: &replay.Comparison{Champion: champion, Challenger: looser}, Gate: &g}
	text := string(render(t, Document{Blocks: []Block{contest{versus: []Versus{v}}.gate(v)}}, "text"))
	for _, want := range []string{"Gate: 25 of 25 limits broken", "branch=b[31m19  ", "5 more groups"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if got := shorten("branch=" + strings.Repeat("é", 40)); got != "branch="+strings.Repeat("é", 32)+"…" {
		t.Errorf("shortened to %q", got)
	}
	if strings.Contains(text, "m20") || strings.Contains(text, "\x1b") {
		t.Errorf("%s", text)
	}
	lines := strings.Join(GateLines("looser", g, dataset.Account{}), "\n")
	if strings.Count(lines, "\n") != 25 || strings.Contains(lines, "\x1b") || !strings.Contains(lines, "records without a time") || len(newGate(&g).Limits) != 25 {
		t.Errorf("%s", lines)
	}
}
