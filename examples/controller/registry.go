package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
)

// defaultHost is the integrated registry's service, for a cluster that does not say.
const defaultHost = "image-registry.openshift-image-registry.svc:5000"

// registryOptions say where the integrated registry is, as the flags of
// `oc adm prune images` do. Zero: as the cluster says, with the service account's token.
type registryOptions struct {
	// url is the registry's, with or without https://; http:// is without encryption.
	url string
	// ca is a file with the certificate authority of the registry, and token one with
	// the token to show it.
	ca, token string
	state     imagepruner.ManagementState
}

// The operator's resources that tell of the registry.
var (
	registryConfig = schema.GroupVersionKind{Group: imagepruner.GroupName, Version: "v1", Kind: "Config"}
	imageConfig    = schema.GroupVersionKind{Group: "config.openshift.io", Version: "v1", Kind: "Image"}
)

// look finds out what is known of the registry, and gives its ends.
func (o registryOptions) look(ctx context.Context, reader client.Reader) (imagepruner.Registry, apply.Ends, error) {
	var r imagepruner.Registry
	state, err := fieldOf(ctx, reader, registryConfig, "spec", "managementState")
	if err != nil {
		return r, apply.Ends{}, err
	}
	if r.HostName, err = fieldOf(ctx, reader, imageConfig, "status", "internalRegistryHostname"); err != nil {
		return r, apply.Ends{}, err
	}
	r.ManagementState = imagepruner.ManagementState(state)
	if o.state != "" {
		r.ManagementState = o.state
	}
	host, plain := strings.CutPrefix(o.url, "http://")
	if host = strings.TrimPrefix(host, "https://"); host != "" {
		r.HostName = host
	}
	if !r.Prune() {
		return r, apply.Ends{}, nil
	}
	if r.HostName == "" {
		r.HostName = defaultHost
	}
	ends, err := o.ends(r.HostName, plain)
	return r, ends, err
}

// ends are those of the registry at a host.
func (o registryOptions) ends(host string, plain bool) (apply.Ends, error) {
	registry, err := name.NewRegistry(host, name.StrictValidation)
	if err != nil {
		return apply.Ends{}, fmt.Errorf("the registry's URL: %w", err)
	}
	settings := registryclient.HostOptions{}
	if plain {
		settings.PlainHTTP = registryclient.HTTPOnly
	} else if settings.TLS, err = trusting(o.ca); err != nil {
		return apply.Ends{}, err
	}
	c := registryclient.New(registryclient.Options{
		Keychain: auth.NewResolver(auth.Options{}, auth.IntegratedRegistry(o.token, host)),
		Host: func(asked string) registryclient.HostOptions {
			if asked == registry.RegistryStr() {
				return settings
			}
			return registryclient.HostOptions{}
		},
	})
	integrated := &fromregistry.IntegratedEnds{Client: c, Registry: registry}
	return integrated.In(apply.Ends{}), nil
}

// trusting trusts the authorities of this machine and those in a file. One that is not
// there is no error: then the registry's certificate is, if it needs it.
func trusting(file string) (*tls.Config, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil && !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// fieldOf reads a field of the object cluster; "" where the cluster has no such object.
func fieldOf(ctx context.Context, reader client.Reader, kind schema.GroupVersionKind, path ...string) (string, error) {
	u := new(unstructured.Unstructured)
	u.SetGroupVersionKind(kind)
	err := reader.Get(ctx, types.NamespacedName{Name: imagepruner.Name}, u)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %s %s: %w", kind.GroupKind(), imagepruner.Name, err)
	}
	value, _, err := unstructured.NestedString(u.Object, path...)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", kind.GroupKind(), imagepruner.Name, err)
	}
	return value, nil
}
