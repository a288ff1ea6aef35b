package replay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
)

func lintOf(t *testing.T, src string) []string {
	t.Helper()
	p, err := ParsePolicy("p.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, w := range p.Lint() {
		out = append(out, w.Error())
	}
	return out
}

func TestLint(t *testing.T) {
	const head = "policy: 1\nname: a\nfirst: session\n"
	const fine = "gate: {missing: block, very_low: block, low: block, review: review, high: approve, very_high: approve}\n"
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"nothing to say", head + fine, nil},
		{"better is worse", head + "gate: {missing: block, very_low: block, low: review, review: block, high: approve, very_high: monitor}\n",
			[]string{"gate review: block, harsher than low (review)", "gate very_high: monitor, harsher than high (approve)"}},
		{"missing", head + "gate: {missing: monitor, very_low: block, low: block, review: review, high: approve, very_high: approve}\n",
			[]string{"gate missing: monitor, better than very_low (block): whoever blocks the product's script gains by it"}},
		{"shadowed rules", head + `rules:
  - {name: a, when: session.has_x || session.has_y, then: block}
  - {name: same, when: session.has_y or session.has_x, then: review}
  - {name: part, when: session.has_x, then: review}
  - {name: narrower, when: session.has_y && amount > 5, then: review}
  - {name: other, when: not session.has_x, then: review}
  - {name: below 10, when: amount < 10, then: review}
  - {name: below 5, when: amount <= 9, then: review}
  - {name: below 11, when: amount < 11, then: review}
  - {name: codes, when: '"A" in session.reason_codes || "B" in session.reason_codes', then: review}
  - {name: code, when: '"B" in session.reason_codes', then: review}
  - {name: never, when: "false", then: review}
  - {name: always, when: "true", then: review}
  - {name: after, when: session.has_z, then: review}
` + fine, []string{
			"rule same: never decides: whenever it holds, rule a has decided",
			"rule part: never decides: whenever it holds, rule a has decided",
			"rule narrower: never decides: whenever it holds, rule a has decided",
			"rule below 5: never decides: whenever it holds, rule below 10 has decided",
			"rule code: never decides: whenever it holds, rule codes has decided",
			"rule never: never holds: its condition is false",
			"rule after: never decides: whenever it holds, rule always has decided",
		}},
		{"late rule behind the early ones", head + `second: login
rules:
  - {name: late, when: login.has_x || session.has_x, then: block}
  - {name: early, when: session.has_x, then: review}
gate: {missing: block, very_low: block, low: block, review: next, high: approve, very_high: approve}
matrix:
  review: {missing: block, very_low: block, low: block, review: review, high: approve, very_high: approve}
`, nil},
		{"never called", head + "second: login\nrules: [{name: late, when: login.has_x, then: block}]\n" + fine,
			[]string{"second: login is never asked: no row of the gate says next", "rule late: never asked: it reads login, which the gate never calls"}},
		{"third product", head + "rules: [{name: a, when: login.has_x && phone.score > 3 && email.score > 3 && session.has_x && country == \"IT\", then: block}]\n" + fine,
			[]string{"rule a: reads login, which the policy does not ask", "rule a: reads onboarding, which the policy does not ask"}},
		{"matrix", head + `second: login
gate: {missing: next, very_low: next, low: next, review: next, high: next, very_high: next}
matrix:
  missing:   {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}
  very_low:  {missing: block, very_low: block, low: block, review: block, high: block, very_high: review}
  low:       {missing: approve, very_low: block, low: block, review: block, high: review, very_high: review}
  review:    {missing: review, very_low: block, low: review, review: block, high: review, very_high: review}
  high:      {missing: review, very_low: review, low: review, review: review, high: approve, very_high: block}
  very_high: {missing: review, very_low: review, low: review, review: review, high: approve, very_high: approve}
`, []string{
			"matrix missing: the call is wasted: every answer of login leads to block",
			"matrix low x missing: approve, better than very_low (block)",
			"matrix review x review: block, harsher than low (review)",
			"matrix high x very_high: block, harsher than high (approve)",
			"matrix review x missing: review, harsher than low x missing (approve)",
			"matrix high x very_high: block, harsher than review x very_high (review)",
		}},
	} {
		if diff := cmp.Diff(tt.want, lintOf(t, tt.src)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Where one condition is said to imply another, no record contradicts it.
func TestImpliesIsSound(t *testing.T) {
	said := 0
	rapid.Check(t, func(t *rapid.T) {
		var conds []*Condition
		for _, src := range rapid.SliceOfN(genCondition(2), 2, 5).Draw(t, "conditions") {
			c, err := CompileCondition(src)
			if err != nil {
				t.Fatal(err)
			}
			conds = append(conds, c)
		}
		// Two drawn conditions seldom imply one another; the first and the second together imply each of them.
		both, err := CompileCondition("(" + conds[0].Source + ") && (" + conds[1].Source + ")")
		if err != nil {
			t.Fatal(err)
		}
		conds = append(conds, both)
		records := rapid.SliceOfN(genRecord(fieldsOf(conds)), 1, 60).Draw(t, "records")
		fields := fieldsOf(conds)
		e, err := newEvaluator(conds, columnsOf(fields))
		if err != nil {
			t.Fatal(err)
		}
		fired := make([]uint64, len(records))
		e.eval(batchOf(columnsOf(fields), records, map[string][]string{}, 0), fired)
		for i, a := range conds {
			for j, b := range conds {
				if i == j || !implies(a.root, b.root) {
					continue
				}
				said++
				for r, f := range fired {
					if f>>i&1 == 1 && f>>j&1 == 0 {
						t.Fatalf("%s holds on %v, %s does not", a.Source, records[r], b.Source)
					}
				}
			}
		}
	})
	if said == 0 {
		t.Error("nothing was implied by anything: the test says nothing")
	}
}

func TestLintResult(t *testing.T) {
	p := mustBuiltin(t, "guide-waterfall")
	when, err := CompileCondition("session.has_x")
	if err != nil {
		t.Fatal(err)
	}
	p.Rules = []Rule{{Name: "used", When: when, Then: dataset.Block}, {Name: "loser", When: when, Then: dataset.Block},
		{Name: "unused", When: when, Then: dataset.Block}}
	one := Tally{Records: [dataset.NumLabels]int64{1, 0, 0}}
	r := Result{Policy: p, Rules: []Tally{one, {}, {}}, Held: []int64{1, 1, 0}}
	for c := range r.Cells {
		r.Cells[c][0] = one
	}
	r.Cells[dataset.NoCluster][0] = Tally{}
	r.Cells[dataset.ReviewCluster] = [1 + NumRows]Tally{{}, {}, {}, one, one, one, one}
	var got []string
	for _, w := range p.LintResult(r) {
		got = append(got, w.Error())
	}
	want := []string{
		"rule loser: always loses: its condition holds on 1 records, and something before it decided each",
		"rule unused: never fires: its condition holds on no record",
		"matrix review: no record reached missing, very_low: the history says nothing about it",
		"gate: no record reached missing: the history says nothing about it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
