package auth

import (
	"context"
	"strings"
	"unicode/utf8"
)

// Login stores the credential for a registry, or for a namespace or repository
// there, in an auth file, as `podman login --authfile` does: without asking the
// registry whether it is right.
//
// registry is what a key may be: quay.io, quay.io/org, localhost:5000. A scheme, a
// path /v1 or /v2 and a final slash are taken off, the host is put in lower case, the
// names of Docker Hub become docker.io; only https://index.docker.io/v1/ stays, which
// is the one that docker looks for. A tag, a digest, a user name, white space, an
// empty part and, unless o.Kubernetes says that the file is for Kubernetes, a
// wildcard are refused.
//
// Of the file nothing else changes: members that this package does not know, other
// entries, their order and the white space stay byte for byte. Every entry that stands
// for the same, under whatever spelling, gets the credential, so that none keeps an old
// one; unknown members of an entry, like email, stay. If no spelling is there that
// every tool reads, an entry is added at the end. A file that is missing, empty or
// white space is created; one that is broken, larger than [MaxDocumentBytes] or not a
// regular file is refused and left as it is.
//
// Where credHelpers of the file names a helper for the registry as a whole, the helper
// stores the credential and the file stays as it is. credsStore is passed over, as
// podman does.
//
// The file is replaced at once, so that readers and a crash find the old or the new one
// whole, and both it and its directory are written to the disk before Login returns. Its
// mode is 0600 then, whatever it was, and its owner and group stay: where they cannot,
// as with another user's file, it is refused. Missing directories are created with mode
// 0700. A symbolic link stays, and the file that it points to is replaced. Logins and
// logouts of this package wait for each other, between processes too, until ctx ends;
// podman and docker do not take part in that. The lock is a file beside the auth file
// that exists as long as it is held.
//
// A name that ends in .dockercfg is read and written as FormatLegacy.
//
// The error is an [*Error]: [ErrMalformed] for the registry, the credential or the
// file, [ErrTooLarge] for the file, [ErrHelper], the context's, or that of the file
// system.
func Login(ctx context.Context, path, registry string, c Credential, o DocumentOptions) error {
	o = optionsFor(path, o)
	const op = "log in"
	object := "file " + path
	key, err := checkLogin(registry, c, o)
	if err != nil {
		return &Error{Op: op, Object: object, Err: err}
	}
	helper, server, err := helperInFile(path, key, o)
	if err == nil && helper != "" {
		return storeInHelper(ctx, helper, server, c)
	}
	if err == nil {
		err = fileEditor{create: true}.edit(ctx, path, func(text []byte) ([]byte, error) {
			return login(text, key, c, o.Format)
		})
	}
	if err != nil {
		return &Error{Op: op, Object: object, Err: withoutPath(err)}
	}
	return nil
}

// LoginDocument does what [Login] does to a file to a document in memory, and returns
// the new one; the old is not changed. credHelpers are passed over. The result holds
// passwords in plain text.
//
// The error is an [*Error] that is [ErrMalformed] or [ErrTooLarge].
func LoginDocument(document []byte, registry string, c Credential, o DocumentOptions) ([]byte, error) {
	key, err := checkLogin(registry, c, o)
	if err == nil {
		document, err = login(document, key, c, o.Format)
	}
	if err != nil {
		return nil, &Error{Op: "log in", Object: "document", Err: err}
	}
	return document, nil
}

// LoginSecret does what [Login] does to a file to a pull secret of either type. It
// changes nothing, but returns the key of the Secret's data and the document that
// belongs there, so that a patch of that key alone keeps all else that the Secret
// holds:
//
//	patch := map[string]any{
//		"metadata": map[string]any{"resourceVersion": s.ResourceVersion}, // for a conflict
//		"data":     map[string]any{key: document},
//	}
//
// A Secret without data gets its first document. Wildcards in the host are allowed.
// The document holds passwords in plain text.
//
// The error is an [*Error] that is [ErrMalformed] or [ErrTooLarge].
func LoginSecret(s *PullSecret, registry string, c Credential) (key string, document []byte, err error) {
	document, o, err := s.editable()
	var at loginKey
	if err == nil {
		at, err = checkLogin(registry, c, o)
	}
	if err == nil {
		document, err = login(document, at, c, o.Format)
	}
	if err != nil {
		return "", nil, &Error{Op: "log in", Object: secretTitle(s.Namespace, s.Name), Err: err}
	}
	return dataKey(o.Format), document, nil
}

// editable returns the document of a Secret as it is to be edited, nil where there is
// none yet.
func (s *PullSecret) editable() ([]byte, DocumentOptions, error) {
	o := DocumentOptions{Kubernetes: true}
	if s.Data.get == nil && s.isPullSecret() {
		if s.Type == TypeDockercfg {
			o.Format = FormatLegacy
		}
		return nil, o, nil
	}
	data, format, err := s.document()
	o.Format = format
	return data, o, err
}

func dataKey(format Format) string {
	if format == FormatLegacy {
		return dockercfgKey
	}
	return dockerConfigJSONKey
}

func optionsFor(path string, o DocumentOptions) DocumentOptions {
	if strings.HasSuffix(path, ".dockercfg") {
		o.Format = FormatLegacy
	}
	return o
}

// checkLogin refuses what a reader would not read back as it was given.
func checkLogin(registry string, c Credential, o DocumentOptions) (loginKey, error) {
	key, err := parseLoginKey(registry, o.Kubernetes)
	if err != nil {
		return key, err
	}
	return key, checkStorable(c)
}

// checkStorable refuses credentials that an entry cannot hold. The errors repeat
// nothing of them.
func checkStorable(c Credential) error {
	password := c.Password.Reveal()
	switch {
	case c.IsZero():
		return malformed("there is no credential to store")
	case strings.Contains(c.Username, ":"):
		return malformed("a user name with a colon cannot be told from its password")
	case strings.Contains(c.Username+password, "\x00"):
		return malformed("a user name or password with a NUL is not read back by all tools")
	case c.Username == "" && password != "":
		return malformed("a password without a user name makes some tools refuse the whole file")
	case c.Kind() == Basic && password == "":
		return malformed("a user name without a password is no credential")
	case !utf8.ValidString(c.IdentityToken.Reveal()) || !utf8.ValidString(c.RegistryToken.Reveal()):
		return malformed("a token is not UTF-8, as JSON must be")
	}
	return nil
}
