package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/registrykit/registrykit/storage"
)

// A resumable upload has a directory of its own below ownUploads, with the mark,
// whose name ends in the commit's, and with the bytes that make no part yet. Their
// name ends in how many bytes the parts have: what was kept before another part was
// sent has a smaller number, and is passed over.
const (
	ownUploads = ownPrefix + "uploads/"
	markName   = "/commit-"
	restName   = "/rest-"
)

// ownName is the directory of an upload. An ID may have any characters.
func ownName(key, id string) string {
	sum := sha256.Sum256([]byte(key + "\x00" + id))
	return ownUploads + hex.EncodeToString(sum[:16])
}

func (u *upload) mark() error { return u.putOwn(u.ctx, markName+u.commit, nil) }

// keepRest keeps the bytes that make no part yet.
func (u *upload) keepRest(ctx context.Context) error {
	if len(u.buffer) == 0 {
		return nil
	}
	return u.putOwn(ctx, restName+strconv.FormatInt(u.sent, 10), u.buffer)
}

func (u *upload) putOwn(ctx context.Context, name string, data []byte) error {
	_, err := u.d.client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: &u.d.bucket, Key: aws.String(u.own + name), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ServerSideEncryption: u.d.encryption.algorithm, SSEKMSKeyId: u.d.encryption.key,
	})
	return classify(ctx, err)
}

// Resume goes on with an upload; see [storage.Resumer].
func (d *Driver) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	if err := readyToCreate(ctx, key, o); err != nil {
		return nil, err
	}
	own := ownName(key, id)
	if !d.hold(own) {
		return nil, storage.ErrBusy
	}
	u := &upload{ctx: ctx, d: d, key: key, own: own, options: o}
	err := u.open(id)
	if err == nil {
		err = d.needsConditions(ctx, o)
	}
	if err != nil {
		d.release(own)
		return nil, err
	}
	return u, nil
}

// open finds the mark, the parts and the rest.
func (u *upload) open(id string) error {
	own, err := u.d.listOwn(u.ctx, u.own+"/")
	if err != nil {
		return err
	}
	for _, o := range own {
		if commit, ok := strings.CutPrefix(aws.ToString(o.Key), u.own+markName); ok {
			u.commit = commit
		}
	}
	if u.commit == "" {
		return storage.ErrNotExist
	}
	parts, err := u.d.listParts(u.ctx, u.key, id)
	if err != nil {
		return err
	}
	u.parts = &multipart{d: u.d, key: u.key, id: id}
	for i, part := range parts {
		if aws.ToInt32(part.PartNumber) != int32(i+1) {
			return fmt.Errorf("part %d of the upload is missing", i+1)
		}
		u.parts.parts = append(u.parts.parts, types.CompletedPart{ETag: part.ETag, PartNumber: part.PartNumber})
		u.sent += aws.ToInt64(part.Size)
	}
	rest := u.own + restName + strconv.FormatInt(u.sent, 10)
	for _, o := range own {
		if aws.ToString(o.Key) == rest {
			u.buffer, err = u.d.readOwn(u.ctx, rest, u.partSize())
			return err
		}
	}
	return nil
}

func (d *Driver) readOwn(ctx context.Context, key string, most int64) ([]byte, error) {
	out, err := d.client.GetObject(ctx, &awss3.GetObjectInput{Bucket: &d.bucket, Key: &key})
	if err != nil {
		return nil, classify(ctx, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
	}
	if int64(len(data)) > most || int64(len(data)) != aws.ToInt64(out.ContentLength) {
		return nil, fmt.Errorf("%w: %s has not the length that it should", storage.ErrForeign, key)
	}
	return data, nil
}

func (d *Driver) listParts(ctx context.Context, key, id string) ([]types.Part, error) {
	var all []types.Part
	in := &awss3.ListPartsInput{Bucket: &d.bucket, Key: &key, UploadId: &id}
	for pages := awss3.NewListPartsPaginator(d.client, in); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(ctx, err)
		}
		if all = append(all, out.Parts...); len(all) > maxParts {
			return nil, fmt.Errorf("an upload of more than %d parts", maxParts)
		}
	}
	return all, nil
}

func (d *Driver) listOwn(ctx context.Context, prefix string) ([]types.Object, error) {
	var all []types.Object
	in := &awss3.ListObjectsV2Input{Bucket: &d.bucket, Prefix: &prefix}
	for pages := awss3.NewListObjectsV2Paginator(d.client, in); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(ctx, err)
		}
		all = append(all, out.Contents...)
	}
	return all, nil
}

// removeOwn takes an upload's directory away, the mark at last.
func (d *Driver) removeOwn(ctx context.Context, own string) error {
	all, err := d.listOwn(ctx, own+"/")
	if err != nil {
		return err
	}
	for _, marks := range []bool{false, true} {
		for _, o := range all {
			key := aws.ToString(o.Key)
			if strings.HasPrefix(key, own+markName) != marks {
				continue
			}
			if err := ignoreMissing(d.remove(ctx, key, "")); err != nil {
				return err
			}
		}
	}
	return nil
}

// Uploads lists the uploads that have not ended; see [storage.Resumer]. All
// multipart uploads of the bucket are among them, whoever began them. Only those
// that this driver holds are known to be active.
func (d *Driver) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		err := storage.CheckPrefix(prefix)
		if err == nil {
			err = d.uploads(ctx, prefix, yield)
		}
		if err != nil && err != errLeft {
			yield(storage.UploadInfo{}, err)
		}
	}
}

// errLeft ends a listing that its reader has left.
var errLeft = errors.New("listing left")

func (d *Driver) uploads(ctx context.Context, prefix string, yield func(storage.UploadInfo, error) bool) error {
	seen := make(map[string]bool)
	in := &awss3.ListMultipartUploadsInput{Bucket: &d.bucket, Prefix: &prefix}
	for pages := awss3.NewListMultipartUploadsPaginator(d.client, in); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if code(err) == "NoSuchUpload" {
			break // gofakes3 has this error for none
		}
		if err != nil {
			return classify(ctx, err)
		}
		for _, m := range out.Uploads {
			key, id := aws.ToString(m.Key), aws.ToString(m.UploadId)
			if isOwn(key) || storage.CheckKey(key) != nil {
				continue
			}
			seen[ownName(key, id)] = true
			u, err := d.uploadInfo(ctx, key, id, aws.ToTime(m.Initiated))
			if errors.Is(err, storage.ErrNotExist) {
				continue // it has ended meanwhile
			}
			if err != nil {
				return err
			}
			if !yield(u, nil) {
				return errLeft
			}
		}
	}
	if prefix != "" {
		return nil
	}
	return d.leftovers(ctx, seen, yield)
}

// uploadInfo looks at the parts and the rest, which say when it was written to.
func (d *Driver) uploadInfo(ctx context.Context, key, id string, begun time.Time) (storage.UploadInfo, error) {
	own := ownName(key, id)
	u := storage.UploadInfo{Key: key, ID: id, Written: begun, Active: d.isHeld(own)}
	parts, err := d.listParts(ctx, key, id)
	if err != nil {
		return u, err
	}
	for _, part := range parts {
		u.Size += aws.ToInt64(part.Size)
		u.Written = later(u.Written, aws.ToTime(part.LastModified))
	}
	objects, err := d.listOwn(ctx, own+"/")
	if err != nil {
		return u, err
	}
	sent := u.Size
	for _, o := range objects {
		u.Written = later(u.Written, aws.ToTime(o.LastModified))
		switch name := strings.TrimPrefix(aws.ToString(o.Key), own); {
		case strings.HasPrefix(name, markName):
			u.Resumable = true
		case name == restName+strconv.FormatInt(sent, 10):
			u.Size += aws.ToInt64(o.Size)
		}
	}
	return u, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// leftovers lists the directories of uploads that have ended.
func (d *Driver) leftovers(ctx context.Context, seen map[string]bool, yield func(storage.UploadInfo, error) bool) error {
	objects, err := d.listOwn(ctx, ownUploads)
	if err != nil {
		return err
	}
	left := make(map[string]storage.UploadInfo)
	for _, o := range objects {
		id, _, _ := strings.Cut(strings.TrimPrefix(aws.ToString(o.Key), ownUploads), "/")
		if seen[ownUploads+id] {
			continue
		}
		u := left[id]
		left[id] = storage.UploadInfo{
			ID: id, Size: u.Size + aws.ToInt64(o.Size), Written: later(u.Written, aws.ToTime(o.LastModified)),
			Active: d.isHeld(ownUploads + id),
		}
	}
	for _, u := range left {
		if !yield(u, nil) {
			return errLeft
		}
	}
	return nil
}

// Discard takes an upload away; see [storage.Resumer].
func (d *Driver) Discard(ctx context.Context, key, id string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if key == "" {
		return d.discardLeftover(ctx, id)
	}
	if err := storage.CheckKey(key); err != nil {
		return err
	}
	own := ownName(key, id)
	if !d.hold(own) {
		return storage.ErrBusy
	}
	defer d.release(own)
	_, err := d.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &d.bucket, Key: &key, UploadId: &id})
	if err != nil {
		return classify(ctx, err)
	}
	return d.removeOwn(ctx, own)
}

func (d *Driver) discardLeftover(ctx context.Context, id string) error {
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 {
		return storage.ErrNotExist
	}
	own := ownUploads + id
	if !d.hold(own) {
		return storage.ErrBusy
	}
	defer d.release(own)
	objects, err := d.listOwn(ctx, own+"/")
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return storage.ErrNotExist
	}
	return d.removeOwn(ctx, own)
}

func (d *Driver) hold(own string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held[own] {
		return false
	}
	d.held[own] = true
	return true
}

func (d *Driver) release(own string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, own)
}

func (d *Driver) isHeld(own string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[own]
}
