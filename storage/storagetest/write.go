package storagetest

import (
	"bytes"
	"fmt"

	"github.com/registrykit/registrykit/storage"
)

func writeChecks() []Check {
	return []Check{
		{Name: "write/round-trip", Rule: "What is written in pieces of any size is what is read.", run: roundTrip},
		{Name: "write/nothing-before-commit", Rule: "Nothing of an upload is seen before Commit.", run: nothingBeforeCommit},
		{Name: "write/old-until-commit", Rule: "An object stays whole until the Commit that replaces it.", run: oldUntilCommit},
		{Name: "write/abort", Rule: "Abort leaves what was there, and does nothing after Commit.", run: abort},
		{Name: "write/replace", Rule: "The new object replaces the old one entirely, shorter or longer.", run: replace},
		{Name: "write/ended", Rule: "After the end Write is ErrEnded; Commit again gives the same Info, and after Abort ErrEnded.", run: ended},
		{Name: "write/at-once", Rule: "Of many uploads of one key the last to commit stays, whole.", run: writeAtOnce},
		{Name: "write/contradiction", Rule: "IfAbsent and IfVersion at once are ErrUnsupported.", run: contradiction},
	}
}

func roundTrip(t *trial) error {
	for i, piece := range []int{1, 7, 4096, 65537, 9 << 20} {
		size := min(piece*50, 9<<20+1)
		data := fill(i, size)
		name := fmt.Sprintf("pieces-of-%d", piece)
		u, err := t.d.Create(t.ctx, t.key(name), storage.CreateOptions{})
		if err != nil {
			return err
		}
		buffer := make([]byte, piece)
		for rest := data; len(rest) > 0; {
			n := copy(buffer, rest)
			if got, err := u.Write(buffer[:n]); err != nil || got != n {
				return fmt.Errorf("write gives %d of %d bytes, %v", got, n, err)
			}
			clear(buffer) // which the driver must not have kept
			rest = rest[n:]
		}
		if u.Size() != int64(size) {
			return fmt.Errorf("size is %d after %d bytes", u.Size(), size)
		}
		info, err := u.Commit(t.ctx)
		if err != nil {
			return err
		}
		if info.Size != int64(size) {
			return fmt.Errorf("commit says %d bytes of %d", info.Size, size)
		}
		if err := t.holds(name, data); err != nil {
			return err
		}
	}
	return nil
}

func nothingBeforeCommit(t *trial) error {
	u, err := t.start("new", fill(1, 100_000), storage.CreateOptions{})
	if err != nil {
		return err
	}
	defer u.Abort(t.ctx)
	keys, err := t.keys(storage.ListOptions{})
	if err := first(t.absent("new"), err, same("list before commit", keys, nil)); err != nil {
		return err
	}
	_, err = u.Commit(t.ctx)
	return first(err, t.holds("new", fill(1, 100_000)))
}

func oldUntilCommit(t *trial) error {
	old, young := fill(1, 50_000), fill(2, 70_000)
	if _, err := t.put("object", old, storage.CreateOptions{}); err != nil {
		return err
	}
	u, err := t.d.Create(t.ctx, t.key("object"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	defer u.Abort(t.ctx)
	if err := t.holds("object", old); err != nil {
		return fmt.Errorf("after create: %w", err)
	}
	if _, err := u.Write(young); err != nil {
		return err
	}
	if err := t.holds("object", old); err != nil {
		return fmt.Errorf("after write: %w", err)
	}
	_, err = u.Commit(t.ctx)
	return first(err, t.holds("object", young))
}

func abort(t *trial) error {
	old := fill(1, 5_000)
	if _, err := t.put("old", old, storage.CreateOptions{}); err != nil {
		return err
	}
	for _, name := range []string{"old", "new"} {
		u, err := t.start(name, fill(2, 9_000), storage.CreateOptions{})
		if err != nil {
			return err
		}
		if err := first(u.Abort(t.ctx), u.Abort(t.ctx)); err != nil {
			return fmt.Errorf("abort: %w", err)
		}
	}
	if err := first(t.holds("old", old), t.absent("new")); err != nil {
		return err
	}
	u, err := t.start("committed", []byte("x"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	if _, err := u.Commit(t.ctx); err != nil {
		return err
	}
	return first(u.Abort(t.ctx), t.holds("committed", []byte("x")))
}

func replace(t *trial) error {
	for i, size := range []int{40_000, 10, 0, 100_000} {
		if _, err := t.put("object", fill(i, size), storage.CreateOptions{}); err != nil {
			return err
		}
		if err := t.holds("object", fill(i, size)); err != nil {
			return err
		}
	}
	return nil
}

func ended(t *trial) error {
	u, err := t.start("object", []byte("text"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	info, err := u.Commit(t.ctx)
	if err != nil {
		return err
	}
	_, err = u.Write([]byte("more"))
	if err := is("write after commit", err, storage.ErrEnded); err != nil {
		return err
	}
	again, err := u.Commit(t.ctx)
	if err != nil || again != info {
		return fmt.Errorf("commit again gives %+v, %v; the first gave %+v", again, err, info)
	}
	if err := t.holds("object", []byte("text")); err != nil {
		return err
	}
	u, err = t.start("aborted", []byte("text"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	if err := u.Abort(t.ctx); err != nil {
		return err
	}
	_, wrote := u.Write([]byte("more"))
	_, committed := u.Commit(t.ctx)
	return first(is("write after abort", wrote, storage.ErrEnded), is("commit after abort", committed, storage.ErrEnded),
		t.absent("aborted"))
}

func writeAtOnce(t *trial) error {
	const writers = 16
	err := atOnce(writers, func(i int) error {
		_, err := t.put("object", fill(i, 20_000+i), storage.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	got, err := t.get("object", storage.Range{})
	if err != nil {
		return err
	}
	for i := range writers {
		if bytes.Equal(got, fill(i, 20_000+i)) {
			return nil
		}
	}
	return fmt.Errorf("%s, which nobody has written", excerpt(got))
}

func contradiction(t *trial) error {
	u, err := t.d.Create(t.ctx, t.key("object"), storage.CreateOptions{IfAbsent: true, IfVersion: "1"})
	if err == nil {
		u.Abort(t.ctx)
	}
	return is("create", err, storage.ErrUnsupported)
}
