package dataset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnknownAction: an action that nobody knows is noted, and its record is replayed as one without. Whoever has a column of
// that name about something else loses nothing.
func TestUnknownAction(t *testing.T) {
	want := []string{"action=approve label=legit", "action= label=fraud", "action= label=legit", "action=block label=unlabeled", "rejected"}
	for _, text := range []string{
		`{"action":"accept","label":"ok"}` + "\n" + `{"action":"signup","label":"ko"}` + "\n" + `{"action":{"type":"x"},"label":"ok"}` + "\n" + `{"action":"deny"}` + "\n" + `{"action":"go","label":"maybe"}`,
		"action,label\naccept,ok\nsignup,ko\n[],ok\ndeny,\ngo,maybe\n",
	} {
		got, a, err := readText(t, text, Field{ActionField, KindAction}, Field{LabelField, KindLabel})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if a.Read != 5 || a.Rejected != 1 || len(a.Issues) != 2 {
			t.Errorf("read %d, rejected %d, %s", a.Read, a.Rejected, issues(a))
		}
		for _, c := range a.Issues {
			if want := map[IssueKind]int64{BadAction: 3, BadLabel: 1}[c.Kind]; c.Count != want {
				t.Errorf("%v: %d, want %d", c.Kind, c.Count, want)
			}
		}
	}
}
