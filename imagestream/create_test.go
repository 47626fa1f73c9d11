package imagestream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStreamsAreCreatedUnderNamesThatCanBePulled(t *testing.T) {
	for name, valid := range map[string]bool{
		"web": true, "web.2": true, "my-web_app": true, "0": true,
		"": false, "Web": false, "web:1": false, "web@1": false, "a/b": false, "..": false, "web-": false, "we b": false,
		strings.Repeat("a", 250): true, strings.Repeat("a", 251): false,
	} {
		s := New("shop", name)
		s.Status.DockerImageRepository = home
		created, changes, err := Apply(s, push("a", 1), at(1))
		if !valid {
			requireClass(t, err, ErrInvalidOperation, "metadata.name")
			require.ErrorContains(t, err, "create")
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, StreamCreated, changes[0].Kind)
		require.Equal(t, int64(1), created.Generation)
	}
	// One that is there already has the name that it has.
	s := shop()
	s.Name = "Web"
	apply(t, s, push("a", 1))
}

func TestRepositoriesThatAStreamCannotFollow(t *testing.T) {
	for spec, valid := range map[string]bool{
		"": true, "quay.io/shop/web": true, "shop/web": true,
		"quay.io": false, "quay.io/shop/web:1": false, "quay.io/shop/web@" + digest(1): false, "quay.io/shop/We b": false, "::": false,
	} {
		_, _, err := Apply(shop(), SetSpec{ImageStreamSpec{DockerImageRepository: spec}}, at(1))
		if valid {
			require.NoError(t, err, spec)
			continue
		}
		requireClass(t, err, ErrInvalidOperation, "spec.dockerImageRepository")
		require.ErrorIs(t, err, ErrInvalidPullSpec, spec)
	}
}
