package notification_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registrykit/registrykit/registryclient/notification"
	"github.com/stretchr/testify/require"
)

const digest = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"

func TestDecode(t *testing.T) {
	events, err := notification.Decode([]byte(`{"events":[
	 {"id":"1","timestamp":"2026-03-01T12:00:00.5Z","action":"push","new":{"a":1},
	  "target":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":708,"digest":"` + digest + `","length":708,"repository":"org/team/app",
	   "url":"http://r/v2/org/team/app/manifests/` + digest + `","tag":"v1","references":[{"mediaType":"m","size":5,"digest":"d"},{"length":6}]},
	  "request":{"id":"q","addr":"10.0.0.1:5","host":"r","method":"PUT","useragent":"podman"},"actor":{"name":"joe"},"source":{"addr":"r:5000","instanceID":"i"}},
	 {"id":"2","action":"push","target":{"mediaType":"application/octet-stream","length":9,"digest":"` + digest + `","repository":"app"}},
	 {"id":"3","action":"pull","target":{"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","digest":"` + digest + `","repository":"app"}},
	 {"id":"4","action":"pull","target":{"digest":"` + digest + `","repository":"app","url":"http://r/v2/app/blobs/x"}},
	 {"id":"5","action":"mount","target":{"digest":"` + digest + `","repository":"app","fromRepository":"base"}},
	 {"id":"6","action":"delete","target":{"repository":"app","tag":"v1"}},
	 {"id":"7","action":"delete","target":{"repository":"app","digest":"` + digest + `"}},
	 {"id":"8","action":"delete","target":{"repository":"app"}},
	 {"id":"9","action":"frobnicate","target":{}},
	 {"id":"10","action":"delete","target":{"repository":"app","tag":"v1","digest":"` + digest + `"}}]}`))
	require.NoError(t, err)
	require.Equal(t, notification.Event{
		ID: "1", Time: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC), Kind: notification.ManifestPushed, Action: "push",
		Repository: "org/team/app", Tag: "v1", Digest: digest, MediaType: "application/vnd.oci.image.manifest.v1+json", Size: 708,
		URL:        "http://r/v2/org/team/app/manifests/" + digest,
		References: []notification.Descriptor{{MediaType: "m", Digest: "d", Size: 5}, {Size: 6}},
		Actor:      "joe",
		Request:    notification.Request{ID: "q", Addr: "10.0.0.1:5", Host: "r", Method: "PUT", UserAgent: "podman"},
		Source:     notification.Source{Addr: "r:5000", InstanceID: "i"},
	}, events[0])
	var kinds []notification.Kind
	for _, e := range events[1:] {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []notification.Kind{
		notification.BlobPushed, notification.ManifestPulled, notification.BlobPulled, notification.BlobMounted,
		notification.TagDeleted, notification.ContentDeleted, notification.RepositoryDeleted, notification.Other,
		notification.TagDeleted,
	}, kinds)
	require.EqualValues(t, 9, events[1].Size, "the older field")
}

func TestDecodeOfWhatIsNone(t *testing.T) {
	for _, data := range []string{"", "null", "[]", "{}", `{"events":{}}`, `{"events":null}`, `{"events":[`} {
		events, err := notification.Decode([]byte(data))
		require.ErrorIs(t, err, notification.ErrInvalid, data)
		require.Empty(t, events)
	}
	events, err := notification.Decode([]byte(`{"events":[{"action":5},null,{"action":"push","target":{}},{"id":"x","action":"delete","target":{"repository":"a"}}]}`))
	require.Len(t, events, 1)
	for _, field := range []string{"events[0]", "events[1]", "events[2]: invalid notification: target.repository is empty"} {
		require.ErrorContains(t, err, field)
	}
	events, err = notification.Decode([]byte(`{"events":[]}`))
	require.NoError(t, err)
	require.Empty(t, events)
}

// post sends an envelope and returns the status.
func post(h http.Handler, body string, change func(*http.Request)) int {
	r := httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body))
	r.Header.Set("Content-Type", notification.MediaType)
	r.Header.Set("Authorization", "Bearer secret")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func event(id string) string {
	return fmt.Sprintf(`{"id":%q,"action":"push","target":{"repository":"app","tag":"v1","digest":%q}}`, id, digest)
}

func envelope(events ...string) string { return `{"events":[` + strings.Join(events, ",") + `]}` }

// receiver counts, and fails as long as it has failures.
type receiver struct {
	mu       sync.Mutex
	got      []string
	failures map[string]int
}

func (r *receiver) receive(_ context.Context, e notification.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, e.ID)
	if r.failures[e.ID] > 0 {
		r.failures[e.ID]--
		return errors.New("the database has the password hunter2")
	}
	return nil
}

func TestWhomToBelieve(t *testing.T) {
	_, err := notification.New(nil, notification.Options{AnyoneMayTell: true})
	require.Error(t, err)
	var r receiver
	_, err = notification.New(r.receive, notification.Options{})
	require.ErrorContains(t, err, "AnyoneMayTell")
	_, err = notification.New(r.receive, notification.Options{Authorization: []string{""}})
	require.Error(t, err)

	h, err := notification.New(r.receive, notification.Options{Authorization: []string{"Bearer old", "Bearer secret"}})
	require.NoError(t, err)
	for _, wrong := range []string{"", "Bearer", "Bearer secret2", "bearer secret", "Basic c2VjcmV0"} {
		require.Equal(t, 401, post(h, envelope(event("1")), func(r *http.Request) { r.Header.Set("Authorization", wrong) }), wrong)
	}
	require.Empty(t, r.got)
	require.Equal(t, 200, post(h, envelope(event("1")), nil))
	require.Equal(t, 200, post(h, envelope(event("2")), func(r *http.Request) { r.Header.Set("Authorization", "Bearer old") }))
	require.Equal(t, []string{"1", "2"}, r.got)
	open, err := notification.New(r.receive, notification.Options{AnyoneMayTell: true})
	require.NoError(t, err)
	require.Equal(t, 200, post(open, envelope(event("3")), func(r *http.Request) { r.Header.Del("Authorization") }))
}

func newHandler(t *testing.T, r notification.Receiver, o notification.Options) http.Handler {
	o.Authorization = []string{"Bearer secret"}
	h, err := notification.New(r, o)
	require.NoError(t, err)
	return h
}

func TestWhatIsNoEnvelope(t *testing.T) {
	var r receiver
	h := newHandler(t, r.receive, notification.Options{MaxBytes: 1000})
	require.Equal(t, 405, post(h, "", func(r *http.Request) { r.Method = http.MethodGet }))
	require.Equal(t, 415, post(h, envelope(event("1")), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }))
	require.Equal(t, 413, post(h, envelope(event(strings.Repeat("x", 1000))), nil))
	require.Equal(t, 400, post(h, "{", nil))
	require.Empty(t, r.got)
	for _, mediaType := range []string{"application/json", "application/json; charset=utf-8", "application/vnd.docker.distribution.events.v1+json"} {
		require.Equal(t, 200, post(h, envelope(event(mediaType)), func(r *http.Request) { r.Header.Set("Content-Type", mediaType) }))
	}
	require.Len(t, r.got, 3)
}

// TestFailureMakesItComeAgain, and only what failed.
func TestFailureMakesItComeAgain(t *testing.T) {
	r := receiver{failures: map[string]int{"2": 1}}
	var log bytes.Buffer
	h := newHandler(t, r.receive, notification.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	body := envelope(event("1"), event("2"), event("3"))
	require.Equal(t, 500, post(h, body, nil))
	require.Equal(t, []string{"1", "2", "3"}, r.got)
	require.Equal(t, 200, post(h, body, nil))
	require.Equal(t, []string{"1", "2", "3", "2"}, r.got)
	require.Equal(t, 200, post(h, body, nil))
	require.Len(t, r.got, 4)
	require.Contains(t, log.String(), "event not received")
}

// TestUnreadEventsArePassedOver: refused, they would come for ever.
func TestUnreadEventsArePassedOver(t *testing.T) {
	var r receiver
	var unread []error
	h := newHandler(t, r.receive, notification.Options{Unread: func(err error) { unread = append(unread, err) }})
	require.Equal(t, 200, post(h, envelope(`{"action":7}`, event("2")), nil))
	require.Equal(t, []string{"2"}, r.got)
	require.Len(t, unread, 1)
	require.ErrorIs(t, unread[0], notification.ErrInvalid)
}

func TestIDsThatAreForgotten(t *testing.T) {
	var r receiver
	h := newHandler(t, r.receive, notification.Options{Remember: 2})
	for _, id := range []string{"1", "2", "2", "3", "1", "3", "", ""} {
		require.Equal(t, 200, post(h, envelope(event(id)), nil))
	}
	require.Equal(t, []string{"1", "2", "3", "1", "", ""}, r.got)
	h = newHandler(t, r.receive, notification.Options{Remember: -1})
	r.got = nil
	for range 2 {
		require.Equal(t, 200, post(h, envelope(event("1")), nil))
	}
	require.Len(t, r.got, 2)
}

// TestLongIDsAreNotKept: an id may be as long as an envelope, and thousands are remembered.
func TestLongIDsAreNotKept(t *testing.T) {
	var times atomic.Int64
	h := newHandler(t, func(context.Context, notification.Event) error { times.Add(1); return nil }, notification.Options{})
	long := strings.Repeat("x", 1<<20)
	send := func() {
		for n := range 20 {
			require.Equal(t, 200, post(h, envelope(event(fmt.Sprint(long, n))), nil))
		}
	}
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	send()
	require.Less(t, inUse(), before+10<<20)
	send()
	require.EqualValues(t, 20, times.Load(), "and they are known all the same")
	runtime.KeepAlive(h)
}

// TestSlowReceiver: the registry gives up after a second and sends again. The event is
// received once, and the context does not end with the request.
func TestSlowReceiver(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	var times int
	h := newHandler(t, func(ctx context.Context, _ notification.Event) error {
		times++
		close(begun)
		<-finish
		return ctx.Err()
	}, notification.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan int)
	go func() {
		first <- post(h, envelope(event("1")), func(r *http.Request) { *r = *r.WithContext(ctx) })
	}()
	<-begun
	cancel()
	require.Equal(t, 503, post(h, envelope(event("1")), nil))
	close(finish)
	require.Equal(t, 200, <-first)
	require.Equal(t, 200, post(h, envelope(event("1")), nil))
	require.Equal(t, 1, times)
}

func TestPanicDoesNotLoseTheEvent(t *testing.T) {
	times := 0
	h := newHandler(t, func(context.Context, notification.Event) error {
		if times++; times == 1 {
			panic("no")
		}
		return nil
	}, notification.Options{})
	require.Panics(t, func() { post(h, envelope(event("1")), nil) })
	require.Equal(t, 200, post(h, envelope(event("1")), nil))
	require.Equal(t, 2, times)
}

func TestTimeout(t *testing.T) {
	h := newHandler(t, func(ctx context.Context, _ notification.Event) error {
		<-ctx.Done()
		return ctx.Err()
	}, notification.Options{Timeout: time.Millisecond})
	require.Equal(t, 500, post(h, envelope(event("1")), nil))
}

func TestNothingOfAFailureIsTold(t *testing.T) {
	r := receiver{failures: map[string]int{"1": 1}}
	h := newHandler(t, r.receive, notification.Options{})
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(envelope(event("1"))))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "hunter2")
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(envelope(event("1"))))
	f.Add([]byte(`{"events":[{"action":"delete","target":{"repository":"a","size":-1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := notification.Decode(data)
		if err != nil {
			require.ErrorIs(t, err, notification.ErrInvalid)
		}
		for _, e := range events {
			require.NotEmpty(t, e.Kind)
			require.True(t, e.Kind == notification.Other || e.Repository != "")
		}
	})
}

func ExampleNew() {
	receive := func(_ context.Context, e notification.Event) error {
		fmt.Println(e.Kind, e.Repository, e.Tag)
		return nil
	}
	handler, err := notification.New(receive, notification.Options{Authorization: []string{"Bearer secret"}})
	if err != nil {
		panic(err)
	}
	for range 2 { // the registry did not hear the first answer
		fmt.Println(post(handler, envelope(event("7")), nil))
	}
	// Output:
	// manifest pushed app v1
	// 200
	// 200
}
