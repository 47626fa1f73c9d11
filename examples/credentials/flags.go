package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
)

var errHelp = errors.New("help was asked for")

// options are what the command line says.
type options struct {
	authFiles     []string
	secretFiles   []string
	pullSecret    string
	kubeletConfig string
	noHost        bool
	kubeletCompat bool
	showSecrets   bool
	output        string
	image         string
}

// named reports whether a place was named on the command line.
func (o *options) named() bool {
	return len(o.authFiles) > 0 || len(o.secretFiles) > 0 || o.pullSecret != "" || o.kubeletConfig != ""
}

func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("credentials", flag.ContinueOnError)
	f.Var((*list)(&o.authFiles), "authfile", "look in this auth.json, config.json or .dockercfg `file`, before all else; may be repeated")
	f.Var((*list)(&o.secretFiles), "secret", "look in the Secrets of this `file`, as 'oc get secret -o json' prints them; may be repeated")
	f.StringVar(&o.pullSecret, "pull-secret", "", "look in the cluster's pull secret, in this `file`")
	f.StringVar(&o.kubeletConfig, "kubelet-config", "", "look in this config.json `file` of a kubelet")
	f.BoolVar(&o.noHost, "no-host", false, "do not look where podman and docker do on this host")
	f.BoolVar(&o.kubeletCompat, "kubelet-compat", false, "match keys of Secrets and of the kubelet's file as the kubelet does")
	f.BoolVar(&o.showSecrets, "show-secrets", false, "print passwords and tokens too")
	f.StringVar(&o.output, "o", "text", "print `text` or json")
	images, err := parse(f, args, stderr, "credentials [flags] IMAGE")
	switch {
	case err != nil:
		return nil, err
	case len(images) != 1:
		return nil, fmt.Errorf("one image is wanted, not %d", len(images))
	case o.output != "text" && o.output != "json":
		return nil, fmt.Errorf("-o %q: it is text or json", o.output)
	case o.noHost && !o.named():
		return nil, errors.New("--no-host leaves nowhere to look: give --authfile, --secret, --pull-secret or --kubelet-config")
	}
	o.image = images[0]
	return o, nil
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

// A list is a flag that may be repeated.
type list []string

func (l *list) String() string { return fmt.Sprint([]string(*l)) }

// Set adds a value.
func (l *list) Set(value string) error {
	if value == "" {
		return errors.New("the name of a file is wanted")
	}
	*l = append(*l, value)
	return nil
}
