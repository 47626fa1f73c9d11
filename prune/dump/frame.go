package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// readJSON finds the objects in a JSON text and hands them on. The tokenizer
// checks the text and finds where objects end; what is in them is read behind
// it, at the same time, by the objects reader.
func (d *Reader) readJSON(name string, r io.Reader) error {
	f := &frame{d: d, name: name, source: &limitedReader{r: r, progress: d.opts.Progress, read: &d.read}}
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
	name   string
	source *limitedReader
	tokens *jsontext.Decoder
	out    *pipeline
	header bytes.Buffer // of a document: its members but for the items
}

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
			return f.failed(err, "")
		default:
			return f.fail(f.tokens.InputOffset(), "", fmt.Errorf("want an object, got %s", kind))
		}
	}
}

// document reads one object: a list, whose items it hands on one by one, or an
// object by itself. What a list is of may stand behind its items, so items
// without a kind wait for it.
func (f *frame) document() error {
	start := f.tokens.InputOffset()
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, "")
	}
	f.header.Reset()
	f.header.WriteByte('{')
	doc := &document{offset: start}
	for f.tokens.PeekKind() != '}' {
		if err := f.member(doc); err != nil {
			return err
		}
	}
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, "")
	}
	f.header.WriteByte('}')
	return f.out.end(doc.list(), f.header.Bytes(), doc.offset)
}

func (f *frame) member(doc *document) error {
	f.limit()
	key, err := f.tokens.ReadToken()
	if err != nil {
		return f.failed(err, doc.kind)
	}
	name := key.String()
	if name == "items" && f.tokens.PeekKind() == '[' && doc.mayBeList() {
		doc.items = true
		return f.items(doc)
	}
	value, err := f.tokens.ReadValue()
	if err != nil {
		return f.failed(err, doc.kind)
	}
	if int64(f.header.Len()+len(value)) > f.d.opts.maxObjectBytes() {
		return f.tooLarge(doc.offset, f.header.Bytes())
	}
	if f.header.Len() > 1 {
		f.header.WriteByte(',')
	}
	f.header.Write(quoted(name))
	f.header.WriteByte(':')
	f.header.Write(value)
	return f.note(doc, name, value)
}

// note takes from a document's member what says how to read its items.
func (f *frame) note(doc *document, name string, value jsontext.Value) error {
	if name != "kind" && name != "apiVersion" {
		return nil
	}
	s, ok := unquoted(value)
	if !ok {
		return f.fail(f.tokens.InputOffset()-int64(len(value)), doc.kind, fmt.Errorf("%s: want a string, got %s", name, value.Kind()))
	}
	if name == "kind" {
		doc.kind = s
	} else {
		doc.apiVersion = s
	}
	return nil
}

func (f *frame) items(doc *document) error {
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, "")
	}
	for {
		f.limit()
		if f.tokens.PeekKind() == ']' {
			break
		}
		value, err := f.tokens.ReadValue()
		if err != nil {
			kind, _ := itemKind(doc.kind)
			return f.failed(err, kind)
		}
		offset := f.tokens.InputOffset() - int64(len(value))
		if int64(len(value)) > f.d.opts.maxObjectBytes() {
			return f.tooLarge(offset, value)
		}
		if err := f.out.item(doc.list(), value, offset); err != nil {
			return err
		}
	}
	if _, err := f.tokens.ReadToken(); err != nil {
		return f.failed(err, "")
	}
	return nil
}

// limit lets the tokenizer read on by one object of the largest size.
func (f *frame) limit() {
	f.source.until = f.tokens.InputOffset() + f.d.opts.maxObjectBytes()
}

// failed turns the tokenizer's error into one that names the object: as much
// of it as has been read tells which one it is.
func (f *frame) failed(err error, itemKind string) error {
	at := f.tokens.InputOffset()
	partial := f.tokens.UnreadBuffer()
	if errors.Is(err, ErrTooLarge) {
		return f.tooLarge(at, partial)
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		object := describe(bytes.TrimLeft(partial, " \t\r\n,:"), itemKind)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the text ends in the middle of a value")
		} else if syntax.Err != nil {
			err = syntax.Err
		}
		return f.fail(syntax.ByteOffset, object, fmt.Errorf("malformed JSON: %w", err))
	}
	return f.fail(at, "", err)
}

func (f *frame) tooLarge(offset int64, partial []byte) error {
	object := describe(bytes.TrimLeft(partial, " \t\r\n,:"), "")
	return f.fail(offset, object, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, f.d.opts.maxObjectBytes()))
}

func (f *frame) fail(offset int64, object string, err error) error {
	return &Error{Input: f.name, Offset: offset, Object: object, Err: err}
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
}

const readAhead = 1 << 20

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.offset > l.until+readAhead {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(b)
	l.offset += int64(n)
	*l.read += int64(n)
	if l.progress != nil && *l.read-l.told >= 1<<20 {
		l.told = *l.read
		l.progress(*l.read)
	}
	return n, err
}

func quoted(s string) []byte {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return []byte(`""`)
	}
	return b
}

func unquoted(v jsontext.Value) (string, bool) {
	if v.Kind() != '"' {
		return "", v.Kind() == 'n'
	}
	b, err := jsontext.AppendUnquote(nil, v)
	return string(b), err == nil
}
