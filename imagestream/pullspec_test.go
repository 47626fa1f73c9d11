package imagestream

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	hex64  = strings.Repeat("0123456789abcdef", 4)
	hex96  = strings.Repeat("0123456789abcdef", 6)
	hex128 = strings.Repeat("0123456789abcdef", 8)
	sha    = "sha256:" + hex64
)

type ref = DockerImageReference

// Both parsers over one table. Where strict is not given, the two agree.
func TestParsePullSpec(t *testing.T) {
	type outcome struct {
		ref   ref
		wrong string // part of the reason; empty where the spec is valid
	}
	both := func(r ref) [2]outcome { return [2]outcome{{ref: r}, {ref: r}} }
	differ := func(compat, strict ref) [2]outcome { return [2]outcome{{ref: compat}, {ref: strict}} }
	neither := func(reason string) [2]outcome { return [2]outcome{{wrong: reason}, {wrong: reason}} }
	loose := func(compat ref, reason string) [2]outcome { return [2]outcome{{ref: compat}, {wrong: reason}} }
	strict := func(reason string, r ref) [2]outcome { return [2]outcome{{wrong: reason}, {ref: r}} }

	for spec, want := range map[string][2]outcome{
		// A name alone.
		"web":                  both(ref{Name: "web"}),
		"web:1.4":              both(ref{Name: "web", Tag: "1.4"}),
		"7":                    both(ref{Name: "7"}),
		"a_b":                  both(ref{Name: "a_b"}),
		"a__b":                 both(ref{Name: "a__b"}),
		"a----b":               both(ref{Name: "a----b"}),
		"web:_x":               both(ref{Name: "web", Tag: "_x"}),
		"web:V1.0-Rc_2":        both(ref{Name: "web", Tag: "V1.0-Rc_2"}),
		"web:8080":             both(ref{Name: "web", Tag: "8080"}),
		"web@" + sha:           both(ref{Name: "web", ID: sha}),
		"web:1.4@" + sha:       both(ref{Name: "web", Tag: "1.4", ID: sha}),
		"web@sha384:" + hex96:  both(ref{Name: "web", ID: "sha384:" + hex96}),
		"web@sha512:" + hex128: both(ref{Name: "web", ID: "sha512:" + hex128}),

		// What looks like a digest is a name and its tag, or only a name.
		sha:               both(ref{Name: "sha256", Tag: hex64}),
		hex64:             both(ref{Name: hex64}),
		"sha256/" + hex64: both(ref{Namespace: "sha256", Name: hex64}),

		// A namespace.
		"shop/web":          both(ref{Namespace: "shop", Name: "web"}),
		"shop/web:1.4":      both(ref{Namespace: "shop", Name: "web", Tag: "1.4"}),
		"shop/team/web":     both(ref{Namespace: "shop", Name: "team/web"}),
		"registry/shop/web": both(ref{Namespace: "registry", Name: "shop/web"}),
		"a/b/c/d/e":         both(ref{Namespace: "a", Name: "b/c/d/e"}),
		"a__b/web":          both(ref{Namespace: "a__b", Name: "web"}),
		"localhosts/web":    both(ref{Namespace: "localhosts", Name: "web"}),

		// A registry.
		"quay.io/web":                    both(ref{Registry: "quay.io", Name: "web"}),
		"quay.io/shop/web":               both(ref{Registry: "quay.io", Namespace: "shop", Name: "web"}),
		"quay.io/shop/team/web:1@" + sha: both(ref{Registry: "quay.io", Namespace: "shop", Name: "team/web", Tag: "1", ID: sha}),
		"registry:5000/shop/web":         both(ref{Registry: "registry:5000", Namespace: "shop", Name: "web"}),
		"registry:5000/web:1":            both(ref{Registry: "registry:5000", Name: "web", Tag: "1"}),
		"localhost/web":                  both(ref{Registry: "localhost", Name: "web"}),
		"localhost:5000/web":             both(ref{Registry: "localhost:5000", Name: "web"}),
		"10.0.0.1:5000/shop/web":         both(ref{Registry: "10.0.0.1:5000", Namespace: "shop", Name: "web"}),
		"Quay.IO/shop/web":               both(ref{Registry: "Quay.IO", Namespace: "shop", Name: "web"}),
		"REG:5000/web":                   both(ref{Registry: "REG:5000", Name: "web"}),
		"a--b.io/web":                    both(ref{Registry: "a--b.io", Name: "web"}),
		"image-registry.openshift-image-registry.svc:5000/shop/web@" + sha: both(
			ref{Registry: "image-registry.openshift-image-registry.svc:5000", Namespace: "shop", Name: "web", ID: sha}),

		// Where OpenShift slips.
		"quay.io":                              differ(ref{Registry: "quay.io"}, ref{Name: "quay.io"}),
		"quay.io:1":                            differ(ref{Registry: "quay.io:1"}, ref{Name: "quay.io", Tag: "1"}),
		"web.v2:latest":                        differ(ref{Registry: "web.v2:latest"}, ref{Name: "web.v2", Tag: "latest"}),
		"web.v2@" + sha:                        differ(ref{Registry: "web.v2@" + sha, ID: sha}, ref{Name: "web.v2", ID: sha}),
		"web.v2:1@" + sha:                      differ(ref{Registry: "web.v2:1@" + sha, ID: sha}, ref{Name: "web.v2", Tag: "1", ID: sha}),
		"localhost":                            differ(ref{Registry: "localhost"}, ref{Name: "localhost"}),
		"localhost:5000":                       differ(ref{Registry: "localhost:5000"}, ref{Name: "localhost", Tag: "5000"}),
		"localhost-web:1":                      differ(ref{Registry: "localhost-web:1"}, ref{Name: "localhost-web", Tag: "1"}),
		"localhostweb":                         differ(ref{Registry: "localhostweb"}, ref{Name: "localhostweb"}),
		"Shop/web":                             loose(ref{Namespace: "Shop", Name: "web"}, "lower case"),
		"LOCALHOST/web":                        loose(ref{Namespace: "LOCALHOST", Name: "web"}, "lower case"),
		"a_b.io/web":                           loose(ref{Registry: "a_b.io", Name: "web"}, "not a valid host"),
		"registry:99999/web":                   loose(ref{Registry: "registry:99999", Name: "web"}, "1 to 65535"),
		"registry:0/web":                       loose(ref{Registry: "registry:0", Name: "web"}, "1 to 65535"),
		"web@sha256:" + strings.ToUpper(hex64): loose(ref{Name: "web", ID: "sha256:" + strings.ToUpper(hex64)}, "lower-case hex"),
		"[::1]:5000/shop/web":                  strict("no name may", ref{Registry: "[::1]:5000", Namespace: "shop", Name: "web"}),
		"[2001:db8::7]/web@" + sha:             strict("no name may", ref{Registry: "[2001:db8::7]", Name: "web", ID: sha}),

		// Not pull specs.
		"":                           neither("empty"),
		" ":                          neither("no name may"),
		" web":                       neither("no name may"),
		"web ":                       neither("no name may"),
		"web\n":                      neither("no name may"),
		"web:1\n":                    neither("a tag holds"),
		"web\x00":                    neither("no name may"),
		"wéb":                        neither("no name may"),
		"web\xff":                    neither("no name may"),
		"Web":                        neither("lower case"),
		"WEB:1":                      neither("lower case"),
		"quay.io/Shop/web":           neither("lower case"),
		"shop/Web":                   neither("lower case"),
		"https://quay.io/web":        neither("no scheme"),
		"docker-pullable://shop/web": neither("no scheme"),
		"{{image}}":                  neither("no name may"),
		"$(params.image)":            neither("no name may"),
		"web:":                       neither("after the colon"),
		"web:@" + sha:                neither("after the colon"),
		"web@":                       neither("after the @"),
		":1":                         neither("component"),
		"@" + sha:                    neither("component"),
		"/":                          neither("component"),
		"/web":                       neither("component"),
		"web/":                       neither("component"),
		"shop//web":                  neither("component"),
		"web:a:b":                    neither("a tag holds"),
		"web:-1":                     neither("a tag starts"),
		"web:.1":                     neither("a tag starts"),
		"web:1/2":                    both(ref{Registry: "web:1", Name: "2"}),
		"-web":                       neither("component"),
		"web-":                       neither("component"),
		"a..b":                       neither("component"),
		"a.-b":                       neither("component"),
		"a_-b":                       neither("component"),
		"a___b":                      neither("component"),
		"quay.io/a.-b":               neither("component"),
		"quay.io/a_b-":               neither("component"),
		"quay..io/web":               neither(""),
		"-quay.io/web":               neither(""),
		"quay.io:/web":               neither(""),
		"quay.io:x/web":              neither(""),
		"[::1/web":                   neither(""),
		"[::1]x/web":                 neither(""),
		"[1.2.3.4]/web":              neither(""),
		"[fe80::1%eth0]/web":         neither(""),
		"[::1]":                      neither(""),
		"web@sha256:abc":             neither("wrong length"),
		"web@sha256:" + hex64 + "0":  neither("wrong length"),
		"web@sha256:g" + hex64[1:]:   neither("hex"),
		"web@" + hex64:               neither("not of sha256"),
		"web@blake3:" + hex64:        neither("not of sha256"),
		"web@SHA256:" + hex64:        neither("not of sha256"),
		"web@sha256:" + hex96:        neither("wrong length"),
		"web@" + sha + "@" + sha:     neither("wrong length"),
		"web@" + sha + ":1":          neither("wrong length"),

		// The lengths.
		strings.Repeat("a", 255):              both(ref{Name: strings.Repeat("a", 255)}),
		strings.Repeat("a", 256):              neither("longer than 255"),
		"quay.io/" + strings.Repeat("a", 247): both(ref{Registry: "quay.io", Name: strings.Repeat("a", 247)}),
		"quay.io/" + strings.Repeat("a", 248): neither("longer than 255"),
		"web:" + strings.Repeat("a", 128):     both(ref{Name: "web", Tag: strings.Repeat("a", 128)}),
		"web:" + strings.Repeat("a", 129):     neither("longer than 128"),
		strings.Repeat("a", 255) + ":" + strings.Repeat("t", 128) + "@sha512:" + hex128: both(
			ref{Name: strings.Repeat("a", 255), Tag: strings.Repeat("t", 128), ID: "sha512:" + hex128}),
		strings.Repeat("a/", 300) + "a": neither("too long"),
	} {
		for i, parse := range []func(string) (ref, error){ParsePullSpec, ParsePullSpecStrict} {
			got, err := parse(spec)
			if want[i].ref == (ref{}) {
				require.ErrorIs(t, err, ErrInvalidPullSpec, "%q", spec)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, quoteShort(spec), e.Object)
				require.Contains(t, e.Reason, want[i].wrong, "%q", spec)
				require.Zero(t, got)
				continue
			}
			require.NoError(t, err, "parser %d", i)
			require.Equal(t, want[i].ref, got, "%q", spec)
			require.Equal(t, spec, got.String())
		}
	}
}

func TestHugePullSpecMakesAShortError(t *testing.T) {
	_, err := ParsePullSpec(strings.Repeat("x", 10<<20))
	require.ErrorIs(t, err, ErrInvalidPullSpec)
	require.Less(t, len(err.Error()), 1000)
}

func TestParsingAValidPullSpecTakesNoMemory(t *testing.T) {
	for _, spec := range benchmarkSpecs {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := ParsePullSpec(spec); err != nil {
				panic(err)
			}
			if _, err := ParsePullSpecStrict(spec); err != nil {
				panic(err)
			}
		}), spec)
	}
}

func TestReferenceForms(t *testing.T) {
	r := ref{Registry: "quay.io", Namespace: "shop", Name: "team/web", Tag: "1", ID: sha}
	require.Equal(t, "quay.io/shop/team/web:1@"+sha, r.String())
	require.Equal(t, "quay.io/shop/team/web@"+sha, r.Exact())
	require.Equal(t, "quay.io/shop/team/web", r.AsRepository().String())
	require.Equal(t, "shop/team/web", r.RepositoryName())
	require.Equal(t, "quay.io/web:1", ref{Registry: "quay.io", Name: "web", Tag: "1"}.Exact())
	require.Empty(t, ref{}.String())
	require.Empty(t, ref{}.Exact())
	require.Equal(t, ref{}, ref{}.DockerClientDefaults())
	require.Equal(t, ref{Registry: "docker.io", Namespace: "library", Name: "web", Tag: "latest"}, ref{Name: "web"}.DockerClientDefaults())
	require.Equal(t, ref{Registry: "docker.io", Namespace: "library", Name: "web", ID: sha}, ref{Name: "web", ID: sha}.DockerClientDefaults())
	require.Equal(t, ref{Registry: "quay.io", Name: "web", Tag: "latest"}, ref{Registry: "quay.io", Name: "web"}.DockerClientDefaults())
}

func TestReferenceEqual(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"web", "docker.io/library/web:latest", true},
		{"index.docker.io/web", "registry-1.docker.io/library/web", true},
		{"shop/web", "docker.io/shop/web", true},
		{"Quay.IO/shop/web", "quay.io/shop/web", true},
		{"web@" + sha, "docker.io/library/web@" + sha, true},
		{"web:1@" + sha, "web@" + sha, false},
		{"web", "web@" + sha, false},
		{"web", "shop/web", false},
		{"quay.io/web", "web", false},
		{"web:1", "web:2", false},
	} {
		a, err := ParsePullSpecStrict(c.a)
		require.NoError(t, err)
		b, err := ParsePullSpecStrict(c.b)
		require.NoError(t, err)
		require.Equal(t, c.equal, a.Equal(b), "%s, %s", c.a, c.b)
		require.Equal(t, c.equal, b.Equal(a), "%s, %s", c.b, c.a)
	}
}

func TestValidTagAndDigest(t *testing.T) {
	for s, want := range map[string]bool{
		"1": true, "_": true, "a.b-c_D": true, "": false, "-a": false, ".a": false, "a/b": false, "a b": false, "é": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		require.Equal(t, want, ValidTag(s), "%q", s)
	}
	for s, want := range map[string]bool{
		sha: true, "sha384:" + hex96: true, "sha512:" + hex128: true,
		"": false, "sha256": false, "sha256:": false, hex64: false, "sha256:" + hex64[1:]: false,
		"sha1:" + hex64[:40]: false, "sha256:" + strings.ToUpper(hex64): false, "tarsum.dev+sha256:" + hex64: false,
		sha + "\n": false, "sha256:" + hex64[1:] + "é": false,
	} {
		require.Equal(t, want, ValidDigest(s), "%q", s)
	}
}

func TestParseNames(t *testing.T) {
	for _, c := range []struct {
		name       string
		tag, image [2]string // the zero value where it is not one
	}{
		{"web:1", [2]string{"web", "1"}, [2]string{}},
		{"web@" + sha, [2]string{}, [2]string{"web", sha}},
		{"web@0123", [2]string{}, [2]string{"web", "0123"}},
		{name: ""}, {name: "web"}, {name: ":"}, {name: "@"}, {name: "web:"}, {name: ":1"}, {name: "web@"}, {name: "@1"},
		{name: "web:1:2"}, {name: "web@1@2"},
		{"web:1@" + sha, [2]string{}, [2]string{"web:1", sha}},
		{"not checked:é", [2]string{"not checked", "é"}, [2]string{}},
	} {
		for i, parse := range []func(string) (string, string, error){ParseImageStreamTagName, ParseImageStreamImageName} {
			want := [][2]string{c.tag, c.image}[i]
			a, b, err := parse(c.name)
			require.Equal(t, want, [2]string{a, b}, "%q", c.name)
			if want == ([2]string{}) {
				require.True(t, errors.Is(err, ErrInvalidName), "%q", c.name)
			} else {
				require.NoError(t, err)
			}
		}
	}
}

var benchmarkSpecs = []string{
	"image-registry.openshift-image-registry.svc:5000/shop/web@" + sha,
	"registry.example.com/shop/team/web:2026.03.01-4",
	"shop/web:1.4",
	"web",
}

func BenchmarkParsePullSpec(b *testing.B) {
	for _, spec := range benchmarkSpecs {
		b.Run(spec[:min(len(spec), 24)], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParsePullSpec(spec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
