package registryclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// quickRegistry answers HEAD for every manifest, and pages of tags, with as little
// work as it can, so that a benchmark measures clients.
func quickRegistry(b *testing.B, tags int) *httptest.Server {
	pages := map[string][]byte{}
	const size = 1000
	for from := 0; from < tags; from += size {
		page := make([]string, 0, size)
		for i := from; i < min(from+size, tags); i++ {
			page = append(page, fmt.Sprintf("v%06d", i))
		}
		last := ""
		if from > 0 {
			last = fmt.Sprintf("v%06d", from-1)
		}
		body, err := json.Marshal(map[string]any{"name": "team/app", "tags": page})
		require.NoError(b, err)
		pages[last] = body
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/":
		case r.Method == http.MethodHead:
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Content-Length", "500")
			w.Header().Set("Docker-Content-Digest", someDigest)
		default:
			after := r.URL.Query().Get("last")
			next := -1
			if after != "" {
				n, _ := strconv.Atoi(after[1:])
				next = n
			}
			if next+size+1 < tags {
				w.Header().Set("Link", fmt.Sprintf(`</v2/team/app/tags/list?n=1000&last=v%06d>; rel="next"`, next+size))
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write(pages[after])
		}
	}))
	b.Cleanup(server.Close)
	return server
}

func benchmarkRepo(b *testing.B, server *httptest.Server) name.Repository {
	repo, err := name.NewRepository(server.Listener.Addr().String() + "/team/app")
	require.NoError(b, err)
	return repo
}

// BenchmarkHeadManifest is one HEAD: with this client, with go-containerregistry's
// and with net/http alone, one after the other and eight at once.
func BenchmarkHeadManifest(b *testing.B) {
	server := quickRegistry(b, 0)
	repo := benchmarkRepo(b, server)
	tag := repo.Tag("v1")
	c := registryclient.New(registryclient.Options{})
	defer c.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	defer transport.CloseIdleConnections()
	bare := &http.Client{Transport: transport}
	puller, err := remote.NewPuller(remote.WithTransport(transport))
	require.NoError(b, err)
	for _, subject := range []struct {
		name string
		head func() error
	}{
		{"client", func() error {
			_, err := c.HeadManifest(context.Background(), tag)
			return err
		}},
		{"net-http", func() error {
			resp, err := bare.Head(server.URL + "/v2/team/app/manifests/v1")
			if err != nil {
				return err
			}
			io.Copy(io.Discard, resp.Body)
			return resp.Body.Close()
		}},
		{"go-containerregistry", func() error {
			_, err := puller.Head(context.Background(), tag)
			return err
		}},
	} {
		require.NoError(b, subject.head())
		b.Run(subject.name+"/1", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := subject.head(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(subject.name+"/8", func(b *testing.B) {
			b.ReportAllocs()
			work := make(chan struct{})
			failed := make(chan error, 8)
			for range 8 {
				go func() {
					var err error
					for range work {
						if e := subject.head(); e != nil {
							err = e
						}
					}
					failed <- err
				}()
			}
			for b.Loop() {
				work <- struct{}{}
			}
			close(work)
			for range 8 {
				if err := <-failed; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTags lists 10,000 tags of ten pages.
func BenchmarkTags(b *testing.B) {
	const tags = 10_000
	server := quickRegistry(b, tags)
	repo := benchmarkRepo(b, server)
	c := registryclient.New(registryclient.Options{})
	defer c.Close()
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range c.Tags(context.Background(), repo, registryclient.ListOptions{}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != tags {
				b.Fatal(n)
			}
		}
	})
	b.Run("go-containerregistry", func(b *testing.B) {
		b.ReportAllocs()
		puller, err := remote.NewPuller()
		require.NoError(b, err)
		for b.Loop() {
			listed, err := puller.List(context.Background(), repo)
			if err != nil || len(listed) != tags {
				b.Fatal(len(listed), err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for after := -1; n < tags; after += 1000 {
				url := server.URL + "/v2/team/app/tags/list?n=1000"
				if after >= 0 {
					url += fmt.Sprintf("&last=v%06d", after)
				}
				resp, err := http.Get(url)
				if err != nil {
					b.Fatal(err)
				}
				var page struct{ Tags []string }
				err = json.NewDecoder(resp.Body).Decode(&page)
				resp.Body.Close()
				if err != nil {
					b.Fatal(err)
				}
				n += len(page.Tags)
			}
		}
	})
}
