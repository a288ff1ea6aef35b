package dataset

import (
	"context"
	"strings"
	"testing"
)

// TestIDLimit: where repeated records are looked for unasked, more records than are remembered end the looking, on either side
// of the edge.
func TestIDLimit(t *testing.T) {
	const n = 100_000 // several units, whose batches arrive in any order
	name := write(t, "h.jsonl", strings.Repeat(`{"customer_id":"a"}`+"\n", n))
	for most, checked := range map[int]bool{0: true, n: true, n - 1: false, 1: false} {
		s, err := Open(context.Background(), []string{name}, nil, Options{CheckIDsUpTo: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		s.ids.most = most
		var b Batch
		for s.Next(context.Background(), &b) == nil {
		}
		a, err := s.Account()
		if err != nil || a.Read != n || a.IDsChecked != checked || (len(a.Issues) > 0) != checked {
			t.Errorf("at most %d: %d read, checked %v, %d issues, %v", most, a.Read, a.IDsChecked, len(a.Issues), err)
		}
	}
}
