package auth

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// An entry is one member of a document's auths.
type entry struct {
	key     string // as written
	field   string // where it is in the document
	pattern pattern
	// kubelet is the key as the kubelet reads it.
	kubelet kubeletPattern
	cred    Credential
	// empty says that there is nothing in it, as docker writes for a registry
	// whose credential a helper has.
	empty bool
	// keyProblem says what is wrong with the key. The kubelet may accept it.
	keyProblem error
	// problem says what is wrong with the value, nil for a sound entry.
	problem error
}

func parseEntry(key string, value json.RawMessage) *entry {
	e := &entry{key: key, kubelet: parseKubeletKey(key)}
	e.pattern, e.keyProblem = parseKey(key)
	var member string
	if e.cred, member, e.problem = parseCredential(value); e.problem != nil {
		if member != "" {
			e.problem = &fieldProblem{member, e.problem}
		}
		e.cred = Credential{}
	}
	e.empty = e.problem == nil && e.cred.IsZero()
	return e
}

// err is what is wrong with the entry.
func (e *entry) err() error { return cmp.Or(e.keyProblem, e.problem) }

// A fieldProblem says in which member of an entry the problem is.
type fieldProblem struct {
	field string
	err   error
}

func (p *fieldProblem) Error() string { return p.field + ": " + p.err.Error() }
func (p *fieldProblem) Unwrap() error { return p.err }

// parseCredential reads the value of an entry. auth holds over username and
// password, as for every reader there is. The errors repeat nothing of the value.
func parseCredential(value json.RawMessage) (c Credential, member string, err error) {
	var auth, username, password, identity, registry string
	outer := eachMember(value, func(name string, value json.RawMessage) {
		var to *string
		switch name = strings.ToLower(name); name {
		case "auth":
			to = &auth
		case "username":
			to = &username
		case "password":
			to = &password
		case "identitytoken":
			to = &identity
		case "registrytoken":
			to = &registry
		}
		if to != nil && err == nil {
			if *to, err = stringOf(value); err != nil {
				member = name
			}
		}
	})
	if outer != nil {
		return c, "", outer
	}
	if err != nil {
		return c, member, err
	}
	if auth != "" {
		if username, password, err = decodeAuth(auth); err != nil {
			return c, "auth", err
		}
	}
	c.Username = username
	c.Password = NewSecretValue(strings.Trim(password, "\x00"))
	c.IdentityToken = NewSecretValue(identity)
	c.RegistryToken = NewSecretValue(registry)
	return c, "", nil
}

// decodeAuth reads base64(username:password), with or without padding. The
// password may hold colons, and line ends within the base64 count for nothing.
func decodeAuth(auth string) (username, password string, err error) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimRight(auth, "\r\n"), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(auth)
	if err != nil {
		return "", "", malformed("not base64")
	}
	username, password, colon := strings.Cut(string(decoded), ":")
	if !colon {
		return "", "", malformed("no colon between user name and password in the base64")
	}
	return username, password, nil
}

// quoteKey returns a key fit for a terminal, without a password before its host.
func quoteKey(key string) string { return strconv.Quote(showKey(key)) }

func showKey(key string) string {
	rest, _ := cutScheme(key)
	host := beforePath(rest)
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && (i < len(host) || strings.Contains(rest[:i], ":")) {
		return strings.TrimSuffix(key, rest) + redacted + rest[i:]
	}
	return key
}
