package replay

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCodeSet compares the search in words with the obvious one: whatever is in the list, and wherever it ends.
func TestCodeSet(t *testing.T) {
	code := rapid.OneOf(
		rapid.SampledFrom([]string{"RP001", "RE002", "RE00", "RE0021", "P001", "RP001\x00", "", " ", " RP001", "RE002\t", "1234567", "12345678",
			"123456789", "é", "RE\u00a0", "\u00a0RP001", "A B", "RP001,RE002", "\xffRE002"}),
		rapid.StringOfN(rapid.RuneFrom([]rune("RE0,\x00\u0085 ")), 0, 10, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOfN(code, 0, 6).Draw(t, "codes")
		list := strings.Join(rapid.SliceOfN(rapid.OneOf(code, rapid.Just("TC013")), 0, 5).Draw(t, "list"), ",")
		want := slices.ContainsFunc(splitCodes(list), func(c string) bool { return slices.Contains(codes, c) })
		if got := newCodeSet(codes).in(list); got != want {
			t.Fatalf("%q in %q: got %v, want %v", codes, list, got, want)
		}
	})
}
