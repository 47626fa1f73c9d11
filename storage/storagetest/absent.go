package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/registrykit/registrykit/storage"
)

func absentChecks() []Check {
	return []Check{
		{Name: "if-absent/sequence", Needs: IfAbsent, Rule: "IfAbsent commits where nothing is, and is ErrExist where something is.", run: absentInSequence},
		{Name: "if-absent/two-open", Needs: IfAbsent, Rule: "Of two uploads that were both open before either was committed, the first to commit wins.", run: absentTwoOpen},
		{Name: "if-absent/race", Needs: IfAbsent, Rule: "Of 16 that commit at once, one wins and its bytes stay.", run: absentRace},
	}
}

func absentInSequence(t *trial) error {
	o := storage.CreateOptions{IfAbsent: true}
	if _, err := t.put("object", []byte("first"), o); err != nil {
		return err
	}
	_, err := t.put("object", []byte("second"), o)
	if err := first(is("the second", err, storage.ErrExist), t.holds("object", []byte("first"))); err != nil {
		return err
	}
	if err := t.d.Delete(t.ctx, t.key("object"), storage.DeleteOptions{}); err != nil {
		return err
	}
	_, err = t.put("object", []byte("third"), o)
	return first(err, t.holds("object", []byte("third")))
}

func absentTwoOpen(t *trial) error {
	o := storage.CreateOptions{IfAbsent: true}
	var uploads [2]storage.Upload
	for i := range uploads {
		u, err := t.start("object", fill(i, 1000), o)
		if err != nil {
			return err
		}
		defer u.Abort(t.ctx)
		uploads[i] = u
	}
	if _, err := uploads[1].Commit(t.ctx); err != nil {
		return err
	}
	_, err := uploads[0].Commit(t.ctx)
	return first(is("the second to commit", err, storage.ErrExist), t.holds("object", fill(1, 1000)))
}

func absentRace(t *trial) error {
	const writers, rounds = 16, 20
	for round := range rounds {
		name := fmt.Sprintf("object-%d", round)
		var lock sync.Mutex
		var winners []int
		err := atOnce(writers, func(i int) error {
			_, err := t.put(name, fill(i, 500+i), storage.CreateOptions{IfAbsent: true})
			if errors.Is(err, storage.ErrExist) {
				return nil
			}
			if err == nil {
				lock.Lock()
				winners = append(winners, i)
				lock.Unlock()
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(winners) != 1 {
			slices.Sort(winners)
			return fmt.Errorf("round %d has the winners %v", round, winners)
		}
		got, err := t.get(name, storage.Range{})
		if err != nil {
			return err
		}
		if !bytes.Equal(got, fill(winners[0], 500+winners[0])) {
			return fmt.Errorf("round %d: %d won, but its bytes are not there", round, winners[0])
		}
	}
	return nil
}
