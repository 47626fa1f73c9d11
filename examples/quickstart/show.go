package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A show is one run: what its steps hand on, and what they say.
type show struct {
	out      io.Writer
	failed   error // to write to out
	dir      string
	registry *registry
	client   *registryclient.Client
	imports  *fromregistry.Registry
	layout   *registrylayout.Layout
	volume   *fromlayout.Ends
	cluster  *cluster

	before  stored // what was on the volume before anything was deleted
	pruning *prune.Plan
	garbage *prune.Plan
}

// newShow starts the registry, and a client that finds its password.
func newShow(ctx context.Context, dir string, out io.Writer) (*show, error) {
	authFile := filepath.Join(dir, "auth.json")
	r, err := startRegistry(ctx, dir, authFile)
	if err != nil {
		return nil, err
	}
	layout := registrylayout.New(r.store, registrylayout.Options{})
	volume, err := fromlayout.NewEnds(r.store, layout, fromlayout.EndsOptions{Alone: true})
	if err != nil {
		r.close()
		return nil, err
	}
	options := registryclient.Options{Keychain: auth.NewResolver(auth.Options{}, auth.File(authFile, auth.DocumentOptions{}))}
	s := &show{
		out: out, dir: dir, registry: r, layout: layout, volume: volume,
		client:  registryclient.New(options),
		imports: fromregistry.New(options),
		cluster: newCluster(r.host, layout),
	}
	s.say("A registry runs in this process, on a volume of plain files. It asks for a password,\n" +
		"which the client finds in an auth.json.")
	return s, nil
}

func (s *show) close() {
	s.client.Close()
	s.imports.Close()
	s.registry.close()
}

// replay pushes and imports the week's images, and starts a pod of one of Monday's.
func (s *show) replay(ctx context.Context) error {
	b, err := newBuilder(s.client, s.registry.host)
	if err != nil {
		return err
	}
	if err := replay(ctx, b, s.cluster, s.imports); err != nil {
		return err
	}
	s.cluster.runPod("shop", "report", s.registry.host+"/shop/web@"+s.cluster.mondaysArm64(), monday)
	if s.before, err = measure(ctx, s.layout); err != nil {
		return err
	}
	s.say("Monday to Saturday: shop/web, for amd64 and arm64, and shop/api are pushed every day,\n"+
		"all on one base, and imported into image streams. Monday's shop/api is signed, and v1\n"+
		"too. One more push is taken back, another breaks off. A pod runs Monday's shop/web.\n"+
		"%d pushes: the volume holds %d blobs, %d bytes.\n", b.pushes, s.before.blobs, s.before.bytes)
	return nil
}

// plan shows what may go, and why one thing may not.
func (s *show) plan(ctx context.Context) (err error) {
	if s.pruning, err = makePlan(ctx, s.cluster); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := s.pruning.WriteText(&text, 1); err != nil {
		return err
	}
	s.say("Sunday: what may go, by the rules of `oc adm prune images`?\n%s", indented(text.String()))
	explanations, err := s.pruning.Explain("shop/web:latest#5")
	if err != nil {
		return err
	}
	s.say("Why is Monday's shop/web kept, the sixth in its tag's history?\n%s", indented(explanations[0].String()))
	return nil
}

// carryOut prunes.
func (s *show) carryOut(ctx context.Context) error {
	report, err := carryOut(ctx, s.pruning, s.cluster, s.volume, filepath.Join(s.dir, "journal"))
	if err == nil {
		err = allDone(report)
	}
	if err != nil {
		return err
	}
	s.say("Carried out while nobody pushes, with a journal, and brakes at half of the images:\n  %s", deleted(s.pruning.Summary))
	return nil
}

// collect collects the garbage.
func (s *show) collect(ctx context.Context) error {
	garbage, report, err := collect(ctx, s.volume)
	if err == nil {
		err = allDone(report)
	}
	if err != nil {
		return err
	}
	s.garbage = garbage
	s.say("Collected, the garbage that the two failed pushes left:\n  %s\n", deleted(garbage.Summary))
	return nil
}

// prove proves what the program claims.
func (s *show) prove(ctx context.Context) error {
	s.say("Proved, through the registry and on its volume:")
	for _, proof := range []func(context.Context) (string, error){
		s.proveHistory, s.proveSignature, s.proveGone, s.proveSound, s.proveBytes,
	} {
		claim, err := proof(ctx)
		if err != nil {
			return fmt.Errorf("proof failed: %w", err)
		}
		s.say("  %s", claim)
	}
	return nil
}

// say writes lines, and keeps the first error.
func (s *show) say(format string, args ...any) {
	_, err := fmt.Fprintf(s.out, format+"\n", args...)
	s.failed = cmp.Or(s.failed, err)
}

// deleted says what a plan that was carried out has deleted.
func deleted(s prune.Summary) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{s.TagItems, "tag items"}, {s.ManifestLinks, "manifest links"}, {s.LayerLinks, "layer links"}, {s.Images, "images"}, {s.Blobs, "blobs"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return fmt.Sprintf("%s; %d bytes freed", strings.Join(parts, ", "), s.FreedBytes)
}

// indented moves the lines of a text to the right, and leaves empty ones out.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("  " + line)
		}
	}
	return b.String()
}
