package main

import (
	"fmt"
	"io"
	"os"
)

// A progress shows on a terminal how much was read. Anywhere else it is silent.
type progress struct {
	out   io.Writer
	shown bool
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{out: w}
		}
	}
	return &progress{}
}

func (p *progress) at(bytes int64) {
	if p.out != nil {
		p.shown = true
		fmt.Fprintf(p.out, "\rread %d MiB", bytes>>20)
	}
}

// end wipes the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
