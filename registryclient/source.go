package registryclient

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
)

// A Source is one place that an image may be read from.
type Source struct {
	// Ref is the image there.
	Ref name.Reference
	// Mirror says that it is not the place that the image's name says.
	Mirror bool
	// Insecure takes any certificate, and plain HTTP too, from this place alone:
	// nothing else that the same host is asked for is.
	Insecure bool
	// Rule is where the source is from, as in "ImageDigestMirrorSet release".
	Rule string
}

// Endpoint is the host of the source.
func (s Source) Endpoint() string {
	if s.Ref == nil {
		return ""
	}
	return hostOf(s.Ref.Context().Registry)
}

// A Sourcer says where an image may be read from, best first. An error, which is
// [Blocked] where a policy leaves nothing, ends the operation.
type Sourcer interface {
	Sources(ref name.Reference) ([]Source, error)
}

// sources lists where to read from: at least the reference itself.
func (c *Client) sources(ref name.Reference) ([]Source, error) {
	if c.o.Mirrors == nil {
		return []Source{{Ref: ref}}, nil
	}
	return c.o.Mirrors.Sources(ref)
}

// through is the client to ask a source with: c itself, or one that trusts that
// host more.
func (c *Client) through(s Source) *Client {
	if !s.Insecure {
		return c
	}
	trusted := s.Endpoint()
	c.mu.Lock()
	defer c.mu.Unlock()
	if twin, ok := c.insecure[trusted]; ok {
		return twin
	}
	h := c.hosts.trusting(trusted)
	o := c.o
	o.Host = h.o.Host
	twin := newClient(o, h)
	c.insecure[trusted] = twin
	return twin
}

// From returns a client that reads from that source and from no mirror: what belongs
// to a manifest, such as its config, is where the manifest was read, and mirrors of
// tags may not be mirrors of digests.
//
//	m, err := client.GetManifest(ctx, tag)
//	config, err := client.From(m.Source).GetBlob(ctx, m.Source.Ref.Context().Digest(config), limit)
//
// It shares everything with c, tokens included.
func (c *Client) From(s Source) *Client {
	at := c.through(s)
	if at.o.Mirrors == nil {
		return at
	}
	o := at.o
	o.Mirrors = nil
	return &Client{o: o, hosts: at.hosts, base: at.base, keychain: at.keychain, doors: at.doors, sessions: at.sessions, insecure: map[string]*Client{}}
}

// fromSources asks one source after the other until one answers. That a source does
// not have the image, or fails, is passed over as long as there is another; so is one
// that asks to be waited for longer than MaxBackoff. That the context has ended is not.
// What the last one said is the answer otherwise, unless that one merely does not have
// it: then it is the first failure of another kind, since the image may well exist.
func fromSources[T any](ctx context.Context, c *Client, op string, ref name.Reference, ask func(context.Context, *Client, Source) (T, error)) (T, error) {
	var none, got T
	sources, err := c.sources(ref)
	if err != nil {
		return none, failure(op, ref.String(), new(trail), err)
	}
	err = c.askSources(ctx, op, ref.String(), sources, func(ctx context.Context, c *Client, s Source) (final bool, err error) {
		got, err = ask(ctx, c, s)
		return false, err
	})
	if err != nil {
		return none, err
	}
	return got, nil
}

// askSources asks as fromSources says. A failure that is final, since something of the
// answer has been handed on, is not followed by another source.
func (c *Client) askSources(ctx context.Context, op, object string, sources []Source, ask func(context.Context, *Client, Source) (final bool, err error)) error {
	var failed []*Error
	for i, s := range sources {
		traced, tr := withTrail(ctx)
		if i < len(sources)-1 {
			traced = context.WithValue(traced, patienceKey{}, c.o.Retry.withDefaults().MaxBackoff)
		}
		final, err := ask(traced, c.through(s), s)
		if err == nil {
			return nil
		}
		e := asError(failure(op, object, tr, err))
		if e.Endpoint == "" {
			e.Endpoint = s.Endpoint()
		}
		failed = append(failed, e)
		if final || ctx.Err() != nil {
			break
		}
	}
	return merge(failed)
}

// merge makes the error of several sources.
func merge(failed []*Error) error {
	if len(failed) == 1 {
		return failed[0]
	}
	decisive := failed[len(failed)-1]
	if decisive.Class == NotFound {
		for _, e := range failed {
			if e.Class != NotFound {
				decisive = e
				break
			}
		}
	}
	merged := *decisive
	merged.Sources = failed
	merged.Attempts = nil
	for _, e := range failed {
		merged.Attempts = append(merged.Attempts, e.Attempts...)
	}
	if len(merged.Attempts) > MaxAttempts {
		merged.Attempts = merged.Attempts[:MaxAttempts]
	}
	return &merged
}
