package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt ends the program while it waits for the rest of its input: it is gone within two seconds with the exit code
// of the signal, leaves no partial file, and what was written before stays as it was.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		args   []string
	}{
		{syscall.SIGINT, 130, []string{"replay", "--policy", "guide-session", "-", "--decisions", "old.parquet", "--out", "new"}},
		{syscall.SIGTERM, 143, []string{"convert", "-", "--out", "old.parquet"}},
		{syscall.SIGINT, 130, []string{"inspect", "-", "--out", "old.parquet"}},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			dir := t.TempDir()
			old := filepath.Join(dir, "old.parquet")
			if err := os.WriteFile(old, []byte("as it was"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("trustreplay-main", c.args...)
			cmd.Dir = dir
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stdin.Write([]byte(`{"customer_id":"a","session":{"score":551}}` + "\n"))
			time.Sleep(700 * time.Millisecond) // the program waits for more; should it not have come so far, it ends all the same
			cmd.Process.Signal(c.signal)
			began := time.Now()
			err = cmd.Wait()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("took %v, want at most 2s", took)
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.code {
				t.Errorf("%v, want exit code %d", err, c.code)
			}
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 {
				t.Errorf("files %v (%v), want the old one alone", files, err)
			}
			if got, _ := os.ReadFile(old); string(got) != "as it was" {
				t.Errorf("the old file now holds %q", got)
			}
		})
	}
}
