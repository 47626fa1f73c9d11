package registryclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// nextLink reads the URL of the next page from Link headers (RFC 8288), relative
// to the page at base. It returns nil where there is none. A link to another host
// or scheme is an error: the credential would go with the request.
func nextLink(headers []string, base *url.URL) (*url.URL, error) {
	for _, header := range headers {
		for rest := header; ; {
			target, relation, next, err := oneLink(rest)
			if err != nil {
				return nil, err
			}
			if isNext(relation) {
				return resolveLink(target, base)
			}
			if next == "" {
				break
			}
			rest = next
		}
	}
	return nil, nil
}

// isNext reports whether "next" is among the relations, which spaces separate. A page that
// is passed over would make a listing look whole.
func isNext(relations string) bool {
	for relation := range strings.FieldsSeq(relations) {
		if strings.EqualFold(relation, "next") {
			return true
		}
	}
	return false
}

func resolveLink(target string, base *url.URL) (*url.URL, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, errors.New("the target of the Link header is not a URL")
	}
	u = base.ResolveReference(u)
	if u.User != nil || u.Scheme != base.Scheme || !strings.EqualFold(hostPort(u), hostPort(base)) {
		return nil, fmt.Errorf("the Link header leads to %s://%s", u.Scheme, clean(u.Host, 100))
	}
	u.Fragment = ""
	return u, nil
}

// oneLink reads the first `<target>; name=value; …` of a header and returns what
// comes after its comma.
func oneLink(s string) (target, relation, rest string, err error) {
	malformed := errors.New("malformed Link header")
	s = strings.TrimLeft(s, " \t,")
	if s == "" {
		return "", "", "", nil
	}
	if s[0] != '<' {
		return "", "", "", malformed
	}
	end := strings.IndexByte(s, '>')
	if end < 0 {
		return "", "", "", malformed
	}
	target, s = s[1:end], strings.TrimLeft(s[end+1:], " \t")
	for strings.HasPrefix(s, ";") {
		var p parameter
		if p, s, err = readParameter(s[1:]); err != nil {
			return "", "", "", malformed
		}
		if p.name == "rel" && relation == "" {
			relation = p.value // the first one counts, RFC 8288, section 3.3
		}
	}
	if s != "" && s[0] != ',' {
		return "", "", "", malformed
	}
	return target, relation, strings.TrimLeft(s, ", \t"), nil
}

// A parameter is name=value of a header, the name in lower case.
type parameter struct{ name, value string }

// readParameter reads `name=value` or `name="value"` and the white space around it.
// A name without a value is allowed.
func readParameter(s string) (parameter, string, error) {
	s = strings.TrimLeft(s, " \t")
	end := strings.IndexAny(s, "=;, \t")
	if end < 0 {
		end = len(s)
	}
	p := parameter{name: strings.ToLower(s[:end])}
	s = strings.TrimLeft(s[end:], " \t")
	if !strings.HasPrefix(s, "=") {
		return p, s, nil
	}
	s = strings.TrimLeft(s[1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, rest, ok := readQuoted(s[1:])
		if !ok {
			return p, "", errors.New("a quote is not closed")
		}
		p.value = value
		return p, strings.TrimLeft(rest, " \t"), nil
	}
	if end = strings.IndexAny(s, ";, \t"); end < 0 {
		end = len(s)
	}
	p.value = s[:end]
	return p, strings.TrimLeft(s[end:], " \t"), nil
}

// readQuoted reads up to the closing quote, with backslashes before what is meant
// literally.
func readQuoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// hostPort returns the host with the port of its scheme, so that equal ends
// compare equal.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
