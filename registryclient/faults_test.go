package registryclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// A trial is a client and a registry in a bubble, where time passes at once and no
// goroutine may be left when it ends.
type trial struct {
	server *registrytest.Server
	client *registryclient.Client
	repo   name.Repository
	digest digest.Digest // of team/app:v1
	layer  name.Digest
	size   int64 // of the layer
}

func inBubble(t *testing.T, server registrytest.Options, options registryclient.Options, f func(t *testing.T, try trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server.Pipe = true
		started, err := registrytest.Start(server)
		require.NoError(t, err)
		defer started.Close()
		if options.DialContext == nil {
			options.DialContext = started.DialContext
		}
		if options.Host == nil {
			options.Host = func(string) registryclient.HostOptions {
				return registryclient.HostOptions{TLS: started.ClientTLS()}
			}
		}
		c := registryclient.New(options)
		defer c.Close()
		image := randomImage(t)
		require.NoError(t, started.Push("team/app:v1", image))
		layers, err := image.Layers()
		require.NoError(t, err)
		size, err := layers[0].Size()
		require.NoError(t, err)
		repo := repository(t, started, "team/app")
		f(t, trial{started, c, repo, digestOf(t, image), repo.Digest(digestOf(t, layers[0]).String()), size})
	})
}

// The operations that a fault is tried with.
type operation func(ctx context.Context, try trial) error

func getManifest(ctx context.Context, try trial) error {
	_, err := try.client.GetManifest(ctx, try.repo.Tag("v1"))
	return err
}

func getByDigest(ctx context.Context, try trial) error {
	_, err := try.client.GetManifest(ctx, try.repo.Digest(try.digest.String()))
	return err
}

func headManifest(ctx context.Context, try trial) error {
	_, err := try.client.HeadManifest(ctx, try.repo.Digest(try.digest.String()))
	return err
}

func listTags(ctx context.Context, try trial) error {
	_, err := registryclient.Collect(try.client.Tags(ctx, try.repo, registryclient.ListOptions{}))
	return err
}

func listReferrers(ctx context.Context, try trial) error {
	_, err := registryclient.Collect(try.client.Referrers(ctx, try.repo.Digest(try.digest.String()), ""))
	return err
}

func readBlob(ctx context.Context, try trial) error {
	blob, err := try.client.OpenBlob(ctx, try.layer, registryclient.BlobOptions{Size: try.size})
	if err != nil {
		return err
	}
	defer blob.Close()
	_, err = io.Copy(io.Discard, blob)
	return err
}

func deleteTag(ctx context.Context, try trial) error {
	_, err := try.client.DeleteTag(ctx, try.repo.Tag("v1"))
	return err
}

func pushImage(ctx context.Context, try trial) error {
	image, err := random.Image(512, 1)
	if err != nil {
		return err
	}
	return try.client.Push(ctx, try.repo.Tag("v9"), image, registryclient.PushOptions{})
}

func ping(ctx context.Context, try trial) error {
	_, err := try.client.Ping(ctx, try.repo.Registry)
	return err
}

// TestEveryFault has, for each, the class and the hint, within a minute and without
// a goroutine left.
func TestEveryFault(t *testing.T) {
	elsewhere := "https://evil.example"
	metadata := "http://169.254.169.254"
	for what, c := range map[string]struct {
		fault registrytest.Fault
		op    operation
		class registryclient.Class
		hint  string
	}{
		"429 in JSON":               {registrytest.TooManyRequests("application/json", ""), getManifest, registryclient.RateLimited, "less often"},
		"429 in HTML":               {registrytest.TooManyRequests("text/html", ""), getManifest, registryclient.RateLimited, "less often"},
		"429 in text":               {registrytest.TooManyRequests("text/plain", ""), listTags, registryclient.RateLimited, "less often"},
		"429 without a body":        {registrytest.TooManyRequests("", ""), readBlob, registryclient.RateLimited, "less often"},
		"429 for ten minutes":       {registrytest.TooManyRequests("text/html", "600"), headManifest, registryclient.RateLimited, "in 10m0s"},
		"429 for the ping":          {match(registrytest.TooManyRequests("text/html", "600"), registrytest.Ping), getManifest, registryclient.RateLimited, "in 10m0s"},
		"429 for a push":            {registrytest.TooManyRequests("application/json", "600").For("POST", ""), pushImage, registryclient.RateLimited, "Try again in "},
		"a limit that says 403":     {registrytest.ErrorCode(403, "TOOMANYREQUESTS", "limit"), getManifest, registryclient.RateLimited, "less often"},
		"503 in JSON":               {registrytest.Overloaded("application/json", ""), getManifest, registryclient.Unavailable, "later"},
		"503 in HTML":               {registrytest.Overloaded("text/html", "5"), listTags, registryclient.Unavailable, "later"},
		"500":                       {registrytest.ErrorCode(500, "UNKNOWN", "disk full"), getManifest, registryclient.Unavailable, "later"},
		"502":                       {registrytest.Status("502", 502, "text/html", "<html>", nil), readBlob, registryclient.Unavailable, "later"},
		"denied":                    {registrytest.ErrorCode(403, "DENIED", "no pull"), getManifest, registryclient.Denied, "right"},
		"unauthorized":              {registrytest.ErrorCode(401, "UNAUTHORIZED", "who?"), getManifest, registryclient.Unauthorized, "credential"},
		"unauthorized, no way in":   {match(registrytest.ErrorCode(401, "UNAUTHORIZED", "who?"), registrytest.Ping), getManifest, registryclient.Unauthorized, "credential"},
		"no such tag":               {registrytest.ErrorCode(404, "MANIFEST_UNKNOWN", "x"), getManifest, registryclient.NotFound, "name"},
		"no such repository":        {registrytest.ErrorCode(404, "NAME_UNKNOWN", "x"), listTags, registryclient.NotFound, "name of the repository"},
		"no such blob":              {registrytest.ErrorCode(404, "BLOB_UNKNOWN", "x"), readBlob, registryclient.NotFound, "blob is gone"},
		"a web page":                {match(registrytest.WebPage(), registrytest.Ping), getManifest, registryclient.NotRegistry, "host and port"},
		"404 for the ping":          {match(registrytest.ErrorCode(404, "", "not here"), registrytest.Ping), ping, registryclient.NotRegistry, "host and port"},
		"a page for a listing":      {registrytest.WebPage(), listTags, registryclient.NotRegistry, "host and port"},
		"a page for a manifest":     {registrytest.WebPage(), getManifest, registryclient.Integrity, "cannot be trusted"},
		"other content":             {registrytest.WrongContent(), getByDigest, registryclient.Integrity, "cannot be trusted"},
		"other content by tag":      {registrytest.WrongContent(), getManifest, registryclient.Integrity, "cannot be trusted"},
		"other blob":                {registrytest.WrongContent(), readBlob, registryclient.Integrity, "cannot be trusted"},
		"a wrong digest":            {registrytest.WrongDigest(), headManifest, registryclient.Integrity, "cannot be trusted"},
		"a wrong digest of GET":     {registrytest.WrongDigest(), getManifest, registryclient.Integrity, "cannot be trusted"},
		"an endless manifest":       {registrytest.Endless("application/vnd.oci.image.manifest.v1+json"), getManifest, registryclient.Integrity, "cannot be trusted"},
		"an endless listing":        {registrytest.Endless("application/json"), listTags, registryclient.Integrity, "cannot be trusted"},
		"an endless blob":           {registrytest.Endless("application/octet-stream"), readBlob, registryclient.Integrity, "cannot be trusted"},
		"endless referrers":         {registrytest.Endless("application/json"), listReferrers, registryclient.Integrity, "cannot be trusted"},
		"a truncated manifest":      {registrytest.Truncated(5), getManifest, registryclient.Unavailable, "later"},
		"a truncated listing":       {registrytest.Truncated(5), listTags, registryclient.Unavailable, "later"},
		"a truncated blob":          {registrytest.Truncated(0), readBlob, registryclient.Unavailable, "later"},
		"a broken pipe":             {registrytest.BrokenPipe(), getManifest, registryclient.Unavailable, "later"},
		"a broken pipe of a push":   {registrytest.BrokenPipe().For("PATCH", ""), pushImage, registryclient.Unavailable, "later"},
		"no answer":                 {registrytest.Silent(), getManifest, registryclient.Timeout, "time"},
		"no answer to the ping":     {match(registrytest.Silent(), registrytest.Ping), listTags, registryclient.Timeout, "time"},
		"a body that stalls":        {registrytest.Stalled(5), getManifest, registryclient.Timeout, "time"},
		"a blob that stalls":        {registrytest.Stalled(5), readBlob, registryclient.Timeout, "time"},
		"a Link elsewhere":          {registrytest.LinkTo(elsewhere + "/v2/team/app/tags/list"), listTags, registryclient.Integrity, "cannot be trusted"},
		"a Link to itself":          {registrytest.LinkTo("/v2/team/app/tags/list"), listTags, registryclient.Integrity, "cannot be trusted"},
		"referrers' Link elsewhere": {registrytest.LinkTo(elsewhere), listReferrers, registryclient.Integrity, "cannot be trusted"},
		"a redirect to metadata":    {registrytest.RedirectTo(metadata), readBlob, registryclient.Integrity, "cannot be trusted"},
		"a ping to metadata":        {match(registrytest.RedirectTo(metadata), registrytest.Ping), getManifest, registryclient.Integrity, "cannot be trusted"},
		"a tag deletion ignored":    {registrytest.IgnoredDelete(), deleteTag, registryclient.Unsupported, "does not offer"},
		"no tag deletion":           {registrytest.ErrorCode(405, "UNSUPPORTED", "x").For("DELETE", ""), deleteTag, registryclient.Unsupported, "does not offer"},
		"tags taken for digests":    {registrytest.ErrorCode(400, "DIGEST_INVALID", "x").For("DELETE", ""), deleteTag, registryclient.Unsupported, "does not offer"},
		"a manifest refused":        {registrytest.ErrorCode(400, "MANIFEST_INVALID", "x").For("PUT", "/manifests/"), pushImage, registryclient.Invalid, "malformed"},
	} {
		t.Run(what, func(t *testing.T) {
			options := registryclient.Options{HeaderTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second}
			inBubble(t, registrytest.Options{}, options, func(t *testing.T, try trial) {
				try.server.Inject(c.fault)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := c.op(ctx, try)
				require.NoError(t, ctx.Err(), "it took until the deadline")
				var e *registryclient.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.class, e.Class, err)
				require.ErrorIs(t, err, c.class)
				require.Contains(t, e.Hint, c.hint, err)
				require.NotEmpty(t, e.Op)
				require.Contains(t, e.Object, "registry.localhost:5000")
				require.Equal(t, "registry.localhost:5000", e.Endpoint, err)
			})
		})
	}
}

func match(f registrytest.Fault, m func(*http.Request) bool) registrytest.Fault {
	f.Match = m
	return f
}

// TestFaultsOfTheWay are those of the network.
func TestFaultsOfTheWay(t *testing.T) {
	fails := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	for what, c := range map[string]struct {
		server  registrytest.Options
		options registryclient.Options
		class   registryclient.Class
		hint    string
	}{
		"no such name":      {options: registryclient.Options{DialContext: fails(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true})}, class: registryclient.DNS, hint: "name server"},
		"no name server":    {options: registryclient.Options{DialContext: fails(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true})}, class: registryclient.DNS, hint: "name server"},
		"refused":           {options: registryclient.Options{DialContext: fails(syscall.ECONNREFUSED)}, class: registryclient.Refused, hint: "Nothing listens"},
		"unreachable":       {options: registryclient.Options{DialContext: fails(syscall.ETIMEDOUT)}, class: registryclient.Timeout, hint: "firewall"},
		"unknown authority": {server: registrytest.Options{TLS: true}, options: registryclient.Options{Host: hostOptions(registryclient.HostOptions{})}, class: registryclient.TLS, hint: "RootCAs"},
		"plain HTTP not allowed": {
			options: registryclient.Options{Host: hostOptions(registryclient.HostOptions{})}, class: registryclient.PlainHTTP, hint: "HostOptions.PlainHTTP",
		},
		"HTTPS asked in plain HTTP": {
			server:  registrytest.Options{TLS: true},
			options: registryclient.Options{Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly})}, class: registryclient.TLS, hint: "speaks HTTPS",
		},
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, c.server, c.options, func(t *testing.T, try trial) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				repo, err := name.NewRepository("registry.example.com:5000/team/app")
				require.NoError(t, err)
				_, err = try.client.GetManifest(ctx, repo.Tag("v1"))
				require.NoError(t, ctx.Err())
				var e *registryclient.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.class, e.Class, err)
				require.Contains(t, e.Hint, c.hint, err)
				require.Equal(t, "registry.example.com:5000", e.Endpoint)
			})
		})
	}
}

func hostOptions(o registryclient.HostOptions) func(string) registryclient.HostOptions {
	return func(string) registryclient.HostOptions { return o }
}

func TestTheContextEndsEverything(t *testing.T) {
	for what, op := range map[string]operation{
		"manifest": getManifest, "tags": listTags, "blob": readBlob, "tag": deleteTag, "push": pushImage, "ping": ping,
	} {
		for _, how := range []string{"deadline", "cancel"} {
			t.Run(what+" "+how, func(t *testing.T) {
				inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
					try.server.Inject(match(registrytest.Silent(), registrytest.Any))
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
					defer cancel()
					class, cause := registryclient.Timeout, context.DeadlineExceeded
					if how == "cancel" {
						class, cause = registryclient.Canceled, context.Canceled
						time.AfterFunc(time.Second, cancel)
					}
					begin := time.Now()
					err := op(ctx, try)
					require.ErrorIs(t, err, class)
					require.ErrorIs(t, err, cause)
					require.LessOrEqual(t, time.Since(begin), 3*time.Second)
				})
			})
		}
	}
}

// TestFaultsThatPass are none, in the end.
func TestFaultsThatPass(t *testing.T) {
	for what, c := range map[string]struct {
		fault registrytest.Fault
		op    operation
	}{
		"a truncated manifest": {registrytest.Truncated(5).Once(2), getManifest},
		"a truncated listing":  {registrytest.Truncated(5).Once(2), listTags},
		"a truncated blob":     {registrytest.Truncated(100).Once(3), readBlob},
		"a blob that stalls":   {registrytest.Stalled(100).Once(2), readBlob},
		"a slow blob":          {registrytest.Slow(50, 20*time.Second), readBlob},
		"a broken pipe":        {registrytest.BrokenPipe().Once(3), getManifest},
		"a broken upload":      {registrytest.BrokenPipe().For("PATCH", "").Once(2), pushImage},
		"a broken ping":        {match(registrytest.BrokenPipe(), registrytest.Ping).Once(2), listTags},
		"500":                  {registrytest.ErrorCode(500, "UNKNOWN", "").Once(3), getManifest},
		"503 for a push":       {registrytest.Overloaded("text/html", "1").Once(1), pushImage},
		"429 for an upload":    {registrytest.TooManyRequests("text/html", "1").For("PATCH", "").Once(1), pushImage},
		"no media type":        {registrytest.WithoutMediaType(), getManifest},
		"no digest of a HEAD":  {registrytest.WithoutMediaType(), headManifest},
		"no HEAD":              {registrytest.Status("405", 405, "", "", nil).For("HEAD", ""), headManifest},
		"a late deletion":      {registrytest.Late(1), deleteTag},
		"no referrers API":     {registrytest.Status("404", 404, "text/plain", "404 page not found", nil).For("", "/referrers/"), listReferrers},
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, registrytest.Options{}, registryclient.Options{HeaderTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second}, func(t *testing.T, try trial) {
				try.server.Inject(c.fault)
				require.NoError(t, c.op(t.Context(), try))
			})
		})
	}
}

// TestAFailedPingIsNotRemembered: library-go keeps it for ever.
func TestAFailedPingIsNotRemembered(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 1}}, func(t *testing.T, try trial) {
		remove := try.server.Inject(match(registrytest.ErrorCode(500, "UNKNOWN", ""), registrytest.Ping))
		require.ErrorIs(t, getManifest(t.Context(), try), registryclient.Unavailable)
		remove()
		require.NoError(t, getManifest(t.Context(), try))
	})
}

func TestAttemptsAreToldOf(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{}, func(t *testing.T, try trial) {
		try.server.Inject(registrytest.ErrorCode(500, "UNKNOWN", "disk full"))
		err := getManifest(t.Context(), try)
		var e *registryclient.Error
		require.ErrorAs(t, err, &e)
		require.Len(t, e.Attempts, registryclient.DefaultAttempts)
		for i, a := range e.Attempts {
			require.Equal(t, "GET", a.Method)
			require.Equal(t, "http://registry.localhost:5000/v2/team/app/manifests/v1", a.URL)
			require.Equal(t, 500, a.StatusCode)
			require.Equal(t, i < registryclient.DefaultAttempts-1, a.Wait > 0)
		}
		require.Equal(t, "disk full", e.Message)
		require.Equal(t, 500, e.StatusCode)
		require.Contains(t, err.Error(), "4 attempts")
		require.Contains(t, e.Attempts[0].String(), "500 UNKNOWN (then waited ")
	})
}

// TestExpiredTokens are renewed, by all who had one, with one exchange.
func TestExpiredTokens(t *testing.T) {
	auth := registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": "s3cret"}, TokenLife: time.Hour, ExpiresIn: 100000}
	keychain := registryclient.Fixed(&authn.Basic{Username: "alice", Password: "s3cret"})
	inBubble(t, registrytest.Options{Auth: auth, TLS: true}, registryclient.Options{Keychain: keychain}, func(t *testing.T, try trial) {
		require.NoError(t, getManifest(t.Context(), try))
		require.Equal(t, 1, try.server.Count("", "/token"))
		try.server.ExpireTokens()
		failed := make(chan error, 20)
		for range cap(failed) {
			go func() { failed <- getManifest(t.Context(), try) }()
		}
		for range cap(failed) {
			require.NoError(t, <-failed)
		}
		require.Equal(t, 2, try.server.Count("", "/token"))
		try.server.ExpireTokens()
		require.NoError(t, try.client.Push(t.Context(), try.repo.Tag("v2"), randomImage(t), registryclient.PushOptions{}))
	})
}

// TestTokensAreRenewedInTime: before the registry refuses them.
func TestTokensAreRenewedInTime(t *testing.T) {
	auth := registrytest.Auth{Scheme: "bearer", PublicPull: true, TokenLife: 5 * time.Minute, ExpiresIn: 300}
	inBubble(t, registrytest.Options{Auth: auth, TLS: true}, registryclient.Options{}, func(t *testing.T, try trial) {
		for range 20 {
			require.NoError(t, getManifest(t.Context(), try))
			time.Sleep(time.Minute)
		}
		require.Equal(t, 4, try.server.Count("", "/token"))
		for _, r := range try.server.Requests() {
			require.True(t, r.Status != 401 || r.Path == "/v2/", r)
		}
	})
}

func TestACredentialThatIsRefused(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		t.Run(scheme, func(t *testing.T) {
			auth := registrytest.Auth{Scheme: scheme, Users: map[string]string{"alice": "s3cret"}, PublicPull: true}
			keychain := registryclient.Fixed(&authn.Basic{Username: "alice", Password: "hunter2-wrong"})
			inBubble(t, registrytest.Options{Auth: auth, TLS: true}, registryclient.Options{Keychain: keychain}, func(t *testing.T, try trial) {
				for _, op := range []operation{getManifest, listTags, readBlob, pushImage, deleteTag} {
					err := op(t.Context(), try)
					require.ErrorIs(t, err, registryclient.Unauthorized)
					require.NotContains(t, err.Error(), "hunter2")
					var e *registryclient.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, 401, e.StatusCode)
				}
			})
		})
	}
	require.False(t, errors.Is(registryclient.Unauthorized, registryclient.Denied))
}
