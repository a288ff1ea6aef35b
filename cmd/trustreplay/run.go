package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"
)

// Exit codes (README, "Exit codes").
const (
	exitDone   = 0
	exitNo     = 1 // the answer is no: a gate is broken, nothing is certified, a policy has warnings under --strict
	exitNone   = 2 // there is no answer: usage, data, input or output
	exitSignal = 128
)

// errNo is the error of a verb whose answer is no; what there is to say was already printed.
var errNo = errors.New("the answer is no")

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ signal syscall.Signal }

func (i interrupted) Error() string {
	if i.signal == syscall.SIGINT {
		return "interrupted"
	}
	return "ended by a signal: " + i.signal.String()
}

// grace is how long an interrupted verb may take to come to an end; a read of a silent pipe never would.
const grace = time.Second

// run is the program: arguments in, bytes out, an exit code back.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr, stalled: make(chan error, 1)}
	done := make(chan error, 1)
	go func() { done <- e.dispatch(ctx, args) }()
	var err error
	select {
	case err = <-done:
	case err = <-e.stalled:
		e.abort()
	case <-ctx.Done():
		err = ctx.Err()
		select {
		case err = <-done: // nil where the signal came too late: the files are there
		case <-time.After(grace):
		}
		e.abort()
	}
	var signalled interrupted
	if err != nil && errors.As(context.Cause(ctx), &signalled) {
		fmt.Fprintf(stderr, "trustreplay: %v, no file was written\n", signalled)
		return exitSignal + int(signalled.signal)
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, syscall.EPIPE): // whoever read has had enough, which needs no words
		return exitSignal + int(syscall.SIGPIPE)
	}
	printError(stderr, err)
	return exitNone
}

// printError writes each of the joined errors on a line of its own.
func printError(w io.Writer, err error) {
	if many, isMany := err.(interface{ Unwrap() []error }); isMany {
		for _, e := range many.Unwrap() {
			printError(w, e)
		}
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // the mistakes of one file come as lines of one error
		fmt.Fprintf(w, "trustreplay: %s\n", printable(line))
	}
}

// printable returns a text without what a terminal would obey: names of files and columns come from whoever made them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\t' {
			return r
		}
		return '?'
	}, text)
}

// dispatch finds the verb and runs it.
func (e *env) dispatch(ctx context.Context, args []string) error {
	app := &cli.App{
		Name:                  "trustreplay",
		Usage:                 "replay stored Trustfull responses under other policies, offline",
		Version:               version(),
		HideHelpCommand:       true,
		Writer:                e.stdout,
		ErrWriter:             e.stderr,
		CustomAppHelpTemplate: appHelp,
		ExitErrHandler:        func(*cli.Context, error) {}, // run alone decides the exit code
		OnUsageError:          func(_ *cli.Context, err error, _ bool) error { return err },
		Commands: []*cli.Command{
			e.initVerb(), e.inspectVerb(), e.replayVerb(), e.compareVerb(), e.curveVerb(), e.exploreVerb(), e.calibrateVerb(), e.verifyVerb(), e.driftVerb(),
			e.reportVerb(), e.policyVerb(), e.convertVerb(), e.synthVerb(),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return unknownVerb(c.App.Commands, c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, cmd := range app.Commands {
		dress(cmd)
	}
	ordered, err := flagsFirst(app.Commands, args)
	if err != nil {
		return err
	}
	return app.RunContext(ctx, ordered)
}

// dress gives a command and its subcommands the house style.
func dress(cmd *cli.Command) {
	cmd.CustomHelpTemplate = verbHelp
	cmd.HideHelpCommand = true
	cmd.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return err }
	for _, f := range cmd.Flags {
		if b, isBool := f.(*cli.BoolFlag); isBool {
			b.DisableDefaultText = true // a switch is off until it is given
		}
	}
	for _, sub := range cmd.Subcommands {
		dress(sub)
	}
}
