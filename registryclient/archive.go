package registryclient

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/registrykit/registrykit/internal/manifest"
)

// ArchiveFormat is what a tar archive holds.
type ArchiveFormat int

const (
	// DockerArchive is what `podman save` and `docker save` write: one image.
	DockerArchive ArchiveFormat = iota
	// OCIArchive is a tar of an OCI layout: an image or an index.
	OCIArchive
)

// ArchiveOptions say how to write a tar archive.
type ArchiveOptions struct {
	PullOptions
	// Format is what it holds.
	Format ArchiveFormat
	// Layout is an OCI layout that the image is pulled into first and stays in, so
	// that a pull that broke off is gone on with and shared blobs are fetched once.
	// Empty uses a directory beside the archive that is removed at the end.
	Layout string
}

// PullArchive fetches an image into a tar archive, which podman load and docker load
// read. A DockerArchive holds one image: of an index, PullOptions.Platform must choose
// one. The file is there whole or not at all. The error is an *Error.
func (c *Client) PullArchive(ctx context.Context, ref name.Reference, file string, o ArchiveOptions) (Pulled, error) {
	traced, tr := withTrail(ctx)
	pulled, err := c.pullArchive(traced, ref, file, o)
	return pulled, failure("pull", ref.String(), tr, err)
}

func (c *Client) pullArchive(ctx context.Context, ref name.Reference, file string, o ArchiveOptions) (Pulled, error) {
	dir := o.Layout
	if dir == "" || o.Format == OCIArchive {
		// An OCI archive holds its image alone, not all of a layout.
		temporary, err := os.MkdirTemp(filepath.Dir(file), ".pull-*")
		if err != nil {
			return Pulled{}, err
		}
		defer os.RemoveAll(temporary)
		if dir == "" {
			dir = temporary
		}
	}
	pulled, err := c.PullLayout(ctx, ref, dir, o.PullOptions)
	if err != nil {
		return pulled, err
	}
	if o.Format == DockerArchive && manifest.IsIndex(pulled.MediaType) {
		return pulled, &Error{Class: Invalid, Err: errors.New("a Docker archive holds one image: choose a platform, or OCIArchive")}
	}
	return pulled, writeFile(file, func(w io.Writer) error {
		if o.Format == OCIArchive {
			return tarLayout(w, dir, pulled, ref)
		}
		h, err := v1.NewHash(pulled.Digest.String())
		if err != nil {
			return err
		}
		image, err := layout.Path(dir).Image(h)
		if err != nil {
			return err
		}
		return tarball.Write(ref, image, w)
	})
}

// writeFile writes a file beside its place and then moves it there.
func writeFile(file string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// tarLayout writes what of a layout an image needs.
func tarLayout(w io.Writer, dir string, pulled Pulled, ref name.Reference) error {
	needed, err := closure(dir, pulled.Descriptor)
	if err != nil {
		return err
	}
	root, err := indexOf(pulled.Descriptor, ref)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	for _, member := range []struct {
		name    string
		content []byte
	}{{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {"index.json", root}} {
		if err := archive.WriteHeader(&tar.Header{Name: member.name, Mode: 0o644, Size: int64(len(member.content))}); err != nil {
			return err
		}
		if _, err := archive.Write(member.content); err != nil {
			return err
		}
	}
	for _, d := range needed {
		if err := tarBlob(archive, dir, d); err != nil {
			return err
		}
	}
	return archive.Close()
}

func tarBlob(archive *tar.Writer, dir string, d Descriptor) error {
	f, err := os.Open(blobFile(dir, d.Digest))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: "blobs/" + d.Digest.Algorithm().String() + "/" + d.Digest.Encoded(), Mode: 0o644, Size: info.Size()}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

// PushLayout sends an image or an index of an OCI layout to a registry. which is its
// tag there or its digest; empty means the only one. The error is an *Error:
// [NotFound] where the layout has none such, [Integrity] where a manifest in it has
// another digest than its name.
func (c *Client) PushLayout(ctx context.Context, dir, which string, ref name.Reference, o PushOptions) error {
	traced, tr := withTrail(ctx)
	return failure("push", ref.String(), tr, c.pushLayout(traced, dir, which, ref, o))
}

func (c *Client) pushLayout(ctx context.Context, dir, which string, ref name.Reference, o PushOptions) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return &Error{Class: Invalid, Err: fmt.Errorf("%s is no OCI layout: %w", dir, err)}
	}
	d, err := choose(index, which)
	if err != nil {
		return err
	}
	if d.MediaType.IsIndex() {
		child, err := index.ImageIndex(d.Digest)
		if err := sound(child, d, err); err != nil {
			return err
		}
		return c.push(ctx, ref, child, o)
	}
	image, err := index.Image(d.Digest)
	if err := sound(image, d, err); err != nil {
		return err
	}
	return c.push(ctx, ref, image, o)
}

// choose finds an image in a layout.
func choose(index v1.ImageIndex, which string) (v1.Descriptor, error) {
	listed, err := index.IndexManifest()
	if err != nil {
		return v1.Descriptor{}, &Error{Class: Invalid, Err: err}
	}
	var found []v1.Descriptor
	for _, d := range listed.Manifests {
		if which == "" || which == d.Digest.String() || which == d.Annotations[RefNameAnnotation] {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 0:
		return v1.Descriptor{}, &Error{Class: NotFound, Err: fmt.Errorf("the layout has no image %q", which)}
	case which == "" && len(found) > 1:
		return v1.Descriptor{}, &Error{Class: Invalid, Err: fmt.Errorf("the layout has %d images: say which", len(found))}
	}
	return found[0], nil
}

// sound checks a manifest of a layout against its name.
func sound(m interface{ RawManifest() ([]byte, error) }, d v1.Descriptor, err error) error {
	if err != nil {
		return &Error{Class: Invalid, Err: err}
	}
	raw, err := m.RawManifest()
	if err != nil {
		return &Error{Class: Invalid, Err: err}
	}
	wanted := digestOfHash(d.Digest)
	if err := checkDigest(wanted); err != nil {
		return &Error{Class: Invalid, Err: err}
	}
	if have := wanted.Algorithm().FromBytes(raw); have != wanted {
		return &Error{Class: Integrity, Err: fmt.Errorf("the manifest %s of the layout has the digest %s", wanted, have)}
	}
	return nil
}

// PushArchive sends the image of a tar archive of either format to a registry. which
// is its tag in the archive, as in "quay.io/org/app:v1" of a DockerArchive and "v1" of
// an OCIArchive, or the digest in the latter; empty means the only one. An OCIArchive
// is unpacked beside the file for that time. The error is an *Error.
func (c *Client) PushArchive(ctx context.Context, file, which string, ref name.Reference, o PushOptions) error {
	traced, tr := withTrail(ctx)
	return failure("push", ref.String(), tr, c.pushArchive(traced, file, which, ref, o))
}

func (c *Client) pushArchive(ctx context.Context, file, which string, ref name.Reference, o PushOptions) error {
	isOCI, err := holdsLayout(file)
	if err != nil {
		return &Error{Class: Invalid, Err: fmt.Errorf("%s is no tar archive of an image: %w", file, err)}
	}
	if isOCI {
		dir, err := os.MkdirTemp(filepath.Dir(file), ".push-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := unpackLayout(file, dir); err != nil {
			return err
		}
		return c.pushLayout(ctx, dir, which, ref, o)
	}
	var tag *name.Tag
	if which != "" {
		parsed, err := name.NewTag(which)
		if err != nil {
			return &Error{Class: Invalid, Err: err}
		}
		tag = &parsed
	}
	image, err := tarball.ImageFromPath(file, tag)
	if err != nil {
		return &Error{Class: Invalid, Err: fmt.Errorf("%s: %w", file, err)}
	}
	return c.push(ctx, ref, image, o)
}

// eachMember reads a tar archive.
func eachMember(file string, f func(*tar.Header, io.Reader) (more bool, err error)) error {
	opened, err := os.Open(file)
	if err != nil {
		return err
	}
	defer opened.Close()
	archive := tar.NewReader(opened)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := f(header, archive); err != nil || !more {
			return err
		}
	}
}

// holdsLayout reports whether an archive is of an OCI layout alone: newer dockers put
// one beside their own format, which is then read as that.
func holdsLayout(file string) (bool, error) {
	var oci, docker bool
	members := 0
	err := eachMember(file, func(h *tar.Header, _ io.Reader) (bool, error) {
		members++
		switch filepath.ToSlash(filepath.Clean(h.Name)) {
		case "oci-layout":
			oci = true
		case "manifest.json":
			docker = true
		}
		return true, nil
	})
	if err == nil && members == 0 {
		err = errors.New("it is empty")
	}
	return oci && !docker, err
}

// unpackLayout unpacks the files of a layout and nothing else.
func unpackLayout(file, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return eachMember(file, func(h *tar.Header, content io.Reader) (bool, error) {
		place := filepath.ToSlash(filepath.Clean(h.Name))
		if h.Typeflag != tar.TypeReg || !layoutFile(place) {
			return true, nil
		}
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(place)), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return false, err
		}
		f, err := root.Create(filepath.FromSlash(place))
		if err != nil {
			return false, err
		}
		_, err = io.Copy(f, content)
		return true, errors.Join(err, f.Close())
	})
}
