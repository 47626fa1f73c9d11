package gocloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
)

// spool keeps the bytes of an upload until its commit: in memory, and from a limit
// on in a file.
type spool struct {
	dir   string // "" is the directory for temporary files
	limit int64
	size  int64

	memory []byte
	file   *os.File
}

func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && s.size+int64(len(p)) > s.limit {
		if err := s.toFile(); err != nil {
			return 0, err
		}
	}
	if s.file == nil {
		s.memory = append(s.memory, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	return n, err
}

func (s *spool) toFile() error {
	file, err := os.CreateTemp(s.dir, "registrykit-upload-*")
	if err != nil {
		return err
	}
	if _, err := file.Write(s.memory); err != nil {
		return errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	s.file, s.memory = file, nil
	return nil
}

// reader reads all of it, from the beginning. What cannot be read ends the context
// by cancel first: a writer that is merely closed after that makes an object of what
// it has.
func (s *spool) reader(cancel context.CancelCauseFunc) (io.Reader, error) {
	if s.file == nil {
		return bytes.NewReader(s.memory), nil
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != s.size {
		return nil, errCut
	}
	return &whole{r: io.NewSectionReader(s.file, 0, s.size), left: s.size, cancel: cancel}, nil
}

// remove takes the file away.
func (s *spool) remove() error {
	s.memory = nil
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Close(), os.Remove(s.file.Name()))
	s.file = nil
	return err
}

// whole has no end before all bytes are read.
type whole struct {
	r      io.Reader
	left   int64
	cancel context.CancelCauseFunc
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if err == io.EOF && w.left > 0 {
		err = errCut
	}
	if err != nil && err != io.EOF {
		w.cancel(err)
	}
	return n, err
}

var errCut = errors.New("the temporary file of the upload was cut")
