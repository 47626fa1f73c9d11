package auth

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
)

// The types of pull secrets and the key of the data that each must have. A Secret
// whose type and data do not agree is not used.
const (
	TypeDockerConfigJSON = "kubernetes.io/dockerconfigjson"
	TypeDockercfg        = "kubernetes.io/dockercfg"

	dockerConfigJSONKey = ".dockerconfigjson"
	dockercfgKey        = ".dockercfg"
)

// ExcludeSecretAnnotation with the value "true" keeps a Secret from image imports,
// and so from [NamespaceSecrets].
const ExcludeSecretAnnotation = "openshift.io/image.excludeSecret"

// A PullSecret is what this package needs of a Secret. It can be made from a
// corev1.Secret field by field:
//
//	auth.PullSecret{
//		Namespace: s.Namespace, Name: s.Name, ResourceVersion: s.ResourceVersion,
//		Type: string(s.Type), Annotations: s.Annotations, Data: auth.NewSecretData(s.Data),
//	}
type PullSecret struct {
	Namespace string
	Name      string
	// ResourceVersion tells whether the Secret changed; where it is empty, the
	// data is compared.
	ResourceVersion string
	// Type is kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.
	Type string
	// Annotations may hold ExcludeSecretAnnotation.
	Annotations map[string]string
	Data        SecretData
}

// SecretData is the data of a Secret. Like [SecretValue] it cannot be printed. The
// zero value is no data.
type SecretData struct{ get func(key string) []byte }

// NewSecretData returns the data of a Secret. Of the map it keeps the documents of
// pull secrets, without copying them: they must not be changed.
func NewSecretData(data map[string][]byte) SecretData {
	config, legacy := data[dockerConfigJSONKey], data[dockercfgKey]
	if config == nil && legacy == nil {
		return SecretData{}
	}
	return SecretData{get: func(key string) []byte {
		switch key {
		case dockerConfigJSONKey:
			return config
		case dockercfgKey:
			return legacy
		}
		return nil
	}}
}

// Reveal returns the document under a key of the data, .dockerconfigjson or
// .dockercfg, and nil where there is none. It must not be changed.
func (d SecretData) Reveal(key string) []byte {
	if d.get == nil {
		return nil
	}
	return d.get(key)
}

// String returns "[redacted]", or "" where there is no data.
func (d SecretData) String() string {
	if d.get == nil {
		return ""
	}
	return redacted
}

// GoString is String.
func (d SecretData) GoString() string { return d.String() }

// Format prints String for every verb.
func (d SecretData) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText returns String.
func (d SecretData) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue is String, for slog.
func (d SecretData) LogValue() slog.Value { return slog.StringValue(d.String()) }

// A SecretReader gets one Secret. A typed client or a lister of client-go is one
// after a few lines ([SecretReaderFunc]); a [SecretStore] is one too. The error for
// a Secret that does not exist must be [ErrNotFound], by errors.Is. It is called
// concurrently, and at each use: give it a cache.
type SecretReader interface {
	Secret(ctx context.Context, namespace, name string) (*PullSecret, error)
}

// A SecretReaderFunc is a function as a SecretReader.
type SecretReaderFunc func(ctx context.Context, namespace, name string) (*PullSecret, error)

// Secret calls f.
func (f SecretReaderFunc) Secret(ctx context.Context, namespace, name string) (*PullSecret, error) {
	return f(ctx, namespace, name)
}

// A SecretLister lists the Secrets of a namespace, in an order that stays the same.
// It may leave out those that are no pull secrets. It is called concurrently, and
// at each use: give it a cache.
type SecretLister interface {
	Secrets(ctx context.Context, namespace string) ([]*PullSecret, error)
}

// A SecretListerFunc is a function as a SecretLister.
type SecretListerFunc func(ctx context.Context, namespace string) ([]*PullSecret, error)

// Secrets calls f.
func (f SecretListerFunc) Secrets(ctx context.Context, namespace string) ([]*PullSecret, error) {
	return f(ctx, namespace)
}

// A ServiceAccountReader gets the names of the imagePullSecrets of a
// ServiceAccount, in their order. A lister of client-go is one after a few lines
// ([ServiceAccountReaderFunc]). The error for one that does not exist must be
// [ErrNotFound], by errors.Is. It is called concurrently, and at each use: give it a
// cache.
type ServiceAccountReader interface {
	ImagePullSecrets(ctx context.Context, namespace, serviceAccount string) ([]string, error)
}

// A ServiceAccountReaderFunc is a function as a ServiceAccountReader.
type ServiceAccountReaderFunc func(ctx context.Context, namespace, serviceAccount string) ([]string, error)

// ImagePullSecrets calls f.
func (f ServiceAccountReaderFunc) ImagePullSecrets(ctx context.Context, namespace, serviceAccount string) ([]string, error) {
	return f(ctx, namespace, serviceAccount)
}

// A Versioned reader or lister can tell cheaply that nothing changed: while the
// version is the same, the Secrets are not asked for again. With it a lookup among
// many Secrets takes no time for each of them.
type Versioned interface {
	// Version changes with every change to what the reader or lister returns.
	Version() uint64
}

// document returns the data of the Secret and its format, or why it has none.
func (s *PullSecret) document() ([]byte, Format, error) {
	key, format := dockerConfigJSONKey, FormatConfig
	switch s.Type {
	case TypeDockerConfigJSON:
	case TypeDockercfg:
		key, format = dockercfgKey, FormatLegacy
	default:
		return nil, 0, malformed(fmt.Sprintf("type %q is not that of a pull secret", s.Type))
	}
	data := s.Data.Reveal(key)
	if data == nil {
		return nil, 0, malformed(fmt.Sprintf("type %s without %s in its data", s.Type, key))
	}
	return data, format, nil
}

// isPullSecret reports whether the type is one of a pull secret.
func (s *PullSecret) isPullSecret() bool {
	return s.Type == TypeDockerConfigJSON || s.Type == TypeDockercfg
}

// sameAs reports whether another reading of a Secret holds the same.
func (s *PullSecret) sameAs(other *PullSecret) bool {
	if s.Namespace != other.Namespace || s.Name != other.Name || s.Type != other.Type ||
		s.Annotations[ExcludeSecretAnnotation] != other.Annotations[ExcludeSecretAnnotation] {
		return false
	}
	if s.ResourceVersion != "" && s.ResourceVersion == other.ResourceVersion {
		return true
	}
	for _, key := range []string{dockerConfigJSONKey, dockercfgKey} {
		a, b := s.Data.Reveal(key), other.Data.Reveal(key)
		if (a == nil) != (b == nil) || !bytes.Equal(a, b) {
			return false
		}
	}
	return true
}
