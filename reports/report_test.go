package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// TestInReport checks that long tables are cut at every depth, and that what is cut is told.
func TestInReport(t *testing.T) {
	long := func(rows int) *Table {
		out := &Table{Caption: "Curve (24 shown; all in csv and json)", Columns: []Column{{Name: "n"}}, Footnotes: []string{"and 3 more: --format json or csv lists all."}}
		for i := range rows {
			out.Rows = append(out.Rows, []Cell{countCell(int64(i))})
		}
		return out
	}
	whole, cut := long(mostRows), long(mostRows+1234)
	inReport([]Block{whole, Box{Blocks: []Block{Details{Blocks: []Block{cut}}}}})
	if len(whole.Rows) != mostRows || len(whole.Footnotes) != 1 {
		t.Errorf("%d rows, %q", len(whole.Rows), whole.Footnotes)
	}
	if len(cut.Rows) != mostRows || !strings.Contains(strings.Join(cut.Footnotes, " "), "1,234 more lines are left out.") {
		t.Errorf("%d rows, %q", len(cut.Rows), cut.Footnotes)
	}
	if text := cut.Caption + cut.Footnotes[0]; strings.Contains(text, "--format json or csv") || strings.Contains(text, "csv and json") {
		t.Errorf("a report has no such flag: %q", text)
	}
}

// TestBusiest checks that the largest segments are shown by name, and that no record of the others is lost.
func TestBusiest(t *testing.T) {
	for _, n := range []int{0, 1, mostSegments, mostSegments + 1, mostSegments + 2, 100} {
		var r replay.Result
		for i := range n {
			g := replay.Group{Key: []string{fmt.Sprintf("s%03d", i)}}
			g.Actions[dataset.Block].Records[dataset.Fraud] = int64(1 + i*37%n)
			g.Open[dataset.Review].Records[dataset.Legit] = 1
			r.Groups = append(r.Groups, g)
		}
		var before, after, open int64
		for _, g := range r.Groups {
			before += g.Total().N()
		}
		got := busiest(r).Groups
		for i, g := range got {
			after, open = after+g.Total().N(), open+g.Open.N()
			if rest := n > mostSegments+1 && i == mostSegments; !rest && i > 0 && g.Total().N() > got[i-1].Total().N() {
				t.Errorf("%d segments: number %d is larger than the one before it", n, i)
			}
		}
		if want := min(n, mostSegments+1); len(got) != want || after != before || open != int64(n) {
			t.Errorf("%d segments: %d shown of %d, %d records of %d, %d undecided", n, len(got), want, after, before, open)
		}
	}
}
