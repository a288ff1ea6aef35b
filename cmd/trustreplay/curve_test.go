package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestReadmePicture draws the picture of README.md again; -update rewrites it.
func TestReadmePicture(t *testing.T) {
	drawn, published := filepath.Join(t.TempDir(), "curve.svg"), filepath.Join(root(t), "testdata", "curve.svg")
	var stdout, stderr bytes.Buffer
	args := []string{"trustreplay", "curve", "--policy", "table-combined", "--bands", "session=standard", "--cutoff", "session.high", "--mark", "guide-session",
		"--limit", "0.5%", "--picture", drawn, filepath.Join(root(t), "testdata", "sample", "combined.jsonl.gz")}
	if code := run(context.Background(), args, nil, &stdout, &stderr); code != exitDone {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	got, err := os.ReadFile(drawn)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(published, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the command of README.md draws; go test ./cmd/trustreplay -run ReadmePicture -update rewrites it", published)
	}
}
