package auth

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// redact takes the secrets of credentials out of a text, in the forms that clients and
// servers write them.
func redact(text string, credentials ...Credential) string {
	var forms []string
	for _, c := range credentials {
		for _, secret := range []string{c.Password.Reveal(), c.IdentityToken.Reveal(), c.RegistryToken.Reveal()} {
			if secret != "" {
				forms = appendForms(forms, c.Username+":"+secret)
				forms = appendForms(forms, secret)
			}
		}
	}
	// The longest first: one secret may be the beginning of another.
	slices.SortStableFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	return text
}

// appendForms adds the ways to write a text.
func appendForms(forms []string, plain string) []string {
	text := []byte(plain)
	forms = append(forms,
		plain, html.EscapeString(plain),
		base64.StdEncoding.EncodeToString(text), base64.RawStdEncoding.EncodeToString(text),
		base64.URLEncoding.EncodeToString(text), base64.RawURLEncoding.EncodeToString(text),
		hex.EncodeToString(text), strings.ToUpper(hex.EncodeToString(text)),
		url.QueryEscape(plain), url.PathEscape(plain), strings.ToLower(url.QueryEscape(plain)),
	)
	var escaped bytes.Buffer
	encoder := json.NewEncoder(&escaped)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(plain) // never fails for a string
	withHTML, _ := json.Marshal(plain)
	for _, quoted := range []string{fmt.Sprintf("%q", plain), fmt.Sprintf("%+q", plain), strings.TrimSpace(escaped.String()), string(withHTML)} {
		forms = append(forms, quoted[1:len(quoted)-1])
	}
	return forms
}
