package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	policyHead = "policy: 1\nname: p\nfirst: session\n"
	policyGate = "gate: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}\n"
)

// A hostileConfig is a policy or a mapping that must be refused, at a place.
type hostileConfig struct{ name, text, refuse string }

// ruled returns a policy with one rule whose condition is on line 6, from column 11 on.
func ruled(condition string) string {
	return policyHead + "rules:\n- name: r\n  when: >-\n    " + condition + "\n  then: block\n" + policyGate
}

// hostilePolicies are policies that ask for the parser's memory, time or good will.
func hostilePolicies() []hostileConfig {
	alias := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		alias += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	bands := func(edges string) string {
		return policyHead + "clusters:\n  session: " + edges + "\n" + policyGate
	}
	many := policyHead + "rules:\n" + strings.Repeat("- {name: r, when: session.has_ai_agent, then: block}\n", 200_000)
	return []hostileConfig{
		{"empty", "", ":1:1: empty file"},
		{"alias-bomb", alias, `:1:4: an anchor \(&\) cannot be used here`},
		{"alias-itself", "a: &a [*a]\n", `:1:4: an anchor`},
		{"merge-key", "a: {b: 1}\n<<: {c: 1}\n", `:2:1: a merge key`},
		{"tag", policyHead + "description: !!binary aGk=\n" + policyGate, ":4:14: a tag"},
		{"directive", "%YAML 1.1\n---\n" + policyHead + policyGate, ":1:1: a directive"},
		{"duplicate-key", policyHead + policyGate + "name: q\n", `:5:1: duplicate key "name"`},
		{"duplicate-cell", policyHead + "gate: {missing: review, missing: block}\n", `:4:25: duplicate key "missing"`},
		{"unknown-key", policyHead + "gates: {}\n" + policyGate, `:4:1: unknown key "gates"`},
		{"two-documents", policyHead + policyGate + "---\n" + policyHead + policyGate, ":6:1: second document"},
		{"binary", strings.Repeat("\x00", 1<<10), ":1:1: "},
		{"not-utf8", policyHead + "description: caf\xe9\n", ":1:1: not UTF-8"},
		{"deep", strings.Repeat("[", 100_000), "nested too deep"},
		{"deep-flow", policyHead + "gate: " + strings.Repeat("{a: ", 40) + "1" + strings.Repeat("}", 40), "nested too deep"},
		{"ten-megabytes-of-rules", many, "is longer than 2 MiB"},
		{"rules-beyond-the-tokens", many[:1<<20], "too long|malformed|rules: want"},
		{"one-long-line", strings.Repeat("x", 1<<20), ":1:1: the policy is"},
		{"norway", policyHead + "rules:\n- name: no\n  when: session.has_ai_agent\n  then: no\n" + policyGate, ":7:9: then is .*no"},
		{"octal-edge", bands("[0226, 451, 551, 776]"), ":5:13: edge low is .*0226"},
		{"hex-edge", bands("[0xe2, 451, 551, 776]"), ":5:13: edge low is .*0xe2"},
		{"underscore-edge", bands("[2_26, 451, 551, 776]"), ":5:13: edge low is "},
		{"float-edge", bands("[226.0, 451, 551, 776]"), ":5:13: edge low is "},
		{"overlapping-bands", bands("[451, 226, 551, 776]"), ":5:18: edge review is 226: want more than 451"},
		{"empty-band", bands("[226, 226, 551, 776]"), ":5:18: edge review is 226: want more than 226"},
		{"gap-at-the-end", bands("[226, 451, 551]"), ":5:12: session has 3 edges"},
		{"edge-beyond", bands("[226, 451, 551, 1001]"), ":5:28: edge very_high is 1001: want an integer 1..1000"},
		{"edge-of-20-digits", bands("[226, 451, 551, 99999999999999999999]"), ":5:28: edge very_high is "},
		{"number-for-a-name", "policy: 1\nname: 123\nfirst: session\n" + policyGate, ":2:7: name is "},
		{"null-for-a-name", "policy: 1\nname: null\nfirst: session\n" + policyGate, ":2:7: name is "},
		{"version-as-text", "policy: \"1\"\nname: p\nfirst: session\n" + policyGate, ":1:9: policy is "},
		{"loop", ruled("all(1..1000000000, # > 0)"), `:7:\d+: operator "\.\." cannot be used`},
		{"map-of-map", ruled("any(map(1..9999, map(1..9999, #)), true)"), "function map cannot be used"},
		{"repeat", ruled(`repeat("a", 1000000000) == session.x`), "function repeat cannot be used"},
		{"reduce", ruled("reduce(1..9, #acc + #, 0) > session.n"), "function reduce cannot be used"},
		{"let", ruled("let x = 1; x > session.n"), "cannot be used in a condition"},
		{"clock", ruled(`now() > date("2020-01-01")`), "function now cannot be used"},
		{"deep-condition", ruled(strings.Repeat("(", 5000) + "true" + strings.Repeat(")", 5000)), "condition of 10004 bytes: want at most 4096"},
		{"nested-condition", ruled(strings.Repeat("!(", 1900) + "session.x" + strings.Repeat(")", 1900)), `:7:`},
		{"wide-condition", ruled(strings.Repeat("session.a || ", 310) + "session.a"), `:7:`},
		{"regexp-bomb", ruled(`session.x matches "((a{0,1000}){0,1000}){0,1000}"`), "invalid repeat count"},
		{"history-for-a-policy", smallHistory(20_000), "malformed|too long|unknown key|longer"},
	}
}

// hostileMappings are mappings of the same kind.
func hostileMappings() []hostileConfig {
	return []hostileConfig{
		{"mapping-alias", "fields: &a {label: x}\n", ":1:9: an anchor"},
		{"mapping-duplicate", "fields: {label: x, label: y}\n", ":1:20: duplicate key"},
		{"mapping-two-documents", "fields: {label: x}\n---\nfields: {label: y}\n", ":3:1: second document"},
		{"mapping-number", "fields: {label: 12}\n", ":1:17: label is "},
		{"mapping-norway", "fields: {label: null}\n", ":1:17: label is "},
		{"mapping-near-name", "fields: {labels: x}\n", ":1:10: field \"labels\": want label"},
		{"mapping-empty-path", "fields: {label: a..b}\n", ":1:17: label is "},
		{"mapping-personal", "fields: {segment: onboarding.phone.number}\n", ":1:19: segment is .*personal data"},
		{"mapping-bare", "bare: everything\n", ":1:7: bare is "},
		{"mapping-list", "- fields\n", ":1:1: the mapping is a list"},
	}
}

// TestHostileConfigs: each is refused at its place, before any record is read, and no answer is given.
func TestHostileConfigs(t *testing.T) {
	var count tried
	t.Cleanup(func() { count.log(t) })
	dir := t.TempDir()
	history := filepath.Join(dir, "h.jsonl")
	if err := os.WriteFile(history, []byte(plainRecord), 0o666); err != nil {
		t.Fatal(err)
	}
	check := func(kept *corpus, c hostileConfig, verbs ...func(file string) []string) {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, c.name+".yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			want := regexp.MustCompile(c.refuse)
			var outcomes []observed
			for _, args := range verbs {
				got := runTool(t, args(file)...)
				if got.code != exitNone || got.stdout != "" || !strings.Contains(got.stderr, file) || !want.MatchString(got.stderr) {
					t.Errorf("%s: exit code %d, %q, want a refusal that names the file and matches %q", args(file)[0], got.code, clipped(got.stderr), c.refuse)
				}
				if len(got.stderr) > 100_000 {
					t.Errorf("a refusal of %d bytes", len(got.stderr))
				}
				outcomes = append(outcomes, observed{args(file)[0], refusedAs(file, got, want.MatchString)})
				count.add(0, 1, 0, 1, 0)
			}
			count.add(1, 0, 0, 0, 0)
			kept.add(t, c.name+".yaml", c.text, false, outcomes, "")
		})
	}
	policies, mappings := newCorpus("policies", len(hostilePolicies())), newCorpus("mappings", len(hostileMappings()))
	defer policies.check(t)
	defer mappings.check(t)
	for _, c := range hostilePolicies() {
		check(policies, c, func(file string) []string { return []string{"policy", "lint", file} },
			func(file string) []string { return []string{"replay", "--policy", file, history} },
			func(file string) []string {
				return []string{"compare", "--champion", "guide-session", "--challenger", file, history}
			})
	}
	for _, c := range hostileMappings() {
		check(mappings, c, func(file string) []string {
			return []string{"replay", "--policy", "guide-session", "--mapping", file, history}
		}, func(file string) []string { return []string{"inspect", "--mapping", file, history} })
	}
}
