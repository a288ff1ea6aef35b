package replay

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// idBatch is rowsBatch for a plan with Rows; the rows' ids are id-first, id-first+1, ...
func idBatch(t testing.TB, plan *Plan, rows []row, first int) *dataset.Batch {
	plain := *plan
	plain.fields = slices.Delete(slices.Clone(plan.fields), plan.id, plan.id+1)
	b := rowsBatch(t, &plain, rows)
	var ids dataset.Column
	for r := range rows {
		ids.Dict = append(ids.Dict, fmt.Sprintf("id-%d", first+r))
		ids.Idx = append(ids.Idx, uint32(r))
	}
	b.Cols = slices.Insert(b.Cols, plan.id, ids)
	return b
}

// slowChanges is the slow twin of the changes' table.
func slowChanges(champion *Policy, challengers []*Policy, rows []row) [][]string {
	out := [][]string{{"customer_id", "challenger", "champion_action", "challenger_action", "champion_reason", "challenger_reason", "label"}}
	text := func(a dataset.Action) string {
		if a == Undecided {
			return "undecided"
		}
		return a.String()
	}
	for i, r := range rows {
		a := champion.Decide(r.caseOf(champion, rulesUsed(champion)))
		for _, p := range challengers {
			b := p.Decide(r.caseOf(p, rulesUsed(p)))
			if !r.bad && a.Action != b.Action {
				out = append(out, []string{fmt.Sprintf("id-%d", i), p.Name, text(a.Action), text(b.Action), champion.Reason(a), p.Reason(b), r.label.String()})
			}
		}
	}
	return out
}

// TestChangesAreDecide checks the table of changed records against Decide, with units that end in any order.
func TestChangesAreDecide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		champion, _ := drawPolicy(rt, "champion")
		challengers := []*Policy{drawChallenger(rt, champion), drawChallenger(rt, champion)}
		plan, err := NewPlan(Question{Policies: append([]*Policy{champion}, challengers...), Rows: true, AbsentMissing: rapid.Bool().Draw(rt, "absent is missing")})
		if err != nil {
			rt.Fatal(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(rt, "rows")
		var out bytes.Buffer
		changes, err := NewChanges(plan, champion, challengers, &out, "changes.csv")
		if err != nil {
			rt.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		var units []*dataset.Batch
		for at := 0; at < len(rows); {
			n := 1 + rng.IntN(len(rows)-at)
			b := idBatch(t, plan, rows[at:at+n], at)
			b.Seq = len(units)
			units, at = append(units, b), at+n
		}
		rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		builder := NewBuilder(plan)
		for _, b := range units {
			if err := builder.Add(b); err != nil {
				rt.Fatal(err)
			}
			for _, batch := range []*dataset.Batch{b, {Seq: b.Seq, End: true, Cols: b.Cols}} {
				if err := changes.add(batch, builder.masks); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if err := changes.flush(); err != nil {
			rt.Fatal(err)
		}
		got, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(slowChanges(champion, challengers, asPlanned(plan, rows)), got); diff != "" {
			rt.Fatalf("(-decide +changes):\n%s", diff)
		}
	})
}

// TestChangesOfFiles builds from files with any number of workers: the table is the same, and holds as many records as the
// cube's comparison counts.
func TestChangesOfFiles(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for f := range 5 {
		var text strings.Builder
		for i := range 40 {
			fmt.Fprintf(&text, `{"customer_id":"c-%d-%d","label":"%s","session":{"score":%d}}`+"\n", f, i, []string{"ok", "ko", ""}[i%3], 500+2*i)
		}
		files = append(files, filepath.Join(dir, fmt.Sprintf("%d.jsonl", f)))
		if err := os.WriteFile(files[f], []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	champion := parsed(t, comparePolicy)
	challenger := *champion
	challenger.Name = "challenger"
	challenger.FirstBands.Edges[2] = 520
	plan, err := NewPlan(Question{Policies: []*Policy{champion, &challenger}, Rows: true})
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for _, workers := range []int{1, 2, 5} {
		var out bytes.Buffer
		changes, err := NewChanges(plan, champion, []*Policy{&challenger}, &out, "changes.csv")
		if err != nil {
			t.Fatal(err)
		}
		scan, err := dataset.Open(context.Background(), files, nil, dataset.Options{Fields: plan.Fields()})
		if err != nil {
			t.Fatal(err)
		}
		cube, err := Build(context.Background(), plan, scan, workers, changes)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cube.Compare(champion, &challenger)
		if err != nil {
			t.Fatal(err)
		}
		// Scores 520, 522, ..., 550 of each file.
		if lines := strings.Count(out.String(), "\n"); c.Changed().N() != 5*16 || lines != 1+5*16 {
			t.Errorf("%d workers: %d records changed and %d lines, want 80 and 81", workers, c.Changed().N(), lines)
		}
		if first == "" {
			first = out.String()
		}
		if out.String() != first {
			t.Errorf("%d workers write otherwise than one", workers)
		}
	}
	if want := "c-0-10,challenger,review,approve,gate[review],gate[high],fraud\n"; !strings.Contains(first, want) {
		t.Errorf("no row %q in\n%s", want, first)
	}
}

// A plan without ids, or for other policies, cannot list changes.
func TestChangesWantRows(t *testing.T) {
	champion := parsed(t, comparePolicy)
	other := *champion
	other.FirstBands.Edges[2] = 520
	for _, c := range []struct {
		q    Question
		want string
	}{
		{Question{Policies: []*Policy{champion, &other}}, "Rows"},
		{Question{Policies: []*Policy{champion}, Rows: true}, "edge 520"},
	} {
		plan, err := NewPlan(c.q)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewChanges(plan, champion, []*Policy{&other}, &bytes.Buffer{}, "x.csv"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one about %s", err, c.want)
		}
	}
}
