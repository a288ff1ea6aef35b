package main

import (
	"fmt"
	"strings"
)

// plainRecord is a record that nothing is wrong with.
const plainRecord = `{"customer_id":"a","session":{"score":551,"score_cluster":"high"}}` + "\n"

// lined returns the records as JSON lines.
func lined(records ...string) string { return strings.Join(records, "\n") + "\n" }

// session returns a record whose session score is the JSON text.
func session(score string) string { return `{"session":{"score":` + score + `}}` }

// among returns a file with a good record, the record, and another good one: what is wrong with it is on line 2.
func among(record string) string {
	return plainRecord + record + "\n" + strings.ReplaceAll(plainRecord, `"a"`, `"b"`)
}

// hostileEncodings are texts that are not, or not quite, JSON lines in UTF-8.
func hostileEncodings() []hostile {
	utf16 := func(text string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	}
	deep := func(open, shut string, n int) string {
		return `{"session":{"score":551},"x":` + strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) + "}\n"
	}
	return []hostile{
		{name: "empty.jsonl", data: "", want: accepted(0)},
		{name: "blank.jsonl", data: " \n\t\r\n\n", want: accepted(0)},
		{name: "bom.jsonl", data: "\xef\xbb\xbf" + plainRecord, want: accepted(1)},
		{name: "bom-alone.jsonl", data: "\xef\xbb\xbf", want: accepted(0)},
		{name: "bom-twice.jsonl", data: "\xef\xbb\xbf\xef\xbb\xbf" + plainRecord, want: refused("the header: ")},
		{name: "bom-inside.jsonl", data: plainRecord + "\xef\xbb\xbf" + plainRecord, want: accepted(2, "bad_json 2")},
		{name: "utf16-le.jsonl", data: "\xff\xfe" + utf16(plainRecord), want: refused("UTF-16")},
		{name: "utf16-be.jsonl", data: "\xfe\xff\x00{", want: refused("UTF-16")},
		{name: "utf16-no-bom.jsonl", data: utf16(plainRecord), want: accepted(2, "bad_json 1,2")},
		{name: "nul-run.jsonl", data: plainRecord + strings.Repeat("\x00", 9000) + "\n" + plainRecord[:len(plainRecord)-1], want: accepted(3, "bad_json 2", "duplicate_id 3 (noted)")},
		{name: "nul-first.jsonl", data: strings.Repeat("\x00", 9000), want: refused("not Parquet, JSON lines or CSV")},
		{name: "nul-in-id.jsonl", data: among(`{"customer_id":"a` + "\x00" + `","session":{"score":5}}`), want: accepted(3, "bad_json 2")},
		{name: "latin1-id.jsonl", data: among("{\"customer_id\":\"caf\xe9\",\"session\":{\"score\":5}}"), want: accepted(3, "bad_utf8 2"),
			but: map[string]outcome{"replay": accepted(3, "bad_utf8 2")}},
		{name: "latin1-elsewhere.jsonl", data: among("{\"note\":\"caf\xe9\",\"session\":{\"score\":5}}"), want: accepted(3),
			but: map[string]outcome{"convert": accepted(3, "bad_utf8 2")}},
		{name: "crlf.jsonl", data: strings.ReplaceAll(plainRecord, "\n", "\r\n"), want: accepted(1)},
		{name: "cr-only.jsonl", data: strings.ReplaceAll(among(session("5")), "\n", "\r"), want: accepted(1, "bad_json 1")},
		{name: "no-final-newline.jsonl", data: strings.TrimSuffix(among(session("5")), "\n"), want: accepted(3)},
		{name: "cut-last-line.jsonl", data: among(session("5"))[:150], want: accepted(3, "bad_json 3")},
		{name: "two-on-a-line.jsonl", data: among(session("5") + session("6")), want: accepted(3, "bad_json 2")},
		{name: "two-with-comma.jsonl", data: among(session("5") + "," + session("6")), want: accepted(3, "bad_json 2")},
		{name: "pretty.jsonl", data: "{\n \"session\": {\n  \"score\": 551\n }\n}\n", want: accepted(5, "bad_json 1,2,3,4,5")},
		{name: "array.jsonl", data: "[" + session("5") + "]\n", want: refused("jq -c '.[]'")},
		{name: "array-line.jsonl", data: among("[1]"), want: accepted(3, "bad_json 2")},
		{name: "null-line.jsonl", data: among("null"), want: accepted(3, "bad_json 2")},
		{name: "null-first.jsonl", data: "null\n" + plainRecord, want: refused("not Parquet, JSON lines or CSV")},
		{name: "text-line.jsonl", data: among(`"{}"`), want: accepted(3, "bad_json 2")},
		{name: "log-prefix.jsonl", data: among("2026-01-01 INFO " + session("5")), want: accepted(3, "bad_json 2")},
		{name: "single-quotes.jsonl", data: among(`{'session':{'score':5}}`), want: accepted(3, "bad_json 2")},
		{name: "comment.jsonl", data: among(`{"session":{"score":5}} // ok`), want: accepted(3, "bad_json 2")},
		{name: "trailing-comma.jsonl", data: among(`{"session":{"score":5},}`), want: accepted(3, "bad_json 2")},
		{name: "html.jsonl", data: "<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n", want: refused("not Parquet, JSON lines or CSV")},
		{name: "html-line.jsonl", data: among("<html><body>502, sorry</body></html>"), want: accepted(3, "bad_json 2")},
		{name: "duplicate-key.jsonl", data: among(`{"session":{"score":5,"score":6}}`), want: accepted(3, "duplicate_key 2")},
		{name: "duplicate-key-escaped.jsonl", data: among(`{"session":{"score":5,"\u0073core":6}}`), want: accepted(3, "duplicate_key 2")},
		{name: "duplicate-response.jsonl", data: among(`{"session":{"score":5},"session":{"score":6}}`), want: accepted(3, "duplicate_key 2")},
		{name: "wrong-case-key.jsonl", data: among(`{"session":{"Score":5}}`), want: accepted(3, "wrong_case_key 2")},
		{name: "wrong-case-response.jsonl", data: among(`{"SESSION":{"score":5}}`), want: accepted(3, "wrong_case_key 2")},
		{name: "wrong-case-id.jsonl", data: among(`{"Customer_ID":"x","session":{"score":5}}`), want: accepted(3, "wrong_case_key 2")},
		{name: "lone-surrogate.jsonl", data: among(`{"customer_id":"\ud800","session":{"score":5}}`), want: accepted(3)},
		{name: "bad-escape.jsonl", data: among(`{"customer_id":"\x","session":{"score":5}}`), want: accepted(3, "bad_json 2")},
		{name: "deep-lists.jsonl", data: deep("[", "]", 20_000), want: accepted(1)},
		{name: "deep-objects.jsonl", data: deep(`{"a":`, "}", 20_000), want: accepted(1)},
		{name: "deep-below-the-decoders-limit.jsonl", data: deep(`{"a":`, "}", 9_000), want: accepted(1)},
		{name: "deep-unclosed.jsonl", data: deep(`{"a":`, "", 20_000), want: accepted(1, "bad_json 1")},
		{name: "deep-in-response.jsonl", data: `{"session":` + strings.Repeat(`{"domain":`, 20_000) + "1" + strings.Repeat("}", 20_001) + "\n", want: accepted(1)},
	}
}

// hostileResponses are what an API gives in place of an answer.
func hostileResponses() []hostile {
	hub := `{"customer_id":"3","onboarding":{"phone":{"score":"700"},"score":{"score":"735","score_cluster":"high","reason_codes":"RC001,TC002"}},"session":{"score":"551"}}`
	return []hostile{
		{name: "processing.jsonl", data: among(`{"session":{"status":"processing","message":"try again in 5 s"}}`), want: accepted(3), as: "2 ok, 1 processing"},
		{name: "processing-code.jsonl", data: among(`{"session":{"statusCode":202}}`), want: accepted(3), as: "2 ok, 1 processing"},
		{name: "error-body.jsonl", data: among(`{"session":{"error":{"code":"QUOTA","message":"x"}}}`), want: accepted(3), as: "1 error, 2 ok"},
		{name: "error-list.jsonl", data: among(`{"session":{"errors":[{"code":1}]}}`), want: accepted(3), as: "1 error, 2 ok"},
		{name: "http-404.jsonl", data: among(`{"session":{"status_code":404}}`), want: accepted(3), as: "1 missing, 2 ok"},
		{name: "http-500.jsonl", data: among(`{"session":{"status":500}}`), want: accepted(3), as: "1 error, 2 ok"},
		{name: "html-for-response.jsonl", data: among(`{"session":"<html><body>502 Bad Gateway</body></html>"}`), want: accepted(3, "bad_response 2")},
		{name: "text-for-response.jsonl", data: among(`{"session":"Service Unavailable"}`), want: accepted(3, "bad_response 2")},
		{name: "list-for-response.jsonl", data: among(`{"session":[{"score":5}]}`), want: accepted(3, "bad_response 2")},
		{name: "number-for-response.jsonl", data: among(`{"session":404}`), want: accepted(3, "bad_response 2")},
		{name: "true-for-response.jsonl", data: among(`{"session":true}`), want: accepted(3, "bad_response 2")},
		{name: "null-response.jsonl", data: among(`{"session":null}`), want: accepted(3), as: "1 absent, 2 ok"},
		{name: "empty-response.jsonl", data: among(`{"session":{}}`), want: accepted(3), as: "3 ok"},
		{name: "empty-text-response.jsonl", data: among(`{"session":""}`), want: accepted(3), as: "1 absent, 2 ok"},
		{name: "no-response.jsonl", data: among(`{"customer_id":"c"}`), want: accepted(3), as: "1 absent, 2 ok"},
		{name: "response-as-text.jsonl", data: among(`{"session":"{\"score\":\"649\"}"}`), want: accepted(3), as: "3 ok"},
		{name: "response-as-cut-text.jsonl", data: among(`{"session":"{\"score\":6"}`), want: accepted(3, "bad_response 2")},
		{name: "response-as-text-twice.jsonl", data: among(`{"session":"\"{}\""}`), want: accepted(3, "bad_response 2")},
		{name: "all-strings.jsonl", data: among(hub), want: accepted(3), as: "3 ok"},
		{name: "unknown-status.jsonl", data: among(`{"session":{"status":"shiny"}}`), want: accepted(3, "unknown_status 2")},
		{name: "cluster-of-another-scale.jsonl", data: among(`{"session":{"score":5,"score_cluster":"medium"}}`), want: accepted(3, "unknown_cluster 2")},
		{name: "cluster-in-capitals.jsonl", data: among(`{"session":{"score":5,"score_cluster":"VERY_LOW"}}`), want: accepted(3), as: "3 ok"},
		{name: "codes-as-numbers.jsonl", data: among(`{"onboarding":{"score":{"score":5,"reason_codes":[1,2]}}}`), want: accepted(3, "bad_type 2"),
			but: map[string]outcome{"replay": accepted(3)}}, // guide-session reads none
	}
}

// hostileNumbers are scores and amounts at and beyond every edge.
func hostileNumbers() []hostile {
	score := map[string]string{
		"0": "", "1000": "", "-0": "", "649.0": "", "6.49e2": "", `"649"`: "", `" 649 "`: "", `"0649"`: "", "null": "", `""`: "",
		"-1": "score_out_of_range", "1001": "score_out_of_range", "1e400": "score_out_of_range", "-1e400": "score_out_of_range",
		"99999999999999999999": "score_out_of_range", "649.5": "bad_score", `"NaN"`: "bad_score", `"Infinity"`: "bad_score", `"0x10"`: "bad_score",
		`"1_000"`: "bad_score", `"1,000"`: "bad_score", "true": "bad_score", "[5]": "bad_type", `{"value":5}`: "bad_type",
		"NaN": "bad_json", "Infinity": "bad_json", "01": "bad_json", "+1": "bad_json", ".5": "bad_json", "1.": "bad_json", "0x10": "bad_json",
	}
	amount := map[string]string{
		"0": "", "-0": "", "0.005": "", "1e11": "", "999999999999.99": "", `"12.50"`: "", "null": "",
		"-1": "negative_amount", `"-0.01"`: "negative_amount", `"NaN"`: "nan_amount", "1e12": "bad_amount", "1e400": "bad_amount",
		`"Infinity"`: "bad_amount", `"1,50"`: "bad_amount", `"EUR 5"`: "bad_amount", "99999999999999999999": "bad_amount", "true": "bad_amount", "[1]": "bad_type",
	}
	var out []hostile
	add := func(field string, texts map[string]string, record func(string) string) {
		for text, issue := range texts {
			want := accepted(3)
			if issue != "" {
				want = accepted(3, issue+" 2")
			}
			out = append(out, hostile{name: fmt.Sprintf("%s-%s.jsonl", field, fileWord(text)), data: among(record(text)), want: want})
		}
	}
	add("score", score, session)
	add("amount", amount, func(text string) string { return `{"session":{"score":5},"amount":` + text + `}` })
	sums := strings.Repeat(`{"session":{"score":5},"amount":999999999999.99}`+"\n", 100_000)
	over := refused("amount: those of all records add up to more than")
	return append(out, hostile{name: "sums-overflow.jsonl", data: sums, want: over, but: map[string]outcome{"convert": accepted(100_000)}})
}

// fileWord makes of a JSON value what every file system takes for a part of a name.
func fileWord(value string) string {
	if text, is := strings.CutPrefix(value, `"`); is {
		value = "text-" + strings.TrimSuffix(text, `"`)
	}
	return strings.NewReplacer(`"`, "", ":", ".", "/", "-", " ", "_").Replace(value)
}

// hostileLabels are outcomes in the record itself.
func hostileLabels() []hostile {
	label := func(text string) string { return `{"session":{"score":5},"label":` + text + `}` }
	return []hostile{
		{name: "label-words.jsonl", data: lined(label(`"ko"`), label(`"OK"`), label("1"), label("0.0"), label("true"), label("null"), label(`""`)), want: accepted(7)},
		{name: "label-unknown.jsonl", data: among(label(`"maybe"`)), want: accepted(3, "unknown_label 2")},
		{name: "label-number.jsonl", data: among(label("2")), want: accepted(3, "unknown_label 2")},
		{name: "label-half.jsonl", data: among(label("0.5")), want: accepted(3, "unknown_label 2")},
		{name: "label-nan.jsonl", data: among(label(`"NaN"`)), want: accepted(3, "unknown_label 2")},
		{name: "label-object.jsonl", data: among(label(`{"is":1}`)), want: accepted(3, "bad_type 2")},
		{name: "label-list.jsonl", data: among(label(`[1]`)), want: accepted(3, "bad_type 2")},
		{name: "action-unknown.jsonl", data: among(`{"session":{"score":5},"action":"shrug"}`), want: accepted(3, "unknown_action 2 (noted)")},
	}
}

// hostileIDs are ids that other programs have made something of.
func hostileIDs() []hostile {
	id := func(text string) string { return `{"session":{"score":5},"customer_id":` + text + `}` }
	return []hostile{
		{name: "id-empty.jsonl", data: lined(id(`""`), id(`""`), id("null")), want: accepted(3)},
		{name: "id-beyond-2-53.jsonl", data: lined(id("9007199254740993"), id("9007199254740992"), id(`"9007199254740993"`)), want: accepted(3, "duplicate_id 3 (noted)")},
		{name: "id-20-digits.jsonl", data: lined(id("18446744073709551617"), id("18446744073709551616")), want: accepted(2)},
		{name: "id-nfc-nfd.jsonl", data: lined(id(`"caf\u00e9"`), id(`"cafe\u0301"`)), want: accepted(2)},
		{name: "id-escaped-twin.jsonl", data: lined(id(`"abc"`), id(`"\u0061bc"`)), want: accepted(2, "duplicate_id 2 (noted)")},
		{name: "id-space.jsonl", data: lined(id(`"a"`), id(`"a "`)), want: accepted(2)},
		{name: "id-object.jsonl", data: among(id(`{"v":1}`)), want: accepted(3, "bad_type 2")},
		{name: "id-true.jsonl", data: among(id("true")), want: accepted(3)},
		{name: "id-long.jsonl", data: among(id(`"` + strings.Repeat("x", 1<<20) + `"`)), want: accepted(3)},
		{name: "id-repeated.jsonl", data: strings.Repeat(id(`"z"`)+"\n", 8), want: accepted(8, "duplicate_id 2,3,4,5,6 and 2 (noted)")},
	}
}

// hostileTimes are times of every spelling, each with the month in UTC that it is of, or the issue. A time without a zone is UTC.
func hostileTimes() []hostile {
	times := map[string]string{
		`"2026-03-31T23:30:00Z"`: "2026-03", `"2026-03-31T23:30:00-05:00"`: "2026-04", `"2026-04-01T00:30:00+09:00"`: "2026-03", `"2026-03-31T23:30:00+0200"`: "2026-03",
		`"2026-03-31 23:30:00"`: "2026-03", `"2026-03-31T23:30"`: "unreadable_time", `"2026-03-31"`: "2026-03", "1774999800": "2026-03", "1774999800000": "2026-03", `"1774999800"`: "2026-03",
		"1774999800000000": "2026-03", "null": "", `""`: "",
		`"2016-12-31T23:59:60Z"`: "unreadable_time", `"0000-01-01T00:00:00Z"`: "unreadable_time", `"9999-12-31T23:59:59Z"`: "unreadable_time",
		`"0001-01-01T00:00:00Z"`: "unreadable_time", `"2026-02-30"`: "unreadable_time", `"31/03/2026"`: "unreadable_time", `"yesterday"`: "unreadable_time",
		`"2026-03-31T24:00:00Z"`: "unreadable_time", `"2026-03-31 23:30:00 CET"`: "unreadable_time", "0": "unreadable_time", "-1": "unreadable_time",
		"20260331": "unreadable_time", "1e12": "unreadable_time", "true": "unreadable_time", `{"$date":1774999800000}`: "bad_type",
	}
	var out []hostile
	for text, what := range times {
		h := hostile{name: "time-" + fileWord(text) + ".jsonl", data: among(`{"session":{"score":5},"timestamp":` + text + `}`), want: accepted(3)}
		switch {
		case strings.HasPrefix(what, "2026"):
			h.as = what
		case what != "":
			h.want = accepted(3, what+" 2")
		}
		out = append(out, h)
	}
	return out
}

// hostileShapes are histories whose keys or columns are data.
func hostileShapes() []hostile {
	var keys, nested, line, header strings.Builder
	line.WriteString(`{"session":{"score":5}`)
	for i := range 20_000 {
		fmt.Fprintf(&keys, `{"session":{"score":5},"k%d":1}`+"\n", i)
		fmt.Fprintf(&nested, `{"session":{"score":5},"seen":{"k%d":{"a":1,"b":2}}}`+"\n", i)
		fmt.Fprintf(&line, `,"k%d":%d`, i, i)
	}
	line.WriteString("}\n")
	for i := range 200_000 {
		fmt.Fprintf(&header, "c%d,", i)
	}
	tooMany := map[string]outcome{"inspect": refused("different keys"), "convert": refused("different keys")}
	return []hostile{
		{name: "ids-for-keys.jsonl", data: keys.String(), want: accepted(20_000), but: tooMany},
		{name: "ids-for-nested-keys.jsonl", data: nested.String(), want: accepted(20_000)},
		{name: "many-keys-on-a-line.jsonl", data: line.String(), want: accepted(1), but: tooMany},
		{name: "wide-header.csv", data: header.String() + "\n1,2\n", want: refused("the header has 200001 columns: want at most 10000")},
		{name: "wide-header-of-commas.csv", data: strings.Repeat(",", 1<<20) + "\n", want: refused("columns: want at most 10000")},
		{name: "same-column-twice.csv", data: "customer_id,session_score,x,x\na,5,1,2\n", want: refused("the header names column 4 as column 3")},
		{name: "wrong-case-column.csv", data: "Customer_ID,session_score\na,5\n", want: refused(`"Customer_ID": write it "customer_id"`),
			but: map[string]outcome{"inspect": refused("Customer_ID")}},
		{name: "short-and-long-rows.csv", data: "customer_id,session_score\na,5\nb\nc,6,7\n", want: accepted(3, "bad_row 3,4")},
		{name: "open-quote.csv", data: "customer_id,session_score\na,5\n\"b,6\nc,7\n", want: refused("lines 3 to 4: a quote is missing")},
		{name: "quoted-line-end.csv", data: "customer_id,session_score,note\na,5,\"two\nlines\"\n", want: accepted(1)},
		{name: "lone-quote.csv", data: "customer_id,session_score\na,5\nb\"b,6\nc,7\n", want: accepted(3, "bad_row 3")},
		{name: "semicolons.csv", data: "customer_id;session_score\na;5\n", want: accepted(1)},
		{name: "header-alone.csv", data: "customer_id,session_score\n", want: accepted(0)},
		{name: "html-with-commas.csv", data: "<html>, sorry\n<p>502</p>\n", want: accepted(1, "bad_row 2")},
		{name: "spreadsheet-formulas.csv", data: "customer_id,session_score,country\n=1+1,5,=cmd|' /C calc'!A0\n", want: accepted(1)},
	}
}
