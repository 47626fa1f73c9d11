package imagestream

import "strings"

// DockerHub is the registry that is meant where a pull spec names none.
const DockerHub = "docker.io"

// String returns the reference as a pull spec with everything that is set, tag
// and digest both. It sets no defaults. What [ParsePullSpec] or
// [ParsePullSpecStrict] gave, the same function parses again, to the same
// reference; of a reference that OpenShift reads as a registry alone (an empty
// Name) it is the Registry.
func (r DockerImageReference) String() string {
	s := r.repository()
	if r.Name == "" {
		return s
	}
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.ID != "" {
		s += "@" + r.ID
	}
	return s
}

// Exact returns the pull spec that is pulled: with the digest where there is
// one, and then without the tag. It sets no defaults.
func (r DockerImageReference) Exact() string { return r.MostSpecific().String() }

// MostSpecific returns the reference without its tag where it has a digest,
// which decides alone.
func (r DockerImageReference) MostSpecific() DockerImageReference {
	if r.ID != "" {
		r.Tag = ""
	}
	return r
}

// AsRepository returns the reference without tag and digest.
func (r DockerImageReference) AsRepository() DockerImageReference {
	r.Tag, r.ID = "", ""
	return r
}

// RepositoryName returns the name of the repository within its registry, as in
// org/team/app.
func (r DockerImageReference) RepositoryName() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

// DockerClientDefaults returns the reference with what a container tool takes
// for granted: Docker Hub, under its one name docker.io (not index.docker.io or
// registry-1.docker.io), there the namespace library, and the tag latest where
// there is neither tag nor digest. A reference with an empty Name names no
// image, and comes back as it is.
func (r DockerImageReference) DockerClientDefaults() DockerImageReference {
	if r.Name == "" {
		return r
	}
	if r.IsDockerHub() {
		r.Registry = DockerHub
		if r.Namespace == "" {
			r.Namespace = "library"
		}
	}
	if r.Tag == "" && r.ID == "" {
		r.Tag = DefaultImageTag
	}
	return r
}

// IsDockerHub says whether the registry is Docker Hub: by one of its names, or
// because none is given.
func (r DockerImageReference) IsDockerHub() bool {
	switch strings.ToLower(r.Registry) {
	case "", DockerHub, "index." + DockerHub, "registry-1." + DockerHub:
		return true
	}
	return false
}

// Equal says whether two references name the same image: their parts are equal
// after [DockerImageReference.DockerClientDefaults], the registries whatever
// their case. References to one digest under different tags are not equal;
// compare what MostSpecific returns where only the digest matters.
func (r DockerImageReference) Equal(other DockerImageReference) bool {
	a, b := r.DockerClientDefaults(), other.DockerClientDefaults()
	if !strings.EqualFold(a.Registry, b.Registry) {
		return false
	}
	a.Registry = b.Registry
	return a == b
}

func (r DockerImageReference) repository() string {
	switch {
	case r.Registry == "":
		return r.RepositoryName()
	case r.Name == "":
		return r.Registry
	}
	return r.Registry + "/" + r.RepositoryName()
}
