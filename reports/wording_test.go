package reports

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// forbidden are words that no figure of this project can carry: what is found on the records that ranked it is not optimal, what
// an approximate method says is not guaranteed, and a small index does not show that nothing drifts (STATISTICS.md, section 7).
var forbidden = regexp.MustCompile(`(?i)\b(optimal|optimum|guaranteed|no drift|proven safe|risk-free)\b`)

// TestWording looks for them in everything that the goldens and the manual show.
func TestWording(t *testing.T) {
	files := []string{filepath.Join("..", "README.md")}
	for _, pattern := range []string{"testdata/*.txt", "testdata/*.md", "testdata/*.json", "testdata/*.html", "testdata/*.svg", "assets/explore/*", "../testdata/scripts/*.txtar", "../testdata/report/*.txt"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := forbidden.FindIndex(text); at != nil {
			t.Errorf("%s says %q", name, text[max(0, at[0]-40):min(len(text), at[1]+40)])
		}
	}
}
