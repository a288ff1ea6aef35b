package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// starterCommand is a command of the starter folder's README, indented as markdown wants code.
var starterCommand = regexp.MustCompile(`(?m)^    (trustreplay .*)$`)

// starterOut is the file that such a command writes in the place of printing.
var starterOut = regexp.MustCompile(` --out (\S+)`)

// TestStarter makes a starter folder and runs the commands that its README tells to try, each of which must answer.
func TestStarter(t *testing.T) {
	dir := t.TempDir()
	runCommand(t, dir, "trustreplay init demo")
	readme, err := starter.ReadFile("starter/README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := starterCommand.FindAllSubmatch(readme, -1)
	if len(commands) < 6 {
		t.Fatalf("%d commands in the starter's README, want the six verbs at least", len(commands))
	}
	for _, c := range commands {
		out := runCommand(t, filepath.Join(dir, "demo"), string(c[1]))
		if file := starterOut.FindSubmatch(c[1]); file != nil {
			if _, err := os.Stat(filepath.Join(dir, "demo", string(file[1]))); err != nil {
				t.Errorf("%s: %v", c[1], err)
			}
		} else if out == "" {
			t.Errorf("%s printed nothing", c[1])
		}
	}
}
