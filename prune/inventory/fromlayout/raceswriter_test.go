package fromlayout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A way is how a writer gets at the volume.
type way int

const (
	byLayout    way = iota
	byRegistry      // as a registry does whose driver leases what it is asked for
	lateForLink     // as byRegistry, but a link is read before the lease is taken
	tooLate         // as byRegistry, but the lease is taken after the look
	unleased        // as byRegistry, without leases
)

// A writer does to a volume what clients of a registry ask for.
type writer struct {
	*registrylayout.Layout
	way    way
	store  *storage.Store
	leases *lease.Book
	done   []claim
}

// A claim is what a writer was told to be there now: a manifest under a tag.
type claim struct {
	repository, tag string
	digest          digest.Digest
	referrers       []digest.Digest // with it
}

// images of the tests: a manifest of a config and layers, by their content.
func manifestOf(config string, layers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"schemaVersion":2,"config":{"digest":%q,"size":%d},"layers":[`, digest.FromString(config), len(config))
	for i, l := range layers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"digest":%q,"size":%d}`, digest.FromString(l), len(l))
	}
	b.WriteString("]}")
	return b.String()
}

func indexOf(children ...string) string {
	var b strings.Builder
	b.WriteString(`{"schemaVersion":2,"manifests":[`)
	for i, c := range children {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"digest":%q,"size":%d}`, digest.FromString(c), len(c))
	}
	b.WriteString("]}")
	return b.String()
}

func signatureOf(subject, payload string) string {
	return strings.TrimSuffix(manifestOf("{}", payload), "}") +
		fmt.Sprintf(`,"subject":{"digest":%q,"size":%d}}`, digest.FromString(subject), len(subject))
}

// namedBy returns what a manifest names.
func namedBy(raw string) (layers, children []digest.Digest, subject digest.Digest) {
	type descriptor struct{ Digest digest.Digest }
	var m struct {
		Config, Subject   descriptor
		Layers, Manifests []descriptor
	}
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		panic(err)
	}
	for _, l := range append(m.Layers, m.Config) {
		if l.Digest != "" {
			layers = append(layers, l.Digest)
		}
	}
	for _, c := range m.Manifests {
		children = append(children, c.Digest)
	}
	return layers, children, m.Subject.Digest
}

// push pushes an image as clients do: what is there is not sent again.
func (w *writer) push(ctx context.Context, repository, tag, config string, layers ...string) error {
	for _, content := range append([]string{config}, layers...) {
		if err := w.blob(ctx, repository, content); err != nil {
			return err
		}
	}
	return w.manifest(ctx, repository, manifestOf(config, layers...), tag)
}

// blob asks whether a blob is there, and sends it if not.
func (w *writer) blob(ctx context.Context, repository, content string) error {
	d := digest.FromString(content)
	if there, err := w.head(ctx, repository, d); there || err != nil {
		return err
	}
	return w.upload(ctx, repository, content)
}

func (w *writer) head(ctx context.Context, repository string, d digest.Digest) (bool, error) {
	err := w.has(ctx, repository, d, w.HasLayer)
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// has looks for a repository's link, and for the blob behind it. What is being deleted
// is not there.
func (w *writer) has(ctx context.Context, repository string, d digest.Digest, link func(context.Context, string, digest.Digest) error) error {
	var err error
	if w.way == byRegistry {
		err = w.renew(ctx, d)
	}
	if err == nil {
		err = link(ctx, repository, d)
	}
	if err == nil {
		err = w.stat(ctx, d)
	}
	if errors.Is(err, lease.ErrCondemned) {
		err = storage.ErrNotExist
	}
	return err
}

// stat looks for a blob.
func (w *writer) stat(ctx context.Context, d digest.Digest) error {
	if w.way == byRegistry || w.way == lateForLink {
		if err := w.renew(ctx, d); err != nil {
			return err
		}
	}
	_, err := w.StatBlob(ctx, d)
	if err == nil && w.way == tooLate {
		err = w.renew(ctx, d)
	}
	return err
}

func (w *writer) renew(ctx context.Context, d digest.Digest) error {
	if w.way == unleased {
		return nil
	}
	_, err := w.leases.Renew(ctx, d)
	return err
}

// inParts is how long what comes in one part is at most.
const inParts = 20

// upload sends a blob. A registry moves it to its place, unless it is there.
func (w *writer) upload(ctx context.Context, repository, content string) error {
	d := digest.FromString(content)
	if w.way == byLayout && len(content) > inParts {
		return w.uploadInParts(ctx, repository, content)
	}
	if w.way == byLayout {
		_, err := w.PutBlob(ctx, repository, d, strings.NewReader(content))
		return err
	}
	if err := w.write(ctx, d, content); err != nil {
		return err
	}
	key, err := registrylayout.LayerLinkKey(repository, d)
	return w.link(ctx, key, err, d)
}

// uploadInParts sends a blob in an upload that is kept in the tree.
func (w *writer) uploadInParts(ctx context.Context, repository, content string) error {
	u, err := w.StartUpload(ctx, repository)
	if err != nil {
		return err
	}
	_, err = u.Write([]byte(content))
	if err == nil {
		_, err = u.Commit(ctx, digest.FromString(content))
	}
	return errors.Join(err, u.Abort(ctx))
}

// write puts a blob's bytes in their place, unless they are there.
func (w *writer) write(ctx context.Context, d digest.Digest, content string) error {
	err := w.stat(ctx, d)
	if !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	if err := w.renew(ctx, d); err != nil {
		return err
	}
	key, err := registrylayout.BlobKey(d)
	if err == nil {
		_, err = w.store.WriteFile(ctx, key, []byte(content), storage.CreateOptions{})
	}
	return err
}

func (w *writer) link(ctx context.Context, key string, err error, d digest.Digest) error {
	if err == nil {
		err = w.renew(ctx, d)
	}
	if err == nil {
		_, err = w.store.WriteFile(ctx, key, []byte(d), storage.CreateOptions{})
	}
	return err
}

// manifest puts a manifest, with a tag unless that is "".
func (w *writer) manifest(ctx context.Context, repository, raw, tag string) error {
	d := digest.FromString(raw)
	var o registrylayout.PutManifestOptions
	if tag != "" {
		o.Tags = []string{tag}
	}
	var err error
	if w.way == byLayout {
		_, err = w.PutManifest(ctx, repository, []byte(raw), o)
	} else {
		err = w.putAsRegistry(ctx, repository, raw, d)
	}
	if err != nil || tag == "" {
		return err
	}
	if w.way != byLayout {
		return w.tag(ctx, repository, tag, d)
	}
	w.done = append(w.done, claim{repository, tag, d, nil})
	return nil
}

// putAsRegistry looks for each thing that the manifest names, as a registry does: the
// link, and the blob behind it.
func (w *writer) putAsRegistry(ctx context.Context, repository, raw string, d digest.Digest) error {
	layers, children, _ := namedBy(raw)
	for i, n := range append(layers, children...) {
		link := w.HasLayer
		if i >= len(layers) {
			link = w.HasManifest
		}
		err := w.has(ctx, repository, n, link)
		if errors.Is(err, storage.ErrNotExist) {
			return registrylayout.ErrDangling
		}
		if err != nil {
			return err
		}
	}
	if err := w.write(ctx, d, raw); err != nil {
		return err
	}
	key, err := registrylayout.ManifestLinkKey(repository, d)
	return w.link(ctx, key, err, d)
}

// tag tags a manifest that is there.
func (w *writer) tag(ctx context.Context, repository, tag string, d digest.Digest, referrers ...digest.Digest) error {
	var err error
	if w.way == byLayout {
		err = w.SetTag(ctx, repository, tag, d)
	} else {
		index, bad := registrylayout.TagIndexKey(repository, tag, d)
		if err = w.link(ctx, index, bad, d); err == nil {
			current, bad := registrylayout.TagKey(repository, tag)
			err = w.link(ctx, current, bad, d)
		}
	}
	if err == nil {
		w.done = append(w.done, claim{repository, tag, d, referrers})
	}
	return err
}

// pushUntagged pushes an image that has no tag in the end.
func (w *writer) pushUntagged(ctx context.Context, repository, config string, layers ...string) error {
	for _, content := range append([]string{config}, layers...) {
		if err := w.blob(ctx, repository, content); err != nil {
			return err
		}
	}
	return w.manifest(ctx, repository, manifestOf(config, layers...), "")
}

// pushSigned pushes an image, and a signature of it before its tag.
func (w *writer) pushSigned(ctx context.Context, repository, tag, config, layer string) error {
	image := manifestOf(config, layer)
	signature := signatureOf(image, "payload")
	if err := w.pushUntagged(ctx, repository, config, layer); err != nil {
		return err
	}
	if err := errors.Join(w.blob(ctx, repository, "{}"), w.blob(ctx, repository, "payload")); err != nil {
		return err
	}
	if err := w.manifest(ctx, repository, signature, ""); err != nil {
		return err
	}
	return w.retag(ctx, repository, tag, image, digest.FromString(signature))
}

// mount takes a blob over from another repository, or sends it if it is not there.
func (w *writer) mount(ctx context.Context, repository, from, content string) error {
	d := digest.FromString(content)
	if w.way == byLayout {
		_, err := w.MountBlob(ctx, repository, from, d)
		if errors.Is(err, storage.ErrNotExist) {
			return w.upload(ctx, repository, content)
		}
		return err
	}
	there, err := w.head(ctx, from, d)
	if err != nil {
		return err
	}
	if !there {
		return w.upload(ctx, repository, content)
	}
	key, err := registrylayout.LayerLinkKey(repository, d)
	return w.link(ctx, key, err, d)
}

// retag tags what is there, with what refers to it. With a registry it is put again,
// which says nothing of its referrers: what it was may be gone.
func (w *writer) retag(ctx context.Context, repository, tag, raw string, referrers ...digest.Digest) error {
	if w.way != byLayout {
		return w.manifest(ctx, repository, raw, tag)
	}
	return w.tag(ctx, repository, tag, digest.FromString(raw), referrers...)
}

// untag takes a tag away, as a registry does that is asked to.
func (w *writer) untag(ctx context.Context, repository, tag string, d digest.Digest) error {
	alone, err := w.Sweep(registrylayout.SweepOptions{Alone: true})
	if err == nil {
		err = alone.DeleteTag(ctx, repository, tag, string(d))
	}
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// refused reports whether an error says that a writer must try again, or send what it
// took to be there.
func refused(err error) bool {
	for _, class := range []error{lease.ErrCondemned, registrylayout.ErrLapsed, registrylayout.ErrDangling, storage.ErrNotExist, lease.ErrContended} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

func TestRefused(t *testing.T) {
	if refused(errors.New("what nobody documented")) || !refused(fmt.Errorf("put: %w", lease.ErrCondemned)) {
		t.Error("any error is a refusal, or none")
	}
}
