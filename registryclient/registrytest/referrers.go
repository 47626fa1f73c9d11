package registrytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
)

// A descriptor is one of the referrers API, unknown members left out.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

// serveReferrers serves the referrers API: by pages, filtered, and with each
// manifest's own artifactType, which the registry below does not look at.
func (s *Server) serveReferrers(w http.ResponseWriter, r *http.Request) {
	path, _, _ := strings.Cut(r.URL.Path, "/referrers/")
	got := s.ask(httptest.NewRequest(http.MethodGet, r.URL.Path, nil))
	index := struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{Manifests: []descriptor{}}
	if got.Code == http.StatusNotFound {
		index.SchemaVersion = 2 // the repository is empty: no referrers
	} else if got.Code != http.StatusOK || json.Unmarshal(got.Body.Bytes(), &index) != nil {
		w.WriteHeader(got.Code)
		w.Write(got.Body.Bytes())
		return
	}
	wanted := r.URL.Query().Get("artifactType")
	all := slices.DeleteFunc(index.Manifests, func(d descriptor) bool {
		return wanted != "" && s.artifactType(path, d.Digest) != wanted
	})
	slices.SortFunc(all, func(a, b descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	for i := range all {
		all[i].ArtifactType = s.artifactType(path, all[i].Digest)
	}
	if after := r.URL.Query().Get("last"); after != "" {
		all = slices.DeleteFunc(all, func(d descriptor) bool { return d.Digest <= after })
	}
	if n := s.options.PageSize; n > 0 && len(all) > n {
		all = all[:n]
		next := url.Values{"last": {all[n-1].Digest}}
		if wanted != "" {
			next.Set("artifactType", wanted)
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, next.Encode()))
	}
	if wanted != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	index.MediaType, index.Manifests = "application/vnd.oci.image.index.v1+json", all
	w.Header().Set("Content-Type", index.MediaType)
	json.NewEncoder(w).Encode(index)
}

// artifactType of a manifest: its own, or its config's media type.
func (s *Server) artifactType(path, digest string) string {
	var m struct {
		ArtifactType string `json:"artifactType"`
		Config       struct {
			MediaType string `json:"mediaType"`
		} `json:"config"`
	}
	got := s.ask(httptest.NewRequest(http.MethodGet, path+"/manifests/"+digest, nil))
	if json.Unmarshal(got.Body.Bytes(), &m) != nil {
		return ""
	}
	return cmp.Or(m.ArtifactType, m.Config.MediaType)
}
