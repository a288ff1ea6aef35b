package replay

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
)

// Each file of testdata/errors is a policy with mistakes; the golden file beside it holds what is said of them.
func TestParseErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ParsePolicy(name+".yaml", src)
			if err == nil || p != nil {
				t.Fatalf("got policy %v, error %v", p, err)
			}
			var list FileErrors
			if !errors.As(err, &list) {
				t.Fatalf("error is a %T, want FileErrors", err)
			}
			golden(t, filepath.Join("errors", name+".txt"), err.Error()+"\n")
		})
	}
}

// Files that are refused as a whole, before the parser could recurse or spin.
func TestParseLimits(t *testing.T) {
	rules := "rules:\n"
	for i := range MaxRules + 1 {
		rules += fmt.Sprintf("  - {name: r%d, when: session.has_x, then: block}\n", i)
	}
	for _, tt := range []struct{ name, src, want string }{
		{"file of 1 MiB and a byte", strings.Repeat("#", maxFileBytes+1), "at most 1048576"},
		{"brackets", strings.Repeat("[", 1<<19), "nested too deep"},
		{"braces", strings.Repeat("{a: ", 2000), "nested too deep"},
		{"dashes", strings.Repeat("- ", 4000), "nested too deep"},
		{"tokens", strings.Repeat("x: y\n", 1<<16), "at most 10000"},
		{"not UTF-8", "name: \xff", "not UTF-8"},
		{"65 rules", strings.Replace(string(mustBuiltin(t, "guide-login").YAML()), "gate:", rules+"gate:", 1), "at most 64"},
		{"long condition", strings.Replace(string(mustBuiltin(t, "guide-login").YAML()), "gate:",
			"rules: [{name: r, when: "+strings.Repeat("session.has_x or ", 300)+" true, then: block}]\ngate:", 1), "at most 4096"},
	} {
		_, err := ParsePolicy("p.yaml", []byte(tt.src))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func mustBuiltin(t testing.TB, name string) *Policy {
	t.Helper()
	p, found := Builtin(name)
	if !found {
		t.Fatalf("no built-in policy %s", name)
	}
	return p
}

func TestParseDefaults(t *testing.T) {
	src := "policy: 1\nname: a\nfirst: session\nsecond: onboarding\nmatrix:\n"
	for _, c := range clusterNames {
		src += "  " + c + ": {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}\n"
	}
	p, err := ParsePolicy("p.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for c, step := range p.Gate {
		if step != Next {
			t.Errorf("gate %s is %v, want next", dataset.Cluster(c), step)
		}
	}
	if !p.FirstBands.Recorded() || !p.SecondBands.Recorded() {
		t.Errorf("bands are %v and %v, want recorded", p.FirstBands, p.SecondBands)
	}
}

func TestParseJSON(t *testing.T) {
	src := `{"policy": 1, "name": "a", "first": "login", "clusters": {"login": [226, 451, 551, 776]},
		"rules": [{"name": "vpn", "when": "login.ip_is_vpn && country == \"IT\"", "then": "step_up"}],
		"gate": {"missing": "review", "very_low": "block", "low": "block", "review": "review", "high": "approve", "very_high": "approve"}}`
	p, err := ParsePolicy("p.json", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if p.FirstBands != Standard || p.Gate[dataset.VeryHigh] != dataset.Approve || p.Rules[0].When.Source != `login.ip_is_vpn && country == "IT"` {
		t.Errorf("got\n%s", p.YAML())
	}
}

// equalPolicies compares policies by what they say; conditions are equal where their sources are.
var equalPolicies = cmp.Comparer(func(a, b *Condition) bool {
	return a.Source == b.Source && cmp.Equal(a.Fields, b.Fields)
})

// genPolicy makes valid policies of every form.
var genPolicy = rapid.Custom(func(t *rapid.T) *Policy {
	p := &Policy{Name: rapid.StringMatching(`[a-z0-9._-]{1,20}`).Draw(t, "name")}
	if rapid.Bool().Draw(t, "described") {
		p.Description = strings.TrimSpace(rapid.OneOf(rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Punct)), rapid.StringMatching(`[ -~]{0,200}`)).Draw(t, "description"))
	}
	products := rapid.Permutation(dataset.Products).Draw(t, "products")
	p.First = products[0]
	p.FirstBands = genBands.Draw(t, "bands")
	if rapid.Bool().Draw(t, "second") {
		p.Second = products[1]
		p.SecondBands = genBands.Draw(t, "bands")
	}
	action := rapid.SampledFrom(dataset.Actions)
	for c := range p.Gate {
		p.Gate[c] = action.Draw(t, "gate")
		if p.Second != "" && rapid.Bool().Draw(t, "next") {
			p.Gate[c] = Next
			for s := range p.Matrix[c] {
				p.Matrix[c][s] = action.Draw(t, "cell")
			}
		}
	}
	names := rapid.OneOf(rapid.StringMatching(`[!-~]([ -~]{0,20}[!-~])?`), rapid.SampledFrom([]string{"no", "null", "0451", "1e3", "città", "true", "-", "a: b", "# x"}))
	for _, name := range rapid.SliceOfNDistinct(names, 0, 4, rapid.ID).Draw(t, "names") {
		src := genCondition(rapid.IntRange(0, 3).Draw(t, "depth")).Draw(t, "when")
		if rapid.IntRange(0, 3).Draw(t, "broken") == 0 {
			src = strings.ReplaceAll(src, " || ", "\n  || ")
		}
		when, err := CompileCondition(src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		p.Rules = append(p.Rules, Rule{Name: name, When: when, Then: action.Draw(t, "then")})
	}
	return p
})

var genBands = rapid.Custom(func(t *rapid.T) Bands {
	b := rapid.SampledFrom([]Bands{Recorded, Standard, Quintile, {}}).Draw(t, "bands")
	if rapid.Bool().Draw(t, "own") {
		at := 0
		for i := range b.Edges {
			at = rapid.IntRange(at+1, 997+i).Draw(t, "edge")
			b.Edges[i] = at
		}
	}
	return b
})

func TestPrintParseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genPolicy.Draw(t, "policy")
		text := want.YAML()
		got, err := ParsePolicy("p.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, got, equalPolicies); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, text)
		}
		if again := got.YAML(); string(again) != string(text) || got.Hash() != want.Hash() {
			t.Fatalf("printed differently:\n%s\n%s", text, again)
		}
	})
}

// What the printer writes, the schema accepts.
func TestPrintedPoliciesAreOfTheSchema(t *testing.T) {
	validate := compiledSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		text := genPolicy.Draw(t, "policy").YAML()
		if err := validate(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

func TestBuiltinsRoundTrip(t *testing.T) {
	var all strings.Builder
	hashes := map[string]string{}
	for _, name := range BuiltinNames() {
		p := mustBuiltin(t, name)
		got, err := ParsePolicy(name, p.YAML())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, equalPolicies); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if twin := hashes[p.Hash()]; twin != "" {
			t.Errorf("%s and %s have one hash", name, twin)
		}
		hashes[p.Hash()] = name
		fmt.Fprintf(&all, "--- %s\n%s", name, p.YAML())
	}
	golden(t, "builtins.txt", all.String())
}

func TestParseMapping(t *testing.T) {
	m, err := ParseMapping("m.yaml", []byte("fields: {session.score: risk.session_points, label: is_bad, onboarding: raw.hub}\nbare: login\n"))
	want := dataset.Mapping{Fields: map[string]string{"session.score": "risk.session_points", "label": "is_bad", "onboarding": "raw.hub"}, Bare: "login"}
	if diff := cmp.Diff(want, m); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	src, err := os.ReadFile("testdata/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = ParseMapping("mapping.yaml", src); err == nil {
		t.Fatal("no error")
	}
	golden(t, "mapping.txt", err.Error()+"\n")
}

func FuzzParsePolicy(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.yaml", "policies/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := ParsePolicy("p.yaml", src)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "p.yaml:") {
					t.Fatalf("error of more than a line: %q", err)
				}
			}
			return
		}
		again, err := ParsePolicy("p.yaml", p.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		}
		if diff := cmp.Diff(p, again, equalPolicies); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		p.Lint()
	})
}

// TestMappingOfPersonalData moves values under names that are printed: only what is read as a score or a label may have a
// path that ends in a word for personal data.
func TestMappingOfPersonalData(t *testing.T) {
	for entry, allowed := range map[string]bool{
		"country: session.ip": false, "country: email": false, "session.note: raw.user_agent": false, "onboarding.reason_codes: x.phone": false,
		"session.score: risk.value": true, "label: outcome.value": true, "customer_id: user_id": true, "email: contact.email": true,
		"onboarding.email: raw.email": true, "session: raw.value": true, "country: geo.country": true,
	} {
		if _, err := ParseMapping("m.yaml", []byte("fields: {"+entry+"}")); (err == nil) != allowed {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

// TestByteOrderMark is what editors on Windows put before a text.
func TestByteOrderMark(t *testing.T) {
	m, err := ParseMapping("m.yaml", []byte("\ufefffields: {label: is_bad}\n"))
	if err != nil || m.Fields["label"] != "is_bad" {
		t.Errorf("%v, error %v", m, err)
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte("fields: {session.score: a.b}\nbare: login\n"))
	f.Fuzz(func(_ *testing.T, src []byte) { _, _ = ParseMapping("m.yaml", src) })
}
