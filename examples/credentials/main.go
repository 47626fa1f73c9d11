// Credentials says which credential is used for an image, where it is from, and
// what else was looked at: the answer to "unauthorized".
//
//	credentials [--authfile F]… [--secret FILE]… [--pull-secret FILE]
//	            [--kubelet-config F] [--no-host] [--kubelet-compat] [-o text|json] IMAGE
//	credentials login --authfile F -u NAME [--password-stdin | -p PASSWORD] REGISTRY
//	credentials logout --authfile F REGISTRY
//
// A secret file holds a Secret or a List as `oc get secret -o json` prints it, "-"
// is standard input. Of a List, Secrets that are excluded from image imports are
// left out. A pull secret may also be the document itself, as it is downloaded from
// Red Hat.
//
// login and logout edit an auth file as podman's commands of that name do, but do not
// ask the registry whether the password is right.
//
// Its exit status is 0 with a candidate, or when a file was edited, 3 with none, 1 on
// bad usage or where nothing could be read or edited.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/registrykit/registrykit/auth"
)

// The exit statuses.
const (
	found  = 0
	failed = 1
	none   = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var verb string
	if len(args) > 0 {
		verb = args[0]
	}
	status := found
	var err error
	switch verb {
	case "login":
		err = login(ctx, args[1:], stdin, stdout, stderr)
	case "logout":
		err = logout(ctx, args[1:], stdout, stderr)
	default:
		status, err = explain(ctx, args, stdin, stdout, stderr)
	}
	if errors.Is(err, errHelp) {
		return found
	}
	if err != nil {
		fmt.Fprintf(stderr, "credentials: %s\n", err)
		return failed
	}
	return status
}

// explain prints the explanation for an image.
func explain(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return failed, err
	}
	sources, troubles := o.sources(stdin)
	resolver := auth.NewResolver(auth.Options{KubeletCompat: o.kubeletCompat}, sources...)
	explanation, err := resolver.Explain(ctx, o.image)
	if err != nil {
		return failed, err
	}
	explanation.Steps = append(troubles, explanation.Steps...)
	if err := o.print(stdout, explanation); err != nil {
		return failed, err
	}
	switch {
	case len(explanation.Candidates) > 0:
		return found, nil
	case explanation.PlacesRead == 0 && !slices.ContainsFunc(troubles, read) && (o.named() || slices.ContainsFunc(explanation.Steps, broken)):
		return failed, errors.New("nothing could be read")
	}
	return none, nil
}

// read reports whether a step is about a place that was read and holds nothing.
func read(s auth.Step) bool { return s.Outcome == auth.NoMatch }

// broken reports whether a step is about a place that is there but unreadable.
func broken(s auth.Step) bool {
	return s.Key == "" && (s.Outcome == auth.Unreadable || s.Outcome == auth.Malformed)
}

// print writes the explanation in the form that was asked for.
func (o *options) print(stdout io.Writer, e *auth.Explanation) error {
	if o.output == "text" {
		_, err := io.WriteString(stdout, e.String())
		if err == nil && o.showSecrets {
			err = printSecrets(stdout, e.Candidates)
		}
		return err
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if o.showSecrets {
		return encoder.Encode(revealed(e))
	}
	return encoder.Encode(e)
}
