package registryclient_test

import (
	"net/http"
	"testing"

	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestProbeTagDeletion finds out on no tag of anybody, and leaves nothing behind.
func TestProbeTagDeletion(t *testing.T) {
	noTags := registrytest.ErrorCode(http.StatusMethodNotAllowed, "UNSUPPORTED", "no").For(http.MethodDelete, "/manifests/registrykit-probe")
	for _, c := range []struct {
		name  string
		fault registrytest.Fault
		class error
		gone  bool
		left  int
	}{
		{name: "as it should be", fault: registrytest.Fault{}},
		{name: "the manifest goes along", fault: registrytest.TagTakesManifest(), class: registryclient.Unsupported, gone: true},
		{name: "the manifest goes with its last tag", fault: registrytest.LastTagTakesManifest(), class: registryclient.Unsupported, gone: true},
		{name: "ignored", fault: registrytest.IgnoredDelete(), class: registryclient.Unsupported, left: 2},
		{name: "no tags", fault: noTags, class: registryclient.Unsupported, left: 2}, // the fake leaves tags of a manifest that is gone
		{name: "no push", fault: registrytest.ErrorCode(http.StatusForbidden, "DENIED", "no").For(http.MethodPut, ""), class: registryclient.Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			require.NoError(t, server.Push("team/app:v1", randomImage(t)))
			server.Inject(c.fault)
			client, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
			err := client.ProbeTagDeletion(deadline(t), repo)
			if c.class == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.class)
			}
			tags, listed := registryclient.Collect(client.Tags(deadline(t), repo, registryclient.ListOptions{}))
			require.NoError(t, listed)
			require.Len(t, tags, 1+c.left)
			require.Contains(t, tags, "v1")
			if !c.gone {
				return
			}
			require.ErrorIs(t, err, registryclient.ErrManifestGone)
			deletions := server.Count(http.MethodDelete, "")
			_, err = client.DeleteTag(deadline(t), repo.Tag("v1"))
			require.ErrorIs(t, err, registryclient.Unsupported)
			require.Equal(t, deletions, server.Count(http.MethodDelete, ""))
		})
	}
}
