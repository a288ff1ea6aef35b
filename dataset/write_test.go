package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutputFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out.csv")
	write := func(text string, commit bool) {
		t.Helper()
		o, err := CreateFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := o.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		o.Abort()
		o.Abort()
	}
	check := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil && want != "" || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		if names, _ := filepath.Glob(filepath.Join(folder, ".*")); len(names) > 0 {
			t.Errorf("left behind: %v", names)
		}
	}
	write("one", false)
	check("")
	write("one", true)
	check("one")
	write("two", false)
	check("one")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	write("two", true)
	check("two")
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want that of the file replaced", st.Mode())
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	old := path
	path = link
	write("three", true)
	path = old
	check("three")
	if st, _ := os.Lstat(link); st.Mode().IsRegular() {
		t.Error("the link became a file")
	}
}

func TestOutputFileErrors(t *testing.T) {
	folder := t.TempDir()
	if _, err := CreateFile(folder); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := CreateFile(filepath.Join(folder, "none", "out")); err == nil {
		t.Error("a folder that does not exist: no error")
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	o, err := CreateFile("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write([]byte("x")); err == nil {
		t.Error("a full device took a byte")
	}
	if err := o.Commit(); err == nil {
		t.Error("the error of a write was forgotten")
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Error("the device is gone")
	}
}

func TestSameFile(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	if err := os.WriteFile(a, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(a, b); err != nil {
		t.Skip(err)
	}
	if err := SameFile(b, []string{"-", a}); err == nil {
		t.Error("an input under another name: no error")
	}
	for _, out := range []string{filepath.Join(folder, "c"), "/dev/null"} {
		if err := SameFile(out, []string{a, "/dev/null"}); err != nil {
			t.Error(err)
		}
	}
}

func TestSameFileOfMany(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "deep", "h.jsonl")
	report := filepath.Join(folder, "report.txt")
	os.Mkdir(filepath.Dir(file), 0o755)
	if err := errors.Join(os.WriteFile(file, []byte("{}\n"), 0o644), os.WriteFile(report, []byte("Replay\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, input := range []string{folder, filepath.Dir(file), filepath.Join(folder, "*", "h.*"), filepath.Join(folder, "d*")} {
		if err := SameFile(file, []string{input}); err == nil {
			t.Errorf("overwrites what %s reads", input)
		}
		if err := SameFile(report, []string{input}); err != nil {
			t.Error(err)
		}
	}
}

func TestSameOutput(t *testing.T) {
	folder := t.TempDir()
	a, link := filepath.Join(folder, "a"), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Skip(err)
	}
	for _, names := range [][]string{{a, a}, {a, "", filepath.Join(folder, ".", "x", "..", "a")}, {filepath.Join(link, "a"), a}} {
		if err := SameOutput(names...); err == nil {
			t.Errorf("%q: no error", names)
		}
	}
	if err := SameOutput(a, "", "", "-", "-", "/dev/null", "/dev/null", a+"b"); err != nil {
		t.Error(err)
	}
}

func TestTableCSV(t *testing.T) {
	var buf bytes.Buffer
	table, err := NewTable(&buf, "csv", []TableColumn{{"name", CellText}, {"=n", CellInt}, {"time", CellTime}, {"amount", CellAmount}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]Cell{
		{{Text: "plain"}, {Int: -5}, {Int: 1_700_000_000_500_000}, {Int: 5}},
		{{}, {Int: NoInt}, {Int: NoTime}, {Int: NoAmount}},
		{{Text: `a,"b"`}, {}, {}, {Int: -1234}},
		{{Text: "=1+1"}, {}, {}, {}},
		{{Text: "\t\r+x\n\x1b[31m\u0085\u202e"}, {}, {}, {Int: 100}},
		{{Text: "@x,"}, {}, {}, {}},
		{{Text: "é\xff"}, {}, {}, {}},
		{{Text: " pad"}, {}, {}, {}},
	} {
		if err := table.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	want := `name,'=n,time,amount
plain,-5,2023-11-14T22:13:20.5Z,0.05
,,,
"a,""b""",0,1970-01-01T00:00:00Z,-12.34
'=1+1,0,1970-01-01T00:00:00Z,0.00
'+x[31m,0,1970-01-01T00:00:00Z,1.00
"'@x,",0,1970-01-01T00:00:00Z,0.00
é,0,1970-01-01T00:00:00Z,0.00
" pad",0,1970-01-01T00:00:00Z,0.00
`
	if diff := cmp.Diff(want, buf.String()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if _, err := NewTable(&buf, "xlsx", nil); err == nil {
		t.Error("xlsx is no format")
	}
}

func TestTableParquet(t *testing.T) {
	cols := []TableColumn{{"customer_id", CellText}, {"x", CellInt}, {"timestamp", CellTime}, {"amount", CellAmount}}
	write := func() []byte {
		var buf bytes.Buffer
		table, err := NewTable(&buf, "parquet", cols)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := table.Append(Cell{Text: "=id"}, Cell{Int: int64(i) - 1}, Cell{Int: 1e15}, Cell{Int: 7}); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Append(Cell{}, Cell{Int: NoInt}, Cell{Int: NoTime}, Cell{Int: NoAmount}); err != nil {
			t.Fatal(err)
		}
		if err := table.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	b := write()
	if !bytes.Equal(b, write()) {
		t.Error("the same rows give other bytes")
	}
	rows, _ := readFields(t, b, Field{CustomerID, KindText}, Field{"x", KindNumber}, timeField, amountField)
	want := [][]string{{"=id", "-1", "1000000000000000", "7"}, {"=id", "0", "1000000000000000", "7"}, {"=id", "1", "1000000000000000", "7"}, {"", "", "", ""}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	full, err := CreateFile("/dev/full")
	if err != nil {
		t.Skip(err)
	}
	defer full.Abort()
	table, err := NewTable(full, "parquet", cols)
	if err == nil {
		table.Append(Cell{}, Cell{}, Cell{}, Cell{})
		err = table.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("a full device: %v", err)
	}
}

// BenchmarkTable writes what replay's decisions look like.
func BenchmarkTable(b *testing.B) {
	cols := []TableColumn{{"customer_id", CellText}, {"policy", CellText}, {"action", CellText}, {"first_cluster", CellText},
		{"second_cluster", CellText}, {"called", CellText}, {"rule", CellText}}
	ids := make([]string, 1<<18)
	for i := range ids {
		ids[i] = fmt.Sprintf("c%08d", i*7919%len(ids))
	}
	for _, format := range []string{"csv", "parquet"} {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				table, err := NewTable(io.Discard, format, cols)
				if err != nil {
					b.Fatal(err)
				}
				for i, id := range ids {
					c := Clusters[i*31%5]
					err := table.Append(Cell{Text: id}, Cell{Text: "guide-table-waterfall"}, Cell{Text: Actions[i%5].String()}, Cell{Text: c.String()}, Cell{}, Cell{Text: "session"}, Cell{Text: "matrix"})
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := table.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(ids)*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
