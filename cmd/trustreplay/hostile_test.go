package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	hostileFull = flag.Bool("hostile-full", false, "hostile inputs at their full size, and damage at every position")
	hostileKeep = flag.String("hostile-keep", "", "write the hostile inputs to this folder and leave them there")
)

// A hostile is an input that somebody's export, crash or malice may produce, made by this program, and what becomes of it.
type hostile struct {
	name string // of the file
	data string
	make func(w io.Writer) // in place of data, for what is large
	want outcome
	but  map[string]outcome // of the verbs that answer otherwise
	// as is what the records were taken for, "" where that is not looked at: the states of session that inspect counts, or the
	// months that replay does.
	as string
	// scaled says that there are as many records as -short and -hostile-full leave, so that no table can tell them.
	scaled bool
}

// An outcome is what a verb makes of an input: it accepts it, sets records aside (issues), or refuses it.
type outcome struct {
	read   int64
	issues string // as issuesOf prints them: "bad_json 2,3; duplicate_id 7 (noted)"
	refuse string // what the message says, "" where the input is accepted
}

// accepted is the outcome of an input of so many records, with these issues.
func accepted(read int64, issues ...string) outcome {
	return outcome{read: read, issues: strings.Join(issues, "; ")}
}

func refused(message string) outcome { return outcome{refuse: message} }

func (o outcome) says(line string) bool { return strings.Contains(line, o.refuse) }

// hostileVerbs read a history each in its own way. Each answers in JSON with an account of the records.
var hostileVerbs = []struct {
	name string
	args func(file, dir string) []string
}{
	{"inspect", func(file, _ string) []string { return []string{"inspect", "--format", "json", file} }},
	{"replay", func(file, _ string) []string {
		return []string{"replay", "--policy", "guide-session", "--by", "month", "--format", "json", file}
	}},
	{"convert", func(file, dir string) []string {
		return []string{"convert", "--format", "json", "--out", filepath.Join(dir, "converted.parquet"), file}
	}},
}

// hostileTime is more than any of the inputs takes; a run that needs longer hangs.
const hostileTime = 2 * time.Minute

// A tried counts what was tried, for the table in README.md.
type tried struct {
	mu                                      sync.Mutex
	inputs, runs, accepted, refused, losses int
}

func (c *tried) add(inputs, runs, accepted, refused, losses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inputs, c.runs, c.accepted, c.refused, c.losses = c.inputs+inputs, c.runs+runs, c.accepted+accepted, c.refused+refused, c.losses+losses
}

// log prints the counts. A crash ends the test and a hang fails it, so that there is no number of them to print but 0.
func (c *tried) log(t *testing.T) {
	t.Logf("%d inputs, %d runs: %d answered, %d refused with exit code 2; crashes 0, hangs 0, silent losses %d", c.inputs, c.runs, c.accepted, c.refused, c.losses)
}

// ran is how a run of the program ended.
type ran struct {
	code           int
	stdout, stderr string
}

// runTool runs the program on arguments, in this process: a panic anywhere in it ends the test.
func runTool(t *testing.T, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hostileTime)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, append([]string{"trustreplay"}, args...), strings.NewReader(""), &stdout, &stderr)
	if ctx.Err() != nil {
		t.Fatalf("%q hangs: not done after %v", args, hostileTime)
	}
	return ran{code, stdout.String(), stderr.String()}
}

// account is what the three verbs say of the records of their input.
type account struct {
	Read, Records, Written, Rejected int64
	Actions                          map[string]struct{ Records int64 }
	Groups                           []struct {
		Key struct{ Month string } // "" where a record has no time
	}
	Products []struct {
		Product  string
		Statuses map[string]int64
	}
	Issues []struct {
		Kind     string
		Count    int64
		Rejected bool
		First    []struct {
			Line     int64
			RowGroup *int64 `json:"row_group"`
		}
	}
}

// lost returns how many of the records that were read are neither in the answer nor rejected.
func (a account) lost() int64 {
	in := a.Records + a.Written
	if a.Actions != nil {
		sum := int64(0)
		for _, n := range a.Actions {
			sum += n.Records
		}
		in = min(in, sum)
	}
	return a.Read - in - a.Rejected
}

// taken prints what the records were taken for: the months that they are of (replay), the states of session (inspect).
func (a account) taken() string {
	var out []string
	for _, g := range a.Groups {
		if g.Key.Month != "" {
			out = append(out, g.Key.Month)
		}
	}
	for _, p := range a.Products {
		for _, state := range slices.Sorted(maps.Keys(p.Statuses)) {
			if n := p.Statuses[state]; n > 0 && p.Product == "session" {
				out = append(out, fmt.Sprintf("%d %s", n, state))
			}
		}
	}
	return strings.Join(out, ", ")
}

// issuesOf prints the issues with the lines they were met at: at most five of each kind are told.
func (a account) issuesOf() string {
	var out []string
	for _, i := range a.Issues {
		var lines []string
		for _, f := range i.First {
			lines = append(lines, fmt.Sprint(f.Line))
		}
		s := i.Kind + " " + strings.Join(lines, ",")
		if more := i.Count - int64(len(i.First)); more > 0 {
			s += fmt.Sprintf(" and %d", more)
		}
		if !i.Rejected {
			s += " (noted)"
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// TestHostile runs every verb over every input of the corpus and holds it to its outcome, and to what testdata/hostile says
// of it. With -hostile-full the large ones have their full size; -hostile-keep DIR leaves the files to look at.
func TestHostile(t *testing.T) {
	var count tried
	t.Cleanup(func() { count.log(t) })
	for _, group := range []struct {
		name  string
		cases []hostile
	}{
		{"encodings", hostileEncodings()}, {"responses", hostileResponses()}, {"numbers", hostileNumbers()}, {"labels", hostileLabels()},
		{"ids", hostileIDs()}, {"times", hostileTimes()}, {"shapes", hostileShapes()}, {"containers", hostileContainers(t)}, {"parquet", hostileParquet()}, {"sizes", hostileSizes()},
	} {
		kept := newCorpus(group.name, len(group.cases))
		t.Run(group.name, func(t *testing.T) {
			for _, h := range group.cases {
				t.Run(h.name, func(t *testing.T) {
					t.Parallel()
					h.check(t, &count, kept)
				})
			}
		})
		kept.check(t)
	}
}

// check runs the verbs over one input.
func (h hostile) check(t *testing.T, count *tried, kept *corpus) {
	dir := t.TempDir()
	file := h.write(t, dir)
	var outcomes []observed
	var taken []string
	for _, verb := range hostileVerbs {
		want, special := h.but[verb.name]
		if !special {
			want = h.want
		}
		got := runTool(t, verb.args(file, dir)...)
		if want.refuse != "" {
			count.add(0, 1, 0, 1, 0)
			checkRefusal(t, verb.name, file, want, got)
			outcomes = append(outcomes, observed{verb.name, refusedAs(file, got, want.says)})
			continue
		}
		a := checkAnswer(t, verb.name, want, got)
		count.add(0, 1, 1, 0, int(max(0, a.lost(), want.read-a.Read)))
		told := answeredAs(a)
		if h.scaled {
			told = "accept: as many records as were put in, which -short makes fewer"
		}
		outcomes = append(outcomes, observed{verb.name, told})
		taken = append(taken, a.taken())
	}
	if h.as != "" && !slices.Contains(taken, h.as) {
		t.Errorf("taken as %q, want %q", taken, h.as)
	}
	count.add(1, 0, 0, 0, 0)
	kept.add(t, h.name, h.data, h.make != nil, outcomes, h.as)
}

// write makes the file.
func (h hostile) write(t *testing.T, dir string) string {
	if *hostileKeep != "" {
		dir = *hostileKeep
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, h.name)
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if h.make != nil {
		h.make(f)
	} else if _, err := io.WriteString(f, h.data); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkRefusal: exit code 2, nothing on standard output, a message that names the file and says what is wrong.
func checkRefusal(t *testing.T, verb, file string, want outcome, got ran) {
	named := strings.Contains(got.stderr, filepath.Base(file)) || strings.Contains(got.stderr, "amount: ")
	if got.code != exitNone || got.stdout != "" || !named || !strings.Contains(got.stderr, want.refuse) {
		t.Errorf("%s: exit code %d, %q, want a refusal that names the file and says %q", verb, got.code, clipped(got.stderr), want.refuse)
	}
}

// checkAnswer: exit code 0, nothing on standard error, every record accounted for, the issues at their lines. It returns the
// account, one without a record where there is none.
func checkAnswer(t *testing.T, verb string, want outcome, got ran) (a account) {
	if got.code != exitDone || got.stderr != "" {
		t.Errorf("%s: exit code %d, %q, want an answer", verb, got.code, clipped(got.stderr))
		return a
	}
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil {
		t.Errorf("%s: %v in %q", verb, err, clipped(got.stdout))
		return a
	}
	if lost := a.lost(); lost != 0 {
		t.Errorf("%s: %d of %d records are neither replayed nor rejected", verb, lost, a.Read)
	}
	issues := strings.Split(a.issuesOf(), "; ")
	slices.Sort(issues)
	wanted := strings.Split(want.issues, "; ")
	slices.Sort(wanted)
	if a.Read != want.read || !slices.Equal(issues, wanted) {
		t.Errorf("%s: read %d, issues %q, want %d, %q", verb, a.Read, issues, want.read, wanted)
	}
	return a
}

func clipped(s string) string { return s[:min(len(s), 400)] }
