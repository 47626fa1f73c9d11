package imagestream

// Secret is a Kubernetes secret. A stream's secrets subresource lists those
// that an import from the stream's namespace may use.
type Secret struct {
	TypeMeta   `json:",inline"`
	ObjectMeta `json:"metadata,omitempty"`

	Immutable *bool `json:"immutable,omitempty"`
	// Data is base64 in JSON and plain here.
	Data       map[string][]byte `json:"data,omitempty"`
	StringData map[string]string `json:"stringData,omitempty"`
	Type       SecretType        `json:"type,omitempty"`
	extra
}

// SecretType says what the keys of a secret's data are.
type SecretType string

// The types of secrets that hold credentials of registries.
const (
	// SecretTypeDockercfg has the key .dockercfg, in the oldest of the
	// formats.
	SecretTypeDockercfg SecretType = "kubernetes.io/dockercfg"
	// SecretTypeDockerConfigJSON has the key .dockerconfigjson.
	SecretTypeDockerConfigJSON SecretType = "kubernetes.io/dockerconfigjson"
)

// SecretList is a list of secrets.
type SecretList struct {
	TypeMeta `json:",inline"`
	ListMeta `json:"metadata,omitempty"`

	Items []Secret `json:"items"`
	extra
}
