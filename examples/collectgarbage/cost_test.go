package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// TestCostOfARun counts the calls of a run on 400 tags and 1,200 blobs, the check for
// what dangles among them: at most two for each blob and link, beside the listings and
// what tries the volume out, and four where leases are asked. A read from an object
// that is open is no call.
func TestCostOfARun(t *testing.T) {
	const images, probe = 400, 70
	for _, c := range []struct {
		name  string
		every int // of so many images, one has no tag
		args  []string
		most  int // calls for each blob and link
	}{
		{"nothing goes", images + 1, []string{"--grace", "0s"}, 2},
		{"a tenth goes", 10, []string{"--grace", "0s"}, 2},
		{"half goes", 2, []string{"--grace", "0s"}, 2},
		{"half is condemned", 2, nil, 2},
		{"online, nothing goes", images + 1, []string{"--online"}, 4},
		{"online, half is condemned", 2, []string{"--online"}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			driver := &memory.Driver{}
			v := &volume{T: t, layout: registrylayout.New(storage.New(driver, storage.Options{Trust: true}), registrylayout.Options{})}
			tags := 0
			for i := range images {
				var tag []string
				if i%c.every != c.every-1 {
					tag = []string{fmt.Sprintf("v%d", i)}
					tags++
				}
				v.image(fmt.Sprintf("team/app-%d", i%40), fmt.Sprintf("config %d", i), fmt.Sprintf("layer %d", i), tag...)
			}
			links := 3*images + 2*tags // a tag has its index, too
			var mu sync.Mutex
			calls := map[string]int{}
			observed := middleware.Observe(driver, func(e middleware.Event) {
				mu.Lock()
				defer mu.Unlock()
				calls[e.Op]++
			}, middleware.ObserveOptions{})
			o, err := parseFlags(append([]string{"--root", "memory", "--delete-untagged"}, c.args...))
			require.NoError(t, err)
			o.now = func() time.Time { return time.Now().Add(24 * time.Hour) }
			collection, err := newCollection(storage.New(observed, storage.Options{}), o)
			require.NoError(t, err)
			require.NoError(t, collection.run(t.Context()))
			require.NoError(t, collection.cleanLeases(t.Context(), o.now()))
			r := collection.report
			require.Equal(t, 3*(images-tags), len(r.Blobs.Deleted)+r.Blobs.Condemned)
			sum := 0
			for op, n := range calls {
				if op != "list" && op != "read" {
					sum += n
				}
			}
			t.Logf("%d blobs, %d links, %d of them gone: %d calls, %v", 3*images, links, len(r.Links.Deleted), sum, calls)
			require.LessOrEqual(t, sum, c.most*(3*images+links)+probe)
		})
	}
}
