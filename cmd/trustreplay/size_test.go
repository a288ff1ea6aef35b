package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// unlinked are packages that one small import would bring in, with megabytes that nothing calls. go list -deps names who
// imports what.
var unlinked = []string{
	"github.com/apache/arrow/go/v17/arrow/compute", "github.com/apache/arrow/go/v17/parquet/pqarrow", "github.com/apache/arrow/go/v17/arrow/ipc",
	"gonum.org/v1/gonum/mat", "gonum.org/v1/gonum/lapack", "gonum.org/v1/gonum/stat", "gonum.org/v1/plot/plotter", "google.golang.org/", "github.com/chromedp/",
	"golang.org/x/net/", "html/template",
}

// TestUnlinked watches what is linked: nothing that only tests need, nothing of the large parts that are not used.
func TestUnlinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/trustreplay")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		for _, no := range unlinked {
			if dep == strings.TrimSuffix(no, "/") || strings.HasPrefix(dep, strings.TrimSuffix(no, "/")+"/") {
				t.Errorf("the program links %s", dep)
			}
		}
	}
	if len(deps) < 100 {
		t.Errorf("%d packages: is this the program?", len(deps))
	}
}

// mostBytes is the size that the stripped program may have: see README, "Speed".
const mostBytes = 31_000_000

// TestSize builds the program as it is released, without symbols.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the bound is that of linux/amd64")
	}
	file := filepath.Join(t.TempDir(), "trustreplay")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, "./cmd/trustreplay")
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	st, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", st.Size())
	if st.Size() > mostBytes {
		t.Errorf("the stripped program has %d bytes, want at most %d", st.Size(), mostBytes)
	}
}
