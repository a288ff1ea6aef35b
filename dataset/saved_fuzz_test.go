package dataset

import (
	"strings"
	"testing"
)

// FuzzSavedMetadata reads what a saved cube says of itself: what is accepted has counts, and edges in order.
func FuzzSavedMetadata(f *testing.F) {
	f.Add([]byte(`{"schema_version":1,"weights":"records","time":"month","edges":{"session":[226,451]},"totals":{"read":3,"records":3,"legit":2,"fraud":1,"amount":12.5},"maturity":{"days":120,"as_of":"2026-03-01"}}`))
	f.Add([]byte(`{"schema_version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseSaved(text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("refused without a word")
			}
			return
		}
		if s.Weights == "" || s.Time == "" || s.check() != nil {
			t.Fatalf("accepted as %+v", s)
		}
	})
}
