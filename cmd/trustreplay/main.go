// Trustreplay replays stored Trustfull responses under other policies, offline. See README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// softMemory is the memory from which on garbage is collected before the heap has doubled. A large history fills a heap once and
// keeps it, so that waiting for twice its size would cost memory and save no time. It is no bound: what is needed is taken.
const softMemory = 1 << 30

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
	// A reader that goes away, such as head, is an error of the write, so that nothing half-written stays behind.
	signal.Ignore(syscall.SIGPIPE)
	// The first signal ends the run in an orderly way; a second one kills, because the handler is gone by then.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(interrupted{s.(syscall.Signal)})
	}()
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
