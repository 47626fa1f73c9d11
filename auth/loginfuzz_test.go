package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outline lists the members of a document with their bytes, those left out that stand
// for the key.
func outline(t *testing.T, text []byte, key loginKey, format Format) (all []string) {
	t.Helper()
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	list := func(path string, value []byte, entries bool) []json.RawMessage {
		var inner []json.RawMessage
		require.NoError(t, eachMember(value, func(name string, value json.RawMessage) {
			switch {
			case entries && key.sameAs(name):
			case !entries && isAuths(name):
				inner = append(inner, value)
			default:
				all = append(all, path+name+"="+string(value))
			}
		}))
		return inner
	}
	for _, auths := range list("", text, format == FormatLegacy) {
		list("auths.", auths, true)
	}
	return all
}

// FuzzLogin: whatever is in a document, an edit either refuses it or changes nothing but
// the entries of the key; what was stored is read back; and logging out of what was
// new gives the document that there was.
func FuzzLogin(f *testing.F) {
	for _, text := range []string{
		"", " ", "null", "{}", "{ }", "[]", `{"auths":{}}`, "{\n  \"auths\": {\n    \"a.io\": {\"auth\": \"eDp5\"}\n  }\n}\n",
		`{"auths":{"quay.io":{"AUTH":"x","auth":"y","email":"e"},"https://quay.io/v1/":null,"QUAY.IO:443":7},"Auths":{"quay.io":{}},"x":[1,{"a":"]"}]}`,
		"{\r\n\t\"credsStore\":\"s\" ,\r\n\"auths\"\t:{ \"b\":{} , \"c\":{} }}", `{"quay.io":{"username":"u"},"\u0071uay.io":{"password":"p"}}`, `{"auths":{"a":{},"a":{}}}`,
	} {
		for _, registry := range []string{"quay.io", "docker.io", "a.io/b"} {
			f.Add([]byte(text), registry, "user", "pass:word", false)
		}
		f.Add([]byte(text), "*.io", "user", "pass:word", true)
	}
	f.Fuzz(func(t *testing.T, text []byte, registry, user, password string, legacy bool) {
		o := DocumentOptions{Kubernetes: legacy}
		if legacy {
			o.Format = FormatLegacy
		}
		c := NewBasic(user, password)
		before := bytes.Clone(text)
		after, err := LoginDocument(text, registry, c, o)
		require.Equal(t, before, text)
		key, keyErr := parseLoginKey(registry, o.Kubernetes)
		if err != nil {
			require.True(t, errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge), err)
			if len(password) > 12 {
				require.NotContains(t, err.Error(), password)
			}
			return
		}
		require.NoError(t, keyErr)
		require.True(t, json.Valid(after), "%q", after)
		require.Equal(t, outline(t, text, key, o.Format), outline(t, after, key, o.Format))

		doc, err := parseDocument(after, o.Format)
		require.NoError(t, err)
		found := 0
		for _, e := range doc.entries {
			if key.sameAs(e.key) {
				require.NoError(t, e.err())
				require.True(t, e.cred.Equal(c), "%s in %q", e.cred, after)
				found++
			}
		}
		require.Positive(t, found)

		again, err := LoginDocument(after, registry, c, o)
		require.NoError(t, err)
		require.Equal(t, string(after), string(again))

		out, err := LogoutDocument(after, registry, o)
		require.NoError(t, err)
		require.Equal(t, outline(t, text, key, o.Format), outline(t, out, key, o.Format))
		_, err = LogoutDocument(out, registry, o)
		require.ErrorIs(t, err, ErrNotFound)
		if _, err := LogoutDocument(text, registry, o); err != nil && len(outline(t, text, key, o.Format)) > 0 && !addsTheFirst(text, o.Format) {
			require.Equal(t, string(text), string(out), "there was none")
		}
	})
}

// addsTheFirst reports whether a login makes auths, or its white space, anew.
func addsTheFirst(text []byte, format Format) bool {
	empty := format == FormatConfig
	_ = eachMember(text, func(name string, value json.RawMessage) {
		if format == FormatConfig && isAuths(name) {
			empty = len(value) < 4 || strings.Trim(string(value[1:len(value)-1]), " \t\r\n") == "" // the last one is added to
		}
	})
	return empty
}
