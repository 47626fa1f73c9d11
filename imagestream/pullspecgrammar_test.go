package imagestream

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The grammar of the package comment once more, as regular expressions: slow,
// and close to how it is written down.
var (
	wordRE      = `[a-z0-9]+`
	componentRE = wordRE + `(?:(?:\.|__?|-+)` + wordRE + `)*`
	labelRE     = `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`
	hostRE      = labelRE + `(?:\.` + labelRE + `)*`
	tagRE       = `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`
	portRE      = `(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))`
)

func digestRE(hex string) string {
	return `sha256:` + hex + `{64}|sha384:` + hex + `{96}|sha512:` + hex + `{128}`
}

var (
	compatRE = regexp.MustCompile(`\A((?:` + hostRE + `(?::[0-9]+)?/)?` + componentRE + `(?:/` + componentRE + `)*)` +
		`(?::(` + tagRE + `))?(?:@(` + digestRE(`[0-9a-fA-F]`) + `))?\z`)
	strictRE = regexp.MustCompile(`\A(?:(?P<host>localhost|localhost` + portRE + `|` + hostRE + portRE + `|` +
		labelRE + `(?:\.` + labelRE + `)+` + `)/)?(` + componentRE + `(?:/` + componentRE + `)*)` +
		`(?::(` + tagRE + `))?(?:@(` + digestRE(`[0-9a-f]`) + `))?\z`)
)

func compatReference(spec string) (DockerImageReference, bool) {
	m := compatRE.FindStringSubmatch(spec)
	if m == nil || len(m[1]) > 255 {
		return DockerImageReference{}, false
	}
	parts := strings.Split(m[1], "/")
	if len(parts) == 1 && (strings.Contains(m[1], ".") || strings.HasPrefix(m[1], "localhost")) {
		return DockerImageReference{Registry: spec, ID: m[3]}, true
	}
	return assemble(parts, len(parts) > 1 && (strings.ContainsAny(parts[0], ".:") || parts[0] == "localhost"), m[2], m[3]), true
}

func strictReference(spec string) (DockerImageReference, bool) {
	m := strictRE.FindStringSubmatch(spec)
	if m == nil {
		return DockerImageReference{}, false
	}
	parts := strings.Split(m[2], "/")
	length := len(m[2])
	if m[1] != "" {
		parts = append([]string{m[1]}, parts...)
		length += len(m[1]) + 1
	} else if len(parts) > 1 && strings.Contains(parts[0], ".") {
		return DockerImageReference{}, false // it can only be a host, and is none
	}
	return assemble(parts, m[1] != "", m[3], m[4]), length <= 255
}

func assemble(parts []string, host bool, tag, id string) (r DockerImageReference) {
	r.Tag, r.ID = tag, id
	if host {
		r.Registry, parts = parts[0], parts[1:]
	}
	if len(parts) > 1 {
		r.Namespace, parts = parts[0], parts[1:]
	}
	r.Name = strings.Join(parts, "/")
	return r
}

func FuzzParsePullSpec(f *testing.F) {
	for _, spec := range []string{
		"", "web", "web:1", "shop/web", "quay.io/shop/web:1@" + sha, "localhost:5000/a__b/c--d", "foo.bar:latest", "localhostx",
		"BAR/foo", "a.-b/c", "a_b.c/d", "x:0/y", "x:65535/y", "x:65536/y", "[::1]:5000/web", "a@sha384:" + hex96, "a@sha512:" + hex128,
		"a/b/c/d:e@f", "é", "a b", sha, hex64, strings.Repeat("a", 256), "web@" + strings.ToUpper(sha), "A.b/c", "a-/b", "a:1/b", "A:1/b",
	} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		want, ok := compatReference(spec)
		got, err := ParsePullSpec(spec)
		require.Equal(t, ok, err == nil, "%q: %v", spec, err)
		if ok {
			require.Equal(t, want, got)
			require.Equal(t, spec, got.String())
		}

		got, err = ParsePullSpecStrict(spec)
		if err == nil {
			require.Equal(t, spec, got.String())
		}
		if strings.Contains(spec, "[") {
			return // the expression knows no IPv6
		}
		want, ok = strictReference(spec)
		require.Equal(t, ok, err == nil, "strict %q: %v", spec, err)
		if ok {
			require.Equal(t, want, got)
		}
	})
}
