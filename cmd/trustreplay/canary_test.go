package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
)

// A canary is a value of a person that must be in no output. Each is unlike anything that the program says of its own.
type canary struct {
	kind, value string
	// names are the fields that hold such a value: in the vendor's guides (phone, email, ip, name of the onboarding request, and what
	// a session or a login tells of the device), and as companies call them.
	names []string
}

var canaryFields = []canary{
	{"phone", "393339990007", []string{"phone", "phone_number", "onboarding.phone.number", "onboarding.phone.phone_number", "onboarding.phone.value", "msisdn",
		"customer_phone", "mobileNumber", "onboarding.phones", "tel"}},
	{"email", "canary70@leak.example", []string{"email", "onboarding.email.address", "onboarding.email.email", "onboarding.email.value", "customerEmail", "e-mail", "contact_email"}},
	{"ip", "203.0.113.77", []string{"ip_address", "onboarding.ip.address", "onboarding.ip.ip", "onboarding.ip.value", "session.ip", "session.domain.ip", "session.ips", "client-ip", "remoteAddr"}},
	{"ipv6", "2001:db8::ca:7", []string{"ip", "login.ip"}},
	{"name", "Canariella", []string{"name", "first_name", "onboarding.name.first_name", "onboarding.first_name", "onboarding.email.full_name", "fullName", "login.username", "cardholder_name"}},
	{"surname", "Uccellini", []string{"last_name", "onboarding.name.last_name", "onboarding.last_name", "surname", "onboarding.phone.full_name"}},
	{"user agent", "CanaryBrowser/7.7", []string{"user_agent", "userAgent", "session.header_user_agent", "session.navigator_user_agent", "session.domain.header_user_agent",
		"session.navigator_app_version", "login.header_user_agent"}},
	{"place", "Canaropoli", []string{"city", "session.ip_city", "onboarding.ip.ip_city", "street", "session.header_referer", "onboarding.address"}},
}

// planted returns a history with every canary in every field that may hold it: nested, flat, as one dotted key, in a response
// stored as text, as a key, and in what reads one by mistake.
func planted() string {
	var b strings.Builder
	n := 0
	line := func(record map[string]any) {
		score := 100 + n*37%800
		record["customer_id"] = fmt.Sprintf("canary-id-%d", n)
		record["timestamp"] = fmt.Sprintf("2026-%02d-%02dT10:00:00Z", n%5+1, n%28+1)
		record["amount"] = float64(n)
		record["country"] = []string{"IT", "DE"}[n%2]
		if _, set := record["label"]; !set {
			record["label"] = []string{"ok", "ok", "ok", "ko"}[n%4]
		}
		for name, value := range map[string]any{"session.score": score, "session.score_cluster": clusterOf(score), "session.has_ai_agent": n%9 == 0,
			"onboarding.score.score": 1000 - score, "onboarding.score.score_cluster": clusterOf(1000 - score), "onboarding.score.reason_codes": "RC001,TC002"} {
			put(record, name, value)
		}
		text, err := json.Marshal(record)
		if err != nil {
			panic(err)
		}
		b.Write(append(text, '\n'))
		n++
	}
	for _, c := range canaryFields {
		for _, name := range c.names {
			nested := map[string]any{}
			put(nested, name, c.value)
			line(nested)
			line(map[string]any{name: c.value})
			line(map[string]any{strings.ReplaceAll(name, ".", "_"): c.value})
		}
		if strings.ContainsAny(c.value, "0") { // for a key, a first name is as good as any other name
			line(map[string]any{"seen": map[string]any{c.value: true}, c.value: "x"})
		}
		line(map[string]any{"session_note": `{"` + c.names[0] + `":"` + c.value + `"}`})
		line(map[string]any{"session": c.value})
		line(map[string]any{"device": map[string]any{"ip": map[string]any{"value": c.value}}})
	}
	return b.String()
}

// clusterOf is the published cluster of a score.
func clusterOf(score int) string {
	for i, edge := range replay.Standard.Edges {
		if score < edge {
			return dataset.Clusters[i].String()
		}
	}
	return dataset.VeryHigh.String()
}

// put sets the value at a dotted name.
func put(record map[string]any, name string, value any) {
	first, rest, more := strings.Cut(name, ".")
	if !more {
		if _, set := record[first]; !set {
			record[first] = value
		}
		return
	}
	inner, isMap := record[first].(map[string]any)
	if record[first] != nil && !isMap {
		return
	}
	if inner == nil {
		inner = map[string]any{}
		record[first] = inner
	}
	put(inner, rest, value)
}

// plantedTable returns the same values as columns of a CSV or Parquet file, each by its flat name.
func plantedTable(t *testing.T, format string) string {
	cols := []dataset.TableColumn{{Name: "customer_id"}, {Name: "label"}, {Name: "session_score"}, {Name: "session_score_cluster"}}
	seen := map[string]bool{}
	var values []dataset.Cell
	for _, c := range canaryFields {
		for _, name := range c.names {
			if name = strings.ReplaceAll(name, ".", "_"); !seen[name] {
				seen[name] = true
				cols = append(cols, dataset.TableColumn{Name: name})
				values = append(values, dataset.Cell{Text: c.value})
			}
		}
	}
	var b bytes.Buffer
	table, err := dataset.NewTable(&b, format, cols)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		row := []dataset.Cell{{Text: fmt.Sprintf("canary-id-%d", i)}, {Text: []string{"ok", "ok", "ko"}[i%3]}, {Text: fmt.Sprint(i * 16)}, {Text: clusterOf(i * 16)}}
		if i == 7 {
			row[2].Text = "canary70@leak.example" // an issue, whose value is told by its length
		}
		if err := table.Append(append(row, values...)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// canaryVerbs are the runs that must not leak: one line each. FORMAT is replaced by every format of the verb, history.EXT by
// every file of the history.
var canaryVerbs = []struct {
	name    string
	args    []string
	fixed   bool // it has no formats
	refused bool // always: it is the message that is looked at
}{
	{"inspect", []string{"inspect", "HISTORY"}, false, false},
	{"inspect of mistaken labels", []string{"inspect", "--labels", "labels.csv", "HISTORY"}, false, false},
	{"inspect strictly", []string{"inspect", "--strict", "HISTORY"}, false, true},
	{"replay", []string{"replay", "--policy", "guide-waterfall", "--by", "country", "--decisions", "rows.csv", "HISTORY"}, false, false},
	{"replay with a mapping", []string{"replay", "--policy", "guide-session", "--mapping", "mapping.yaml", "HISTORY"}, false, false},
	{"replay strictly", []string{"replay", "--policy", "guide-session", "--mapping", "mapping.yaml", "--strict", "HISTORY"}, false, true},
	{"replay by a personal field", []string{"replay", "--policy", "guide-session", "--by", "email", "HISTORY"}, false, true},
	{"replay with failures", []string{"replay", "--policy", "guide-waterfall", "--failures", "HISTORY"}, false, false},
	{"replay of rules that read it", []string{"replay", "--policy", "reads.yaml", "--decisions", "rows.parquet", "HISTORY"}, false, true},
	{"compare", []string{"compare", "--champion", "guide-session", "--challenger", "guide-waterfall", "--changes", "rows.csv", "HISTORY"}, false, false},
	{"curve", []string{"curve", "--policy", "guide-session", "--bands", "session=standard", "--picture", "curve.svg", "HISTORY"}, false, false},
	{"calibrate", []string{"calibrate", "--quick", "--champion", "guide-session", "--bands", "session=standard", "--limit", "fraud_rate <= 80%", "--policy-out", "next.yaml", "--certificate", "next.json", "--ledger", "ledger.json", "HISTORY"}, false, false},
	{"verify", []string{"verify", "next.json", "--policy", "next.yaml", "HISTORY"}, false, false},
	{"convert", []string{"convert", "--out", "converted.parquet", "HISTORY"}, false, false},
	{"drift", []string{"drift", "--policy", "guide-session", "--by", "country", "--alarm", "fraud_rate <= 40%", "--state", "alarm.json", "HISTORY"}, false, false},
	{"explore", []string{"explore", "--policy", "table-waterfall", "--by", "country", "--out", "page.html", "HISTORY"}, true, false},
	{"report", []string{"report", "--champion", "guide-session", "--bands", "session=standard", "--limit", "fraud_rate <= 80%", "--by", "country", "--out", "report.html", "HISTORY"}, true, false},
	{"convert to a cube", []string{"convert", "--cube", "--by", "country", "--out", "cube.parquet", "HISTORY"}, false, false},
	{"replay of a cube", []string{"replay", "--policy", "guide-session", "--by", "country", "cube.parquet"}, false, false},
	{"inspect of what was converted", []string{"inspect", "converted.parquet"}, false, false},
	{"lint", []string{"policy", "lint", "reads.yaml"}, true, true},
	{"policy show of a history", []string{"policy", "show", "HISTORY"}, true, true},
	{"replay of a history as policy", []string{"replay", "--policy", "HISTORY", "HISTORY"}, true, true},
	{"labels of a history", []string{"replay", "--policy", "guide-session", "--labels", "headerless.csv", "HISTORY"}, true, true},
	{"headerless", []string{"inspect", "headerless.csv"}, true, true},
}

// TestCanaries runs every verb in every format over histories full of personal data, and looks for it in every byte that comes
// out: standard output and error, every file that is new, whatever the exit code.
func TestCanaries(t *testing.T) {
	t.Chdir(t.TempDir()) // names of files are told in messages
	jsonl := planted()
	files := map[string]string{
		"history.jsonl": jsonl, "history.jsonl.gz": gzipped(jsonl), "history.csv": plantedTable(t, "csv"), "history.parquet": plantedTable(t, "parquet"),
		"labels.csv":     "customer_id,label,email,name\ncanary-id-1,ko,canary70@leak.example,Canariella\ncanary-id-2,canary70@leak.example,x,y\n\"canary70@leak.example\",ok,x,y\n",
		"mapping.yaml":   "fields: {label: first_name, amount: phone_number, action: onboarding.name.last_name, session.score_cluster: name}\n",
		"headerless.csv": "c1,Canariella,Canariella,canary70@leak.example\nc2,a,b,c\n",
		"reads.yaml": "policy: 1\nname: reads\nfirst: session\nrules:\n- name: r\n  when: email == \"x\" || session.ip startsWith \"203\" || customer_id matches \"^z\"\n  then: block\n" +
			policyGate,
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	runs, bytesRead, answered := 0, 0, map[string]int{}
	histories := []string{"history.jsonl", "history.csv", "history.parquet"}
	if *hostileFull {
		histories = append(histories, "history.jsonl.gz")
	}
	for _, history := range histories {
		for _, verb := range canaryVerbs {
			formats := reports.Formats()
			if verb.fixed {
				formats = []string{""}
			} else if !*hostileFull { // json has everything, and one of the others is another writer
				formats = []string{"json", formats[runs%len(formats)]}
			}
			for _, format := range formats {
				args := strings.Split(strings.ReplaceAll(strings.Join(verb.args, "\x00"), "HISTORY", history), "\x00")
				if format != "" {
					args = append(args, "--format", format)
				}
				got := runTool(t, args...)
				runs++
				if got.code == exitDone || got.code == exitNo {
					answered[verb.name]++
				}
				bytesRead += leaks(t, fmt.Sprint(args), "standard output", got.stdout, true) + leaks(t, fmt.Sprint(args), "standard error", got.stderr, true)
			}
		}
		for name, content := range written(t, files) {
			bytesRead += leaks(t, history, name, content, false)
			if filepath.Ext(name) == ".parquet" && name != "cube.parquet" { // compressed; what a cube holds is replayed above
				var rows bytes.Buffer
				dump(t, name, &rows)
				bytesRead += leaks(t, history, name, rows.String(), false)
			}
			os.Remove(name)
		}
	}
	t.Logf("%d canaries in %d spellings, %d runs, %d bytes of output searched; leaks 0", len(canaryFields), spellings(), runs, bytesRead)
	for _, verb := range canaryVerbs {
		if (answered[verb.name] > 0) == verb.refused {
			t.Errorf("%s: %d runs give an answer", verb.name, answered[verb.name])
		}
	}
}

func spellings() (n int) {
	for _, c := range canaryFields {
		n += len(c.names)
	}
	return n
}

// leaks looks for canaries, and for ids where none belongs. It returns how many bytes it looked at.
func leaks(t *testing.T, run, where, out string, ids bool) int {
	t.Helper()
	for _, c := range canaryFields {
		if at := strings.Index(out, c.value); at >= 0 {
			t.Errorf("%s: %s: a %s in %q", run, where, c.kind, out[max(0, at-60):min(len(out), at+60)])
		}
	}
	if at := strings.Index(out, "canary-id-"); ids && at >= 0 {
		t.Errorf("%s: %s: an id in %q", run, where, out[max(0, at-60):min(len(out), at+60)])
	}
	return len(out)
}

// written returns the files that are not inputs.
func written(t *testing.T, inputs map[string]string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if _, isInput := inputs[name]; err != nil || d.IsDir() || isInput {
			return err
		}
		b, err := os.ReadFile(name)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dump writes what a Parquet file of ours holds: its column names and the values of all its texts.
func dump(t *testing.T, name string, w *bytes.Buffer) {
	found, err := dataset.Discover(t.Context(), []string{name}, nil, dataset.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	var fields []dataset.Field
	for _, d := range found {
		fmt.Fprintln(w, d.Field.Name)
		if d.Field.Kind == dataset.KindText || d.Field.Kind == dataset.KindCodes {
			fields = append(fields, d.Field)
		}
	}
	scan, err := dataset.Open(t.Context(), []string{name}, nil, dataset.Options{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	defer scan.Close()
	var batch dataset.Batch
	for scan.Next(t.Context(), &batch) == nil {
		for _, c := range batch.Cols {
			for _, n := range c.Idx {
				fmt.Fprintln(w, c.Dict[n])
			}
		}
	}
}
