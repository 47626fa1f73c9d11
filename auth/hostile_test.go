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
}

// TestDeniedErrorIsBounded: thousands of keys do not make an endless line.
func TestDeniedErrorIsBounded(t *testing.T) {
	e := &DeniedError{Image: "x", Explanation: &Explanation{}}
	for range 5000 {
		e.Explanation.Steps = append(e.Explanation.Steps, Step{Source: "s", Outcome: NearMiss})
	}
	require.Equal(t, "x: no credential was accepted"+strings.Repeat("; s: near miss", maxTold)+"; and 4992 more in the explanation", e.Error())
}
