package registryclient

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// A MirrorRule says where else the images below a name are.
type MirrorRule struct {
	// Source is a host, a namespace or a repository: quay.io, quay.io/org,
	// quay.io/org/app. *.example.com is every host below example.com.
	Source string
	// Mirrors take the place of Source in an image's name, best first.
	Mirrors []string
	// By says which pulls the mirrors are for.
	By PullBy
	// NeverContactSource forbids to ask the source itself, for pulls of both kinds.
	NeverContactSource bool
	// Origin is the object that the rule is from, as in "ImageDigestMirrorSet
	// release"; it is told in errors and in Source.Rule.
	Origin string
}

// PullBy is how an image is named in a pull.
type PullBy int

const (
	// ByAny is both kinds.
	ByAny PullBy = iota
	// ByDigest is for names with a digest, with a tag beside it or not.
	ByDigest
	// ByTag is for names with a tag alone.
	ByTag
)

// Mirrors are rules in a form to ask. It is a [Sourcer], is never changed and may be
// used by many goroutines. The zero value has no rules.
type Mirrors struct {
	entries []mirrorEntry
}

// A mirrorEntry is what all rules together say of one source.
type mirrorEntry struct {
	source  string
	digests []mirror
	tags    []mirror
	never   string // the origin that forbids to ask the source
	origin  string
}

type mirror struct{ location, origin string }

// NewMirrors combines rules, as the nodes of OpenShift do: rules for the same source
// are one; their mirrors are in an order that keeps that of each rule, or, where the
// rules contradict each other, that of the earlier one. The error is an *Error that is
// [Invalid] and names the rule and the field.
func NewMirrors(rules []MirrorRule) (*Mirrors, error) {
	bySource := map[string][]MirrorRule{}
	var order []string
	for i, rule := range rules {
		if err := checkRule(&rule); err != nil {
			origin := rule.Origin
			if origin == "" {
				origin = fmt.Sprintf("rule %d", i)
			}
			return nil, &Error{Op: "read", Object: origin, Class: Invalid, Err: err}
		}
		if _, ok := bySource[rule.Source]; !ok {
			order = append(order, rule.Source)
		}
		bySource[rule.Source] = append(bySource[rule.Source], rule)
	}
	m := &Mirrors{}
	for _, source := range order {
		m.entries = append(m.entries, newEntry(source, bySource[source]))
	}
	return m, nil
}

func newEntry(source string, rules []MirrorRule) mirrorEntry {
	e := mirrorEntry{source: source, origin: rules[0].Origin}
	var digests, tags [][]mirror
	for _, rule := range rules {
		var list []mirror
		for _, location := range rule.Mirrors {
			if location != source { // or the source would be asked where it must not be
				list = append(list, mirror{location, rule.Origin})
			}
		}
		if rule.By != ByTag {
			digests = append(digests, list)
		}
		if rule.By != ByDigest {
			tags = append(tags, list)
		}
		if rule.NeverContactSource && e.never == "" {
			e.never = rule.Origin
			if e.never == "" {
				e.never = "a mirror rule"
			}
		}
	}
	e.digests, e.tags = mergeOrders(digests), mergeOrders(tags)
	return e
}

// mergeOrders merges lists so that what is before something in one list is before it
// in the result, as far as the lists agree.
func mergeOrders(lists [][]mirror) []mirror {
	var all []mirror
	before := map[string]map[string]bool{} // what must come first
	for _, list := range lists {
		for i, m := range list {
			if before[m.location] == nil {
				before[m.location] = map[string]bool{}
				all = append(all, m)
			}
			if i > 0 && list[i-1].location != m.location {
				before[m.location][list[i-1].location] = true
			}
		}
	}
	var merged []mirror
	for len(all) > 0 {
		i := max(slices.IndexFunc(all, func(m mirror) bool { return len(before[m.location]) == 0 }), 0)
		next := all[i]
		merged = append(merged, next)
		all = slices.Delete(all, i, i+1)
		for _, m := range all {
			delete(before[m.location], next.location)
		}
	}
	return merged
}

// Sources implements Sourcer: the mirrors of the longest source that the image is
// below, and then the image's own place unless a rule forbids that. As on a node, a
// longer source hides the shorter ones even where it has mirrors for the other kind
// of pull only. The error is [Blocked] where nothing is left.
func (m *Mirrors) Sources(ref name.Reference) ([]Source, error) {
	own := Source{Ref: ref}
	e, matched := m.entry(ref)
	if e == nil {
		return []Source{own}, nil
	}
	mirrors := e.tags
	if _, ok := ref.(name.Digest); ok {
		mirrors = e.digests
	}
	rest := canonicalName(ref.Context())[matched:]
	var sources []Source
	for _, mirror := range mirrors {
		there, err := relocate(ref, mirror.location+rest)
		if err != nil {
			return nil, &Error{Class: Invalid, Err: fmt.Errorf("%s: the mirror %s: %w", mirror.origin, mirror.location, err)}
		}
		sources = append(sources, Source{Ref: there, Mirror: true, Rule: mirror.origin})
	}
	if e.never == "" {
		return append(sources, own), nil
	}
	if len(sources) == 0 {
		return nil, &Error{Class: Blocked, Err: fmt.Errorf("%s forbids to contact %s and there is no mirror for this kind of pull", e.never, e.source)}
	}
	return sources, nil
}

// entry finds the longest source that a repository is below, and how much of its name
// that is.
func (m *Mirrors) entry(ref name.Reference) (*mirrorEntry, int) {
	repo := canonicalName(ref.Context())
	var found *mirrorEntry
	matched := 0
	for i := range m.entries {
		e := &m.entries[i]
		n, ok := below(repo, e.source)
		if !ok {
			continue
		}
		// A wildcard is less than the host itself, and more of its labels are better.
		if found == nil || len(e.source) > len(found.source) && isWildcard(e.source) == isWildcard(found.source) ||
			isWildcard(found.source) && !isWildcard(e.source) {
			found, matched = e, n
		}
	}
	return found, matched
}

func isWildcard(source string) bool { return strings.HasPrefix(source, "*.") }

// below reports whether a repository is below a source, and how much of its name the
// mirror replaces.
func below(repo, source string) (int, bool) {
	if suffix, ok := strings.CutPrefix(source, "*"); ok {
		host, _, _ := strings.Cut(repo, "/")
		bare, _, _ := strings.Cut(host, ":")
		return len(host), strings.HasSuffix(bare, suffix) && len(bare) > len(suffix)
	}
	if !strings.HasPrefix(repo, source) {
		return 0, false
	}
	return len(source), len(repo) == len(source) || repo[len(source)] == '/'
}

// canonicalName is host/path with one name for Docker Hub and the host in lower case.
func canonicalName(repo name.Repository) string {
	return canonicalHost(repo.RegistryStr()) + "/" + repo.RepositoryStr()
}

func canonicalHost(host string) string {
	switch host = strings.ToLower(host); host {
	case "index.docker.io", "registry-1.docker.io":
		return "docker.io"
	}
	return host
}

// relocate returns the reference at another place.
func relocate(ref name.Reference, place string) (name.Reference, error) {
	host, path, _ := strings.Cut(place, "/")
	// The name decides by dots and colons whether its first part is a host; here it
	// always is.
	if _, err := name.NewRepository("host.example/" + path); err != nil {
		return nil, err
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return nil, err
	}
	repo := registry.Repo(path)
	if d, ok := ref.(name.Digest); ok {
		return repo.Digest(d.DigestStr()), nil
	}
	return repo.Tag(ref.Identifier()), nil
}

// checkRule checks and normalises the names.
func checkRule(r *MirrorRule) error {
	source, err := checkPlace(r.Source, true)
	if err != nil {
		return fmt.Errorf("source %q: %w", clean(r.Source, 100), err)
	}
	r.Source = source
	mirrors := make([]string, len(r.Mirrors))
	for i, m := range r.Mirrors {
		if mirrors[i], err = checkPlace(m, false); err != nil {
			return fmt.Errorf("mirrors[%d] %q: %w", i, clean(m, 100), err)
		}
	}
	r.Mirrors = mirrors
	if r.By < ByAny || r.By > ByTag {
		return fmt.Errorf("an unknown kind of pull: %d", r.By)
	}
	return nil
}

// checkPlace checks a host with or without a path and puts the host in lower case.
func checkPlace(place string, wildcard bool) (string, error) {
	host, path, hasPath := strings.Cut(place, "/")
	rest, isWild := strings.CutPrefix(host, "*.")
	switch {
	case host == "":
		return "", errors.New("no host")
	case isWild && (!wildcard || hasPath):
		return "", errors.New("a wildcard may only be the first label of a source's host")
	case strings.ContainsAny(rest, "*@?#% \t\r\n") || strings.ContainsAny(path, "@:"):
		return "", errors.New("not a host, namespace or repository")
	}
	if _, err := name.NewRegistry(rest, name.StrictValidation); err != nil {
		return "", errors.New("not a host")
	}
	if hasPath {
		if _, err := name.NewRepository("host.example/" + path); err != nil || strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") {
			return "", errors.New("not the path of a repository")
		}
		return canonicalHost(host) + "/" + path, nil
	}
	return canonicalHost(host), nil
}
