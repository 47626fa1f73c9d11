package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
)

const (
	// DefaultPartSize is how large parts are unless told otherwise.
	DefaultPartSize = 8 << 20
	// MinPartSize is S3's own limit for all parts but the last.
	MinPartSize = 5 << 20
)

// Options are the options of [New]. The zero value is right.
type Options struct {
	// PartSize is how many bytes the first thousand parts of a multipart
	// upload have, and so how many an upload keeps in memory; each further
	// thousand has as much more. 0 is DefaultPartSize, less than MinPartSize
	// is that.
	PartSize int64
	// Encryption is how the service is asked to encrypt what is written and copied;
	// nil leaves that to the bucket.
	Encryption *Encryption
}

// Driver is a [storage.Driver] with the roles [storage.Mover] and
// [storage.Resumer]. It may be used from many goroutines.
type Driver struct {
	client     *awss3.Client
	bucket     string
	basePart   int64
	encryption encryption

	mu       sync.Mutex
	held     map[string]bool // own names of uploads
	complete *bool           // whether preconditions hold at the end of a multipart upload
}

var (
	_ storage.Driver  = (*Driver)(nil)
	_ storage.Mover   = (*Driver)(nil)
	_ storage.Resumer = (*Driver)(nil)
)

// New returns a driver on a bucket, which must exist. The client's retries are
// its own; what it gives up on is [storage.ErrUnavailable].
func New(client *awss3.Client, bucket string, o Options) *Driver {
	if o.PartSize == 0 {
		o.PartSize = DefaultPartSize
	}
	return &Driver{client: client, bucket: bucket, basePart: max(o.PartSize, MinPartSize), encryption: o.Encryption.settings(), held: make(map[string]bool)}
}

// Stat says what is known of an object; see [storage.Opener].
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, _, err := d.stat(ctx, key)
	return info, err
}

// stat also gives the name that the upload left.
func (d *Driver) stat(ctx context.Context, key string) (info storage.Info, commit string, err error) {
	if err := ready(ctx, key); err != nil {
		return info, "", err
	}
	out, err := d.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &d.bucket, Key: &key})
	if err != nil {
		return info, "", d.headError(ctx, err)
	}
	size, err := length(out.ContentLength)
	if err != nil {
		return info, "", err
	}
	return storage.Info{
		Key: key, Size: size, ModTime: modTime(out.LastModified), Version: version(out.ETag),
	}, out.Metadata[commitName], nil
}

// headError makes sure that it is the object that is missing: the answer to HEAD has
// no text, and says the same of a bucket. It asks each time: a bucket that was there
// may be gone, and then nothing may look as if it were not there.
func (d *Driver) headError(ctx context.Context, err error) error {
	err = classify(ctx, err)
	if !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	if _, err := d.client.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &d.bucket}); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("bucket %q: %v", d.bucket, err) // not as a missing object
	}
	return err
}

// Delete takes an object away; see [storage.Deleter].
func (d *Driver) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if _, err := d.Stat(ctx, key); err != nil { // S3 says nothing of an object that is not there
		return err
	}
	// The version is the store's to compare. Were it compared here as well, a store
	// that passes over it would look as if it did not.
	return d.remove(ctx, key, o.IfVersion)
}

func (d *Driver) remove(ctx context.Context, key string, v storage.Version) error {
	in := &awss3.DeleteObjectInput{Bucket: &d.bucket, Key: &key}
	if v != "" {
		in.IfMatch = aws.String(string(v))
	}
	_, err := d.client.DeleteObject(ctx, in)
	if isPrecondition(err) {
		return storage.ErrPrecondition
	}
	return classify(ctx, err)
}

func ready(ctx context.Context, key string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return storage.CheckKey(key)
}

func version(etag *string) storage.Version { return storage.Version(aws.ToString(etag)) }

// modTime leaves out what is less than a second: only listings have it.
func modTime(t *time.Time) time.Time { return aws.ToTime(t).Truncate(time.Second) }

// ending is a context for giving free what is held, even if the caller's is done.
func ending(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}

// ownPrefix is where the driver keeps what is not the user's.
const ownPrefix = storage.Reserved + "/"

func isOwn(key string) bool { return strings.HasPrefix(key, ownPrefix) }
