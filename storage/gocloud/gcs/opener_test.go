package gcs_test

import (
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud/gcs"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
	"gocloud.dev/gcp"
)

// TestOpener goes from the operator's configuration to the repositories of a bucket.
func TestOpener(t *testing.T) {
	const link = "docker/registry/v2/repositories/team/app/_manifests/tags/v1/current/link"
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Host: "127.0.0.1"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	server.CreateObject(fakestorage.Object{ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "images", Name: link},
		Content: []byte("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")})
	open := operatorconfig.Openers{operatorconfig.GCS: gcs.Opener(&gcp.HTTPClient{Client: *server.HTTPClient()})}
	s := &operatorconfig.Storage{GCS: &operatorconfig.GCSStorage{Bucket: "images", Region: "europe-west1", ProjectID: "project"}}
	store, err := operatorconfig.Open(t.Context(), s, open)
	require.NoError(t, err)
	var names []string
	for repository, err := range registrylayout.New(store, registrylayout.Options{}).Repositories(t.Context()) {
		require.NoError(t, err)
		names = append(names, repository)
	}
	require.Equal(t, []string{"team/app"}, names)
	require.NoError(t, store.Close())
	_, err = store.Stat(t.Context(), link)
	require.Error(t, err, "the bucket is closed")
}

// TestOpenerRefusesKey: what is to be encrypted with a key is not written without it.
func TestOpenerRefusesKey(t *testing.T) {
	open := operatorconfig.Openers{operatorconfig.GCS: gcs.Opener(&gcp.HTTPClient{})}
	s := &operatorconfig.Storage{GCS: &operatorconfig.GCSStorage{Bucket: "images", KeyID: "key"}}
	_, err := operatorconfig.Open(t.Context(), s, open)
	var field *operatorconfig.FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, "spec.storage.gcs.keyID", field.Field)
	require.ErrorIs(t, err, storage.ErrUnsupported)
}
