package prune

import (
	"strconv"

	"github.com/registrykit/registrykit/prune/inventory"
)

func (p *planner) itemName(i int) string {
	item := p.inv.Item(i)
	tag := p.inv.Tag(item.Tag)
	return p.inv.Stream(tag.Stream).Repository() + ":" + tag.Name + "#" + strconv.Itoa(item.Index)
}

// useName names a field of a workload.
func (p *planner) useName(number int) string {
	use := p.inv.Use(number)
	return p.inv.Workload(use.Workload).String() + " " + use.Field
}

func (p *planner) needName(n need) string {
	if n.item >= 0 {
		return p.itemName(int(n.item))
	}
	if n.use < 0 {
		return "repository " + p.inv.Stream(int(n.linked)).Repository()
	}
	return p.useName(int(n.use))
}

// usePath leads from a use to the item that it keeps: through the tag that it
// names, or through the digest and the indexes that own it.
func (p *planner) usePath(number, i int) []string {
	use := p.inv.Use(number)
	path := []string{p.useName(number)}
	if use.Digest == inventory.NoDigest {
		return append(path, use.Repository+":"+use.Tag, p.itemName(i))
	}
	path = append(path, p.ownersPath(use.Digest, p.inv.Item(i).Image)...)
	return append(path, p.itemName(i))
}

// ownersPath leads from a digest up to an index that owns it, by the shortest
// way.
func (p *planner) ownersPath(from, to inventory.Digest) []string {
	parent := map[inventory.Digest]inventory.Digest{to: inventory.NoDigest}
	for queue := []inventory.Digest{to}; len(queue) > 0; queue = queue[1:] {
		image := p.inv.ImageOf(queue[0])
		if image < 0 {
			continue
		}
		for _, child := range p.inv.Children(image) {
			if _, met := parent[child]; !met {
				parent[child] = queue[0]
				queue = append(queue, child)
			}
		}
	}
	var path []string
	for d := from; d != inventory.NoDigest; d = parent[d] {
		path = append(path, p.imageName(d))
		if _, met := parent[d]; !met {
			break
		}
	}
	return path
}

// imageName is the digest, with "index" before it where it is one.
func (p *planner) imageName(d inventory.Digest) string {
	if image := p.inv.ImageOf(d); image >= 0 && p.inv.Image(image).Class == inventory.ClassIndex {
		return "index " + p.inv.DigestText(d)
	}
	return p.inv.DigestText(d)
}

// longestPath is how many indexes within each other a path shows. Real ones are
// two or three; a made-up dump may have any number, each with its own path.
const longestPath = 32

// imagePath leads from what is needed for its own sake to an image that stays.
func (p *planner) imagePath(i int) []string {
	var up []string
	for seen := map[int]bool{}; !seen[i]; {
		if len(up) == longestPath {
			up = append(up, "…")
			break
		}
		seen[i] = true
		up = append(up, p.imageName(p.inv.Image(i).Digest))
		v := p.images[i]
		if v.rule != neededByParent && v.rule != neededBySubject || v.cause < 0 {
			break
		}
		i = int(v.cause)
	}
	root := p.rootPath(i)
	for k := len(up) - 1; k >= 0; k-- {
		root = append(root, up[k])
	}
	return root
}

// rootPath leads to the image that is kept for its own sake, but for itself.
func (p *planner) rootPath(i int) []string {
	v := p.images[i]
	switch {
	case v.rule == linkedManifest:
		return []string{p.needName(linkNeed(int(v.cause)))}
	case v.rule == neededByItem || v.rule == namedByItem:
		item := int(v.cause)
		if why := p.items[item]; why.rule >= 0 && why.cause >= 0 {
			return p.usePath(int(why.cause), item)
		}
		return []string{p.itemName(item)}
	case v.rule >= 0 && v.cause >= 0:
		return []string{p.useName(int(v.cause))}
	}
	return nil
}
