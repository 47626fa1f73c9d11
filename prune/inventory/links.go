package inventory

import "maps"

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

func (b *Builder) linkKey(l Link) linkKey {
	return linkKey{b.texts.intern(RepositoryName(l.Namespace, l.Name)), b.digests.intern(l.Digest), l.Manifest}
}
