package inventory

import (
	"iter"
	"maps"
)

// AddLink adds a link of a repository. The same link twice is one.
func (b *Builder) AddLink(l Link) error {
	b.init()
	if l.Name == "" || l.Digest == "" {
		return invalid("Link of "+RepositoryName(l.Namespace, l.Name), "it has no repository or no digest")
	}
	b.ownLinks()[b.linkKey(l)] = struct{}{}
	return nil
}

// ForgetLink forgets the link, if it is known.
func (b *Builder) ForgetLink(l Link) {
	b.init()
	b.dead++
	delete(b.ownLinks(), b.linkKey(l))
}

// ownLinks returns the links to change: a copy where an Inventory reads them.
func (b *facts) ownLinks() map[linkKey]struct{} {
	if b.linksShared {
		b.links, b.linksShared = maps.Clone(b.links), false
	}
	return b.links
}

// LinksListed says that every link of the repository was added.
func (b *Builder) LinksListed(namespace, name string) {
	b.init()
	b.linked[b.texts.intern(RepositoryName(namespace, name))] = struct{}{}
}

// RepositoriesListed says whether [Builder.LinksListed] was said of every repository
// that has links, so that any other has none. By default it was not. Only who walked a registry's storage can say
// so: the streams of a cluster do not tell which repositories there are, since the
// links of a stream outlive it.
func (b *Builder) RepositoriesListed(yes bool) {
	b.init()
	b.everywhere = yes
}

// RepositoriesListed reports whether it is known that a repository whose links were not
// listed has none.
func (v *Inventory) RepositoriesListed() bool { return v.everywhere }

// LinksListed reports whether every link of a stream's repository is known.
func (v *Inventory) LinksListed(stream int) bool {
	return v.everywhere || v.listedAlone(v.streams[stream].key)
}

// NoLinks reports whether a repository, of a stream or not, is known to have no links
// at all.
func (v *Inventory) NoLinks(namespace, name string) bool {
	v.linkedNames.Do(func() {
		v.linkedByName = make(map[string]struct{}, len(v.linked))
		for t := range v.linked {
			v.linkedByName[v.text(t)] = struct{}{}
		}
	})
	_, linked := v.linkedByName[RepositoryName(namespace, name)]
	return v.everywhere && !linked
}

// listedAlone reports whether [Builder.LinksListed] was said of the repository itself.
func (v *Inventory) listedAlone(repository text) bool {
	_, listed := v.linked[repository]
	return listed
}

// HasLink reports whether a stream's repository may have the link: it was
// listed, or the links of that repository were not.
func (v *Inventory) HasLink(stream int, d Digest, manifest bool) bool {
	if !v.LinksListed(stream) {
		return true
	}
	_, ok := v.links[linkKey{v.streams[stream].key, d, manifest}]
	return ok
}

// A ListedLink is a link of a stream's repository, all links of which were
// listed.
type ListedLink struct {
	Stream   int
	Digest   Digest
	Manifest bool
}

// ListedLinks yields the links of the repositories whose links were listed, in
// no order. A repository that no stream has is passed over.
func (v *Inventory) ListedLinks() iter.Seq[ListedLink] {
	return func(yield func(ListedLink) bool) {
		for l := range v.links {
			if !v.everywhere && !v.listedAlone(l.repository) || int(l.repository) >= len(v.streamOf) {
				continue
			}
			if s := v.streamOf[l.repository]; s >= 0 && !yield(ListedLink{int(s), l.digest, l.manifest}) {
				return
			}
		}
	}
}

func (b *Builder) linkKey(l Link) linkKey {
	return linkKey{b.texts.intern(RepositoryName(l.Namespace, l.Name)), b.digests.intern(l.Digest), l.Manifest}
}
