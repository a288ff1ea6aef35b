package reports

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDiffLines checks on random lines that a diff holds both texts, and that it keeps as many lines as any common subsequence can.
func TestDiffLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"a", "b", "c", ""})
		a, b := rapid.SliceOfN(line, 0, 8).Draw(t, "a"), rapid.SliceOfN(line, 0, 8).Draw(t, "b")
		var before, after []string
		kept := 0
		for _, l := range diffLines(a, b) {
			if l[0] != '+' {
				before = append(before, l[1:])
			}
			if l[0] != '-' {
				after = append(after, l[1:])
			}
			if l[0] == ' ' {
				kept++
			}
		}
		if !slices.Equal(before, a) || !slices.Equal(after, b) {
			t.Fatalf("%q to %q: %q, %q", a, b, before, after)
		}
		if most := longestCommon(a, b); kept != most {
			t.Fatalf("%q to %q keeps %d lines, want %d", a, b, kept, most)
		}
	})
}

// longestCommon tries every subsequence of a.
func longestCommon(a, b []string) (most int) {
	for set := range 1 << len(a) {
		n, at := 0, 0
		for i, l := range a {
			if set>>i&1 == 0 {
				continue
			}
			found := slices.Index(b[at:], l)
			if found < 0 {
				n = -1
				break
			}
			n, at = n+1, at+found+1
		}
		most = max(most, n)
	}
	return most
}

func TestShortened(t *testing.T) {
	lines := []string{" 1", " 2", " 3", " 4", "+5", " 6", " 7", " 8", " 9"}
	want := []string{" ...", " 3", " 4", "+5", " 6", " 7", " ..."}
	if got := shortened(lines); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := shortened([]string{" 1", " 2"}); !slices.Equal(got, []string{" ..."}) {
		t.Errorf("nothing changed: %q", got)
	}
}
