package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// helperInFile returns the helper that credHelpers of a file names for a registry as a
// whole, and the name by which the helper knows the registry: the key as written. A
// broken file is an error.
func helperInFile(path string, key loginKey, o DocumentOptions) (helper, server string, err error) {
	if key.pattern.path != "" || o.Kubernetes || o.Format == FormatLegacy {
		return "", "", nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	text, _, err := readFile(path, info, MaxDocumentBytes)
	if err != nil {
		return "", "", err
	}
	doc, err := parseDocument(text, o.Format)
	if err != nil {
		return "", "", err
	}
	for _, h := range doc.helpers {
		if h.pattern.host == key.pattern.host {
			return h.helper, h.key, nil
		}
	}
	return "", "", nil
}

// storeInHelper hands a credential to a helper. An identity token goes under the user
// name <token>, as the protocol has it.
func storeInHelper(ctx context.Context, helper, server string, c Credential) error {
	question := struct{ ServerURL, Username, Secret string }{server, c.Username, c.Password.Reveal()}
	switch c.Kind() {
	case IdentityToken:
		question.Username, question.Secret = "<token>", c.IdentityToken.Reveal()
	case RegistryToken:
		return &Error{Op: "log in", Object: "helper docker-credential-" + helper, Err: malformed("helpers cannot hold a registry token")}
	}
	stdin, err := json.Marshal(question)
	if err != nil {
		return err // strings alone
	}
	_, err = callHelper(ctx, helper, "store", string(stdin), DefaultHelperTimeout)
	if errors.Is(err, errNoCredential) {
		return helperError(helper, ErrHelper, "it did not store the credential")
	}
	return err
}

// eraseInHelper reports whether the helper had a credential to erase.
func eraseInHelper(ctx context.Context, helper, server string) (bool, error) {
	_, err := callHelper(ctx, helper, "erase", server, DefaultHelperTimeout)
	if errors.Is(err, errNoCredential) {
		return false, nil
	}
	return err == nil, err
}
