package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
)

// runHere runs the program in this process and returns what it printed; any exit code but the one asked for ends the test.
func runHere(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	if got := run(context.Background(), append([]string{"trustreplay"}, args...), bytes.NewReader(nil), &out, &said); got != code {
		t.Fatalf("%q: exit code %d, want %d\n%s%s", args, got, code, out.String(), said.String())
	}
	return out.String(), said.String()
}

// sample returns the path of a file of testdata/sample.
func sample(t *testing.T, name string) string {
	return filepath.Join(root(t), "testdata", "sample", name)
}

// explored writes a page with some flags and opens it.
func explored(t *testing.T, fragment string, args ...string) *browserPage {
	t.Helper()
	theBrowser(t) // before any work that would be in vain
	file := filepath.Join(t.TempDir(), "page.html")
	runHere(t, 0, append([]string{"explore", "--out", file}, args...)...)
	p := openPage(t, file, fragment)
	p.until("document.body && !document.body.classList.contains('loading')")
	if said := p.text("#trouble"); said != "" {
		t.Fatalf("the page says: %s", said)
	}
	return p
}
