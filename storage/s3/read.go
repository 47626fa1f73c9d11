package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
)

// Open opens a part of an object; see [storage.Opener].
func (d *Driver) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	if r.Offset < 0 || r.Length < 0 {
		return nil, storage.ErrInvalidRange
	}
	in := &awss3.GetObjectInput{Bucket: &d.bucket, Key: &key, Range: rangeHeader(r)}
	out, err := d.client.GetObject(ctx, in)
	if err != nil {
		err = classify(ctx, err)
		if errors.Is(err, storage.ErrInvalidRange) {
			return d.openAtEnd(ctx, key, r)
		}
		return nil, err
	}
	object, err := opened(ctx, key, r, out)
	if err != nil {
		return nil, errors.Join(err, out.Body.Close())
	}
	return object, nil
}

func opened(ctx context.Context, key string, r storage.Range, out *awss3.GetObjectOutput) (*storage.Object, error) {
	info := storage.Info{Key: key, ModTime: modTime(out.LastModified), Version: version(out.ETag)}
	from := int64(0)
	var err error
	if out.ContentRange != nil { // else it is the whole object, whatever was asked
		from, info.Size, err = contentRange(*out.ContentRange)
	} else {
		info.Size, err = length(out.ContentLength)
	}
	if err != nil {
		return nil, err
	}
	start, end, err := r.In(info.Size)
	if err != nil {
		return nil, err
	}
	if from > start {
		return nil, fmt.Errorf("the store sent bytes from %d on, not from %d", from, start)
	}
	b := &body{ctx: ctx, inner: out.Body, left: end - start}
	if _, err := io.CopyN(io.Discard, out.Body, start-from); err != nil {
		return nil, b.fail(err)
	}
	return &storage.Object{Info: info, Body: b}, nil
}

// openAtEnd tells a range that starts at the end, for which S3 has an error, from
// one beyond it.
func (d *Driver) openAtEnd(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	info, err := d.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if r.Offset != info.Size {
		_, _, err := r.In(info.Size)
		if err == nil {
			err = fmt.Errorf("%w: the object grew while it was opened", storage.ErrUnavailable)
		}
		return nil, err
	}
	return &storage.Object{Info: info, Body: &body{ctx: ctx, inner: http.NoBody}}, nil
}

// rangeHeader is nil for the whole object. The end of HTTP's ranges is their last
// byte.
func rangeHeader(r storage.Range) *string {
	switch {
	case r == storage.Range{}:
		return nil
	case r.Length == 0 || r.Offset > 1<<63-1-r.Length:
		return aws.String(fmt.Sprintf("bytes=%d-", r.Offset))
	}
	return aws.String(fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1))
}

// length is the size that an answer gives. Without one it is unknown, and not 0.
func length(header *int64) (int64, error) {
	if header == nil || *header < 0 {
		return 0, errors.New("the store sent no Content-Length")
	}
	return *header, nil
}

// contentRange reads "bytes 5-9/100" (RFC 9110, section 14.4).
func contentRange(header string) (from, size int64, err error) {
	part, total, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	first, _, ok2 := strings.Cut(part, "-")
	from, err1 := strconv.ParseInt(first, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	if !ok || !ok2 || err1 != nil || err2 != nil || from < 0 || from > size {
		return 0, 0, fmt.Errorf("the store sent the Content-Range %.100q", header)
	}
	return from, size, nil
}

// body gives so many bytes, or an error.
type body struct {
	ctx   context.Context
	inner io.ReadCloser
	left  int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.inner.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = b.fail(err)
	}
	return n, err
}

func (b *body) fail(err error) error {
	if cause := context.Cause(b.ctx); cause != nil {
		return fmt.Errorf("%w (%v)", cause, err)
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

func (b *body) Close() error { return b.inner.Close() }

// PresignGet returns a URL from which an object can be read by anyone who has it,
// for as long as ttl. It asks the store nothing: the object need not be there.
func (d *Driver) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", err
	}
	request, err := awss3.NewPresignClient(d.client).PresignGetObject(ctx,
		&awss3.GetObjectInput{Bucket: &d.bucket, Key: &key}, awss3.WithPresignExpires(ttl))
	if err != nil {
		return "", classify(ctx, err)
	}
	return request.URL, nil
}
