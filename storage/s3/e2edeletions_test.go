package s3_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/stretchr/testify/require"
)

// TestEndToEndDeletionsAtOnce is what holds on versitygw where many delete and replace
// one version at once. It looks at the version, and then deletes, with nothing to hold
// others off in between: so several deletions may succeed, and a deletion and a
// replacement too. Of replacements one succeeds, and a loser is told so.
func TestEndToEndDeletionsAtOnce(t *testing.T) {
	s := newStore(versitygw(t))
	several, both := 0, 0
	for round := range 200 {
		replacers := round % 3 // of eight
		info, err := s.WriteFile(t.Context(), "object", fmt.Append(nil, round), storage.CreateOptions{})
		require.NoError(t, err)
		errs := make([]error, 8)
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				<-start
				if i < replacers {
					_, errs[i] = s.WriteFile(t.Context(), "object", fmt.Append(nil, "by ", i), storage.CreateOptions{IfVersion: info.Version})
				} else {
					errs[i] = s.Delete(t.Context(), "object", storage.DeleteOptions{IfVersion: info.Version})
				}
			})
		}
		close(start)
		all.Wait()
		deleted, replaced := 0, 0
		for i, err := range errs {
			switch {
			case err == nil && i < replacers:
				replaced++
			case err == nil:
				deleted++
			default:
				require.True(t, errors.Is(err, storage.ErrPrecondition) || errors.Is(err, storage.ErrNotExist), "%v", err)
			}
		}
		require.NotZero(t, deleted+replaced, "round %d", round)
		require.LessOrEqual(t, replaced, 1, "round %d", round)
		_, err = s.Stat(t.Context(), "object")
		switch {
		case deleted == 0:
			require.NoError(t, err, "round %d: nobody deleted it", round)
		case replaced == 0:
			require.ErrorIs(t, err, storage.ErrNotExist, "round %d", round)
		default:
			both++
		}
		if deleted > 1 {
			several++
		}
	}
	t.Logf("in %d rounds of 200 several deletions succeeded, in %d a deletion and a replacement", several, both)
}
