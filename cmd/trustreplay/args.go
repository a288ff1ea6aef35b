package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// flagsFirst moves the flags of a command line before its files. urfave/cli stops at the first file and would silently read
// the flags behind it as files. Unknown flags are refused here, with the nearest known one.
func flagsFirst(commands []*cli.Command, args []string) ([]string, error) {
	if len(args) < 2 || strings.HasPrefix(args[1], "-") {
		return args, nil
	}
	cmd := named(commands, args[1])
	if cmd == nil {
		return nil, unknownVerb(commands, args[1])
	}
	head, rest := args[:2:2], args[2:]
	for len(cmd.Subcommands) > 0 && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		sub := named(cmd.Subcommands, rest[0])
		if sub == nil {
			return nil, unknownVerb(cmd.Subcommands, rest[0])
		}
		cmd, head, rest = sub, append(head, rest[0]), rest[1:]
	}
	var flags, files []string
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			files = append(files, rest...)
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			files = append(files, arg)
			continue
		}
		if arg == "-h" || arg == "--help" || arg == "-help" {
			return append(head, "--help"), nil // urfave/cli would take the files for help topics
		}
		flags = append(flags, arg)
		takes, err := takesValue(cmd, arg)
		if err != nil {
			return nil, err
		}
		if takes {
			if len(rest) == 0 {
				return nil, fmt.Errorf("flag %s wants a value: see trustreplay %s --help", arg, strings.Join(head[1:], " "))
			}
			flags = append(flags, rest[0])
			rest = rest[1:]
		}
	}
	out := append(head, flags...)
	if len(files) > 0 {
		out = append(append(out, "--"), files...)
	}
	return out, nil
}

func named(commands []*cli.Command, name string) *cli.Command {
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(name) })
	if i < 0 {
		return nil
	}
	return commands[i]
}

// takesValue reports whether the argument behind a flag is its value.
func takesValue(cmd *cli.Command, arg string) (bool, error) {
	name, _, inline := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	var known []string
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !inline && !isBool, nil
		}
		known = append(known, f.Names()[0])
	}
	if name == "help" || name == "h" {
		return false, nil
	}
	return false, fmt.Errorf("unknown flag --%s for %s%s", name, cmd.Name, nearest("--", name, known))
}

func unknownVerb(commands []*cli.Command, name string) error {
	var known []string
	for _, c := range commands {
		known = append(known, c.Name)
	}
	return fmt.Errorf("unknown verb %q%s: want %s", name, nearest("", name, known), strings.Join(known, ", "))
}

// nearest returns ", did you mean X?" for a known name within two typing errors, or "".
func nearest(prefix, name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := smetrics.WagnerFischer(strings.ToLower(name), k, 1, 1, 1); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s%s?", prefix, best)
}

// notEmpty refuses flags that were given without a value, as a shell does with an unset variable: "" would silently be the
// default, and a limit on what is certified would be gone.
func notEmpty(c *cli.Context, flags ...string) error {
	for _, name := range flags {
		empty := c.String(name) == ""
		if list, many := c.Value(name).(cli.StringSlice); many {
			empty = slices.Contains(list.Value(), "")
		}
		if c.IsSet(name) && empty {
			return fmt.Errorf("--%s is empty: want a value, or no such flag", name)
		}
	}
	return nil
}
