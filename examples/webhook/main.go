// Webhook receives the notifications of a registry and prints the image streams that it
// keeps up to date by them, one for each repository.
//
//	webhook --registry HOST[:PORT] (--token-file F | --anyone) [--listen ADDR] [-o json|text]
//
// The registry is told of it in its configuration:
//
//	notifications:
//	  endpoints:
//	    - name: webhook
//	      url: http://127.0.0.1:8080/
//	      headers: {Authorization: [Bearer …]}
//
// with what the token file has. Each change prints the ImageStream as it is then, in one
// line of JSON, or with -o text what changed, characters that do not print escaped. A
// repository is the stream of that name in the namespace that its first part names;
// org/team/app is team.app in org.
//
// The streams are in memory alone: what the registry told before the program began is not
// known. It ends at an interrupt, with status 0 once what is being received is done. The
// status is 1 on bad usage or where it cannot listen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/registrykit/registrykit/registryclient/notification"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = o.serve(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, escape(fmt.Sprintf("webhook: %v", err)))
		return 1
	}
	return 0
}

// options are what the command line says.
type options struct {
	registry, listen, output string
	authorization            []string
	anyone                   bool
}

func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	var tokenFile string
	f := flag.NewFlagSet("webhook", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.registry, "registry", "", "`host` and port of the registry, as in the names of its images")
	f.StringVar(&tokenFile, "token-file", "", "`file` with the token that the registry sends")
	f.BoolVar(&o.anyone, "anyone", false, "believe everybody who connects")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "listen on this `address`")
	f.StringVar(&o.output, "o", "json", "print `json` or text")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stderr)
			fmt.Fprintln(stderr, "usage: webhook --registry HOST (--token-file F | --anyone) [flags]")
			f.PrintDefaults()
		}
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q: no argument is wanted", f.Arg(0))
	case o.registry == "" || strings.Contains(o.registry, "/"):
		return nil, fmt.Errorf("--registry %q: it is a host and a port, as in registry.example.com:5000", o.registry)
	case o.output != "json" && o.output != "text":
		return nil, fmt.Errorf("-o %q: it is json or text", o.output)
	case (tokenFile == "") != o.anyone:
		return nil, errors.New("give either --token-file or --anyone")
	case o.anyone:
		return o, nil
	}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(token))
	if text == "" {
		return nil, fmt.Errorf("%s: it has no token", tokenFile)
	}
	o.authorization = []string{"Bearer " + text}
	return o, nil
}

// serve receives until ctx ends.
func (o *options) serve(ctx context.Context, stdout, stderr io.Writer) error {
	keeper := &keeper{registry: o.registry, text: o.output == "text", out: stdout}
	handler, err := notification.New(keeper.receive, notification.Options{
		Authorization: o.authorization, AnyoneMayTell: o.anyone,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "webhook: listening on %s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ending)
}
