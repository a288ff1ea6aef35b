package reports

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// explorer is a page of the sample.
func explorer(t *testing.T) Explorer {
	t.Helper()
	champion, _ := replay.Builtin("table-waterfall")
	q := ExploreQuestion(replay.Question{Policies: []*replay.Policy{champion}, By: []string{"country"}, Past: true})
	plan, err := replay.NewPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), []string{"../testdata/sample/waterfall.jsonl.gz"}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(context.Background(), plan, scan, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Explorer{Champion: champion, Cube: cube, By: []string{"country"}, Confidence: 0.95}
}

// TestExplorePacks reads the columns back as the page's script does.
func TestExplorePacks(t *testing.T) {
	p, err := explorer(t).pack()
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(p.bytes))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	in := bytes.NewReader(raw)
	next := func() uint64 {
		v, err := binary.ReadUvarint(in)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	n := p.table.Len()
	first, second := make([]uint32, n), make([]uint32, n)
	for i := range n {
		if first[i] = uint32(next()); i > 0 {
			first[i] += first[i-1]
		}
	}
	for i := range n {
		if second[i] = uint32(next()); i > 0 && first[i] == first[i-1] {
			second[i] += second[i-1]
		}
	}
	for _, column := range []func(int) uint64{
		func(i int) uint64 { return uint64(p.table.Group[i]) }, func(i int) uint64 { return uint64(p.table.Label[i]) },
		func(i int) uint64 { return uint64(p.table.Records[i]) - 1 }, func(i int) uint64 { return uint64(p.table.Amount[i]) },
	} {
		for i := range n {
			if got := next(); got != column(i) {
				t.Fatalf("row %d: read %d, want %d", i, got, column(i))
			}
		}
	}
	for i := range n {
		if first[i] != p.table.First[i] || second[i] != p.table.Second[i] {
			t.Fatalf("row %d: answers %d and %d, want %d and %d", i, first[i], second[i], p.table.First[i], p.table.Second[i])
		}
	}
	if in.Len() > 0 {
		t.Errorf("%d bytes too many", in.Len())
	}
}

// TestExploreBudget: the step is the least that keeps to the budget, or the one asked for.
func TestExploreBudget(t *testing.T) {
	x := explorer(t)
	var last int
	for step, budget := range map[int]int{1: 0, 25: 1} {
		x.Budget = budget
		if p, err := x.pack(); err != nil || p.step != step {
			t.Errorf("with a budget of %d the step is %d (%v), want %d", budget, p.step, err, step)
		}
	}
	for _, step := range []int{1, 5, 10, 25} {
		x.Step, x.Budget = step, 0
		p, err := x.pack()
		if err != nil || p.step != step || last > 0 && len(p.bytes) >= last {
			t.Errorf("step %d: %d bytes behind %d, step %d (%v)", step, len(p.bytes), last, p.step, err)
		}
		last = len(p.bytes)
	}
	x.Step, x.Budget = 0, last+1 // what the coarsest takes, and hardly more
	if p, err := x.pack(); err != nil || len(p.bytes) > x.Budget {
		t.Errorf("%d bytes of a budget of %d (%v)", len(p.bytes), x.Budget, err)
	}
	for _, step := range []int{-1, 3, 101, 1000} {
		x.Step = step
		if _, err := x.Write(io.Discard); err == nil {
			t.Errorf("a page of step %d is written", step)
		}
	}
}

var (
	inlineElement  = regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`)
	dataElement    = regexp.MustCompile(`(?s)<script type="application/[a-z-]+" id="[a-z-]+">[^<]*</script>`)
	outerReference = regexp.MustCompile(`(?i)\s(src|href|srcset|action|style|on[a-z]+)\s*=\s*("[^"]*"|'[^']*')`)
)

// TestExploreNeedsNothing: what the page runs is in it and named by its hash, its markup refers to nothing outside, and the same
// question writes the same bytes.
func TestExploreNeedsNothing(t *testing.T) {
	var page, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&page, &again} {
		if _, err := explorer(t).Write(w); err != nil {
			t.Fatal(err)
		}
	}
	text := page.String()
	if text != again.String() {
		t.Error("the page is not the same twice")
	}
	policy, _, _ := strings.Cut(text[strings.Index(text, "default-src 'none'"):], `"`)
	found := inlineElement.FindAllStringSubmatch(text, -1)
	if len(found) != len(exploreScripts)+3 {
		t.Errorf("%d scripts and styles, want %d", len(found), len(exploreScripts)+3)
	}
	for _, e := range found {
		sum := sha256.Sum256([]byte(e[2]))
		if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("the policy does not name the %s that begins %.60q", e[1], e[2])
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy allows too much: %s", policy)
	}
	markup := dataElement.ReplaceAllString(inlineElement.ReplaceAllString(text, ""), "")
	for _, ref := range outerReference.FindAllString(markup, -1) {
		if ref != ` href="data:,"` {
			t.Errorf("the markup has %s", ref)
		}
	}
	if n := len(dataElement.FindAllString(text, -1)); n != 2 {
		t.Errorf("%d data elements, want the page's data and its cube", n)
	}
}

// TestUPlotIsAsPublished holds the embedded library against the sums that stand beside it.
func TestUPlotIsAsPublished(t *testing.T) {
	readme, err := os.ReadFile("assets/uplot/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"} {
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(exploreAsset("assets/uplot/"+name))), name); !strings.Contains(string(readme), line) {
			t.Errorf("README.md does not have %s", line)
		}
	}
}
