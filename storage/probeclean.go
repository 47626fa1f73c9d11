package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// The objects of one probe.
const (
	probeAbsent  = "absent"
	probeSame    = "same"
	probeReplace = "replace"
	probeDelete  = "delete"
	probeFrom    = "from"
	probeTo      = "to"
	probeResume  = "resume"
)

var probeNames = []string{probeAbsent, probeSame, probeReplace, probeDelete, probeFrom, probeTo, probeResume}

// CleanProbes takes away what probes have left that were killed: objects below
// Options.ProbePrefix that have such names as probes give, and were last written before the
// instant. A probe takes seconds, so one of days ago is no one's any more, whatever the
// clocks of those who probe and of the driver. It returns how many they were. It goes on
// after an error and returns all of them. What the driver does not date stays.
func (s *Store) CleanProbes(ctx context.Context, before time.Time) (int, error) {
	prefix := s.options.ProbePrefix + "/"
	n := 0
	var problems []error
	for e, err := range s.List(ctx, ListOptions{Prefix: prefix}) {
		if err != nil {
			problems = append(problems, err)
			break
		}
		if e.ModTime.IsZero() || !e.ModTime.Before(before) || !isProbe(strings.TrimPrefix(e.Key, prefix)) {
			continue
		}
		switch err := s.Delete(ctx, e.Key, DeleteOptions{}); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNotExist):
			problems = append(problems, err)
		}
	}
	return n, errors.Join(problems...)
}

// isProbe says whether a probe gives such a name: its own, by rand.Text, and that of the
// object.
func isProbe(name string) bool {
	id, object, ok := strings.Cut(name, "/")
	const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	return ok && len(id) >= 26 && strings.Trim(id, base32) == "" && slices.Contains(probeNames, object)
}
