package fromregistry

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/registryclient"
)

// What [Options] do not say.
const (
	DefaultWorkers         = 8
	DefaultMaxRepositories = 1_000_000
	DefaultMaxTags         = 1_000_000
	DefaultMaxManifests    = 2_000_000
)

// Options say what to read and what to make of it. The zero value reads the whole
// registry, and deletes nothing that it is not sure of.
type Options struct {
	// Repositories to read, as in org/team/app. nil asks the registry's catalog.
	Repositories []string
	// AllRepositories says that Repositories are all that the registry has.
	AllRepositories bool
	// Times says when a tag was pushed, or, with an empty tag, a manifest; the zero
	// time is unknown. A manifest of several repositories is as new as in the one that
	// it was pushed to last, and unknown where it is unknown in one. nil: nobody knows.
	Times func(repository, tag, digest string) time.Time
	// UseImageCreated takes the time at which an image was built for the one at which
	// it was pushed, where Times does not say; an index is as new as its newest
	// image. Before 1981 it is a placeholder, as reproducible builds have it, and
	// unknown. The configs are read, and with them the labels.
	UseImageCreated bool
	// UntaggedIsNothing says that manifests which no tag needs are of no account: what
	// they own or refer to may go.
	UntaggedIsNothing bool
	// NoReferrers does not ask for referrers: there are none, other than under tags.
	NoReferrers bool
	// Workers is how many requests are under way at once; 0 is [DefaultWorkers].
	Workers int
	// MaxRepositories is how many repositories the catalog may list, MaxTags how many
	// tags all of them may have together, MaxManifests how many manifests there may be
	// with those of tags, before more are asked for than tags point to; a manifest that
	// waits to be asked for counts in each repository. What is beyond them is not read:
	// told to Warn, and incomplete. 0 or below is [DefaultMaxRepositories], [DefaultMaxTags] and
	// [DefaultMaxManifests].
	MaxRepositories, MaxTags, MaxManifests int
	// Warn hears of what could not be read, one call at a time. nil: nobody does.
	Warn func(error)
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		set   *int
		value int
	}{
		{&o.Workers, DefaultWorkers}, {&o.MaxRepositories, DefaultMaxRepositories},
		{&o.MaxTags, DefaultMaxTags}, {&o.MaxManifests, DefaultMaxManifests},
	} {
		if *d.set <= 0 {
			*d.set = d.value
		}
	}
	return o
}

// An Error says what could not be read. It holds no credential.
type Error struct {
	// Op is "list repositories", "list tags", "read tag", "read manifest",
	// "read config" or "list referrers".
	Op string
	// Object is the registry, repository, tag or digest.
	Object string
	Err    error
}

func (e *Error) Error() string { return e.Op + " " + e.Object + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Read adds a registry to a builder: its repositories as streams, and their manifests.
// Streams are read before manifests, all at the registry itself, whatever mirrors the
// client has: what a mirror has may be older. What cannot be read is incomplete and told
// to Options.Warn.
//
// The error is that of ctx, or an *Error where nothing could be listed, or that of a
// builder that knew something else; the builder then has part of it.
func Read(ctx context.Context, client *registryclient.Client, registry name.Registry, builder *inventory.Builder, o Options) error {
	return read(ctx, client, registry, builder, o, nil)
}

// read is Read of also these repositories: a catalog may leave out one without tags.
func read(ctx context.Context, client *registryclient.Client, registry name.Registry, builder *inventory.Builder, o Options, also []string) error {
	r := &reader{client: itself(client), registry: registry, b: builder, o: o.withDefaults(), manifests: map[string]*found{}, asked: map[place]bool{}}
	names, err := r.repositories(ctx, also)
	if err != nil {
		return err
	}
	repositories := make([]repository, len(names))
	r.each(len(names), func(n int) { repositories[n] = r.repository(ctx, names[n]) })
	r.heads(ctx, repositories)
	if err := ctx.Err(); err != nil {
		return err
	}
	r.readManifests(ctx, repositories)
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.add(repositories)
}

// itself is a client that asks the registry and no mirror, whatever a mirror policy says of
// pulls: what a mirror lacks is not gone.
func itself(client *registryclient.Client) *registryclient.Client {
	return client.From(registryclient.Source{})
}

// A reader reads one registry.
type reader struct {
	client   *registryclient.Client
	registry name.Registry
	b        *inventory.Builder
	o        Options

	// manifests are those that were read, by digest.
	manifests map[string]*found
	// asked are where manifests were looked for, and their referrers.
	asked map[place]bool

	// tags is how many were listed.
	tags atomic.Int64

	mu sync.Mutex
	// incomplete are the kinds of which something could not be read.
	streamsIncomplete, imagesIncomplete bool
	unreadStreams                       []string
}

// A place is a digest in a repository.
type place struct{ repository, digest string }

// A repository is one that was listed.
type repository struct {
	name string
	tags []tag
}

// A tag points to a digest; empty where it is gone, or could not be read. It is missing
// where it was listed and then not there, as err says.
type tag struct {
	name, digest string
	missing      bool
	err          error
}

// each calls f for 0 to n-1, some at once.
func (r *reader) each(n int, f func(int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(r.o.Workers, n) {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// warn tells what could not be read.
func (r *reader) warn(op, object string, err error) *Error {
	e := &Error{Op: op, Object: object, Err: err}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Warn != nil {
		r.o.Warn(e)
	}
	return e
}

// repositories lists the names of all repositories, each once.
func (r *reader) repositories(ctx context.Context, also []string) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	add := func(repository string) {
		if !seen[repository] {
			seen[repository] = true
			names = append(names, repository)
		}
	}
	for _, repository := range also {
		add(repository)
	}
	if r.o.Repositories != nil {
		for _, repository := range r.o.Repositories {
			add(repository)
		}
		r.streamsIncomplete = !r.o.AllRepositories
		return names, nil
	}
	for repository, err := range r.client.Catalog(ctx, r.registry, registryclient.ListOptions{}) {
		switch {
		case err == nil && len(names)-len(also) >= r.o.MaxRepositories:
			err = fmt.Errorf("there are more than %d repositories (Options.MaxRepositories)", r.o.MaxRepositories)
		case err == nil && len(repository) > maxRepositoryName:
			err = fmt.Errorf("the name of a repository has %d bytes", len(repository))
		case err == nil:
			add(repository)
			continue
		}
		e := r.warn("list repositories", r.registry.Name(), err)
		if len(names) == 0 || ctx.Err() != nil {
			return nil, e
		}
		r.streamsIncomplete = true
		return names, nil
	}
	return names, nil
}

// add adds everything to the builder.
func (r *reader) add(repositories []repository) error {
	for _, repo := range repositories {
		if err := r.b.AddStream(r.stream(repo)); err != nil {
			return err
		}
	}
	pushed := r.pushed()
	for digest, m := range r.manifests {
		m.manifest.Created = pushed[digest]
		if err := r.b.AddManifest(*m.manifest); err != nil {
			return err
		}
	}
	r.b.Listed(inventory.KindImageStream, inventory.KindImage)
	r.b.ImagesAfterStreams(true)
	for _, repo := range r.unreadStreams {
		namespace, rest := Split(repo)
		r.b.Unread(inventory.KindImageStream, namespace, rest)
	}
	if r.streamsIncomplete {
		r.b.Incomplete(inventory.KindImageStream)
	}
	if r.imagesIncomplete || !r.o.UntaggedIsNothing {
		r.b.Incomplete(inventory.KindImage)
	}
	return nil
}

// stream returns a repository as the inventory has it.
func (r *reader) stream(repo repository) inventory.Stream {
	namespace, rest := Split(repo.name)
	s := inventory.Stream{Namespace: namespace, Name: rest}
	for _, t := range repo.tags {
		item := inventory.TagItem{
			Image: t.digest, DockerImageReference: fmt.Sprintf("%s/%s@%s", r.registry.Name(), repo.name, t.digest),
			Created: r.time(repo.name, t.name, t.digest),
		}
		s.Tags = append(s.Tags, inventory.Tag{Name: t.name, Items: []inventory.TagItem{item}})
	}
	return s
}

// Split splits the name of a repository as an inventory has it: up to the first slash,
// and the rest. A name without a slash has no namespace.
func Split(repository string) (namespace, rest string) {
	if namespace, rest, ok := strings.Cut(repository, "/"); ok {
		return namespace, rest
	}
	return "", repository
}
