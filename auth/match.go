package auth

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// A match is an entry, helper or fixed credential that is for the target, before
// it is known whether it has a credential and whether it is the same as another.
type match struct {
	place  *place
	key    string // as written
	how    string
	cred   Credential
	err    error // why a helper has none
	helper string
	server string // what the helper is asked for

	tier   tier
	source int
	seq    int

	// What candidates are ordered by within the tier, best first.
	segments int
	glob     bool
	literal  int // characters of a glob that are no *
	kubelet  string
	compat   bool // matched by the kubelet's rules

	plainHTTP bool // may be sent over plain HTTP
}

// compare orders matches: by tier, then from the most to the least specific, then
// by the order of the sources and of what they hold.
func (m *match) compare(o *match) int {
	if c := cmp.Compare(m.tier, o.tier); c != 0 {
		return c
	}
	if m.compat != o.compat { // a document of each kind was given explicitly
		if m.compat {
			return 1
		}
		return -1
	}
	if m.compat {
		if c := cmp.Compare(o.kubelet, m.kubelet); c != 0 {
			return c
		}
	} else if c := m.compareSpecificity(o); c != 0 {
		return c
	}
	if c := cmp.Compare(m.source, o.source); c != 0 {
		return c
	}
	return cmp.Compare(m.seq, o.seq)
}

func (m *match) compareSpecificity(o *match) int {
	if c := cmp.Compare(o.segments, m.segments); c != 0 {
		return c
	}
	if m.glob != o.glob {
		if m.glob {
			return 1
		}
		return -1
	}
	return cmp.Compare(o.literal, m.literal)
}

// loaded is what the sources held at one instant.
type loaded []*snapshot

// load reads all sources. The only error is that of the context.
func (r *Resolver) load(ctx context.Context) (loaded, error) {
	snapshots := make(loaded, len(r.sources))
	for i, s := range r.sources {
		if s.loader == nil {
			continue
		}
		var err error
		if snapshots[i], err = s.loader.load(ctx); err != nil {
			return nil, err
		}
	}
	return snapshots, nil
}

// matches returns everything that is for the target, in order. Helpers have not been
// asked yet.
func (r *Resolver) matches(snapshots loaded, t *target) []match {
	var all []match
	for i, s := range snapshots {
		if s == nil {
			continue
		}
		first := len(all)
		all = s.activeFor(all, t)
		all = s.entriesFor(all, t, r.options.KubeletCompat)
		for j := first; j < len(all); j++ {
			all[j].tier, all[j].source = r.sources[i].tier, i
			all[j].plainHTTP = r.sources[i].plainHTTP
		}
	}
	if r.options.KubeletCompat {
		all = r.kubeletFallback(all, snapshots, t)
	}
	slices.SortFunc(all, func(a, b match) int { return a.compare(&b) })
	return all
}

// activeFor adds helpers and fixed credentials. credHelpers comes before credsStore,
// and both before the entries of the document.
func (s *snapshot) activeFor(all []match, t *target) []match {
	for _, p := range s.active {
		if p.fixed != nil {
			if i := slices.Index(p.fixed.hosts, t.host); i >= 0 {
				all = append(all, match{place: p.place, key: p.fixed.keys[i], how: "host", cred: p.fixed.cred, seq: p.seq})
			}
			continue
		}
		for i, h := range p.doc.helpers {
			if h.pattern.host == t.host {
				all = append(all, match{place: p.place, key: h.key, how: "credHelpers", helper: h.helper, seq: p.seq + i})
			}
		}
		if p.doc.store != "" {
			all = append(all, match{place: p.place, key: t.host, how: "credsStore", helper: p.doc.store, seq: p.seq + len(p.doc.helpers)})
		}
	}
	return all
}

// entriesFor adds the entries that match.
func (s *snapshot) entriesFor(all []match, t *target, compat bool) []match {
	for path := t.path; ; {
		for _, i := range s.exact[location{t.host, path}] {
			if !compat || !i.place.kubernetes {
				all = append(all, i.match(t))
			}
		}
		if path == "" {
			break
		}
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
	if compat {
		return s.kubeletEntries(all, t)
	}
	if len(s.globs) == 0 {
		return all
	}
	for _, i := range s.globs[labels(t.host)] {
		if i.pattern.covers(t.path) && globMatches(i.pattern.host, t.host) {
			all = append(all, i.match(t))
		}
	}
	return all
}

// kubeletEntries looks for every beginning of the image's path.
func (s *snapshot) kubeletEntries(all []match, t *target) []match {
	image := parseKubelet(t.raw)
	if len(s.kubelet) > 0 {
		at := image.location(len(image.path))
		for n := len(image.path); n >= 0; n-- {
			at.path = image.path[:n]
			for _, i := range s.kubelet[at] {
				if i.entry.kubelet.matches(&image) {
					all = append(all, i.kubeletMatch(t))
				}
			}
		}
	}
	for _, i := range s.kubeletGlobs[labels(image.name)] {
		if i.entry.kubelet.matches(&image) {
			all = append(all, i.kubeletMatch(t))
		}
	}
	return all
}

// kubeletFallback adds, to each tier of Kubernetes sources without a match for an
// image of Docker Hub, the credentials of index.docker.io.
func (r *Resolver) kubeletFallback(all []match, snapshots loaded, t *target) []match {
	if !kubeletDefaultRegistry(t.raw) {
		return all
	}
	matched := make(map[tier]bool)
	for _, m := range all {
		matched[m.tier] = matched[m.tier] || m.compat
	}
	for n, s := range snapshots {
		if s == nil || matched[r.sources[n].tier] {
			continue
		}
		for _, i := range s.kubelet[location{host: kubeletHub}] {
			if i.entry.kubelet.key == kubeletHub {
				m := i.kubeletMatch(t)
				m.how = "default registry"
				m.tier, m.source, m.plainHTTP = r.sources[n].tier, n, r.sources[n].plainHTTP
				all = append(all, m)
			}
		}
	}
	return all
}

func (i item) match(t *target) match {
	p := &i.entry.pattern
	return match{
		place: i.place, key: i.entry.key, how: i.how(t), cred: i.entry.cred, seq: i.seq,
		segments: p.segments(), glob: p.glob, literal: p.literal(),
	}
}

// literal counts the characters of a host with wildcards that are none.
func (p *pattern) literal() int {
	if !p.glob {
		return 0
	}
	return len(p.host) - strings.Count(p.host, "*")
}

// how says how the key matched.
func (i item) how(t *target) string {
	p := &i.entry.pattern
	how := "host"
	switch {
	case p.path != "" && p.path == t.path:
		how = "repository"
	case p.path != "":
		how = "namespace"
	}
	switch {
	case p.glob:
		return how + ", wildcard"
	case p.host == dockerHub && p.written != dockerHub:
		return how + ", Docker Hub by another name"
	}
	return how
}

func (i item) kubeletMatch(t *target) match {
	m := match{
		place: i.place, key: i.entry.key, how: "kubelet", cred: i.entry.cred, seq: i.seq,
		kubelet: i.entry.kubelet.key, compat: true,
	}
	if p := (pattern{path: strings.Trim(i.entry.kubelet.path, "/")}); p.path != "" {
		if !p.covers(t.path) {
			m.how = "kubelet, by the first bytes of a path segment"
		}
	}
	return m
}

// candidate is what a match is to the outside, and why it is none.
func (m *match) candidate(t *target) (Candidate, Outcome, error) {
	c := Candidate{
		Source: m.place.name, Key: showKey(m.key), Match: m.how, Credential: m.cred,
		PlainHTTP: m.plainHTTP || isLoopback(t.host), place: m.candidatePlace(),
	}
	if m.helper != "" {
		c.Source = "helper docker-credential-" + m.helper + " (" + m.place.name + ")"
		switch {
		case errors.Is(m.err, errNoCredential):
			return c, HelperNotFound, nil
		case m.err != nil:
			return c, HelperFailed, m.err
		}
	}
	if t.plainHTTP && !m.plainHTTP {
		return c, Withheld, ErrPlainHTTP
	}
	if m.cred.webUser(t.host) {
		c.Warning = "registry.redhat.io is given the user name of a person; Red Hat supports registry service accounts (NNNNNNN|name) and tokens alone in production"
	}
	return c, CandidateFound, nil
}
