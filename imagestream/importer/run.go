package importer

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// A run is one import. Its methods are called by many goroutines once fetch has begun.
type run struct {
	i       Importer
	stream  *imagestream.ImageStream
	request Request
	now     time.Time
	result  *Result
	// needImages says that the Image of every tag is to be told, also where nothing
	// changed.
	needImages bool

	mu    sync.Mutex
	hosts map[string]*host
	// winners are what lets repositories in that deny Registry: one with another
	// credential, or without.
	winners map[string]Registry
	// turns are locks, by repository, see turnLock.
	turns map[string]chan struct{}
	// down are the failures that reach further than what was asked for, by host and
	// by repository.
	down map[string]*Error
	// fetched are the images, by target.
	fetched map[fetchKey]*fetched
}

// A host bounds what one host is asked at once.
type host struct{ slots chan struct{} }

// fetchKey is what makes an image the same one.
type fetchKey struct {
	target Target
	mode   imagestream.ImportModeType
	want   Platform
	keep   bool
}

// fetched is an image that somebody fetches, or has fetched.
type fetched struct {
	done chan struct{}
	image
	err *Error
}

func (i Importer) newRun(stream *imagestream.ImageStream, request Request, now time.Time) *run {
	return &run{
		i: i, stream: stream, request: request, now: now, result: &Result{},
		hosts: map[string]*host{}, winners: map[string]Registry{}, turns: map[string]chan struct{}{}, down: map[string]*Error{}, fetched: map[fetchKey]*fetched{},
	}
}

// fetch does all that needs the registry.
func (r *run) fetch(ctx context.Context, w work) {
	specs := w.specs
	if w.repository != nil {
		specs = append(specs, r.repositorySpecs(ctx, w.repository, specs)...)
	}
	r.tags(ctx, specs)
}

// tags imports tags, in parallel.
func (r *run) tags(ctx context.Context, specs []spec) {
	r.result.Tags = make([]TagResult, len(specs))
	queues := map[string][]int{}
	for n, s := range specs {
		t := &r.result.Tags[n]
		t.Tag, t.From, t.spec = s.tag, s.from, s
		var err error
		if t.target, err = target(s.from, r.insecure(s)); err != nil {
			r.fail(t, &Error{Op: "read pull spec", Image: s.from, Class: Invalid, Err: err})
			continue
		}
		queues[t.target.Registry] = append(queues[t.target.Registry], n)
	}
	var wait sync.WaitGroup
	for _, queue := range queues {
		next := make(chan int, len(queue))
		for _, n := range queue {
			next <- n
		}
		close(next)
		for range min(r.workers(), len(queue)) {
			wait.Go(func() {
				for n := range next {
					r.tag(ctx, &r.result.Tags[n])
				}
			})
		}
	}
	wait.Wait()
}

// insecure says whether a tag may be imported over plain HTTP.
func (r *run) insecure(s spec) bool { return s.policy.Insecure || insecureStream(r.stream) }

func (r *run) workers() int {
	if r.i.Workers > 0 {
		return r.i.Workers
	}
	return DefaultWorkers
}

// fail records why a tag was not imported.
func (r *run) fail(t *TagResult, err *Error) {
	t.Status, t.Err = Failed, err
	if err.Class == Canceled {
		t.Status = NotTried
	}
	t.RetryAt = r.i.retryAt(err, r.now)
	if err.Endpoint != "" {
		t.Endpoint = err.Endpoint
	}
}

// dated returns the results with the instants of the next try. Tags share what was
// fetched once, so it is a copy.
func (r *run) dated(platforms []PlatformResult) []PlatformResult {
	platforms = slices.Clone(platforms)
	for n := range platforms {
		if p := &platforms[n]; p.Err != nil {
			p.RetryAt = r.i.retryAt(p.Err, r.now)
		}
	}
	return platforms
}

// retryAt is when to try again what failed; zero where that is of no use.
func (i Importer) retryAt(err *Error, now time.Time) time.Time {
	switch {
	case !err.Class.Temporary():
		return time.Time{}
	case err.RetryAfter > 0:
		return now.Add(err.RetryAfter)
	case i.RetryAfter > 0:
		return now.Add(i.RetryAfter)
	}
	return now.Add(DefaultRetryAfter)
}

// collect gathers the Images of all tags, each once.
func (r *run) collect() {
	seen := map[string]bool{}
	add := func(image imagestream.Image) {
		if !seen[image.Name] {
			seen[image.Name] = true
			r.result.Images = append(r.result.Images, image)
		}
	}
	for n := range r.result.Tags {
		t := &r.result.Tags[n]
		if t.image == nil || t.Status != Imported {
			continue
		}
		for _, m := range t.manifests {
			add(m)
		}
		add(*t.image)
	}
}
