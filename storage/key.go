package storage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxKey is how many bytes a key may have: what S3 takes.
	MaxKey = 1024
	// MaxSegment is how many bytes a key may have between two slashes: what
	// Linux file systems take.
	MaxSegment = 255
	// Reserved is the first segment that no key may have: drivers keep their
	// own things under it.
	Reserved = ".registrykit"
)

// CheckKey says what is wrong with a key, as [ErrInvalidKey]. A key is one to
// [MaxKey] bytes of UTF-8: segments with one slash between them, none at the
// ends. A segment is one to [MaxSegment] bytes without control characters and
// backslashes, and is not "." or "..". The first one is not [Reserved]. So every
// key can be a path below a directory, and an object's name in any bucket.
func CheckKey(key string) error {
	if key == "" {
		return fmt.Errorf("%w: empty", ErrInvalidKey)
	}
	if len(key) > MaxKey {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrInvalidKey, len(key), MaxKey)
	}
	first := true
	for segment := range strings.SplitSeq(key, "/") {
		if err := checkSegment(segment); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalidKey, err)
		}
		if first && segment == Reserved {
			return fmt.Errorf("%w: %s is reserved", ErrInvalidKey, Reserved)
		}
		first = false
	}
	return nil
}

// CheckPrefix says what is wrong with the prefix of a listing, as
// [ErrInvalidKey]. A prefix is the beginning of a key, cut between any two
// characters, or nothing.
func CheckPrefix(prefix string) error {
	if len(prefix) > MaxKey {
		return fmt.Errorf("%w: prefix of %d bytes, more than %d", ErrInvalidKey, len(prefix), MaxKey)
	}
	dir, last := "", prefix
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir, last = prefix[:i], prefix[i+1:]
		if err := CheckKey(dir); err != nil {
			return err
		}
	}
	if last == "" || last == "." || last == ".." {
		return nil
	}
	if err := checkSegment(last); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidKey, err)
	}
	return nil
}

func checkSegment(s string) error {
	switch {
	case s == "":
		return errors.New("an empty segment")
	case s == "." || s == "..":
		return errors.New("a segment " + strconv.Quote(s))
	case len(s) > MaxSegment:
		return fmt.Errorf("a segment of %d bytes, more than %d", len(s), MaxSegment)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\\' {
			return fmt.Errorf("the character %q", r)
		}
	}
	return nil
}
