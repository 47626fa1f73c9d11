package registryclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

// BlobOptions say what of a blob to read. The zero value reads all of it.
type BlobOptions struct {
	// Offset is where to begin.
	Offset int64
	// Length is how many bytes to read at most; 0 reads to the end.
	Length int64
	// Size is how large the blob is, where a manifest says so; 0 is not known. A
	// blob of another size is an error that is [Integrity].
	Size int64
}

// StatBlob asks for the size of a blob. The error is an *Error.
func (c *Client) StatBlob(ctx context.Context, d name.Digest) (ManifestInfo, error) {
	return fromSources(ctx, c, "stat blob", d, func(ctx context.Context, c *Client, s Source) (ManifestInfo, error) {
		info := ManifestInfo{Source: s}
		a, err := c.repository(ctx, s.Ref.Context(), "pull")
		if err != nil {
			return info, err
		}
		resp, err := a.send(ctx, call{method: http.MethodHead, path: blobPath(s.Ref)}, http.StatusOK)
		if err != nil {
			return info, err
		}
		resp.Body.Close()
		info.Digest, info.Size, info.MediaType = digest.Digest(d.DigestStr()), resp.ContentLength, headerMediaType(resp)
		if info.Size < 0 {
			return info, lie(resp, errors.New("the answer has no length"))
		}
		return info, nil
	})
}

func blobPath(ref name.Reference) string {
	return "/v2/" + ref.Context().RepositoryStr() + "/blobs/" + ref.Identifier()
}

// DeleteBlob deletes a blob from a repository. Registries that know it do not look
// whether a manifest still needs it. The error is an *Error; [Unsupported] is what
// most registries answer.
func (c *Client) DeleteBlob(ctx context.Context, d name.Digest) error {
	traced, tr := withTrail(ctx)
	err := func() error {
		a, err := c.repository(traced, d.Repository, "pull,delete")
		if err != nil {
			return err
		}
		return a.delete(traced, call{path: blobPath(d)})
	}()
	return failure("delete blob", d.String(), tr, err)
}

// GetBlob reads a small blob whole, such as an image's config. The error is an *Error:
// [Integrity] where it is larger than the limit or has another digest.
func (c *Client) GetBlob(ctx context.Context, d name.Digest, limit int64) ([]byte, error) {
	blob, err := c.OpenBlob(ctx, d, BlobOptions{})
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if blob.Size() <= limit {
		content, err := io.ReadAll(io.LimitReader(blob, limit+1))
		if err != nil {
			return nil, err
		}
		if int64(len(content)) <= limit {
			return content, nil
		}
	}
	return nil, failure("get blob", d.String(), blob.trail, lie(blob.resp, fmt.Errorf("the blob has more than the %d bytes allowed", limit)))
}

// OpenBlob begins to read a blob, from its mirrors too. Close what it returns. The
// error is an *Error.
func (c *Client) OpenBlob(ctx context.Context, d name.Digest, o BlobOptions) (*Blob, error) {
	wanted := digest.Digest(d.DigestStr())
	if err := wanted.Validate(); err != nil || o.Offset < 0 || o.Length < 0 || o.Size < 0 || o.Size > 0 && o.Offset > o.Size {
		return nil, failure("open blob", d.String(), new(trail), &Error{Class: Invalid, Err: errors.Join(err, errors.New("the range is not within the blob"))})
	}
	return fromSources(ctx, c, "open blob", d, func(opening context.Context, c *Client, s Source) (*Blob, error) {
		tr := trailOf(opening)
		b := &Blob{
			ctx: opening, trail: tr, client: c, source: s, object: d.String(),
			offset: o.Offset, size: -1, end: -1,
		}
		if o.Size > 0 {
			b.size = o.Size
		}
		if o.Length > 0 {
			b.end = o.Offset + o.Length
		}
		if o.Offset == 0 && o.Length == 0 {
			b.verifier = wanted.Verifier()
		}
		if err := b.open(); err != nil {
			return nil, failure("open blob", d.String(), tr, err)
		}
		// There is no other source any more: it may be waited for.
		b.ctx = context.WithValue(ctx, trailKey{}, tr)
		return b, nil
	})
}

// A Blob is a blob, or a part of one, that is being read. A connection that breaks
// is resumed where it broke, at the same source. Where the whole is read, its
// digest is checked before the end is reported: what was read before io.EOF must
// not be trusted. It is for one goroutine.
type Blob struct {
	ctx    context.Context
	trail  *trail
	client *Client
	source Source
	object string

	body     io.ReadCloser
	resp     *http.Response
	offset   int64
	end      int64 // where to stop; -1: at the end
	size     int64 // of the whole blob; -1: not known
	verifier digest.Verifier
	failures int   // in a row, with little between
	resumed  int64 // where the last one was
	err      error
}

// Source is where the blob is read.
func (b *Blob) Source() Source { return b.source }

// Size is how large the whole blob is; -1 where neither the caller nor the registry
// said so.
func (b *Blob) Size() int64 { return b.size }

// Offset is where the next Read begins.
func (b *Blob) Offset() int64 { return b.offset }

// MaxUnknownBlob is the most that is read of a blob whose size neither the caller
// nor the registry says.
const MaxUnknownBlob = 64 << 30

// enoughProgress is how much must come between two failures for the first to be
// forgotten: a host that breaks off every few bytes is not worth asking on.
const enoughProgress = 1 << 20

// open sends the request for what is left.
func (b *Blob) open() error {
	a, err := b.client.repository(b.ctx, b.source.Ref.Context(), "pull")
	if err != nil {
		return err
	}
	k := call{method: http.MethodGet, path: blobPath(b.source.Ref), kind: blobRequest, header: http.Header{}}
	ranged := b.offset > 0 || b.end >= 0
	if ranged {
		last := "" // some registries take no open range
		switch {
		case b.end >= 0:
			last = fmt.Sprint(b.end - 1)
		case b.size > 0:
			last = fmt.Sprint(b.size - 1)
		}
		k.header.Set("Range", fmt.Sprintf("bytes=%d-%s", b.offset, last))
	}
	resp, err := a.send(b.ctx, k, http.StatusOK, http.StatusPartialContent)
	if err != nil {
		return err
	}
	if err := b.accept(resp); err != nil {
		resp.Body.Close()
		return err
	}
	b.body, b.resp = resp.Body, resp
	return nil
}

// accept checks that the response is of what is left, and skips what is not where
// the registry knows no ranges.
func (b *Blob) accept(resp *http.Response) error {
	begin, size := int64(0), resp.ContentLength
	if resp.StatusCode == http.StatusPartialContent {
		var ok bool
		if begin, size, ok = contentRange(resp.Header.Get("Content-Range")); !ok || begin != b.offset {
			return lie(resp, errors.New("the range is not the one that was asked for"))
		}
	}
	switch {
	case size < 0: // not said
	case b.size >= 0 && size != b.size:
		return lie(resp, fmt.Errorf("the blob has %d bytes, not %d", size, b.size))
	case b.offset > size:
		return lie(resp, fmt.Errorf("the blob has %d bytes, fewer than were read", size))
	default:
		b.size = size
	}
	if begin < b.offset {
		if _, err := io.CopyN(io.Discard, resp.Body, b.offset-begin); err != nil {
			return &Error{Class: classOf(err), Endpoint: hostKey(resp.Request.URL), Err: fmt.Errorf("skip to byte %d: %w", b.offset, withoutURL(err))}
		}
	}
	return nil
}

// contentRange reads "bytes 5-9/10"; the size is -1 for *.
func contentRange(value string) (begin, size int64, ok bool) {
	var end int64
	if n, err := fmt.Sscanf(value, "bytes %d-%d/%d", &begin, &end, &size); err == nil && n == 3 {
		return begin, size, begin >= 0 && end >= begin && size > end
	}
	if n, err := fmt.Sscanf(value, "bytes %d-%d/*", &begin, &end); err == nil && n == 2 {
		return begin, -1, begin >= 0 && end >= begin
	}
	return 0, 0, false
}

// Read reads on. The error is io.EOF or an *Error.
func (b *Blob) Read(p []byte) (int, error) {
	for {
		if b.err != nil {
			return 0, b.err
		}
		left := b.left()
		if left == 0 {
			return 0, b.finish()
		}
		if b.body == nil {
			if err := b.resume(); err != nil {
				b.err = failure("read blob", b.object, b.trail, err)
				continue
			}
		}
		if left > 0 && int64(len(p)) > left {
			p = p[:left]
		}
		n, err := b.body.Read(p)
		b.offset += int64(n)
		if b.verifier != nil {
			b.verifier.Write(p[:n])
		}
		if err != nil {
			b.ended(err)
		}
		if b.size < 0 && b.offset > MaxUnknownBlob {
			b.err = failure("read blob", b.object, b.trail, lie(b.resp, fmt.Errorf("the blob has no end: %d bytes were read", b.offset)))
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
}

// left is how many bytes are to come, -1 where that is not known.
func (b *Blob) left() int64 {
	end := b.end
	if b.size >= 0 && (end < 0 || end > b.size) {
		end = b.size
	}
	if end < 0 {
		return -1
	}
	return max(end-b.offset, 0)
}

// ended notes why the body ended: at its end, too early, or with an error that a
// new request may pass.
func (b *Blob) ended(err error) {
	b.body.Close()
	b.body = nil
	switch {
	case err == io.EOF && b.left() < 0:
		b.size = b.offset
		return
	case b.left() == 0:
		return
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	err = fmt.Errorf("the blob broke off after %d bytes: %w", b.offset, withoutURL(err))
	if b.offset-b.resumed >= enoughProgress {
		b.failures = 0
	}
	b.failures++
	b.resumed = b.offset
	b.trail.broken(b.resp, err)
	if b.ctx.Err() != nil || b.failures >= b.client.o.Retry.withDefaults().Attempts {
		b.err = failure("read blob", b.object, b.trail, err)
	}
}

// resume waits and asks for what is left.
func (b *Blob) resume() error {
	if err := sleep(b.ctx, b.client.o.Retry.withDefaults().wait(max(b.failures, 1))); err != nil {
		return err
	}
	return b.open()
}

// finish checks the digest.
func (b *Blob) finish() error {
	b.err = io.EOF
	if b.verifier != nil && !b.verifier.Verified() {
		b.err = failure("read blob", b.object, b.trail, lie(b.resp, errors.New("the blob has another digest")))
	} else if b.body != nil && b.end < 0 && b.size == b.offset {
		b.err = b.atEnd()
	}
	return b.err
}

// atEnd makes sure that nothing follows, so that the connection can be used again.
func (b *Blob) atEnd() error {
	var one [1]byte
	if n, _ := b.body.Read(one[:]); n > 0 {
		return failure("read blob", b.object, b.trail, lie(b.resp, fmt.Errorf("the blob has more than the %d bytes it should have", b.size)))
	}
	return io.EOF
}

// Close ends the reading. It does not say whether all was read.
func (b *Blob) Close() error {
	if b.err == nil {
		b.err = failure("read blob", b.object, b.trail, &Error{Class: Invalid, Err: errors.New("the blob was closed")})
	}
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}
