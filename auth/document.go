package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// MaxDocumentBytes is the largest document that is read: an auth file, or the
// data of one Secret. Kubernetes allows a Secret 1 MiB.
const MaxDocumentBytes = 4 << 20

// A Format says how a document is laid out.
type Format int

const (
	// FormatConfig is {"auths": {host: entry}}, of docker's config.json, podman's
	// auth.json and .dockerconfigjson Secrets. It may name credential helpers.
	FormatConfig Format = iota
	// FormatLegacy is {host: entry}, of .dockercfg.
	FormatLegacy
)

// A document is what was read from one place. It is not changed after that.
type document struct {
	entries []*entry
	// helpers are the members of credHelpers, in their order.
	helpers []helperEntry
	// store is credsStore.
	store string
	// problems are of members other than entries.
	problems []error
}

// A helperEntry is one member of credHelpers.
type helperEntry struct {
	key     string
	pattern pattern
	helper  string
}

// parseDocument reads a document, keeping the order of its members. A bad entry
// stays in the result with its problem. The error is for a document that is no
// JSON object, or too large. Empty text is an empty document.
func parseDocument(data []byte, format Format) (*document, error) {
	doc := &document{}
	if len(data) > MaxDocumentBytes {
		return nil, tooLarge(MaxDocumentBytes)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return doc, nil
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return nil, malformed("it starts with a byte order mark, which JSON forbids")
	}
	if err := validJSON(data); err != nil {
		return nil, err
	}
	if format == FormatLegacy {
		if err := doc.readEntries(data, ""); err != nil {
			return nil, err
		}
		return doc, nil
	}
	err := eachMember(data, func(name string, value json.RawMessage) {
		doc.readMember(name, value)
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func tooLarge(limit int) error {
	return &problem{ErrTooLarge, fmt.Sprintf("more than %d bytes", limit)}
}

// validJSON says where text stops being one JSON value. It repeats none of it:
// encoding/json's own error shows a character.
func validJSON(data []byte) error {
	if json.Valid(data) {
		return nil
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		return malformed(fmt.Sprintf("not JSON, at byte %d of %d", syntax.Offset, len(data)))
	}
	return malformed("not JSON")
}

// readMember reads a member of the document. Names are compared as encoding/json
// does, without regard to case.
func (d *document) readMember(name string, value json.RawMessage) {
	var err error
	switch strings.ToLower(name) {
	case "auths":
		err = d.readEntries(value, "auths")
	case "credhelpers":
		err = d.readHelpers(value)
	case "credsstore":
		var store string
		if store, err = stringOf(value); err == nil && store != "" {
			if err = checkHelperName(store); err == nil {
				d.store = store
			}
		}
	}
	if err != nil {
		d.problems = append(d.problems, fmt.Errorf("%s: %w", strings.ToLower(name), err))
	}
}

// readEntries reads an object of entries. Where a key is there twice the later
// one holds, as for every JSON reader, in the place of the first.
func (d *document) readEntries(data json.RawMessage, field string) error {
	index := make(map[string]int)
	for i, e := range d.entries {
		index[e.key] = i
	}
	return eachMember(data, func(key string, value json.RawMessage) {
		e := parseEntry(key, value)
		e.field = strings.TrimPrefix(field+"["+quoteKey(key)+"]", ".")
		if i, twice := index[key]; twice {
			d.entries[i] = e
			return
		}
		index[key] = len(d.entries)
		d.entries = append(d.entries, e)
	})
}

func (d *document) readHelpers(data json.RawMessage) error {
	return eachMember(data, func(key string, value json.RawMessage) {
		helper, err := stringOf(value)
		p, keyErr := parseKey(key)
		switch {
		case err == nil && keyErr != nil:
			err = keyErr
		case err == nil && (p.path != "" || p.glob):
			err = malformed("the key is not a registry")
		case err == nil && helper == "":
			return // docker's way to say: not for this registry
		case err == nil:
			err = checkHelperName(helper)
		}
		if err != nil {
			d.problems = append(d.problems, fmt.Errorf("credHelpers[%s]: %w", quoteKey(key), err))
			return
		}
		d.helpers = append(d.helpers, helperEntry{key, p, helper})
	})
}

// checkHelperName keeps a document from naming a program outside of PATH.
func checkHelperName(name string) error {
	if strings.ContainsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' || r == ':' || r <= ' ' || r == 0x7f
	}) {
		return malformed("the name of a credential helper has a character that no such name has")
	}
	return nil
}

// eachMember calls f for each member of an object, in order. null is an empty one.
// The text must be JSON.
func eachMember(data []byte, f func(name string, value json.RawMessage)) error {
	r := rawjson.NewReader(data)
	if kind := r.Kind(); kind != '{' && kind != 'n' {
		return malformed("not a JSON object")
	}
	for name := range r.Object() {
		name := string(name) // valid until the reader goes on
		f(name, r.Raw())
	}
	if r.Err() != nil {
		return malformed("not JSON")
	}
	return nil
}

// stringOf reads a string; null is "".
func stringOf(value json.RawMessage) (string, error) {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return "", malformed("not a string")
	}
	return s, nil
}

// readLimited reads everything, or fails with ErrTooLarge after limit bytes.
func readLimited(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, tooLarge(limit)
	}
	return data, nil
}
