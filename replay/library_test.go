package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// A saying is a record for the flags: nil, and the empty text, is a field that the record lacks.
type saying struct {
	label                                   string
	bot, agent, driver, spoofed, vpn        *bool
	moves, seen                             *int
	sessionCountry, ipCountry, phoneCountry string
	cluster                                 string
	phone, email                            bool // answered
	phoneCodes, emailCodes                  string
	phoneThrowaway, emailThrowaway          *bool
	linkedin, twitter, instagram            *bool
}

func drawSaying(t *rapid.T) saying {
	yes := func(name string) *bool {
		return rapid.SampledFrom([]*bool{nil, new(bool), ptr(true), ptr(true)}).Draw(t, name)
	}
	number := func(name string, values ...int) *int {
		if i := rapid.IntRange(0, len(values)).Draw(t, name); i > 0 {
			return &values[i-1]
		}
		return nil
	}
	text := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
	return saying{
		label: text("label", "ok", "ko", ""),
		bot:   yes("bot"), agent: yes("agent"), driver: yes("driver"), spoofed: yes("spoofed"), vpn: yes("vpn"),
		moves: number("moves", 0, 0, 1, 40), seen: number("seen", 0, 30, 31),
		sessionCountry: text("session country", "", "IT", "FR"), ipCountry: text("ip country", "", "IT", "FR", "Italy"),
		phoneCountry: text("phone country", "", "IT", "FR"),
		cluster:      text("cluster", "", "low", "high", "very_high"),
		phone:        rapid.Bool().Draw(t, "phone"), email: rapid.Bool().Draw(t, "email"),
		phoneCodes: text("phone codes", "", "RP001", "RP002,RP001", "TP001"), emailCodes: text("email codes", "", "RE002", "RE001"),
		phoneThrowaway: yes("phone throwaway"), emailThrowaway: yes("email throwaway"),
		linkedin: yes("linkedin"), twitter: yes("twitter"), instagram: yes("instagram"),
	}
}

func ptr[T any](v T) *T { return &v }

func (s saying) json() []byte {
	object := func(pairs ...any) map[string]any {
		out := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			switch v := pairs[i+1].(type) {
			case *bool:
				if v != nil {
					out[pairs[i].(string)] = *v
				}
			case *int:
				if v != nil {
					out[pairs[i].(string)] = *v
				}
			case string:
				if v != "" {
					out[pairs[i].(string)] = v
				}
			case map[string]any:
				if len(v) > 0 {
					out[pairs[i].(string)] = v
				}
			}
		}
		return out
	}
	part := func(answered bool, codes string, more map[string]any) map[string]any {
		if !answered {
			return nil
		}
		more["score"], more["reason_codes"] = 500, codes
		return more
	}
	phone := part(s.phone, s.phoneCodes, object("is_disposable", s.phoneThrowaway, "country_code", s.phoneCountry))
	email := part(s.email, s.emailCodes, object("is_disposable", s.emailThrowaway, "first_seen_days", s.seen,
		"has_linkedin", s.linkedin, "has_twitter", s.twitter, "has_instagram", s.instagram))
	session := object("has_automated_browser", s.bot, "has_ai_agent", s.agent, "navigator_web_driver", s.driver, "has_spoofed_device", s.spoofed,
		"ip_is_vpn", s.vpn, "mouse_movement", s.moves, "ip_country_code", s.sessionCountry)
	session["score"] = 600
	line, err := json.Marshal(object("label", s.label, "session", session, "onboarding",
		object("phone", phone, "email", email, "ip", object("country", s.ipCountry), "score", object("score_cluster", s.cluster))))
	if err != nil {
		panic(err)
	}
	return append(line, '\n')
}

// verdicts says of each flag whether it can be told and whether it holds, written as the guide says it.
func (s saying) verdicts() (told, holds map[string]bool) {
	told, holds = map[string]bool{}, map[string]bool{}
	say := func(name string, known, yes bool) { told[name], holds[name] = known, known && yes }
	is := func(b *bool) bool { return b != nil && *b }
	established := s.cluster == "high" || s.cluster == "very_high"
	say("automation-established", s.bot != nil && s.cluster != "", is(s.bot) && established)
	say("no-mouse-established", s.moves != nil && s.cluster != "", s.moves != nil && *s.moves == 0 && established)

	phone := s.phone && (is(s.phoneThrowaway) || strings.Contains(s.phoneCodes, "RP001"))
	email := s.email && (is(s.emailThrowaway) || strings.Contains(s.emailCodes, "RE002"))
	say("spoofed-disposable", s.spoofed != nil && s.phone && s.email, is(s.spoofed) && phone && email)
	all := s.bot != nil && s.agent != nil && s.driver != nil && s.spoofed != nil
	say("genuine-disposable", all && (s.phone || s.email), !is(s.bot) && !is(s.agent) && !is(s.driver) && !is(s.spoofed) && (phone || email))

	bySession := s.sessionCountry != "" && s.phone && s.phoneCountry != ""
	byHub := s.ipCountry != "" && s.phone && s.phoneCountry != ""
	say("vpn-country-mismatch", s.vpn != nil && (bySession || byHub), is(s.vpn) &&
		(bySession && s.sessionCountry != s.phoneCountry || byHub && len(s.ipCountry) == 2 && s.ipCountry != s.phoneCountry))

	social := s.linkedin != nil && s.twitter != nil && s.instagram != nil
	say("ai-agent-new-email", s.agent != nil && s.email && s.seen != nil && social,
		is(s.agent) && s.seen != nil && *s.seen <= 30 && !is(s.linkedin) && !is(s.twitter) && !is(s.instagram))
	return told, holds
}

// full is a record that has every field that a flag may read, on which no flag holds.
var full = saying{bot: ptr(false), agent: ptr(false), driver: ptr(true), spoofed: ptr(false), vpn: ptr(false), moves: ptr(1), seen: ptr(99),
	sessionCountry: "IT", ipCountry: "IT", phoneCountry: "IT", cluster: "low", phone: true, email: true, phoneCodes: "TP001", emailCodes: "TE001",
	phoneThrowaway: ptr(false), emailThrowaway: ptr(false), linkedin: ptr(true), twitter: ptr(true), instagram: ptr(true)}

func profileOfText(t rapid.TB, text []byte, workers int) *Profile {
	found, err := dataset.Discover(context.Background(), []string{"-"}, bytes.NewReader(text), dataset.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), []string{"-"}, bytes.NewReader(text), dataset.Options{Fields: ProfileFields(found)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := BuildProfile(context.Background(), scan, found, workers)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFlagsRecordByRecord counts the flags of random histories record by record, in plain Go.
func TestFlagsRecordByRecord(t *testing.T) {
	labels := map[string]dataset.Label{"ok": dataset.Legit, "ko": dataset.Fraud, "": dataset.Unlabeled}
	rapid.Check(t, func(t *rapid.T) {
		list := append(rapid.SliceOfN(rapid.Custom(drawSaying), 0, 40).Draw(t, "records"), full)
		var text []byte
		told, hits, missing, both := map[string][3]int64{}, map[string][3]int64{}, map[string]int64{}, map[string]int64{}
		for _, s := range list {
			text = append(text, s.json()...)
			known, holds := s.verdicts()
			for name := range known {
				if !known[name] {
					missing[name]++
					continue
				}
				n, h := told[name], hits[name]
				n[labels[s.label]]++
				told[name] = n
				if holds[name] {
					h[labels[s.label]]++
					for other, yes := range holds {
						if yes {
							both[name+" "+other]++
						}
					}
				}
				hits[name] = h
			}
		}
		p := profileOfText(t, text, rapid.IntRange(1, 3).Draw(t, "workers"))
		if p.Total.N() != int64(len(list)) || len(p.Flags) != len(Flags()) {
			t.Fatalf("%d records, %d flags", p.Total.N(), len(p.Flags))
		}
		for _, f := range p.Flags {
			if f.Lacks != nil || f.Told.Records != told[f.Name] || f.Hits.Records != hits[f.Name] || f.Missing != missing[f.Name] {
				t.Errorf("%s: told %v hits %v missing %d lacks %v, want %v %v %d\n%s", f.Name, f.Told.Records, f.Hits.Records, f.Missing, f.Lacks,
					told[f.Name], hits[f.Name], missing[f.Name], text)
			}
			for i, g := range p.Flags {
				if f.Overlap[i] != both[f.Name+" "+g.Name] {
					t.Errorf("%s and %s: %d, want %d", f.Name, g.Name, f.Overlap[i], both[f.Name+" "+g.Name])
				}
			}
		}
	})
}

// TestFlagsAreRules replays each flag as the only rule of a policy: it holds on as many records as the profile counts, whatever
// fields the history lacks.
func TestFlagsAreRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text []byte
		for _, s := range rapid.SliceOfN(rapid.Custom(drawSaying), 1, 25).Draw(t, "records") {
			text = append(text, s.json()...)
		}
		p := profileOfText(t, text, 1)
		base, _ := Builtin("table-combined")
		var policies []*Policy
		for _, f := range p.Flags {
			pol, err := base.With(f.Rule())
			if err != nil {
				t.Fatal(err)
			}
			policies = append(policies, pol)
		}
		plan, err := NewPlan(Question{Policies: policies})
		if err != nil {
			t.Fatal(err)
		}
		scan, err := dataset.Open(context.Background(), []string{"-"}, bytes.NewReader(text), dataset.Options{Fields: plan.Fields()})
		if err != nil {
			t.Fatal(err)
		}
		cube, err := Build(context.Background(), plan, scan, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range p.Flags {
			r, err := cube.Run(policies[i])
			if err != nil {
				t.Fatal(err)
			}
			if r.Held[0] != f.Hits.N() {
				t.Errorf("%s: the rule holds on %d, the profile counts %d\n%s", f.Name, r.Held[0], f.Hits.N(), text)
			}
		}
	})
}

// TestFlagsLack names the fields that a history needs, and tells a field that is there from one that never has a value.
func TestFlagsLack(t *testing.T) {
	p := profileOfText(t, []byte(`{"session":{"score":1,"mouse_movement":0},"onboarding":{"score":{"score":1,"score_cluster":"high"}}}`+"\n"+
		`{"session":{"score":1},"onboarding":{"phone":{"score":3,"reason_codes":""}}}`+"\n"), 1)
	got := map[string]string{}
	for _, f := range p.Flags {
		got[f.Name] = fmt.Sprintf("%d hits, %d told, %d missing, lacks %s", f.Hits.N(), f.Told.N(), f.Missing, strings.Join(f.Lacks, " "))
	}
	want := map[string]string{
		"automation-established": "0 hits, 0 told, 2 missing, lacks session.has_automated_browser",
		"spoofed-disposable":     "0 hits, 0 told, 2 missing, lacks session.has_spoofed_device onboarding.phone.is_disposable onboarding.email.is_disposable",
		"vpn-country-mismatch":   "0 hits, 0 told, 2 missing, lacks session.ip_is_vpn onboarding.phone.country_code session.ip_country_code",
		"ai-agent-new-email": "0 hits, 0 told, 2 missing, lacks session.has_ai_agent onboarding.email.first_seen_days onboarding.email.has_linkedin " +
			"onboarding.email.has_twitter onboarding.email.has_instagram",
		"no-mouse-established": "1 hits, 1 told, 1 missing, lacks ",
		"genuine-disposable": "0 hits, 0 told, 2 missing, lacks session.has_automated_browser session.has_ai_agent session.navigator_web_driver " +
			"session.has_spoofed_device onboarding.phone.is_disposable",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestWithPrintsBack parses what a policy with every flag prints, and finds no part of it wrong or doubtful but what lint knows.
func TestWithPrintsBack(t *testing.T) {
	var rules []Rule
	for _, f := range Flags() {
		if f.When == nil || f.Then == dataset.NoAction || f.Risk == "" || f.Session == "" || f.Onboarding == "" || f.Reading == "" {
			t.Errorf("flag %s is not whole", f.Name)
		}
		rules = append(rules, f.Rule())
	}
	for _, name := range BuiltinNames() {
		base, _ := Builtin(name)
		pol, err := base.With(rules...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePolicy("printed.yaml", pol.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, pol.YAML())
		}
		if again.Hash() != pol.Hash() || len(again.Rules) != len(rules)+len(base.Rules) || pol.Name != name+"-with-flags" || pol.Hash() == base.Hash() {
			t.Errorf("%s comes back as %s", pol.YAML(), again.YAML())
		}
		if edits := Edits(base, again); len(edits) != len(rules) {
			t.Errorf("%s: %d edits add %d rules", name, len(edits), len(rules))
		}
		if len(base.Rules) > 0 && base.Rules[0].Name == again.Rules[0].Name {
			t.Errorf("%s: the flags are not first", name)
		}
	}
	base, _ := Builtin("table-combined")
	if _, err := base.With(rules[0], rules[0]); err == nil || !strings.Contains(err.Error(), `rule "automation-established" comes twice`) {
		t.Errorf("twice: %v", err)
	}
	if _, err := base.With(make([]Rule, MaxRules+1)...); err == nil || !strings.Contains(err.Error(), "want at most 64") {
		t.Errorf("too many: %v", err)
	}
	if _, err := FlagNamed("spofed-disposable"); err == nil || !strings.Contains(err.Error(), "did you mean spoofed-disposable?") {
		t.Errorf("misspelled: %v", err)
	}
}
