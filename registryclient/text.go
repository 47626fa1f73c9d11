package registryclient

import (
	"net/url"
	"strings"
	"unicode"
)

// clean makes a text of someone else fit for one line of an error: no control
// characters, no runs of white space, not longer than limit bytes.
func clean(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit]
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// urlText is a URL without what may be secret: the user and the query, which holds
// the signature of a signed URL. The parameters of paging stay.
func urlText(u *url.URL) string {
	if u == nil {
		return ""
	}
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if strings.HasPrefix(u.Path, "/v2/") {
		kept := url.Values{}
		for name, values := range u.Query() {
			if name == "n" || name == "last" || name == "artifactType" {
				kept[name] = values
			}
		}
		plain.RawQuery = kept.Encode()
	}
	return clean(plain.String(), 300)
}
