package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trustreplay/trustreplay/dataset"
)

func TestConditionFields(t *testing.T) {
	for _, tt := range []struct {
		src  string
		want []dataset.Field
	}{
		{"session.has_ai_agent || session.ip_is_vpn", []dataset.Field{{Name: "session.has_ai_agent", Kind: dataset.KindBool}, {Name: "session.ip_is_vpn", Kind: dataset.KindBool}}},
		{"onboarding.score.score < 300", []dataset.Field{{Name: "onboarding.score", Kind: dataset.KindNumber}}},
		{"onboarding.score < 300", []dataset.Field{{Name: "onboarding.score", Kind: dataset.KindNumber}}},
		{`onboarding.score.score_cluster == "low"`, []dataset.Field{{Name: "onboarding.score_cluster", Kind: dataset.KindCluster}}},
		{`"RC001" in onboarding.score.reason_codes`, []dataset.Field{{Name: "onboarding.reason_codes", Kind: dataset.KindCodes}}},
		{`"RP001" in onboarding.phone_reason_codes`, []dataset.Field{{Name: "onboarding.phone.reason_codes", Kind: dataset.KindCodes}}},
		{`phone.score_cluster == "low"`, []dataset.Field{{Name: "onboarding.phone.score_cluster", Kind: dataset.KindCluster}}},
		{"session.domain.score > 1", []dataset.Field{{Name: "session.score", Kind: dataset.KindNumber}}},
		{`session.status == "error"`, []dataset.Field{{Name: "session.status", Kind: dataset.KindStatus}}},
		{"amount > 100", []dataset.Field{{Name: "amount", Kind: dataset.KindAmount}}},
		{`country == "IT"`, []dataset.Field{{Name: "country", Kind: dataset.KindText}}},
		{"1 < session.ip_css_in_days < 5", []dataset.Field{{Name: "session.ip_css_in_days", Kind: dataset.KindNumber}}},
		{"session.window_viewport_dimension_match", []dataset.Field{{Name: "session.window_viewport_dimension_match", Kind: dataset.KindBool}}},
		{"!session.video_card_has_gl", []dataset.Field{{Name: "session.video_card_has_gl", Kind: dataset.KindBool}}},
		// Fields that only their use can type.
		{"vip", []dataset.Field{{Name: "vip", Kind: dataset.KindBool}}},
		{"risk.points >= 3", []dataset.Field{{Name: "risk.points", Kind: dataset.KindNumber}}},
		{`segment != "retail"`, []dataset.Field{{Name: "segment", Kind: dataset.KindText}}},
		{`segment in ["a", "b"]`, []dataset.Field{{Name: "segment", Kind: dataset.KindText}}},
		{`lower(segment) contains "x"`, []dataset.Field{{Name: "segment", Kind: dataset.KindText}}},
		{`"X1" in own_codes`, []dataset.Field{{Name: "own_codes", Kind: dataset.KindCodes}}},
		{"a == b && a > 5", []dataset.Field{{Name: "a", Kind: dataset.KindNumber}, {Name: "b", Kind: dataset.KindNumber}}},
		{"a - b > c", []dataset.Field{{Name: "a", Kind: dataset.KindNumber}, {Name: "b", Kind: dataset.KindNumber}, {Name: "c", Kind: dataset.KindNumber}}},
		{"true", nil},
	} {
		c, err := CompileCondition(tt.src)
		if err != nil {
			t.Errorf("%s: %v", tt.src, err)
			continue
		}
		if diff := cmp.Diff(tt.want, c.Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.src, diff)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"", "1:1: empty condition"},
		{"session.has_x &&", ": unexpected token EOF"},
		{"session", "1:1: session is a whole response"},
		{"session.has_x and onboarding.phone", "1:19: onboarding.phone is a whole response"},
		{"true or label == 1", "1:9: label: a policy cannot read the outcome"},
		{"is_fraud", "1:1: is_fraud: a policy cannot read the outcome"},
		{`action == "block"`, "1:1: action: a policy cannot read what was decided"},
		{"timestamp > 5", "1:1: timestamp: a time cannot be a rule input"},
		{`session.ip == "x"`, "1:1: session.ip: personal data cannot be a rule input"},
		{`session.header_user_agent contains "bot"`, "personal data"},
		{`email endsWith "x.com"`, "personal data"},
		{"session.foo == session.bar", "1:1: the type of session.foo is not clear"},
		{"session.score", "1:1: want something true or false here, got a number"},
		{`session.score == "high"`, "mismatched types"},
		{`country > 3`, "mismatched types"},
		{`session.score_cluster == "lowest"`, `1:26: session.score_cluster is never "lowest": want one of very_low`},
		{`session.score_cluster in ["low", "bad"]`, `1:34: session.score_cluster is never "bad"`},
		{`session.status == "gone"`, "session.status is never"},
		{"now() > 3", "1:1: function now cannot be used"},
		{`date("2020-01-01") > 3`, "function date cannot be used"},
		{`len(repeat("x", 100)) > 3`, "function repeat cannot be used"},
		{"session.score in 1..1000000000", `operator ".." cannot be used`},
		{"len(map(session.reason_codes, # + \"x\")) > 1", "function map cannot be used"},
		{"any(session.reason_codes, any(onboarding.reason_codes, # == \"x\"))", "any inside another"},
		{"let x = 1; x > 0", "cannot be used in a condition"},
		{"session.has_x ? true : false", "a choice"},
		{"session?.has_x", "a missing field is false"},
		{`(country ?? "IT") == "IT"`, "?? is not needed"},
		{"country == nil", "nil cannot be used"},
		{"session.foo()", "unknown function"},
		{"launch(session.has_x)", "unknown function"},
		{"session.reason_codes[0] == \"x\"", "no index"},
		{"$env.label == 1", `field "$env.label"`},
		{`country matches country`, "literal pattern"},
		{`country matches "("`, "missing closing )"},
		{strings.Repeat("a or ", 600) + "a", "exceeds maximum allowed nodes"},
		{"session.has_x\n  and email == \"x\"", "2:7: email: personal data"},
	} {
		_, err := CompileCondition(tt.src)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.src, err, tt.want)
		}
	}
}

func TestConditionReportsAllErrors(t *testing.T) {
	_, err := CompileCondition(`email == "x" or now() > 3 or session.status == "gone"`)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three lines", err)
	}
}

func TestConditionReads(t *testing.T) {
	c, err := CompileCondition(`onboarding.phone.score > 5 && country == "IT"`)
	if err != nil {
		t.Fatal(err)
	}
	for product, want := range map[string]bool{"onboarding": true, "phone": true, "email": true, "session": false, "login": false, "": false, "country": false} {
		if got := c.Reads(product); got != want {
			t.Errorf("reads %q: got %v, want %v", product, got, want)
		}
	}
}

// Codes that are looked for in one field are one test, whatever the order of the rest.
func TestConditionMergesCodes(t *testing.T) {
	c, err := CompileCondition(`"A" in onboarding.reason_codes || session.has_x || "B" in onboarding.reason_codes or "C" in session.reason_codes`)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.root.args) != 3 || len(c.root.args[0].test.codes) != 2 {
		t.Errorf("got %d tests, want 3", len(c.root.args))
	}
}

func FuzzCondition(f *testing.F) {
	for _, src := range []string{"session.has_x", `"A" in onboarding.reason_codes`, "not (amount > 3)", "1 < session.score < 3", `any(["a"], # in session.reason_codes)`,
		`country matches "^a"`, "a == b", "session[\"x\"]", "{a: 1}", "a<a.b", "x | lower()", "if a {b} else {c}", "#", "count([1,2], # > 1) > 0"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		c, err := CompileCondition(src)
		if err != nil {
			return
		}
		if overlapping(c.Fields) {
			return
		}
		e, err := newEvaluator([]*Condition{c}, columnsOf(c.Fields))
		if err != nil {
			t.Fatal(err)
		}
		full := record{}
		for _, field := range c.Fields {
			full[field.Name] = map[dataset.Kind]any{dataset.KindBool: true, dataset.KindNumber: 3.0, dataset.KindAmount: 0.5, dataset.KindText: "x",
				dataset.KindCodes: "A,B", dataset.KindCluster: "low", dataset.KindStatus: "ok"}[field.Kind]
		}
		records := []record{{}, full}
		fired := make([]uint64, len(records))
		e.eval(batchOf(columnsOf(c.Fields), records, map[string][]string{}, 0), fired)
		for i, r := range records {
			if got, want := fired[i] == 1, evalSlow(t, c, r); got != want && !aliased(src) {
				t.Fatalf("%s on %v: got %v, want %v", src, r, got, want)
			}
		}
	})
}

// overlapping reports whether one field is named as if it lay within another ("a" and "a.b"): columns can be named so, the nested
// maps of the slow twin cannot hold both.
func overlapping(fields []dataset.Field) bool {
	for _, outer := range fields {
		for _, inner := range fields {
			if strings.HasPrefix(inner.Name, outer.Name+".") {
				return true
			}
		}
	}
	return false
}

// aliased reports whether a source may use other spellings than canonical names, which the slow twin does not know.
func aliased(src string) bool {
	for _, s := range []string{"domain", "phone", "email", "ip", "browser", "score", "[", "::"} {
		if strings.Contains(src, s) {
			return true
		}
	}
	return false
}
