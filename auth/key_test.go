package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseKey(t *testing.T) {
	cases := []struct{ key, host, path string }{
		{"quay.io", "quay.io", ""},
		{"Quay.IO/Org", "quay.io", "Org"},
		{"HTTPS://quay.io//org//", "quay.io", "org"},
		{"quay.io:443/org", "quay.io", "org"},
		{"quay.io:8443", "quay.io:8443", ""},
		{"https://quay.io/v2/org", "quay.io", "org"},
		{"https://quay.io/v1", "quay.io", ""},
		{"https://quay.io/v3", "quay.io", "v3"},
		{"quay.io/v2", "quay.io", "v2"},         // an organisation of that name, as podman writes it
		{"quay.io/v2/app", "quay.io", "v2/app"}, // and a repository of it
		{"quay.io/v2/", "quay.io", ""},
		{"index.docker.io/v1", "docker.io", "v1"},
		{"registry-1.docker.io:443/v2/", "docker.io", ""},
		{"*.example.com:5000/x", "*.example.com:5000", "x"},
		{"[2001:DB8::1]", "[2001:db8::1]", ""},
		{"[2001:db8::1]:443", "[2001:db8::1]", ""},
		{"registry", "registry", ""},
		{"my_registry.local", "my_registry.local", ""},
	}
	for _, c := range cases {
		p, err := parseKey(c.key)
		require.NoError(t, err, c.key)
		require.Equal(t, [2]string{c.host, c.path}, [2]string{p.host, p.path}, c.key)
	}
	for _, key := range []string{
		"", "https://", "/org", "https:///org", "quay.io:", "quay.io:x", "quay.io:123456", "a..b", ".a", "a.",
		"user:password@quay.io", "https://user@quay.io/org", "quay.io\n", "quay.io/a b", "quay.io/%2e", "quay.io/x?y", "quay.io/#",
		"[::1", "[2001:db8::1", "[2001:db8::1:5000", "[]", "[::1]x", "r[ae]g.example.com", "r?g.example.com", "caf\u00e9.example.com",
	} {
		_, err := parseKey(key)
		require.ErrorIs(t, err, ErrMalformed, key)
		require.NotContains(t, err.Error(), "password@")
	}
}

func TestGlobMatches(t *testing.T) {
	cases := []struct {
		glob, host string
		want       bool
	}{
		{"*.example.com", "reg.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "a.b.example.com", false},
		{"*.*.example.com", "a.b.example.com", true},
		{"reg*.example.com", "reg.example.com", true}, // a * stands for nothing too
		{"reg*.example.com", "reg7.example.com", true},
		{"*reg*7.example.com", "my-reg-17.example.com", true},
		{"*reg*7.example.com", "my-reg-71.example.com", false},
		{"a*a.example.com", "a.example.com", false},
		{"**.example.com", "x.example.com", true},
		{"*.example.com:5000", "reg.example.com:5000", true},
		{"*.example.com:5000", "reg.example.com", false},
		{"*.example.com", "reg.example.com:5000", false},
		{"*.example.com", "reg.example.org", false},
		{"*", "[::1]", false},
		{"*", "localhost", true},
		{"*.*.*.*", "10.0.0.1", true},
	}
	for _, c := range cases {
		require.Equal(t, c.want, globMatches(c.glob, c.host), "%s %s", c.glob, c.host)
	}
	require.False(t, labelMatches(strings.Repeat("*a", 200), strings.Repeat("a", 199)+"b"), "no explosion")
}

func TestShowKeyHidesUserInfo(t *testing.T) {
	require.Equal(t, "https://[redacted]@quay.io/x", showKey("https://bob:s3cret@quay.io/x"))
	require.Equal(t, "[redacted]@quay.io", showKey("bob:s3cret@quay.io"))
	require.Equal(t, "[redacted]@quay.io", showKey("bob:s3/cret@quay.io"))
	require.Equal(t, "[redacted]@quay.io", showKey("s3cret@quay.io"))
	require.Equal(t, "quay.io/org/app@sha256", showKey("quay.io/org/app@sha256"))
}

func TestOneEdit(t *testing.T) {
	for _, slip := range []string{"quay.oi", "uqay.io", "qua.io", "quayy.io", "quax.io", "quay.i", "quay.ioo"} {
		require.True(t, oneEdit("quay.io", slip), slip)
		require.True(t, oneEdit(slip, "quay.io"), slip)
	}
	for _, other := range []string{"quay.io", "ghcr.io", "qaay.oi", "quay.iooo", "q"} {
		require.False(t, oneEdit("quay.io", other), other)
	}
	require.False(t, oneEdit("registry1.example.com", "registry2.example.com"))
}

// FuzzKey: a key never panics, reading it again gives the same, and a key matches
// the repository that it spells out.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"quay.io", "https://index.docker.io/v1/", "*.example.com:5000/x/y", "[::1]:5000", "a@b", "QUAY.io:443/v2/", "%zz", "h/v1"} {
		f.Add(key, "quay.io/org/app")
	}
	f.Fuzz(func(t *testing.T, key, image string) {
		p, err := parseKey(key)
		kubelet, kubeletImage := parseKubeletKey(key), parseKubelet(image)
		_ = kubelet.matches(&kubeletImage)
		_ = showKey(key)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Equal(t, strings.ToLower(p.host), p.host)
		again, err := parseKey("https://" + p.host + "/v2/" + p.path)
		require.NoError(t, err)
		require.Equal(t, p.host, again.host)
		require.Equal(t, p.path, again.path)
		require.True(t, p.covers(p.path))
		require.True(t, p.covers(strings.TrimPrefix(p.path+"/x", "/")))
		if target, err := parseImage(image); err == nil {
			place := &place{kubernetes: true}
			entry := &entry{key: key, kubelet: kubelet, pattern: p}
			_ = nearMiss(entry, place, target, false)
			_ = nearMiss(entry, place, target, true)
		}
	})
}
