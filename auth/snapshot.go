package auth

import (
	"net"
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
	// problems are of what the place was given with, other than its document's.
	problems []error
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
	exact map[location][]item
	globs map[int][]item // by the number of the host's labels
	// kubelet and kubeletGlobs are the same by the kubelet's reading.
	kubelet      map[location][]item
	kubeletGlobs map[int][]item
	// active are the places that are more than a document of entries.
	active []activePlace
}

// A location is what an entry is found by: one look for each namespace of an image,
// however many entries a registry has.
type location struct{ host, path string }

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
		exact:        make(map[location][]item),
		globs:        make(map[int][]item),
		kubelet:      make(map[location][]item),
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
		switch p := &i.pattern; {
		case !p.glob:
			at := location{p.host, p.path}
			s.exact[at] = append(s.exact[at], i)
		case i.place.kubernetes:
			s.globs[labels(p.host)] = append(s.globs[labels(p.host)], i)
		}
	}
	if i.problem == nil && !i.empty && i.place.kubernetes && i.entry.kubelet.key != "" {
		if p := &i.entry.kubelet; p.glob {
			s.kubeletGlobs[labels(p.name)] = append(s.kubeletGlobs[labels(p.name)], i)
		} else {
			at := p.location(len(p.path))
			s.kubelet[at] = append(s.kubelet[at], i)
		}
	}
}

// location is where entries are found that have so many bytes of the path.
func (p *kubeletPattern) location(bytes int) location {
	host := p.name
	if p.port != "" {
		host = net.JoinHostPort(p.name, p.port)
	}
	return location{host, p.path[:bytes]}
}

func labels(host string) int { return strings.Count(host, ".") + 1 }
