// Quickstart shows the whole of this module at work, and needs nothing but itself: no
// container engine, no cluster, no network beyond this machine.
//
// It runs a registry, replays a week of pushes and imports into image streams, plans what
// may go, carries that out, collects the garbage, and proves that what is left is whole
// and that what was promised was freed. It prints the same in every run.
//
// Its exit status is 1 where anything failed, a proof above all, with the reason on
// standard error, and 2 where it is given arguments: it takes none.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "quickstart takes no arguments; it runs in a temporary directory and leaves nothing behind")
		os.Exit(2)
	}
	signal.Ignore(syscall.SIGPIPE) // where nobody reads any more it cleans up all the same
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "quickstart: %v\n", err)
		os.Exit(1)
	}
}

// run is the program.
func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "registrykit-quickstart-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newShow(ctx, dir, out)
	if err != nil {
		return err
	}
	defer s.close()
	for _, step := range []func(context.Context) error{s.replay, s.plan, s.carryOut, s.collect, s.prove} {
		if err := cmp.Or(step(ctx), s.failed); err != nil {
			return err
		}
	}
	return nil
}
