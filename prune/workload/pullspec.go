package workload

import (
	"bytes"
	"errors"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// specs keeps what pull specs use, for most of them occur many times: in a
// Deployment, its ReplicaSets, its Pods and their status.
type specs struct{ known map[string]Reference }

const mostSpecs = 8 << 10

func (m *specs) limit() {
	if len(m.known) > mostSpecs {
		clear(m.known)
	}
}

// read returns the reference that a pull spec makes, without field and source.
func (m *specs) read(spec []byte) Reference {
	if ref, ok := m.known[string(spec)]; ok {
		return ref
	}
	ref := readPullSpec(string(spec))
	if len(spec) <= mostText {
		if m.known == nil {
			m.known = make(map[string]Reference)
		}
		m.known[string(spec)] = ref
	}
	return ref
}

func readPullSpec(spec string) Reference {
	spec = decoded(spec)
	ref := Reference{Value: clip(spec)}
	if len(spec) > mostText {
		ref.Err = tooLong(len(spec))
		return ref
	}
	parsed, err := imagestream.ParsePullSpec(spec)
	if err != nil {
		ref.Err = err
		return ref
	}
	ref.Digest = parsed.ID
	if parsed.Registry == "" || parsed.Namespace == "" || parsed.Name == "" || strings.Contains(parsed.Name, "/") {
		return ref
	}
	ref.Namespace, ref.Stream = parsed.Namespace, parsed.Name
	switch {
	case parsed.ID != "":
	case parsed.Tag != "":
		ref.Tag = parsed.Tag
	default:
		ref.Tag = "latest"
	}
	return ref
}

// pullSpec reads a string that is a pull spec.
func (s *Scanner) pullSpec(source Source) {
	offset := s.r.Offset()
	spec := s.r.Bytes()
	if s.r.Err() == nil && !blank(spec) {
		s.addPullSpec(offset, source, s.path(""), spec)
	}
}

func (s *Scanner) addPullSpec(offset int, source Source, field string, spec []byte) {
	ref := s.specs.read(spec)
	ref.Field, ref.Source = field, source
	s.add(offset, ref)
}

// imageID reads what a container runtime reports: a pull spec with a digest, or
// a digest alone. The latter would be a valid pull spec of another meaning.
func (s *Scanner) imageID() {
	offset := s.r.Offset()
	id := s.r.Bytes()
	switch {
	case s.r.Err() != nil || blank(id):
	case isDigest(id):
		s.addDigest(offset, ContainerStatus, id)
	default:
		s.addPullSpec(offset, ContainerStatus, s.path(""), id)
	}
}

// digest reads a string that is a digest and nothing else.
func (s *Scanner) digest(source Source) {
	offset := s.r.Offset()
	if text := s.r.Bytes(); s.r.Err() == nil && !blank(text) {
		s.addDigest(offset, source, text)
	}
}

func (s *Scanner) addDigest(offset int, source Source, text []byte) {
	ref := Reference{Field: s.path(""), Source: source, Value: clip(string(text))}
	if isDigest(text) {
		ref.Digest = ref.Value
	} else {
		ref.Err = errors.New("not a sha256, sha384 or sha512 digest")
	}
	s.add(offset, ref)
}

func blank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// isDigest accepts the algorithms that pull specs accept.
func isDigest(text []byte) bool {
	algorithm, hex, _ := bytes.Cut(text, []byte(":"))
	size := 0
	switch string(algorithm) {
	case "sha256":
		size = 64
	case "sha384":
		size = 96
	case "sha512":
		size = 128
	}
	return size > 0 && len(hex) == size && len(bytes.Trim(hex, "0123456789abcdef")) == 0
}
