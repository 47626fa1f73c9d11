package s3_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/s3"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
)

// versitygw runs a gateway on a directory and returns a client of it. The directory's
// file system must have extended attributes: with a second directory for these
// (--sidecar) what the gateway says of an object may be about another version of it,
// and updates are lost.
func versitygw(t *testing.T) *awss3.Client {
	t.Helper()
	if os.Getenv("REGISTRYKIT_E2E") == "" {
		t.Skip("REGISTRYKIT_E2E is not set")
	}
	program, err := exec.LookPath("versitygw")
	require.NoError(t, err, "go install github.com/versity/versitygw/cmd/versitygw")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())

	var log bytes.Buffer
	command := exec.Command(program, "--access", "access", "--secret", "secretsecret", "--port", address,
		"posix", t.TempDir())
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, command.Process.Kill())
		command.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + address)
		return err == nil && response.Body.Close() == nil
	}, time.Minute, 50*time.Millisecond)
	return newClient(t, "http://"+address)
}

// races are the checks that versitygw fails now and then, when it deletes an object
// or its directory while another request looks at it. The second holds on gofakes3;
// the first has no meaning there, where deletions under a condition are refused.
var races = map[string]string{
	"if-version/delete-race": "of two deletions that see the same object both succeed; what holds is TestEndToEndDeletionsAtOnce",
	"delete/at-once":         "a write into a directory that goes with its last object may be refused",
}

// TestEndToEndConformanceOnVersitygw runs with REGISTRYKIT_E2E set and versitygw on
// the PATH.
func TestEndToEndConformanceOnVersitygw(t *testing.T) {
	client := versitygw(t)
	o := storagetest.Options{Lacks: []storagetest.Feature{storagetest.VersionChanges}}
	for _, c := range storagetest.Checks() {
		t.Run(c.Name, func(t *testing.T) {
			err := c.Run(t.Context(), newStore(client), o)
			if reason, ok := races[c.Name]; ok {
				t.Logf("%v (it may: %s)", err, reason)
				return
			}
			require.NoError(t, err, c.Rule)
		})
	}
	s := newStore(client)
	c, err := s.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, storage.Capabilities{IfAbsent: true, ReplaceIfVersion: true, DeleteIfVersion: true, Move: true, Resume: true}, c)
	requireNothingBut(t, client, s)
}

// TestEndToEndCopyInParts copies as if it were more than one request may copy.
func TestEndToEndCopyInParts(t *testing.T) {
	d := s3.New(versitygw(t), bucket, s3.Options{})
	s := storage.New(d, storage.Options{})
	want := data(2*s3.MinPartSize + 1000)
	source, err := s.WriteFile(t.Context(), "dir/from", want, storage.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, d.CopyAbove(t.Context(), source, "dir/to", s3.MinPartSize, s3.MinPartSize))
	requireContent(t, s, "dir/to", want)
	source.Version = `"00000000000000000000000000000000"`
	require.ErrorIs(t, d.CopyAbove(t.Context(), source, "dir/to", s3.MinPartSize, s3.MinPartSize), storage.ErrPrecondition)
	requireContent(t, s, "dir/to", want)
	for u, err := range s.Uploads(t.Context(), "") {
		require.NoError(t, err)
		require.Fail(t, "an upload is left", "%+v", u)
	}
}

// TestEndToEndLongUploads: here preconditions hold for long and resumed uploads too.
func TestEndToEndLongUploads(t *testing.T) {
	client := versitygw(t)
	s := newStore(client)
	want := data(s3.MinPartSize + 10)
	_, err := s.WriteFile(t.Context(), "object", want, storage.CreateOptions{IfAbsent: true})
	require.NoError(t, err)
	_, err = s.WriteFile(t.Context(), "object", data(s3.MinPartSize+20), storage.CreateOptions{IfAbsent: true})
	require.ErrorIs(t, err, storage.ErrExist)
	u, err := s.Create(t.Context(), "object", storage.CreateOptions{IfAbsent: true, Resumable: true})
	require.NoError(t, err)
	_, err = u.Write(data(100))
	require.NoError(t, err)
	_, err = u.Commit(t.Context())
	require.ErrorIs(t, err, storage.ErrExist)
	require.NoError(t, u.Abort(t.Context()))
	requireContent(t, s, "object", want)
	requireNothingBut(t, client, s, "object")
}
