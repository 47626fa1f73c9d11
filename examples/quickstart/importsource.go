package main

import (
	"context"
	"errors"
	"iter"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
)

// A source lets the importer ask a registry through a client.
type source struct{ client *registryclient.Client }

func (s source) HeadManifest(ctx context.Context, t importer.Target) (importer.Descriptor, error) {
	ref, err := name.ParseReference(t.Exact())
	if err != nil {
		return importer.Descriptor{}, err
	}
	info, err := s.client.HeadManifest(ctx, ref)
	return descriptor(info), classed(err)
}

func (s source) GetManifest(ctx context.Context, t importer.Target) (importer.Manifest, error) {
	ref, err := name.ParseReference(t.Exact())
	if err != nil {
		return importer.Manifest{}, err
	}
	m, err := s.client.GetManifest(ctx, ref)
	return importer.Manifest{Descriptor: descriptor(m.ManifestInfo), Raw: m.Raw}, classed(err)
}

func (s source) GetBlob(ctx context.Context, t importer.Target, d importer.Descriptor, limit int64) ([]byte, error) {
	repository, err := name.NewRepository(t.AsRepository().String())
	if err != nil {
		return nil, err
	}
	raw, err := s.client.GetBlob(ctx, repository.Digest(d.Digest), limit)
	return raw, classed(err)
}

func (s source) ListTags(ctx context.Context, t importer.Target) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		repository, err := name.NewRepository(t.AsRepository().String())
		if err != nil {
			yield("", err)
			return
		}
		for tag, err := range s.client.Tags(ctx, repository, registryclient.ListOptions{}) {
			if !yield(tag, classed(err)) {
				return
			}
		}
	}
}

func descriptor(m registryclient.ManifestInfo) importer.Descriptor {
	return importer.Descriptor{MediaType: m.MediaType, Digest: string(m.Digest), Size: m.Size}
}

// classed tells the importer what kind of failure it was; the two packages have the
// same classes.
func classed(err error) error {
	var e *registryclient.Error
	if !errors.As(err, &e) {
		return err
	}
	return &importer.Error{Op: e.Op, Image: e.Object, Class: importer.Class(e.Class), Hint: e.Hint, Err: err}
}
