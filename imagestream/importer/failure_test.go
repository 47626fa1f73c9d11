package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/stretchr/testify/require"
)

// TestReasons: no failure that the registry or the network told becomes InternalError,
// as a rate limit, a denial, a certificate, a name that does not resolve and a timeout do
// in OpenShift, whichever request it happens to.
func TestReasons(t *testing.T) {
	for class, want := range map[importer.Class]imagestream.StatusReason{
		importer.NotFound: "NotFound", importer.Unauthorized: "Unauthorized", importer.Denied: "Forbidden",
		importer.RateLimited: "TooManyRequests", importer.TLS: "BadRequest", importer.DNS: "ServiceUnavailable",
		importer.Refused: "ServiceUnavailable", importer.Timeout: "Timeout", importer.NotRegistry: "BadRequest",
		importer.PlainHTTP: "BadRequest", importer.Integrity: "Invalid", importer.Unsupported: "UnsupportedMediaType",
		importer.Unavailable: "ServiceUnavailable", importer.Invalid: "Invalid", importer.Blocked: "Forbidden",
		importer.Unknown: "InternalError",
	} {
		for _, at := range []string{"HEAD", "GET manifest", "GET blob"} {
			f := newFake()
			f.tag(repo, "v1", f.image("linux", "amd64", "one"))
			f.fail = func(op string, _ importer.Target) error {
				if op == at {
					return fmt.Errorf("wrapped: %w", &importer.Error{Class: class, Hint: "do this", Endpoint: "mirror.example", Err: errors.New("because")})
				}
				return nil
			}
			result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
			tag := result.Tags[0]
			require.Equal(t, class, tag.Err.Class)
			require.Equal(t, "mirror.example", tag.Endpoint)
			condition := result.Stream.StatusTag("one").Conditions[0]
			require.Equal(t, imagestream.ImportSuccess, condition.Type)
			require.Equal(t, imagestream.ConditionFalse, condition.Status)
			require.Equal(t, string(want), condition.Reason)
			require.Contains(t, condition.Message, "because")
			require.Contains(t, condition.Message, "do this")
			status := tag.Err.Status()
			require.Equal(t, want, status.Reason)
			require.Equal(t, want == "InternalError", status.Code == 500)
			require.Equal(t, class.Temporary(), !tag.RetryAt.IsZero())
			require.Empty(t, result.Images)
		}
	}
}

func TestErrorsOfOtherKinds(t *testing.T) {
	for _, c := range []struct {
		err  error
		want importer.Class
	}{
		{errors.New("what"), importer.Unknown},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), importer.Timeout},
		{fmt.Errorf("x: %w", context.Canceled), importer.Canceled},
	} {
		f := newFake()
		f.fail = func(string, importer.Target) error { return c.err }
		result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
		require.Equal(t, c.want, result.Tags[0].Err.Class)
		require.ErrorIs(t, result.Tags[0].Err, c.err)
	}
}

// TestRetryAfter: what the registry asks for is what the next try waits, and the API
// tells it.
func TestRetryAfter(t *testing.T) {
	f := newFake()
	f.fail = func(string, importer.Target) error {
		return &importer.Error{Class: importer.RateLimited, RetryAfter: 90*time.Second + time.Millisecond}
	}
	result := do(t, importer.Importer{Registry: f, RetryAfter: time.Hour}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, now.Add(90*time.Second+time.Millisecond), result.Tags[0].RetryAt)
	require.EqualValues(t, 91, result.Tags[0].Err.Status().Details.RetryAfterSeconds)
	f.fail = func(string, importer.Target) error { return &importer.Error{Class: importer.Unavailable} }
	result = do(t, importer.Importer{Registry: f, RetryAfter: time.Hour}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, now.Add(time.Hour), result.Tags[0].RetryAt)
}

// TestRetryAtOfPlatforms: each image of a list says when to ask for it again.
func TestRetryAtOfPlatforms(t *testing.T) {
	f := newFake()
	_, amd64, arm64, attestation := twoPlatforms(f, "v1")
	f.fail = func(op string, target importer.Target) error {
		switch target.ID {
		case arm64:
			return &importer.Error{Class: importer.RateLimited, RetryAfter: time.Minute}
		case attestation:
			return &importer.Error{Class: importer.NotFound}
		}
		return nil
	}
	result := do(t, importer.Importer{Registry: f}, stream(preserve, "one="+repo+":v1", "two="+repo+":v1"), importer.Request{})
	require.Len(t, result.Failed(), 2)
	for _, tag := range result.Tags {
		require.Equal(t, now.Add(time.Minute), tag.RetryAt)
		at := map[string]time.Time{}
		for _, p := range tag.Platforms {
			at[p.Digest] = p.RetryAt
		}
		require.Equal(t, map[string]time.Time{arm64: now.Add(time.Minute), attestation: {}, amd64: {}}, at)
	}
}

// TestAFailureOfTheHostIsAskedForOnce: a rate limit is not made worse by asking on.
func TestAFailureOfTheHostIsAskedForOnce(t *testing.T) {
	f := newFake()
	f.tag("other.example/org/app", "v1", f.image("linux", "amd64", "one"))
	f.fail = func(_ string, target importer.Target) error {
		if target.Registry == "quay.example" {
			return &importer.Error{Class: importer.RateLimited, Scope: importer.WholeHost, RetryAfter: time.Minute}
		}
		return nil
	}
	tags := []string{"other=other.example/org/app:v1", "elsewhere=quay.example/org/more:v1"}
	for n := range 100 {
		tags = append(tags, fmt.Sprintf("t%d=%s:v%d", n, repo, n))
	}
	result := do(t, importer.Importer{Registry: f, Workers: 1}, stream("", tags...), importer.Request{})
	require.Equal(t, importer.Imported, result.Tags[0].Status)
	require.Len(t, result.Failed(), 101)
	require.Equal(t, 2, result.Requests.Heads)
	asked := 0
	for _, tag := range result.Failed() {
		require.Equal(t, importer.RateLimited, tag.Err.Class)
		require.Equal(t, now.Add(time.Minute), tag.RetryAt)
		require.Equal(t, "TooManyRequests", result.Stream.StatusTag(tag.Tag).Conditions[0].Reason)
		if !tag.Err.NotAsked {
			asked++
		}
	}
	require.Equal(t, 1, asked)
}

func TestAFailureOfTheRepository(t *testing.T) {
	f := newFake()
	f.tag("quay.example/org/public", "v1", f.image("linux", "amd64", "one"))
	f.fail = func(_ string, target importer.Target) error {
		if target.Name == "app" {
			return &importer.Error{Class: importer.Unauthorized, Scope: importer.WholeRepository}
		}
		return nil
	}
	result := do(t, importer.Importer{Registry: f, Workers: 1}, stream("", "a="+repo+":1", "b="+repo+":2", "c=quay.example/org/public:v1"), importer.Request{})
	require.Len(t, result.Failed(), 2)
	require.Equal(t, 2, result.Requests.Heads)
}

// TestAnonymous: a public image is not lost to a stale password, and where nobody is let
// in, the first answer is the one that is told.
func TestAnonymous(t *testing.T) {
	locked, public := newFake(), newFake()
	digest := public.image("linux", "amd64", "one")
	for n := range 5 {
		public.tag(repo, fmt.Sprintf("v%d", n), digest)
	}
	wrong := &importer.Error{Class: importer.Unauthorized, Err: errors.New("wrong password")}
	locked.fail = func(string, importer.Target) error { return wrong }
	public.fail = func(_ string, target importer.Target) error {
		if target.Name == "private" {
			return &importer.Error{Class: importer.Denied, Err: errors.New("who are you")}
		}
		return nil
	}
	i := importer.Importer{Registry: locked, Anonymous: public, Workers: 1}
	result := do(t, i, stream("", "v0="+repo+":v0", "v1="+repo+":v1", "v2="+repo+":v2", "p=quay.example/org/private"), importer.Request{})
	for _, tag := range result.Tags[:3] {
		require.Equal(t, importer.Imported, tag.Status)
	}
	require.Equal(t, "p", result.Tags[3].Tag)
	require.Equal(t, importer.Unauthorized, result.Tags[3].Err.Class)
	require.ErrorContains(t, result.Tags[3].Err, "wrong password")
	require.Len(t, locked.asked, 2, "once for each repository")

	i.Anonymous = nil
	require.Len(t, do(t, i, stream("", "v0="+repo+":v0"), importer.Request{}).Failed(), 1)
	// A failure of another kind is what the one without a credential says.
	i.Anonymous = newFake()
	result = do(t, i, stream("", "v0="+repo+":v0"), importer.Request{})
	require.Equal(t, importer.NotFound, result.Tags[0].Err.Class)
}

// TestFailureAnswersTheRequest: OpenShift does not rewrite a condition with the same
// message, and so the import looks pending for ever.
func TestFailureAnswersTheRequest(t *testing.T) {
	i := importer.Importer{Registry: newFake()}
	s := do(t, i, stream("", "one="+repo+":v1"), importer.Request{}).Stream
	zero := int64(0)
	tag := s.SpecTag("one").Clone()
	tag.Generation = &zero
	s, _, err := imagestream.Apply(s, imagestream.SetTag{Tag: *tag}, now)
	require.NoError(t, err)
	require.Len(t, do(t, i, s, importer.Request{}).Tags, 1)
	s = do(t, i, s, importer.Request{}).Stream
	require.Empty(t, do(t, i, s, importer.Request{}).Tags)
}

// TestFailureKeepsWhatTheTagPointsTo and recovers.
func TestFailureKeepsWhatTheTagPointsTo(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	i := importer.Importer{Registry: f}
	s := do(t, i, stream("", "one="+repo+":v1"), importer.Request{}).Stream
	f.fail = func(string, importer.Target) error { return errors.New("no") }
	failed := do(t, i, s, importer.Request{All: true}).Stream
	require.Equal(t, s.LatestEvent("one"), failed.LatestEvent("one"))
	require.Len(t, failed.StatusTag("one").Conditions, 1)
	f.fail = nil
	healed := do(t, i, failed, importer.Request{All: true}).Stream
	require.Empty(t, healed.StatusTag("one").Conditions)
}

func TestMessagesAreShort(t *testing.T) {
	err := &importer.Error{Op: "get manifest", Image: repo, Class: importer.Unavailable, Err: errors.New(strings.Repeat("é", 2000))}
	message := err.Status().Message
	require.LessOrEqual(t, len(message), 1024)
	require.True(t, strings.HasPrefix(message, "get manifest "+repo+": unavailable: éé"))
	require.True(t, strings.HasSuffix(message, "…"))
}

// TestHeadsGoOnWithoutPulls: Docker Hub limits pulls, and goes on to answer HEADs.
func TestHeadsGoOnWithoutPulls(t *testing.T) {
	f := newFake()
	var tags []string
	for n := range 10 {
		tag := fmt.Sprintf("v%d", n)
		f.tag(repo, tag, f.image("linux", "amd64", tag))
		tags = append(tags, tag+"="+repo+":"+tag)
	}
	i := importer.Importer{Registry: f, Workers: 1}
	s := do(t, i, stream("", tags...), importer.Request{}).Stream
	for _, tag := range []string{"v0", "v5"} {
		f.tag(repo, tag, f.image("linux", "amd64", tag+" again"))
	}
	f.fail = func(op string, _ importer.Target) error {
		if op == "GET manifest" {
			return &importer.Error{Class: importer.RateLimited, Scope: importer.WholeHost}
		}
		return nil
	}
	result := do(t, i, s, importer.Request{All: true})
	require.Len(t, result.Failed(), 2)
	require.Equal(t, importer.Requests{Heads: 10, Manifests: 1}, result.Requests)
}
