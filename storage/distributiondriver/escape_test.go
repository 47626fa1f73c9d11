package distributiondriver

import (
	"strings"
	"testing"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
	"github.com/stretchr/testify/require"
)

func TestEscape(t *testing.T) {
	for key, want := range map[string]string{
		"docker/registry/v2/repositories/a/_layers/sha256/0a/link": "docker/registry/v2/repositories/a/_layers/sha256/0a/link",
		"v1.2-x_y":   "v1.2-x_y",
		"with space": "with-._-20space",
		"é":          "-._-C3-._-A9",
		"a-._-b":     "a-._-2D._-b",
	} {
		require.Equal(t, want, escape(key))
	}
}

// FuzzEscape: every key has a path of its own, which distribution takes, and every
// name of a listing that is turned into a key is that key's.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"a/b", "é", "-._-", "a-._-2Db", "-._--._-2D", "with space", "x/-._-41", "\xff", "a//b", "-._р", "-._ -._ "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if storage.CheckKey(s) == nil {
			path := "/" + escape(s)
			require.Regexp(t, storagedriver.PathRegexp, path)
			parts := strings.Split(path[1:], "/")
			for i, part := range parts {
				var ok bool
				parts[i], ok = unescape(part)
				require.True(t, ok, part)
			}
			require.Equal(t, s, strings.Join(parts, "/"))
		}
		if part, ok := unescape(s); ok {
			require.NoError(t, storage.CheckKey("a/"+part))
			require.Equal(t, s, escape(part))
		}
	})
}
