package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

func keyChecks() []Check {
	return []Check{
		{Name: "keys/valid", Rule: "Every key that CheckKey accepts is written, read and listed.", run: validKeys},
		{Name: "keys/invalid", Rule: "What CheckKey refuses is ErrInvalidKey from every method.", run: invalidKeys},
		{Name: "keys/directory", Rule: "The key of an object and a directory of another are kept apart, or the later one is ErrConflict; the first stays whole.", run: directoryKeys},
		{Name: "keys/no-directories", Rule: "A directory is no object: it is ErrNotExist, and goes with its last object.", run: noDirectories},
	}
}

func validKeys(t *trial) error {
	long := strings.Repeat("n", storage.MaxSegment)
	// Not quite the longest key: a wrapper may put something in front.
	deep := strings.Repeat("d/", 450-len(t.prefix)/2) + "x"
	names := []string{
		"plain", "with space", "per%2Fcent", "plus+and&and?and#", "ümlaut", "日本", "..a", "a..", "...", ".hidden",
		"-dash", "~tilde", "_layers/sha256/0a/link", "UPPER", "quote'\"", "star*", "sha256:abc", long, deep,
	}
	if err := t.puts(names...); err != nil {
		return err
	}
	for _, name := range names {
		if err := t.holds(name, []byte(name)); err != nil {
			return err
		}
	}
	keys, err := t.keys(storage.ListOptions{})
	slices.Sort(names)
	return first(err, same("list", keys, names))
}

// hostileKeys are no keys, each for another reason.
var hostileKeys = []string{
	"", "/", "/etc/passwd", "..", ".", "../outside", "a/../../outside", "a/..", "a/./b", "a//b", "a/", "/a",
	"nul\x00byte", "line\nfeed", "a\\b", "..\\outside", "bad\xffutf8", "del\x7f",
	strings.Repeat("k", storage.MaxSegment+1), strings.Repeat("k/", 2000) + "k", strings.Repeat("k", 4096),
	storage.Reserved, storage.Reserved + "/uploads/x",
}

func invalidKeys(t *trial) error {
	if err := t.puts("good"); err != nil {
		return err
	}
	good := t.key("good")
	for _, key := range hostileKeys {
		what := fmt.Sprintf("of %.40q (%d bytes)", key, len(key))
		object, err := t.d.Open(t.ctx, key, storage.Range{})
		if err == nil {
			object.Body.Close()
		}
		if err := is("open "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
		_, err = t.d.Stat(t.ctx, key)
		if err := is("stat "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
		u, err := t.d.Create(t.ctx, key, storage.CreateOptions{})
		if err == nil {
			u.Abort(t.ctx)
		}
		if err := is("create "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
		err = t.d.Delete(t.ctx, key, storage.DeleteOptions{})
		if err := is("delete "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
		_, err = storage.Move(t.ctx, t.d, good, key, storage.MoveOptions{})
		if err := is("move to "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
		_, err = storage.Move(t.ctx, t.d, key, good, storage.MoveOptions{})
		if err := is("move from "+what, err, storage.ErrInvalidKey); err != nil {
			return err
		}
	}
	for _, prefix := range []string{"/", "/a", "../", "a/../", "a//", "a/./b", "nul\x00", "a\\", storage.Reserved + "/"} {
		for e, err := range t.d.List(t.ctx, storage.ListOptions{Prefix: prefix}) {
			if err := is(fmt.Sprintf("list %q (%s)", prefix, e.Key), err, storage.ErrInvalidKey); err != nil {
				return err
			}
		}
	}
	return t.holds("good", []byte("good"))
}

func directoryKeys(t *trial) error {
	for _, pair := range [][2]string{{"one", "one/below"}, {"two/deep/below", "two"}} {
		if err := t.puts(pair[0]); err != nil {
			return err
		}
		err := t.puts(pair[1])
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("beside %s: %w, should be ErrConflict or a success", pair[0], err)
		}
		if err := t.holds(pair[0], []byte(pair[0])); err != nil {
			return fmt.Errorf("after %s came: %w", pair[1], err)
		}
		if err == nil {
			if err := t.holds(pair[1], []byte(pair[1])); err != nil {
				return err
			}
		} else if err := t.absent(pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func noDirectories(t *trial) error {
	if err := t.puts("dir/sub/object"); err != nil {
		return err
	}
	for _, dir := range []string{"dir", "dir/sub"} {
		err := first(t.absent(dir),
			is("delete "+dir, t.d.Delete(t.ctx, t.key(dir), storage.DeleteOptions{}), storage.ErrNotExist))
		if err != nil {
			return err
		}
	}
	if err := first(t.holds("dir/sub/object", []byte("dir/sub/object")),
		t.d.Delete(t.ctx, t.key("dir/sub/object"), storage.DeleteOptions{})); err != nil {
		return err
	}
	for _, prefix := range []string{"", "dir", "dir/"} {
		keys, err := t.keys(storage.ListOptions{Prefix: prefix, Shallow: true})
		if err := first(err, same("listing after the last object went", keys, nil)); err != nil {
			return err
		}
	}
	// What was a directory can be an object now.
	return first(t.puts("dir"), t.holds("dir", []byte("dir")))
}
