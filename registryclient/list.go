package registryclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxPage is the most that a page of a listing may have: registries that know no
// paging send all at once.
const maxPage = 64 << 20

// DefaultMaxEntries is how many entries a listing may have where ListOptions do not say.
const DefaultMaxEntries = 10_000_000

// maxPages is how many pages a listing may have.
const maxPages = 1_000_000

// maxEmptyPages is how many pages in a row may hold nothing.
const maxEmptyPages = 16

// ListOptions say what to list. The zero value lists all.
type ListOptions struct {
	// Last begins after that entry, where the registry can.
	Last string
	// PageSize replaces that of the client; the registry may give less.
	PageSize int
	// MaxEntries is how many entries the listing may have; with more it ends with an
	// error that is [Integrity], after so many. 0 is [DefaultMaxEntries].
	MaxEntries int
	// AtMirrors lets Tags list at mirrors what Options.Mirrors forbid to list at the
	// repository itself, which is [Blocked] otherwise. A mirror need not have all tags of
	// the repository: what its listing lacks is not gone. Wherever the repository may be
	// contacted it is listed there, and AtMirrors says nothing.
	AtMirrors bool
	// Served is told once, before the first entry or after there was none, where the
	// listing is read; nil is not. It is not told of a listing that fails before.
	Served func(Source)
}

// Catalog lists the repositories of a registry that the credential may see. Many
// registries do not offer it: the error is then [Unsupported], [NotFound] or
// [Denied]. Mirrors are never asked: where Options.Mirrors forbid to contact the
// registry as a whole the error is [Blocked].
//
// The listing is fetched page by page as it is read. It ends with the first error,
// an *Error. A Link to another host or to a page that was read, a page that repeats the
// one before, pages without end that hold nothing, and more than MaxEntries are
// [Integrity].
func (c *Client) Catalog(ctx context.Context, registry name.Registry, o ListOptions) iter.Seq2[string, error] {
	l := listing{op: "list repositories", object: registry.String(), options: o}
	l.sources = func() ([]Source, error) {
		s, err := c.whole(registry)
		return []Source{s}, err
	}
	l.enter = func(ctx context.Context, c *Client, _ Source) (*access, string, error) {
		a, err := c.enter(ctx, registry, registry, registry.Scope(""))
		return a, "/v2/_catalog", err
	}
	l.read = func(body []byte) ([]string, error) { return readPage(body, "repositories") }
	return c.list(ctx, l)
}

// Tags lists the tags of a repository, in the registry's order. As Catalog it is
// fetched page by page. It is listed at the repository itself. Where Options.Mirrors forbid
// to contact that, as with NeverContactSource, the error is [Blocked], unless
// ListOptions.AtMirrors takes what a mirror has: the sources of [Client.TagSources] in their
// order. One that fails before its first tag, or has none, is passed over as long as there
// is another.
func (c *Client) Tags(ctx context.Context, repo name.Repository, o ListOptions) iter.Seq2[string, error] {
	l := listing{op: "list tags", object: repo.String(), options: o}
	l.sources = func() ([]Source, error) {
		if o.AtMirrors {
			return c.listSources(repo.Tag(anyTag))
		}
		s, err := c.itself(repo.Tag(anyTag))
		return []Source{s}, err
	}
	l.enter = func(ctx context.Context, c *Client, s Source) (*access, string, error) {
		repo := s.Ref.Context()
		a, err := c.repository(ctx, repo, "pull")
		return a, "/v2/" + repo.RepositoryStr() + "/tags/list", err
	}
	l.read = func(body []byte) ([]string, error) { return readPage(body, "tags", "name") }
	return c.list(ctx, l)
}

// readPage reads the entries of a page, which the field of that name has. A registry that has
// none may say null, or leave it out where another field tells what is listed. But an object
// of something else is no listing that is empty.
func readPage(body []byte, field string, others ...string) ([]string, error) {
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	raw, there := page[field]
	if !there {
		if !slices.ContainsFunc(others, func(other string) bool { return page[other] != nil }) {
			return nil, fmt.Errorf("it has no field %q", field)
		}
		return nil, nil
	}
	var entries []string
	err := json.Unmarshal(raw, &entries)
	return entries, err
}

// Collect reads a listing to its end. What was read before an error is returned
// with it.
func Collect[T any](listing iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for entry, err := range listing {
		if err != nil {
			return all, err
		}
		all = append(all, entry)
	}
	return all, nil
}

// A listing is one that comes in pages.
type listing struct {
	op, object string
	options    ListOptions
	sources    func() ([]Source, error)
	enter      func(context.Context, *Client, Source) (a *access, path string, err error)
	read       func(body []byte) ([]string, error)
}

func (c *Client) list(ctx context.Context, l listing) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		sources, err := l.sources()
		if err != nil {
			yield("", failure(l.op, l.object, new(trail), err))
			return
		}
		served := l.served(sources)
		err = c.askSources(ctx, l.op, l.object, sources, func(ctx context.Context, c *Client, s Source) (begun bool, err error) {
			err = c.eachPage(ctx, l, s, func(page []string) bool {
				for _, entry := range page {
					if !begun {
						begun = true
						served.by(s)
					}
					if !yield(entry, nil) {
						return false
					}
				}
				return true
			})
			if err == nil && !begun {
				err = served.nothing(s)
			}
			return begun, err
		})
		if err != nil && !served.isEmpty(err) {
			yield("", err)
		}
	}
}

func (c *Client) eachPage(ctx context.Context, l listing, s Source, yield func([]string) bool) error {
	a, path, err := l.enter(ctx, c, s)
	if err != nil {
		return err
	}
	size := l.options.PageSize
	if size <= 0 {
		size = c.o.PageSize
	}
	query := url.Values{"n": {strconv.Itoa(size)}}
	if l.options.Last != "" {
		query.Set("last", l.options.Last)
	}
	next := call{method: http.MethodGet, path: path, query: query}
	var before []string
	limit := l.options.MaxEntries
	if limit <= 0 {
		limit = DefaultMaxEntries
	}
	seed := maphash.MakeSeed()
	pages := map[uint64]bool{} // that were read or are next; a registry chooses how long a URL is
	for empty, entries := 0, 0; ; {
		body, resp, err := a.fetch(ctx, next, maxPage)
		if err != nil {
			return err
		}
		page, err := l.read(body)
		if err != nil {
			return &Error{Class: NotRegistry, Endpoint: hostKey(resp.Request.URL), Err: fmt.Errorf("the listing is not what it should be: %w", err)}
		}
		if len(page) > 0 && len(before) > 0 && page[0] == before[0] {
			return lie(resp, errors.New("the page repeats the one before"))
		}
		if !yield(page[:min(len(page), limit-entries)]) {
			return nil
		}
		if entries += len(page); entries > limit {
			return lie(resp, fmt.Errorf("the listing has more than %d entries (ListOptions.MaxEntries)", limit))
		}
		pages[maphash.String(seed, resp.Request.URL.RequestURI())] = true
		if next.url, err = nextLink(resp.Header.Values("Link"), resp.Request.URL); err != nil {
			return lie(resp, err)
		}
		switch {
		case next.url == nil:
			return nil
		case pages[maphash.String(seed, next.url.RequestURI())]:
			return lie(resp, errors.New("the Link header leads to a page that was read"))
		case len(pages) >= maxPages:
			return lie(resp, fmt.Errorf("the listing has more than %d pages", maxPages))
		}
		if empty++; len(page) > 0 {
			empty, before = 0, page
		}
		if empty > maxEmptyPages {
			return lie(resp, fmt.Errorf("more than %d pages in a row hold nothing", maxEmptyPages))
		}
	}
}

// fetch sends a call that 200 answers and reads the whole body, up to a limit. Where
// the body breaks off it asks again.
func (a *access) fetch(ctx context.Context, k call, limit int64) ([]byte, *http.Response, error) {
	retry := a.client.o.Retry.withDefaults()
	for attempt := 1; ; attempt++ {
		resp, err := a.send(ctx, k, http.StatusOK)
		if err != nil {
			return nil, nil, err
		}
		body, err := readLimited(resp, limit)
		resp.Body.Close()
		if err == nil {
			return body, resp, nil
		}
		trailOf(ctx).broken(resp, err)
		if !classOf(err).Temporary() || attempt >= retry.Attempts || ctx.Err() != nil {
			return nil, resp, err
		}
		if sleep(ctx, retry.wait(attempt)) != nil {
			return nil, resp, err
		}
	}
}

// readLimited reads a body that may not be larger than the limit. One that breaks
// off is an error.
func readLimited(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, lie(resp, fmt.Errorf("the answer has %d bytes, of %d allowed", resp.ContentLength, limit))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, &Error{Class: classOf(err), Endpoint: hostKey(resp.Request.URL), Err: fmt.Errorf("the answer broke off after %d bytes: %w", len(body), withoutURL(err))}
	case int64(len(body)) > limit:
		return nil, lie(resp, fmt.Errorf("the answer has more than the %d bytes allowed", limit))
	}
	return body, nil
}
