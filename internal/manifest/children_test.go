package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChildren(t *testing.T) {
	children, err := Children([]byte(`{"manifests":[
		{"mediaType":"m","digest":"sha256:1","size":3,"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
		{"digest":"sha256:2","platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},
		{"digest":"sha256:3","platform":null}]}`))
	require.NoError(t, err)
	require.Equal(t, []Child{
		{Descriptor: Descriptor{MediaType: "m", Digest: "sha256:1", Size: 3}, OS: "linux", Architecture: "arm64", Variant: "v8"},
		{Descriptor: Descriptor{Digest: "sha256:2"}, OS: "unknown", Architecture: "unknown", Attestation: true},
		{Descriptor: Descriptor{Digest: "sha256:3"}},
	}, children)
}

func TestChildrenOfWhatIsNone(t *testing.T) {
	_, err := Children([]byte(`{"manifests":{}}`))
	require.ErrorContains(t, err, "index: ")
	_, err = Children([]byte(strings.Repeat(" ", MaxBytes+1)))
	require.ErrorIs(t, err, ErrTooLarge)
	children, err := Children([]byte(`{}`))
	require.NoError(t, err)
	require.Empty(t, children)
}
