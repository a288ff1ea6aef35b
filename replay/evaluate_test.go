package replay

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
)

// A record holds fields by canonical name: bool, float64 (an amount in major units) or string. What it lacks is missing.
type record map[string]any

// fieldsOf returns the distinct fields of conditions, ordered by name.
func fieldsOf(conds []*Condition) []dataset.Field {
	var fields []dataset.Field
	for _, c := range conds {
		fields = append(fields, c.Fields...)
	}
	slices.SortFunc(fields, func(a, b dataset.Field) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(fields)
}

// columnsOf returns the columns that the fields travel in.
func columnsOf(fields []dataset.Field) []dataset.Field {
	var columns []dataset.Field
	for _, f := range fields {
		if in := readAs(f); !slices.Contains(columns, in) {
			columns = append(columns, in)
		}
	}
	return columns
}

// stateOf returns the state of a product whose score and status a record holds, settled.
func stateOf(r record, product string) dataset.State {
	if score, found := r[product+".score"]; found {
		return dataset.Scored(int(score.(float64)))
	}
	return dataset.State(slices.Index(statusesByName, fmt.Sprint(r[product+".status"])) + 1)
}

// settle makes a record's scores and statuses agree as the readers do: a product with a score is ok, and no other has one.
func settle(r record) record {
	for _, p := range dataset.Products {
		score, status := dataset.ProductField(p, "score"), dataset.ProductField(p, "status")
		x, scored := r[score].(float64)
		switch s, found := r[status]; {
		case scored && found && s != "ok":
			delete(r, score)
		case scored:
			r[score], r[status] = math.Floor(x), "ok"
		}
	}
	return r
}

// batchOf builds the columns of records as the readers do. dicts are carried from batch to batch where DictID promises it.
func batchOf(fields []dataset.Field, records []record, dicts map[string][]string, dictID uint64) *dataset.Batch {
	b := &dataset.Batch{N: len(records), Cols: make([]dataset.Column, len(fields))}
	for i, f := range fields {
		c := &b.Cols[i]
		dict := dicts[f.Name]
		if dict == nil {
			dict = []string{""}
		}
		for _, r := range records {
			x, found := r[f.Name]
			switch f.Kind {
			case dataset.KindBool:
				v := dataset.BoolAbsent
				if found {
					v = dataset.BoolFalse
					if x.(bool) {
						v = dataset.BoolTrue
					}
				}
				c.U8 = append(c.U8, v)
			case dataset.KindCluster:
				s, _ := x.(string)
				k, _ := dataset.ClusterNamed(s)
				c.U8 = append(c.U8, uint8(k))
			case dataset.KindState:
				c.State = append(c.State, stateOf(r, f.Name))
			case dataset.KindNumber:
				v := math.NaN()
				if found {
					v = x.(float64)
				}
				c.F64 = append(c.F64, v)
			case dataset.KindAmount:
				v := int64(dataset.NoAmount)
				if found {
					v = int64(math.Round(x.(float64) * 100))
				}
				c.I64 = append(c.I64, v)
			default:
				s, _ := x.(string)
				at := slices.Index(dict, s)
				if at < 0 {
					at = len(dict)
					dict = append(dict, s)
				}
				c.Idx = append(c.Idx, uint32(at))
			}
		}
		c.Dict, c.DictID = dict, dictID
		dicts[f.Name] = dict
	}
	return b
}

var statusesByName = []string{"not_called", "missing", "processing", "error", "ok"}

func evalAll(t testing.TB, conds []*Condition, records []record) []uint64 {
	t.Helper()
	fields := fieldsOf(conds)
	e, err := newEvaluator(conds, columnsOf(fields))
	if err != nil {
		t.Fatal(err)
	}
	fired := make([]uint64, len(records))
	e.eval(batchOf(columnsOf(fields), records, map[string][]string{}, 0), fired)
	return fired
}

// evalSlow asks a condition of one record with the expression library alone: the source is parsed again, connectives are
// walked, and what is between them is run as text over nested maps.
func evalSlow(t testing.TB, c *Condition, r record) bool {
	t.Helper()
	tree, err := parser.Parse(c.Source)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]dataset.Kind{}
	for _, f := range c.Fields {
		kinds[f.Name] = f.Kind
	}
	return slowNode(t, tree.Node, kinds, r)
}

func slowNode(t testing.TB, n ast.Node, kinds map[string]dataset.Kind, r record) bool {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return !slowNode(t, n.Node, kinds, r)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return slowNode(t, n.Left, kinds, r) && slowNode(t, n.Right, kinds, r)
		case "or", "||":
			return slowNode(t, n.Left, kinds, r) || slowNode(t, n.Right, kinds, r)
		}
	}
	env := map[string]any{}
	reads := &slowReader{}
	ast.Walk(&n, reads)
	for _, name := range reads.names(kinds) {
		x, found := r[name]
		kind := kinds[name]
		if kind == dataset.KindStatus && !found {
			x, found = "missing", true
		}
		if !found || x == "" {
			return false
		}
		if kind == dataset.KindCodes {
			var list []string
			for _, code := range strings.Split(x.(string), ",") {
				if code = strings.Trim(code, " \t"); code != "" {
					list = append(list, code)
				}
			}
			x = list
		}
		put(env, strings.Split(name, "."), x)
	}
	out, err := expr.Eval(n.String(), env)
	return err == nil && out == true
}

func put(env map[string]any, keys []string, x any) {
	for _, k := range keys[:len(keys)-1] {
		if env[k] == nil {
			env[k] = map[string]any{}
		}
		env = env[k].(map[string]any)
	}
	env[keys[len(keys)-1]] = x
}

// A slowReader gathers the fields of an expression as text.
type slowReader struct{ texts []string }

func (s *slowReader) Visit(n *ast.Node) {
	switch (*n).(type) {
	case *ast.MemberNode, *ast.IdentifierNode:
		s.texts = append(s.texts, (*n).String())
	}
}

func (s *slowReader) names(kinds map[string]dataset.Kind) []string {
	var out []string
	for _, x := range s.texts {
		if _, isField := kinds[x]; isField && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

var (
	genCode = rapid.SampledFrom([]string{"RP001", "RE002", "RE005", "RI003", "TP001", "R"})
	// genTest makes tests of every shape over a handful of fields.
	genTest = rapid.OneOf(
		rapid.SampledFrom([]string{"session.has_ai_agent", "session.ip_is_vpn", "session.has_ai_agent == false", "true != session.ip_is_vpn",
			"true", "false", "1 < 2", `session.status != "ok"`, `onboarding.status in ["missing", "ok"]`,
			`session.navigator_browser_name startsWith "Chr"`, `lower(session.navigator_browser_name) == "safari"`,
			`country in ["IT", "DE"]`, `country != "IT"`, `country matches "^[A-I]"`, "amount / 2 > 50",
			`onboarding.score_cluster == "low"`, `onboarding.score_cluster in ["high", "very_high"]`, `session.score_cluster != onboarding.score_cluster`,
			`session.score > onboarding.score`, `session.score + amount > 700`, `country == session.navigator_browser_name`,
			`len(onboarding.phone.reason_codes) > 1`, `any(onboarding.phone.reason_codes, # startsWith "R")`,
			`any(["RP001", "RE005"], # in onboarding.phone.reason_codes)`, `count(onboarding.phone.reason_codes, # != "R") == 2`,
			"200 <= session.score < 700", "session.mouse_movement / session.click_count > 2", "max(session.score, onboarding.score) < 500",
			`(session.has_ai_agent || session.ip_is_vpn) == true`}),
		rapid.Custom(func(t *rapid.T) string {
			field := rapid.SampledFrom([]string{"session.score", "onboarding.score", "amount", "session.click_count"}).Draw(t, "field")
			op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
			limit := rapid.SampledFrom([]string{"0", "226", "450.5", "1000", "-1", "0.29", "100"}).Draw(t, "limit")
			if rapid.Bool().Draw(t, "flipped") {
				return limit + " " + op + " " + field
			}
			return field + " " + op + " " + limit
		}),
		rapid.Custom(func(t *rapid.T) string {
			field := rapid.SampledFrom([]string{"onboarding.phone.reason_codes", "onboarding.email.reason_codes"}).Draw(t, "field")
			return fmt.Sprintf("%q %s %s", genCode.Draw(t, "code"), rapid.SampledFrom([]string{"in", "not in"}).Draw(t, "op"), field)
		}),
	)
)

// genCondition makes expressions of connectives over tests.
func genCondition(depth int) *rapid.Generator[string] {
	if depth == 0 {
		return genTest
	}
	return rapid.Custom(func(t *rapid.T) string {
		sub := genCondition(depth - 1)
		switch rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			return "not (" + sub.Draw(t, "a") + ")"
		case 1:
			return "(" + sub.Draw(t, "a") + ") && (" + sub.Draw(t, "b") + ")"
		case 2:
			return "(" + sub.Draw(t, "a") + ") or (" + sub.Draw(t, "b") + ")"
		case 3:
			return sub.Draw(t, "a") + " || " + sub.Draw(t, "b")
		}
		return sub.Draw(t, "a")
	})
}

func genRecord(fields []dataset.Field) *rapid.Generator[record] {
	return rapid.Custom(func(t *rapid.T) record {
		r := record{}
		rapid.Bool().Draw(t, "of a record without fields, which rapid would refuse")
		for _, f := range fields {
			if rapid.IntRange(0, 3).Draw(t, "missing") == 0 {
				continue
			}
			switch f.Kind {
			case dataset.KindBool:
				r[f.Name] = rapid.Bool().Draw(t, f.Name)
			case dataset.KindNumber:
				r[f.Name] = rapid.SampledFrom([]float64{0, 1, 225, 226, 450.5, 451, 999, 1000}).Draw(t, f.Name)
			case dataset.KindAmount:
				r[f.Name] = rapid.SampledFrom([]float64{0, 0.29, 0.3, 99.99, 100, 100.01, 1234.5}).Draw(t, f.Name)
			case dataset.KindCluster:
				r[f.Name] = rapid.SampledFrom(clusterNames[1:]).Draw(t, f.Name)
			case dataset.KindStatus:
				r[f.Name] = rapid.SampledFrom(statusesByName).Draw(t, f.Name)
			case dataset.KindCodes:
				sep := rapid.SampledFrom([]string{",", ", ", " ,", ",,"}).Draw(t, "sep")
				r[f.Name] = strings.Join(rapid.SliceOfN(genCode, 0, 4).Draw(t, f.Name), sep)
			default:
				r[f.Name] = rapid.SampledFrom([]string{"IT", "DE", "Chrome", "Safari", "safari"}).Draw(t, f.Name)
			}
		}
		return settle(r)
	})
}

// The evaluator agrees with the expression library on random conditions and records, over batches that keep, grow or
// change their dictionaries.
func TestEvaluatorAgainstLibrary(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var conds []*Condition
		for _, src := range rapid.SliceOfN(genCondition(2), 1, 6).Draw(rt, "conditions") {
			c, err := CompileCondition(src)
			if err != nil {
				rt.Fatalf("%s: %v", src, err)
			}
			conds = append(conds, c)
		}
		fields := fieldsOf(conds)
		e, err := newEvaluator(conds, columnsOf(fields))
		if err != nil {
			rt.Fatal(err)
		}
		dicts := map[string][]string{}
		id := uint64(1)
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			switch rapid.IntRange(0, 2).Draw(rt, "dictionary") {
			case 0: // a new one that says so
				dicts, id = map[string][]string{}, id+1
			case 1: // a new one without a promise
				dicts, id = map[string][]string{}, 0
			}
			records := rapid.SliceOfN(genRecord(fields), 0, 150).Draw(rt, "records")
			fired := make([]uint64, len(records)+3)
			for i := range fired {
				fired[i] = math.MaxUint64
			}
			e.eval(batchOf(columnsOf(fields), records, dicts, id), fired)
			if id == 0 {
				id = 100
				dicts = map[string][]string{}
			}
			for i, r := range records {
				for j, c := range conds {
					if got, want := fired[i]>>j&1 == 1, evalSlow(t, c, r); got != want {
						rt.Fatalf("%s on %v: got %v, want %v", c.Source, r, got, want)
					}
				}
				if fired[i]>>len(conds) != 0 {
					rt.Fatalf("bits beyond the conditions: %b", fired[i])
				}
			}
		}
	})
}

// TestDearTests asks one test for codes, and one of the interpreter, in several places, each of which needs it of other records.
func TestDearTests(t *testing.T) {
	const codes, name, sum = `"RP001" in onboarding.phone.reason_codes`, `country matches "^I"`, "session.score + len(country) > 150"
	for _, sources := range [][]string{
		{"session.has_ai_agent and " + codes},
		{"session.has_ai_agent and " + codes, "session.ip_is_vpn and " + codes},
		{"session.has_ai_agent and " + codes, codes},
		{"session.has_ai_agent and not (session.ip_is_vpn and " + codes + ")", "session.ip_is_vpn and (" + name + " or " + codes + ")"},
		{"session.has_ai_agent and (session.ip_is_vpn or " + name + ")", "not session.has_ai_agent and " + name + " and " + codes},
		{"session.has_ai_agent and " + sum, "session.ip_is_vpn or " + sum},
		{"session.has_ai_agent and " + sum, "session.ip_is_vpn and " + sum + " and " + name},
	} {
		var conds []*Condition
		for _, src := range sources {
			c, err := CompileCondition(src)
			if err != nil {
				t.Fatal(err)
			}
			conds = append(conds, c)
		}
		var records []record
		for n := range 81 * 4 { // each field in each of three states, over several words
			r := record{}
			for k, f := range []string{"session.has_ai_agent", "session.ip_is_vpn"} {
				if state := n / (1 + 2*k) % 3; state > 0 {
					r[f] = state == 1
				}
			}
			// As good as each text occurs once, else they are asked of a dictionary.
			r["onboarding.phone.reason_codes"] = fmt.Sprintf("R%d%s", n, []string{"", ",RP001", ",RP002,RP001", ",RP002"}[n/9%4])
			r["country"] = fmt.Sprintf("%s%d", []string{"IT", "DE"}[n/36%2], n)
			r["session.score"] = float64(n)
			records = append(records, r)
		}
		fields := fieldsOf(conds)
		e, err := newEvaluator(conds, columnsOf(fields))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // batches, so that answers of the first are not taken for those of the second
			slices.Reverse(records)
			fired := make([]uint64, len(records))
			e.eval(batchOf(columnsOf(fields), records, map[string][]string{}, 0), fired)
			for i, r := range records {
				for j, c := range conds {
					if got, want := fired[i]>>j&1 == 1, evalSlow(t, c, r); got != want {
						t.Fatalf("%s on %v: got %v, want %v", c.Source, r, got, want)
					}
				}
			}
		}
	}
}

func TestMissingIsFalse(t *testing.T) {
	for _, tt := range []struct {
		src  string
		r    record
		want bool
	}{
		{"session.has_x", nil, false},
		{"not session.has_x", nil, true},
		{"session.has_x == false", nil, false},
		{"session.has_x == false", record{"session.has_x": false}, true},
		{"session.has_x != true", nil, false},
		{`session.score_cluster != "low"`, nil, false},
		{`!(session.score_cluster == "low")`, nil, true},
		{"session.score != 5", nil, false},
		{"session.score < 5", nil, false},
		{`"RP001" not in onboarding.reason_codes`, nil, true},
		{`"RP001" in onboarding.reason_codes`, record{"onboarding.reason_codes": " RP001 ,X"}, true},
		{`"RP00" in onboarding.reason_codes`, record{"onboarding.reason_codes": "RP001"}, false},
		{`session.status == "missing"`, nil, true},
		{"amount == 0.29", record{"amount": 0.29}, true},
		{"amount > 0.29", record{"amount": 0.29}, false},
		{"session.click_count / session.mouse_movement > 0 ", record{"session.click_count": 1.0, "session.mouse_movement": 0.0}, true},
	} {
		c, err := CompileCondition(tt.src)
		if err != nil {
			t.Fatal(err)
		}
		if got := evalAll(t, []*Condition{c}, []record{tt.r})[0] == 1; got != tt.want {
			t.Errorf("%s on %v: got %v, want %v", tt.src, tt.r, got, tt.want)
		}
	}
}

func TestEvaluatorNeedsColumns(t *testing.T) {
	c, err := CompileCondition("session.has_x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newEvaluator([]*Condition{c}, nil); err == nil {
		t.Error("no error without the column")
	}
	if _, err := newEvaluator([]*Condition{{Source: "session.has_x"}}, nil); err == nil {
		t.Error("no error without compilation")
	}
}

// BenchmarkEvaluator asks what a typical policy asks: three booleans, a fourth of its own, and four codes in one field.
func BenchmarkEvaluator(b *testing.B) {
	var conds []*Condition
	for _, src := range []string{
		"session.has_automated_browser || session.has_ai_agent || session.navigator_web_driver",
		"session.ip_is_vpn",
		`"RP001" in onboarding.phone.reason_codes || "RE002" in onboarding.phone.reason_codes || "RE005" in onboarding.phone.reason_codes || "RI003" in onboarding.phone.reason_codes`,
	} {
		c, err := CompileCondition(src)
		if err != nil {
			b.Fatal(err)
		}
		conds = append(conds, c)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	records := make([]record, dataset.BatchRows)
	for i := range records {
		r := record{}
		for _, f := range []string{"has_automated_browser", "has_ai_agent", "navigator_web_driver", "ip_is_vpn"} {
			r["session."+f] = rng.Float64() < 0.03
		}
		r["onboarding.phone.reason_codes"] = fmt.Sprintf("TP%03d,RP%03d,RE%03d", rng.IntN(8), rng.IntN(8), rng.IntN(8))
		records[i] = r
	}
	fields := fieldsOf(conds)
	batch := batchOf(columnsOf(fields), records, map[string][]string{}, 1)
	e, err := newEvaluator(conds, columnsOf(fields))
	if err != nil {
		b.Fatal(err)
	}
	fired := make([]uint64, batch.N)
	b.SetBytes(int64(batch.N) * 8)
	for b.Loop() {
		e.eval(batch, fired)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.N), "ns/record")
}
