package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// consoleBlock is a fenced block of README.md: commands behind "$ ", each followed by what it prints.
var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// notRun tells which commands of the README a test cannot run: the test command itself, and installation.
func notRun(command string) bool {
	return strings.HasPrefix(command, "go test") || strings.HasPrefix(command, "go install") || strings.HasPrefix(command, "git clone")
}

// TestReadme runs every command block of README.md in a folder that holds a copy of the sample data, and compares the output.
// A block may cut its output with a line "...". With -update the output is rewritten.
func TestReadme(t *testing.T) {
	path := filepath.Join(root(t), "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "testdata", "sample"), os.DirFS(filepath.Join(root(t), "testdata", "sample"))); err != nil {
		t.Fatal(err)
	}
	blocks := 0
	got := consoleBlock.ReplaceAllFunc(readme, func(block []byte) []byte {
		blocks++
		body := consoleBlock.FindSubmatch(block)[1]
		return []byte("```console\n" + runBlock(t, dir, string(body)) + "```")
	})
	if blocks < 5 {
		t.Fatalf("README.md has %d console blocks, want the manual's at least 5", blocks)
	}
	if bytes.Equal(got, readme) {
		return
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("README.md shows other output than the commands print; go test ./cmd/trustreplay -run Readme -update rewrites it:\n%s", firstDifference(string(readme), string(got)))
}

// runBlock runs the commands of a block and returns the block with their output.
func runBlock(t *testing.T, dir, body string) string {
	var out strings.Builder
	for _, part := range strings.Split("\n"+body, "\n$ ")[1:] {
		command, shown, _ := strings.Cut(part, "\n")
		out.WriteString("$ " + command + "\n")
		if notRun(command) {
			out.WriteString(shown)
			continue
		}
		printed := runCommand(t, dir, command)
		if head, _, cut := strings.Cut("\n"+shown, "\n...\n"); cut {
			lines := strings.SplitAfter(printed, "\n")
			printed = strings.Join(lines[:min(len(lines), strings.Count(head, "\n"))], "") + "...\n"
		}
		out.WriteString(printed)
	}
	return out.String()
}

// runCommand runs a command line of the README with this test's binary as trustreplay.
func runCommand(t *testing.T, dir, command string) string {
	command = strings.ReplaceAll(command, "go run ./cmd/trustreplay", "trustreplay")
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "COLUMNS=100") // testscript.Main has put the program's name on PATH
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(command, "|| ") {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return string(out)
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "- " + w[i] + "\n+ " + g[i]
		}
	}
	return "one is longer"
}
