package registryclient_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestRetryAfterIsKeptTo, in seconds and as a date, with 429 and 503 of every body.
func TestRetryAfterIsKeptTo(t *testing.T) {
	// The clock of a bubble begins at midnight of 2000-01-01.
	date := time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC).Format(http.TimeFormat)
	for _, body := range []string{"application/json", "text/html", "text/plain", ""} {
		for header, wait := range map[string]time.Duration{"120": 2 * time.Minute, date: 2 * time.Minute, "0": 0} {
			for what, fault := range map[string]registrytest.Fault{
				"429": registrytest.TooManyRequests(body, header), "503": registrytest.Overloaded(body, header),
			} {
				t.Run(what+" "+body+" "+header, func(t *testing.T) {
					inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
						try.server.Inject(fault.Once(1))
						begin := time.Now()
						require.NoError(t, getManifest(t.Context(), try))
						require.Equal(t, wait, time.Since(begin))
					})
				})
			}
		}
	}
}

// TestRetryAfterIsBoundedByTheContext: where the wait would not end in time, the
// answer comes at once.
func TestRetryAfterIsBoundedByTheContext(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
		try.server.Inject(registrytest.TooManyRequests("text/html", "3600").Once(1))
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Minute)
		defer cancel()
		begin := time.Now()
		err := getManifest(ctx, try)
		require.ErrorIs(t, err, registryclient.RateLimited)
		require.Zero(t, time.Since(begin))
		var e *registryclient.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, time.Hour, e.RateLimit.RetryAfter)
		require.Equal(t, 429, e.StatusCode)

		// Everyone else keeps away from the host too, and says so at once.
		err = listTags(ctx, try)
		require.ErrorIs(t, err, registryclient.RateLimited)
		require.Zero(t, time.Since(begin))
		require.Zero(t, try.server.Count("", "/tags/"))
		require.NoError(t, listTags(t.Context(), try))
		require.Equal(t, time.Hour, time.Since(begin))
	})
}

// TestRetryAfterHasACeiling: a registry that asks for a year gets an error at once, with
// the year, and is asked again after the ceiling.
func TestRetryAfterHasACeiling(t *testing.T) {
	year := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat)
	for _, header := range []string{"21601", "31536000", "99999999999999999999", year} {
		for _, fault := range []registrytest.Fault{registrytest.TooManyRequests("", header), registrytest.Overloaded("text/html", header)} {
			inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
				try.server.Inject(fault.Once(1))
				begin := time.Now()
				err := getManifest(t.Context(), try)
				require.True(t, errors.Is(err, registryclient.RateLimited) || errors.Is(err, registryclient.Unavailable), err)
				require.Zero(t, time.Since(begin))
				var e *registryclient.Error
				require.ErrorAs(t, err, &e)
				require.Greater(t, e.RateLimit.RetryAfter, registryclient.DefaultMaxRetryAfter)
				require.NoError(t, getManifest(t.Context(), try))
				require.Equal(t, registryclient.DefaultMaxRetryAfter, time.Since(begin))
			})
		}
	}
}

func TestBackoff(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{
		Retry: registryclient.RetryOptions{Attempts: 7, Backoff: time.Second, MaxBackoff: 10 * time.Second},
	}, func(t *testing.T, try trial) {
		try.server.Inject(registrytest.ErrorCode(502, "UNKNOWN", ""))
		require.ErrorIs(t, getManifest(t.Context(), try), registryclient.Unavailable)
		var sent []time.Time
		for _, r := range try.server.Requests() {
			if r.Path != "/v2/" {
				sent = append(sent, r.Time)
			}
		}
		require.Len(t, sent, 7)
		shares := map[float64]bool{}
		for i, longest := range []time.Duration{1, 2, 4, 8, 10, 10} {
			wait := sent[i+1].Sub(sent[i])
			require.LessOrEqual(t, wait, longest*time.Second)
			require.GreaterOrEqual(t, wait, longest*time.Second/2)
			shares[float64(wait)/float64(longest)] = true
		}
		require.Greater(t, len(shares), 1, "each wait is another share of the longest, so that clients do not come back together")
	})
}

// TestWhatIsNotRepeated: nothing that a second time would not change.
func TestWhatIsNotRepeated(t *testing.T) {
	for what, fault := range map[string]registrytest.Fault{
		"400": registrytest.ErrorCode(400, "NAME_INVALID", ""), "401": registrytest.ErrorCode(401, "UNAUTHORIZED", ""),
		"403": registrytest.ErrorCode(403, "DENIED", ""), "404": registrytest.ErrorCode(404, "MANIFEST_UNKNOWN", ""),
		"405": registrytest.ErrorCode(405, "UNSUPPORTED", ""), "a lie": registrytest.WrongContent(),
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
				try.server.Inject(fault)
				require.Error(t, getByDigest(t.Context(), try))
				require.Equal(t, 1, try.server.Count("", "/manifests/"))
			})
		})
	}
}

func TestRequestsPerSecond(t *testing.T) {
	options := registryclient.Options{Host: hostOptions(registryclient.HostOptions{RequestsPerSecond: 2, Burst: 3, PlainHTTP: registryclient.HTTPOnly})}
	inBubble(t, registrytest.Options{}, options, func(t *testing.T, try trial) {
		done := make(chan error, 20)
		for range cap(done) {
			go func() { done <- getManifest(t.Context(), try) }()
		}
		for range cap(done) {
			require.NoError(t, <-done)
		}
		requests := try.server.Requests()
		require.Len(t, requests, 21, "with the ping")
		for i := range requests {
			// Three at once, then one each half second.
			require.Equal(t, time.Duration(max(i-2, 0))*time.Second/2, requests[i].Time.Sub(requests[0].Time), i)
		}

		// A turn after the deadline is not waited for.
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, getManifest(ctx, try), registryclient.RateLimited)
		require.Zero(t, time.Since(begin))
	})
}

func TestConcurrency(t *testing.T) {
	options := registryclient.Options{Host: hostOptions(registryclient.HostOptions{Concurrency: 3, PlainHTTP: registryclient.HTTPOnly})}
	inBubble(t, registrytest.Options{}, options, func(t *testing.T, try trial) {
		var now, most atomic.Int64
		try.server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			next.ServeHTTP(w, r)
		}})
		for _, op := range []operation{getManifest, readBlob} {
			most.Store(0)
			begin := time.Now()
			done := make(chan error, 12)
			for range cap(done) {
				go func() { done <- op(t.Context(), try) }()
			}
			for range cap(done) {
				require.NoError(t, <-done)
			}
			require.Equal(t, int64(3), most.Load())
			require.Equal(t, 4*time.Second, time.Since(begin))
		}
	})
}

// TestBlobsThatAreOpenHoldUpNothingElse: someone who reads a blob in order to push
// it must get to push.
func TestBlobsThatAreOpenHoldUpNothingElse(t *testing.T) {
	options := registryclient.Options{Host: hostOptions(registryclient.HostOptions{Concurrency: 1, PlainHTTP: registryclient.HTTPOnly})}
	inBubble(t, registrytest.Options{}, options, func(t *testing.T, try trial) {
		blob, err := try.client.OpenBlob(t.Context(), try.layer, registryclient.BlobOptions{})
		require.NoError(t, err)
		require.NoError(t, pushImage(t.Context(), try))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, readBlob(ctx, try), registryclient.Timeout)
		require.NoError(t, blob.Close())
		require.NoError(t, readBlob(t.Context(), try))
	})
}

// TestSlowsDownByItself: with a tenth of Docker Hub's quota left, manifests are
// fetched as often as the window allows in the long run; what is not counted is not
// held up.
func TestSlowsDownByItself(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
		remove := try.server.Inject(registrytest.Quota(100, 11, 6*time.Hour))
		begin := time.Now()
		for range 5 {
			require.NoError(t, getManifest(t.Context(), try))
		}
		require.Zero(t, time.Since(begin))
		remove()

		remove = try.server.Inject(registrytest.Quota(100, 10, 6*time.Hour))
		require.NoError(t, getManifest(t.Context(), try)) // this one tells
		require.NoError(t, getManifest(t.Context(), try))
		require.Equal(t, 216*time.Second, time.Since(begin))
		require.NoError(t, getManifest(t.Context(), try))
		require.Equal(t, 432*time.Second, time.Since(begin))
		for range 50 {
			require.NoError(t, headManifest(t.Context(), try))
			require.NoError(t, readBlob(t.Context(), try))
		}
		require.Equal(t, 432*time.Second, time.Since(begin))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := getManifest(ctx, try)
		require.ErrorIs(t, err, registryclient.RateLimited)
		var e *registryclient.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, registryclient.RateLimit{Limit: 100, Remaining: 10, Window: 6 * time.Hour, RetryAfter: 216 * time.Second}, *e.RateLimit)
		require.Equal(t, 432*time.Second, time.Since(begin))

		// When the window has moved on, so does the client.
		remove()
		try.server.Inject(registrytest.Quota(100, 90, 6*time.Hour))
		require.NoError(t, headManifest(t.Context(), try))
		for range 20 {
			require.NoError(t, getManifest(t.Context(), try))
		}
		require.Equal(t, 432*time.Second, time.Since(begin))
	})
}

// TestKeepsToAReset: with figures that name one, everything is spread until then.
func TestKeepsToAReset(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
		require.NoError(t, getManifest(t.Context(), try))
		remove := try.server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("RateLimit-Limit", "50")
			w.Header().Set("RateLimit-Remaining", "0")
			w.Header().Set("RateLimit-Reset", "40")
			next.ServeHTTP(w, r)
		}})
		begin := time.Now()
		require.NoError(t, headManifest(t.Context(), try))
		remove()
		require.NoError(t, headManifest(t.Context(), try))
		require.Equal(t, 40*time.Second, time.Since(begin))
	})
}

// TestClientsShareAPace whatever their credentials.
func TestClientsShareAPace(t *testing.T) {
	options := registryclient.Options{Host: hostOptions(registryclient.HostOptions{RequestsPerSecond: 1, PlainHTTP: registryclient.HTTPOnly})}
	inBubble(t, registrytest.Options{}, options, func(t *testing.T, try trial) {
		begin := time.Now()
		require.NoError(t, getManifest(t.Context(), try))
		other := try
		other.client = try.client.WithKeychain(nil)
		require.NoError(t, getManifest(t.Context(), other))
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.Equal(t, 1, try.server.Count("GET", "/v2/")-try.server.Count("GET", "/manifests/"), "and the ping")
	})
}
