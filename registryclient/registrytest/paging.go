package registrytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// servePage serves a page of the catalog or of a repository's tags, with a Link to
// the next as the distribution specification has it.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	whole := r.Clone(r.Context())
	whole.URL.RawQuery = ""
	got := s.ask(whole)
	var listing struct {
		Name         *string   `json:"name,omitempty"`
		Tags         *[]string `json:"tags,omitempty"`
		Repositories *[]string `json:"repositories,omitempty"`
	}
	if got.Code != http.StatusOK || json.Unmarshal(got.Body.Bytes(), &listing) != nil {
		w.WriteHeader(got.Code)
		w.Write(got.Body.Bytes())
		return
	}
	entries := &listing.Tags
	if r.URL.Path == "/v2/_catalog" {
		entries = &listing.Repositories
	}
	if *entries == nil { // an empty listing has the field, too
		*entries = &[]string{}
	}
	slices.Sort(**entries)
	page, last := s.cut(**entries, r.URL.Query())
	*entries = &page
	if last != "" {
		next := url.Values{"last": {last}}
		if n := r.URL.Query().Get("n"); n != "" {
			next.Set("n", n)
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, next.Encode()))
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(listing)
}

// cut returns the page that the query asks for, and its last entry if more follow.
func (s *Server) cut(entries []string, query url.Values) (page []string, last string) {
	if after := query.Get("last"); after != "" {
		i, found := slices.BinarySearch(entries, after)
		if found {
			i++
		}
		entries = entries[i:]
	}
	n, err := strconv.Atoi(query.Get("n"))
	if err != nil || n <= 0 || s.options.PageSize > 0 && n > s.options.PageSize {
		n = s.options.PageSize
	}
	if n <= 0 || len(entries) <= n {
		return entries, ""
	}
	return entries[:n], entries[n-1]
}
