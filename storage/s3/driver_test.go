package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/s3"
	"github.com/stretchr/testify/require"
)

func newStore(client *awss3.Client) *storage.Store {
	return storage.New(s3.New(client, bucket, s3.Options{PartSize: s3.MinPartSize}), storage.Options{})
}

// data makes n bytes that differ by position.
func data(n int) []byte {
	b := make([]byte, n)
	x := uint32(n)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func requireContent(t *testing.T, s *storage.Store, key string, want []byte) {
	t.Helper()
	got, err := s.ReadFile(t.Context(), key, 100<<20)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%d bytes, not the %d that were written", len(got), len(want))
}

// requireNothingBut asks what the bucket really has, the driver's own included.
func requireNothingBut(t *testing.T, client *awss3.Client, s *storage.Store, want ...string) {
	t.Helper()
	out, err := client.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	require.NoError(t, err)
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	require.ElementsMatch(t, want, keys)
	for u, err := range s.Uploads(t.Context(), "") {
		require.NoError(t, err)
		require.Fail(t, "an upload is left", "%+v", u)
	}
}

// TestIgnoredPreconditionIsHidden: gofakes3 takes If-Match for a deletion, and
// deletes.
func TestIgnoredPreconditionIsHidden(t *testing.T) {
	client := fake(t)
	d := s3.New(client, bucket, s3.Options{})
	s := storage.New(d, storage.Options{})
	info, err := s.WriteFile(t.Context(), "object", []byte("first"), storage.CreateOptions{})
	require.NoError(t, err)
	_, err = s.WriteFile(t.Context(), "object", []byte("second"), storage.CreateOptions{})
	require.NoError(t, err)
	require.ErrorIs(t, s.Delete(t.Context(), "object", storage.DeleteOptions{IfVersion: info.Version}), storage.ErrUnsupported)
	requireContent(t, s, "object", []byte("second"))
	c, err := s.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, storage.Capabilities{
		IfAbsent: true, ReplaceIfVersion: true, Move: true, Resume: true, Ignored: []string{"DeleteIfVersion"},
	}, c)
	requireNothingBut(t, client, s, "object")
}

// TestPreconditionsOfLongUploads: gofakes3 keeps them for what is sent in one
// request alone. A driver that trusted it would replace what is there.
func TestPreconditionsOfLongUploads(t *testing.T) {
	client := fake(t)
	s := newStore(client)
	_, err := s.WriteFile(t.Context(), "object", []byte("there"), storage.CreateOptions{})
	require.NoError(t, err)
	_, err = s.WriteFile(t.Context(), "object", data(s3.MinPartSize+1), storage.CreateOptions{IfAbsent: true})
	require.ErrorIs(t, err, storage.ErrUnsupported)
	_, err = s.Create(t.Context(), "object", storage.CreateOptions{IfAbsent: true, Resumable: true})
	require.ErrorIs(t, err, storage.ErrUnsupported)
	_, err = s.WriteFile(t.Context(), "other", data(s3.MinPartSize), storage.CreateOptions{IfAbsent: true})
	require.NoError(t, err)
	requireContent(t, s, "object", []byte("there"))
	requireNothingBut(t, client, s, "object", "other")
}

func TestLongUploads(t *testing.T) {
	client := fake(t)
	s := newStore(client)
	for _, size := range []int{s3.MinPartSize - 1, s3.MinPartSize, s3.MinPartSize + 1, 3 * s3.MinPartSize, 3*s3.MinPartSize + 7} {
		want := data(size)
		info, err := s.WriteFrom(t.Context(), "object", bytes.NewReader(want), storage.CreateOptions{})
		require.NoError(t, err)
		require.EqualValues(t, size, info.Size)
		requireContent(t, s, "object", want)
	}
	u, err := s.Create(t.Context(), "aborted", storage.CreateOptions{})
	require.NoError(t, err)
	_, err = u.Write(data(2*s3.MinPartSize + 1))
	require.NoError(t, err)
	require.NoError(t, u.Abort(t.Context()))
	requireNothingBut(t, client, s, "object")
}

// TestResumeInAnotherProcess suspends before, at and after the ends of parts.
func TestResumeInAnotherProcess(t *testing.T) {
	client := fake(t)
	want := data(2*s3.MinPartSize + 1000)
	cuts := []int{0, 1, 100, s3.MinPartSize, s3.MinPartSize + 1, 2*s3.MinPartSize - 1, 2 * s3.MinPartSize, len(want)}
	u, err := newStore(client).Create(t.Context(), "object", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	id, sent := u.ID(), 0
	for _, cut := range cuts {
		_, err := u.Write(want[sent:cut])
		require.NoError(t, err)
		require.NoError(t, u.Suspend(t.Context()))
		u, err = newStore(client).Resume(t.Context(), "object", id, storage.CreateOptions{})
		require.NoError(t, err)
		require.EqualValues(t, cut, u.Size())
		sent = cut
	}
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	s := newStore(client)
	requireContent(t, s, "object", want)
	requireNothingBut(t, client, s, "object")
}

// TestResumeAfterDeath: the process dies with a rest in memory, after it had kept
// another rest before. It goes on where the last part ends.
func TestResumeAfterDeath(t *testing.T) {
	client := fake(t)
	want := data(2*s3.MinPartSize + 1000)
	u, err := newStore(client).Create(t.Context(), "object", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	id := u.ID()
	_, err = u.Write(want[:100])
	require.NoError(t, err)
	require.NoError(t, u.Suspend(t.Context()))
	u, err = newStore(client).Resume(t.Context(), "object", id, storage.CreateOptions{})
	require.NoError(t, err)
	_, err = u.Write(want[100 : s3.MinPartSize+500])
	require.NoError(t, err)

	s := newStore(client)
	u, err = s.Resume(t.Context(), "object", id, storage.CreateOptions{})
	require.NoError(t, err)
	require.EqualValues(t, s3.MinPartSize, u.Size())
	_, err = u.Write(want[s3.MinPartSize:])
	require.NoError(t, err)
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	requireContent(t, s, "object", want)
	requireNothingBut(t, client, s, "object")
}

// TestLeftovers: marks whose upload somebody else has ended are listed and
// discarded.
func TestLeftovers(t *testing.T) {
	client := fake(t)
	u, err := newStore(client).Create(t.Context(), "object", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	_, err = client.AbortMultipartUpload(t.Context(), &awss3.AbortMultipartUploadInput{
		Bucket: aws.String(bucket), Key: aws.String("object"), UploadId: aws.String(u.ID()),
	})
	require.NoError(t, err)
	s := newStore(client)
	_, err = s.Resume(t.Context(), "object", u.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrNotExist)
	n, err := s.DiscardUploads(t.Context(), "", time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	requireNothingBut(t, client, s)
}

func TestMissingBucketIsNoMissingObject(t *testing.T) {
	client := fake(t)
	s := storage.New(s3.New(client, "another", s3.Options{}), storage.Options{})
	_, err := s.Stat(t.Context(), "object")
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
	_, err = s.Open(t.Context(), "object", storage.Range{})
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
	require.NotErrorIs(t, s.Delete(t.Context(), "object", storage.DeleteOptions{}), storage.ErrNotExist)
	for _, err := range s.List(t.Context(), storage.ListOptions{}) {
		require.Error(t, err)
		require.NotErrorIs(t, err, storage.ErrNotExist)
	}
}

func TestForeignNames(t *testing.T) {
	client := fake(t)
	s := newStore(client)
	_, err := s.WriteFile(t.Context(), "dir/object", nil, storage.CreateOptions{})
	require.NoError(t, err)
	put := func(key, text string) {
		_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(text)})
		require.NoError(t, err)
	}
	list := func(o storage.ListOptions) (keys []string, last error) {
		for e, err := range s.List(t.Context(), o) {
			if last = err; err == nil {
				keys = append(keys, e.Key)
			}
		}
		return keys, last
	}
	put("dir/", "") // as consoles make them
	keys, err := list(storage.ListOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"dir/object"}, keys)
	keys, err = list(storage.ListOptions{Shallow: true})
	require.NoError(t, err)
	require.Equal(t, []string{"dir/"}, keys)
	for _, name := range []string{"e//f", "e/../f", "dir/with bytes/", "line\nfeed"} {
		put(name, "bytes")
		_, err = list(storage.ListOptions{})
		require.ErrorIs(t, err, storage.ErrForeign, name)
		_, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &name})
		require.NoError(t, err)
	}
}

// transport is a client's way to the server, with faults.
type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

func over(f transport) func(*awss3.Options) {
	return func(o *awss3.Options) {
		o.HTTPClient = f
		o.RetryMaxAttempts = 2
	}
}

// TestLostAnswer: a commit takes place and its answer is lost. The client tries
// again, and is told that there is an object: its own.
func TestLostAnswer(t *testing.T) {
	for name, o := range map[string]storage.CreateOptions{"plain": {}, "if absent": {IfAbsent: true}} {
		for _, size := range []int{10, s3.MinPartSize + 10} {
			if o.IfAbsent && size > s3.MinPartSize {
				continue // which gofakes3 does not keep
			}
			t.Run(name, func(t *testing.T) {
				var lost atomic.Int32
				client := fake(t, over(func(r *http.Request) (*http.Response, error) {
					response, err := http.DefaultTransport.RoundTrip(r)
					commits := r.Method == http.MethodPut && !r.URL.Query().Has("partNumber") || r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
					if err == nil && commits && strings.HasSuffix(r.URL.Path, "/object") && lost.Add(1) == 1 {
						response.Body.Close()
						return nil, io.ErrUnexpectedEOF
					}
					return response, err
				}))
				s := newStore(client)
				info, err := s.WriteFile(t.Context(), "object", data(size), o)
				require.NoError(t, err)
				require.EqualValues(t, size, info.Size)
				require.EqualValues(t, 2, lost.Load())
				requireContent(t, s, "object", data(size))
				requireNothingBut(t, client, s, "object")
			})
		}
	}
}

// TestUnavailable: what may be tried again is told from what may not.
func TestUnavailable(t *testing.T) {
	answer := func(status int) transport {
		return func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/object") {
				return http.DefaultTransport.RoundTrip(r)
			}
			return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
		}
	}
	for name, c := range map[string]struct {
		transport transport
		want      error
	}{
		"overloaded": {answer(http.StatusServiceUnavailable), storage.ErrUnavailable},
		"too many":   {answer(http.StatusTooManyRequests), storage.ErrUnavailable},
		"broken":     {answer(http.StatusInternalServerError), storage.ErrUnavailable},
		"no answer": {func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/object") {
				return nil, errors.New("connection refused")
			}
			return http.DefaultTransport.RoundTrip(r)
		}, storage.ErrUnavailable},
		"forbidden": {answer(http.StatusForbidden), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(fake(t, over(c.transport)))
			_, stated := s.Stat(t.Context(), "object")
			_, opened := s.Open(t.Context(), "object", storage.Range{})
			_, wrote := s.WriteFile(t.Context(), "object", []byte("x"), storage.CreateOptions{})
			deleted := s.Delete(t.Context(), "object", storage.DeleteOptions{})
			for what, err := range map[string]error{"stat": stated, "open": opened, "write": wrote, "delete": deleted} {
				require.Error(t, err, what)
				require.NotErrorIs(t, err, storage.ErrNotExist, what)
				require.NotErrorIs(t, err, storage.ErrExist, what)
				require.Equal(t, c.want != nil, errors.Is(err, storage.ErrUnavailable), "%s: %v", what, err)
				require.NotContains(t, err.Error(), "secretsecret")
			}
		})
	}
}

// TestRangeIsIgnored: a server that sends the whole object is read rightly.
func TestRangeIsIgnored(t *testing.T) {
	s := newStore(fake(t, over(func(r *http.Request) (*http.Response, error) {
		r.Header.Del("Range")
		return http.DefaultTransport.RoundTrip(r)
	})))
	_, err := s.WriteFile(t.Context(), "object", data(1000), storage.CreateOptions{})
	require.NoError(t, err)
	object, err := s.Open(t.Context(), "object", storage.Range{Offset: 10, Length: 20})
	require.NoError(t, err)
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	require.NoError(t, err)
	require.Equal(t, data(1000)[10:30], got)
	require.EqualValues(t, 1000, object.Info.Size)
	_, err = s.Open(t.Context(), "object", storage.Range{Offset: 1001})
	require.ErrorIs(t, err, storage.ErrInvalidRange)
}

// TestCutBody: a connection that breaks is no end.
func TestCutBody(t *testing.T) {
	s := newStore(fake(t, over(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/object") {
			response.Body = io.NopCloser(io.LimitReader(response.Body, 500))
		}
		return response, err
	})))
	_, err := s.WriteFile(t.Context(), "object", data(1000), storage.CreateOptions{})
	require.NoError(t, err)
	_, err = s.ReadFile(t.Context(), "object", 1000)
	require.ErrorIs(t, err, storage.ErrUnavailable)
}

func TestMoveKeepsTheBytes(t *testing.T) {
	client := fake(t)
	s := newStore(client)
	_, err := s.WriteFile(t.Context(), "from/ü + &%2F.x", data(1000), storage.CreateOptions{})
	require.NoError(t, err)
	info, err := s.Move(t.Context(), "from/ü + &%2F.x", "to", storage.MoveOptions{})
	require.NoError(t, err)
	require.Equal(t, "to", info.Key)
	requireContent(t, s, "to", data(1000))
	requireNothingBut(t, client, s, "to")
}

func TestPresignGet(t *testing.T) {
	d := s3.New(fake(t), bucket, s3.Options{})
	_, err := storage.New(d, storage.Options{}).WriteFile(t.Context(), "a/object", []byte("text"), storage.CreateOptions{})
	require.NoError(t, err)
	url, err := d.PresignGet(t.Context(), "a/object", time.Minute)
	require.NoError(t, err)
	require.Contains(t, url, "X-Amz-Expires=60")
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "text", string(text))
	_, err = d.PresignGet(t.Context(), "../object", time.Minute)
	require.ErrorIs(t, err, storage.ErrInvalidKey)
}

// TestNoRequestAfterTheEnd: a context that is done asks the store nothing.
func TestNoRequestAfterTheEnd(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1) }))
	defer server.Close()
	d := s3.New(newClient(t, server.URL), bucket, s3.Options{})
	before := asked.Load()
	reason := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	_, err := d.Open(ctx, "object", storage.Range{})
	require.ErrorIs(t, err, reason)
	_, err = d.Create(ctx, "object", storage.CreateOptions{Resumable: true})
	require.ErrorIs(t, err, reason)
	require.ErrorIs(t, d.Discard(ctx, "object", "1"), reason)
	for _, err := range d.List(ctx, storage.ListOptions{}) {
		require.ErrorIs(t, err, reason)
	}
	require.Equal(t, before, asked.Load())
}

// TestACopyOfWhichNothingIsSaid: the store answers that a part was copied, and no more.
func TestACopyOfWhichNothingIsSaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
		}
	}))
	defer server.Close()
	d := s3.New(newClient(t, server.URL), bucket, s3.Options{})
	err := d.CopyAbove(t.Context(), storage.Info{Key: "from", Size: 2, Version: `"1"`}, "to", 1, 1)
	require.ErrorIs(t, err, storage.ErrUnavailable)
}
