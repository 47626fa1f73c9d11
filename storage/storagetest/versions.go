package storagetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/registrykit/registrykit/storage"
)

func versionChecks() []Check {
	return []Check{
		{Name: "if-version/replace", Needs: ReplaceIfVersion, Rule: "A commit with IfVersion replaces that version alone: else ErrPrecondition.", run: replaceIfVersion},
		{Name: "if-version/lost-update", Needs: ReplaceIfVersion, Rule: "Of all that change one object at once under IfVersion, no change is lost.", run: lostUpdate},
		{Name: "if-version/delete", Needs: DeleteIfVersion, Rule: "A deletion with IfVersion deletes that version alone: else ErrPrecondition, or ErrNotExist.", run: deleteIfVersion},
		{Name: "if-version/delete-race", Needs: DeleteIfVersion, Rule: "Of many that delete or replace one version at once, one succeeds.", run: deleteRace},
		{Name: "if-version/changes", Needs: VersionChanges, Rule: "Every commit gives another version, the same bytes and a deletion before it included.", run: versionChanges},
	}
}

// versioned writes an object and asks for its version.
func (t *trial) versioned(name, text string) (storage.Version, error) {
	info, err := t.put(name, []byte(text), storage.CreateOptions{})
	if err == nil && info.Version == "" {
		err = fmt.Errorf("%s has no version: %w", name, storage.ErrUnsupported)
	}
	return info.Version, err
}

func replaceIfVersion(t *trial) error {
	v1, err := t.versioned("object", "one")
	if err != nil {
		return err
	}
	two, err := t.put("object", []byte("two"), storage.CreateOptions{IfVersion: v1})
	if err != nil {
		return err
	}
	if two.Version == v1 {
		return errors.New("other bytes have the same version")
	}
	_, err = t.put("object", []byte("three"), storage.CreateOptions{IfVersion: v1})
	if err := first(is("replacing an old version", err, storage.ErrPrecondition), t.holds("object", []byte("two"))); err != nil {
		return err
	}
	// Replaced while the upload is open: it is Commit that counts.
	u, err := t.start("object", []byte("three"), storage.CreateOptions{IfVersion: two.Version})
	if err != nil {
		return err
	}
	defer u.Abort(t.ctx)
	if _, err := t.put("object", []byte("four"), storage.CreateOptions{}); err != nil {
		return err
	}
	_, err = u.Commit(t.ctx)
	if err := first(is("committing after a replacement", err, storage.ErrPrecondition), t.holds("object", []byte("four"))); err != nil {
		return err
	}
	_, err = t.put("missing", []byte("x"), storage.CreateOptions{IfVersion: v1})
	return first(is("replacing what is not there", err, storage.ErrPrecondition), t.absent("missing"))
}

func lostUpdate(t *trial) error {
	if _, err := t.versioned("counter", "0"); err != nil {
		return err
	}
	const writers, each = 8, 5
	err := atOnce(writers, func(int) error {
		for done := 0; done < each; {
			object, err := t.d.Open(t.ctx, t.key("counter"), storage.Range{})
			if err != nil {
				return err
			}
			var n int
			_, err = fmt.Fscan(object.Body, &n)
			if err := first(err, object.Body.Close()); err != nil {
				return err
			}
			_, err = t.put("counter", []byte(strconv.Itoa(n+1)), storage.CreateOptions{IfVersion: object.Info.Version})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, storage.ErrPrecondition):
				return err
			}
		}
		return nil
	})
	return first(err, t.holds("counter", []byte(strconv.Itoa(writers*each))))
}

func deleteIfVersion(t *trial) error {
	v1, err := t.versioned("object", "one")
	if err != nil {
		return err
	}
	v2, err := t.versioned("object", "two")
	if err != nil {
		return err
	}
	err = t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{IfVersion: v1})
	if err == nil {
		return errors.New("conditional delete silently ignored: an old version was asked for, and the object is deleted")
	}
	if err := first(is("deleting an old version", err, storage.ErrPrecondition), t.holds("object", []byte("two"))); err != nil {
		return err
	}
	if err := t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{IfVersion: v2}); err != nil {
		return err
	}
	return first(t.absent("object"),
		is("deleting what is gone", t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{IfVersion: v2}), storage.ErrNotExist))
}

func deleteRace(t *trial) error {
	for round := range 10 {
		v, err := t.versioned("object", "round "+strconv.Itoa(round))
		if err != nil {
			return err
		}
		var successes atomic.Int32
		err = atOnce(16, func(i int) error {
			var err error
			if i%2 == 0 {
				err = t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{IfVersion: v})
			} else {
				_, err = t.put("object", []byte("replaced"), storage.CreateOptions{IfVersion: v})
			}
			switch {
			case err == nil:
				successes.Add(1)
			case errors.Is(err, storage.ErrPrecondition), errors.Is(err, storage.ErrNotExist):
				err = nil
			case i%2 == 1 && errors.Is(err, storage.ErrUnsupported):
				err = nil // another feature
			}
			return err
		})
		if err != nil {
			return err
		}
		if n := successes.Load(); n != 1 {
			return fmt.Errorf("round %d: %d succeeded", round, n)
		}
	}
	return nil
}

func versionChanges(t *trial) error {
	seen := make(map[storage.Version]bool)
	for i := range 50 {
		v, err := t.versioned("object", "the same")
		if err != nil {
			return err
		}
		if seen[v] {
			return fmt.Errorf("the version %q comes again with commit %d", v, i)
		}
		seen[v] = true
		if i%3 == 0 {
			if err := t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{}); err != nil {
				return err
			}
		}
	}
	return nil
}
