package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// login returns a document with the credential for a key. Everything else stays as it
// is written.
func login(text []byte, key loginKey, c Credential, format Format) ([]byte, error) {
	doc, err := parseEditable(text)
	if err != nil {
		return nil, err
	}
	fields := entryFields(c)
	if format == FormatLegacy {
		if !doc.object.setEntries(key, fields, doc.style) {
			doc.object.add(key.text, nil, doc.style, fields.write)
		}
		return doc.bytes()
	}
	auths, found := -1, false
	for i := range doc.object.members {
		m := &doc.object.members[i]
		if !isAuths(m.name) {
			continue
		}
		auths = i
		err := m.edit(func(o *rawObject) { found = o.setEntries(key, fields, doc.style) || found })
		if err != nil {
			return nil, err
		}
	}
	switch {
	case found:
	case auths < 0:
		doc.object.add("auths", nil, doc.style, func(dst, lead []byte, s style) []byte {
			var o rawObject
			o.add(key.text, lead, s, fields.write)
			return o.append(dst)
		})
	default:
		m := &doc.object.members[auths]
		err = m.edit(func(o *rawObject) { o.add(key.text, m.lead, doc.style.within(m.lead), fields.write) })
	}
	if err != nil {
		return nil, err
	}
	return doc.bytes()
}

// logout returns a document without the entries for a key, or ErrNotFound.
func logout(text []byte, key loginKey, format Format) ([]byte, error) {
	doc, err := parseEditable(text)
	if err != nil {
		return nil, err
	}
	found := false
	remove := func(o *rawObject) {
		found = o.remove(func(m *rawMember) bool { return key.sameAs(m.name) }) || found
	}
	if format == FormatLegacy {
		remove(&doc.object)
	} else {
		for i := range doc.object.members {
			if m := &doc.object.members[i]; isAuths(m.name) {
				if err := m.edit(remove); err != nil {
					return nil, err
				}
			}
		}
	}
	if !found {
		return nil, notLoggedIn(key)
	}
	return doc.bytes()
}

// isAuths compares the name as the reader does.
func isAuths(name string) bool { return strings.ToLower(name) == "auths" }

// setEntries gives all entries for the key the credential. It reports whether one of
// them is found by every tool.
func (o *rawObject) setEntries(key loginKey, fields entryMembers, s style) (found bool) {
	for i := range o.members {
		if m := &o.members[i]; key.sameAs(m.name) {
			m.value = fields.replaceIn(m.value, m.lead, s)
			found = found || key.readByAll(m.name)
		}
	}
	return found
}

// entryMembers are the members of an entry that hold a credential, with their values
// as JSON. One whose value is nil is not to be there.
type entryMembers []struct {
	name  string
	value []byte
}

// entryFields are written in podman's order: a user name and password as auth alone.
func entryFields(c Credential) entryMembers {
	quoted := func(text string) []byte {
		if text == "" {
			return nil
		}
		value, _ := json.Marshal(text) // never fails for a string
		return value
	}
	var auth string
	if c.Username != "" {
		auth = base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password.Reveal()))
	}
	return entryMembers{
		{"auth", quoted(auth)},
		{"username", nil},
		{"password", nil},
		{"identitytoken", quoted(c.IdentityToken.Reveal())},
		{"registrytoken", quoted(c.RegistryToken.Reveal())},
	}
}

// write appends a new entry.
func (e entryMembers) write(dst, lead []byte, s style) []byte {
	var o rawObject
	for _, f := range e {
		if f.value != nil {
			o.add(f.name, lead, s, func(dst, _ []byte, _ style) []byte { return append(dst, f.value...) })
		}
	}
	return o.append(dst)
}

// replaceIn returns an entry with these members, its others kept.
func (e entryMembers) replaceIn(entry, lead []byte, s style) []byte {
	o, err := parseRawObject(entry)
	if err != nil || len(o.members) == 0 {
		return e.write(nil, lead, s.within(lead)) // it was no entry
	}
	for _, f := range e {
		done := f.value == nil
		o.remove(func(m *rawMember) bool {
			if strings.ToLower(m.name) != f.name {
				return false
			}
			if done {
				return true
			}
			m.value, done = f.value, true
			return false
		})
		if !done {
			o.add(f.name, lead, s, func(dst, _ []byte, _ style) []byte { return append(dst, f.value...) })
		}
	}
	return o.append(nil)
}

// An editable is a document in pieces that add up to its text.
type editable struct {
	before, after []byte // white space around the object
	object        rawObject
	style         style
}

// parseEditable takes a document apart. One without anything in it is podman's form of
// an empty one.
func parseEditable(text []byte) (*editable, error) {
	if len(text) > MaxDocumentBytes {
		return nil, tooLarge(MaxDocumentBytes)
	}
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return &editable{style: defaultStyle}, nil
	}
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		return nil, malformed("it starts with a byte order mark, which JSON forbids")
	}
	if err := validJSON(text); err != nil {
		return nil, err
	}
	object, err := parseRawObject(trimmed)
	if err != nil {
		return nil, err
	}
	start := bytes.Index(text, trimmed)
	return &editable{
		before: text[:start], after: text[start+len(trimmed):],
		object: object, style: object.style(),
	}, nil
}

func (d *editable) bytes() ([]byte, error) {
	text := append([]byte(nil), d.before...)
	text = append(d.object.append(text), d.after...)
	if len(text) > MaxDocumentBytes {
		return nil, tooLarge(MaxDocumentBytes)
	}
	return text, nil
}
