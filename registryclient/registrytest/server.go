package registrytest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Options say what the registry is like. The zero value is a plain one, without
// encryption and open to everyone.
type Options struct {
	// TLS serves HTTPS with a certificate that [Server.RootCAs] verifies.
	TLS bool
	// Pipe serves over pipes in memory, for tests in a bubble of testing/synctest.
	// The client must dial with [Server.DialContext].
	Pipe bool
	// PageSize is the most that a page of a listing has; 0 is as many as asked for.
	PageSize int
	// NoReferrers leaves the referrers API out.
	NoReferrers bool
	// Auth says who may come in.
	Auth Auth
	// OpenShift makes it OpenShift's integrated registry. nil: it is a plain one, which
	// has OpenShift's endpoints too.
	OpenShift *OpenShift
	// Base is the registry behind the faults and Auth, such as distribution's: it must be
	// open to everyone, and empty. nil: go-containerregistry's, in memory. It is not
	// for OpenShift.
	Base http.Handler
}

// A Server is a registry that runs. Its methods may be used by many goroutines.
type Server struct {
	options  Options
	base     http.Handler
	blobs    registry.BlobHandler
	store    *linkedStore // of OpenShift's registry alone, then it is blobs
	http     *httptest.Server
	pipes    *pipeListener
	tokens   tokens
	requests record

	mu         sync.Mutex
	faults     []*injected
	signatures map[string][]byte // the list of an image, by path
}

// Start starts a registry. Close it.
func Start(o Options) (*Server, error) {
	quiet := log.New(io.Discard, "", 0)
	s := &Server{options: o, blobs: registry.NewInMemoryBlobHandler(), signatures: map[string][]byte{}}
	if o.OpenShift != nil {
		s.store = newLinkedStore()
		s.blobs = s.store
	}
	s.base = registry.New(registry.Logger(quiet), registry.WithReferrersSupport(true), registry.WithBlobHandler(s.blobs))
	if o.Base != nil {
		s.base = o.Base
	}
	if o.OpenShift != nil {
		s.base = s.store.around(s.base, *o.OpenShift)
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ErrorLog = quiet
	if o.Pipe {
		s.http.Listener.Close()
		s.pipes = newPipeListener(o.TLS)
		s.http.Listener = s.pipes
	}
	if o.TLS {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	return s, nil
}

// Close stops the registry, at once.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Host is the registry's host and port, as in an image's name.
func (s *Server) Host() string {
	if s.pipes != nil {
		return s.pipes.Addr().String()
	}
	return s.http.Listener.Addr().String()
}

// URL is the root of the registry, without a slash at the end.
func (s *Server) URL() string {
	if s.options.TLS {
		return "https://" + s.Host()
	}
	return "http://" + s.Host()
}

// RootCAs verify the certificate of a registry with TLS.
func (s *Server) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	if s.http.Certificate() != nil {
		pool.AddCert(s.http.Certificate())
	}
	return pool
}

// ClientTLS is the configuration that trusts the registry.
func (s *Server) ClientTLS() *tls.Config { return &tls.Config{RootCAs: s.RootCAs()} }

// DialContext connects to the registry, whatever the address.
func (s *Server) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if s.pipes != nil {
		return s.pipes.dial(ctx)
	}
	return (&net.Dialer{}).DialContext(ctx, s.http.Listener.Addr().Network(), s.http.Listener.Addr().String())
}

// Push stores an image or an index, past the faults and the record. reference is
// without the host, as in "team/app:v1".
func (s *Server) Push(reference string, what remote.Taggable) error {
	ref, err := name.ParseReference(s.Host()+"/"+reference, name.Insecure)
	if err != nil {
		return err
	}
	return remote.Push(ref, what, remote.WithTransport(direct{s.base}))
}

// Put stores a manifest as it is, past the faults and the record.
func (s *Server) Put(repository, reference, mediaType string, raw []byte) error {
	req := httptest.NewRequest(http.MethodPut, "/v2/"+repository+"/manifests/"+reference, bytes.NewReader(raw))
	req.Header.Set("Content-Type", mediaType)
	if w := s.ask(req); w.Code != http.StatusCreated {
		return fmt.Errorf("put %s:%s: %d %s", repository, reference, w.Code, w.Body)
	}
	return nil
}

// PutBlob stores a blob past the faults and the record.
func (s *Server) PutBlob(repository, digest string, content []byte) error {
	req := httptest.NewRequest(http.MethodPost, "/v2/"+repository+"/blobs/uploads/?digest="+digest, bytes.NewReader(content))
	if w := s.ask(req); w.Code != http.StatusCreated {
		return fmt.Errorf("put blob %s: %d %s", digest, w.Code, w.Body)
	}
	return nil
}

// ask asks the registry below the faults.
func (s *Server) ask(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.base.ServeHTTP(w, req)
	return w
}

// direct is a transport that needs no network.
type direct struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	// The registry keeps blobs by the host of the URL, which a server's has not.
	in.Host, in.URL.Scheme, in.URL.Host = cmp.Or(in.Host, in.URL.Host), "", ""
	d.handler.ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// serve is the way of every request: the record, the faults, who may come in, and
// what there is.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	counted := &statusWriter{ResponseWriter: w}
	begin := time.Now()
	defer func() {
		s.requests.add(r, counted.status, begin)
	}()
	var next http.Handler = http.HandlerFunc(s.enter)
	for _, f := range s.active(r) {
		next = f.around(next)
	}
	next.ServeHTTP(counted, r)
}

// enter asks for the credential.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		s.serveToken(w, r)
		return
	}
	if !s.allowed(w, r) {
		return
	}
	s.registry(w, r)
}

// registry is the registry itself.
func (s *Server) registry(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, adminBlobs):
		s.serveAdminBlobs(w, r)
	case strings.HasPrefix(path, extensions):
		s.serveSignatures(w, r)
	case r.Method == http.MethodGet && (path == "/v2/_catalog" || strings.HasSuffix(path, "/tags/list")):
		s.servePage(w, r)
	case s.options.NoReferrers && strings.Contains(path, "/referrers/"):
		writeError(w, http.StatusNotFound, "", "404 page not found")
	case r.Method == http.MethodGet && strings.Contains(path, "/referrers/"):
		s.serveReferrers(w, r)
	case r.Method == http.MethodGet && r.Header.Get("Range") != "" && strings.Contains(path, "/blobs/"):
		s.serveRange(w, r)
	default:
		s.base.ServeHTTP(w, r)
	}
}

// serveRange serves a part of a blob, open ranges too.
func (s *Server) serveRange(w http.ResponseWriter, r *http.Request) {
	whole := r.Clone(r.Context())
	whole.Header.Del("Range")
	blob := s.ask(whole)
	if blob.Code != http.StatusOK {
		w.WriteHeader(blob.Code)
		w.Write(blob.Body.Bytes())
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob.Body.Bytes()))
}

// A statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writeError answers as the distribution specification has it.
func writeError(w http.ResponseWriter, status int, code, message string) {
	if code == "" {
		http.Error(w, message, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}
