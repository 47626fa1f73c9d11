// Imagepruner reads an ImagePruner in JSON or YAML and says what it means: its
// defaults filled in, what is wrong with it, when it runs, the flags that `oc adm
// prune images` gets, and the CronJob that runs it.
//
//	oc get imagepruner/cluster -o yaml | imagepruner -
//
// Its exit status is 0, also with warnings, and 1 with errors. Each error and warning
// is on a line of its own, with its path.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now()))
}

// runs is how many of the next runs are told.
const runs = 5

// options are what the command line says.
type options struct {
	now      time.Time
	registry imagepruner.Registry
	output   string
	file     string
}

// run is the program. clock is the time now.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, clock time.Time) int {
	o, err := parseFlags(args, clock)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return 0
	}
	var pruner *imagepruner.ImagePruner
	if err == nil {
		pruner, err = o.read(stdin)
	}
	// Where fields could not be read, the others are checked all the same.
	var unread *imagepruner.InvalidError
	if err != nil && !errors.As(err, &unread) {
		fmt.Fprintf(stderr, "imagepruner: %s\n", err)
		return 1
	}
	var problems imagepruner.Problems
	if unread != nil {
		problems = unread.Problems
	}
	problems = append(problems, pruner.Check()...)
	r, err := o.report(pruner, problems)
	if err == nil && o.output == "json" {
		err = r.writeJSON(stdout)
	} else if err == nil {
		err = r.writeText(stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "imagepruner: %s\n", err)
		return 1
	}
	for _, p := range problems {
		fmt.Fprintf(stderr, "%s: %s\n", p.Severity, p)
	}
	if len(problems.Errors()) > 0 {
		return 1
	}
	return 0
}

const usage = `usage: imagepruner [flags] FILE|-
Reads an ImagePruner in JSON or YAML and says what it means.
  --now TIME                 tell the runs after this time, in RFC 3339 (default: now)
  --management-state STATE   of the registry: Managed, Unmanaged or Removed (default Managed)
  --registry-hostname HOST   the registry's internal host name, which decides where it is Unmanaged
  -o text|json               print text, with the object as YAML, or JSON (default text)
`

func parseFlags(args []string, clock time.Time) (*options, error) {
	o := &options{now: clock}
	f := flag.NewFlagSet("imagepruner", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	now := f.String("now", "", "")
	state := f.String("management-state", string(imagepruner.Managed), "")
	f.StringVar(&o.registry.HostName, "registry-hostname", "", "")
	f.StringVar(&o.output, "o", "text", "")
	var files []string
	for args != nil { // flags may stand behind the file, too
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if args = nil; f.NArg() > 0 {
			files, args = append(files, f.Arg(0)), f.Args()[1:]
		}
	}
	if len(files) != 1 {
		return nil, errors.New("want one file, or - for standard input")
	}
	o.file = files[0]
	if o.output != "text" && o.output != "json" {
		return nil, fmt.Errorf("-o %s: want text or json", o.output)
	}
	if *now != "" {
		var err error
		if o.now, err = time.Parse(time.RFC3339, *now); err != nil {
			return nil, fmt.Errorf("--now %s: want a time in RFC 3339, as 2026-11-01T12:00:00Z", *now)
		}
	}
	var err error
	if o.registry.ManagementState, err = imagepruner.ParseManagementState(*state); err != nil {
		return nil, fmt.Errorf("--management-state: %w", err)
	}
	return o, nil
}

func (o *options) read(stdin io.Reader) (*imagepruner.ImagePruner, error) {
	if o.file == "-" {
		return imagepruner.Read(stdin)
	}
	f, err := os.Open(o.file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return imagepruner.Read(f)
}

// A report is what the program prints. What the errors rule out is left out.
type report struct {
	Pruner   *imagepruner.ImagePruner `json:"imagePruner"`
	Errors   imagepruner.Problems     `json:"errors"`
	Warnings imagepruner.Problems     `json:"warnings"`
	NextRuns []time.Time              `json:"nextRuns"`
	Flags    []string                 `json:"flags"`
	CronJob  json.RawMessage          `json:"cronJob,omitempty"`

	suspended bool
}

func (o *options) report(pruner *imagepruner.ImagePruner, problems imagepruner.Problems) (*report, error) {
	r := &report{Pruner: pruner, Errors: problems.Errors(), Warnings: problems.Warnings(), NextRuns: []time.Time{}, Flags: []string{}}
	spec := pruner.Spec
	pruner.Spec = spec.WithDefaults()
	r.suspended = *pruner.Spec.Suspend
	if schedule, err := spec.ScheduleIn(time.UTC); err == nil {
		for at := range schedule.Runs(o.now) {
			if r.NextRuns = append(r.NextRuns, at); len(r.NextRuns) == runs {
				break
			}
		}
	}
	if len(r.Errors) > 0 {
		return r, nil
	}
	var err error
	if r.Flags, err = spec.Flags(o.registry); err != nil {
		return nil, err
	}
	r.CronJob, err = spec.CronJob(imagepruner.CronJobOptions{Registry: o.registry})
	return r, err
}

func (r *report) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *report) writeText(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("# With its defaults:\n")
	if err := r.Pruner.WriteYAML(&b); err != nil {
		return err
	}
	b.WriteString("\n# Next runs:\n")
	switch {
	case r.suspended:
		b.WriteString("none, it is suspended\n")
	case len(r.NextRuns) == 0:
		b.WriteString("none\n")
	}
	for _, at := range r.NextRuns {
		fmt.Fprintln(&b, at.Format(time.RFC3339))
	}
	if len(r.Flags) > 0 {
		fmt.Fprintf(&b, "\n# Flags:\noc adm prune images \\\n  %s\n", strings.Join(r.Flags, " \\\n  "))
	}
	if len(r.CronJob) > 0 {
		fmt.Fprintf(&b, "\n# CronJob:\n%s", r.CronJob)
	}
	_, err := w.Write(b.Bytes())
	return err
}
