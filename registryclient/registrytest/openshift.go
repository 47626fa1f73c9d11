package registrytest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The paths that OpenShift's integrated registry has beside /v2/.
const (
	adminBlobs = "/admin/blobs/"
	extensions = "/extensions/v2/"
)

// serveAdminBlobs deletes a blob of all repositories.
func (s *Server) serveAdminBlobs(w http.ResponseWriter, r *http.Request) {
	h, err := v1.NewHash(strings.TrimPrefix(r.URL.Path, adminBlobs))
	deleter, ok := s.blobs.(registry.BlobDeleteHandler)
	switch {
	case r.Method != http.MethodDelete || !ok && s.store == nil:
		writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "only DELETE")
	case err != nil:
		writeError(w, http.StatusBadRequest, "DIGEST_INVALID", err.Error())
	case s.store != nil:
		s.store.remove(h.String())
		w.WriteHeader(http.StatusNoContent)
	case deleter.Delete(r.Context(), "", h) != nil:
		writeError(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// serveSignatures lists and adds the signatures of an image.
func (s *Server) serveSignatures(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list struct {
		Signatures []json.RawMessage `json:"signatures"`
	}
	if old, ok := s.signatures[r.URL.Path]; ok && json.Unmarshal(old, &list) != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	switch r.Method {
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(list)
	case http.MethodPut:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
		if err != nil || !json.Valid(body) {
			writeError(w, http.StatusBadRequest, "SIGNATURE_INVALID", "invalid image signature")
			return
		}
		list.Signatures = append(list.Signatures, body)
		s.signatures[r.URL.Path], _ = json.Marshal(list)
		w.WriteHeader(http.StatusCreated)
	default:
		writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "GET and PUT")
	}
}
