package registrytest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// OpenShift makes a registry OpenShift's integrated one, as far as pruning needs it:
//
//   - a blob is stored once, and read in the repositories that link it;
//   - DELETE /v2/<repository>/blobs/<digest> takes the link, 404 where there is none;
//   - DELETE /v2/<repository>/manifests/<digest> takes the manifest's, 405 UNSUPPORTED
//     while an image stream refers to it;
//   - DELETE /admin/blobs/<digest> takes the bytes, of a manifest too, links or not,
//     and answers 204 where there were none;
//   - the deletion of a tag is answered with 202, and nothing happens.
type OpenShift struct {
	// Referenced reports whether the image stream of a repository refers to a
	// manifest, itself or through an index. nil: none does.
	Referenced func(repository, digest string) bool
	// NoDelete refuses all deletions of links with 405 UNSUPPORTED, as where the
	// registry's configuration has storage.delete.enabled: false.
	NoDelete bool
}

// Link stores a blob and links it in a repository, past the faults and the record. The
// content need not have the digest, which must have the form of one. It is for a registry
// that is OpenShift's.
func (s *Server) Link(repository, digest string, content []byte) error {
	h, err := v1.NewHash(digest)
	if err != nil {
		return err
	}
	return s.store.Put(context.Background(), repository, h, io.NopCloser(bytes.NewReader(content)))
}

// Linked reports whether a repository has a blob or a manifest. It is for a registry
// that is OpenShift's.
func (s *Server) Linked(repository, digest string) bool {
	if s.store.linked(repository, digest) {
		return true
	}
	return s.ask(httptest.NewRequest(http.MethodHead, "/v2/"+repository+"/manifests/"+digest, nil)).Code == http.StatusOK
}

// Stored reports whether the bytes of a blob or a manifest are there. It is for a
// registry that is OpenShift's.
func (s *Server) Stored(digest string) bool { return s.store.has(digest) }

// A linkedStore keeps the blobs of OpenShift's registry, and of manifests that there
// are some.
type linkedStore struct {
	mu    sync.Mutex
	blobs map[string][]byte
	links map[[2]string]bool // by repository and digest
}

func newLinkedStore() *linkedStore {
	return &linkedStore{blobs: map[string][]byte{}, links: map[[2]string]bool{}}
}

// repositoryOf is the name without what an upload's path has behind it.
func repositoryOf(repo string) string { return strings.TrimSuffix(repo, "/blobs") }

// Get implements registry.BlobHandler.
func (s *linkedStore) Get(_ context.Context, repo string, h v1.Hash) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.blobs[h.String()]
	if !ok || !s.links[[2]string{repo, h.String()}] {
		return nil, registry.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Stat implements registry.BlobStatHandler.
func (s *linkedStore) Stat(ctx context.Context, repo string, h v1.Hash) (int64, error) {
	if _, err := s.Get(ctx, repo, h); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.blobs[h.String()])), nil
}

// Put implements registry.BlobPutHandler.
func (s *linkedStore) Put(_ context.Context, repo string, h v1.Hash, r io.ReadCloser) error {
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[h.String()] = content
	s.links[[2]string{repositoryOf(repo), h.String()}] = true
	return nil
}

func (s *linkedStore) linked(repository, digest string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[[2]string{repository, digest}]
}

// unlink reports whether there was a link.
func (s *linkedStore) unlink(repository, digest string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.links[[2]string{repository, digest}]
	delete(s.links, [2]string{repository, digest})
	return was
}

func (s *linkedStore) has(digest string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.blobs[digest]
	return ok
}

func (s *linkedStore) keepManifest(digest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[digest] = nil
}

func (s *linkedStore) remove(digest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, digest)
}

// around is the integrated registry over one whose blobs the store has.
func (s *linkedStore) around(next http.Handler, o OpenShift) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/v2/")
		if i := strings.LastIndex(path, "/manifests/"); i > 0 {
			s.serveManifest(w, r, next, o, path[:i], path[i+len("/manifests/"):])
			return
		}
		i := strings.LastIndex(path, "/blobs/")
		if i < 0 || r.Method != http.MethodDelete {
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case o.NoDelete:
			writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
		case !s.unlink(path[:i], path[i+len("/blobs/"):]):
			writeError(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	})
}

func (s *linkedStore) serveManifest(w http.ResponseWriter, r *http.Request, next http.Handler, o OpenShift, repository, reference string) {
	if r.Method == http.MethodDelete {
		_, notDigest := v1.NewHash(reference)
		switch {
		case notDigest != nil:
			w.WriteHeader(http.StatusAccepted)
		case o.NoDelete || o.Referenced != nil && o.Referenced(repository, reference):
			writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
		default:
			next.ServeHTTP(w, r)
		}
		return
	}
	answer := whole(r, next)
	digest := answer.Header().Get("Docker-Content-Digest")
	switch {
	case r.Method == http.MethodPut && answer.Code == http.StatusCreated:
		s.keepManifest(digest)
	case answer.Code == http.StatusOK && !s.has(digest):
		writeError(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		return
	}
	forward(w, answer, answer.Body.Bytes())
}
