package clustergen

import (
	"strconv"
	"strings"
)

var padding = strings.Repeat("x", 96)

const ociLayer = "application/vnd.oci.image.layer.v1.tar+gzip"

func (c *cluster) repository(s *stream) string { return registry + s.namespace + "/" + s.name }

func (c *cluster) images(s *stream) {
	for _, i := range s.images {
		c.image(s, i)
	}
}

func (c *cluster) image(s *stream, i image) {
	p := &c.p
	name := c.digest(imageDigest, i.number, 0)
	p.object()
	p.field("apiVersion").text("image.openshift.io/v1")
	if c.KindFirst {
		c.imageMeta(name, i)
	}
	size := c.layers(i)
	p.field("dockerImageManifestMediaType").text("application/vnd.oci.image.manifest.v1+json")
	c.metadata(i, size)
	p.field("dockerImageMetadataVersion").text("1.0")
	p.field("dockerImageReference").text(c.repository(s), "@", name)
	if !c.KindFirst {
		c.imageMeta(name, i)
	}
	p.end('}')
}

func (c *cluster) imageMeta(name string, i image) {
	p := &c.p
	p.field("kind").text("Image")
	p.field("metadata").object()
	p.field("annotations").object()
	p.field("image.openshift.io/dockerLayersOrder").text("ascending")
	p.field("openshift.io/image.managed").text(strconv.FormatBool(i.number%5 != 0))
	p.end('}')
	p.field("creationTimestamp").time(ago(i.age))
	p.field("name").text(name)
	p.field("resourceVersion").text(strconv.Itoa(1000 + i.number))
	p.field("uid").text(c.uid(imageUID, i.number))
	p.end('}')
}

// layers writes the layers and returns the sum of their sizes.
func (c *cluster) layers(i image) int64 {
	p := &c.p
	total := int64(0)
	layer := func(digest string, size int64) {
		p.object()
		p.field("mediaType").text(ociLayer)
		p.field("name").text(digest)
		p.field("size").number(size)
		p.end('}')
		total += size
	}
	p.field("dockerImageLayers").array()
	bases := max(1, c.Images/perBase)
	base := int(scramble(c.Seed^uint64(i.number)) % uint64(bases))
	for k := range 5 {
		layer(c.digest(baseLayer, base, k), 20_000_000+1000*int64((base*7+k)%997))
	}
	for k := range 3 {
		layer(c.digest(ownLayer, i.number, k), 300_000+17*int64((i.number+k)%9973))
	}
	p.end(']')
	return total
}

// metadata writes the decoded config, whose environment and labels are most of
// an Image's text.
func (c *cluster) metadata(i image, size int64) {
	p := &c.p
	variables := func(n int) {
		p.field("Env").array()
		for k := range n {
			p.text("VAR_", strconv.Itoa(k), "=", padding)
		}
		p.end(']')
	}
	p.field("dockerImageMetadata").object()
	p.field("Architecture").text("amd64")
	p.field("Config").object()
	p.field("Cmd").array()
	p.text("/bin/app")
	p.end(']')
	variables(12)
	p.field("Labels").object()
	for k := range 12 {
		p.field("io.example.label-" + string(rune('a'+k))).text(padding)
	}
	p.end('}')
	p.end('}')
	p.field("ContainerConfig").object()
	variables(4)
	p.end('}')
	p.field("Created").time(ago(i.age + 3))
	p.field("Id").text(c.digest(configDigest, i.number, 0))
	p.field("Os").text("linux")
	p.field("Size").number(size)
	p.field("apiVersion").text("image.openshift.io/1.0")
	p.field("kind").text("DockerImage")
	p.end('}')
}

func (c *cluster) imageStream(s *stream) {
	p := &c.p
	p.object()
	p.field("apiVersion").text("image.openshift.io/v1")
	p.field("kind").text("ImageStream")
	p.field("metadata").object()
	p.field("creationTimestamp").time(ago(s.age))
	p.field("generation").number(3)
	p.field("name").text(s.name)
	p.field("namespace").text(s.namespace)
	p.field("resourceVersion").text(strconv.Itoa(9000 + s.number))
	p.field("uid").text(c.uid(streamUID, s.number))
	p.end('}')
	p.field("spec").object()
	p.field("lookupPolicy").object()
	p.field("local").bool(false)
	p.end('}')
	p.end('}')
	p.field("status").object()
	p.field("dockerImageRepository").text(c.repository(s))
	p.field("tags").array()
	for _, t := range s.tags {
		c.history(s, t)
	}
	p.end(']')
	p.end('}')
	p.end('}')
}

func (c *cluster) history(s *stream, t tag) {
	p := &c.p
	p.object()
	p.field("items").array()
	for k, item := range t.items {
		digest := c.digest(imageDigest, s.images[item.image].number, 0)
		p.object()
		p.field("created").time(ago(item.age))
		p.field("dockerImageReference").text(c.repository(s), "@", digest)
		p.field("generation").number(int64(perTag - k))
		p.field("image").text(digest)
		p.end('}')
	}
	p.end(']')
	p.field("tag").text(t.name)
	p.end('}')
}
