package fromregistry_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// BenchmarkThousandTags imports 1,000 tags of which 10 changed, beside the same requests
// made by net/http alone and by go-containerregistry's remote, as crane makes them, each by
// 8 workers. OpenShift's importer makes 2 requests a second after the first 3, one after
// the other: that is the limit in openshift-apiserver, so openshift-times, how many times
// as long as ours it takes at least, is reckoned and not run.
func BenchmarkThousandTags(b *testing.B) {
	server := serve(b, registrytest.Options{})
	var from []string
	for n := range 1000 {
		push(b, server, fmt.Sprintf("org/app:v%d", n))
		from = append(from, fmt.Sprintf("%s/org/app:v%d", server.Host(), n))
	}
	b.Run("importer", func(b *testing.B) {
		i := importerOf(b, registryclient.Options{})
		s := do(b, i, stream("", from...), importer.Request{}).Stream
		for b.Loop() {
			b.StopTimer()
			for n := range 10 {
				push(b, server, fmt.Sprintf("org/app:v%d", n*7))
			}
			b.StartTimer()
			result := do(b, i, s, importer.Request{All: true})
			require.Len(b, result.Images, 10)
			s = result.Stream
		}
		perRequest(b)
		const limit, burst = 2, 3
		b.ReportMetric((1020-burst)/float64(limit)/(b.Elapsed().Seconds()/float64(b.N)), "openshift-times")
	})
	b.Run("net/http", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: importer.DefaultWorkers}}
		defer client.CloseIdleConnections()
		request := func(method, tag string) {
			r, err := http.NewRequest(method, server.URL()+"/v2/org/app/manifests/"+tag, nil)
			require.NoError(b, err)
			response, err := client.Do(r)
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, response.Body)
			require.NoError(b, err)
			require.NoError(b, response.Body.Close())
		}
		for b.Loop() {
			eight(func(n int) { request(http.MethodHead, fmt.Sprintf("v%d", n)) }, 1000)
			eight(func(n int) { request(http.MethodGet, fmt.Sprintf("v%d", n)) }, 20)
		}
		perRequest(b)
	})
	b.Run("remote", func(b *testing.B) {
		puller, err := remote.NewPuller()
		require.NoError(b, err)
		repo, err := name.NewRepository(server.Host() + "/org/app")
		require.NoError(b, err)
		for b.Loop() {
			eight(func(n int) {
				_, err := puller.Head(b.Context(), repo.Tag(fmt.Sprintf("v%d", n)))
				require.NoError(b, err)
			}, 1000)
			eight(func(n int) {
				_, err := puller.Get(b.Context(), repo.Tag(fmt.Sprintf("v%d", n)))
				require.NoError(b, err)
			}, 20)
		}
		perRequest(b)
	})
}

// eight calls f for 0 to n-1 by as many workers as an import has.
func eight(f func(int), n int) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range importer.DefaultWorkers {
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

// perRequest reports what one of the 1,020 requests takes.
func perRequest(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1020, "µs/request")
}
