package main

import (
	"fmt"
	"io"
	"os"

	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A progress shows how far the check has come: on a terminal in one line, and
// anywhere else, where every blob is read, in ten.
type progress struct {
	out      io.Writer
	terminal bool
	verify   bool
	shown    bool
	tenths   int64 // that were told
}

func newProgress(w io.Writer, verify bool) *progress {
	p := &progress{out: w, verify: verify}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) at(now registrylayout.Progress) {
	text := fmt.Sprintf("%d blobs, %d repositories", now.Blobs, now.Repositories)
	if now.Verified > 0 {
		text = fmt.Sprintf("verified %s of %s", size(now.Verified), size(now.Bytes))
	}
	switch {
	case p.terminal:
		p.shown = true
		fmt.Fprint(p.out, "\r\x1b[K"+text)
	case p.verify && now.Verified > 0 && now.Bytes > 0 && now.Verified*10/now.Bytes > p.tenths:
		p.tenths = now.Verified * 10 / now.Bytes
		fmt.Fprintln(p.out, text)
	}
}

// end wipes the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
