package naiveplan

import (
	"regexp"
	"strings"
)

// What the peer does not read can only keep: where it does not parse it uses
// nothing. Each source can be passed over, by its name.

func (p *planner) beyond(source string, read func()) {
	if p.peerOnly || p.ignoreSources[source] {
		return
	}
	invalid := p.uses.invalid
	read()
	p.uses.invalid = invalid
}

func (p *planner) readPodSpecBeyond(spec map[string]any) {
	p.beyond("ephemeral-container", func() {
		for _, container := range objects(spec, "ephemeralContainers") {
			p.usePullSpec(text(container, "image"))
		}
	})
	p.beyond("image-volume", func() {
		for _, volume := range objects(spec, "volumes") {
			p.usePullSpec(text(volume, "image", "reference"))
		}
	})
}

// readImageIDs: a container's imageID is a digest or a pull spec.
func (p *planner) readImageIDs(pod map[string]any) {
	p.beyond("container-status", func() {
		for _, field := range []string{"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"} {
			for _, status := range objects(pod, "status", field) {
				if id := text(status, "imageID"); wholeDigest.MatchString(id) {
					p.useDigest("", id)
				} else {
					p.usePullSpec(id)
				}
			}
		}
	})
}

func (p *planner) readBuildBeyond(build map[string]any) {
	namespace := text(build, "metadata", "namespace")
	p.beyond("build-source", func() {
		for _, image := range objects(build, "spec", "source", "images") {
			p.readFrom(object(image, "from"), namespace)
		}
	})
	p.beyond("build-output", func() {
		p.readFrom(object(build, "spec", "output", "to"), namespace)
	})
}

// readSpecTags reads what the tags of a stream's spec follow. A tag or digest
// without a stream is one of this stream, or of one of its name elsewhere.
func (p *planner) readSpecTags(stream map[string]any) {
	p.beyond("spec-tag", func() {
		for _, t := range objects(stream, "spec", "tags") {
			from := object(t, "from")
			kind, name, namespace := text(from, "kind"), text(from, "name"), text(from, "namespace")
			if namespace == "" {
				namespace = text(stream, "metadata", "namespace")
			}
			own := namespace + "/" + text(stream, "metadata", "name")
			switch {
			case strings.TrimSpace(name) == "":
			case kind == "ImageStreamTag" && !strings.ContainsAny(name, ":@"):
				p.uses.tags[own+":"+name] = true
			case kind == "ImageStreamImage" && !strings.Contains(name, "@"):
				p.useDigest(own, name)
			default:
				p.readFrom(from, namespace)
			}
		}
	})
}

// wholeDigest is how a container runtime writes one.
var wholeDigest = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$`)
