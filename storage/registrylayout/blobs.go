package registrylayout

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// BlobInfo is what is known of a blob without reading it.
type BlobInfo struct {
	Digest digest.Digest
	Size   int64
	// ModTime is when it was first written: a push that finds it does not
	// change it, so it says nothing of who uses it.
	ModTime time.Time
}

// Blobs gives every blob, in the order of the digests. Keys that are no blob's are
// passed over; [Layout.Check] tells of them. At the first error the zero BlobInfo
// comes with it, and then nothing more.
func (l *Layout) Blobs(ctx context.Context) iter.Seq2[BlobInfo, error] {
	return func(yield func(BlobInfo, error) bool) {
		for o, err := range l.Walk(ctx, "blobs/") {
			if err == nil && o.Kind != Blob {
				continue
			}
			if !yield(BlobInfo{o.Digest, o.Size, o.ModTime}, err) || err != nil {
				return
			}
		}
	}
}

// StatBlob says what is known of a blob. storage.ErrNotExist, [ErrName].
func (l *Layout) StatBlob(ctx context.Context, d digest.Digest) (BlobInfo, error) {
	key, err := BlobKey(d)
	if err != nil {
		return BlobInfo{}, err
	}
	info, err := l.store.Stat(ctx, key)
	if err != nil {
		return BlobInfo{}, err
	}
	return BlobInfo{d, info.Size, info.ModTime}, nil
}

// OpenBlob opens a whole blob. Where the bytes have another digest, the read that
// comes to their end returns [ErrDigest] in the place of io.EOF. The caller closes
// it. storage.ErrNotExist, [ErrName].
func (l *Layout) OpenBlob(ctx context.Context, d digest.Digest) (io.ReadCloser, BlobInfo, error) {
	key, err := BlobKey(d)
	if err != nil {
		return nil, BlobInfo{}, err
	}
	object, err := l.store.Open(ctx, key, storage.Range{})
	if err != nil {
		return nil, BlobInfo{}, err
	}
	body := &verified{Reader: object.Body, Closer: object.Body, key: key, verifier: d.Verifier()}
	return body, BlobInfo{d, object.Info.Size, object.Info.ModTime}, nil
}

// verified holds what is read against a digest.
type verified struct {
	io.Reader
	io.Closer
	key      string
	verifier digest.Verifier
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.Reader.Read(p)
	v.verifier.Write(p[:n]) // a hash takes everything
	if err == io.EOF && !v.verifier.Verified() {
		err = at(v.key, ErrDigest)
	}
	return n, err
}

// VerifyBlob reads a whole blob. [ErrDigest], storage.ErrNotExist, [ErrName].
func (l *Layout) VerifyBlob(ctx context.Context, d digest.Digest) error {
	body, _, err := l.OpenBlob(ctx, d)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

// PutBlob writes a layer or config and its repository's link. All of r is read and
// must have the digest, whether the blob is there or not: to know a digest is not
// to have the blob. Bytes that are there in the same number stay as they are; a
// blob that is cut off is replaced.
//
// [ErrDigest], and nothing was changed; [ErrName]; an error of r;
// lease.ErrCondemned and [ErrLapsed], which are worth another try. A transfer may take
// longer than a lease: it is [ErrLapsed] only if the blob has gone since.
func (l *Layout) PutBlob(ctx context.Context, repository string, d digest.Digest, r io.Reader) (BlobInfo, error) {
	link, err := LayerLinkKey(repository, d)
	if err = errors.Join(CheckRepository(repository), err); err != nil {
		return BlobInfo{}, err
	}
	h := l.hold()
	if err := h.take(ctx, d); err != nil {
		return BlobInfo{}, err
	}
	info, err := l.putBytes(ctx, d, r)
	if err == nil {
		info, err = h.still(ctx, d, link, info)
	}
	if err != nil {
		return BlobInfo{}, err
	}
	return info, l.writeLink(ctx, link, d)
}

// putBytes writes the bytes of a blob. Where they are there already, in the same
// number, what was written is thrown away again.
func (l *Layout) putBytes(ctx context.Context, d digest.Digest, r io.Reader) (BlobInfo, error) {
	key, err := BlobKey(d)
	if err != nil {
		return BlobInfo{}, err
	}
	u, err := l.store.Create(ctx, key, storage.CreateOptions{})
	if err != nil {
		return BlobInfo{}, err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	verifier := d.Verifier()
	if _, err := io.Copy(io.MultiWriter(verifier, u), r); err != nil {
		return BlobInfo{}, err
	}
	if !verifier.Verified() {
		return BlobInfo{}, at(key, ErrDigest)
	}
	info, err := l.store.Stat(ctx, key)
	if errors.Is(err, storage.ErrNotExist) || err == nil && info.Size != u.Size() {
		info, err = u.Commit(ctx)
	}
	return BlobInfo{d, info.Size, info.ModTime}, err
}

// MountBlob lets a second repository read a layer or config of another, as a mount
// in a registry does. storage.ErrNotExist where the first has no link to it, or
// where the blob is gone; [ErrName], lease.ErrCondemned, [ErrLapsed].
func (l *Layout) MountBlob(ctx context.Context, repository, from string, d digest.Digest) (BlobInfo, error) {
	source, err := LayerLinkKey(from, d)
	if err != nil {
		return BlobInfo{}, err
	}
	link, err := LayerLinkKey(repository, d)
	if err = errors.Join(CheckRepository(repository), err); err != nil {
		return BlobInfo{}, err
	}
	h := l.hold()
	if err := h.take(ctx, d); err != nil {
		return BlobInfo{}, err
	}
	target, _, err := l.readLink(ctx, source, d)
	if err != nil {
		return BlobInfo{}, err
	}
	if target != d { // a link to a blob that is kept by another algorithm
		if err := h.take(ctx, target); err != nil {
			return BlobInfo{}, err
		}
	}
	info, err := l.StatBlob(ctx, target)
	if err == nil {
		err = h.check(link)
	}
	if err != nil {
		return BlobInfo{}, err
	}
	return info, l.writeLink(ctx, link, target)
}
