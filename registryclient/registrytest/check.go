package registrytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// The credential that a client of a [Check] must have for the registry.
const (
	User     = "tester"
	Password = "registrytest-password"
)

// A Subject is a registry client that is put through the checks, as functions. What
// it cannot do is nil: the checks that need it are passed over. Names are those of
// images, host included.
type Subject struct {
	// Tags lists the tags of a repository, all pages.
	Tags func(ctx context.Context, repository string) ([]string, error)
	// Manifest fetches a manifest by tag or digest.
	Manifest func(ctx context.Context, reference string) (raw []byte, err error)
	// Blob reads a blob by its digest, to its end.
	Blob func(ctx context.Context, reference string) ([]byte, error)
	// DeleteTag deletes a tag and leaves its manifest.
	DeleteTag func(ctx context.Context, reference string) error
	// Referrers lists the digests of what refers to a manifest.
	Referrers func(ctx context.Context, reference string) ([]string, error)
	// Class says what an error is, in the words of this package's constants; nil
	// where the client does not tell.
	Class func(err error) string
}

// What an error is, for Subject.Class.
const (
	NotFound     = "not found"
	Unauthorized = "unauthorized"
	Denied       = "denied"
	RateLimited  = "rate limited"
	NotRegistry  = "not a registry"
	Integrity    = "integrity"
	Unsupported  = "unsupported"
	Unavailable  = "unavailable"
)

// A Check is one thing that a client must do right.
type Check struct {
	// Name says what.
	Name string
	// Options of the registry it is tried with.
	Options Options
	// Faults that the registry has meanwhile.
	Faults []Fault
	// lacks reports whether the client cannot do what is tried.
	lacks func(Subject) bool
	// try does it and returns what was wrong.
	try func(ctx context.Context, s *scene) error
}

// ErrLacks is for a check that needs what the client cannot do.
var ErrLacks = errors.New("the client lacks the function")

// Run tries the check with a client that open makes for a registry: over plain HTTP
// on the loopback interface, with the credential of [User]. The error says what was
// wrong; it is [ErrLacks] where nothing was tried.
//
//	for _, check := range registrytest.Checks() {
//		t.Run(check.Name, func(t *testing.T) {
//			if err := check.Run(t.Context(), open); err != nil {
//				t.Error(err)
//			}
//		})
//	}
func (c Check) Run(ctx context.Context, open func(*Server) Subject) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	server, err := Start(c.Options)
	if err != nil {
		return err
	}
	defer server.Close()
	elsewhere, err := Start(Options{})
	if err != nil {
		return err
	}
	defer elsewhere.Close()
	s, err := newScene(server, elsewhere)
	if err != nil {
		return err
	}
	s.Subject = open(server)
	if c.lacks(s.Subject) {
		return ErrLacks
	}
	for _, f := range c.Faults {
		server.Inject(f)
	}
	err = c.try(ctx, s)
	if ctx.Err() != nil {
		return errors.Join(errors.New("it took until the deadline"), err)
	}
	return err
}

// A scene is what a check finds: a registry with an index of two images under v1, a
// referrer of it, and some tags.
type scene struct {
	Subject
	server, elsewhere *Server
	repository        string
	index             v1.ImageIndex
	raw               []byte // of the index
	digest            string
	blob              string // the digest of a layer
	content           []byte // of the layer
	referrer          string
	tags              []string
}

func newScene(server, elsewhere *Server) (*scene, error) {
	s := &scene{server: server, elsewhere: elsewhere, repository: server.Host() + "/team/app", index: empty.Index}
	image, err := random.Image(2000, 2)
	if err != nil {
		return nil, err
	}
	s.index = mutate.AppendManifests(s.index, mutate.IndexAddendum{Add: image}, mutate.IndexAddendum{Add: empty.Image})
	s.raw, err = s.index.RawManifest()
	if err != nil {
		return nil, err
	}
	h, err := s.index.Digest()
	if err != nil {
		return nil, err
	}
	s.digest = h.String()
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	if err := s.layer(layers[0]); err != nil {
		return nil, err
	}
	for i := range 7 {
		s.tags = append(s.tags, fmt.Sprintf("v%d", i+1))
		if err := server.Push("team/app:"+s.tags[i], s.index); err != nil {
			return nil, err
		}
	}
	if err := elsewhere.Push("team/app:v1", s.index); err != nil {
		return nil, err
	}
	return s, s.refer(h)
}

func (s *scene) layer(l v1.Layer) error {
	h, err := l.Digest()
	if err != nil {
		return err
	}
	s.blob = h.String()
	content, err := l.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(content)
	s.content = b.Bytes()
	return err
}

// refer pushes something that refers to the index: in a registry without the API,
// under the tag that stands in for it.
func (s *scene) refer(h v1.Hash) error {
	size, err := s.index.Size()
	if err != nil {
		return err
	}
	mediaType, err := s.index.MediaType()
	if err != nil {
		return err
	}
	referrer, ok := mutate.Subject(empty.Image, v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}).(v1.Image)
	if !ok {
		return errors.New("the referrer is no image")
	}
	digest, err := referrer.Digest()
	if err != nil {
		return err
	}
	s.referrer = digest.String()
	if err := s.server.Push("team/app@"+s.referrer, referrer); err != nil {
		return err
	}
	if !s.server.options.NoReferrers {
		return nil
	}
	tagged := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: referrer})
	return s.server.Push("team/app:"+strings.Replace(s.digest, ":", "-", 1), tagged)
}

// A mismatch is a result that is not what it should be: the client took it for good.
type mismatch string

// Error implements error.
func (m mismatch) Error() string { return string(m) }

// refuses wants an error of a class, and few requests.
func (s *scene) refuses(err error, class string) error {
	var wrong mismatch
	switch {
	case err == nil:
		return errors.New("there was no error")
	case errors.As(err, &wrong):
		return fmt.Errorf("there was no error, although %w", wrong)
	case s.Class != nil && s.Class(err) != class:
		return fmt.Errorf("the error is %q, not %q: %w", s.Class(err), class, err)
	case strings.Contains(err.Error(), Password):
		return errors.New("the error holds the password")
	case len(s.server.Requests()) > 50:
		return fmt.Errorf("%d requests were sent", len(s.server.Requests()))
	}
	return nil
}

// stayedHome wants that no credential went elsewhere.
func (s *scene) stayedHome() error {
	for _, r := range s.elsewhere.Requests() {
		if r.Authorization != "" {
			return errors.New("a credential went to another host")
		}
	}
	return nil
}

// neverWent wants that nothing was asked elsewhere at all.
func (s *scene) neverWent() error {
	if n := len(s.elsewhere.Requests()); n > 0 {
		return fmt.Errorf("%d requests went to another host", n)
	}
	return nil
}

// toElsewhere is a fault that needs to know the other host.
func (s *scene) toElsewhere(fault func(root string) Fault, method, part string) {
	s.server.Inject(fault(s.elsewhere.URL()).For(method, part))
}

func equal(what string, got, wanted []string) error {
	got, wanted = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(wanted))
	if !slices.Equal(got, wanted) {
		return mismatch(fmt.Sprintf("the %s are %q, not %q", what, got, wanted))
	}
	return nil
}

func same(what string, got, wanted []byte) error {
	if !bytes.Equal(got, wanted) {
		return mismatch(fmt.Sprintf("the %s has other bytes: %d of them, not %d", what, len(got), len(wanted)))
	}
	return nil
}

// The functions that checks need.
func needsTags(s Subject) bool      { return s.Tags == nil }
func needsManifest(s Subject) bool  { return s.Manifest == nil }
func needsBlob(s Subject) bool      { return s.Blob == nil }
func needsDelete(s Subject) bool    { return s.DeleteTag == nil }
func needsReferrers(s Subject) bool { return s.Referrers == nil }

func (s *scene) listTags(ctx context.Context) error {
	got, err := s.Tags(ctx, s.repository)
	if err != nil {
		return err
	}
	if s.server.options.NoReferrers {
		got = slices.DeleteFunc(got, func(tag string) bool { return strings.HasPrefix(tag, "sha256-") })
	}
	return equal("tags", got, s.tags)
}

func (s *scene) getByTag(ctx context.Context) error {
	got, err := s.Manifest(ctx, s.repository+":v1")
	return errors.Join(err, ifNil(err, func() error { return same("manifest", got, s.raw) }))
}

func (s *scene) getByDigest(ctx context.Context) error {
	got, err := s.Manifest(ctx, s.repository+"@"+s.digest)
	return errors.Join(err, ifNil(err, func() error { return same("manifest", got, s.raw) }))
}

func (s *scene) readBlob(ctx context.Context) error {
	got, err := s.Blob(ctx, s.repository+"@"+s.blob)
	return errors.Join(err, ifNil(err, func() error { return same("blob", got, s.content) }))
}

func (s *scene) listReferrers(ctx context.Context) error {
	got, err := s.Referrers(ctx, s.repository+"@"+s.digest)
	return errors.Join(err, ifNil(err, func() error { return equal("referrers", got, []string{s.referrer}) }))
}

func (s *scene) deleteTag(ctx context.Context) error {
	if err := s.DeleteTag(ctx, s.repository+":v7"); err != nil {
		return err
	}
	for path, wanted := range map[string]int{"v7": http.StatusNotFound, "v1": http.StatusOK, s.digest: http.StatusOK} {
		req, err := http.NewRequest(http.MethodHead, "/v2/team/app/manifests/"+path, nil)
		if err != nil {
			return err
		}
		if got := s.server.ask(req).Code; got != wanted {
			return fmt.Errorf("the manifest %s is answered with %d afterwards, not %d", path, got, wanted)
		}
	}
	return nil
}

func ifNil(err error, f func() error) error {
	if err != nil {
		return nil
	}
	return f()
}
