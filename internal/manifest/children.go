package manifest

import (
	"encoding/json"
	"fmt"
)

// A Child is a manifest that an index owns, with what the index says it is for.
type Child struct {
	Descriptor
	OS, Architecture, Variant string
	// Attestation says that it is about another child and no image, as BuildKit
	// marks them (annotation vnd.docker.reference.type).
	Attestation bool
}

// Children reads the manifests of an index, in its order. [ErrTooLarge], and a
// [*TooManyError].
func Children(raw []byte) ([]Child, error) {
	if len(raw) > MaxBytes {
		return nil, ErrTooLarge
	}
	if err := checkCount(raw, MaxDescriptors); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	var index struct {
		Manifests []struct {
			Descriptor
			Platform *struct {
				OS           string `json:"os"`
				Architecture string `json:"architecture"`
				Variant      string `json:"variant"`
			} `json:"platform"`
			Annotations map[string]string `json:"annotations"`
		} `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	children := make([]Child, len(index.Manifests))
	for i, m := range index.Manifests {
		children[i] = Child{Descriptor: m.Descriptor, Attestation: m.Annotations["vnd.docker.reference.type"] != ""}
		if m.Platform != nil {
			children[i].OS, children[i].Architecture, children[i].Variant = m.Platform.OS, m.Platform.Architecture, m.Platform.Variant
		}
	}
	return children, nil
}
