package registryclient

import (
	"context"
	"net/http"
)

// delete sends a deletion. 202 is the specification's success, and some registries
// answer 204 or 200; a page for people, as of a login or a proxy, is none.
func (a *access) delete(ctx context.Context, k call) error {
	k.method = http.MethodDelete
	resp, err := a.send(ctx, k, http.StatusAccepted, http.StatusOK, http.StatusNoContent)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return notRegistry(resp)
	}
	return nil
}
