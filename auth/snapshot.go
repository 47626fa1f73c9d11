package auth

import (
	"strings"
)

// A place is one document that was looked at, or looked for. It is not changed
// after it was made.
type place struct {
	// name as in "secret dev/pull" or "file /root/.docker/config.json".
	name string
	doc  *document // nil where there is none
	// outcome and err say why there is none or, with Stale, why it is an old one.
	outcome Outcome
	err     error
	// kubernetes says that the rules of Kubernetes hold: wildcards in hosts.
	kubernetes bool
	// helpers says that the document may start credential helpers.
	helpers bool
	// fixed is a credential for exactly these hosts, in place of a document.
	fixed *fixedCredential
}

type fixedCredential struct {
	hosts []string // as pattern.host
	keys  []string // the same as written
	cred  Credential
}

// A snapshot is what a source held at one instant, with an index over it. It is
// not changed after it was made.
type snapshot struct {
	places []*place
	// exact and globs hold every sound entry with a credential.
	exact map[string][]item // by host
	globs map[int][]item    // by the number of the host's labels
	// kubelet and kubeletGlobs are the same by the kubelet's reading.
	kubelet      map[string][]item
	kubeletGlobs map[int][]item
	// active are the places that are more than a document of entries.
	active []activePlace
}

// An item is an entry where it was found.
type item struct {
	*entry
	place *place
	seq   int // its position among all entries of the source
}

type activePlace struct {
	*place
	seq int // as item.seq, before the entries of the place
}

// newSnapshot indexes the places.
func newSnapshot(places []*place) *snapshot {
	s := &snapshot{
		places:       places,
		exact:        make(map[string][]item),
		globs:        make(map[int][]item),
		kubelet:      make(map[string][]item),
		kubeletGlobs: make(map[int][]item),
	}
	seq := 0
	for _, p := range places {
		if p.fixed != nil || p.doc != nil && p.helpers && (p.doc.store != "" || len(p.doc.helpers) > 0) {
			s.active = append(s.active, activePlace{p, seq})
			seq += 2
			if p.doc != nil {
				seq += len(p.doc.helpers)
			}
		}
		if p.doc == nil {
			continue
		}
		for _, e := range p.doc.entries {
			s.add(item{e, p, seq})
			seq++
		}
	}
	return s
}

func (s *snapshot) add(i item) {
	if i.problem == nil && !i.empty && i.keyProblem == nil {
		switch host := i.pattern.host; {
		case !i.pattern.glob:
			s.exact[host] = append(s.exact[host], i)
		case i.place.kubernetes:
			s.globs[labels(host)] = append(s.globs[labels(host)], i)
		}
	}
	if i.problem == nil && !i.empty && i.place.kubernetes && i.entry.kubelet != "" {
		host, ok := kubeletHost(i.entry.kubelet)
		switch {
		case !ok:
		case strings.ContainsAny(host, `*?[\`):
			s.kubeletGlobs[labels(host)] = append(s.kubeletGlobs[labels(host)], i)
		default:
			s.kubelet[host] = append(s.kubelet[host], i)
		}
	}
}

func labels(host string) int { return strings.Count(host, ".") + 1 }
