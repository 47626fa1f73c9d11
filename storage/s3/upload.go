package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
)

// Create starts an upload; see [storage.Creator]. A resumable one is told the store
// at once, another one when it has more than one part.
func (d *Driver) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	if err := readyToCreate(ctx, key, o); err != nil {
		return nil, err
	}
	u := &upload{ctx: ctx, d: d, key: key, options: o, commit: rand.Text()}
	if !o.Resumable {
		return u, nil
	}
	if err := d.needsConditions(ctx, o); err != nil {
		return nil, err
	}
	if err := u.begin(); err != nil {
		return nil, err
	}
	u.own = ownName(key, u.parts.id)
	d.hold(u.own)
	if err := u.mark(); err != nil {
		return nil, errors.Join(err, u.Abort(ctx))
	}
	return u, nil
}

func readyToCreate(ctx context.Context, key string, o storage.CreateOptions) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	return o.Check()
}

type upload struct {
	ctx     context.Context
	d       *Driver
	key     string
	options storage.CreateOptions
	commit  string // the name that it leaves with the object
	own     string // where it keeps the rest and the mark; "" if not resumable

	parts  *multipart // nil while all is in memory
	sent   int64      // bytes in parts
	buffer []byte     // the bytes after those
	failed error
	ended  bool
	info   *storage.Info
}

func (u *upload) Size() int64 { return u.sent + int64(len(u.buffer)) }

func (u *upload) ID() string {
	if u.own == "" {
		return ""
	}
	return u.parts.id
}

func (u *upload) begin() (err error) {
	u.parts, err = u.d.begin(u.ctx, u.key, u.commit)
	return err
}

func (u *upload) Write(p []byte) (int, error) {
	if u.ended {
		return 0, storage.ErrEnded
	}
	if u.failed == nil {
		u.failed = context.Cause(u.ctx)
	}
	written := 0
	for u.failed == nil && written < len(p) {
		room := u.partSize() - int64(len(u.buffer))
		if room == 0 {
			u.failed = u.flush()
			continue
		}
		n := int(min(room, int64(len(p)-written)))
		u.buffer = append(u.buffer, p[written:written+n]...)
		written += n
	}
	return written, u.failed
}

func (u *upload) partSize() int64 {
	if u.parts == nil {
		return u.d.partSize(0)
	}
	return u.d.partSize(len(u.parts.parts))
}

// flush sends what is in memory as a part.
func (u *upload) flush() error {
	if u.parts == nil {
		if err := u.d.needsConditions(u.ctx, u.options); err != nil {
			return err
		}
		if err := u.begin(); err != nil {
			return err
		}
	}
	if err := u.parts.send(u.ctx, u.buffer); err != nil {
		return err
	}
	u.sent += int64(len(u.buffer))
	u.buffer = u.buffer[:0]
	return nil
}

func (u *upload) Commit(ctx context.Context) (storage.Info, error) {
	switch {
	case u.info != nil:
		return *u.info, nil
	case u.ended:
		return storage.Info{}, storage.ErrEnded
	case u.failed != nil:
		return storage.Info{}, u.failed
	}
	if err := context.Cause(ctx); err != nil {
		return storage.Info{}, err
	}
	var err error
	if u.parts == nil || u.Size() == 0 { // a multipart upload has at least one byte
		err = u.put(ctx)
	} else {
		err = u.complete(ctx)
	}
	info, err := u.outcome(ctx, err)
	if err != nil {
		return storage.Info{}, err
	}
	u.info, u.ended = &info, true
	u.clean(ctx) // it is committed; what stays behind if this fails, Uploads lists
	return info, nil
}

// put sends the object in one request.
func (u *upload) put(ctx context.Context) error {
	in := &awss3.PutObjectInput{
		Bucket: &u.d.bucket, Key: &u.key, Body: bytes.NewReader(u.buffer), ContentLength: aws.Int64(int64(len(u.buffer))),
		Metadata:             map[string]string{commitName: u.commit},
		ServerSideEncryption: u.d.encryption.algorithm, SSEKMSKeyId: u.d.encryption.key,
	}
	in.IfNoneMatch, in.IfMatch = conditions(u.options)
	_, err := u.d.client.PutObject(ctx, in)
	return err
}

// complete sends the last part and ends the multipart upload.
func (u *upload) complete(ctx context.Context) error {
	if len(u.buffer) > 0 {
		if err := u.parts.send(ctx, u.buffer); err != nil {
			return err
		}
		u.sent += int64(len(u.buffer))
		u.buffer = u.buffer[:0]
	}
	return u.parts.complete(ctx, u.options)
}

// outcome finds out what became of the commit. The answer to a request that was
// sent again is about the first one: then the object has this upload's name, or not.
func (u *upload) outcome(ctx context.Context, err error) (storage.Info, error) {
	info, commit, found := u.d.stat(ctx, u.key)
	ours := found == nil && commit == u.commit
	switch {
	case err == nil && found != nil:
		// It was deleted or cannot be seen: to commit again would bring it back.
		return storage.Info{}, found
	case err == nil:
		return info, nil // another one's, if that has replaced it already
	case ours:
		return info, nil
	case isPrecondition(err) && u.options.IfAbsent:
		return storage.Info{}, storage.ErrExist
	case isPrecondition(err), u.options.IfVersion != "" && code(err) == "NoSuchKey":
		return storage.Info{}, storage.ErrPrecondition
	}
	return storage.Info{}, classify(ctx, err)
}

func (u *upload) Suspend(ctx context.Context) error {
	if u.ended {
		return storage.ErrEnded
	}
	if u.own == "" {
		return fmt.Errorf("suspend: %w", storage.ErrUnsupported)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := u.keepRest(ctx); err != nil {
		return err
	}
	u.ended = true
	u.d.release(u.own)
	return nil
}

func (u *upload) Abort(ctx context.Context) error {
	if u.ended {
		return nil
	}
	err := u.clean(ctx)
	u.ended = err == nil
	if u.failed == nil {
		u.failed = storage.ErrEnded
	}
	return err
}

// clean gives free what the upload holds besides the object.
func (u *upload) clean(ctx context.Context) error {
	u.buffer = nil
	if u.parts != nil && (u.info == nil || u.sent == 0) {
		if err := u.parts.abort(ctx); err != nil {
			return err
		}
	}
	if u.own == "" {
		return nil
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	if err := u.d.removeOwn(ctx, u.own); err != nil {
		return err
	}
	u.d.release(u.own)
	return nil
}
