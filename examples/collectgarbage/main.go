// Collectgarbage deletes from the volume of a registry what nobody needs: links and
// blobs that no manifest needs and, with --delete-untagged, manifests that no tag
// needs.
//
//	collectgarbage --root DIR [--dry-run] [--delete-untagged] [--grace 24h]
//	               [--uploads-older-than 168h] [--online] [-o text|json]
//
// DIR is the registry's rootdirectory: it holds docker/registry/v2. The registry must
// be stopped or read-only, unless --online is given, and restarted afterwards where it
// caches blob descriptors.
//
// A blob is only condemned at first: it goes with a later run, at least --grace after,
// if nobody needs it by then. With --grace 0s one run does it all.
//
// With --online the registry may run and take pushes, if everything that writes to the
// volume does so under leases: through this module's layout, or its driver for
// distribution with leases and without a cache of blob descriptors. Then --grace 0s is
// refused, and so is a volume that cannot compare and swap. That is tried out with small
// objects below .registrykit-probe, but not by a dry run, which writes nothing. Records
// of leases that ran out more than seven days before the run began are deleted at its
// end: no other sweep of the volume may run for longer than that.
//
// In the JSON, three fields are left out where there is nothing to say: condemned is how
// many of the kept blobs wait for a later run, uploads are those that were deleted, and
// dryRun says that nothing was.
//
// Its exit status is 0 where all was done, also in an empty directory, and 1 for
// anything else: DIR is missing or holds no registry, and nothing is touched; something
// could not be read, and nothing is deleted; something could not be deleted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

func main() {
	// Most of what is in memory stays to the end: to clean up more often costs little,
	// and a million blobs fit into 300 MiB.
	debug.SetGCPercent(25)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return 0
	}
	var r *report
	if err == nil {
		r, err = collect(ctx, o)
	}
	if r != nil {
		err = errors.Join(err, r.print(stdout, o.output))
		if r.empty && o.output == "json" {
			fmt.Fprintf(stderr, "collectgarbage: %s\n", r.emptiness())
		}
	}
	if err == nil {
		return 0
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(stderr, "collectgarbage: %s\n", oneLine(line))
	}
	return 1
}

const usage = `usage: collectgarbage --root DIR [flags]
  --root DIR                the registry's root directory: it holds docker/registry/v2
  --dry-run                 say what would be deleted, and delete nothing
  --delete-untagged         delete manifests that no tag needs, too
  --grace DURATION          how long blobs wait for a second run (24h); 0s: they do not
  --uploads-older-than DURATION
                            delete uploads that were begun so long ago, and what
                            writers and probes that died left then (168h); 0s: none
  --online                  the registry runs, and everything that writes to the volume
                            does so under leases: through this module's layout or its
                            driver for distribution, without a cache of blob descriptors
  -o FORMAT                 print the report as text (the default) or as json
`

type options struct {
	root, output             string
	dryRun, untagged, online bool
	grace, uploads           time.Duration
	now                      func() time.Time
}

func parseFlags(args []string) (options, error) {
	o := options{now: time.Now}
	f := flag.NewFlagSet("collectgarbage", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.root, "root", "", "")
	f.StringVar(&o.output, "o", "text", "")
	f.BoolVar(&o.dryRun, "dry-run", false, "")
	f.BoolVar(&o.untagged, "delete-untagged", false, "")
	f.BoolVar(&o.online, "online", false, "")
	f.DurationVar(&o.grace, "grace", 24*time.Hour, "")
	f.DurationVar(&o.uploads, "uploads-older-than", 7*24*time.Hour, "")
	err := f.Parse(args)
	switch {
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("%q: there are no arguments but the flags", f.Arg(0))
	case o.root == "":
		err = errors.New("--root is missing: the directory of a registry")
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("-o %q: want text or json", o.output)
	case o.grace < 0 || o.uploads < 0:
		err = errors.New("--grace and --uploads-older-than cannot be negative")
	case o.online && o.grace == 0:
		err = errors.New("--online with --grace 0s: while pushes go on, blobs must wait for a second run")
	}
	return o, err
}

// state is what a directory is.
type state int

const (
	noRegistry state = iota
	empty
	registry
)

// look tells what a directory is, without touching it.
func look(root string) (state, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return noRegistry, err
	}
	info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(registrylayout.Root)))
	if err == nil && info.IsDir() {
		return registry, nil
	}
	for _, e := range entries {
		switch e.Name() {
		case "lost+found", storage.Reserved, lease.DefaultPrefix, storage.DefaultProbePrefix, filepath.Dir(fromlayout.DefaultCondemned): // a new volume, or our own
		default:
			return noRegistry, fmt.Errorf("%s is no registry: it holds %s and no directory %s", root, e.Name(), registrylayout.Root)
		}
	}
	return empty, nil
}

// oneLine keeps control characters, which a name on a volume may have, away from a
// terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
