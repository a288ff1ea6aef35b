package replay

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// FlagSource is where the red flags of the library are told.
const FlagSource = "Session + Onboarding Guide, Cross-Layer Risk Signals, Red flags to watch"

// A Flag is a red flag that the vendor's guide tells of: something that session and onboarding say together. The library
// holds it as a condition like any other; nothing of it is in force until a policy has the rule.
type Flag struct {
	Name string
	// Session, Onboarding and Risk are the row of the guide's table, in its words.
	Session, Onboarding, Risk string
	// Reading says what the guide leaves open and how the condition decides it.
	Reading string
	// Then is the suggested action, a reading too: the guide tells of the risk and names no action.
	Then dataset.Action
	When *Condition

	parts []flagPart
}

// A flagPart is one of the things that have to hold together, in one or several spellings: any of them suffices. A spelling
// holds only where all its fields have a value, so a flag is never raised by something that is missing.
type flagPart struct{ spellings []string }

// The parts that several flags share. The Integration Guide calls RP001 and RE002 critical, in a comment "Disposable, Invalid,
// TOR" that stands for four codes.
var (
	establishedIdentity = flagPart{[]string{`onboarding.score_cluster in ["high", "very_high"]`}}
	disposablePhone     = []string{`onboarding.phone.is_disposable`, `"RP001" in onboarding.phone.reason_codes`}
	disposableEmail     = []string{`onboarding.email.is_disposable`, `"RE002" in onboarding.email.reason_codes`}
)

const (
	establishedReading = "Established is an onboarding cluster of high or very_high."
	disposableReading  = "Disposable is is_disposable, or the code that the Integration Guide calls critical: RP001 for the phone, RE002 for the email."
)

// flagRows are the rows of the guide's table, in its order.
var flagRows = []Flag{{
	Name:    "automation-established",
	Session: "has_automated_browser: true", Onboarding: "Valid, established identity",
	Risk:    "Credential stuffing or account farming with stolen data",
	Reading: establishedReading,
	Then:    dataset.Block,
	parts:   []flagPart{{[]string{`session.has_automated_browser`}}, establishedIdentity},
}, {
	Name:    "spoofed-disposable",
	Session: "has_spoofed_device: true", Onboarding: "Disposable phone + disposable email",
	Risk:    "Fully synthetic fraud operation",
	Reading: "Both have to be disposable. " + disposableReading,
	Then:    dataset.Block,
	parts:   []flagPart{{[]string{`session.has_spoofed_device`}}, {disposablePhone}, {disposableEmail}},
}, {
	Name:    "vpn-country-mismatch",
	Session: "ip_is_vpn: true", Onboarding: "IP country ≠ phone country",
	Risk:    "Identity does not match claimed location",
	Reading: "The IP's country is session's ip_country_code, or onboarding's ip_country where that is a code of two letters.",
	Then:    dataset.StepUp,
	parts: []flagPart{{[]string{`session.ip_is_vpn`}}, {[]string{
		`session.ip_country_code != onboarding.phone.country_code`,
		`(len(onboarding.ip.country) == 2 && onboarding.ip.country != onboarding.phone.country_code)`,
	}}},
}, {
	Name:    "ai-agent-new-email",
	Session: "has_ai_agent: true", Onboarding: "New email, no social footprint",
	Risk:    "AI-driven synthetic identity creation",
	Reading: "New is first seen at most 30 days ago; no social footprint is no account at LinkedIn, Twitter and Instagram.",
	Then:    dataset.Block,
	parts: []flagPart{{[]string{`session.has_ai_agent`}}, {[]string{`onboarding.email.first_seen_days <= 30`}},
		{[]string{`onboarding.email.has_linkedin == false`}}, {[]string{`onboarding.email.has_twitter == false`}},
		{[]string{`onboarding.email.has_instagram == false`}}},
}, {
	Name:    "no-mouse-established",
	Session: "mouse_movement: 0", Onboarding: "Valid identity, strong history",
	Risk:    "API abuse or bot with stolen credentials",
	Reading: establishedReading + " Phones and tablets have no mouse: look at it by device before you rely on it.",
	Then:    dataset.Review,
	parts:   []flagPart{{[]string{`session.mouse_movement == 0`}}, establishedIdentity},
}, {
	Name:    "genuine-disposable",
	Session: "All signals genuine", Onboarding: "Phone/email are disposable",
	Risk:    "Real device but throwaway identity — potential drop account",
	Reading: "Genuine is none of the four signals by which the Integration Guide blocks a session; either of the two is disposable. " + disposableReading,
	Then:    dataset.Review,
	parts: []flagPart{{[]string{`session.has_automated_browser == false`}}, {[]string{`session.has_ai_agent == false`}},
		{[]string{`session.navigator_web_driver == false`}}, {[]string{`session.has_spoofed_device == false`}},
		{slices.Concat(disposablePhone, disposableEmail)}},
}}

// library holds the flags compiled, which takes some milliseconds.
var library = sync.OnceValue(func() []Flag {
	out := slices.Clone(flagRows)
	for i := range out {
		out[i].When = mustCompile(conjunction(out[i].parts, flagPart.condition))
	}
	return out
})

// Flags returns the library, in the order of the guide.
func Flags() []Flag { return slices.Clone(library()) }

// FlagNamed returns a flag of the library. The error lists the names that there are.
func FlagNamed(name string) (Flag, error) {
	var known []string
	for _, f := range Flags() {
		if f.Name == name {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Flag{}, fmt.Errorf("no flag %s: want %s", quoted(name), suggestion(name, known))
}

// Rule returns the flag as a rule with the suggested action.
func (f Flag) Rule() Rule { return Rule{f.Name, f.When, f.Then} }

// With returns the policy with more rules before its own, named NAME-with-flags so that the two can be compared. The result
// says all that it does: it prints, hashes and compares like any policy, and stays as it is when the library changes. The
// error names rules that the policy has already, and too many of them.
//
// Note: a policy file that names flags (use: [...]) was tried on paper and dropped. Its text, and so its hash, would stay the
// same while another version of the library makes it decide otherwise; and whoever reads a policy would need the program to
// know what it does.
func (p *Policy) With(rules ...Rule) (*Policy, error) {
	out := *p
	out.Rules = slices.Concat(rules, p.Rules)
	out.Name = p.Name[:min(len(p.Name), maxName-len(withFlags))] + withFlags
	if len(out.Rules) > MaxRules {
		return nil, fmt.Errorf("policy %s has %d rules, with %d more it has %d: want at most %d", p.Name, len(p.Rules), len(rules), len(out.Rules), MaxRules)
	}
	seen := map[string]bool{}
	for _, r := range out.Rules {
		if seen[r.Name] {
			return nil, fmt.Errorf("policy %s: rule %s comes twice: want each name once", p.Name, quoted(r.Name))
		}
		seen[r.Name] = true
	}
	return &out, nil
}

const withFlags = "-with-flags"

// condition returns a part as an expression.
func (p flagPart) condition() string { return disjunction(p.spellings) }

// conjunction joins what is said of each part.
func conjunction(parts []flagPart, say func(flagPart) string) string {
	var list []string
	for _, p := range parts {
		list = append(list, say(p))
	}
	return strings.Join(list, " && ")
}

func disjunction(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "(" + strings.Join(list, " || ") + ")"
}

// mustCompile compiles a condition of the library.
func mustCompile(src string) *Condition {
	c, err := CompileCondition(src)
	if err != nil {
		panic(fmt.Sprintf("replay: condition of the library %s: %v", src, err))
	}
	return c
}
