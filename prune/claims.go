package prune

import "github.com/registrykit/registrykit/prune/inventory"

// Which blobs an image has, asked in two ways: of what stays, all that it may
// have; of what goes, only what it certainly has. They differ in the config,
// which an image claims by dockerImageMetadata.Id: an index has none, whatever
// it claims, and only an OCI or Docker schema 2 image manifest has one for
// certain.

// mayHave calls f for the image itself, its layers and its config.
func mayHave(view *inventory.Image, f func(inventory.Digest)) {
	f(view.Digest)
	for _, layer := range view.Layers {
		f(layer)
	}
	if view.Class != inventory.ClassIndex && view.Config != inventory.NoDigest {
		f(view.Config)
	}
}

// certainlyHas is mayHave of an image that goes.
func certainlyHas(view *inventory.Image, f func(inventory.Digest)) {
	f(view.Digest)
	for _, layer := range view.Layers {
		f(layer)
	}
	if config := certainConfig(view); config != inventory.NoDigest {
		f(config)
	}
}

// certainConfig returns the config of an image that surely has one.
func certainConfig(view *inventory.Image) inventory.Digest {
	if view.Class == inventory.ClassImage {
		return view.Config
	}
	return inventory.NoDigest
}

// hidesConfig reports whether an image may have a config that nobody has told:
// it may be any that another image has. The peer does not ask.
func (p *planner) hidesConfig(view *inventory.Image) bool {
	return view.Class != inventory.ClassIndex && view.Config == inventory.NoDigest && !p.policy.PeerReferencesOnly
}
