package storage_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
)

func TestCheckKey(t *testing.T) {
	for _, key := range []string{
		"a", "a/b", ".hidden", "...", "..a", "a..", "docker/registry/v2/repositories/dev/app/_manifests/tags/v1/current/link",
		"registrykit", ".registrykit2", "a/.registrykit", "sha256:abc", "日本", strings.Repeat("x", storage.MaxSegment),
		strings.Repeat("x/", storage.MaxKey/2-1) + "xx",
	} {
		require.NoError(t, storage.CheckKey(key), "%q", key)
		for i := range key {
			require.NoError(t, storage.CheckPrefix(key[:i]), "%q", key[:i])
		}
	}
	for key, why := range map[string]string{
		"":                       "empty",
		"/a":                     "empty segment",
		"a/":                     "empty segment",
		"a//b":                   "empty segment",
		".":                      `segment "."`,
		"a/../b":                 `segment ".."`,
		"a\x00b":                 `character '\x00'`,
		"a\nb":                   `character '\n'`,
		"a\x7f":                  `character '\x7f'`,
		`a\b`:                    "character",
		"a\xff":                  "not UTF-8",
		".registrykit":           "reserved",
		".registrykit/x":         "reserved",
		strings.Repeat("x", 256): "256 bytes",
		strings.Repeat("x/", storage.MaxKey/2) + "x": "1025 bytes",
		strings.Repeat("x", 4096):                    "4096 bytes",
	} {
		err := storage.CheckKey(key)
		require.ErrorIs(t, err, storage.ErrInvalidKey, "%q", key)
		require.ErrorContains(t, err, why, "%q", key)
		require.Less(t, len(err.Error()), 100, "the error does not repeat the key")
	}
	for _, prefix := range []string{"/", "a//", "../", "a/../", "a/./b", "a\x00", ".registrykit/", strings.Repeat("x", 4096)} {
		require.ErrorIs(t, storage.CheckPrefix(prefix), storage.ErrInvalidKey, "%q", prefix)
	}
}

// FuzzCheckKey: what is a key stays within the directory that it is put in, and
// is its own clean form.
func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"a/b", "../a", "a/..", "/", "a\x00", "a\\..\\b", ".registrykit/x", "..", "a/./b", "\xff", "ü"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if storage.CheckKey(key) != nil {
			return
		}
		require.True(t, fs.ValidPath(key) && key != ".")
		require.Equal(t, "/root/"+key, path.Join("/root", key))
		require.NotContains(t, key, `\`)
		require.NotContains(t, key, "\x00")
		for i := range key {
			require.NoError(t, storage.CheckPrefix(key[:i]), "%q", key[:i])
		}
	})
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		r          storage.Range
		size       int64
		start, end int64
		wrong      bool
	}{
		{r: storage.Range{}, size: 10, start: 0, end: 10},
		{r: storage.Range{}, size: 0, start: 0, end: 0},
		{r: storage.Range{Offset: 3, Length: 4}, size: 10, start: 3, end: 7},
		{r: storage.Range{Offset: 3, Length: 1<<63 - 1}, size: 10, start: 3, end: 10},
		{r: storage.Range{Offset: 10}, size: 10, start: 10, end: 10},
		{r: storage.Range{Offset: 11}, size: 10, wrong: true},
		{r: storage.Range{Offset: -1}, size: 10, wrong: true},
		{r: storage.Range{Length: -1}, size: 10, wrong: true},
	} {
		start, end, err := c.r.In(c.size)
		if c.wrong {
			require.ErrorIs(t, err, storage.ErrInvalidRange, "%+v", c)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, [2]int64{c.start, c.end}, [2]int64{start, end}, "%+v", c)
	}
}
