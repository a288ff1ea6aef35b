package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes files in a temporary folder and returns it.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestResolve(t *testing.T) {
	dir := tree(t, map[string]string{
		"b.jsonl": "{}", "a.jsonl": "{}", "sub/c.csv": "customer_id,label\n", "sub/README.md": "prose, with a comma\n",
		".hidden": "{}", ".git/x.jsonl": "{}", "sub/empty.jsonl": "", "d.gz": gzipped(t, "{}"), "notes.txt": "hello\n",
		"none/notes.txt": "hello\n",
	})
	in := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, filepath.Join(dir, n))
		}
		return out
	}
	for _, test := range []struct {
		names, want []string
		err         string
	}{
		{in("b.jsonl", "a.jsonl"), in("b.jsonl", "a.jsonl"), ""},
		{in(""), in("a.jsonl", "b.jsonl", "d.gz", "sub/c.csv"), ""},
		{in("*.jsonl"), in("a.jsonl", "b.jsonl"), ""},
		{append(in("a.jsonl"), "-"), append(in("a.jsonl"), "stdin"), ""},
		{[]string{"-", "-"}, nil, "stdin: named twice"},
		{in("a.jsonl", "a.jsonl"), nil, "DIR/a.jsonl: named twice"},
		{in("a.jsonl", "*.jsonl", "sub/../a.jsonl"), nil, "DIR/a.jsonl: named twice"},
		{in("x.jsonl", "*.parquet", "none"), nil,
			"DIR/x.jsonl: not found\nDIR/*.parquet: matches no file\nDIR/none: no Parquet, JSON lines or CSV file in this folder"},
		{nil, nil, "no input: name files, folders, globs, or - for stdin"},
	} {
		inputs, err := resolve(test.names, strings.NewReader(""))
		if test.err != "" {
			if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir, "DIR"), test.err) {
				t.Errorf("%q: got error %v, want %s", test.names, err, test.err)
			}
			continue
		}
		var got []string
		for _, i := range inputs {
			got = append(got, i.name)
		}
		want := test.want
		for i := range want {
			if test.names[0] == filepath.Join(dir, "") {
				want[i] = filepath.Clean(want[i])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %s, %v", test.names, diff, err)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a.jsonl", `{"customer_id":"a"}`, "jsonl"},
		{"a.jsonl", "\n  {\"customer_id\":\"a\"}", "jsonl"},
		{"a.csv", "customer_id,label\na,ok\n", "csv"},
		{"a.csv", "customer_id;label\na;ok\n", "csv"},
		{"a.csv", "customer_id\tlabel\na\tok\n", "csv"},
		{"a.csv", "\xef\xbb\xbfcustomer_id\na\n", "csv"},
		{"a.csv", `{"customer_id":"a"}`, "jsonl: the name promises csv, the content is jsonl"},
		{"a.csv.gz", "customer_id,label\na,ok\n", "csv: the name promises gzip, the content is not compressed"},
		{"a.parquet", `{"customer_id":"a"}`, "jsonl: the name promises parquet, the content is jsonl"},
		{"a.zst", gzipped(t, `{"customer_id":"a"}`), "jsonl gzip: the name promises zstd, the content is gzip"},
		{"a.jsonl.gz", gzipped(t, `{"customer_id":"a"}`), "jsonl gzip"},
		{"a.jsonl.zst", zstded(t, "customer_id,label\na,ok\n"), "csv zstd: the name promises jsonl, the content is csv"},
	} {
		got, a, err := readAll(t, []string{write(t, test.name, test.content)}, nil, readConfig{opt: Options{Fields: idAndScore[:1]}})
		if err != nil {
			t.Errorf("%s %q: %v", test.name, test.content, err)
			continue
		}
		f := a.Files[0]
		is := strings.TrimSpace(f.Format+" "+f.Compression) + strings.Join(append([]string{""}, f.Notes...), ": ")
		if is != test.want || len(got) != 1 || got[0] != "customer_id=a" || f.Records != 1 {
			t.Errorf("%s %q: got %s, %q", test.name, test.content, is, got)
		}
	}
}

func TestNoFormat(t *testing.T) {
	for content, want := range map[string]string{
		"[\n{}]":                  "a JSON list is not JSON lines: convert it with jq -c '.[]'",
		"hello\n":                 "not Parquet, JSON lines or CSV",
		"\x00\x01,\n":             "not Parquet, JSON lines or CSV",
		"\xff\xfe{\x00}\x00":      "the text is UTF-16: convert it to UTF-8 first",
		gzipped(t, "[]"):          "a JSON list is not JSON lines: convert it with jq -c '.[]'",
		gzipped(t, zstded(t, "")): "compressed twice: the content of the gzip is compressed too",
		gzipped(t, "PAR1"):        "a Parquet file inside gzip cannot be read in parts: decompress it first",
		"a,b,a\n":                 "the header names column 3 as column 1: want each name once",
		"Customer_ID,b\n":         `the header has column "Customer_ID": write it "customer_id", or map it`,
		"\"a,b\n":                 `the header: parse error on line 1, column 6: extraneous or missing " in quoted-field`,
	} {
		a, b := write(t, "a", content), write(t, "b", content)
		_, _, err := readAll(t, []string{a, b}, nil, readConfig{opt: Options{Fields: idAndScore}})
		if err == nil || err.Error() != a+": "+want+"\n"+b+": "+want {
			t.Errorf("%q: got %v", content, err)
		}
	}
}
