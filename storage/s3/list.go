package s3

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/registrykit/registrykit/storage"
)

// lastRune sorts behind everything that may follow a slash.
const lastRune = "\U0010FFFF"

// List gives the entries in order; see [storage.Lister]. It takes one request for
// about a thousand of them.
func (d *Driver) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(o.Prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		in := listInput(d.bucket, o)
		for {
			page, err := d.page(ctx, in, o)
			if err != nil {
				yield(storage.Entry{}, err)
				return
			}
			for _, e := range page.entries {
				err := context.Cause(ctx)
				if err == nil {
					err = page.problem(e)
				}
				if err != nil {
					yield(storage.Entry{}, err)
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if page.next == nil {
				return
			}
			in.ContinuationToken = page.next
		}
	}
}

func listInput(bucket string, o storage.ListOptions) *awss3.ListObjectsV2Input {
	in := &awss3.ListObjectsV2Input{Bucket: &bucket, Prefix: &o.Prefix}
	after := o.After
	if o.Shallow {
		in.Delimiter = aws.String("/")
		// What is in a directory that has been given is not asked for again.
		if rest, ok := strings.CutPrefix(after, o.Prefix); ok {
			if slash := strings.IndexByte(rest, '/'); slash >= 0 {
				after = after[:len(o.Prefix)+slash+1] + lastRune
			}
		}
	}
	if after != "" && len(after) <= storage.MaxKey && strings.ToValidUTF8(after, "") == after {
		in.StartAfter = &after
	}
	return in
}

type page struct {
	entries []storage.Entry
	foreign map[string]bool
	next    *string
}

func (p *page) problem(e storage.Entry) error {
	if !p.foreign[e.Key] {
		return nil
	}
	return fmt.Errorf("%w: %.300q", storage.ErrForeign, e.Key)
}

// page asks for one page. Objects and directories come apart from each other.
func (d *Driver) page(ctx context.Context, in *awss3.ListObjectsV2Input, o storage.ListOptions) (*page, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	out, err := d.client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, classify(ctx, err)
	}
	p := &page{foreign: make(map[string]bool)}
	add := func(e storage.Entry) {
		if e.Key <= o.After || isOwn(e.Key) {
			return
		}
		if storage.CheckKey(strings.TrimSuffix(e.Key, "/")) != nil || strings.HasSuffix(e.Key, "/") && !e.Dir {
			p.foreign[e.Key] = true
		}
		p.entries = append(p.entries, e)
	}
	for _, c := range out.Contents {
		if !isDirectoryMark(c) {
			add(storage.Entry{Info: storage.Info{
				Key: aws.ToString(c.Key), Size: aws.ToInt64(c.Size), ModTime: modTime(c.LastModified), Version: version(c.ETag),
			}})
		}
	}
	for _, c := range out.CommonPrefixes {
		add(storage.Entry{Info: storage.Info{Key: aws.ToString(c.Prefix)}, Dir: true})
	}
	slices.SortFunc(p.entries, func(a, b storage.Entry) int { return strings.Compare(a.Key, b.Key) })
	if aws.ToBool(out.IsTruncated) {
		if p.next = out.NextContinuationToken; aws.ToString(p.next) == "" {
			return nil, fmt.Errorf("the store says that there is more, but not where")
		}
	}
	return p, nil
}

func isDirectoryMark(c types.Object) bool {
	return aws.ToInt64(c.Size) == 0 && strings.HasSuffix(aws.ToString(c.Key), "/")
}
