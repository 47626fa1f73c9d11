package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/registrykit/registrykit/storage"
)

const (
	// maxCopy is what one request may copy.
	maxCopy = 5 << 30
	// copyPart is how large the parts are of what is copied by several.
	copyPart = 1 << 30
)

// Move copies an object within the store and then deletes the old one; see
// [storage.Mover]. IfAbsent is [storage.ErrUnsupported]: storage.Move then sends the
// bytes through the program. Where the store deletes whatever If-Match says, an
// object that replaces the old one in the instant before the deletion is lost.
func (d *Driver) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	if err := storage.CheckKey(to); err != nil {
		return storage.Info{}, err
	}
	source, err := d.Stat(ctx, from)
	if err != nil {
		return storage.Info{}, err
	}
	if from == to {
		return storage.Info{}, fmt.Errorf("%w: move onto itself", storage.ErrConflict)
	}
	if o.IfAbsent {
		return storage.Info{}, fmt.Errorf("move with IfAbsent: %w", storage.ErrUnsupported)
	}
	if err := d.copy(ctx, source, to, maxCopy, copyPart); err != nil {
		return storage.Info{}, err
	}
	info, err := d.Stat(ctx, to)
	if err != nil {
		return storage.Info{}, err
	}
	now, err := d.Stat(ctx, from)
	if err != nil {
		return info, ignoreMissing(err) // somebody else has deleted it
	}
	if now.Version != source.Version || !now.ModTime.Equal(source.ModTime) {
		return storage.Info{}, fmt.Errorf("%w: replaced while it was moved", storage.ErrPrecondition)
	}
	err = d.remove(ctx, from, source.Version)
	if errors.Is(err, storage.ErrUnsupported) {
		err = d.remove(ctx, from, "")
	}
	return info, ignoreMissing(err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// copy copies exactly the object that source is about.
func (d *Driver) copy(ctx context.Context, source storage.Info, to string, most, part int64) error {
	if source.Size > most {
		return d.copyInParts(ctx, source, to, part)
	}
	_, err := d.client.CopyObject(ctx, &awss3.CopyObjectInput{
		Bucket: &d.bucket, Key: &to, CopySource: d.copySource(source.Key), CopySourceIfMatch: aws.String(string(source.Version)),
		ServerSideEncryption: d.encryption.algorithm, SSEKMSKeyId: d.encryption.key,
	})
	return copyError(ctx, err)
}

func (d *Driver) copyInParts(ctx context.Context, source storage.Info, to string, part int64) error {
	begun, err := d.client.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{
		Bucket: &d.bucket, Key: &to,
		ServerSideEncryption: d.encryption.algorithm, SSEKMSKeyId: d.encryption.key,
	})
	if err != nil {
		return classify(ctx, err)
	}
	m := &multipart{d: d, key: to, id: aws.ToString(begun.UploadId)}
	for start := int64(0); start < source.Size; start += part {
		end := min(start+part, source.Size) - 1
		number := int32(len(m.parts) + 1)
		out, err := d.client.UploadPartCopy(ctx, &awss3.UploadPartCopyInput{
			Bucket: &d.bucket, Key: &to, UploadId: &m.id, PartNumber: &number, CopySource: d.copySource(source.Key),
			CopySourceIfMatch: aws.String(string(source.Version)), CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", start, end)),
		})
		if err == nil && out.CopyPartResult == nil {
			err = fmt.Errorf("%w: the store does not say what it copied", storage.ErrUnavailable)
		}
		if err != nil {
			m.abort(ctx)
			return copyError(ctx, err)
		}
		m.parts = append(m.parts, types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: &number})
	}
	if err := m.complete(ctx, storage.CreateOptions{}); err != nil {
		m.abort(ctx)
		return classify(ctx, err)
	}
	return nil
}

func copyError(ctx context.Context, err error) error {
	if isPrecondition(err) {
		return fmt.Errorf("%w: replaced while it was moved", storage.ErrPrecondition)
	}
	return classify(ctx, err)
}

// copySource is the bucket and key, escaped, as the header has them.
func (d *Driver) copySource(key string) *string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	return aws.String(d.bucket + "/" + strings.Join(parts, "/"))
}
