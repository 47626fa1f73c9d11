package main

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

// A record is what a service account asked of the API server and got, and what it was
// refused.
type record struct {
	mu            sync.Mutex
	seen, refused map[right]bool
}

func (r *record) asked() (seen, refused []right) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.seen)), slices.Collect(maps.Keys(r.refused))
}

// throughProxy returns a configuration that goes to the API server through a proxy,
// which keeps a record, and puts Images under names that a custom resource may have:
// with a point where a digest has a colon.
func throughProxy(t *testing.T, config *rest.Config) (*rest.Config, *record) {
	t.Helper()
	transport, err := rest.TransportFor(config)
	require.NoError(t, err)
	target, err := url.Parse(config.Host)
	require.NoError(t, err)
	seen := &record{seen: map[right]bool{}, refused: map[right]bool{}}
	colon, point := []byte("sha256:"), []byte("sha256.")
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
			r.Out.URL.Path = strings.ReplaceAll(r.Out.URL.Path, "sha256:", "sha256.")
			r.Out.URL.RawPath = ""
			if r.Out.Body != nil {
				r.Out.Body = &renaming{from: r.Out.Body, lines: bufio.NewReader(r.Out.Body), old: colon, new: point}
			}
		},
		ModifyResponse: func(r *http.Response) error {
			seen.add(r.Request, r.StatusCode)
			r.Body = &renaming{from: r.Body, lines: bufio.NewReader(r.Body), old: point, new: colon}
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, QPS: 1000, Burst: 1000}, seen
}

// renaming replaces some bytes by as many others in what it reads, by lines, as a watch
// sends them.
type renaming struct {
	from     io.Closer
	lines    *bufio.Reader
	old, new []byte
	rest     []byte
	err      error
}

func (r *renaming) Read(b []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		r.rest, r.err = r.lines.ReadBytes('\n')
		r.rest = bytes.ReplaceAll(r.rest, r.old, r.new)
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

func (r *renaming) Close() error { return r.from.Close() }

// add notes a request and its answer, unless it is not about objects, or of an
// administrator.
func (r *record) add(request *http.Request, status int) {
	asked, ok := rightFor(request)
	if !ok || request.Header.Get("Impersonate-User") == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if status == http.StatusForbidden {
		r.refused[asked] = true
	} else {
		r.seen[asked] = true
	}
}
