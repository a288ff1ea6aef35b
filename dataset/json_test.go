package dataset

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A twin reads lines twice: as the scanner does, and token by token.
type twin struct {
	fields []Field
	r      *jsonReader
}

func newTwin(fields []Field, m Mapping) *twin {
	var want []wanted
	for _, f := range fields {
		want = append(want, m.want(f))
	}
	return &twin{fields, newJSONReader(want, fields, nil)}
}

// read returns the record and its issues; careful skips the fast walk.
func (w *twin) read(line string, careful bool) string {
	var b Batch
	b.reset(w.fields, 1)
	w.r.start(&b)
	if careful {
		w.r.careful(&b, 0, []byte(line))
	} else {
		w.r.record(&b, 0, []byte(line))
	}
	w.r.finish(&b)
	out := row(w.fields, &b, 0)
	for k, tally := range b.log.kinds {
		for _, p := range tally.first {
			out += fmt.Sprintf(" [%s %s]", IssueKind(k), p.field)
		}
	}
	return out
}

func (w *twin) check(t interface{ Fatalf(string, ...any) }, line string) {
	fast, careful := w.read(line, false), w.read(line, true)
	if fast != careful && validJSON(line) {
		t.Fatalf("%q:\nfast    %s\ncareful %s", line, fast, careful)
	}
}

// TestEscapesAreResolvedFirst reads strings of which only the content, not the text that stands in the line, tells what they are.
func TestEscapesAreResolvedFirst(t *testing.T) {
	for _, line := range []string{
		`{"session":"\n{\"score\":1}"}`, `{"session":"\r\t{\"score\":1}"}`, `{"session":"\u007b\"score\":1}"}`,
		`{"session":"\n"}`, `{"session":"\u0020"}`, `{"session":"\n{\"score\":\"\\n\"}"}`,
		`{"session":{"error":"\n"}}`, `{"session":{"error":"\t \u0020"}}`, `{"session":{"error":"\u005b]"}}`, `{"session":{"error":"\u005b1]"}}`,
		"{\"onboarding\":\"{\\\"score\\\":{\\\"reason_codes\\\":\\\"a\xff\\\"}}\"}", "{\"onboarding\":\"{\\\"score\\\":{\\\"reason_codes\\\":\\\"a\ufffd\\\"}}\"}",
		"{\"session\": \"{\\\"score\\\":5,\\\"x\\\":\\\"\xff\\\"}\"}",
	} {
		if !validJSON(line) {
			t.Fatalf("%s is no JSON", line)
		}
		newTwin(allFields, Mapping{}).check(t, line)
	}
}

// TestUnreadScalars reads lines that are no JSON because of a value that nobody looks into.
func TestUnreadScalars(t *testing.T) {
	for _, value := range []string{`1{}`, `1[}`, `a[b{}`, `1:2`, `1"`, `{"y":1{}`} {
		for _, line := range []string{`{"x":` + value + `}`, `{"x":` + value + `,"session":{"score":5}}`, `{"session":{"x":` + value + `,"score":5}}`} {
			if newTwin(allFields, Mapping{}).walks(line) {
				t.Errorf("%s was walked", line)
			}
		}
	}
}

// validJSON reports whether a line is one JSON value, and so are the texts in it that begin as objects do: a response may stand in one.
// It nests deeper than json.Valid allows.
func validJSON(line string) bool {
	dec := json.NewDecoder(strings.NewReader(line))
	for depth := 0; ; {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		if text, is := tok.(string); is && strings.HasPrefix(strings.TrimSpace(text), "{") && !validJSON(text) {
			return false
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			_, err := dec.Token()
			return err != nil && err.Error() == "EOF"
		}
	}
}

// responses are single lines and what becomes of the products: session, onboarding.
var responses = []struct{ line, session, onboarding string }{
	{`{}`, "absent", "absent"},
	{`{"customer_id":"c","amount":5}`, "absent", "absent"},
	{`{"session":{"score":649}}`, "649", "absent"},
	{`{"session":{"score":"649"}}`, "649", "absent"},
	{`{"session":{"score":649.0}}`, "649", "absent"},
	{`{"session":{"score":1e2}}`, "100", "absent"},
	{`{"session":{"score":0},"onboarding":{"score":{"score":1000}}}`, "0", "1000"},
	{`{"session":{"score":1001}}`, "rejected", ""},
	{`{"session":{"score":-1}}`, "rejected", ""},
	{`{"session":{"score":649.5}}`, "rejected", ""},
	{`{"session":{"score":"NaN"}}`, "rejected", ""},
	{`{"session":{"score":1e400}}`, "rejected", ""},
	{`{"session":{"score":{"a":1}}}`, "rejected", ""},
	{`{"session":{"score":[1]}}`, "rejected", ""},
	{`{"session":{"score":true}}`, "rejected", ""},
	{`{"session":null,"onboarding":null}`, "absent", "absent"},
	{`{"session":{},"onboarding":{}}`, "no score", "no score"},
	{`{"session":{"score":null}}`, "no score", "absent"},
	{`{"session":{"score":""}}`, "no score", "absent"},
	{`{"session":""}`, "absent", "absent"},
	{`{"session":"{\"score\":\"649\",\"x\":\"a\\nb\"}"}`, "649", "absent"},
	{`{"session":"{\"score\":"}`, "rejected", ""},
	{`{"session":"<html>"}`, "rejected", ""},
	{`{"session":404}`, "rejected", ""},
	{`{"session":[1]}`, "rejected", ""},
	{`{"session":true}`, "rejected", ""},
	{`{"session":{"status":"processing","message":"x"}}`, "processing", "absent"},
	{`{"session":{"status":"not_called"}}`, "not_called", "absent"},
	{`{"session":{"status":"ok","score":5}}`, "5", "absent"},
	{`{"session":{"status":"ok"}}`, "no score", "absent"},
	{`{"session":{"status":"error","score":5}}`, "error", "absent"},
	{`{"session":{"status":404}}`, "missing", "absent"},
	{`{"session":{"status":"404"}}`, "missing", "absent"},
	{`{"session":{"status":500}}`, "error", "absent"},
	{`{"session":{"status":"strange"}}`, "rejected", ""},
	{`{"session":{"status":"strange","score":5}}`, "rejected", ""},
	{`{"session":{"status":"strange","error":"x"}}`, "error", "absent"},
	{`{"session":{"status":{"a":1}}}`, "rejected", ""},
	{`{"session":{"status_code":404}}`, "missing", "absent"},
	{`{"session":{"statusCode":"403"}}`, "error", "absent"},
	{`{"session":{"code":399}}`, "no score", "absent"},
	{`{"session":{"code":400}}`, "error", "absent"},
	{`{"session":{"code":400,"score":7}}`, "7", "absent"},
	{`{"session":{"error":null}}`, "no score", "absent"},
	{`{"session":{"error":"x"}}`, "error", "absent"},
	{`{"session":{"errors":[]}}`, "no score", "absent"},
	{`{"session":{"errors":[1]}}`, "error", "absent"},
	{`{"session":{"domain":{"score":649}}}`, "649", "absent"},
	{`{"session":{"domain":"example.com"}}`, "no score", "absent"},
	{`{"session":{"domain":{"error":"x"}}}`, "error", "absent"},
	{`{"session_score":5,"onboarding_score":"6","score":7}`, "5", "6"},
	{`{"session.score":5,"onboarding.score.score":6}`, "5", "6"},
	{`{"session_status":"processing"}`, "processing", "absent"},
	{`{"session_status":"ok"}`, "no score", "absent"},
	{`{"onboarding":{"score":700}}`, "absent", "700"},
	{`{"onboarding":{"phone":{"score":1}}}`, "absent", "no score"},
	{`{"onboarding":{"status":"processing"}}`, "absent", "processing"},
	{`{"onboarding":{"score":{"status":"error"}}}`, "absent", "error"},
	// Bare responses.
	{`{"score":649,"score_cluster":"high"}`, "649", "absent"},
	{`{"score":"649","status":"active"}`, "649", "absent"},
	{`{"score":649,"session":null}`, "absent", "absent"},
	{`{"score":649,"onboarding":{}}`, "absent", "no score"},
	{`{"status":"processing","message":"x"}`, "processing", "absent"},
	{`{"status":404}`, "missing", "absent"},
	{`{"error":"x"}`, "error", "absent"},
	{`{"status_code":500}`, "error", "absent"},
	{`{"domain":{"score":9}}`, "9", "absent"},
	{`{"score":{"score":735}}`, "absent", "735"},
	{`{"phone":{"score":1},"score":{"score":735}}`, "absent", "735"},
	{`{"phone":{"score":1}}`, "absent", "no score"},
	{`{"phone":{"score":1},"status":"processing"}`, "absent", "processing"},
	{`{"customer_id":"c","phone":"3912345678","session":{"score":3}}`, "3", "absent"},
}

func TestResponses(t *testing.T) {
	fields := []Field{{"session", KindState}, {"onboarding", KindState}}
	w := newTwin(fields, Mapping{})
	for _, test := range responses {
		want := "session=" + test.session + " onboarding=" + test.onboarding
		for _, careful := range []bool{false, true} {
			got := w.read(test.line, careful)
			if test.session == "rejected" {
				got, want = got[:len("rejected")], "rejected"
			}
			if got != want {
				t.Errorf("%s (careful: %v): got %s, want %s", test.line, careful, got, want)
			}
		}
	}
}

// oddities are lines whose whole record is at stake.
var oddities = []struct{ line, issue string }{
	{`{"session":{"\u0073core":649}}`, ""},
	{`{"session":{"score":649,"score":649}}`, "duplicate_key session.score"},
	{`{"session":{"score":649,"\u0073core":649}}`, "duplicate_key session.score"},
	{`{"session":{"Score":649}}`, "wrong_case_key session.score"},
	{`{"SESSION":{"score":649}}`, "wrong_case_key session"},
	{`{"session":{"score":649},"session":{}}`, "duplicate_key session"},
	{`{"x":1,"x":2}`, ""},
	{`{"x":"\u0000\ud800"}`, ""},
	{`{"customer_id":"a` + "\xff" + `"}`, "bad_utf8 customer_id"},
	{`{"customer_id":"\ud83d\ude00 \ud800 \n"}`, ""},
	{`{"customer_id":"a` + "\x00" + `"}`, "bad_json "},
	{`{"customer_id":"\x"}`, "bad_json "},
	{`{"customer_id":"\u12"}`, "bad_json "},
	{`{"customer_id":"a"`, "bad_json "},
	{`{"customer_id":"a`, "bad_json "},
	{`{"customer_id":`, "bad_json "},
	{`{"customer_id"`, "bad_json "},
	{`{`, "bad_json "},
	{`{"amount":01}`, "bad_json "},
	{`{"amount":+1}`, "bad_json "},
	{`{"amount":NaN}`, "bad_json "},
	{`{"amount":1,}`, "bad_json "},
	{`{"amount":1}{"amount":2}`, "bad_json "},
	{`{"amount":1} x`, "bad_json "},
	{`{"amount":1}}`, "bad_json "},
	{`[1]`, "bad_json "},
	{`"{}"`, "bad_json "},
	{`null`, "bad_json "},
	{`{"x":[}]}`, "bad_json "},
	{`{"amount":"NaN"}`, "nan_amount amount"},
	{`{"amount":-1}`, "negative_amount amount"},
	{`{"amount":1e13}`, "bad_amount amount"},
	{`{"amount":[1]}`, "bad_type amount"},
	{`{"mouse":1e400}`, "bad_number mouse"},
	{`{"session":{"has_ai_agent":"maybe"}}`, "bad_boolean session.has_ai_agent"},
	{`{"session":{"has_ai_agent":2.0}}`, "bad_boolean session.has_ai_agent"},
	{`{"session":{"has_ai_agent":1.0}}`, ""},
	{`{"session":{"score_cluster":"hi"}}`, "unknown_cluster session.score_cluster"},
	{`{"label":"perhaps"}`, "unknown_label label"},
	{`{"label":0.0}`, ""},
	{`{"action":"go"}`, "unknown_action action"},
	{`{"timestamp":"yesterday"}`, "unreadable_time timestamp"},
	{`{"onboarding":{"score":{"reason_codes":["RC001","TC002"]}}}`, ""},
	{`{"onboarding":{"score":{"reason_codes":[1]}}}`, "bad_type onboarding.reason_codes"},
	{`{"session":"{\"score\":1,\"score\":2}"}`, "duplicate_key session.score"},
	{`{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, ""},
	{`{"session":` + strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000) + `}`, ""},
	{`{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 19999) + `}`, "bad_json "},
}

func TestOddities(t *testing.T) {
	for _, test := range oddities {
		w := newTwin(allFields, Mapping{})
		// The second reading has learned the keys.
		for _, careful := range []bool{false, true, false} {
			got := w.read(test.line, careful)
			_, issue, _ := strings.Cut(got, " [")
			issue = strings.TrimSuffix(issue, "]")
			if issue != test.issue {
				t.Errorf("%.80q (careful: %v): got %q, want %q", test.line, careful, issue, test.issue)
			}
		}
	}
}

func TestCodesAndText(t *testing.T) {
	w := newTwin([]Field{{"onboarding.reason_codes", KindCodes}, {CustomerID, KindText}}, Mapping{})
	for line, want := range map[string]string{
		`{"onboarding":{"score":{"reason_codes":["RC001","TC002"]}}}`:  "onboarding.reason_codes=RC001,TC002 customer_id=",
		`{"onboarding":{"score":{"reason_codes":"RC001"}}}`:            "onboarding.reason_codes=RC001 customer_id=",
		`{"onboarding_reason_codes":[],"customer_id":12}`:              "onboarding.reason_codes= customer_id=12",
		`{"customer_id":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x"}`: "onboarding.reason_codes= customer_id=a\"\\/\b\f\n\r\té😀\ufffdx",
		`{"customer_id":"","onboarding":{"customer_id":"z"}}`:          "onboarding.reason_codes= customer_id=z",
	} {
		for _, careful := range []bool{false, true} {
			if got := w.read(line, careful); got != want {
				t.Errorf("%s (careful: %v):\ngot  %q\nwant %q", line, careful, got, want)
			}
		}
	}
}

func TestMappedPlaces(t *testing.T) {
	m := Mapping{Fields: map[string]string{"session": "raw.sess", "onboarding.score": "score", Amount: "eur"}}
	w := newTwin([]Field{{"session", KindState}, {"onboarding", KindState}, {Amount, KindAmount}}, m)
	got := w.read(`{"raw":{"sess":{"score":5}},"session":{"score":6},"score":7,"eur":"1.5","amount":3}`, false)
	if want := "session=5 onboarding=7 amount=150"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w = newTwin([]Field{{"login", KindState}, {"session", KindState}}, Mapping{Bare: "login"})
	if got, want := w.read(`{"score":5}`, false), "login=5 session=absent"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Raw responses in a column: the text stands at a place, and only fields below it are touched.
func TestPrefixedReader(t *testing.T) {
	fields := []Field{{"session", KindState}, {"session.score_cluster", KindCluster}, {Amount, KindAmount}}
	var want []wanted
	for _, f := range fields {
		want = append(want, Mapping{}.want(f))
	}
	r := newJSONReader(want, fields, Path{"session"})
	for text, wanted := range map[string]string{
		`{"score":649,"score_cluster":"high"}`: "session=649 session.score_cluster=high amount=77",
		``:                                     "session=absent session.score_cluster=missing amount=77",
		`null`:                                 "session=absent session.score_cluster=missing amount=77",
		`{"error":"x"}`:                        "session=error session.score_cluster=missing amount=77",
		`{}`:                                   "session=no score session.score_cluster=missing amount=77",
		`"{\"score\":1}"`:                      "session=1 session.score_cluster=missing amount=77",
		`[]`:                                   "rejected",
		`12`:                                   "rejected",
		`<html>`:                               "rejected",
		`{"score":649`:                         "rejected",
	} {
		var b Batch
		b.reset(fields, 1)
		b.Cols[2].I64[0] = 77
		r.start(&b)
		r.record(&b, 0, []byte(text))
		r.finish(&b)
		if got := row(fields, &b, 0); got != wanted {
			t.Errorf("%s: got %s, want %s", text, got, wanted)
		}
	}
}

// genJSON makes JSON that is mostly like a history and sometimes odd.
func genJSON(keys []string) *rapid.Generator[string] {
	scalars := []string{`649`, `"649"`, `649.0`, `1e2`, `1001`, `-1`, `0.5`, `1e400`, `"NaN"`, `null`, `true`, `"false"`, `""`, `"high"`,
		`"ok"`, `"processing"`, `404`, `"a\u0041\n"`, "\"\xff\"", `"\ud800"`, `"{\"score\":1}"`, `"{\"score\":"`, `"[]{}\\"`, `"2024-01-01T00:00:00Z"`,
		`"\"}{\\"`, `12345678901234567890`, "\"caf\u00e9 \u2028\"", `"12345678"`, `"1234567"`}
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			space := rapid.SampledFrom([]string{"", "", "", " ", "\t"}).Draw(t, "space")
			if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
				return space + rapid.SampledFrom(scalars).Draw(t, "scalar")
			}
			var parts []string
			list := rapid.IntRange(0, 6).Draw(t, "list") == 0 && depth < 4
			for range rapid.IntRange(0, 5).Draw(t, "n") {
				v := value(depth-1).Draw(t, "v")
				if !list {
					v = `"` + rapid.SampledFrom(keys).Draw(t, "key") + `"` + space + ":" + v
				}
				parts = append(parts, v)
			}
			if list {
				return "[" + strings.Join(parts, space+",") + "]" + space
			}
			return "{" + strings.Join(parts, ","+space) + space + "}"
		})
	}
	return value(4)
}

var oddKeys = []string{"session", "onboarding", "score", "score", "status", "phone", "email", "domain", "score_cluster", "reason_codes", "Score",
	`\u0073core`, "error", "errors", "code", "status_code", "customer_id", "amount", "label", "timestamp", "mouse", "has_ai_agent",
	"session_score", "session.score", "onboarding_score", "phone_score_cluster", "x", "y", "long_key_of_no_interest", `q\"`, "decision"}

func TestFastIsCareful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTwin(allFields, Mapping{})
		gen := genJSON(oddKeys)
		for range 8 { // one reader, so that what it learns of one line is tried on the next
			line := gen.Draw(t, "line")
			if rapid.IntRange(0, 4).Draw(t, "damage") == 0 && len(line) > 2 {
				line = line[:rapid.IntRange(1, len(line)).Draw(t, "cut")]
			}
			w.check(t, line)
			if rapid.IntRange(0, 4).Draw(t, "vary") == 0 {
				w.r.root.vary()
			}
		}
	})
}

func FuzzJSONLine(f *testing.F) {
	for _, test := range responses {
		f.Add(test.line, `{"session":{"score":1}}`)
	}
	for _, test := range oddities {
		if len(test.line) < 1000 {
			f.Add(test.line, test.line)
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		w := newTwin(allFields, Mapping{})
		for _, line := range []string{first, second, first} {
			w.check(t, line)
		}
		w.r.root.vary()
		for _, line := range []string{first, second, first} {
			w.check(t, line)
		}
	})
}

// vary has the next models end comparisons before every value, as if they had all been found to vary.
func (n *node) vary() {
	for k := range n.steps {
		n.steps[k].varies = true
	}
	n.like.wait = 0
	for _, kid := range n.kids {
		kid.vary()
	}
}

func TestSkipNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(genJSON([]string{"a", "b{", "c]", `d\"`, "éé_~|"}).Draw(t, "text"))
		if text[0] != '{' && text[0] != '[' {
			return
		}
		padded := []byte(text + `"]}{[\\\` + "       ")
		if got := skipNested(padded, 0, len(text)); got != len(text) {
			t.Fatalf("%q: got %d, want %d", text, got, len(text))
		}
		cut := rapid.IntRange(1, len(text)-1).Draw(t, "cut")
		if got := skipNested(padded, 0, cut); got >= 0 {
			t.Fatalf("%q cut at %d: got %d", text, cut, got)
		}
	})
}

// TestSkipStrings compares the three ways to a string's end with a count of bytes.
func TestSkipStrings(t *testing.T) {
	content := rapid.StringOfN(rapid.RuneFrom([]rune("abé\\\\\"\"\n\x00\x1f ")), 0, 24, -1)
	rapid.Check(t, func(t *rapid.T) {
		for range 50 {
			text := `"` + content.Draw(t, "content") + `"`
			slow, odd := 1, false
			for text[slow:] != "" && text[slow] != '"' {
				if odd = odd || text[slow] == '\\' || text[slow] < ' '; text[slow] == '\\' {
					slow++
				}
				slow = min(slow+1, len(text))
			}
			slow++
			padded := []byte(text + `" "stale`)
			if got := skipString(padded, 1); got != slow && slow <= len(text) {
				t.Fatalf("%q: got %d, want %d", text, got, slow)
			}
			if got := skipPlain(padded, 1); odd && got != bad || !odd && got != slow {
				t.Fatalf("%q: got %d, want %d, or %d where it is odd: %v", text, got, slow, bad, odd)
			}
			if got := skipShort(padded, 0); got != slow && (got != bad || !odd && slow <= len(`"1234567"`)) {
				t.Fatalf("%q: got %d from a look at one word, want %d", text, got, slow)
			}
		}
	})
}

// TestSkipFlat holds that what is passed over in vectors is what the careful count of brackets passes over.
func TestSkipFlat(t *testing.T) {
	if got, want := skipFlat([]byte(`{"a":"b","c":1}`), 0, 15), 15; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	brackets := rapid.StringOfN(rapid.RuneFrom([]rune(`{}[]"\a`)), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		for range 50 {
			text := "{" + brackets.Draw(t, "text")
			padded := []byte(text + `"]}{[\\\` + "       ")
			if got, want := skipFlat(padded, 0, len(text)), skipNested(padded, 0, len(text)); got >= 0 && got != want {
				t.Fatalf("%q: got %d, want %d", text, got, want)
			}
		}
	})
}

func TestFoundColumns(t *testing.T) {
	_, a, err := readText(t, `{"session":{"score":1},"is_fraud":1}`+"\n"+`{"session_score":2}`, Field{"session", KindState},
		Field{LabelField, KindLabel}, Field{Amount, KindAmount})
	if err != nil {
		t.Fatal(err)
	}
	want := []Found{{Field{"session", KindState}, Path{"session", "score"}}, {Field{LabelField, KindLabel}, Path{"is_fraud"}},
		{Field{Amount, KindAmount}, nil}}
	if diff := cmp.Diff(want, a.Files[0].Columns); diff != "" {
		t.Error(diff)
	}
}
