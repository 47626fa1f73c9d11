package imagestream

import (
	"bytes"
	"encoding/json"
)

// The schema of [Image.DockerImageMetadata].
const (
	// DockerImageMetadataVersion10 is the only version in use.
	DockerImageMetadataVersion10 = "1.0"
	// DockerImageAPIVersion is the apiVersion of a [DockerImage], whose kind
	// is [KindDockerImage].
	DockerImageAPIVersion = GroupName + "/" + DockerImageMetadataVersion10
)

// DockerImage is the decoded form of [Image.DockerImageMetadata], in the schema
// of Docker 1.0: its keys in JSON are capitalised. It does not say which
// operating system the image is for.
type DockerImage struct {
	TypeMeta `json:",inline"`

	// ID is the digest of the image's config; of a manifest list, its own
	// digest. In JSON it is called Id.
	ID      string `json:"Id"`
	Parent  string `json:"Parent,omitempty"`
	Comment string `json:"Comment,omitempty"`
	// Created is when the image was built, as the builder says. The server
	// makes it up for a manifest list.
	Created         Time         `json:"Created,omitempty"`
	Container       string       `json:"Container,omitempty"`
	ContainerConfig DockerConfig `json:"ContainerConfig,omitempty"`
	DockerVersion   string       `json:"DockerVersion,omitempty"`
	Author          string       `json:"Author,omitempty"`
	// Config is what containers of the image run with; nil where that is not
	// known.
	Config       *DockerConfig `json:"Config,omitempty"`
	Architecture string        `json:"Architecture,omitempty"`
	// Size is the bytes of the config and of each different layer. It is 0
	// for a manifest list, and where it is not known.
	Size int64 `json:"Size,omitempty"`
	extra
}

// DockerConfig is what a container runs with.
type DockerConfig struct {
	Hostname        string              `json:"Hostname,omitempty"`
	Domainname      string              `json:"Domainname,omitempty"`
	User            string              `json:"User,omitempty"`
	Memory          int64               `json:"Memory,omitempty"`
	MemorySwap      int64               `json:"MemorySwap,omitempty"`
	CPUShares       int64               `json:"CpuShares,omitempty"`
	CPUSet          string              `json:"Cpuset,omitempty"`
	AttachStdin     bool                `json:"AttachStdin,omitempty"`
	AttachStdout    bool                `json:"AttachStdout,omitempty"`
	AttachStderr    bool                `json:"AttachStderr,omitempty"`
	PortSpecs       []string            `json:"PortSpecs,omitempty"`
	ExposedPorts    map[string]struct{} `json:"ExposedPorts,omitempty"`
	Tty             bool                `json:"Tty,omitempty"`
	OpenStdin       bool                `json:"OpenStdin,omitempty"`
	StdinOnce       bool                `json:"StdinOnce,omitempty"`
	Env             []string            `json:"Env,omitempty"`
	Cmd             []string            `json:"Cmd,omitempty"`
	DNS             []string            `json:"Dns,omitempty"`
	Image           string              `json:"Image,omitempty"`
	Volumes         map[string]struct{} `json:"Volumes,omitempty"`
	VolumesFrom     string              `json:"VolumesFrom,omitempty"`
	WorkingDir      string              `json:"WorkingDir,omitempty"`
	Entrypoint      []string            `json:"Entrypoint,omitempty"`
	NetworkDisabled bool                `json:"NetworkDisabled,omitempty"`
	SecurityOpts    []string            `json:"SecurityOpts,omitempty"`
	OnBuild         []string            `json:"OnBuild,omitempty"`
	Labels          map[string]string   `json:"Labels,omitempty"`
	extra
}

// Metadata decodes DockerImageMetadata. It returns nil and no error where the
// image carries none, which says nothing about the image: its size and config
// are then not known from here. The result is the caller's; a change of it
// reaches the image by [Image.SetMetadata]. The error is an [*Error] of class
// [ErrInvalidObject] where the metadata is not a [DockerImage].
func (i *Image) Metadata() (*DockerImage, error) {
	if i == nil {
		return nil, nil
	}
	raw := bytes.TrimSpace(i.DockerImageMetadata.Raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if !json.Valid(raw) {
		return nil, &Error{Op: "read", Object: i.describe(), Field: "dockerImageMetadata",
			Reason: "malformed JSON", Err: ErrInvalidObject}
	}
	m := new(DockerImage)
	if err := readObject(raw, m); err != nil {
		e := asReadError(i.describe(), err).(*Error)
		e.Field = joinField("dockerImageMetadata", e.Field)
		return nil, e
	}
	return m, nil
}

// SetMetadata stores m in DockerImageMetadata, as of version 1.0, with the kind
// and apiVersion of a [DockerImage] where m has neither. It does not keep m,
// nor change it. nil removes the metadata. The error is of class
// [ErrInvalidObject]; the image is then as before.
func (i *Image) SetMetadata(m *DockerImage) error {
	if m == nil {
		i.DockerImageMetadata, i.DockerImageMetadataVersion = RawExtension{}, ""
		return nil
	}
	stored := *m
	if stored.TypeMeta == (TypeMeta{}) {
		stored.TypeMeta = TypeMeta{Kind: KindDockerImage, APIVersion: DockerImageAPIVersion}
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	i.DockerImageMetadata.Raw = raw
	i.DockerImageMetadataVersion = DockerImageMetadataVersion10
	return nil
}

func (i *Image) describe() string { return describe("Image", i.Namespace, i.Name) }
