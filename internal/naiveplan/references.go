package naiveplan

import "strings"

// uses are what workloads use.
type uses struct {
	tags    set            // "namespace/name:tag", tags of streams
	through map[string]set // by "namespace/name", digests through that stream
	digests set            // digests, wherever they are
	invalid int            // references that do not parse
	written set            // digests, as workloads write them
}

// readReferences reads what all workloads, of all namespaces, use. What pods
// name that do not count is read once, as a text that others may begin with.
func (p *planner) readReferences() {
	p.uses.written = set{}
	for _, w := range p.workloads {
		p.readWorkload(w)
	}
	p.uses = uses{tags: set{}, through: map[string]set{}, digests: set{}, written: p.uses.written}
	for _, w := range p.workloads {
		if text(w, "kind") != "Pod" || p.podCounts(w) {
			p.readWorkload(w)
		}
	}
}

func (p *planner) readWorkload(w map[string]any) {
	switch text(w, "kind") {
	case "ImageStream":
		p.readSpecTags(w)
	case "Build", "BuildConfig":
		p.readBuild(w)
		p.readBuildBeyond(w)
	case "Pod":
		p.readPodSpec(object(w, "spec"))
		p.readImageIDs(w)
	case "CronJob":
		p.readPodSpec(object(w, "spec", "jobTemplate", "spec", "template", "spec"))
	default:
		p.readPodSpec(object(w, "spec", "template", "spec"))
	}
}

// podCounts: a pod that runs or may run always uses its images; any other one
// while it is not older than finished pods count, if that has an end.
func (p *planner) podCounts(pod map[string]any) bool {
	switch text(pod, "status", "phase") {
	case "Running", "Pending", "Unknown":
		return true
	case "": // somebody may have left out the status
		if !p.PhaselessPodsFinished {
			return true
		}
	}
	if p.finishedPodsCount == nil {
		return true
	}
	created, _ := timeOf(pod, "metadata", "creationTimestamp") // readCluster has checked it
	if created == nil {
		return !p.ancient
	}
	return !created.Before(p.threshold(*p.finishedPodsCount))
}

func (p *planner) readPodSpec(spec map[string]any) {
	for _, field := range []string{"initContainers", "containers"} {
		for _, container := range objects(spec, field) {
			p.usePullSpec(text(container, "image"))
		}
	}
	p.readPodSpecBeyond(spec)
}

// readBuild reads where a build starts from. A build has one strategy.
func (p *planner) readBuild(build map[string]any) {
	for _, strategy := range []string{"sourceStrategy", "dockerStrategy", "customStrategy"} {
		from := object(build, "spec", "strategy", strategy, "from")
		if from != nil {
			p.readFrom(from, text(build, "metadata", "namespace"))
		}
	}
}

// readFrom reads a reference to an image or a tag, from an object of a
// namespace.
func (p *planner) readFrom(from map[string]any, namespace string) {
	name := text(from, "name")
	if elsewhere := text(from, "namespace"); elsewhere != "" {
		namespace = elsewhere
	}
	switch text(from, "kind") {
	case "DockerImage":
		p.usePullSpec(name)
	case "ImageStreamTag":
		parts := strings.Split(name, ":")
		if len(parts) != 2 || parts[0] == "" || parts[1] == "" || strings.Contains(name, "@") {
			p.uses.invalid++
			return
		}
		p.uses.tags[namespace+"/"+name] = true
	case "ImageStreamImage":
		parts := strings.Split(name, "@")
		if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
			p.uses.invalid++
			return
		}
		p.useDigest(namespace+"/"+parts[0], parts[1])
	}
}

// usePullSpec: a pull spec with a host, a namespace and a single name uses its
// digest in that stream or, without one, its tag there. A digest is used
// wherever it is, too.
func (p *planner) usePullSpec(spec string) {
	if strings.TrimSpace(spec) == "" {
		return
	}
	s, ok := parsePullSpec(spec)
	if !ok {
		p.uses.invalid++
		return
	}
	if s.digest != "" {
		p.useDigest("", s.digest)
	}
	if s.host == "" || s.repository() == "" {
		return
	}
	if s.digest != "" {
		p.useDigest(s.repository(), s.digest)
		return
	}
	tag := s.tag
	if tag == "" {
		tag = "latest"
	}
	p.uses.tags[s.repository()+":"+tag] = true
}

// useDigest: of a text that is less than a digest, every digest is used that
// begins so, or whose hex does.
func (p *planner) useDigest(repository, digest string) {
	p.uses.written[digest] = true
	for d := range p.meant(digest) {
		p.uses.digests[d] = true
		if repository == "" {
			continue
		}
		if p.uses.through[repository] == nil {
			p.uses.through[repository] = set{}
		}
		p.uses.through[repository][d] = true
	}
}

func (p *planner) meant(digest string) set {
	meant := set{}
	if p.peerOnly || wholeDigest.MatchString(digest) {
		return set{digest: true}
	}
	for d := range p.everyDigest() {
		algorithm, hex, _ := strings.Cut(d, ":")
		isHex := algorithm == "sha256" || algorithm == "sha384" || algorithm == "sha512"
		if d != digest && (strings.HasPrefix(d, digest) || isHex && strings.HasPrefix(hex, digest)) {
			meant[d] = true
		}
	}
	if len(meant) == 0 {
		meant[digest] = true
	}
	return meant
}
