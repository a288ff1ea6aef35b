package main

import (
	"path/filepath"
	"regexp"
	"testing"
)

// starterCommand is a command of the starter folder's README, indented as markdown wants code.
var starterCommand = regexp.MustCompile(`(?m)^    (trustreplay .*)$`)

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
		if out := runCommand(t, filepath.Join(dir, "demo"), string(c[1])); out == "" {
			t.Errorf("%s printed nothing", c[1])
		}
	}
}
