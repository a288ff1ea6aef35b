package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A layer is a package and the third-party modules that live in it.
type layer struct {
	path    string
	modules []string
}

// layers are the packages in the order in which they may import each other, each with the third-party modules that live in
// it alone (DESIGN.md, section 1).
var layers = []layer{
	{"dataset", []string{"github.com/apache/arrow/go/v17", "github.com/klauspost/compress", "github.com/pierrec/lz4/v4", "github.com/zeebo/xxh3",
		"github.com/andybalholm/brotli", "github.com/golang/snappy"}},
	{"replay", []string{"github.com/expr-lang/expr", "github.com/goccy/go-yaml", "github.com/invopop/jsonschema"}},
	{"calibrate", []string{"gonum.org/v1/gonum"}},
	{"reports", []string{"github.com/jedib0t/go-pretty/v6", "gonum.org/v1/plot",
		"codeberg.org/go-fonts/liberation", "golang.org/x/image"}},
	{"cmd/trustreplay", []string{"github.com/urfave/cli/v2", "github.com/schollz/progressbar/v3", "golang.org/x/term", "github.com/xrash/smetrics"}},
}

// TestLayers checks that imports run one way and that each library lives in one package.
func TestLayers(t *testing.T) {
	const module = "github.com/trustreplay/trustreplay/"
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(layers, func(l layer) bool { return module+l.path == p.ImportPath })
		if at < 0 {
			t.Errorf("%s is no package of the design", p.ImportPath)
			continue
		}
		found++
		for _, imp := range p.Imports {
			checkImport(t, at, imp, module)
		}
	}
	if found != len(layers) {
		t.Errorf("found %d packages, want %d", found, len(layers))
	}
}

func checkImport(t *testing.T, at int, imp, module string) {
	if own, isOwn := strings.CutPrefix(imp, module); isOwn {
		below := layers[:at]
		if !slices.ContainsFunc(below, func(l layer) bool { return l.path == own }) {
			t.Errorf("%s imports %s, which is not below it", layers[at].path, own)
		}
		return
	}
	if host, _, _ := strings.Cut(imp, "/"); !strings.Contains(host, ".") {
		return // the standard library
	}
	if !slices.ContainsFunc(layers[at].modules, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") }) {
		t.Errorf("%s imports %s, a library that does not live there", layers[at].path, imp)
	}
}
