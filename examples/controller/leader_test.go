package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A lease is in memory, and tells of each look at it.
type lease struct {
	name   string
	looked chan struct{}

	mu     sync.Mutex
	record *resourcelock.LeaderElectionRecord
}

func (l *lease) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	select {
	case l.looked <- struct{}{}:
	default:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, l.name)
	}
	record := *l.record
	text, err := json.Marshal(record)
	return &record, text, err
}

func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l *lease) Update(_ context.Context, record resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record = &record
	return nil
}

func (l *lease) RecordEvent(string) {}
func (l *lease) Identity() string   { return l.name }
func (l *lease) Describe() string   { return l.name }

func (l *lease) holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return ""
	}
	return l.record.HolderIdentity
}

// startAt starts a reconciler with a lease, and a cache that ends it when it is asked.
func startAt(ctx context.Context, t *testing.T, l *lease) chan error {
	t.Helper()
	options := managerOptions(settings{metrics: "0"})
	second, half, tenth := time.Second, 500*time.Millisecond, 20*time.Millisecond
	options.LeaseDuration, options.RenewDeadline, options.RetryPeriod = &second, &half, &tenth
	options.LeaderElectionResourceLockInterface = l
	options.MapperProvider = func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return meta.NewDefaultRESTMapper(nil), nil }
	options.NewCache = func(*rest.Config, cache.Options) (cache.Cache, error) {
		return &reachedCache{}, nil
	}
	options.NewClient = func(*rest.Config, client.Options) (client.Client, error) { return nil, nil }
	m, err := ctrl.NewManager(&rest.Config{Host: "127.0.0.1:1"}, options)
	require.NoError(t, err)
	r := &reconciler{known: &follower{cache: m.GetCache(), served: nil}}
	done := make(chan error, 1)
	go func() { done <- r.start(ctx, m) }()
	return done
}

// A reachedCache says when it is asked for the first time.
type reachedCache struct{ informertest.FakeInformers }

func (*reachedCache) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (*reachedCache) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return nil, errReached
}

var errReached = errors.New("the leader begins")

// TestAReplicaThatDoesNotLead looks at nothing until the leader gives its lease back.
func TestAReplicaThatDoesNotLead(t *testing.T) {
	l := &lease{name: "second", looked: make(chan struct{}), record: &resourcelock.LeaderElectionRecord{HolderIdentity: "first", LeaseDurationSeconds: 3600}}
	done := startAt(t.Context(), t, l)
	for range 5 {
		select {
		case <-l.looked:
		case err := <-done:
			require.FailNow(t, "it began", "%v", err)
		}
	}
	require.Equal(t, "first", l.holder())
	require.NoError(t, l.Update(t.Context(), resourcelock.LeaderElectionRecord{LeaseDurationSeconds: 1})) // as the leader does on its way out
	require.ErrorIs(t, <-done, errReached)
	require.Empty(t, l.holder(), "it leaves it to others as it ends")
}

func TestAReplicaThatWaitsEndsWithItsContext(t *testing.T) {
	l := &lease{name: "second", looked: make(chan struct{}), record: &resourcelock.LeaderElectionRecord{HolderIdentity: "first", LeaseDurationSeconds: 3600}}
	ctx, cancel := context.WithCancel(t.Context())
	done := startAt(ctx, t, l)
	<-l.looked
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, "first", l.holder())
}

func TestManagerOptions(t *testing.T) {
	o := managerOptions(settings{namespace: "tools"})
	require.True(t, o.LeaderElection)
	require.True(t, o.LeaderElectionReleaseOnCancel)
	require.Equal(t, "tools", o.LeaderElectionNamespace)
	require.NotEmpty(t, o.LeaderElectionID)
	// The leader notices that it does not lead before anybody else does, by more than
	// clocks differ, and tries a few times.
	require.GreaterOrEqual(t, *o.LeaseDuration-*o.RenewDeadline, 30*time.Second)
	require.GreaterOrEqual(t, *o.RenewDeadline, 4**o.RetryPeriod)
	require.LessOrEqual(t, *o.LeaseDuration, 5*time.Minute)
}
