package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// readJSON finds the objects in a JSON text and hands them on. The tokenizer
// checks the text and finds where objects end; what is in them is read behind
// it, at the same time, by the objects reader.
// The text starts at that offset of the input.
func (d *Reader) readJSON(r io.Reader, start int64) error {
	f := &frame{d: d, start: start, source: &limitedReader{r: r, progress: d.opts.Progress, read: &d.read}}
	f.tokens = jsontext.NewDecoder(f.source)
	f.out = newPipeline(d.objects)
	err := f.documents()
	if processing := f.out.close(); processing != nil {
		return processing
	}
	return err
}

// A frame is the outer structure of one input.
type frame struct {
	d      *Reader
	start  int64 // of the text in the input
	source *limitedReader
	tokens *jsontext.Decoder
	out    *pipeline
	header bytes.Buffer // of a document: its members but for the items
}

// at returns where in the input the tokenizer is.
func (f *frame) at() int64 { return f.start + f.tokens.InputOffset() }

// documents reads values until the input ends.
func (f *frame) documents() error {
	for {
		f.limit()
		switch kind := f.tokens.PeekKind(); kind {
		case '{':
			if err := f.document(); err != nil {
				return err
			}
		case 0:
			_, err := f.tokens.ReadToken()
			if err == io.EOF {
				return nil
			}
			return f.failed(err, nil, "")
		default:
			return f.fail(f.at(), "", fmt.Errorf("want an object, got %s", inWords(kind)))
		}
	}
}

// document reads one object: a list, whose items it hands on one by one, or an
// object by itself. What a list is of may stand behind its items, so items
// without a kind wait for it.
func (f *frame) document() error {
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, nil, "")
	}
	f.header.Reset()
	f.header.WriteByte('{')
	doc := &document{offset: f.at() - 1}
	for f.tokens.PeekKind() != '}' {
		if err := f.member(doc); err != nil {
			return err
		}
	}
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, nil, "")
	}
	f.header.WriteByte('}')
	return f.out.end(doc.list(), f.header.Bytes(), doc.offset, doc.places)
}

func (f *frame) member(doc *document) error {
	f.limit()
	key, err := f.tokens.ReadToken()
	if err != nil {
		return f.failed(err, f.header.Bytes(), "")
	}
	name := key.String()
	if name == "items" && f.tokens.PeekKind() == '[' && doc.mayBeList() {
		doc.items = true
		return f.items(doc)
	}
	if f.header.Len() > 1 {
		f.header.WriteByte(',')
	}
	f.header.Write(quoted(name))
	f.header.WriteByte(':')
	value, err := f.tokens.ReadValue()
	if err != nil {
		return f.failed(err, f.header.Bytes(), "")
	}
	if int64(f.header.Len()+len(value)) > f.d.opts.maxObjectBytes() {
		return f.tooLarge(doc.offset, f.header.Bytes())
	}
	doc.places = append(doc.places, place{f.header.Len(), f.at() - int64(len(value))})
	f.header.Write(value)
	doc.note(name, value)
	return nil
}

// note takes from a document's member what says how to read its items. One of a
// wrong type is an error once the whole object is known.
func (d *document) note(name string, value jsontext.Value) {
	switch name {
	case "kind":
		d.kind = unquoted(value)
	case "apiVersion":
		d.apiVersion = unquoted(value)
	}
}

func (f *frame) items(doc *document) error {
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, nil, "")
	}
	for {
		f.limit()
		if f.tokens.PeekKind() == ']' {
			break
		}
		value, err := f.tokens.ReadValue()
		if err != nil {
			kind, _ := itemKind(doc.kind)
			return f.failed(err, nil, kind)
		}
		offset := f.at() - int64(len(value))
		if int64(len(value)) > f.d.opts.maxObjectBytes() {
			return f.tooLarge(offset, value)
		}
		if err := f.out.item(doc.list(), value, offset); err != nil {
			return err
		}
	}
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, nil, "")
	}
	return nil
}

// limit lets the tokenizer read on by one object of the largest size.
func (f *frame) limit() {
	f.source.until = f.tokens.InputOffset() + f.d.opts.maxObjectBytes()
}

// failed turns the tokenizer's error into one that names the object and the
// field: as much as has been read tells which they are. The tokenizer stands
// behind the text before, which is of the same object.
func (f *frame) failed(err error, before []byte, itemKind string) error {
	unread := f.tokens.UnreadBuffer()
	object := describe(join(before, unread), itemKind)
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, ErrTooLarge):
		return f.tooLarge(f.at(), join(before, unread))
	case !errors.As(err, &syntax):
		return f.fail(f.at(), object, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the text ends in the middle of a value: %w", io.ErrUnexpectedEOF)
	case syntax.Err != nil:
		err = syntax.Err
	}
	good := min(max(0, int(syntax.ByteOffset-f.tokens.InputOffset())), len(unread))
	if errors.Is(err, jsontext.ErrDuplicateName) {
		err = fmt.Errorf("%w %s", err, clip(text(rawjson.NewReader(unread[good:]))))
	}
	err = fmt.Errorf("malformed JSON: %w", err)
	if field := lastField(join(before, unread[:good])); field != "" {
		err = fmt.Errorf("%s: %w", clip(field), err)
	}
	return f.fail(f.start+syntax.ByteOffset, object, err)
}

// join puts what comes next of an object behind what was read of it. Where that
// is nothing, it may stand behind another object.
func join(before, unread []byte) []byte {
	between := " \t\r\n:"
	if len(before) == 0 {
		between += ","
	}
	return append(before[:len(before):len(before)], bytes.TrimLeft(unread, between)...)
}

func (f *frame) tooLarge(offset int64, partial []byte) error {
	return f.fail(offset, describe(partial, ""), fmt.Errorf("%w: more than %d bytes", ErrTooLarge, f.d.opts.maxObjectBytes()))
}

func (f *frame) fail(offset int64, object string, err error) error {
	return f.d.errorAt(offset, object, err)
}

// A limitedReader ends with an error where somebody wants more than allowed,
// plus what a tokenizer reads ahead.
type limitedReader struct {
	r        io.Reader
	progress func(int64)
	read     *int64 // of all inputs
	offset   int64  // in this one
	told     int64
	until    int64
	err      error // other than the end
}

const readAhead = 1 << 20

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.offset > l.until+readAhead {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(b)
	if err != nil && err != io.EOF {
		l.err = err
	}
	l.offset += int64(n)
	*l.read += int64(n)
	if l.progress != nil && *l.read-l.told >= 1<<20 {
		l.told = *l.read
		l.progress(*l.read)
	}
	return n, err
}

func inWords(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	}
	return kind.String()
}

func quoted(s string) []byte {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return []byte(`""`)
	}
	return b
}

// unquoted is "" for what is no string.
func unquoted(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(b)
}
