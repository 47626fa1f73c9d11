package prunetest

import (
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// owned returns a manifest and all that it owns, at every depth, and with
// referrers what refers to any of these that is known.
func (c *checker) owned(root string, referrers bool) []string {
	if root == "" {
		return nil
	}
	seen := map[string]bool{root: true}
	list := []string{root}
	add := func(digest string) {
		if !seen[digest] {
			seen[digest] = true
			list = append(list, digest)
		}
	}
	for i := 0; i < len(list); i++ {
		m := c.images[list[i]]
		if m == nil {
			continue
		}
		for _, child := range m.Children {
			add(child.Digest)
		}
		if referrers {
			for _, r := range c.referrers[list[i]] {
				add(r)
			}
		}
	}
	return list
}

// blobs returns the layers and the config of an image that is known. An index
// has no config: what claims to be one is its own digest.
func (c *checker) blobs(digest string) (list []string) {
	m := c.images[digest]
	if m == nil {
		return nil
	}
	for _, l := range m.Layers {
		list = append(list, l.Digest)
	}
	if m.Config != "" && m.MediaType != ociIndex {
		list = append(list, m.Config)
	}
	return list
}

// linksOf returns the links that a repository needs for a manifest.
func (c *checker) linksOf(repository, digest string) []object {
	list := []object{{prune.DeleteManifestLink, linkName(repository, digest)}}
	for _, blob := range c.blobs(digest) {
		list = append(list, object{prune.DeleteLayerLink, linkName(repository, blob)})
	}
	return list
}

// storedFor returns the Image, if it is known, and the blobs of a manifest.
func (c *checker) storedFor(digest string) []object {
	list := []object{{prune.DeleteBlob, digest}}
	if c.images[digest] != nil {
		list = append(list, object{prune.DeleteImage, digest})
	}
	for _, blob := range c.blobs(digest) {
		list = append(list, object{prune.DeleteBlob, blob})
	}
	return list
}

// An item is a tag item with the manifests that it names and the repositories
// that need them.
type item struct {
	name         string
	stream, tag  string
	index        int
	roots        []string
	repositories []string
}

// items returns all tag items.
func (c *checker) items() (list []item) {
	for i := range c.inv.Items() {
		view := c.inv.Item(i)
		tag := c.inv.Tag(view.Tag)
		stream := c.inv.Stream(tag.Stream)
		it := item{stream: stream.Repository(), tag: tag.Name, index: view.Index}
		it.name = itemName(it.stream, it.tag, it.index)
		it.repositories = []string{it.stream}
		for _, root := range []inventory.Digest{view.Image, view.Named} {
			if root != inventory.NoDigest {
				it.roots = append(it.roots, c.inv.DigestText(root))
			}
		}
		if named := view.NamedStream; named >= 0 && named != tag.Stream {
			it.repositories = append(it.repositories, c.inv.Stream(named).Repository())
		}
		list = append(list, it)
	}
	return list
}

// needs returns everything that an item resolves to.
func (c *checker) needs(it *item, referrers bool) (list []object) {
	for _, root := range it.roots {
		for _, digest := range c.owned(root, referrers) {
			list = append(list, c.storedFor(digest)...)
			for _, r := range it.repositories {
				list = append(list, c.linksOf(r, digest)...)
			}
		}
	}
	return list
}
