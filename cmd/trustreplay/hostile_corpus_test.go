package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A corpus is one group of hostile inputs as testdata/hostile keeps it, to be read without running anything: NAME.txt says of
// every input what becomes of it, and the folder NAME holds those that are small. -update writes both anew.
type corpus struct {
	name string
	size int // how many inputs there are; a run that was told to make only some of them has nothing to compare

	mu     sync.Mutex
	rows   map[string]string // of the table, by input
	inputs map[string]string // what the folder holds
}

// keptInput is the size of an input that is still worth keeping: what is larger says nothing more to whoever looks at it.
const keptInput = 10 << 10

func newCorpus(name string, size int) *corpus {
	return &corpus{name: name, size: size, rows: map[string]string{}, inputs: map[string]string{}}
}

// An observed is what a verb made of an input.
type observed struct{ verb, outcome string }

// add takes an input with what became of it. data is "" for an input that is made while it is written.
func (c *corpus) add(t *testing.T, name, data string, made bool, got []observed, note string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.rows {
		if strings.EqualFold(name, other) {
			t.Errorf("two inputs are named %s, on a disk that takes small letters for capitals", name)
		}
	}
	label := name
	if made || len(data) > keptInput {
		label += " *"
	} else {
		c.inputs[name] = data
	}
	c.rows[name] = tableRow(label, got, note)
}

// tableRow is one line where all verbs agree, and else a line for each outcome with the verbs that it is of.
func tableRow(label string, got []observed, note string) string {
	var b strings.Builder
	var outcomes []string
	verbs := map[string][]string{}
	for _, o := range got {
		if verbs[o.outcome] == nil {
			outcomes = append(outcomes, o.outcome)
		}
		verbs[o.outcome] = append(verbs[o.outcome], o.verb)
	}
	for i, outcome := range outcomes {
		if len(outcomes) > 1 {
			outcome = strings.Join(verbs[outcome], ", ") + ": " + outcome
		}
		if i == len(outcomes)-1 && note != "" {
			outcome += " (" + note + ")"
		}
		fmt.Fprintf(&b, "%-48s %s\n", label, outcome)
		label = ""
	}
	return b.String()
}

// check compares the group with what is kept of it.
func (c *corpus) check(t *testing.T) {
	t.Helper()
	if len(c.rows) != c.size {
		return
	}
	table := filepath.Join(root(t), "testdata", "hostile", c.name+".txt")
	folder := strings.TrimSuffix(table, ".txt")
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.rows)) {
		text.WriteString(c.rows[name])
	}
	if *update {
		c.write(t, table, folder, text.String())
		return
	}
	if want, err := os.ReadFile(table); err != nil {
		t.Error(err)
	} else if string(want) != text.String() {
		t.Errorf("%s would be another, see -update: %s", table, firstDifference(string(want), text.String()))
	}
	kept := map[string]string{}
	for _, e := range entries(t, folder) {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		kept[e.Name()] = string(b)
	}
	for name, data := range kept {
		if made, found := c.inputs[name]; !found || made != data {
			t.Errorf("%s is not what the tests make, see -update", filepath.Join(folder, name))
		}
	}
	for name := range c.inputs {
		if _, found := kept[name]; !found {
			t.Errorf("%s is missing, see -update", filepath.Join(folder, name))
		}
	}
}

// write replaces what is kept of the group.
func (c *corpus) write(t *testing.T, table, folder, text string) {
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if len(c.inputs) > 0 {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range c.inputs {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(table, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// entries lists a folder, of which there is none where no input of a group is small.
func entries(t *testing.T, folder string) []fs.DirEntry {
	found, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}

// refusedAs is the outcome of a run that gave no answer: the line of its message that says what is wanted of it (of several, or
// else the first), with FILE for the input.
func refusedAs(file string, got ran, says func(line string) bool) string {
	lines := strings.Split(strings.TrimSuffix(got.stderr, "\n"), "\n")
	line := lines[max(0, slices.IndexFunc(lines, says))]
	line = strings.ReplaceAll(strings.TrimPrefix(line, "trustreplay: "), file, "FILE")
	if len(line) > widestOutcome {
		line = line[:widestOutcome] + "..."
	}
	if more := len(lines) - 1; more > 0 {
		line += fmt.Sprintf(" (one of %d lines)", more+1)
	}
	return "refuse: " + line
}

// widestOutcome is how much of a message the table holds.
const widestOutcome = 160

// answeredAs is the outcome of a run that read the input: how many records there are, and of which something is wrong.
func answeredAs(a account) string {
	s := fmt.Sprintf("accept: %d read", a.Read)
	if issues := a.issuesOf(); issues != "" {
		s += ", " + issues
	}
	if a.Rejected > 0 {
		s = strings.Replace(s, "accept", "quarantine", 1)
	}
	return s
}
