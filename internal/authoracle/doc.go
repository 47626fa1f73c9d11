// Package authoracle holds nothing but tests: they compare package auth with what it
// means to agree with, the lookups and logins of containers/image (podman, skopeo,
// CRI-O) and the kubelet's keyring, over random documents and images, and measure it
// beside the keyrings of the kubelet and of go-containerregistry. It is a module of its
// own so that nobody else inherits their requirements.
package authoracle
