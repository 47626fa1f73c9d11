package clustergen

import (
	"io"
	"strconv"
	"time"
)

// A printer writes JSON into a buffer that it empties now and then.
type printer struct {
	w      io.Writer
	indent bool
	buf    []byte
	depth  int
	inside bool // the open object or array has something in it
	valued bool // a key was written, and its value comes
	before int  // bytes that were written before those in buf
	err    error
}

const flushAt = 256 << 10

func (p *printer) flush() {
	if p.err == nil {
		_, p.err = p.w.Write(p.buf)
	}
	p.before += len(p.buf)
	p.buf = p.buf[:0]
}

// written returns the length of the text so far.
func (p *printer) written() int { return p.before + len(p.buf) }

// finish ends the text with a line feed and returns the first error.
func (p *printer) finish() error {
	p.buf = append(p.buf, '\n')
	p.flush()
	return p.err
}

// value makes ready for a value: as an element, behind a comma.
func (p *printer) value() {
	if p.valued {
		p.valued = false
		return
	}
	if p.inside {
		p.buf = append(p.buf, ',')
	}
	p.inside = true
	p.line()
}

func (p *printer) line() {
	if !p.indent || p.depth == 0 {
		return
	}
	p.buf = append(p.buf, '\n')
	for range p.depth {
		p.buf = append(p.buf, "    "...)
	}
}

// field writes a key, which must need no escapes.
func (p *printer) field(key string) *printer {
	p.value()
	p.buf = append(p.buf, '"')
	p.buf = append(p.buf, key...)
	p.buf = append(p.buf, `":`...)
	if p.indent {
		p.buf = append(p.buf, ' ')
	}
	p.valued = true
	return p
}

func (p *printer) object() { p.open('{') }
func (p *printer) array()  { p.open('[') }

func (p *printer) open(c byte) {
	p.value()
	p.buf = append(p.buf, c)
	p.depth++
	p.inside = false
}

func (p *printer) end(c byte) {
	p.depth--
	if p.inside {
		if p.depth == 0 && p.indent {
			p.buf = append(p.buf, '\n')
		}
		p.line()
	}
	p.buf = append(p.buf, c)
	p.inside = true
	if len(p.buf) > flushAt {
		p.flush()
	}
}

// text writes the parts as one string. They must need no escapes.
func (p *printer) text(parts ...string) {
	p.value()
	p.buf = append(p.buf, '"')
	for _, s := range parts {
		p.buf = append(p.buf, s...)
	}
	p.buf = append(p.buf, '"')
}

func (p *printer) number(n int64) {
	p.value()
	p.buf = strconv.AppendInt(p.buf, n, 10)
}

func (p *printer) bool(b bool) {
	p.value()
	p.buf = strconv.AppendBool(p.buf, b)
}

func (p *printer) time(t time.Time) {
	p.value()
	p.buf = append(p.buf, '"')
	p.buf = t.AppendFormat(p.buf, time.RFC3339)
	p.buf = append(p.buf, '"')
}
