// Pruneplan reads what `oc get -o json` prints and says which images, tag
// history and registry data could be deleted, which not, and why. It deletes
// nothing.
//
//	oc get -A -o json pods,replicationcontrollers,deploymentconfigs,replicasets,\
//	deployments,daemonsets,statefulsets,jobs,cronjobs,builds,buildconfigs,\
//	limitranges,imagestreams,images | pruneplan
//
// With --pruner it judges as the cluster's own pruner is configured to:
//
//	oc get imagepruner/cluster -o json >pruner.json
//	pruneplan --pruner pruner.json cluster.json
//
// Its exit status is 0 for a plan, also an empty one; 2 where references do not
// parse, so that it is not known what they use; 1 for anything else, also for an
// input that holds no document: what wrote it may have failed.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// The exit statuses.
const (
	planned           = 0
	failed            = 1
	invalidReferences = 2
)

func main() {
	memory = newHeap()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now()))
}

// run is the program. clock is the time now.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, clock time.Time) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, errHelp) {
		return planned
	}
	if err == nil {
		err = o.run(stdin, stdout, stderr, clock)
	}
	if err == nil {
		return planned
	}
	fmt.Fprintf(stderr, "pruneplan: %s\n", oneLine(strings.ReplaceAll(err.Error(), "\n", "; ")))
	if invalid := new(prune.InvalidReferencesError); errors.As(err, &invalid) {
		return invalidReferences
	}
	return failed
}

// oneLine keeps control characters, which a name in a dump may have, away from a
// terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func (o *options) run(stdin io.Reader, stdout, stderr io.Writer, clock time.Time) error {
	policy, err := prune.OpenShift(o.policy)
	if err != nil {
		return err
	}
	for _, warning := range o.warnings {
		fmt.Fprintf(stderr, "%s: %s\n", o.pruner, oneLine(warning.String()))
	}
	inv, newest, err := o.read(stdin, stderr)
	if err != nil {
		return err
	}
	now := o.now
	if now.IsZero() {
		now = newest
		if now.IsZero() || now.After(clock) {
			now = clock
		}
	}
	plan, err := prune.New(inv, policy, now)
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		plan = invalid.Plan
	} else if err != nil {
		return err
	}
	if printed := o.print(plan, stdout, stderr); printed != nil {
		return printed // what does not parse was not told, at least not as JSON
	}
	return err
}

// read reads all inputs, and returns the newest time in them.
func (o *options) read(stdin io.Reader, stderr io.Writer) (*inventory.Inventory, time.Time, error) {
	progress := newProgress(stderr)
	defer progress.end()
	reader, err := dump.NewReader(&dump.Options{
		Listed:             o.listed,
		ImagesAfterStreams: o.strictPeer,

		PhaselessPodsFinished: o.strictPeer,

		MaxObjectBytes: o.maxObjectBytes,
		Progress: func(bytes int64) {
			memory.check()
			progress.at(bytes)
		},
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, name := range o.files {
		if err := readFile(reader, name, stdin); err != nil {
			return nil, time.Time{}, err
		}
	}
	inv, err := reader.Inventory()
	memory.check()
	if first, n := reader.InPart(); n > 0 {
		fmt.Fprintf(stderr, "pruneplan: %s\n", oneLine(first[0].Error()))
		fmt.Fprintf(stderr, "pruneplan: %d such fields of Images cannot be read: what these may need stays\n", n)
	}
	return inv, reader.Newest(), err
}

func readFile(reader *dump.Reader, name string, stdin io.Reader) error {
	if name == "-" {
		return reader.Read("standard input", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	return reader.Read(name, f)
}

func (o *options) print(plan *prune.Plan, stdout, stderr io.Writer) error {
	out := bufio.NewWriterSize(stdout, 1<<16)
	warning := evidenceWarning(plan)
	if warning != "" {
		to := io.Writer(out)
		if o.output == "json" {
			to = stderr
		}
		fmt.Fprintln(to, warning)
	}
	var err error
	switch {
	case o.explain != "":
		err = o.printExplanation(plan, out)
	case o.output == "json":
		err = plan.WriteJSON(out, o.verdicts)
	default:
		if err = plan.WriteText(out, o.rows); err == nil && o.verdicts {
			printKept(plan, out)
		}
	}
	return cmp.Or(err, out.Flush())
}

func (o *options) printExplanation(plan *prune.Plan, out io.Writer) error {
	explanations, err := plan.Explain(o.explain)
	if err != nil {
		return err
	}
	if o.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(explanations)
	}
	for _, e := range explanations {
		fmt.Fprint(out, e)
	}
	return nil
}

func printKept(plan *prune.Plan, out io.Writer) {
	fmt.Fprintln(out, "\nKept:")
	for v := range plan.Verdicts() {
		if v.Outcome == prune.Keep {
			fmt.Fprintf(out, "  %s\n", oneLine(fmt.Sprintf("%s %s  %s", v.Kind, v.Object, v.Reason)))
		}
	}
}
