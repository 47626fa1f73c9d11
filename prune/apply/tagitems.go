package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// dropTagItems drops the tag items of every stream, each stream's at once.
func (r *run) dropTagItems(ctx context.Context) error {
	if r.o.DryRun {
		r.assumed = map[int]bool{}
	}
	drop := r.dropFromStream
	switch {
	case r.ends.Streams != nil:
	case r.ends.Tags != nil:
		last, err := r.lastTags(ctx)
		if err != nil {
			return err
		}
		drop = func(ctx context.Context, items []numbered) { r.deleteTags(ctx, items, last) }
	default:
		drop = func(_ context.Context, items []numbered) { r.endAll(items, Unsupported, "", errNoEnd) }
	}
	r.start(TagItems, r.plan.Summary.TagItems)
	each(ctx, r.o.Workers, groups(r.actions(TagItems), func(a *prune.Action) string { return a.Stream }), func(items []numbered) {
		items = slices.DeleteFunc(items, func(i numbered) bool { return r.skip(i.n, &i.a, nil) })
		switch {
		case len(items) == 0:
		case r.late:
			r.endAll(items, Stale, "the plan expired before it was dropped", nil)
		default:
			drop(ctx, items)
		}
	})
	r.finish(TagItems)
	return nil
}

// endAll ends the actions of one stream alike.
func (r *run) endAll(items []numbered, status Status, why string, err error) {
	for i := range items {
		r.ended(&Result{Number: items[i].n, Action: items[i].a, Status: status, Why: why, Err: err})
	}
}

// dropFromStream drops items from the status of their stream as it is now.
func (r *run) dropFromStream(ctx context.Context, items []numbered) {
	var conflict error
	for range MostConflicts {
		results, err := r.tryStream(ctx, items)
		switch {
		case err == nil:
			for i := range results {
				r.ended(&results[i])
			}
			return
		case ctx.Err() != nil:
			return
		case !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound):
			result := resultOf(err)
			r.endAll(items, result.Status, result.Why, err)
			return
		}
		conflict = err
		if sleep(ctx, rand.N(100*time.Millisecond)) != nil {
			return
		}
	}
	r.endAll(items, Failed, "", fmt.Errorf("changed by others %d times in a row: %w", MostConflicts, conflict))
}

// tryStream reads the stream and writes it without the items, once. Its error
// says that nothing was written, or that nobody knows.
func (r *run) tryStream(ctx context.Context, items []numbered) ([]Result, error) {
	namespace, name, _ := strings.Cut(items[0].a.Stream, "/")
	var stream *imagestream.ImageStream
	err := r.caller.call(ctx, func(ctx context.Context) (err error) {
		stream, err = r.ends.Streams.ReadStream(ctx, namespace, name)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return resultsOf(items, Gone, ""), nil
	}
	if err == nil && stream == nil {
		err = errors.New("the end gave no stream")
	}
	if err != nil {
		return nil, err
	}
	if uid := items[0].a.UID; uid != "" && string(stream.UID) != "" && string(stream.UID) != uid {
		return resultsOf(items, Stale, "another stream has that name now"), nil
	}
	stream, results := withoutItems(stream, items)
	if !slices.ContainsFunc(results, func(r Result) bool { return r.Status == Done }) {
		return results, nil
	}
	if r.o.KeepLastTag && !hasItems(stream) {
		return resultsOf(items, Stale, lastTagWords), nil
	}
	return results, r.caller.call(ctx, func(ctx context.Context) error { return r.ends.Streams.UpdateStreamStatus(ctx, stream) })
}

const lastTagWords = "its repository would be left without a tag"

func resultsOf(items []numbered, status Status, why string) []Result {
	var results []Result
	for i := range items {
		results = append(results, Result{Number: items[i].n, Action: items[i].a, Status: status, Why: why})
	}
	return results
}

// withoutItems returns a copy of the stream without the items, each found by
// what identifies it, and what becomes of each. Tags stay, with their
// conditions, also without an item. An item that came nearer to the front since
// the plan stays: fewer are newer than the plan knew, and it may be what the tag
// points to.
func withoutItems(stream *imagestream.ImageStream, items []numbered) (*imagestream.ImageStream, []Result) {
	stream = stream.Clone()
	gone := map[*imagestream.NamedTagEventList]map[int]bool{} // the places of items that go
	results := resultsOf(items, Done, "")
	for i := range results {
		result := &results[i]
		a := &result.Action
		place := -1
		history := historyOf(stream, a.Tag)
		if history != nil {
			if gone[history] == nil {
				gone[history] = map[int]bool{}
			}
			place = placeOf(history.Items, a, gone[history])
		}
		switch {
		case place < 0:
			result.Status = Gone
		case place < a.Index:
			result.Status = Stale
			result.Why = fmt.Sprintf("it is number %d of its tag now, was %d", place, a.Index)
		default:
			gone[history][place] = true
		}
	}
	for t := range stream.Status.Tags {
		history := &stream.Status.Tags[t]
		place := -1
		history.Items = slices.DeleteFunc(history.Items, func(imagestream.TagEvent) bool {
			place++
			return gone[history][place]
		})
	}
	return stream, results
}

func historyOf(stream *imagestream.ImageStream, tag string) *imagestream.NamedTagEventList {
	i := slices.IndexFunc(stream.Status.Tags, func(t imagestream.NamedTagEventList) bool { return t.Tag == tag })
	if i < 0 {
		return nil
	}
	return &stream.Status.Tags[i]
}

// placeOf returns where the item of an action is, -1 for nowhere. Of several that
// look alike it is the one in its old place, or else the last.
func placeOf(items []imagestream.TagEvent, a *prune.Action, taken map[int]bool) int {
	is := func(i int) bool {
		item := &items[i]
		return !taken[i] && item.Image == a.Image && item.DockerImageReference == a.DockerImageReference &&
			inventory.InstantOf(item.Created.Time).Time().Equal(a.Created)
	}
	if a.Index < len(items) && is(a.Index) {
		return a.Index
	}
	for i := len(items) - 1; i >= 0; i-- {
		if is(i) {
			return i
		}
	}
	return -1
}

func hasItems(stream *imagestream.ImageStream) bool {
	return slices.ContainsFunc(stream.Status.Tags, func(t imagestream.NamedTagEventList) bool { return len(t.Items) > 0 })
}

// deleteTags deletes the tags of a repository that keeps no history, one after
// the other.
func (r *run) deleteTags(ctx context.Context, items []numbered, last map[string]bool) {
	if last[items[0].a.Stream] {
		r.endAll(items, Stale, lastTagWords, nil)
		return
	}
	for i := range items {
		r.delete(ctx, items[i].n, &items[i].a, func(ctx context.Context, a *prune.Action) error {
			return r.ends.Tags.DeleteTag(ctx, a.Stream, a.Tag, a.Image)
		})
	}
}

// lastTags lists the repositories of which the plan drops all tags, or all that
// are known, where they are to keep the last.
func (r *run) lastTags(ctx context.Context) (map[string]bool, error) {
	last := map[string]bool{}
	if !r.o.KeepLastTag || r.plan.Summary.TagItems == 0 {
		return last, nil
	}
	inv, _, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	drops := map[string]map[string]bool{}
	for _, a := range r.actions(TagItems) {
		if drops[a.Stream] == nil {
			drops[a.Stream] = map[string]bool{}
		}
		drops[a.Stream][a.Tag] = true
	}
	for repository := range drops { // of those that are not known now
		last[repository] = !inv.Complete(inventory.KindImageStream)
	}
	for s := range inv.Streams() {
		stream := inv.Stream(s)
		repository := stream.Repository()
		last[repository] = drops[repository] != nil
		for t := stream.FirstTag; t < stream.EndTag; t++ {
			if tag := inv.Tag(t); tag.FirstItem < tag.EndItem && !drops[repository][tag.Name] {
				last[repository] = false
			}
		}
	}
	return last, nil
}
