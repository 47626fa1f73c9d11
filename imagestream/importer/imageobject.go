package importer

import (
	"encoding/json"
	"maps"
	"math"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/manifest"
)

// The media types of the configs of images. Those of other artifacts are not read.
const (
	configDocker = "application/vnd.docker.container.image.v1+json"
	configOCI    = "application/vnd.oci.image.config.v1+json"
)

func isImageConfig(mediaType string) bool { return mediaType == configDocker || mediaType == configOCI }

// newImage is what all Images have.
func (r *run) newImage(t Target, m Manifest) *imagestream.Image {
	return &imagestream.Image{
		TypeMeta: imagestream.TypeMeta{Kind: "Image", APIVersion: imagestream.APIVersion},
		ObjectMeta: imagestream.ObjectMeta{
			Name:              m.Digest,
			CreationTimestamp: imagestream.NewTime(r.now),
			Annotations:       map[string]string{imagestream.DockerImageLayersOrderAnnotation: imagestream.DockerImageLayersOrderAscending},
		},
		DockerImageReference:         t.by(m.Digest).Exact(),
		DockerImageManifestMediaType: m.MediaType,
		DockerImageMetadataVersion:   imagestream.DockerImageMetadataVersion10,
	}
}

// imageOf makes the Image of an image. config is nil where it has none of an image.
func (f fetcher) imageOf(t Target, m Manifest, parsed manifest.Manifest, config []byte) (*imagestream.Image, *Error) {
	object := f.newImage(t, m)
	metadata, err := readConfig(config)
	if err != nil {
		return nil, broken("read config", t, Invalid, "%w", err)
	}
	metadata.ID = parsed.Config.Digest
	size, seen := parsed.Config.Size, map[string]bool{}
	for n, l := range parsed.Layers {
		if !imagestream.ValidDigest(l.Digest) {
			return nil, broken("read manifest", t, Invalid, "layers[%d].digest is %.100q", n, l.Digest)
		}
		if l.Size < 0 || !seen[l.Digest] && l.Size > math.MaxInt64-size {
			return nil, broken("read manifest", t, Integrity, "layers[%d].size is %d", n, l.Size)
		}
		if !seen[l.Digest] {
			seen[l.Digest] = true
			size += l.Size
		}
		object.DockerImageLayers = append(object.DockerImageLayers, imagestream.ImageLayer{Name: l.Digest, LayerSize: l.Size, MediaType: l.MediaType})
	}
	metadata.Size = size
	if err := object.SetMetadata(metadata); err != nil {
		return nil, broken("read config", t, Invalid, "%w", err)
	}
	if f.keeps(f.spec) {
		object.DockerImageManifest, object.DockerImageConfig = string(m.Raw), string(config)
	}
	return object, nil
}

// indexOf makes the Image of a list. What a list does not say of the platform of an
// image is what the image says, else "unknown", since the API server takes no Image
// without. (OpenShift gives a list the instant at which it is read as the one at which
// it was created; here that is unknown.)
func (f fetcher) indexOf(t Target, m Manifest, children []manifest.Child, parts []part) (*imagestream.Image, *Error) {
	object := f.newImage(t, m)
	for n, c := range children {
		entry := imagestream.ImageManifest{
			Digest: c.Digest, MediaType: c.MediaType, ManifestSize: c.Size,
			OS: or(c.OS, unknownPlatform), Architecture: c.Architecture, Variant: c.Variant,
		}
		if child := parts[n].object; child != nil {
			entry.MediaType = or(entry.MediaType, child.DockerImageManifestMediaType)
			if metadata, err := child.Metadata(); err == nil && metadata != nil && entry.Architecture == "" {
				entry.Architecture = metadata.Architecture
			}
		}
		entry.Architecture = or(entry.Architecture, unknownPlatform)
		object.DockerImageManifests = append(object.DockerImageManifests, entry)
	}
	if err := object.SetMetadata(&imagestream.DockerImage{ID: m.Digest}); err != nil {
		return nil, broken("read manifest", t, Invalid, "%w", err)
	}
	if f.keeps(f.spec) {
		object.DockerImageManifest = string(m.Raw)
	}
	return object, nil
}

// readConfig reads the config of an image, in the form of Docker's and the OCI's image
// specifications, as metadata. nil gives empty metadata.
func readConfig(raw []byte) (*imagestream.DockerImage, error) {
	if raw == nil {
		return &imagestream.DockerImage{}, nil
	}
	var config struct {
		Parent          string                    `json:"parent"`
		Comment         string                    `json:"comment"`
		Created         json.RawMessage           `json:"created"`
		Container       string                    `json:"container"`
		ContainerConfig imagestream.DockerConfig  `json:"container_config"`
		DockerVersion   string                    `json:"docker_version"`
		Author          string                    `json:"author"`
		Config          *imagestream.DockerConfig `json:"config"`
		Architecture    string                    `json:"architecture"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	metadata := &imagestream.DockerImage{
		Parent: config.Parent, Comment: config.Comment, Container: config.Container,
		ContainerConfig: known(config.ContainerConfig), DockerVersion: config.DockerVersion,
		Author: config.Author, Architecture: config.Architecture,
	}
	if config.Config != nil {
		c := known(*config.Config)
		metadata.Config = &c
	}
	// A date that nobody can read is no reason to refuse an image.
	var created time.Time
	if json.Unmarshal(config.Created, &created) == nil && created.Year() >= 0 && created.Year() <= 9999 {
		metadata.Created = imagestream.NewTime(created)
	}
	return metadata, nil
}

// known returns a config with the fields that Docker's schema 1.0 has, as the API
// server stores it.
func known(c imagestream.DockerConfig) imagestream.DockerConfig {
	return imagestream.DockerConfig{
		Hostname: c.Hostname, Domainname: c.Domainname, User: c.User,
		Memory: c.Memory, MemorySwap: c.MemorySwap, CPUShares: c.CPUShares, CPUSet: c.CPUSet,
		AttachStdin: c.AttachStdin, AttachStdout: c.AttachStdout, AttachStderr: c.AttachStderr,
		PortSpecs: c.PortSpecs, ExposedPorts: maps.Clone(c.ExposedPorts),
		Tty: c.Tty, OpenStdin: c.OpenStdin, StdinOnce: c.StdinOnce,
		Env: c.Env, Cmd: c.Cmd, DNS: c.DNS, Image: c.Image, Volumes: maps.Clone(c.Volumes),
		VolumesFrom: c.VolumesFrom, WorkingDir: c.WorkingDir, Entrypoint: c.Entrypoint,
		NetworkDisabled: c.NetworkDisabled, SecurityOpts: c.SecurityOpts, OnBuild: c.OnBuild, Labels: c.Labels,
	}
}
