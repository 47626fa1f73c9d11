package naiveplan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

type obj = map[string]any

// A generator makes small clusters at random. It has few names of everything,
// so that objects meet: digests are shared, streams are named by workloads and
// by each other's items, times fall on the thresholds.
type generator struct {
	*rand.Rand
	keepYoungerThan time.Duration // what the times lie around
	// peerOnly leaves out objects and fields of which the library knows more
	// than the peer.
	peerOnly bool
	// gaps is how many percent of the images, layers and children are not there:
	// nothing goes from most clusters with gaps unless unknown images are accepted.
	gaps int

	manifests, blobs []string // digests
	namespaces       []string
	names            int
}

func newGenerator(r *rand.Rand, keepYoungerThan time.Duration, peerOnly bool) *generator {
	g := &generator{Rand: r, keepYoungerThan: keepYoungerThan, peerOnly: peerOnly, gaps: []int{0, 1, 15}[r.IntN(3)]}
	for i := range 4 + g.IntN(9) {
		g.manifests = append(g.manifests, g.digest(fmt.Sprintf("a%02d", i)))
	}
	for i := range 3 + g.IntN(9) {
		g.blobs = append(g.blobs, g.digest(fmt.Sprintf("b%02d", i)))
	}
	g.blobs = append(g.blobs, "tarsum.dev+sha256:"+hex("c0", 64))
	// Some names of namespaces and streams begin like another, and some are the
	// same when namespace and name are joined by a dash.
	g.namespaces = []string{"a", "a-b", "b"}[:1+g.IntN(3)]
	return g
}

func hex(prefix string, n int) string { return prefix + strings.Repeat("0", n-len(prefix)) }

func (g *generator) digest(prefix string) string {
	switch g.IntN(12) {
	case 0:
		return "sha512:" + hex(prefix, 128)
	case 1:
		return "sha384:" + hex(prefix, 96)
	}
	return "sha256:" + hex(prefix, 64)
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// few returns a number up to most; it is 0 only where there may be gaps.
func (g *generator) few(most int) int {
	if g.chance(g.gaps) {
		return 0
	}
	return 1 + g.IntN(most)
}

func (g *generator) manifest() string { return g.pick(g.manifests...) }

func (g *generator) namespace() string { return g.pick(g.namespaces...) }

func (g *generator) stream() string { return g.pick("a", "b", "b-a") }

func (g *generator) tag() string { return g.pick("latest", "latest", "v1", "V_1.x") }

// objects makes the objects of a cluster. Some of them are there twice.
func (g *generator) objects() []obj {
	var list []obj
	for _, d := range g.manifests {
		if !g.chance(g.gaps) {
			list = append(list, g.image(d))
		}
	}
	for _, namespace := range g.namespaces {
		for _, name := range []string{"a", "b", "b-a"} {
			if g.chance(60) {
				list = append(list, g.imageStream(namespace, name))
			}
		}
		for range g.IntN(4) {
			list = append(list, g.limitRange(namespace))
		}
	}
	for range g.IntN(5) {
		list = append(list, g.workload())
	}
	if g.chance(10) {
		list = append(list, obj{"apiVersion": "v1", "kind": "Service", "metadata": g.metadata("a", "web")})
	}
	for range g.IntN(3) {
		if len(list) > 0 && g.chance(30) {
			list = append(list, list[g.IntN(len(list))])
		}
	}
	g.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func (g *generator) metadata(namespace, name string) obj {
	m := obj{"name": name}
	if namespace != "" {
		m["namespace"] = namespace
	}
	g.setTime(m, "creationTimestamp")
	return m
}

// setTime sets a time: near the threshold and exactly at it, old, young, in the
// future, or absent in one of the ways in which that is written.
func (g *generator) setTime(o obj, key string) {
	threshold := now.Add(-g.keepYoungerThan)
	var t time.Time
	switch g.IntN(10) {
	case 0:
		t = threshold
	case 1:
		t = threshold.Add([]time.Duration{time.Second, time.Millisecond, time.Microsecond}[g.IntN(3)])
	case 2:
		t = threshold.Add(-time.Second)
	case 3:
		t = now.Add(time.Hour)
	case 4:
		if g.chance(50) {
			o[key] = nil
		}
		return
	default:
		t = now.Add(-time.Duration(g.IntN(100)) * time.Hour)
	}
	if g.chance(10) {
		t = t.In(time.FixedZone("", 2*60*60))
	}
	o[key] = t.Format(time.RFC3339Nano)
}

var mediaTypes = []string{
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
	"application/vnd.acme.rocket.docs.v1+json",
	"",
}

func (g *generator) image(digest string) obj {
	mediaType := mediaTypes[g.IntN(4)]
	if g.chance(20) {
		mediaType = g.pick(mediaTypes...)
	}
	o := obj{
		"apiVersion":                   "image.openshift.io/v1",
		"kind":                         "Image",
		"metadata":                     g.metadata("", digest),
		"dockerImageReference":         g.pullSpec(),
		"dockerImageManifestMediaType": mediaType,
	}
	switch g.IntN(6) {
	case 0:
		value := g.pick("false", "True", "1", "", " true")
		o["metadata"].(obj)["annotations"] = obj{"openshift.io/image.managed": value}
	case 1:
		o["metadata"].(obj)["annotations"] = obj{"example.com/image.managed": "true"}
	case 2:
	default:
		o["metadata"].(obj)["annotations"] = obj{"openshift.io/image.managed": "true"}
	}
	if mediaType == "" && g.chance(50) {
		delete(o, "dockerImageManifestMediaType")
	}
	isIndex := mediaType == mediaTypes[2] || mediaType == mediaTypes[3]
	if isIndex || g.peerOnly && g.chance(3) {
		o["dockerImageManifests"] = g.children()
	}
	if !isIndex || g.peerOnly && g.chance(3) {
		o["dockerImageLayers"] = g.layers()
		o["dockerImageMetadata"] = g.imageMetadata()
	}
	if !g.peerOnly {
		g.addMore(o)
	}
	return o
}

// addMore adds what the peer does not read: the raw manifest with a subject, and
// when the image was last pulled, which only a registry knows.
func (g *generator) addMore(o obj) {
	if g.chance(30) {
		raw := obj{"schemaVersion": 2, "mediaType": o["dockerImageManifestMediaType"]}
		if g.chance(90) {
			raw["subject"] = obj{"mediaType": mediaTypes[0], "digest": g.subject(), "size": 500}
		}
		if g.chance(20) {
			raw["layers"] = []any{obj{"digest": g.pick(g.blobs...), "size": 1000}}
		}
		if g.chance(10) {
			raw["manifests"] = g.children()
		}
		text, _ := json.Marshal(raw) // of strings and numbers
		o["dockerImageManifest"] = string(text)
	}
	if g.chance(40) {
		g.setTime(o, "lastPulled")
	}
}

// subject is a manifest, or one that is never there.
func (g *generator) subject() string {
	if !g.peerOnly && g.gaps > 0 && g.chance(10) {
		return "sha256:" + hex("e0", 64)
	}
	return g.manifest()
}

// children may hold the image itself, what owns it, and what is not there.
func (g *generator) children() []any {
	list := []any{}
	for range g.few(3) {
		list = append(list, obj{"digest": g.subject(), "mediaType": mediaTypes[0], "manifestSize": 500})
	}
	return list
}

func (g *generator) layers() []any {
	list := []any{}
	for range g.few(4) {
		name := g.pick(g.blobs...)
		if g.chance(1) {
			name = g.manifest()
		}
		list = append(list, obj{"name": name, "size": 1000, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"})
	}
	return list
}

// imageMetadata has a config that may be a layer elsewhere, or none, and a size
// around the limits, or none.
func (g *generator) imageMetadata() any {
	if g.chance(g.gaps) {
		return nil
	}
	m := obj{"kind": "DockerImage", "apiVersion": "1.0", "Created": now.Format(time.RFC3339)}
	if g.chance(85) {
		m["Id"] = g.pick(g.blobs...)
	}
	if config := g.labels(); config != nil && !g.peerOnly {
		m["Config"] = config
	}
	if g.chance(85) {
		m["Size"] = sizes[g.IntN(len(sizes))]
	}
	return m
}

// labels returns a configuration with labels, without, or none at all.
func (g *generator) labels() obj {
	switch g.IntN(4) {
	case 0:
		return nil
	case 1:
		return obj{"Env": []any{"A=b"}}
	}
	labels := obj{}
	for _, name := range []string{"team", "stage"} {
		if g.chance(50) {
			labels[name] = g.pick("a", "ab", "b", "")
		}
	}
	return obj{"Labels": labels}
}

var sizes = []int{0, 1, 999, 1000, 1001, 1023, 1024, 1025, 1500, 2048, 5000000}

func (g *generator) limitRange(namespace string) obj {
	g.names++
	limits := []any{}
	for range 1 + g.IntN(4) {
		limit := obj{"type": g.pick("openshift.io/Image", "openshift.io/Image", "openshift.io/Image", "openshift.io/ImageStream", "Container", "Pod", "openshift.io/image")}
		switch g.IntN(6) {
		case 0:
			limit["max"] = obj{"memory": "1"}
			if g.chance(50) {
				delete(limit, "max")
			}
		case 1:
			limit["max"] = obj{"storage": 1024}
		default:
			limit["max"] = obj{"storage": g.pick("1k", "1k", "1Ki", "1024", "1000", "999.5", "1.5k", "1500m", "0", "1e3", "2Mi", "1Gi", "1E")}
		}
		limits = append(limits, limit)
	}
	return obj{
		"apiVersion": "v1", "kind": "LimitRange",
		"metadata": g.metadata(namespace, fmt.Sprint("limits-", g.names)),
		"spec":     obj{"limits": limits},
	}
}

func (g *generator) imageStream(namespace, name string) obj {
	tags := []any{}
	names := []string{"latest", "v1", "V_1.x"}
	if !g.peerOnly {
		names = append(names, g.referrerTags()...)
	}
	for i, tag := range names {
		if i > 0 && g.chance(50) {
			continue
		}
		items := []any{}
		for range g.IntN(6) {
			items = append(items, g.tagItem())
			if g.chance(10) {
				items = append(items, items[g.IntN(len(items))])
			}
		}
		tags = append(tags, obj{"tag": tag, "items": items})
	}
	o := obj{
		"apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
		"metadata": g.metadata(namespace, name),
		"status":   obj{"dockerImageRepository": "registry.example.com/" + namespace + "/" + name, "tags": tags},
	}
	if g.chance(30) {
		specTags := []any{}
		for i := range 1 + g.IntN(2) {
			from := g.from()
			if g.chance(40) {
				from["kind"], from["name"] = "ImageStreamTag", g.tag()
			} else if g.chance(20) {
				from["kind"], from["name"] = "ImageStreamImage", g.manifest()
			}
			specTags = append(specTags, obj{"name": fmt.Sprint("s", i), "from": from})
		}
		o["spec"] = obj{"tags": specTags}
	}
	if g.chance(60) { // young streams are left alone, which is dull
		o["metadata"].(obj)["creationTimestamp"] = "2020-01-01T00:00:00Z"
	}
	return o
}

// referrerTags are the names of tags that refer to an image, some of them not
// quite.
func (g *generator) referrerTags() []string {
	tags := map[string]bool{}
	for range g.IntN(4) {
		tag := strings.Replace(g.manifest(), ":", "-", 1)
		if algorithm, hex, _ := strings.Cut(tag, "-"); algorithm == "sha512" {
			tag = algorithm + "-" + hex[:64]
		}
		tags[tag+g.pick("", ".sig", ".sig", ".att", ".sbom", ".sign", "0")] = true
	}
	return slices.Sorted(maps.Keys(tags))
}

func (g *generator) tagItem() obj {
	item := obj{"image": g.manifest(), "generation": 1}
	if g.chance(5) {
		item["image"] = ""
	}
	g.setTime(item, "created")
	switch {
	case g.chance(50):
		item["dockerImageReference"] = "registry.example.com/" + g.namespace() + "/" + g.stream() + "@" + fmt.Sprint(item["image"])
	case g.chance(90):
		item["dockerImageReference"] = g.pullSpec()
	}
	return item
}
