package registryclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/opencontainers/go-digest"
)

// fetchAll fetches the blobs, some at once. The first failure ends the others.
func (p *pull) fetchAll(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := p.o.Jobs
	if jobs <= 0 {
		jobs = defaultJobs
	}
	work := make(chan Descriptor)
	var workers sync.WaitGroup
	for range min(jobs, len(p.blobs)) {
		workers.Go(func() {
			for d := range work {
				if err := p.fetchBlob(ctx, d); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
feed:
	for _, d := range p.blobs {
		select {
		case work <- d:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return os.RemoveAll(filepath.Join(p.dir, ".partial"))
}

// fetchBlob makes sure that the layout has a blob.
func (p *pull) fetchBlob(ctx context.Context, d Descriptor) error {
	file := blobFile(p.dir, d.Digest)
	have, _, err := hashFile(file, d.Digest)
	if err == nil && have == d.Digest {
		p.report(d, d.Size, 0, d.Size, true)
		return nil
	}
	resumed, err := p.fetchPart(ctx, d)
	if resumed && errors.Is(err, Integrity) {
		// What was there may have been wrong: once more, from the beginning.
		_, err = p.fetchPart(ctx, d)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.Rename(partFile(p.dir, d.Digest), file)
}

// hashFile returns the digest of a file's bytes and how many they are.
func hashFile(file string, like digest.Digest) (digest.Digest, int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	digester := like.Algorithm().Digester()
	n, err := io.Copy(digester.Hash(), f)
	return digester.Digest(), n, err
}

// fetchPart fetches what is missing of a blob into its part file, and says whether
// some of it was there. A part that turns out wrong is removed.
func (p *pull) fetchPart(ctx context.Context, d Descriptor) (resumed bool, err error) {
	part := partFile(p.dir, d.Digest)
	if err := os.MkdirAll(filepath.Dir(part), 0o755); err != nil {
		return false, err
	}
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return false, err
	}
	defer f.Close()
	digester := d.Digest.Algorithm().Digester()
	begun, err := io.Copy(digester.Hash(), f)
	if err != nil {
		return false, err
	}
	if begun > d.Size {
		begun = 0
		digester = d.Digest.Algorithm().Digester()
		if err := errors.Join(f.Truncate(0), seekStart(f)); err != nil {
			return false, err
		}
	}
	if begun < d.Size {
		if err := p.append(ctx, d, begun, io.MultiWriter(f, digester.Hash())); err != nil {
			if errors.Is(err, Integrity) {
				os.Remove(part)
			}
			return begun > 0, err
		}
	}
	if digester.Digest() != d.Digest {
		os.Remove(part)
		return begun > 0, &Error{Class: Integrity, Endpoint: hostOf(p.repo.Registry), Err: fmt.Errorf("the blob %s has the digest %s", d.Digest, digester.Digest())}
	}
	return begun > 0, errors.Join(f.Sync(), f.Close())
}

func seekStart(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// append reads a blob from an offset to its end.
func (p *pull) append(ctx context.Context, d Descriptor, offset int64, to io.Writer) error {
	blob, err := p.at.OpenBlob(ctx, p.repo.Digest(d.Digest.String()), BlobOptions{Offset: offset, Size: d.Size})
	if err != nil {
		return err
	}
	defer blob.Close()
	p.report(d, offset, 0, offset, false)
	buffer := make([]byte, 128<<10)
	for {
		n, err := blob.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
			p.report(d, blob.Offset(), int64(n), 0, false)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// report counts bytes and tells of them.
func (p *pull) report(d Descriptor, complete, fetched, reused int64, skipped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulled.Fetched += fetched
	p.pulled.Reused += reused
	if p.o.Progress != nil {
		p.o.Progress(Progress{Blob: d.Digest.String(), Complete: complete, Total: d.Size, Skipped: skipped})
	}
}
