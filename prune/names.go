package prune

import (
	"strconv"

	"github.com/registrykit/registrykit/prune/inventory"
)

// names keeps the texts that many actions in a row share: that of an item for
// each of its links. It is for one pass over the actions, by one goroutine.
type names struct {
	inv          *inventory.Inventory
	items        map[int32]string
	repositories []string // by stream
}

func newNames(inv *inventory.Inventory) *names {
	return &names{
		inv: inv, items: map[int32]string{}, repositories: make([]string, inv.Streams()),
	}
}

func (n *names) image(i int32) string {
	return n.inv.DigestText(n.inv.Image(int(i)).Digest)
}

func (n *names) repository(stream int32) string {
	if n.repositories[stream] == "" {
		n.repositories[stream] = n.inv.Stream(int(stream)).Repository()
	}
	return n.repositories[stream]
}

func (n *names) item(i int32) string {
	name, ok := n.items[i]
	if !ok {
		item := n.inv.Item(int(i))
		tag := n.inv.Tag(item.Tag)
		name = n.repository(int32(tag.Stream)) + ":" + tag.Name + "#" + strconv.Itoa(item.Index)
		n.items[i] = name
	}
	return name
}
