package prune

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// WriteJSON writes the plan in its canonical form: one line of compact JSON,
// the keys in a fixed order, empty lists as [], durations as Go prints them,
// times in RFC 3339 and UTC, strings with no more escapes than JSON needs.
//
// Its last key, digest, is the sha256 of everything before it: of the document
// without that key. With verdicts, a list "kept" of what stays, and why, stands
// behind it; it is no part of the digest.
func (p *Plan) WriteJSON(w io.Writer, verdicts bool) error {
	e := newEncoder(w)
	digest := e.plan(p)
	e.string(`,"digest":`, digest)
	if verdicts {
		e.kept(p)
	}
	e.raw("}\n")
	return e.close()
}

// MarshalJSON implements json.Marshaler: [Plan.WriteJSON] without verdicts.
func (p *Plan) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := p.WriteJSON(&b, false)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Digest returns the digest that the plan's JSON ends with.
func (p *Plan) Digest() string {
	e := newEncoder(io.Discard)
	digest := e.plan(p)
	_ = e.close() // nothing was written anywhere
	return digest
}

// An encoder appends JSON to a buffer. Full buffers go to a sink.
type encoder struct {
	buf  []byte
	err  error
	sink *sink
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{sink: newSink(w)}
	e.buf = e.sink.buffer()
	return e
}

func (e *encoder) flush() {
	e.sink.put(e.buf)
	e.buf = e.sink.buffer()
}

// digest ends what the digest covers, and returns it.
func (e *encoder) digest() string {
	e.flush()
	return e.sink.digest("}")
}

// close writes the rest and returns the first error.
func (e *encoder) close() error {
	e.sink.put(e.buf)
	return cmp.Or(e.err, e.sink.close())
}

// plan writes everything before the digest, and returns that.
func (e *encoder) plan(p *Plan) string {
	e.raw(`{"schema":"` + Schema + `"`)
	e.time(`,"now":`, p.Now)
	e.time(`,"expires":`, p.Expires)
	e.string(`,"inventory":`, p.Inventory)
	e.any(`,"policy":`, p.Policy)
	e.any(`,"invalidReferences":`, notNil(p.InvalidReferences))
	e.any(`,"unreadReferences":`, notNil(p.UnreadReferences))
	e.any(`,"evidence":`, notNil(p.Evidence))
	e.raw(`,"actions":[`)
	e.actions(p)
	e.any(`],"summary":`, p.Summary)
	return e.digest()
}

// kept writes the verdicts on what stays.
func (e *encoder) kept(p *Plan) {
	e.raw(`,"kept":[`)
	comma := ""
	for v := range p.Verdicts() {
		if v.Outcome == Keep {
			e.raw(comma)
			e.verdict(v)
			comma = ","
		}
	}
	e.raw("]")
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (e *encoder) action(a *Action) {
	e.raw(`{"kind":"`)
	e.raw(string(a.Kind))
	e.raw(`"`)
	switch a.Kind {
	case DeleteTagItem:
		e.string(`,"stream":`, a.Stream)
		e.string(`,"tag":`, a.Tag)
		e.number(`,"index":`, int64(a.Index))
		e.string(`,"image":`, a.Image)
		e.time(`,"created":`, a.Created)
		e.string(`,"dockerImageReference":`, a.DockerImageReference)
		e.string(`,"uid":`, a.UID)
		e.string(`,"resourceVersion":`, a.ResourceVersion)
	case DeleteImage:
		e.string(`,"image":`, a.Image)
		e.string(`,"uid":`, a.UID)
		e.string(`,"resourceVersion":`, a.ResourceVersion)
	case DeleteBlob:
		e.string(`,"digest":`, a.Digest)
		e.number(`,"bytes":`, a.Bytes)
	default:
		e.string(`,"repository":`, a.Repository)
		e.string(`,"digest":`, a.Digest)
	}
	e.reason(&a.Reason)
	e.raw("}")
}

func (e *encoder) verdict(v Verdict) {
	e.raw(`{"kind":"`)
	e.raw(string(v.Kind))
	e.raw(`"`)
	e.string(`,"object":`, v.Object)
	if v.Kind == TagItemVerdict {
		e.string(`,"image":`, v.Image)
	}
	e.reason(&v.Reason)
	e.raw("}")
	if len(e.buf) > flushAt {
		e.flush()
	}
}

func (e *encoder) reason(r *Reason) {
	e.string(`,"reason":{"rule":`, r.Rule)
	if r.Age != nil {
		e.string(`,"age":`, r.Age.String())
	}
	if r.YoungerThan != nil {
		e.string(`,"youngerThan":`, r.YoungerThan.String())
	}
	if r.OlderThan != nil {
		e.string(`,"olderThan":`, r.OlderThan.String())
	}
	if r.Revision != 0 {
		e.number(`,"revision":`, int64(r.Revision))
	}
	if r.Revisions != nil {
		e.number(`,"revisions":`, int64(*r.Revisions))
	}
	if r.Size != 0 {
		e.number(`,"size":`, r.Size)
	}
	if r.Limit != nil {
		e.number(`,"limit":`, *r.Limit)
	}
	if r.Item != "" {
		e.string(`,"item":`, r.Item)
	}
	if r.Image != "" {
		e.string(`,"image":`, r.Image)
	}
	e.list("facts", r.Facts)
	if r.Unknown != "" {
		e.string(`,"unknown":`, r.Unknown)
	}
	e.list("path", r.Path)
	e.raw("}")
}

// list writes a list of texts, and nothing for an empty one.
func (e *encoder) list(key string, texts []string) {
	for i, text := range texts {
		if i == 0 {
			e.string(`,"`+key+`":[`, text)
		} else {
			e.string(",", text)
		}
	}
	if len(texts) > 0 {
		e.raw("]")
	}
}

func (e *encoder) raw(s string) { e.buf = append(e.buf, s...) }

func (e *encoder) number(key string, n int64) {
	e.raw(key)
	e.buf = strconv.AppendInt(e.buf, n, 10)
}

// time writes null for the zero time.
func (e *encoder) time(key string, t time.Time) {
	e.raw(key)
	if t.IsZero() {
		e.raw("null")
		return
	}
	e.raw(`"`)
	e.buf = t.UTC().AppendFormat(e.buf, time.RFC3339Nano)
	e.raw(`"`)
}

// any writes what is small and has nothing to gain from being written by hand.
func (e *encoder) any(key string, v any) {
	e.raw(key)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && e.err == nil {
		e.err = err
	}
	e.buf = append(e.buf, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

func (e *encoder) string(key, s string) {
	e.raw(key)
	e.buf = append(e.buf, '"')
	i := 0
	for i < len(s) && plain[s[i]] {
		i++
	}
	e.buf = append(e.buf, s[:i]...)
	e.escaped(s[i:])
	e.buf = append(e.buf, '"')
}

// plain are the bytes that stand for themselves, in ASCII.
var plain = func() (p [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

// escaped writes a text with the escapes that JSON needs. What is not UTF-8 is
// replaced.
func (e *encoder) escaped(s string) {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			e.raw("\uFFFD")
		case r < utf8.RuneSelf && !plain[r]:
			e.escape(byte(r))
		default:
			e.raw(s[:size])
		}
		s = s[size:]
	}
}

func (e *encoder) escape(c byte) {
	const hexDigits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		e.buf = append(e.buf, '\\', c)
	case '\b':
		e.raw(`\b`)
	case '\f':
		e.raw(`\f`)
	case '\n':
		e.raw(`\n`)
	case '\r':
		e.raw(`\r`)
	case '\t':
		e.raw(`\t`)
	default:
		e.buf = append(e.buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
