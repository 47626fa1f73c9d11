package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

var errHelp = errors.New("help was asked for")

// options are what the command line says.
type options struct {
	policy         prune.OpenShiftOptions
	now            time.Time // zero: the newest time in the input
	output         string
	verdicts       bool
	explain        string
	listed         []inventory.Kind
	strictPeer     bool
	rows           int
	maxObjectBytes int64
	files          []string

	pruner   string // the file of an ImagePruner, "" for none
	registry imagepruner.Registry
	warnings imagepruner.Problems // of the ImagePruner
}

// parseFlags reads the command line. Names and defaults of the policy are those
// of `oc adm prune images`.
func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := &options{policy: prune.DefaultOpenShiftOptions()}
	f := flag.NewFlagSet("pruneplan", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	age := age(*o.policy.KeepYoungerThan)
	f.Var(&age, "keep-younger-than", "keep what is younger than this `age`, as 90m or 720h")
	revisions := f.Int("keep-tag-revisions", *o.policy.KeepTagRevisions, "keep so many of the newest images of each tag")
	f.BoolVar(&o.policy.PruneOverSizeLimit, "prune-over-size-limit", false, "prune what is above its namespace's limit instead, whatever its age and revision")
	f.BoolVar(&o.policy.AllImages, "all", true, "prune images that were imported as well, not only those pushed")
	f.BoolVar(&o.policy.PruneRegistry, "prune-registry", true, "prune links and blobs as well, not only API objects")
	f.BoolVar(&o.policy.IgnoreInvalidRefs, "ignore-invalid-refs", false, "plan although references do not parse, and what they use is not known")
	f.StringVar(&o.pruner, "pruner", "", "take the policy from the ImagePruner in this `file`, JSON or YAML; flags that are given win over it")
	state := f.String("management-state", string(imagepruner.Managed), "with --pruner, the registry's management `state`: Managed, Unmanaged or Removed")
	f.StringVar(&o.registry.HostName, "registry-hostname", "", "with --pruner, the registry's internal `host`, which decides over an Unmanaged one's data")
	f.StringVar(&o.policy.Namespace, "namespace", "", "plan the image streams of this `namespace` alone")
	f.StringVar(&o.policy.Namespace, "n", "", "short for --namespace")
	now := f.String("now", "", "judge at this `time`, in RFC 3339 (default: the newest time in the input)")
	f.StringVar(&o.output, "o", "text", "print the plan as text or as json")
	f.BoolVar(&o.verdicts, "verdicts", false, "print what is kept too, and why")
	f.StringVar(&o.explain, "explain", "", "explain one object instead: an image or blob (its digest or a unique prefix), ns/name:tag or ns/name:tag#index")
	listed := f.String("listed", "", "these `kinds` were listed, though the dump holds none of them: Job,CronJob… or all")
	f.BoolVar(&o.policy.AcceptUnknownImages, "accept-unknown-images", false, "images that are needed and not known hold nothing back")
	f.BoolVar(&o.strictPeer, "strict-peer", false, "judge by what 'oc adm prune images' reads and nothing else: all kinds were listed, unknown images hold nothing back")
	ignored := f.String("ignore-sources", "", "pass over references of these `sources`, which the peer does not read")
	f.IntVar(&o.rows, "rows", 10, "print so many rows of each table; 0 for all")
	f.Int64Var(&o.maxObjectBytes, "max-object-bytes", 0, "refuse objects of more bytes (default 64 MiB)")
	var err error
	if o.files, err = parseMixed(f, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stderr)
			fmt.Fprintln(stderr, "usage: pruneplan [flags] [file…]\nReads what `oc get -o json` prints, from files or standard input, and plans a prune.")
			f.PrintDefaults()
			return nil, errHelp
		}
		return nil, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if err := o.readPruner(set, *state, &age, revisions); err != nil {
		return nil, err
	}
	o.setAges(set, prune.Duration(age), *revisions)
	o.policy.IgnoreSources = split(*ignored)
	if len(o.files) == 0 {
		o.files = []string{"-"}
	}
	return o, o.check(*now, *listed)
}

// An age is a flag's duration whose error says which units there are.
type age prune.Duration

func (a *age) String() string { return time.Duration(*a).String() }

func (a *age) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("want a duration in h, m and s, as 90m or 720h")
	}
	*a = age(d)
	return nil
}

// parseMixed reads flags wherever they stand, as oc does, and returns the rest.
// Behind "--" there are no flags.
func parseMixed(f *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		read := len(args) - f.NArg()
		if read > 0 && args[read-1] == "--" {
			return append(rest, f.Args()...), nil
		}
		if f.NArg() == 0 {
			break
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
	return rest, nil
}

// setAges leaves out the ages and revisions in over-size mode, which has none,
// unless they were asked for: then the policy refuses the contradiction.
func (o *options) setAges(set map[string]bool, age prune.Duration, revisions int) {
	o.policy.KeepYoungerThan, o.policy.KeepTagRevisions = nil, nil
	if !o.policy.PruneOverSizeLimit || set["keep-younger-than"] {
		o.policy.KeepYoungerThan = &age
	}
	if !o.policy.PruneOverSizeLimit || set["keep-tag-revisions"] {
		o.policy.KeepTagRevisions = &revisions
	}
}

func (o *options) check(now, listed string) (err error) {
	if o.output != "text" && o.output != "json" {
		return fmt.Errorf("-o %s: want text or json", o.output)
	}
	if o.rows < 0 || o.maxObjectBytes < 0 {
		return errors.New("--rows and --max-object-bytes must not be negative")
	}
	if now != "" {
		if o.now, err = time.Parse(time.RFC3339, now); err != nil {
			return fmt.Errorf("--now %s: want a time in RFC 3339, as 2026-11-01T12:00:00Z", now)
		}
		if o.now.IsZero() {
			return fmt.Errorf("--now %s: that is the zero time", now)
		}
	}
	if o.strictPeer {
		listed = "all"
		o.policy.AcceptUnknownImages, o.policy.PeerReferencesOnly, o.policy.AbsentTimesAreAncient = true, true, true
	}
	for _, source := range o.policy.IgnoreSources {
		if !slices.Contains(workload.Sources(), workload.Source(source)) {
			return fmt.Errorf("--ignore-sources %s: no such source; want of %v", source, workload.Sources())
		}
	}
	o.listed, err = parseKinds(listed)
	return err
}

// parseKinds reads kinds as one names them to oc: in singular or plural, in
// whatever case.
func parseKinds(list string) ([]inventory.Kind, error) {
	var kinds []inventory.Kind
	for _, name := range split(list) {
		if strings.EqualFold(name, "all") {
			kinds = append(kinds, inventory.Kinds()...)
			continue
		}
		kind, ok := parseKind(name)
		if !ok {
			return nil, fmt.Errorf("--listed %s: no such kind; want all, or of %v", name, inventory.Kinds())
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func parseKind(name string) (inventory.Kind, bool) {
	for _, kind := range inventory.Kinds() {
		if strings.EqualFold(name, string(kind)) || strings.EqualFold(name, string(kind)+"s") {
			return kind, true
		}
	}
	return "", false
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
