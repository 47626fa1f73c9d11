// Importstream imports tags of a registry into an image stream, as `oc import-image`
// does, without a cluster.
//
//	importstream --from HOST/ns/repo[:tag] [--all] [--limit N]
//	             [--import-mode Legacy|PreserveOriginal] [--platform OS/ARCH[/VARIANT]]
//	             [--authfile F] [--insecure] [--stream FILE] [--with-images]
//	             [--now TIME] [-o json|text] [ns/]name
//
// It prints the ImageStream as `oc get -o json` would, and with --with-images a List of
// it and the Images that were fetched. Without a tag it is latest; --all imports the
// repository, the first 50 tags of it unless --limit says so, and says on standard error
// which were left out. --stream has the stream as it was, "-" for standard input; without
// --from it is refreshed: what is pending, or with --all everything.
//
// A spec tag that has no import mode is printed with Legacy, which the API server sets
// unless the cluster's image configuration says otherwise.
//
// Credentials are those of the auth file, which must be there, or else those that podman and docker would
// use on this host. Where a repository denies the best match, the others are tried in
// turn, then none; where all are denied, the line on standard error names them. A failed
// tag is a condition on the stream and a line on standard error. In text and on standard
// error, characters of names that do not print are escaped.
//
// The exit status is 0; 4 where a tag failed though the registry answered; 1 where the
// repository could not be listed, where no registry answered, or on bad usage. Where the
// repository could not be listed, the tags that the stream names are imported and printed
// all the same; where it names none, nothing is printed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
)

// The exit statuses.
const (
	imported  = 0
	failed    = 1
	tagFailed = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, errHelp) {
		return imported
	}
	if err == nil {
		var result *importer.Result
		if result, err = o.do(ctx, stdin); err == nil {
			if err = o.print(stdout, result); err == nil {
				return tell(stderr, result)
			}
		}
	}
	say(stderr, "%v", err)
	return failed
}

// say writes a line on standard error, with the names in it escaped.
func say(stderr io.Writer, format string, args ...any) {
	fmt.Fprintln(stderr, escape("importstream: "+fmt.Sprintf(format, args...)))
}

// do imports.
func (o *options) do(ctx context.Context, stdin io.Reader) (*importer.Result, error) {
	stream, err := o.readStream(stdin)
	if err != nil {
		return nil, err
	}
	source := auth.Host(auth.HostOptions{})
	if o.authFile != "" {
		source = auth.File(o.authFile, auth.DocumentOptions{})
	}
	registry := fromregistry.New(registryclient.Options{Keychain: auth.NewResolver(auth.Options{}, source)})
	defer registry.Close()
	i := importer.Importer{
		Registry: registry, Anonymous: registry.Anonymous(), Platform: o.platform, MaxTags: o.limit,
	}
	var result *importer.Result
	if o.from == "" {
		result, err = i.Import(ctx, stream, importer.Request{All: o.all}, o.now)
	} else {
		_, result, err = i.ImportStreamImport(ctx, o.request(stream), stream, o.now)
	}
	if err != nil {
		return nil, err
	}
	if result.ListErr != nil && len(result.Tags) == 0 {
		return nil, result.ListErr
	}
	return result, nil
}

// request is what the flags ask for, as an ImageStreamImport.
func (o *options) request(stream *imagestream.ImageStream) *imagestream.ImageStreamImport {
	policy := imagestream.TagImportPolicy{Insecure: o.insecure, ImportMode: o.importMode}
	from := imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: o.from}
	r := &imagestream.ImageStreamImport{ObjectMeta: imagestream.ObjectMeta{Namespace: stream.Namespace, Name: stream.Name}}
	r.Spec.Import = true
	if o.all {
		r.Spec.Repository = &imagestream.RepositoryImportSpec{From: from, ImportPolicy: policy}
		return r
	}
	r.Spec.Images = []imagestream.ImageImportSpec{{From: from, To: &imagestream.LocalObjectReference{Name: o.tag}, ImportPolicy: policy}}
	return r
}

// tell says what failed and what was left out, and returns the exit status.
func tell(stderr io.Writer, result *importer.Result) int {
	for _, t := range result.LeftOut {
		say(stderr, "not imported: %s", t)
	}
	status, answered := imported, false
	if result.ListErr != nil {
		say(stderr, "%v", result.ListErr)
	}
	for _, t := range result.Tags {
		if t.Err == nil {
			answered = true
			continue
		}
		say(stderr, "%s", t)
		status = tagFailed
		answered = answered || !silent(t.Err.Class)
	}
	if result.ListErr != nil || status == tagFailed && !answered {
		return failed
	}
	return status
}

// silent reports whether no registry answered.
func silent(c importer.Class) bool {
	switch c {
	case importer.DNS, importer.Refused, importer.TLS, importer.Timeout, importer.NotRegistry, importer.PlainHTTP, importer.Canceled:
		return true
	}
	return false
}
