package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
)

var errHelp = errors.New("help was asked for")

// options are what the command line says.
type options struct {
	from       string
	all        bool
	limit      int
	importMode imagestream.ImportModeType
	platform   importer.Platform
	authFile   string
	insecure   bool
	stream     string
	withImages bool
	now        time.Time
	output     string

	namespace, name string
	// tag of the stream that From is imported to.
	tag string
}

func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	var mode, platform, now string
	f := flag.NewFlagSet("importstream", flag.ContinueOnError)
	f.StringVar(&o.from, "from", "", "import this `image`, HOST/namespace/repository[:tag]")
	f.BoolVar(&o.all, "all", false, "import all tags of the repository, or, without --from, refresh all tags of the stream")
	f.IntVar(&o.limit, "limit", imagestream.DefaultImportLimit, "import at most so many tags with --all; -1 is as many as one import may")
	f.StringVar(&mode, "import-mode", "", "`mode` for manifest lists: Legacy takes one image, PreserveOriginal all (default: as the tag has it, else Legacy)")
	f.StringVar(&platform, "platform", "linux/amd64", "`os/arch` to take of a manifest list in the mode Legacy")
	f.StringVar(&o.authFile, "authfile", "", "find credentials in this auth.json or config.json `file`")
	f.BoolVar(&o.insecure, "insecure", false, "allow plain HTTP and certificates that do not verify")
	f.StringVar(&o.stream, "stream", "", "import into the ImageStream in this `file`, - is standard input")
	f.BoolVar(&o.withImages, "with-images", false, "print the Images that were fetched, too")
	f.StringVar(&now, "now", "", "take this `time`, as in 2026-01-02T15:04:05Z, for the present one")
	f.StringVar(&o.output, "o", "json", "print `json` or text")
	names, err := parse(f, args, stderr, "importstream --from HOST/ns/repo[:tag] [flags] [ns/]name")
	if err != nil {
		return nil, err
	}
	switch {
	case len(names) != 1:
		return nil, fmt.Errorf("one name of an image stream is wanted, not %d", len(names))
	case o.output != "text" && o.output != "json":
		return nil, fmt.Errorf("-o %q: it is text or json", o.output)
	case o.from == "" && o.stream == "":
		return nil, errors.New("there is nothing to import: give --from or --stream")
	case o.limit == 0:
		return nil, errors.New("--limit 0: nothing would be imported")
	}
	if err := o.readName(names[0]); err != nil {
		return nil, err
	}
	if err := checkAuthFile(o.authFile); err != nil {
		return nil, err
	}
	o.importMode = imagestream.ImportModeType(mode)
	if mode != "" && o.importMode != imagestream.ImportModeLegacy && o.importMode != imagestream.ImportModePreserveOriginal {
		return nil, fmt.Errorf("--import-mode %q: it is %s or %s", mode, imagestream.ImportModeLegacy, imagestream.ImportModePreserveOriginal)
	}
	var ok bool
	if o.platform, ok = importer.ParsePlatform(platform); !ok {
		return nil, fmt.Errorf("--platform %q: it is as in linux/arm64", platform)
	}
	o.now = time.Now()
	if now != "" {
		if o.now, err = time.Parse(time.RFC3339, now); err != nil {
			return nil, fmt.Errorf("--now: %w", err)
		}
	}
	return o, o.readFrom()
}

// readName reads the name of the stream.
func (o *options) readName(s string) error {
	o.name = s
	if namespace, name, ok := strings.Cut(s, "/"); ok {
		o.namespace, o.name = namespace, name
		if namespace == "" {
			return fmt.Errorf("%q: the namespace is empty", s)
		}
	}
	return imagestream.ValidateStreamName(o.namespace, o.name)
}

// readFrom checks the image and finds out the tag for it.
func (o *options) readFrom() error {
	if o.from == "" {
		return nil
	}
	ref, err := imagestream.ParsePullSpec(o.from)
	switch {
	case err != nil:
		return fmt.Errorf("--from: %w", err)
	case ref.Name == "":
		return fmt.Errorf("--from %q names a registry and no repository", o.from)
	case o.all && (ref.Tag != "" || ref.ID != ""):
		return fmt.Errorf("--from %q: with --all it has no tag", o.from)
	}
	if o.tag = ref.Tag; o.tag == "" {
		o.tag = imagestream.DefaultImageTag
	}
	return nil
}

// parse reads flags before and after the other arguments, which it returns.
func parse(f *flag.FlagSet, args []string, stderr io.Writer, usage string) ([]string, error) {
	f.SetOutput(io.Discard)
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.SetOutput(stderr)
				fmt.Fprintf(stderr, "usage: %s\n", usage)
				f.PrintDefaults()
				return nil, errHelp
			}
			return nil, err
		}
		args = f.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest = append(rest, args[0])
		args = slices.Clone(args[1:])
	}
}
