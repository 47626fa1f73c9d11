package fromlayout_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWindow lets a whole push come before every single call of a sweep, while the
// clock goes on. A writer that takes no leases loses what the sweep deletes by a look
// that began before the push had ended, and nothing else: that is the window, and the
// report says how long it was. One that takes leases loses nothing at all.
func TestWindow(t *testing.T) {
	for _, c := range []struct {
		way   way
		loses bool
	}{{byLayout, false}, {byRegistry, false}, {unleased, true}} {
		s := newScene(t, &putAgain, sweep{}, c.way, true)
		s.shared = [2]map[string]bool{} // each call is a step
		s.tick = time.Second
		honoured, lost, after := 0, 0, 0
		for k := 0; ; k++ {
			out := s.run([]int{k}, false)
			require.NoError(t, out.wrong)
			if out.had[0] < k {
				break
			}
			looked, end := s.report.Looked, s.report.Looked.Add(s.report.Window)
			switch {
			case out.lost != nil:
				require.True(t, c.loses, "call %d: %v", k, out.lost)
				require.True(t, s.wrote[1].After(looked), "call %d: the push ended at %s, before the look at %s: %v", k, s.wrote[1], looked, out.lost)
				require.True(t, s.wrote[0].Before(end), "call %d: the push began at %s, after the window ended at %s: %v", k, s.wrote[0], end, out.lost)
				lost++
			case out.refused != nil:
			case !s.wrote[1].After(looked):
				honoured++
			default:
				after++
			}
		}
		t.Logf("way %d: %d pushes before the last look, %d after it; lost besides: %d", c.way, honoured, after, lost)
		require.Greater(t, honoured, 10)
		require.Positive(t, after)
		require.Equal(t, c.loses, lost > 0)
	}
}
