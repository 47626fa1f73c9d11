// Storagecheck looks through the volume of a registry and says what is there, what
// nobody points to, what points to nothing, and what cannot be read. It changes
// nothing.
//
//	storagecheck --root DIR [-o text|json] [--verify]
//
// DIR is the registry's rootdirectory: it holds docker/registry/v2. With --verify
// every blob is read and its digest compared. Beside a registry that is running, what
// a push has just written may look as if nobody pointed to it.
//
// The text also says how many temporary files of this module's driver are there that
// nobody is known to write to: of uploads that rest, or of writers that died. They are
// no finding; collectgarbage takes away the old ones.
//
// Its exit status is 0 where all is sound, also in an empty directory; 5 with
// findings; 1 for anything else: DIR is missing, holds no registry, or cannot be read.
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
	"strings"
	"unicode"

	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// The exit statuses.
const (
	sound    = 0
	failed   = 1
	findings = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return sound
	}
	var r *report
	if err == nil {
		r, err = check(ctx, o, newProgress(stderr, o.verify))
	}
	if err == nil {
		err = r.print(stdout, o.output)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "storagecheck: %s\n", oneLine(strings.ReplaceAll(err.Error(), "\n", "; ")))
		return failed
	case r.Sound:
		return sound
	}
	return findings
}

const usage = `usage: storagecheck --root DIR [-o text|json] [--verify]
  --root DIR   the registry's root directory: it holds docker/registry/v2
  -o FORMAT    print the report as text (the default) or as json
  --verify     read every blob and compare its digest
`

type options struct {
	root, output string
	verify       bool
}

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("storagecheck", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.root, "root", "", "")
	f.StringVar(&o.output, "o", "text", "")
	f.BoolVar(&o.verify, "verify", false, "")
	err := f.Parse(args)
	switch {
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("%q: there are no arguments but the flags", f.Arg(0))
	case o.root == "":
		err = errors.New("--root is missing: the directory of a registry")
	case o.output != "text" && o.output != "json":
		err = fmt.Errorf("-o %q: want text or json", o.output)
	}
	return o, err
}

func check(ctx context.Context, o options, progress *progress) (*report, error) {
	if err := isRegistry(o.root); err != nil {
		return nil, err
	}
	driver, err := filesystem.Open(o.root, filesystem.Options{})
	if err != nil {
		return nil, err
	}
	store := storage.New(driver, storage.Options{})
	defer store.Close()
	r := newReport(o.root, o.verify)
	defer progress.end()
	summary, err := registrylayout.New(store, registrylayout.Options{}).Check(ctx,
		registrylayout.CheckOptions{Verify: o.verify, Progress: progress.at}, r.add)
	if err != nil {
		return nil, err
	}
	r.sum(summary)
	r.remains, r.remainBytes, r.remainsErr = remains(ctx, driver)
	return r, context.Cause(ctx)
}

// remains counts the temporary files that no process is known to hold. It looks
// and takes nothing away.
func remains(ctx context.Context, driver *filesystem.Driver) (n int, bytes int64, err error) {
	for u, err := range driver.Uploads(ctx, "") {
		if err != nil {
			return n, bytes, err
		}
		if !u.Active {
			n, bytes = n+1, bytes+max(u.Size, 0)
		}
	}
	return n, bytes, nil
}

// isRegistry refuses a directory that holds something, but no registry.
func isRegistry(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(registrylayout.Root)))
	if err == nil && info.IsDir() {
		return nil
	}
	for _, e := range entries {
		switch e.Name() {
		case "lost+found", storage.Reserved, lease.DefaultPrefix, storage.DefaultProbePrefix, filepath.Dir(fromlayout.DefaultCondemned): // a new volume, or our own
		case "blobs", "repositories":
			return fmt.Errorf("%s is no registry's root directory, it seems to be inside of one: give the directory that holds %s", root, registrylayout.Root)
		default:
			return fmt.Errorf("%s is no registry: it holds %s and no directory %s", root, e.Name(), registrylayout.Root)
		}
	}
	return nil
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
