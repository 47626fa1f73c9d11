package auth

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// A rawObject is a JSON object as it is written. What is not changed is put out byte
// for byte.
type rawObject struct {
	members []rawMember
	closing []byte // white space before the brace that ends it
}

// A rawMember is a member of an object with the white space around it.
type rawMember struct {
	lead  []byte // white space before the name
	name  string
	label []byte // the name as written, up to the value
	value []byte
	trail []byte // white space before the comma
}

// parseRawObject takes an object apart. null is an empty one. The text is JSON, without
// white space around it.
func parseRawObject(text []byte) (rawObject, error) {
	r := rawjson.NewReader(text)
	switch r.Kind() {
	case 'n':
		return rawObject{}, nil
	case '{':
	default:
		return rawObject{}, malformed("not a JSON object")
	}
	var o rawObject
	at := 1 // behind the brace or comma
	for name := range r.Object() {
		var m rawMember
		m.name = string(name)
		value := r.Offset()
		start := skipSpace(text, at)
		m.lead, m.label, m.value = text[at:start], text[start:value], r.Raw()
		if r.Err() != nil {
			break
		}
		end := value + len(m.value)
		at = skipSpace(text, end)
		m.trail = text[end:at]
		if text[at] == ',' {
			at++
		} else {
			o.closing, m.trail = m.trail, nil
		}
		o.members = append(o.members, m)
	}
	if r.Err() != nil {
		return rawObject{}, malformed("not JSON")
	}
	return o, nil
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
		at++
	}
	return at
}

func (o *rawObject) append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range o.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, m.lead...)
		dst = append(dst, m.label...)
		dst = append(dst, m.value...)
		dst = append(dst, m.trail...)
	}
	dst = append(dst, o.closing...)
	return append(dst, '}')
}

// remove takes members out and reports whether there were any.
func (o *rawObject) remove(which func(*rawMember) bool) bool {
	if len(o.members) == 0 {
		return false
	}
	first := o.members[0].lead
	before := len(o.members)
	kept := make([]rawMember, 0, before)
	for i := range o.members {
		if !which(&o.members[i]) {
			kept = append(kept, o.members[i])
		}
	}
	if len(kept) == before {
		return false
	}
	o.members = kept
	if len(kept) == 0 {
		o.closing = nil
	} else {
		kept[0].lead = first
	}
	return true
}

// add appends a member, in the manner of those that are there; in an empty object, in
// the manner of the document, one step deeper than the line that starts with outer.
// write appends the value; it is told the white space before the member.
func (o *rawObject) add(name string, outer []byte, s style, write func(dst, lead []byte, s style) []byte) {
	var lead []byte
	switch n := len(o.members); {
	case n == 0:
		if o.closing = nil; s.newline == "" {
			break
		}
		if o.closing = lastLine(outer); o.closing == nil {
			o.closing = []byte(s.newline)
		}
		lead = slices.Concat(o.closing, []byte(s.unit))
	case n > 1 || bytes.IndexByte(o.members[0].lead, '\n') >= 0:
		lead = o.members[n-1].lead
	case s.colon == ": ":
		lead = []byte(" ") // as Python writes
	}
	label, _ := json.Marshal(name) // never fails for a string
	m := rawMember{lead: lead, name: name, label: append(label, s.colon...)}
	m.value = write(nil, lead, s.within(lead))
	o.members = append(o.members, m)
}

// edit changes an object that is the value of a member.
func (m *rawMember) edit(change func(*rawObject)) error {
	o, err := parseRawObject(m.value)
	if err != nil {
		return &fieldProblem{strings.ToLower(m.name), err}
	}
	change(&o)
	m.value = o.append(nil)
	return nil
}

// A style is how a document is laid out.
type style struct {
	newline string // "" where all is on one line
	unit    string // what each level adds
	colon   string
}

// defaultStyle is podman's.
var defaultStyle = style{"\n", "\t", ": "}

// style reads the style off the first member.
func (o *rawObject) style() style {
	if len(o.members) == 0 {
		return defaultStyle
	}
	s := style{unit: "\t", colon: ":"}
	m := &o.members[0]
	if bytes.HasSuffix(m.label, []byte(" ")) {
		s.colon = ": "
	}
	line := lastLine(m.lead)
	if line == nil {
		return s
	}
	s.newline = "\n"
	if line[0] == '\r' {
		s.newline = "\r\n"
	}
	if unit := string(line[len(s.newline):]); unit != "" {
		s.unit = unit
	}
	return s
}

// within is the style of the value of a member: on one line if the member is within
// one.
func (s style) within(lead []byte) style {
	line := lastLine(lead)
	switch {
	case line == nil:
		s.newline = ""
	case line[0] == '\r':
		s.newline = "\r\n"
	default:
		s.newline = "\n"
	}
	return s
}

// lastLine returns white space from its last line end on, nil where there is none.
func lastLine(space []byte) []byte {
	i := bytes.LastIndexByte(space, '\n')
	if i < 0 {
		return nil
	}
	if i > 0 && space[i-1] == '\r' {
		i--
	}
	return space[i:]
}
