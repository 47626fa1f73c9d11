package access

import (
	"net/url"
	"strings"
)

const maxPath = 8 << 10

// ForRequest returns what the integrated registry asks before it serves a
// request, in its order. All must be allowed but for those that are Optional.
//
//   - Of a repository: GET and HEAD are Pull; POST, PUT and PATCH are Pull and
//     Push; DELETE is Delete. ?from= another repository, to mount a blob, adds
//     Pull of that, which is optional where something is pushed.
//   - /v2/_catalog is Catalog, and /v2/ nothing: there the registry only looks
//     whose token it is.
//   - /admin/blobs/<digest> is Prune.
//   - /extensions/v2/<ns>/<name>/signatures/<digest> is ReadSignatures or
//     WriteSignature, and in addition what the method means for the repository:
//     who writes a signature must be allowed to push.
//   - /extensions/v2/metrics is Metrics.
//
// The error is an [*Error] of class [ErrUnknownRequest] or
// [ErrInvalidRepository].
func ForRequest(method string, u *url.URL) ([]Access, error) {
	if u == nil {
		u = &url.URL{}
	}
	wrong := func(reason string) ([]Access, error) {
		return nil, &Error{"read request", requestText(method, u), reason, ErrUnknownRequest}
	}
	path := u.Path
	if len(path) > maxPath || len(u.RawQuery) > maxPath {
		return wrong("it is too long")
	}
	if rest, ok := strings.CutPrefix(path, "/v2/"); ok {
		switch rest {
		case "":
			return nil, nil
		case "_catalog":
			if method == "GET" {
				return []Access{{Action: Catalog}}, nil
			}
			return wrong("the catalog can only be read")
		}
		repository, ok := cutRoute(rest, "manifests", "blobs", "tags", "referrers")
		if !ok {
			return wrong("no such path")
		}
		return forRepository(method, repository, u)
	}
	if rest, ok := strings.CutPrefix(path, "/extensions/v2/"); ok {
		return forExtension(method, rest, u)
	}
	if digest, ok := strings.CutPrefix(path, "/admin/blobs/"); ok && digest != "" && !strings.Contains(digest, "/") && method == "DELETE" {
		return []Access{{Action: Prune}}, nil
	}
	return wrong("no such path")
}

// requestText names a request in an error; both parts come from the client.
func requestText(method string, u *url.URL) string {
	return quoteShort(method) + " " + quoteShort(u.Path)
}

func forExtension(method, rest string, u *url.URL) ([]Access, error) {
	if rest == "metrics" && method == "GET" {
		return []Access{{Action: Metrics}}, nil
	}
	repository, ok := cutRoute(rest, "signatures")
	action := map[string]Action{"GET": ReadSignatures, "PUT": WriteSignature}[method]
	if !ok || action == "" {
		return nil, &Error{"read request", requestText(method, u), "no such path", ErrUnknownRequest}
	}
	accesses, err := forRepository(method, repository, u)
	if err != nil {
		return nil, err
	}
	return append([]Access{{Action: action, Repository: repository}}, accesses...), nil
}

// cutRoute cuts a path at what follows the name of a repository. The registry's
// routes take the last place where that may be.
func cutRoute(path string, kinds ...string) (repository string, ok bool) {
	at := -1
	for _, kind := range kinds {
		at = max(at, strings.LastIndex(path, "/"+kind+"/"))
	}
	if at < 0 {
		return "", false
	}
	return path[:at], true
}

func forRepository(method, repository string, u *url.URL) ([]Access, error) {
	var accesses []Access
	switch method {
	case "GET", "HEAD":
		accesses = []Access{{Action: Pull, Repository: repository}}
	case "POST", "PUT", "PATCH":
		accesses = []Access{{Action: Pull, Repository: repository}, {Action: Push, Repository: repository}}
	case "DELETE":
		accesses = []Access{{Action: Delete, Repository: repository}}
	default:
		return nil, &Error{"read request", requestText(method, u), "no such method", ErrUnknownRequest}
	}
	if from := u.Query().Get("from"); from != "" && from != repository {
		accesses = append(accesses, Access{Action: Pull, Repository: from, Optional: len(accesses) > 1})
	}
	for _, a := range accesses {
		if _, _, reason := splitRepository(a.Repository); reason != "" {
			return nil, a.repositoryError("read request", reason)
		}
	}
	return accesses, nil
}
