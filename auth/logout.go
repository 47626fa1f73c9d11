package auth

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// Logout takes the credentials for a registry, or for a namespace or repository there,
// out of an auth file, as `podman logout --authfile` does, but under whatever spelling
// the entries have: logging out of docker.io removes https://index.docker.io/v1/ too.
// Entries for namespaces stay when the registry is logged out of. Where credHelpers of
// the file names a helper for the registry as a whole, the helper erases what it has.
//
// registry is checked, and the file written, as by [Login]. The error is an [*Error]:
// [ErrNotFound] where there is no such entry or no such file, or as of Login.
func Logout(ctx context.Context, path, registry string, o DocumentOptions) error {
	o = optionsFor(path, o)
	fail := func(err error) error {
		return &Error{Op: "log out", Object: "file " + path, Err: withoutPath(err)}
	}
	key, err := parseLoginKey(registry, o.Kubernetes)
	if err != nil {
		return fail(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fail(notLoggedIn(key))
	}
	helper, server, err := helperInFile(path, key, o)
	if err != nil {
		return fail(err)
	}
	erased := false
	if helper != "" {
		if erased, err = eraseInHelper(ctx, helper, server); err != nil {
			return err
		}
	}
	err = fileEditor{}.edit(ctx, path, func(text []byte) ([]byte, error) {
		return logout(text, key, o.Format)
	})
	if err != nil && (!erased || !errors.Is(err, ErrNotFound)) {
		return fail(err)
	}
	return nil
}

// LogoutDocument does what [Logout] does to a file to a document in memory, and returns
// the new one; the old is not changed. credHelpers are passed over.
//
// The error is an [*Error] that is [ErrMalformed], [ErrTooLarge], or [ErrNotFound]
// where there is no such entry.
func LogoutDocument(document []byte, registry string, o DocumentOptions) ([]byte, error) {
	key, err := parseLoginKey(registry, o.Kubernetes)
	if err == nil {
		document, err = logout(document, key, o.Format)
	}
	if err != nil {
		return nil, &Error{Op: "log out", Object: "document", Err: err}
	}
	return document, nil
}

// LogoutSecret does what [Logout] does to a file to a pull secret of either type. Like
// [LoginSecret] it returns the key of the data and the document that belongs there.
//
// The error is an [*Error] that is [ErrMalformed], [ErrTooLarge], or [ErrNotFound]
// where there is no such entry.
func LogoutSecret(s *PullSecret, registry string) (key string, document []byte, err error) {
	document, o, err := s.editable()
	var at loginKey
	if err == nil {
		at, err = parseLoginKey(registry, true)
	}
	if err == nil {
		document, err = logout(document, at, o.Format)
	}
	if err != nil {
		return "", nil, &Error{Op: "log out", Object: secretTitle(s.Namespace, s.Name), Err: err}
	}
	return dataKey(o.Format), document, nil
}

func notLoggedIn(key loginKey) error {
	return &problem{ErrNotFound, "no credential for " + key.text}
}
