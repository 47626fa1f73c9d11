package workload

import (
	"errors"
	"regexp"
	"strings"
)

// standinRef and standinParse stand in for the pull spec parser of package
// imagestream until that is there.
type standinRef struct{ Registry, Namespace, Name, Tag, ID string }

var standinRE = regexp.MustCompile(`^((?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?/)?([a-z0-9]+(?:(?:[._]|__|[-]*)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|[-]*)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?$`)

func standinParse(spec string) (standinRef, error) {
	m := standinRE.FindStringSubmatch(spec)
	if m == nil {
		return standinRef{}, errors.New("not a pull spec")
	}
	r := standinRef{Tag: m[3], ID: m[4]}
	parts := strings.SplitN(m[1]+m[2], "/", 2)
	if len(parts) == 2 && (strings.ContainsAny(parts[0], ":.") || parts[0] == "localhost") {
		r.Registry = parts[0]
		parts = strings.SplitN(parts[1], "/", 2)
	}
	if len(parts) == 2 {
		r.Namespace, r.Name = parts[0], parts[1]
	} else {
		r.Name = parts[0]
	}
	return r, nil
}
