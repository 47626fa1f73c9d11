package auth

import (
	"context"
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
// the two of its service. Names of routes have to be given.
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
	return Source{loader: &tokenLoader{path: tokenFile, hosts: hosts}, tier: tierExplicit}
}

// A tokenLoader reads the token at each use. It serves no old one: that would be
// refused, and the file is replaced atomically.
type tokenLoader struct {
	path  string
	hosts []string
}

func (l *tokenLoader) String() string { return "service account token " + l.path }

func (l *tokenLoader) load(context.Context) (*snapshot, error) {
	p := &place{name: l.String()}
	token, err := readToken(l.path)
	switch {
	case os.IsNotExist(err):
		p.outcome = Missing
	case err != nil:
		p.outcome, p.err = Unreadable, &Error{Op: "read", Object: p.name, Err: withoutPath(err)}
	default:
		p.fixed = &fixedCredential{cred: NewBasic("serviceaccount", token)}
		for _, host := range l.hosts {
			if pattern, err := parseKey(host); err == nil {
				p.fixed.hosts = append(p.fixed.hosts, pattern.host)
				p.fixed.keys = append(p.fixed.keys, host)
			}
		}
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
