package naiveplan

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// A cluster is what the rules read of the objects.
type cluster struct {
	images    map[string]*image // by name
	streams   []*stream
	limits    map[string][]*big.Rat // on images, by namespace, in bytes
	workloads []map[string]any
	volume    volume
}

type image struct {
	name      string
	mediaType string
	layers    []string
	children  []string
	id        string   // dockerImageMetadata.Id
	size      *big.Rat // dockerImageMetadata.Size; 0 where there is none
	created   *time.Time
	managed   bool
	subject   string
	labels    map[string]string // nil: not known
	pulled    *time.Time
}

func (i *image) isIndex() bool {
	return i.mediaType == "application/vnd.oci.image.index.v1+json" ||
		i.mediaType == "application/vnd.docker.distribution.manifest.list.v2+json"
}

type stream struct {
	namespace, name string
	created         *time.Time
	tags            []tag
}

func (s *stream) repository() string { return s.namespace + "/" + s.name }

type tag struct {
	name  string
	items []item
}

type item struct {
	image   string
	named   pullSpec // dockerImageReference; zero where it does not parse
	created *time.Time
}

// readCluster reads the objects. One that is given twice counts once.
func readCluster(list []map[string]any) (*cluster, error) {
	c := &cluster{images: map[string]*image{}, limits: map[string][]*big.Rat{}}
	c.volume = volume{repositories: map[string]*repository{}, stored: map[string]int64{}}
	seen := map[string]map[string]any{}
	for _, o := range list {
		kind := text(o, "kind")
		identity := kind + " " + text(o, "metadata", "namespace") + "/" + text(o, "metadata", "name")
		if !c.counts(kind, group(o)) {
			continue
		}
		if twin, twice := seen[identity]; twice {
			if !reflect.DeepEqual(o, twin) {
				return nil, fmt.Errorf("%s is there with two contents", identity)
			}
			continue
		}
		seen[identity] = o
		if err := c.read(kind, o); err != nil {
			return nil, fmt.Errorf("%s: %w", identity, err)
		}
	}
	return c, nil
}

// group returns the API group of an object, or "*" for one that does not say.
func group(o map[string]any) string {
	version := text(o, "apiVersion")
	if version == "" {
		return "*"
	}
	before, _, slash := strings.Cut(version, "/")
	if !slash {
		return ""
	}
	return before
}

func (c *cluster) counts(kind, group string) bool {
	want, ok := workloadKinds[kind]
	switch kind {
	case "Image", "ImageStream":
		want, ok = "image.openshift.io", true
	case "LimitRange":
		want, ok = "", true
	case "Repository", "Storage": // of no API
		return group == "*"
	}
	return ok && (group == "*" || group == want)
}

func (c *cluster) read(kind string, o map[string]any) (err error) {
	created, err := timeOf(o, "metadata", "creationTimestamp")
	if err != nil {
		return err
	}
	switch kind {
	case "Image":
		c.images[text(o, "metadata", "name")], err = readImage(o, created)
	case "ImageStream":
		var s *stream
		if s, err = readStream(o, created); err == nil {
			c.streams = append(c.streams, s)
			c.workloads = append(c.workloads, o) // its spec names images, too
		}
	case "LimitRange":
		err = c.readLimits(o)
	case "Repository":
		c.volume.readRepository(o)
	case "Storage":
		c.volume.readStorage(o)
	default:
		c.workloads = append(c.workloads, o)
	}
	return err
}

func readImage(o map[string]any, created *time.Time) (*image, error) {
	i := &image{
		name:      text(o, "metadata", "name"),
		mediaType: text(o, "dockerImageManifestMediaType"),
		id:        text(o, "dockerImageMetadata", "Id"),
		size:      new(big.Rat),
		created:   created,
		managed:   text(o, "metadata", "annotations", "openshift.io/image.managed") == "true",
		layers:    digestsIn(o, "dockerImageLayers", "name"),
		children:  digestsIn(o, "dockerImageManifests", "digest"),
	}
	if size, ok := at(o, "dockerImageMetadata", "Size").(float64); ok {
		i.size.SetFloat64(size)
	}
	if config := object(o, "dockerImageMetadata", "Config"); config != nil {
		i.labels = map[string]string{}
		for name := range object(config, "Labels") {
			i.labels[name] = text(config, "Labels", name)
		}
	}
	i.readRaw(text(o, "dockerImageManifest"))
	var err error
	i.pulled, err = timeOf(o, "lastPulled") // no API says so, but a registry may
	return i, err
}

// readRaw adds what only the manifest itself says.
func (i *image) readRaw(raw string) {
	var manifest map[string]any
	if json.Unmarshal([]byte(raw), &manifest) != nil {
		return
	}
	i.subject = text(manifest, "subject", "digest")
	if i.mediaType == "" {
		i.mediaType = text(manifest, "mediaType")
	}
	if len(i.layers) == 0 && len(i.children) == 0 {
		i.layers = digestsIn(manifest, "layers", "digest")
		i.children = digestsIn(manifest, "manifests", "digest")
	}
}

func digestsIn(o map[string]any, list, field string) []string {
	var digests []string
	for _, element := range objects(o, list) {
		digests = append(digests, text(element, field))
	}
	return digests
}

var ipv6 = regexp.MustCompile(`^\[[0-9a-f:]+\](:[0-9]+)?/`)

func readStream(o map[string]any, created *time.Time) (*stream, error) {
	s := &stream{namespace: text(o, "metadata", "namespace"), name: text(o, "metadata", "name"), created: created}
	for _, t := range objects(o, "status", "tags") {
		var items []item
		for _, i := range objects(t, "items") {
			created, err := timeOf(i, "created")
			if err != nil {
				return nil, err
			}
			named, ok := parsePullSpec(text(i, "dockerImageReference"))
			if !ok { // OpenShift reads no IPv6 address, but that registry may be there
				named, _ = parsePullSpec(ipv6.ReplaceAllString(text(i, "dockerImageReference"), "localhost$1/"))
			}
			items = append(items, item{text(i, "image"), named, created})
		}
		s.tags = append(s.tags, tag{text(t, "tag"), items})
	}
	return s, nil
}

func (c *cluster) readLimits(o map[string]any) error {
	namespace := text(o, "metadata", "namespace")
	for _, limit := range objects(o, "spec", "limits") {
		storage := at(limit, "max", "storage")
		if text(limit, "type") != "openshift.io/Image" || storage == nil {
			continue
		}
		quantity, err := parseQuantity(fmt.Sprint(storage))
		if err != nil {
			return err
		}
		c.limits[namespace] = append(c.limits[namespace], quantity)
	}
	return nil
}

// parseQuantity reads a number with one of Kubernetes' suffixes.
func parseQuantity(s string) (*big.Rat, error) {
	factor := big.NewRat(1, 1)
	for i, letter := range []string{"k", "M", "G", "T", "P", "E"} {
		for suffix, base := range map[string]int64{letter: 1000, strings.ToUpper(letter) + "i": 1024} {
			if number, found := strings.CutSuffix(s, suffix); found {
				power := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(i)+1), nil)
				s, factor = number, new(big.Rat).SetInt(power)
			}
		}
	}
	if number, found := strings.CutSuffix(s, "m"); found {
		s, factor = number, big.NewRat(1, 1000)
	}
	value, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%q is not a quantity", s)
	}
	return value.Mul(value, factor), nil
}

// at returns what is at a path of keys, nil where there is nothing.
func at(o map[string]any, path ...string) any {
	var v any = o
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func text(o map[string]any, path ...string) string {
	s, _ := at(o, path...).(string)
	return s
}

func object(o map[string]any, path ...string) map[string]any {
	m, _ := at(o, path...).(map[string]any)
	return m
}

func objects(o map[string]any, path ...string) []map[string]any {
	list, _ := at(o, path...).([]any)
	var found []map[string]any
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

// timeOf returns a time, nil where there is none.
func timeOf(o map[string]any, path ...string) (*time.Time, error) {
	s := text(o, path...)
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(path, "."), err)
	}
	return &t, nil
}
