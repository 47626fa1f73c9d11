package fromregistry

import (
	"errors"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/registryclient"
)

// saysNotFound says whether the registry itself answered that there is no such thing: with
// an error code. A page with the status 404 is of what is in front of it, while the registry
// is being restarted, say. The answer to a HEAD has no body, and so is never certain.
func saysNotFound(err error) bool {
	var failed *registryclient.Error
	return errors.As(err, &failed) && failed.Class == registryclient.NotFound && failed.Code != ""
}

// ownAnswer is answer, for requests that have a body in their answer: a 404 that is no
// registry's says nothing of what was to be deleted.
func ownAnswer(err error) error {
	if errors.Is(err, registryclient.NotFound) && !saysNotFound(err) {
		return &endError{class: apply.ErrUnsupported, err: err}
	}
	return answer(err)
}
