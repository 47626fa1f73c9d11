package registrylayout

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/ordered"
)

// CheckOptions are the options of [Layout.Check]. The zero value reads links and
// manifests, and no blob besides.
type CheckOptions struct {
	// Verify reads every blob and compares its digest.
	Verify bool
	// AtOnce is how many objects are read at once; not positive is 8. It is the
	// time to the store that it saves: for a bucket, more may be right.
	AtOnce int
	// Progress is called now and then, by one goroutine at a time; nil never.
	Progress func(Progress)
}

// Progress says how far a check has come.
type Progress struct {
	// Blobs and Repositories are how many were listed so far.
	Blobs, Repositories int
	// Verified is how many bytes of Bytes were read and compared, 0 of 0
	// before that begins.
	Verified, Bytes int64
}

// FindingKind is what a finding is.
type FindingKind string

// The kinds of findings.
const (
	// Orphan: nobody points to it. A blob that no manifest of any repository
	// needs and that is no manifest of any (a layer link alone lets it be read,
	// and needs it not); a layer link that no manifest of its repository needs;
	// the index of a tag that is nothing, as a tagging or untagging leaves it
	// that was cut short. It may be what a push has just written. Where a manifest of a
	// repository cannot be read, what it needs is not known, and nothing that
	// this repository links is called an orphan. Manifests without a tag are
	// none.
	Orphan FindingKind = "orphan"
	// Dangling: a reference to what is not there.
	Dangling FindingKind = "dangling"
	// BrokenLink: a link file that is none.
	BrokenLink FindingKind = "broken link"
	// Mismatch: a blob whose bytes have another digest.
	Mismatch FindingKind = "mismatch"
	// Unreadable: a manifest that cannot be read.
	Unreadable FindingKind = "unreadable"
	// Unknown: an object that no registry puts there. It does no harm, and is
	// not held against the tree.
	Unknown FindingKind = "unknown"
)

// Finding is one thing that a check has found. Only the fields of its kind are
// set.
type Finding struct {
	Kind FindingKind
	// Repository is that of all but blobs.
	Repository string
	// Reference is, of a dangling reference, what it takes its object for, and
	// of an orphan LayerReference for a link, TagReference for an index, "" for
	// a blob.
	Reference ReferenceKind
	// Digest is the orphan, the blob that does not match, or of a dangling
	// reference what refers: the manifest, or where a tag or link does, the
	// digest that it holds.
	Digest digest.Digest
	// Missing is what a dangling reference refers to.
	Missing digest.Digest
	// Unlinked says of a dangling reference that the bytes are there, but that
	// the repository has no link to them.
	Unlinked bool
	// Tag is that of a dangling tag and of an orphan index.
	Tag string
	// Bytes is the size of an orphan blob.
	Bytes int64
	// Key is the object's: of broken links, mismatches, and what is unreadable
	// or unknown.
	Key string
	// Err says why: of broken links, mismatches, and what is unreadable.
	Err error
}

// Summary counts what is in a tree and what was found.
type Summary struct {
	Repositories, Tags int
	// ManifestLinks and LayerLinks count a digest once for each repository.
	ManifestLinks, LayerLinks int
	Blobs                     int
	Bytes                     int64
	Uploads                   int
	UploadBytes               int64

	Orphans     int
	OrphanBytes int64 // of the blobs
	Dangling    int
	BrokenLinks int
	Mismatches  int
	Unreadable  int
	Unknown     int
}

// Sound reports whether there is nothing to find fault with: a tree that is empty
// is sound.
func (s Summary) Sound() bool {
	return s.Orphans+s.Dangling+s.BrokenLinks+s.Mismatches+s.Unreadable == 0
}

// Check goes through the whole tree and reports what it finds, as it finds it:
// what nobody points to and what points to nothing, per repository, and what cannot
// be read. It lists the tree once, opens each link and, for each link to a manifest,
// the manifest. What is missing is looked for once more before it is reported, so
// that what comes while it runs is not missed. It holds some 40 bytes for each blob
// and, for one repository at a time, some 40 for each link.
//
// Broken things are findings, and the check goes on. An error of the store ends
// it: what it did not see it cannot judge. Then the Summary is of what it saw, and
// no orphans were reported.
func (l *Layout) Check(ctx context.Context, o CheckOptions, found func(Finding)) (Summary, error) {
	if o.AtOnce <= 0 {
		o.AtOnce = 8
	}
	c := &checker{layout: l, options: o, found: found}
	err := c.blobs(ctx)
	if err == nil {
		err = c.repositories(ctx)
	}
	if err == nil {
		c.orphans()
	}
	if err == nil && o.Verify {
		err = c.verify(ctx)
	}
	return c.summary, err
}

type checker struct {
	layout   *Layout
	options  CheckOptions
	found    func(Finding)
	summary  Summary
	telling  sync.Mutex
	verified int64 // bytes; telling guards it

	Sizes
	needed     bits // of all: a manifest of some repository, or needed by one
	mismatched bits // of all: reported already

	repository repositoryCheck
}

func (c *checker) report(f Finding) {
	switch f.Kind {
	case Orphan:
		c.summary.Orphans++
		c.summary.OrphanBytes += f.Bytes
	case Dangling:
		c.summary.Dangling++
	case BrokenLink:
		c.summary.BrokenLinks++
	case Mismatch:
		c.summary.Mismatches++
	case Unreadable:
		c.summary.Unreadable++
	case Unknown:
		c.summary.Unknown++
	}
	if c.found != nil {
		c.found(f)
	}
}

// progress tells how far the check has come, with so many more bytes verified.
func (c *checker) progress(verified int64) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.verified += verified
	if c.options.Progress == nil {
		return
	}
	p := Progress{Blobs: c.summary.Blobs, Repositories: c.summary.Repositories, Verified: c.verified}
	if c.options.Verify {
		p.Bytes = c.summary.Bytes
	}
	c.options.Progress(p)
}

func (c *checker) blobs(ctx context.Context) error {
	for o, err := range c.layout.Walk(ctx, "blobs/") {
		switch {
		case err != nil:
			return err
		case o.Kind != Blob:
			c.report(Finding{Kind: Unknown, Key: o.Key})
			continue
		}
		if err := c.add(o); err != nil {
			return err
		}
		c.summary.Blobs++
		c.summary.Bytes += o.Size
		if c.summary.Blobs%1000 == 0 {
			c.progress(0)
		}
	}
	c.progress(0)
	return nil
}

func (c *checker) orphans() {
	for i := range c.all.len() {
		if !c.needed.has(i) {
			c.report(Finding{Kind: Orphan, Digest: c.all.at(i), Bytes: *c.sizes.at(i)})
		}
	}
}

// verify reads the blobs.
func (c *checker) verify(ctx context.Context) error {
	return ordered.Each(ctx, c.options.AtOnce, ordered.Count(c.all.len()), func(ctx context.Context, i int) error {
		return c.verifyOne(ctx, c.all.at(i))
	}, func(i int, err error) error {
		switch {
		case errors.Is(err, ErrDigest):
			c.mismatch(i, c.all.at(i), err)
		case isNotExist(err): // it went meanwhile
		default:
			return err
		}
		return nil
	})
}

// verifyOne reads a blob to the end, and says how far it has come at its end and
// about each MiB.
func (c *checker) verifyOne(ctx context.Context, d digest.Digest) error {
	body, _, err := c.layout.OpenBlob(ctx, d)
	if err != nil {
		return err
	}
	defer body.Close()
	buffer := make([]byte, 1<<16)
	for since := int64(0); ; {
		n, err := body.Read(buffer)
		if since += int64(n); since >= 1<<20 || err != nil {
			c.progress(since)
			since = 0
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *checker) mismatch(i int, d digest.Digest, err error) {
	if i >= 0 { // else it came meanwhile
		if c.mismatched.has(i) {
			return
		}
		c.mismatched.add(i)
	}
	key, _ := BlobKey(d) // it came from one
	c.report(Finding{Kind: Mismatch, Digest: d, Key: key, Err: err})
}
