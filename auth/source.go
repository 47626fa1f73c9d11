package auth

import (
	"context"
	"sync"
)

// A Source is where credentials are looked for. The functions of this package
// that return one say which; its order among the arguments of [NewResolver] counts
// only within its tier. The zero Source holds nothing.
//
// A Source may be given to several resolvers and used concurrently.
type Source struct {
	loader    loader
	tier      tier
	plainHTTP bool
}

// A tier is the first thing that candidates are ordered by.
type tier int

const (
	tierExplicit tier = iota // documents that the program was told to use
	tierSecrets              // pull secrets
	tierNode                 // what the node has for all its pods
	tierHost                 // the files of the user, and credential helpers
)

// A loader reads what a source holds, as it is now. It is cheap where nothing
// changed. The only error is that of the context.
type loader interface {
	load(ctx context.Context) (*snapshot, error)
	String() string
}

// String says what the source is, as in "file /root/.docker/config.json".
func (s Source) String() string {
	if s.loader == nil {
		return "no source"
	}
	return s.loader.String()
}

// GoString is String.
func (s Source) GoString() string { return s.String() }

// AllowPlainHTTP returns the source with leave to send its credentials over
// unencrypted connections, to every registry that they are for. Without it they
// are withheld where go-containerregistry may use plain HTTP, that is where the
// registry was parsed with name.Insecure and, since it then tries HTTP too, where
// its address is a private one or its name ends in .localhost. Connections to
// localhost and to loopback addresses stay on the machine and need no leave.
func AllowPlainHTTP(s Source) Source {
	s.plainHTTP = true
	return s
}

// DocumentOptions say how a document is read. The zero value is right for
// auth.json and config.json.
type DocumentOptions struct {
	// Format is how it is laid out.
	Format Format
	// Kubernetes reads the document by the rules of Kubernetes: its keys may have
	// wildcards in the host, it never starts a credential helper, and
	// Options.KubeletCompat applies to it.
	Kubernetes bool
}

// Document returns a source of one document in memory. name says in explanations
// where it is from. The data is parsed at once and not kept. It never starts
// credential helpers: who can write a document should not choose which programs
// run.
func Document(name string, data []byte, o DocumentOptions) Source {
	p := &place{name: "document " + name, kubernetes: o.Kubernetes}
	p.doc, p.err = parseDocument(data, o.Format)
	if p.err != nil {
		p.outcome, p.err = Malformed, &Error{Op: "parse", Object: p.name, Err: p.err}
	}
	return Source{loader: &staticLoader{name: p.name, snapshot: newSnapshot([]*place{p})}, tier: tierExplicit}
}

type staticLoader struct {
	name     string
	snapshot *snapshot
}

func (l *staticLoader) load(context.Context) (*snapshot, error) { return l.snapshot, nil }
func (l *staticLoader) String() string                          { return l.name }

// A turnstile lets one goroutine pass at a time and, unlike a mutex, lets go of
// those whose context ends while they wait.
type turnstile struct {
	once sync.Once
	free chan struct{}
}

func (t *turnstile) enter(ctx context.Context) error {
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	select {
	case t.free <- struct{}{}:
		return nil
	default:
	}
	select {
	case t.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *turnstile) leave() { <-t.free }
