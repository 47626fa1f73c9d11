package registryclient

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	for value, expected := range map[string]time.Duration{
		"0":                              0,
		"30":                             30 * time.Second,
		" 7 ":                            7 * time.Second,
		"99999999999999999999":           maxRetryAfter,
		"9223372036854775807":            maxRetryAfter,
		"Sun, 01 Mar 2026 12:01:30 GMT":  90 * time.Second,
		"Sunday, 01-Mar-26 12:01:30 GMT": 90 * time.Second,
		"Sun Mar  1 12:01:30 2026":       90 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  maxRetryAfter,
	} {
		got, ok := parseRetryAfter(value, noon)
		require.True(t, ok, value)
		require.Equal(t, expected, got, value)
	}
	for _, value := range []string{"", " ", "-1", "1.5", "soon", "0x10", "2026-03-01T12:00:00Z"} {
		_, ok := parseRetryAfter(value, noon)
		require.False(t, ok, value)
	}
}

func TestRateLimitHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		header   map[string]string
		expected RateLimit
	}{
		"Docker Hub":   {map[string]string{"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}, RateLimit{Limit: 100, Remaining: 76, Window: 6 * time.Hour}},
		"no limit":     {map[string]string{"RateLimit-Remaining": "3"}, RateLimit{Limit: -1, Remaining: 3}},
		"IETF":         {map[string]string{"RateLimit-Limit": "10", "RateLimit-Remaining": "1", "RateLimit-Reset": "50"}, RateLimit{Limit: 10, Remaining: 1, Reset: 50 * time.Second}},
		"IETF, quotas": {map[string]string{"RateLimit-Limit": "10, 10;w=1, 50;w=60", "RateLimit-Remaining": "9"}, RateLimit{Limit: 10, Remaining: 9}},
		"GitHub":       {map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772366460"}, RateLimit{Limit: 60, Remaining: 0, Reset: time.Minute}},
		"past reset":   {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772366000"}, RateLimit{Limit: -1, Remaining: 0}},
		"endless":      {map[string]string{"RateLimit-Remaining": "1;w=9223372036854775807"}, RateLimit{Limit: -1, Remaining: 1, Window: maxRetryAfter}},
	} {
		h := http.Header{}
		for key, value := range c.header {
			h.Set(key, value)
		}
		got, ok := parseRateLimit(h, noon)
		require.True(t, ok, name)
		require.Equal(t, c.expected, got, name)
	}
	for _, value := range []string{"", "many", "-1", ";w=3", "1e3"} {
		_, ok := parseRateLimit(http.Header{"Ratelimit-Remaining": {value}}, noon)
		require.False(t, ok, value)
	}
}

func TestLink(t *testing.T) {
	base, err := url.Parse("https://quay.io/v2/a/tags/list?n=2")
	require.NoError(t, err)
	for header, expected := range map[string]string{
		`</v2/a/tags/list?last=b&n=2>; rel="next"`:                    "https://quay.io/v2/a/tags/list?last=b&n=2",
		`</v2/a/tags/list?last=b>; rel=next`:                          "https://quay.io/v2/a/tags/list?last=b",
		`<https://quay.io:443/v2/x>; rel="next"`:                      "https://quay.io:443/v2/x",
		`<https://QUAY.io/v2/x>;rel="NEXT"`:                           "https://QUAY.io/v2/x",
		`</v2/x>; rel="last  next"`:                                   "https://quay.io/v2/x",
		`</v2/x>; rel="nextone not-next"`:                             "",
		`<?last=c>; title="a, \"b\"; c"; rel="next"`:                  "https://quay.io/v2/a/tags/list?last=c",
		`</first>; rel="first", </v2/n>; rel="next"`:                  "https://quay.io/v2/n",
		`</v2/n,m;x>; foo; rel="next"; rel="prev"`:                    "https://quay.io/v2/n,m;x",
		`</prev>; rel="prev"`:                                         "",
		``:                                                            "",
		`</v2/n>`:                                                     "",
		`<//quay.io/v2/n#here>; rel="next" , </x>; rel="alternative"`: "https://quay.io/v2/n",
	} {
		got, err := nextLink([]string{header}, base)
		require.NoError(t, err, header)
		text := ""
		if got != nil {
			text = got.String()
		}
		require.Equal(t, expected, text, header)
	}
	for _, header := range []string{
		`<https://evil.example/v2/x>; rel="next"`, `<//evil.example/x>; rel="next"`, `<http://quay.io/v2/x>; rel="next"`,
		`<https://quay.io:8443/v2/x>; rel="next"`, `<https://quay.io.evil.example/>; rel="next"`, `<https://u:p@quay.io/>; rel="next"`,
		`<file:///etc/passwd>; rel="next"`, `<https://quay.io/%zz>; rel="next"`,
		`/v2/x; rel="next"`, `</v2/x; rel="next"`, `</v2/x>; rel="next`, `</v2/x> rel="next"`,
	} {
		_, err := nextLink([]string{header}, base)
		require.Error(t, err, header)
	}
	next, err := nextLink([]string{`</p>; rel="prev"`, `</n>; rel="next"`}, base)
	require.NoError(t, err)
	require.Equal(t, "https://quay.io/n", next.String())
}

func TestChallenges(t *testing.T) {
	for header, expected := range map[string]struct {
		scheme string
		realm  string
		scope  string
	}{
		`Bearer realm="https://auth.example/token",service="s",scope="repository:a/b:pull,push"`: {"bearer", "https://auth.example/token", "repository:a/b:pull,push"},
		`bearer realm=https://auth.example/token`:                                                {"bearer", "https://auth.example/token", ""},
		`Basic realm=openshift,error="authentication required"`:                                  {"basic", "openshift", ""},
		`Basic`:                             {"basic", "", ""},
		`Negotiate, Basic realm="x"`:        {"basic", "x", ""},
		`Negotiate abc==, Bearer realm="x"`: {"bearer", "x", ""},
		`Digest realm="a", qop="auth", Bearer realm="b", scope="c"`: {"bearer", "b", "c"},
		`Bearer scope="only", Basic realm="fallback"`:               {"basic", "fallback", ""},
	} {
		got, err := parseChallenges([]string{header})
		require.NoError(t, err, header)
		require.Equal(t, expected.scheme, got.Scheme, header)
		require.Equal(t, expected.realm, got.Parameters["realm"], header)
		require.Equal(t, expected.scope, got.Parameters["scope"], header)
	}
	for _, header := range []string{"", "Negotiate", `Bearer service="x"`, ",,,", `Digest realm="x"`} {
		_, err := parseChallenges([]string{header})
		require.Error(t, err, header)
	}
}

func TestContentRange(t *testing.T) {
	begin, size, ok := contentRange("bytes 5-9/10")
	require.True(t, ok)
	require.Equal(t, []int64{5, 10}, []int64{begin, size})
	begin, size, ok = contentRange("bytes 5-9/*")
	require.True(t, ok)
	require.Equal(t, []int64{5, -1}, []int64{begin, size})
	for _, value := range []string{"", "bytes */10", "bytes 9-5/10", "bytes 0-10/10", "5-9/10", "bytes -5-9/10"} {
		_, _, ok = contentRange(value)
		require.False(t, ok, value)
	}
}

func TestAddressesOfEveryNotation(t *testing.T) {
	for _, host := range []string{
		"169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662",
		"::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "169.254.0.1.",
	} {
		require.True(t, isLinkLocal(host), host)
	}
	for _, host := range []string{"quay.io", "169.253.1.1", "", "10.0.0.1", "169.254", "256.1.1.1.1", "1.2.3.4.5", "4294967296", "169-254-169-254.example"} {
		require.False(t, isLinkLocal(host), host)
	}
	for _, host := range []string{"10.1.2.3", "192.168.1.1", "172.16.0.1", "127.0.0.1", "localhost", "a.localhost", "::1", "fc00::1", "0.0.0.0", "2130706433"} {
		require.True(t, isPrivate(host), host)
	}
	for _, host := range []string{"8.8.8.8", "quay.io", "2001:db8::1"} {
		require.False(t, isPrivate(host), host)
	}
}

func FuzzLink(f *testing.F) {
	for _, s := range []string{`</v2/a?last=b>; rel="next"`, `<x>; title="\"", <y>; rel=next`, `<https://evil/>;rel=next`} {
		f.Add(s)
	}
	base, _ := url.Parse("https://quay.io/v2/a/tags/list")
	f.Fuzz(func(t *testing.T, header string) {
		next, err := nextLink([]string{header}, base)
		if err != nil || next == nil {
			return
		}
		require.Equal(t, "https", next.Scheme)
		require.True(t, strings.EqualFold("quay.io", next.Hostname()), next)
		require.Contains(t, []string{"", "443"}, next.Port())
		require.Nil(t, next.User)
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"30", "Sun, 01 Mar 2026 12:01:30 GMT", "-1", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait, ok := parseRetryAfter(value, noon)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, maxRetryAfter)
		require.True(t, ok || wait == 0)
	})
}

func FuzzRateLimit(f *testing.F) {
	f.Add("100;w=21600", "76;w=21600", "50")
	f.Add("10, 10;w=1", "0", "1772366460")
	f.Fuzz(func(t *testing.T, limit, remaining, reset string) {
		got, ok := parseRateLimit(http.Header{"Ratelimit-Limit": {limit}, "Ratelimit-Remaining": {remaining}, "Ratelimit-Reset": {reset}}, noon)
		if !ok {
			return
		}
		require.GreaterOrEqual(t, got.Remaining, 0)
		require.GreaterOrEqual(t, got.Limit, -1)
		for _, d := range []time.Duration{got.Window, got.Reset} {
			require.True(t, d >= 0 && d <= maxRetryAfter, d)
		}
		p := newPace(HostOptions{})
		p.observe(http.Header{"Ratelimit-Limit": {limit}, "Ratelimit-Remaining": {remaining}, "Ratelimit-Reset": {reset}})
		require.GreaterOrEqual(t, p.spread, time.Duration(0))
	})
}

func FuzzChallenge(f *testing.F) {
	for _, s := range []string{`Bearer realm="https://a/token",scope="b"`, `Negotiate abc==, Basic realm=x`, `Basic realm="\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := parseChallenges([]string{header, header})
		if err == nil {
			require.Contains(t, []string{"basic", "bearer"}, got.Scheme)
			require.True(t, got.Scheme == "basic" || got.Parameters["realm"] != "")
		}
	})
}

func FuzzManifestType(f *testing.F) {
	f.Add(`{"mediaType":"x","manifests":[]}`, "application/json")
	f.Add(`{"config":{},"layers":[]}`, "application/vnd.oci.image.manifest.v1+json")
	f.Fuzz(func(t *testing.T, raw, header string) {
		mediaType, _, err := typeOf([]byte(raw), header)
		require.True(t, err != nil || mediaType != "")
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add([]byte(`{"errors":[{"code":"DENIED","message":"no"}]}`))
	f.Add([]byte(`<html><title>x</title>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, message, _ := errorBody(body)
		require.LessOrEqual(t, len(code), 70)
		require.LessOrEqual(t, len(message), 210)
		require.NotContains(t, code+message, "\n")
	})
}

func TestReadSignatures(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"signatures":null}`: true, `{"signatures":[]}`: true, `{}`: false, `null`: false, `[]`: false, `{"signatures":{}}`: false, ``: false,
	} {
		signatures, err := readSignatures([]byte(body))
		require.Empty(t, signatures, body)
		require.Equal(t, ok, err == nil, body)
	}
	signatures, err := readSignatures([]byte(`{"signatures":[{"name":"sha256:1@x"}]}`))
	require.NoError(t, err)
	require.Equal(t, []Signature{{Name: "sha256:1@x"}}, signatures)
}
