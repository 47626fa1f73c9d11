package azure_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azblobblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/azure"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/azureblob"
)

// The account of the emulator, which its documentation gives.
const (
	account = "devstoreaccount1"
	secret  = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azurite runs the emulator in memory and returns a client of an empty container.
func azurite(t *testing.T) *container.Client {
	t.Helper()
	if os.Getenv("REGISTRYKIT_E2E") == "" {
		t.Skip("REGISTRYKIT_E2E is not set")
	}
	program, err := exec.LookPath("azurite-blob")
	require.NoError(t, err, "npm install azurite")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())

	var log bytes.Buffer
	command := exec.Command(program, "--blobHost", host, "--blobPort", port, "--inMemoryPersistence", "--skipApiVersionCheck",
		"--disableTelemetry", "--silent")
	command.Dir = t.TempDir()
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, command.Process.Kill())
		command.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	url := fmt.Sprintf("http://%s:%s/%s", host, port, account)
	require.Eventually(t, func() bool {
		response, err := http.Get(url)
		return err == nil && response.Body.Close() == nil
	}, time.Minute, 100*time.Millisecond)
	credential, err := container.NewSharedKeyCredential(account, secret)
	require.NoError(t, err)
	client, err := container.NewClientWithSharedKeyCredential(url+"/bucket", credential, nil)
	require.NoError(t, err)
	_, err = client.Create(t.Context(), nil)
	require.NoError(t, err)
	return client
}

// TestEndToEndConformance runs with REGISTRYKIT_E2E set and azurite-blob on the PATH,
// which keeps all preconditions.
func TestEndToEndConformance(t *testing.T) {
	client := azurite(t)
	storagetest.Run(t, func(t *testing.T) storage.Driver {
		bucket, err := azureblob.OpenBucket(t.Context(), client, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, bucket.Close()) })
		return storage.New(gocloud.New(bucket, gocloud.Options{Service: azure.Service}), storage.Options{})
	}, storagetest.Options{Lacks: []storagetest.Feature{storagetest.Resume}})
}

// TestPreconditions looks at what is put into the requests, and at versions as the
// service's answers and listings have them.
func TestPreconditions(t *testing.T) {
	var write azblob.UploadStreamOptions
	require.NoError(t, azure.Service.WriteIfVersion(func(i any) bool {
		p, ok := i.(**azblob.UploadStreamOptions)
		if ok {
			*p = &write
		}
		return ok
	}, `"0x1"`))
	require.EqualValues(t, `"0x1"`, *write.AccessConditions.ModifiedAccessConditions.IfMatch)
	var remove azblobblob.DeleteOptions
	require.NoError(t, azure.Service.DeleteIfVersion(func(i any) bool {
		p, ok := i.(**azblobblob.DeleteOptions)
		if ok {
			*p = &remove
		}
		return ok
	}, `"0x2"`))
	require.EqualValues(t, `"0x2"`, *remove.AccessConditions.ModifiedAccessConditions.IfMatch)

	tag := azcore.ETag("0x3")
	listed := func(i any) bool {
		p, ok := i.(*container.BlobItem)
		if ok {
			p.Properties = &container.BlobProperties{ETag: &tag}
		}
		return ok
	}
	require.EqualValues(t, `"0x3"`, azure.Service.Version(listed))

	foreign := func(any) bool { return false }
	require.ErrorIs(t, azure.Service.WriteIfVersion(foreign, `"0x1"`), storage.ErrUnsupported)
	require.ErrorIs(t, azure.Service.DeleteIfVersion(foreign, `"0x1"`), storage.ErrUnsupported)
	require.Empty(t, azure.Service.Version(foreign))
}
