package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDocumentKeepsOrder(t *testing.T) {
	doc, err := parseDocument([]byte(`{"auths": {"c.io": {}, "a.io": {}, "b.io": {}, "a.io": {"username": "u"}},
		"credHelpers": {"z.io": "z", "y.io": "y"}, "credsStore": "s"}`), FormatConfig)
	require.NoError(t, err)
	var keys []string
	for _, e := range doc.entries {
		keys = append(keys, e.key)
	}
	require.Equal(t, []string{"c.io", "a.io", "b.io"}, keys, "a key that is there twice holds the later value")
	require.Equal(t, "u", doc.entries[1].cred.Username)
	require.Equal(t, "z.io", doc.helpers[0].key)
	require.Equal(t, "s", doc.store)
}

func TestBrokenDocuments(t *testing.T) {
	for text, reason := range map[string]string{
		`{"auths": {"quay.io": {"auth": c2VjcmV0}}}`: "not JSON, at byte 32 of 42",
		`{"auths": {`:                       "not JSON",
		`[]`:                                "not a JSON object",
		`"auths"`:                           "not a JSON object",
		`{} {}`:                             "not JSON, at byte 4 of 5",
		"\xef\xbb\xbf{}":                    "byte order mark",
		strings.Repeat(`{"auths":`, 20_000): "not JSON",
	} {
		doc, err := parseDocument([]byte(text), FormatConfig)
		require.Nil(t, doc)
		require.ErrorIs(t, err, ErrMalformed, text)
		require.ErrorContains(t, err, reason)
	}
	_, err := parseDocument(make([]byte, 10<<20), FormatConfig)
	require.ErrorIs(t, err, ErrTooLarge)
	require.EqualError(t, err, "too large: more than 4194304 bytes")
}

func TestProblemsNameTheirField(t *testing.T) {
	doc, err := parseDocument([]byte(`{
		"auths": {
			"n.io": {"auth": 7}, "b.io": {"auth": "%"}, "c.io": {"auth": "bm9jb2xvbg"}, "l.io": [], "p.io": {"password": {}},
			"bad key": {"auth": "aDpwdw=="}, "t.io": {"identitytoken": 1}
		},
		"credHelpers": {"quay.io/org": "x", "a.io": "../../bin/sh", "b.io": 3, "ok.io": "ok", "none.io": ""},
		"credsStore": ["x"]
	}`), FormatConfig)
	require.NoError(t, err)
	var got []string
	for _, e := range doc.entries {
		got = append(got, fmt.Sprintf("%s: %v", e.key, e.err()))
		require.True(t, errors.Is(e.err(), ErrMalformed))
	}
	require.Equal(t, []string{
		"n.io: auth: malformed: not a string",
		"b.io: auth: malformed: not base64",
		"c.io: auth: malformed: no colon between user name and password in the base64",
		"l.io: malformed: not a JSON object",
		"p.io: password: malformed: not a string",
		"bad key: malformed: the key has a space or a control character",
		"t.io: identitytoken: malformed: not a string",
	}, got)
	got = nil
	for _, err := range doc.problems {
		got = append(got, err.Error())
	}
	require.Equal(t, []string{
		`credHelpers["quay.io/org"]: malformed: the key is not a registry`,
		`credHelpers["a.io"]: malformed: the name of a credential helper has a character that no such name has`,
		`credHelpers["b.io"]: malformed: not a string`,
		`credsstore: malformed: not a string`,
	}, got)
	require.Equal(t, []helperEntry{{"ok.io", doc.helpers[0].pattern, "ok"}}, doc.helpers)

	doc, err = parseDocument([]byte(`{"auths": ["quay.io"], "credHelpers": "x"}`), FormatConfig)
	require.NoError(t, err, "other members may be sound")
	require.Len(t, doc.problems, 2)
}

// TestDecodeAuth is about what may stand between the quotes.
func TestDecodeAuth(t *testing.T) {
	cases := []struct{ auth, username, password string }{
		{"aGg6cHc=", "hh", "pw"},
		{"aGg6cHc", "hh", "pw"},
		{"aGg6\r\ncHc=\n", "hh", "pw"},
		{"Og==", "", ""},
		{base64.StdEncoding.EncodeToString([]byte("12345678|robot:" + strings.Repeat("eyJ.", 300))), "12345678|robot", strings.Repeat("eyJ.", 300)},
		{base64.StdEncoding.EncodeToString([]byte("org+robot:a:b:c")), "org+robot", "a:b:c"},
		{base64.StdEncoding.EncodeToString([]byte("\u00fcser:p\u00e4ss")), "\u00fcser", "p\u00e4ss"},
	}
	for _, c := range cases {
		username, password, err := decodeAuth(c.auth)
		require.NoError(t, err, c.auth)
		require.Equal(t, [2]string{c.username, c.password}, [2]string{username, password})
	}
	for _, bad := range []string{"", "=", "a", "aGg6cHc==", " aGg6cHc=", "aGg6_-8_", "dXNlcg=="} {
		_, _, err := decodeAuth(bad)
		require.ErrorIs(t, err, ErrMalformed, "%q", bad)
	}
}

// FuzzDocument: no text panics, errors are of a class, and no entry has both a
// credential and a problem.
func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		`{"auths":{"quay.io":{"auth":"aGg6cHc="},"https://index.docker.io/v1/":{"username":"u","password":"p","identitytoken":"t"}}}`,
		`{"credHelpers":{"quay.io":"x"},"credsStore":"y","auths":null}`, `{"quay.io":{"auth":"aGg6cHc="}}`, ``, `{"auths":{"":{}}}`, `{"auths":{"a":{"auth":"\u0000"}}}`,
	} {
		f.Add([]byte(text), "quay.io/org/app")
	}
	f.Fuzz(func(t *testing.T, text []byte, image string) {
		target, imageErr := parseImage(image)
		for _, format := range []Format{FormatConfig, FormatLegacy} {
			doc, err := parseDocument(text, format)
			if err != nil {
				require.True(t, errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge))
				continue
			}
			for _, e := range doc.entries {
				require.False(t, e.problem != nil && !e.cred.IsZero())
			}
			if imageErr != nil {
				continue
			}
			for _, compat := range []bool{false, true} {
				r := NewResolver(Options{KubeletCompat: compat}, Document("fuzz", text, DocumentOptions{Format: format, Kubernetes: compat}))
				e, err := r.explain(t.Context(), target, image)
				require.NoError(t, err)
				require.NotEmpty(t, e.Steps)
				_ = e.String()
			}
		}
	})
}
