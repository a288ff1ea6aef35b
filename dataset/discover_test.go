package dataset

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func discovered(t *testing.T, m Mapping, content string) string {
	t.Helper()
	d, err := Discover(context.Background(), []string{write(t, "h", content)}, nil, m)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range d {
		personal := ""
		if f.Personal {
			personal = " personal"
		}
		fmt.Fprintf(&out, "%s (%s) at %s x%d%s\n", f.Field.Name, f.Field.Kind, f.Path, f.Count, personal)
	}
	return out.String()
}

func TestDiscover(t *testing.T) {
	line := `{"customer_id":"c1","timestamp":"2026-03-04T05:06:07Z","amount":120.5,"label":"ok","decision":"approve","country":"IT",` +
		`"vip":true,"age":"33","nothing":null,"empty":"","items":[{"a":1}],"tags":["a","b"],"x":{"y":1},` +
		`"session":{"score":"649","score_cluster":"high","has_ai_agent":"false","ip":"1.2.3.4","navigator_user_agent":"M","user_agent_match":"true","session_id":"s","status":"ok"},` +
		`"onboarding":{"resolution_id":"r","phone":{"score":700,"number":"39","reason_codes":"TP001"},"score":{"score":735,"reason_codes":"RC001"}},` +
		`"login":"{\"score\":420,\"attempts\":2}","email_score_cluster":"low"}` + "\n{bad\n"
	want := `action (action) at decision x1
age (number) at age x1
amount (amount) at amount x1
country (text) at country x1
customer_id (text) at customer_id x1 personal
label (label) at label x1
login (product) at login.score x1
login.attempts (number) at login.attempts x1
onboarding (product) at onboarding.score.score x1
onboarding.email.score_cluster (cluster) at email_score_cluster x1
onboarding.phone (product) at onboarding.phone.score x1
onboarding.phone.number (number) at onboarding.phone.number x1 personal
onboarding.phone.reason_codes (reason codes) at onboarding.phone.reason_codes x1
onboarding.reason_codes (reason codes) at onboarding.score.reason_codes x1
resolution_id (text) at onboarding.resolution_id x1 personal
session (product) at session.score x1
session.has_ai_agent (boolean) at session.has_ai_agent x1
session.ip (text) at session.ip x1 personal
session.navigator_user_agent (text) at session.navigator_user_agent x1 personal
session.score_cluster (cluster) at session.score_cluster x1
session.status (status) at session.status x1
session.user_agent_match (boolean) at session.user_agent_match x1
session_id (text) at session.session_id x1 personal
tags (reason codes) at tags x1
timestamp (time) at timestamp x1
vip (boolean) at vip x1
x.y (number) at x.y x1
`
	if diff := cmp.Diff(want, discovered(t, Mapping{}, line)); diff != "" {
		t.Error(diff)
	}
}

func TestDiscoverOtherShapes(t *testing.T) {
	for _, test := range []struct {
		m             Mapping
		content, want string
	}{
		{Mapping{}, `{"score":1,"score_cluster":"low","has_ai_agent":true}`,
			"session (product) at score x1\nsession.has_ai_agent (boolean) at has_ai_agent x1\nsession.score_cluster (cluster) at score_cluster x1\n"},
		{Mapping{Bare: "login"}, `{"score":1}`, "login (product) at score x1\n"},
		{Mapping{}, `{"score":{"score":1},"phone":{"score":2}}`,
			"onboarding (product) at score.score x1\nonboarding.phone (product) at phone.score x1\n"},
		{Mapping{}, `{"session":{"domain":{"score":1,"x":"a"}}}`, "session (product) at session.domain.score x1\nsession.x (text) at session.domain.x x1\n"},
		{Mapping{}, `{"onboarding":{"phone_score_cluster":"low","score_reason_codes":"a"}}`,
			"onboarding.phone.score_cluster (cluster) at onboarding.phone_score_cluster x1\nonboarding.reason_codes (reason codes) at onboarding.score_reason_codes x1\n"},
		{Mapping{}, "session_score,onboarding_score_cluster,onboarding.phone.score,country\n1,low,3,IT\n2,,,\n",
			"country (text) at country x1\nonboarding.phone (product) at onboarding.phone.score x1\nonboarding.score_cluster (cluster) at onboarding_score_cluster x1\nsession (product) at session_score x2\n"},
		{Mapping{Fields: map[string]string{"session": "raw.s", Amount: "eur"}}, `{"raw":{"s":{"score":1,"x":"a"}},"eur":1}`,
			"amount (amount) at eur x1\nsession (product) at raw.s.score x1\nsession.x (text) at raw.s.x x1\n"},
	} {
		if diff := cmp.Diff(test.want, discovered(t, test.m, test.content)); diff != "" {
			t.Errorf("%s: %s", test.content, diff)
		}
	}
}

// What Discover names must be found when it is asked for: the inverse of places.
func TestDiscoveredFieldsAreRead(t *testing.T) {
	for _, test := range responses {
		if test.session == "rejected" {
			continue
		}
		name := write(t, "h.jsonl", test.line)
		d, err := Discover(context.Background(), []string{name}, nil, Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		var fields []Field
		for _, f := range d {
			fields = append(fields, f.Field)
		}
		_, a, err := readAll(t, []string{name}, nil, readConfig{opt: Options{Fields: fields}})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range a.Files[0].Columns {
			if c.Path == nil && d[i].Field.Kind != KindStatus {
				t.Errorf("%s: %s was discovered at %s and not found", test.line, c.Field.Name, d[i].Path)
			}
		}
	}
}

func TestPersonal(t *testing.T) {
	for name, want := range map[string]bool{
		"onboarding.phone.number": true, "onboarding.email.address": true, "session.ip": true, "session.ips": true,
		"session.header_user_agent": true, "session.has_headless_user_agent": false, "session.user_agent_match": false,
		"session.ip_city": true, "session.ip_country_code": false, "onboarding.ip.value": true, "customer_email": true,
		"country": false, "session.navigator_browser_name": false, "onboarding.name.first_name": true, "City": true,
		"session.score": false, "onboarding.phone.name_match": false,
		"customerEmail": true, "E-mail": true, "client-ip": true, "clientIP": true, "userAgent": true, "firstName": true,
		"remoteAddr": true, "IPAddress": true, "x.mobile": true, "session.ip_is_mobile": false, "hasUserAgentMatch": false,
		"seen.a@b.example": true, "a@b.example": true, "seen.@timestamp": false, "@timestamp": false, "seen.+39 333 1234567": true,
		"seen.203.0.113.77": true, "seen.203.0.113.77.count": true, "seen.2001:db8::1": true, "score_20260101": false, "20260101_score": false, "q.1.2": false,
		"Full Name": true, "countryCode": false, "tip": false, "IT": false,
	} {
		if Personal(name) != want {
			t.Errorf("Personal(%s) is %v", name, !want)
		}
	}
}

// TestDiscoverLate puts the lines to discover behind more others than are decoded whatever their shape: they must tell
// the same as at the beginning, where each one is decoded.
func TestDiscoverLate(t *testing.T) {
	lines := []string{
		`{"a":"x","b":null,"c":""}`, `{"b":1}`, `{"b":"true","c":"1.5"}`, `{"c":"yes"}`, `{"d":true}`, `{"d":"maybe"}`,
		`{"d":0}`, `{"e":"0"}`, `{"e":12345678901234567}`, `{"f":"null "}`, `{"f":1e400}`, `{"g":[]}`, `{"g":["a","b","c"]}`,
		`{"h":["a"]}`, `{"h":[1]}`, `{"i":[{"x":"]"}]}`, `{"j":"\u0074rue"}`, `{"j":"\u0031"}`, `{"k\u0041":1}`,
		`{"session":{"score":1,"deep":{"er":"x"}}}`, `{"login":"{\"score\":\"5\",\"note\":\"t\\u0065xt\"}"}`,
		`{"login":"{\"note\":5}"}`, `{"bad":1,,"worse":2}`, `{"worse":"w","bad":"b"}`, `{"bad":1,"worse":2}`, `{"l":"` + strings.Repeat("9", 40) + `"}`,
		`{"m":" false "}`, `{"n":-1,"o":"+1"}`, `  {"p" : "q" , "r" : [ "s" , "t" ] }  `,
	}
	for i, line := range lines {
		kinds := func(content string) string {
			return regexp.MustCompile(`(?m) x\d+`).ReplaceAllString(discovered(t, Mapping{}, content), "")
		}
		for k := range 3 { // behind the line before it, itself and the one after it
			other := lines[(i+k+len(lines)-1)%len(lines)]
			head := strings.Repeat(`{"other":"x"}`+"\n", sampleRecords)
			if diff := cmp.Diff(kinds(other+"\n"+line+"\n"+head), kinds(head+other+"\n"+other+"\n"+line)); diff != "" {
				t.Errorf("%s after %s:\n%s", line, other, diff)
			}
		}
	}
}

func TestDiscoverKeysOfAnotherCase(t *testing.T) {
	for content, want := range map[string]string{
		`{"Session":{"score":1}}`: "session (product) at session.score x1\n",
		`{"session":{"SCORE":1}}`: "session (product) at session.score x1\n",
		`{"Customer_ID":1}`:       "customer_id (text) at customer_id x1 personal\n",
		`{"Country":"IT"}` + "\n" + `{"country":"IT"}` + "\n" + `{"country":"FR"}`: "country (text) at country x2\n",
	} {
		if diff := cmp.Diff(want, discovered(t, Mapping{}, content)); diff != "" {
			t.Errorf("%s:\n%s", content, diff)
		}
	}
	m := Mapping{Fields: map[string]string{"label": "Label"}}
	if diff := cmp.Diff("label (label) at Label x1\n", discovered(t, m, `{"Label":"ko"}`)); diff != "" {
		t.Error(diff)
	}
}

// TestDiscoverDataKeys has ids for keys, which are no fields.
func TestDiscoverDataKeys(t *testing.T) {
	var content strings.Builder
	for i := range 2 * maxKeys {
		fmt.Fprintf(&content, `{"country":"IT","seen":{"id%d":true},"by":{"id%d":{"n":1}},"few":{"key%d":1}}`+"\n", i, i, i%2)
	}
	want := "country (text) at country x2000\nfew.key0 (number) at few.key0 x1000\nfew.key1 (number) at few.key1 x1000\n"
	if diff := cmp.Diff(want, discovered(t, Mapping{}, content.String())); diff != "" {
		t.Error(diff)
	}
}
