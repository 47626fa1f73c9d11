package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/registrykit/registrykit/storage"
)

// commitName is the metadata in which an upload leaves its name with the object.
const commitName = "registrykit-commit"

// maxParts is S3's own limit.
const maxParts = 10_000

// multipart is a multipart upload.
type multipart struct {
	d     *Driver
	key   string
	id    string
	parts []types.CompletedPart
}

// begin starts one whose object will have the commit's name.
func (d *Driver) begin(ctx context.Context, key, commit string) (*multipart, error) {
	out, err := d.client.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{
		Bucket: &d.bucket, Key: &key, Metadata: map[string]string{commitName: commit},
		ServerSideEncryption: d.encryption.algorithm, SSEKMSKeyId: d.encryption.key,
	})
	if err != nil {
		return nil, classify(ctx, err)
	}
	return &multipart{d: d, key: key, id: aws.ToString(out.UploadId)}, nil
}

// partSize is how many bytes the part after n others has, if it is not the last.
func (d *Driver) partSize(n int) int64 { return d.basePart * int64(1+n/1000) }

// send sends one part.
func (m *multipart) send(ctx context.Context, data []byte) error {
	if len(m.parts) == maxParts {
		return fmt.Errorf("%w: S3 takes %d parts", storage.ErrTooLarge, maxParts)
	}
	number := int32(len(m.parts) + 1)
	out, err := m.d.client.UploadPart(ctx, &awss3.UploadPartInput{
		Bucket: &m.d.bucket, Key: &m.key, UploadId: &m.id, PartNumber: &number,
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
	})
	if err != nil {
		return classify(ctx, err)
	}
	m.parts = append(m.parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number})
	return nil
}

// complete makes the object visible. The error is the client's.
func (m *multipart) complete(ctx context.Context, o storage.CreateOptions) error {
	in := &awss3.CompleteMultipartUploadInput{
		Bucket: &m.d.bucket, Key: &m.key, UploadId: &m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: m.parts},
	}
	in.IfNoneMatch, in.IfMatch = conditions(o)
	_, err := m.d.client.CompleteMultipartUpload(ctx, in)
	return err
}

// abort gives free what the parts hold, even where ctx is done.
func (m *multipart) abort(ctx context.Context) error {
	ctx, cancel := ending(ctx)
	defer cancel()
	_, err := m.d.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{
		Bucket: &m.d.bucket, Key: &m.key, UploadId: &m.id,
	})
	return ignoreMissing(classify(ctx, err))
}

func conditions(o storage.CreateOptions) (ifNoneMatch, ifMatch *string) {
	if o.IfAbsent {
		ifNoneMatch = aws.String("*")
	}
	if o.IfVersion != "" {
		ifMatch = aws.String(string(o.IfVersion))
	}
	return ifNoneMatch, ifMatch
}

// needsConditions is [storage.ErrUnsupported] where preconditions are asked and the
// store does not keep them at the end of multipart uploads. It is tried out once,
// with an object of the driver's own: some stores keep them for small objects alone.
func (d *Driver) needsConditions(ctx context.Context, o storage.CreateOptions) error {
	if !o.IfAbsent && o.IfVersion == "" {
		return nil
	}
	d.mu.Lock()
	kept := d.complete
	d.mu.Unlock()
	if kept == nil {
		found, err := d.tryConditions(ctx)
		if err != nil {
			return fmt.Errorf("trying out preconditions: %w", err)
		}
		d.mu.Lock()
		d.complete, kept = &found, &found
		d.mu.Unlock()
	}
	if !*kept {
		return fmt.Errorf("precondition at the end of a multipart upload: %w", storage.ErrUnsupported)
	}
	return nil
}

func (d *Driver) tryConditions(ctx context.Context) (kept bool, err error) {
	key := ownPrefix + "probe/" + rand.Text()
	defer func() {
		ctx, cancel := ending(ctx)
		defer cancel()
		err = errors.Join(err, ignoreMissing(d.remove(ctx, key, "")))
	}()
	put, err := d.client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: &d.bucket, Key: &key, Body: bytes.NewReader([]byte("first")), ContentLength: aws.Int64(5),
		ServerSideEncryption: d.encryption.algorithm, SSEKMSKeyId: d.encryption.key,
	})
	if err != nil {
		return false, classify(ctx, err)
	}
	for _, o := range []storage.CreateOptions{{IfAbsent: true}, {IfVersion: `"00000000000000000000000000000000"`}} {
		refused, err := d.tryComplete(ctx, key, o)
		if err != nil || !refused {
			return false, err
		}
	}
	// And that it does not refuse all.
	refused, err := d.tryComplete(ctx, key, storage.CreateOptions{IfVersion: version(put.ETag)})
	return err == nil && !refused, err
}

// tryComplete ends a multipart upload under a precondition and says whether the
// store refused.
func (d *Driver) tryComplete(ctx context.Context, key string, o storage.CreateOptions) (refused bool, err error) {
	m, err := d.begin(ctx, key, "")
	if err != nil {
		return false, err
	}
	defer m.abort(ctx)
	if err := m.send(ctx, []byte("second")); err != nil {
		return false, err
	}
	err = m.complete(ctx, o)
	if isPrecondition(err) || errors.Is(classify(ctx, err), storage.ErrUnsupported) {
		return true, nil
	}
	return false, classify(ctx, err)
}
