package fromregistry_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// memoryJournal is a journal that dies with the test.
type memoryJournal struct{ records []apply.Record }

func (j *memoryJournal) Append(r apply.Record) error {
	j.records = append(j.records, r)
	return nil
}

func (j *memoryJournal) Records() iter.Seq2[apply.Record, error] {
	return func(yield func(apply.Record, error) bool) {
		for _, r := range j.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// oneByOne makes one call after the other, none again, and lets no blob wait.
func oneByOne(now time.Time, journal apply.Journal) apply.Options {
	return apply.Options{
		Now: func() time.Time { return now }, Grace: -1, Workers: 1, Retry: apply.Retry{Attempts: 1}, Journal: journal,
	}
}

var errInjected = errors.New("injected")

// A blow is what happens to a run at one of its actions, the first of which is 0: a
// deletion that the registry is asked for, or a call of the cluster's API.
type blow struct {
	name string
	// forGood: from that action on, not only at it.
	forGood bool
	// done says that the action is carried out all the same.
	done bool
	// cancel ends the run's context with the action.
	cancel bool
	// status is what the registry answers; 0 cuts the connection.
	status int
	// again says that the client asks once more where that may help.
	again bool
}

var blows = []blow{
	{name: "a 500", status: http.StatusInternalServerError},
	{name: "a 500 for good", status: http.StatusInternalServerError, forGood: true},
	{name: "a broken connection", forGood: false},
	{name: "a registry that is gone", forGood: true},
	{name: "a lost acknowledgement", done: true},
	{name: "a lost acknowledgement, and the client asks again", done: true, again: true},
	{name: "the end of the context before the action", cancel: true},
	{name: "the end of the context behind the action", cancel: true, done: true},
}

// A striker strikes once the k-th action comes.
type striker struct {
	blow
	k      int64
	cancel func()
	n      atomic.Int64
}

func (s *striker) strikes() bool {
	n := s.n.Add(1) - 1
	return n == s.k || n > s.k && s.forGood
}

// fault is the registry's. It counts deletions, those that the client repeats too.
func (s *striker) fault() registrytest.Fault {
	f := registrytest.Fault{Name: s.name, Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !s.strikes() {
			next.ServeHTTP(w, r)
			return
		}
		if s.done {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		if s.blow.cancel {
			s.cancel()
		}
		if s.status != 0 {
			w.WriteHeader(s.status)
			return
		}
		panic(http.ErrAbortHandler)
	}}
	return f.For(http.MethodDelete, "")
}

// strike hits the cluster's API as the fault hits the registry.
func (s *striker) strike(live *prunetest.Live) {
	hit := func(prunetest.Call) error {
		if !s.strikes() {
			return nil
		}
		if s.blow.cancel {
			s.cancel()
			return context.Canceled
		}
		return errInjected
	}
	if s.done {
		live.After = hit
	} else {
		live.Before = hit
	}
}

// fewer passes over all runs but one in so many, evenly over actions and blows.
func fewer(blow, k, one int) bool { return (blow+k)%one != 0 }

// clientOf is a client that asks once, or once more.
func clientOf(t *testing.T, again bool) *registryclient.Client {
	attempts := 1
	if again {
		attempts = 2
	}
	client := registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Attempts: attempts, Backoff: time.Microsecond}})
	t.Cleanup(client.Close)
	return client
}

// allDone: every action of these kinds is done, or what it deletes is gone.
func allDone(t *testing.T, report *apply.Report, kinds ...prune.ActionKind) {
	t.Helper()
	for r := range report.Results() {
		if slices.Contains(kinds, r.Action.Kind) && r.Status != apply.Done && r.Status != apply.Gone {
			require.Fail(t, "not done", r.String())
		}
	}
}

// oneRevision is OpenShift's policy, with one item of each tag, so that small clusters
// have much to do.
func oneRevision(t *testing.T) prune.Policy {
	one := 1
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &one
	policy, err := prune.OpenShift(options)
	require.NoError(t, err)
	policy.IgnoreInvalidReferences = true
	return policy
}

// named says what happens to a run.
func named(s *striker, plan *prune.Plan) string {
	return fmt.Sprintf("%s at action %d, %+v", s.name, s.k, plan.Summary)
}
