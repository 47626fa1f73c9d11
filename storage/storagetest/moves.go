package storagetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/registrykit/registrykit/storage"
)

func moveChecks() []Check {
	return []Check{
		{Name: "move/plain", Needs: Move, Rule: "Move takes the whole object to the new key, over what is there, and away from the old one.", run: movePlain},
		{Name: "move/refused", Needs: Move, Rule: "Moving what is not there is ErrNotExist, onto itself ErrConflict, and nothing is changed.", run: moveRefused},
		{Name: "move/if-absent", Needs: Move, Rule: "With IfAbsent a move over something is ErrExist and leaves both; of two that move at once one wins.", run: moveIfAbsent},
	}
}

func (t *trial) move(from, to string, o storage.MoveOptions) (storage.Info, error) {
	m, ok := t.d.(storage.Mover)
	if !ok {
		return storage.Info{}, fmt.Errorf("move: %w", storage.ErrUnsupported)
	}
	return m.Move(t.ctx, t.key(from), t.key(to), o)
}

func movePlain(t *trial) error {
	data := fill(1, 30_000)
	for _, to := range []string{"there/deep/to", "there/deep/to"} {
		if _, err := t.put("from/deep/object", data, storage.CreateOptions{}); err != nil {
			return err
		}
		info, err := t.move("from/deep/object", to, storage.MoveOptions{})
		if err != nil {
			return err
		}
		stat, err := t.d.Stat(t.ctx, t.key(to))
		if err != nil {
			return err
		}
		if info.Key != t.key(to) || info.Size != stat.Size || info.Version != stat.Version {
			return fmt.Errorf("move says %+v, stat %+v", info, stat)
		}
		if err := first(t.holds(to, data), t.absent("from/deep/object")); err != nil {
			return err
		}
	}
	return nil
}

func moveRefused(t *trial) error {
	if err := t.puts("object"); err != nil {
		return err
	}
	_, missing := t.move("missing", "object", storage.MoveOptions{})
	_, itself := t.move("object", "object", storage.MoveOptions{})
	return first(is("move of what is not there", missing, storage.ErrNotExist), is("move onto itself", itself, storage.ErrConflict),
		t.holds("object", []byte("object")))
}

func moveIfAbsent(t *trial) error {
	o := storage.MoveOptions{IfAbsent: true}
	if err := t.puts("a", "b"); err != nil {
		return err
	}
	_, err := t.move("a", "b", o)
	if slices.Contains(t.lacks, IfAbsent) {
		return first(is("move with IfAbsent", err, storage.ErrUnsupported), t.holds("a", []byte("a")), t.holds("b", []byte("b")))
	}
	if err := first(is("move over something", err, storage.ErrExist), t.holds("a", []byte("a")), t.holds("b", []byte("b"))); err != nil {
		return err
	}
	if _, err := t.move("a", "c", o); err != nil {
		return err
	}
	if err := first(t.holds("c", []byte("a")), t.absent("a")); err != nil {
		return err
	}
	for round := range 20 {
		if err := t.puts("left", "right"); err != nil {
			return err
		}
		to := fmt.Sprintf("won/%d", round)
		won := make([]bool, 2)
		err := atOnce(2, func(i int) error {
			_, err := t.move([]string{"left", "right"}[i], to, o)
			won[i] = err == nil
			if errors.Is(err, storage.ErrExist) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if won[0] == won[1] {
			return fmt.Errorf("round %d: won: %v", round, won)
		}
	}
	return nil
}
