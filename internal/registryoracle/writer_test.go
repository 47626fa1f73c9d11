package registryoracle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// A writer pushes images to a registry, deletes them and pushes them again, and knows
// which of its tags must be there. Its tags and manifests are its own, layers and
// configs everybody's: they come from a pool, and so does what it mounts.
type writer struct {
	url        string
	number     int
	repository string   // that it shares with another writer
	others     []string // from which it mounts
	pool       []string // layers
	season     func() int64
	random     *rand.Rand

	tags  map[string]image // that it has pushed and not deleted
	did   map[string]int   // by name of the operation
	again int              // operations that the registry refused, and that were tried again
}

// The kinds of answers that a writer tells apart.
var (
	errRefused = errors.New("refused") // worth another try
	errLost    = errors.New("what was pushed is not there")
)

// mostTries is more than a writer needs: a sweep turns it away for moments.
const mostTries = 200

// step does one operation.
func (w *writer) step(ctx context.Context) error {
	name, do := w.operation(ctx)
	return w.toItsEnd(ctx, name, do)
}

// toItsEnd tries again what the registry refuses. An error is of the kind that must not
// be.
func (w *writer) toItsEnd(ctx context.Context, name string, do func() error) error {
	for try := range mostTries {
		err := do()
		if err == nil {
			w.did[name]++
			return nil
		}
		if !errors.Is(err, errRefused) || try == mostTries-1 {
			return fmt.Errorf("writer %d: %s: %w", w.number, name, err)
		}
		w.again++
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
	return nil
}

// pause is what a client waits before it tries again.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(time.Millisecond << min(try, 6))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// mostTags is how many tags a writer has at most: few, so that much of the pool is
// garbage at any time.
const mostTags = 2

func (w *writer) operation(ctx context.Context) (name string, do func() error) {
	names := slices.Sorted(maps.Keys(w.tags))
	if len(names) == 0 || len(names) < mostTags && w.random.IntN(2) == 0 {
		tag := fmt.Sprintf("w%d-%d", w.number, w.random.IntN(mostTags))
		if w.random.IntN(4) == 0 {
			children := []image{w.image(), w.image()}
			return "index", func() error { return w.pushIndex(ctx, tag, children) }
		}
		pushed := w.image()
		return "push", func() error { return w.push(ctx, tag, pushed) }
	}
	tag := names[w.random.IntN(len(names))]
	switch w.random.IntN(4) {
	case 0:
		return "delete tag", func() error { return w.deleteTag(ctx, tag) }
	case 1:
		return "delete manifest", func() error { return w.deleteManifest(ctx, w.tags[tag]) }
	case 2:
		return "push over", func() error { return w.push(ctx, tag, w.image()) }
	}
	return "pull", func() error { return w.pull(ctx, tag) }
}

// inSeason is how many layers are in use at a time. With each season some of
// them give way to others, and come again when all others have been.
const inSeason = 8

// image is one of few, so that the same come again and again: of layers that are in
// season, and now and then of any, which may just be going.
func (w *writer) image() image {
	first := 3*int(w.season()) + w.random.IntN(inSeason)
	if w.random.IntN(16) == 0 {
		first = w.random.IntN(len(w.pool))
	}
	first %= len(w.pool)
	config := fmt.Sprintf("%d", first/2)
	layers := []string{w.pool[first], w.pool[(first+1)%len(w.pool)]}
	// The annotation makes the manifest the writer's.
	return imageAbout(fmt.Sprintf(`,"annotations":{"writer":"%d"}`, w.number), config, layers...)
}

func (w *writer) push(ctx context.Context, tag string, i image) error {
	if err := w.put(ctx, i, tag, manifestType); err != nil {
		return err
	}
	w.tags[tag] = i
	return nil
}

func (w *writer) pushIndex(ctx context.Context, tag string, children []image) error {
	for _, child := range children {
		if err := w.put(ctx, child, string(child.digest()), manifestType); err != nil {
			return err
		}
	}
	index := indexOf(children...)
	if err := w.put(ctx, index, tag, indexType); err != nil {
		return err
	}
	w.tags[tag] = index
	return nil
}

// put pushes the blobs that are not there, and the manifest.
func (w *writer) put(ctx context.Context, i image, reference, mediaType string) error {
	for _, blob := range i.blobs {
		if err := w.putBlob(ctx, blob); err != nil {
			return err
		}
	}
	_, _, err := w.do(ctx, http.MethodPut, w.url+"/v2/"+w.repository+"/manifests/"+reference, i.raw, http.StatusCreated, "Content-Type", mediaType)
	return err
}

func (w *writer) putBlob(ctx context.Context, blob string) error {
	d := string(digest.FromString(blob))
	at := w.url + "/v2/" + w.repository + "/blobs/"
	if _, _, err := w.do(ctx, http.MethodHead, at+d, nil, http.StatusOK); err == nil {
		return nil
	}
	// A mount of what the other repository has not begins an upload.
	from := w.others[w.random.IntN(len(w.others))]
	header, status, err := w.do(ctx, http.MethodPost, at+"uploads/?mount="+d+"&from="+from, nil, http.StatusAccepted)
	if status == http.StatusCreated {
		w.did["mount"]++
		return nil
	}
	if err != nil {
		return err
	}
	location := header.Get("Location")
	separator := "?"
	if strings.Contains(location, "?") {
		separator = "&"
	}
	_, _, err = w.do(ctx, http.MethodPut, location+separator+"digest="+d, []byte(blob), http.StatusCreated, "Content-Type", "application/octet-stream")
	if err == nil {
		w.did["upload"]++
	}
	return err
}

func (w *writer) deleteTag(ctx context.Context, tag string) error {
	_, status, err := w.do(ctx, http.MethodDelete, w.url+"/v2/"+w.repository+"/manifests/"+tag, nil, http.StatusAccepted)
	if err != nil && status != http.StatusNotFound {
		return err
	}
	delete(w.tags, tag)
	return nil
}

// deleteManifest deletes an image by its digest, with all tags that are it. One that
// another tag's index needs stays.
func (w *writer) deleteManifest(ctx context.Context, i image) error {
	for _, other := range w.tags {
		for _, child := range other.children {
			if child.digest() == i.digest() {
				return nil
			}
		}
	}
	_, status, err := w.do(ctx, http.MethodDelete, w.url+"/v2/"+w.repository+"/manifests/"+string(i.digest()), nil, http.StatusAccepted)
	if err != nil && status != http.StatusNotFound {
		return err
	}
	maps.DeleteFunc(w.tags, func(_ string, other image) bool { return other.digest() == i.digest() })
	return nil
}

// pull pulls a tag that must be there. A server that fails is asked again; one that
// says that something is not there has lost it.
func (w *writer) pull(ctx context.Context, tag string) error {
	var failed error
	var read get = func(manifest bool, reference string) ([]byte, error) {
		kind := map[bool]string{true: "manifests", false: "blobs"}[manifest]
		text, status, err := w.get(ctx, kind+"/"+reference)
		if status >= http.StatusInternalServerError {
			failed = errors.Join(failed, err)
		}
		return text, err
	}
	raw, err := read(true, tag)
	if err == nil && digest.FromBytes(raw) != w.tags[tag].digest() {
		return fmt.Errorf("%w: %s is %s, want %s", errLost, tag, digest.FromBytes(raw), w.tags[tag].digest())
	}
	if err == nil {
		err = read.pull(string(w.tags[tag].digest()))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return failed
	case err != nil:
		return fmt.Errorf("%w: %s: %w", errLost, tag, err)
	}
	return nil
}

// do sends a request. Any answer but the one that is wanted is an error that is worth
// another try.
func (w *writer) do(ctx context.Context, method, url string, body []byte, want int, header ...string) (http.Header, int, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	for n := 0; n < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
	}
	response, text, err := answer(request)
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode != want {
		return response.Header, response.StatusCode, fmt.Errorf("%w: %s %s: %s: %s", errRefused, method, request.URL.Path, response.Status, text)
	}
	return response.Header, response.StatusCode, nil
}

func (w *writer) get(ctx context.Context, path string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/v2/"+w.repository+"/"+path, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header["Accept"] = []string{manifestType, indexType}
	response, text, err := answer(request)
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, response.StatusCode, fmt.Errorf("%w: %s: %s: %s", errRefused, path, response.Status, text)
	}
	return text, response.StatusCode, nil
}

func answer(request *http.Request) (*http.Response, []byte, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, text, err
}
