package registryclient

import (
	"errors"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxChallenges is how many challenges of a response are looked at.
const maxChallenges = 16

// parseChallenges reads WWW-Authenticate headers (RFC 9110, section 11.6.1) and
// returns the first challenge that this client can answer, Bearer or Basic. A
// value without quotes is taken too: OpenShift's registry sends `Basic
// realm=openshift,error="…"`.
func parseChallenges(headers []string) (transport.Challenge, error) {
	seen := 0
	for _, rest := range headers {
		for rest = strings.TrimLeft(rest, " \t,"); rest != "" && seen < maxChallenges; seen++ {
			scheme, parameters, next := oneChallenge(rest)
			switch {
			case strings.EqualFold(scheme, "bearer") && parameters["realm"] != "":
				return transport.Challenge{Scheme: "bearer", Parameters: parameters}, nil
			case strings.EqualFold(scheme, "basic"):
				return transport.Challenge{Scheme: "basic", Parameters: parameters}, nil
			}
			rest = next
		}
	}
	return transport.Challenge{}, errors.New("no challenge that could be answered, Basic or Bearer with a realm")
}

// oneChallenge reads a scheme and its parameters and returns what comes after.
func oneChallenge(s string) (scheme string, parameters map[string]string, rest string) {
	parameters = map[string]string{}
	end := strings.IndexAny(s, " \t,")
	if end < 0 {
		return s, parameters, ""
	}
	scheme, s = s[:end], strings.TrimLeft(s[end:], " \t,")
	for s != "" {
		// The next challenge begins with a word that no equals sign follows.
		equals, space := strings.IndexByte(s, '='), strings.IndexAny(s, " \t")
		if equals < 0 || space >= 0 && space < equals && strings.TrimLeft(s[space:equals], " \t") != "" {
			return scheme, parameters, s
		}
		p, next, err := readParameter(s)
		if err != nil || len(next) >= len(s) {
			return scheme, parameters, ""
		}
		if _, there := parameters[p.name]; !there && p.name != "" {
			parameters[p.name] = p.value
		}
		s = strings.TrimLeft(next, " \t,;")
	}
	return scheme, parameters, ""
}
