package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzHelperAnswer: whatever a helper prints, it is a credential or an error.
func FuzzHelperAnswer(f *testing.F) {
	for _, text := range []string{`{"ServerURL":"x","Username":"u","Secret":"s"}`, `{"Username":"<token>","Secret":"t"}`, `{}`, ``, `null`, `[1]`, `{"Secret":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseHelperAnswer(text)
		require.False(t, err != nil && !c.IsZero())
		if err == nil && c.Username == "<token>" {
			t.Error("a helper's <token> is no user name")
		}
	})
}

// FuzzParseSecrets: what is not laid out as Secrets is an error of a class.
func FuzzParseSecrets(f *testing.F) {
	for _, text := range []string{
		`{"kind":"Secret","metadata":{"name":"a"},"type":"kubernetes.io/dockercfg","data":{".dockercfg":"e30="}}`,
		`{"kind":"List","items":[{"kind":"Secret"},{"kind":"Pod"},7,null]}`, `{"kind":"SecretList","items":null}`, `[]`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		secrets, err := ParseSecrets(text)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
		}
		for _, s := range secrets {
			_, _, err := s.document()
			require.True(t, err == nil || errors.Is(err, ErrMalformed))
		}
	})
}

// TestRedact: the forms in which a client or server may repeat a secret.
func TestRedact(t *testing.T) {
	c := NewBasic("bob", "p\u00e4ss/w+rd")
	text := "plain p\u00e4ss/w+rd, Basic Ym9iOnDDpHNzL3crcmQ=, query p%C3%A4ss%2Fw%2Brd, hex 70c3a473732f772b7264"
	require.Equal(t, "plain [redacted], Basic [redacted], query [redacted], hex [redacted]", redact(text, c))
	require.Equal(t, "nothing", redact("nothing", Credential{}))

	c = NewBasic("bob", "<a&b>\"\u00e9'")
	for how, text := range map[string]string{
		"JSON":             `{"sent": "\u003ca\u0026b\u003e\"` + "\u00e9" + `'"}`,
		"JSON for people":  `{"sent": "<a&b>\"` + "\u00e9" + `'"}`,
		"JSON, name too":   `{"sent": "bob:\u003ca\u0026b\u003e\"` + "\u00e9" + `'"}`,
		"HTML":             "<p>&lt;a&amp;b&gt;&#34;\u00e9&#39;</p>",
		"ASCII":            `"<a&b>\"\u00e9'"`,
		"hex, upper case":  "3C6126623E22C3A927",
		"query, lowercase": "%3ca%26b%3e%22%c3%a9%27",
	} {
		require.Contains(t, redact(text, c), redacted, how)
		for _, part := range []string{"a&b", "0026", "amp", "6126", "%26"} {
			require.NotContains(t, redact(text, c), part, how)
		}
	}
}

// TestRedactOverlappingSecrets: a secret that begins like another does not leave the
// rest of that one.
func TestRedactOverlappingSecrets(t *testing.T) {
	short, long := NewBasic("bob", "hunter"), NewBasic("bob", "hunter2-long")
	for _, order := range [][]Credential{{short, long}, {long, short}} {
		require.Equal(t, "sent [redacted], before [redacted]", redact("sent hunter2-long, before hunter", order...))
	}
}

// TestDeniedErrorIsBounded: thousands of keys do not make an endless line.
func TestDeniedErrorIsBounded(t *testing.T) {
	e := &DeniedError{Image: "x", Explanation: &Explanation{}}
	for range 5000 {
		e.Explanation.Steps = append(e.Explanation.Steps, Step{Source: "s", Outcome: NearMiss})
	}
	require.Equal(t, "x: no credential was accepted"+strings.Repeat("; s: near miss", maxTold)+"; and 4992 more in the explanation", e.Error())
}
