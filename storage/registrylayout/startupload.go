package registrylayout

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// BlobUpload is a blob that comes in several parts, maybe in several processes. It
// is kept where a registry keeps its own, so that whatever cleans up after a
// registry cleans up after it. It must not be used by two goroutines at once.
type BlobUpload struct {
	layout         *Layout
	repository, id string
	data           string // key
	inner          storage.Upload
	suspended      bool
}

// StartUpload starts an upload. The store must be able to go on with one: else it
// is storage.ErrUnsupported, and [Layout.PutBlob] is the way. [ErrName].
func (l *Layout) StartUpload(ctx context.Context, repository string) (*BlobUpload, error) {
	if err := CheckRepository(repository); err != nil {
		return nil, err
	}
	u := &BlobUpload{layout: l, repository: repository, id: uuid()}
	var err error
	if u.data, err = UploadDataKey(repository, u.id); err != nil {
		return nil, err
	}
	if u.inner, err = l.store.Create(ctx, u.data, storage.CreateOptions{Resumable: true}); err != nil {
		return nil, err
	}
	started, err := UploadStartedKey(repository, u.id)
	if err == nil {
		_, err = l.store.WriteFile(ctx, started, []byte(l.now().UTC().Format(time.RFC3339)), storage.CreateOptions{})
	}
	if err != nil {
		return nil, errors.Join(err, u.inner.Abort(context.WithoutCancel(ctx)))
	}
	return u, nil
}

// uuid returns an ID as registries use them: a UUID of version 4 (RFC 9562).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ResumeUpload goes on with an upload that was suspended. The token is
// [BlobUpload.Token]'s. storage.ErrNotExist, storage.ErrBusy, [ErrName].
func (l *Layout) ResumeUpload(ctx context.Context, repository, id, token string) (*BlobUpload, error) {
	data, err := UploadDataKey(repository, id)
	if err != nil {
		return nil, err
	}
	inner, err := l.store.Resume(ctx, data, token, storage.CreateOptions{Resumable: true})
	if err != nil {
		return nil, err
	}
	return &BlobUpload{layout: l, repository: repository, id: id, data: data, inner: inner}, nil
}

// ID is the upload's name in the tree.
func (u *BlobUpload) ID() string { return u.id }

// Token is the upload's name in the store, for [Layout.ResumeUpload].
func (u *BlobUpload) Token() string { return u.inner.ID() }

// Size is how many bytes have come.
func (u *BlobUpload) Size() int64 { return u.inner.Size() }

// Write takes the next bytes.
func (u *BlobUpload) Write(p []byte) (int, error) { return u.inner.Write(p) }

// Suspend keeps the upload for [Layout.ResumeUpload].
func (u *BlobUpload) Suspend(ctx context.Context) error {
	err := u.inner.Suspend(ctx)
	u.suspended = u.suspended || err == nil
	return err
}

// Commit makes the upload a blob of its repository, if it has the digest. All of
// it is read once more for that, since a resumed upload was seen by nobody whole.
// [ErrDigest], and the upload is thrown away; else as [Layout.PutBlob].
func (u *BlobUpload) Commit(ctx context.Context, d digest.Digest) (BlobInfo, error) {
	l := u.layout
	if err := checkDigest(d); err != nil {
		return BlobInfo{}, err
	}
	if _, err := u.inner.Commit(ctx); err != nil {
		return BlobInfo{}, err
	}
	if err := l.verifyUpload(ctx, u.data, d); err != nil {
		if errors.Is(err, ErrDigest) {
			err = errors.Join(err, u.Abort(context.WithoutCancel(ctx)))
		}
		return BlobInfo{}, err
	}
	info, err := l.commitUpload(ctx, u.repository, u.data, d)
	if err == nil {
		err = u.Abort(ctx)
	}
	return info, err
}

func (l *Layout) verifyUpload(ctx context.Context, data string, d digest.Digest) error {
	object, err := l.store.Open(ctx, data, storage.Range{})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	verifier := d.Verifier()
	if _, err := io.Copy(verifier, object.Body); err != nil {
		return err
	}
	if !verifier.Verified() {
		return at(data, ErrDigest)
	}
	return nil
}

// commitUpload gives the bytes their place, unless they have it, and links them.
func (l *Layout) commitUpload(ctx context.Context, repository, data string, d digest.Digest) (BlobInfo, error) {
	key, err := BlobKey(d)
	if err != nil {
		return BlobInfo{}, err
	}
	link, err := LayerLinkKey(repository, d)
	if err != nil {
		return BlobInfo{}, err
	}
	h := l.hold()
	if err := h.take(ctx, d); err != nil {
		return BlobInfo{}, err
	}
	sent, err := l.store.Stat(ctx, data)
	if err != nil {
		return BlobInfo{}, err
	}
	info, err := l.store.Stat(ctx, key)
	if errors.Is(err, storage.ErrNotExist) || err == nil && info.Size != sent.Size {
		info, err = l.store.Move(ctx, data, key, storage.MoveOptions{})
	}
	blob := BlobInfo{d, info.Size, info.ModTime}
	if err == nil {
		blob, err = h.still(ctx, d, link, blob) // the move may have taken long
	}
	if err != nil {
		return BlobInfo{}, err
	}
	return blob, l.writeLink(ctx, link, d)
}

// Abort throws the upload away. After Suspend it does nothing, and after Commit
// there is nothing left to throw away, so that it can be deferred.
func (u *BlobUpload) Abort(ctx context.Context) error {
	if u.suspended {
		return nil
	}
	err := u.inner.Abort(ctx)
	gone := u.layout.DeleteUpload(ctx, u.repository, u.id)
	if errors.Is(gone, storage.ErrNotExist) {
		gone = nil
	}
	return errors.Join(err, gone)
}
