// Package registriesconf gives package registryclient the mirrors, the blocked and
// the insecure registries of registries.conf, the file that podman, skopeo, buildah
// and CRI-O read (containers-registries.conf(5)).
//
//	config, err := registriesconf.Load(registriesconf.Files{})
//	client := registryclient.New(registryclient.Options{Mirrors: config})
//
// The files are read by github.com/containers/image/v5's pkg/sysregistriesv2. It is a
// module of its own because that links, with cgo, a C constructor that runs before
// main; without cgo it does not.
package registriesconf

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/containers/image/v5/docker/reference"
	"github.com/containers/image/v5/pkg/sysregistriesv2"
	"github.com/containers/image/v5/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
)

// Files are where the configuration is. The zero value is where podman looks: the
// user's files or else the system's.
type Files struct {
	// Conf is a registries.conf.
	Conf string
	// Dir is a registries.conf.d, whose files go over Conf. Where Conf is set and Dir
	// is not, there is none.
	Dir string
}

// A Config is the mirrors of registries.conf. It is a registryclient.Sourcer and may be
// used by many goroutines. The files are read once; Load reads them anew, for every
// Config of the same Files.
type Config struct {
	system *types.SystemContext
}

// Load reads the files. Where none is there, there are no mirrors. The error is a
// *registryclient.Error that is registryclient.Invalid.
func Load(f Files) (*Config, error) {
	if f.Conf != "" && f.Dir == "" {
		f.Dir = os.DevNull // is no directory, and so has no files
	}
	c := &Config{system: &types.SystemContext{SystemRegistriesConfPath: f.Conf, SystemRegistriesConfDirPath: f.Dir}}
	sysregistriesv2.InvalidateCache()
	if _, err := sysregistriesv2.TryUpdatingCache(c.system); err != nil {
		return nil, &registryclient.Error{Op: "read", Object: c.description(), Class: registryclient.Invalid, Err: err}
	}
	return c, nil
}

func (c *Config) description() string {
	return sysregistriesv2.ConfigurationSourceDescription(c.system)
}

// Sources implements registryclient.Sourcer: the mirrors of the longest prefix that are
// for pulls of that kind, and then the location that stands for the prefix. A place that
// is blocked is left out, be it a mirror or the location itself; so NeverContactSource,
// which is written as a blocked registry with mirrors, is kept to. A place is insecure
// where its own entry, or its line among the mirrors, says so. The error is
// registryclient.Blocked where nothing is left.
func (c *Config) Sources(ref name.Reference) ([]registryclient.Source, error) {
	named, err := toNamed(ref)
	if err != nil {
		return nil, invalid(err)
	}
	found, err := sysregistriesv2.FindRegistry(c.system, named.String())
	if err != nil {
		return nil, invalid(err)
	}
	if found == nil {
		return []registryclient.Source{{Ref: ref}}, nil
	}
	places, err := found.PullSourcesFromReference(named)
	if err != nil {
		return nil, invalid(err)
	}
	var sources []registryclient.Source
	for i, place := range places {
		entry, err := sysregistriesv2.FindRegistry(c.system, place.Reference.String())
		if err != nil {
			return nil, invalid(err)
		}
		// The location of a prefix that is blocked is blocked too, whatever entry it
		// has itself.
		isMirror := i < len(places)-1
		if entry != nil && entry.Blocked || !isMirror && found.Blocked {
			continue
		}
		there, err := toReference(place.Reference)
		if err != nil {
			return nil, invalid(err)
		}
		s := registryclient.Source{Ref: there, Mirror: there.Name() != ref.Name(), Insecure: place.Endpoint.Insecure || entry != nil && entry.Insecure}
		if s.Mirror {
			s.Rule = fmt.Sprintf("prefix %s of %s", found.Prefix, c.description())
		}
		sources = append(sources, s)
	}
	if len(sources) == 0 {
		return nil, &registryclient.Error{Class: registryclient.Blocked, Err: fmt.Errorf("%s blocks %s", c.description(), found.Prefix)}
	}
	return sources, nil
}

func invalid(err error) error {
	return &registryclient.Error{Class: registryclient.Invalid, Err: err}
}

// toNamed gives a reference the form of containers/image, where Docker Hub is docker.io.
func toNamed(ref name.Reference) (reference.Named, error) {
	host := ref.Context().RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	separator := ":"
	if _, ok := ref.(name.Digest); ok {
		separator = "@"
	}
	return reference.ParseNamed(host + "/" + ref.Context().RepositoryStr() + separator + ref.Identifier())
}

// toReference is the way back. The first part is the host, whether it has a dot or not.
func toReference(named reference.Named) (name.Reference, error) {
	host, path, ok := strings.Cut(named.Name(), "/")
	if !ok {
		return nil, errors.New("the location names no repository")
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return nil, err
	}
	repo := registry.Repo(path)
	switch r := named.(type) {
	case reference.Canonical:
		return repo.Digest(r.Digest().String()), nil
	case reference.Tagged:
		return repo.Tag(r.Tag()), nil
	}
	return nil, errors.New("the location has neither a tag nor a digest")
}
