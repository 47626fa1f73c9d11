package storagetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/registrykit/registrykit/storage"
)

func deleteChecks() []Check {
	return []Check{
		{Name: "delete/one", Rule: "Delete takes one object away, and neither its neighbours nor what is below its name.", run: deleteOne},
		{Name: "delete/at-once", Rule: "Objects may be deleted while others are written beside them, and no object that is written is lost.", run: deleteAtOnce},
	}
}

func deleteOne(t *trial) error {
	rest := []string{"a/b/c", "a/bc", "a/c", "ab"}
	if err := t.puts(append(rest, "a/b/d")...); err != nil {
		return err
	}
	if err := t.d.Delete(t.ctx, t.key("a/b/d"), storage.DeleteOptions{}); err != nil {
		return err
	}
	if err := t.absent("a/b/d"); err != nil {
		return err
	}
	again := t.d.Delete(t.ctx, t.key("a/b/d"), storage.DeleteOptions{})
	below := t.d.Delete(t.ctx, t.key("a/b"), storage.DeleteOptions{})
	keys, err := t.keys(storage.ListOptions{})
	return first(is("deleting again", again, storage.ErrNotExist), is("deleting a directory", below, storage.ErrNotExist),
		err, same("what is left", keys, rest))
}

func deleteAtOnce(t *trial) error {
	const rounds = 30
	var lost atomic.Int32
	err := atOnce(4, func(i int) error {
		for round := range rounds {
			// All share the directory, which comes and goes with its objects.
			name := fmt.Sprintf("dir/sub/%d-%d", i, round)
			if err := t.puts(name); err != nil {
				return err
			}
			if t.holds(name, []byte(name)) != nil {
				lost.Add(1)
			}
			err := t.d.Delete(t.ctx, t.key(name), storage.DeleteOptions{})
			if errors.Is(err, storage.ErrNotExist) {
				lost.Add(1)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && lost.Load() > 0 {
		err = fmt.Errorf("%d objects of %d are lost", lost.Load(), 4*rounds)
	}
	return err
}
