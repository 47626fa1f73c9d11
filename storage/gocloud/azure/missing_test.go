package azure_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/azure"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/azureblob"
)

// TestAContainerThatGoes: both answers are 404, and only one is a missing object.
func TestAContainerThatGoes(t *testing.T) {
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !gone.Load() && r.URL.Path == "/bucket" {
			w.Header().Set("Content-Type", "application/xml")
			io.WriteString(w, `<EnumerationResults ContainerName="bucket"><Blobs></Blobs></EnumerationResults>`)
			return
		}
		code := "BlobNotFound"
		if gone.Load() {
			code = "ContainerNotFound"
		}
		w.Header().Set("x-ms-error-code", code)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	client, err := container.NewClientWithNoCredential(server.URL+"/bucket", nil)
	require.NoError(t, err)
	bucket, err := azureblob.OpenBucket(t.Context(), client, nil)
	require.NoError(t, err)
	defer bucket.Close()
	d := gocloud.New(bucket, gocloud.Options{Service: azure.Service})
	_, err = d.Stat(t.Context(), "object")
	require.ErrorIs(t, err, storage.ErrNotExist)
	gone.Store(true)
	_, err = d.Stat(t.Context(), "object")
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
	err = d.Delete(t.Context(), "object", storage.DeleteOptions{})
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
}
