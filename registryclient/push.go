package registryclient

import (
	"context"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Progress tells how far a transfer is.
type Progress struct {
	// Blob is what it is about, where one blob is; empty for all together.
	Blob string
	// Complete and Total are bytes. Total grows while the blobs are found out.
	Complete, Total int64
	// Skipped says that the blob was there already.
	Skipped bool
}

// PushOptions say how to push. The zero value is right.
type PushOptions struct {
	// MountFrom are repositories of the same registry that may hold the blobs: the
	// credential must be for pulling from them.
	MountFrom []name.Repository
	// Jobs is how many blobs are sent at once; 0 is 4.
	Jobs int
	// Progress is called, one call at a time, with all bytes together.
	Progress func(Progress)
}

// Push sends an image or an index with all that it refers to, and then tags it.
// Blobs that are there are not sent; a blob whose sending broke off is sent again
// from its beginning, where its layer can be read again. A manifest with a subject
// is added to the tag that stands in for the referrers API where there is none.
//
// what is a v1.Image, a v1.ImageIndex or another remote.Taggable of
// go-containerregistry, whose remote.Push this is. The error is an *Error.
func (c *Client) Push(ctx context.Context, ref name.Reference, what remote.Taggable, o PushOptions) error {
	traced, tr := withTrail(ctx)
	return failure("push", ref.String(), tr, c.push(traced, ref, what, o))
}

func (c *Client) push(ctx context.Context, ref name.Reference, what remote.Taggable, o PushOptions) error {
	options, err := c.RemoteOptions(ctx, ref.Context(), "push,pull", o.MountFrom...)
	if err != nil {
		return err
	}
	if o.Jobs > 0 {
		options = append(options, remote.WithJobs(o.Jobs))
	}
	if o.Progress != nil {
		updates, done := make(chan v1.Update, 100), make(chan struct{})
		go func() {
			defer close(done)
			for u := range updates {
				if u.Error == nil {
					o.Progress(Progress{Complete: u.Complete, Total: u.Total})
				}
			}
		}()
		// remote.Push closes the channel.
		defer func() { <-done }()
		options = append(options, remote.WithProgress(updates))
	}
	return remote.Push(ref, what, options...)
}

// RemoteOptions makes the functions of go-containerregistry's package remote go
// through this client: its pace, retries, guards and credential. The options are
// for one repository and the actions on it, such as "pull" or "push,pull", and for
// pulling from the others of the same registry. They hold ctx. No mirror is asked: for
// "pull" alone the error is [Blocked] where Options.Mirrors forbid to contact the
// repository.
func (c *Client) RemoteOptions(ctx context.Context, repo name.Repository, actions string, pullFrom ...name.Repository) ([]remote.Option, error) {
	if actions == "pull" {
		s, err := c.itself(repo.Tag(anyTag))
		if err != nil {
			return nil, failure("pull from", repo.String(), new(trail), err)
		}
		c = c.through(s)
	}
	scopes := []string{repo.Scope(actions)}
	for _, from := range pullFrom {
		scopes = append(scopes, from.Scope("pull"))
	}
	a, err := c.enter(ctx, repo, repo.Registry, strings.Join(scopes, " "))
	if err != nil {
		return nil, err
	}
	wrapped, err := a.wrapper()
	if err != nil {
		return nil, err
	}
	retry := c.o.Retry.withDefaults()
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(wrapped),
		remote.WithRetryBackoff(remote.Backoff{Duration: retry.Backoff, Factor: 2, Jitter: 0.5, Steps: retry.Attempts, Cap: retry.MaxBackoff}),
	}, nil
}
