package auth

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// ServiceAccountTokenPath is where a pod finds the token of its ServiceAccount.
const ServiceAccountTokenPath = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// maxTokenBytes bounds the file of a token.
const maxTokenBytes = 64 << 10

// IntegratedRegistry returns a source for the registry of an OpenShift cluster: the
// token of a ServiceAccount, as the password. The file is read anew each time, since
// the token is replaced about hourly; an empty path stands for
// [ServiceAccountTokenPath]. hosts are names of the registry; without any they are
// the two of its service. Names of routes have to be given, each of them: one that is
// no registry's name, or has a wildcard or a path, is passed over, and explanations
// say so.
//
// The registry does not look at the user name, which is "serviceaccount".
func IntegratedRegistry(tokenFile string, hosts ...string) Source {
	if tokenFile == "" {
		tokenFile = ServiceAccountTokenPath
	}
	if len(hosts) == 0 {
		hosts = []string{
			"image-registry.openshift-image-registry.svc:5000",
			"image-registry.openshift-image-registry.svc.cluster.local:5000",
		}
	}
	l := &tokenLoader{path: tokenFile}
	for _, host := range hosts {
		p, err := parseKey(host)
		if err == nil && (p.path != "" || p.glob) {
			err = malformed("not the name of one registry")
		}
		if err != nil {
			l.problems = append(l.problems, fmt.Errorf("host %s: %w", quoteKey(host), err))
			continue
		}
		l.fixed.hosts = append(l.fixed.hosts, p.host)
		l.fixed.keys = append(l.fixed.keys, host)
	}
	return Source{loader: l, tier: tierExplicit}
}

// A tokenLoader reads the token at each use. It serves no old one: that would be
// refused, and the file is replaced atomically.
type tokenLoader struct {
	path     string
	fixed    fixedCredential // without the token
	problems []error         // what is wrong with the hosts
}

func (l *tokenLoader) String() string { return "service account token " + l.path }

func (l *tokenLoader) load(context.Context) (*snapshot, error) {
	p := &place{name: l.String(), problems: l.problems}
	token, err := readToken(l.path)
	switch {
	case os.IsNotExist(err):
		p.outcome = Missing
	case err != nil:
		p.outcome, p.err = Unreadable, &Error{Op: "read", Object: p.name, Err: withoutPath(err)}
	default:
		fixed := l.fixed
		fixed.cred = NewBasic("serviceaccount", token)
		p.fixed = &fixed
	}
	return newSnapshot([]*place{p}), nil
}

func readToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	data, _, err := readFile(path, info, maxTokenBytes)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", malformed("the file is empty")
	}
	return token, nil
}
