package apply

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
)

// A Journal remembers what a run did, so that a run which died can be finished.
// It is appended to before the result counts and never rewritten. Losing its
// last records does no harm: what they say is done once more.
//
// Append is called by one goroutine at a time.
type Journal interface {
	// Records yields what was appended, in order.
	Records() iter.Seq2[Record, error]
	Append(r Record) error
}

// A Record is one line of a journal. The first one names the plan; the others
// say what became of its actions.
type Record struct {
	// Plan is the digest of the plan, in the first record.
	Plan string `json:"plan,omitempty"`
	// Number of the action in the plan, from 0, and what became of it.
	Number int    `json:"number"`
	Status Status `json:"status,omitempty"`
	// Ended: the run came to its end, and there is nothing to finish.
	Ended bool `json:"ended,omitempty"`
}

// ErrJournal is in the chain of the error for a journal that cannot be used: it
// is another plan's, or is damaged. To abandon a run, take its journal away.
var ErrJournal = errors.New("journal")

// A FileJournal is a journal in a file, a JSON object on each line. Open one with
// [OpenJournal].
type FileJournal struct {
	mu   sync.Mutex
	file *os.File
	size int64 // of whole lines
}

// OpenJournal opens the journal in a file, which is made where there is none. Its
// directory must be there. A last line that was cut off by the death of a
// process is dropped. Close it at the end; remove the file to abandon the run,
// or once it has ended. Two runs must not use one journal at once.
func OpenJournal(name string) (*FileJournal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j := &FileJournal{file: file}
	if err := j.trim(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w %s: %w", ErrJournal, name, err)
	}
	return j, nil
}

// trim finds the end of the last whole line and cuts off what is behind it.
func (j *FileJournal) trim() error {
	r := bufio.NewReader(j.file)
	for {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil { // a line that is longer than any record, too
			return err
		}
		j.size += int64(len(line))
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	_, err := j.file.Seek(j.size, io.SeekStart)
	return err
}

// Records yields the records of the file. It ends with the error of one that
// cannot be read.
func (j *FileJournal) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		j.mu.Lock()
		size := j.size
		j.mu.Unlock()
		lines := bufio.NewScanner(io.NewSectionReader(j.file, 0, size))
		for n := 1; lines.Scan(); n++ {
			var r Record
			d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
			d.DisallowUnknownFields()
			if err := d.Decode(&r); err != nil {
				yield(Record{}, fmt.Errorf("%w %s, line %d: %w", ErrJournal, j.file.Name(), n, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, fmt.Errorf("%w %s: %w", ErrJournal, j.file.Name(), err))
		}
	}
}

// Append writes a record. What it writes survives the death of the process at
// once, that of the machine once Close has returned.
func (j *FileJournal) Append(r Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.file.Write(append(line, '\n'))
	if err != nil {
		if n > 0 { // half a line would hide what comes behind it
			_ = j.file.Truncate(j.size)
			_, _ = j.file.Seek(j.size, io.SeekStart)
		}
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j.size += int64(n)
	return nil
}

// Close writes what is not on the disk yet and closes the file.
func (j *FileJournal) Close() error {
	return errors.Join(j.file.Sync(), j.file.Close())
}
