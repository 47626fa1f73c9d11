package inventory_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Inventories are read by others while their Builder goes on.
func TestAnInventoryDoesNotChange(t *testing.T) {
	var b inventory.Builder
	add(t, &b, smallCluster()...)
	var readers sync.WaitGroup
	for round := range 12 {
		v, want := b.Build(), shown(b.Build())
		for range 2 {
			readers.Go(func() {
				fingerprint := v.Fingerprint()
				for range 2 {
					if got := shown(v); !slices.Equal(want, got) {
						t.Error("the inventory changed")
					}
					if v.Fingerprint() != fingerprint {
						t.Error("the fingerprint changed")
					}
				}
				web := v.FindStream("shop", "web")
				v.HasLink(web, v.Digest(digest("base")), false)
				v.MaxImageSize("shop")
				v.FindDigests("", 100)
			})
		}
		for i := range 60 {
			name := "round " + strconv.Itoa(round) + " image " + strconv.Itoa(i)
			m := manifest(name, 3)
			m.Layers[0].Size += int64(round % 2) // contradicts what is known of the base
			add(t, &b, image(m), imageStream(stream("shop", name, history("shop/"+name, "t", name))), workload(pod("shop", name)),
				link("shop", "web", digest(name), true), limit("shop", name, int64(i)),
				said(func(b *inventory.Builder) { b.AddOther("ConfigMap"); b.Listed(inventory.Kind(name)) }))
			if i%3 > 0 {
				b.ForgetManifest(m.Digest)
				b.ForgetStream("shop", name)
				b.ForgetWorkload("", inventory.KindPod, "shop", name)
				b.ForgetLink(inventory.Link{Namespace: "shop", Name: "web", Digest: m.Digest, Manifest: true})
				b.ForgetLimit("shop", name)
				b.ForgetOther("ConfigMap")
			}
		}
	}
	readers.Wait()
}
