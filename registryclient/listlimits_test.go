package registryclient_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// pagesWithoutEnd answers listings with pages of two entries that lead on, around a ring
// of so many pages; 0 is no ring.
func pagesWithoutEnd(ring int) registrytest.Fault {
	return registrytest.Fault{Name: "pages without end", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		page, _ := strconv.Atoi(r.URL.Query().Get("last")) // the first has none
		on := page + 1
		if ring > 0 {
			on = page%ring + 1
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s?n=2&last=%d>; rel="next"`, r.URL.Path, on))
		fmt.Fprintf(w, `{"tags":["a%d","b%d"],"repositories":["a%d","b%d"]}`, page, page, page, page)
	}}
}

// TestListingsWithoutEnd end with a typed error, after what may be read.
func TestListingsWithoutEnd(t *testing.T) {
	for _, c := range []struct {
		name          string
		ring, entries int
		max           int
		told          string
	}{
		{"a ring", 3, 8, 0, "leads to a page that was read"},
		{"no end", 0, 101, 101, "more than 101 entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			server.Inject(pagesWithoutEnd(c.ring))
			client, repo := client(t, server, registryclient.Options{}), repository(t, server, "team/app")
			o := registryclient.ListOptions{MaxEntries: c.max}
			tags, err := registryclient.Collect(client.Tags(deadline(t), repo, o))
			require.ErrorIs(t, err, registryclient.Integrity)
			require.ErrorContains(t, err, c.told)
			require.Len(t, tags, c.entries)
			repositories, err := registryclient.Collect(client.Catalog(deadline(t), repo.Registry, o))
			require.ErrorIs(t, err, registryclient.Integrity)
			require.Len(t, repositories, c.entries)
		})
	}
}

// TestAsManyEntriesAsAllowed are no error.
func TestAsManyEntriesAsAllowed(t *testing.T) {
	server := serve(t, registrytest.Options{PageSize: 2})
	for n := range 4 {
		require.NoError(t, server.Push(fmt.Sprint("team/app:v", n), randomImage(t)))
	}
	tags, err := registryclient.Collect(client(t, server, registryclient.Options{}).Tags(deadline(t), repository(t, server, "team/app"), registryclient.ListOptions{MaxEntries: 4}))
	require.NoError(t, err)
	require.Len(t, tags, 4)
}
