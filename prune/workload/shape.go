package workload

// A place is what a value in a custom resource looks like, judged by the key
// that it stands under.
type place int

const (
	nowhere place = iota
	containerList
	container
	volumeList
	volume
	volumeImage
)

// maxDepth is the limit of encoding/json.
const maxDepth = 10_000

// placeOf knows the keys under which pod templates, Argo Workflows, Tekton
// Tasks and KubeVirt machines have their containers.
func placeOf(key []byte) place {
	switch string(key) {
	case "containers", "initContainers", "ephemeralContainers", "sidecars", "steps":
		return containerList
	case "container", "containerDisk", "script", "stepTemplate":
		return container
	case "volumes":
		return volumeList
	}
	return nowhere
}

// shape searches a value of which nothing is known. Whatever has another type
// than a container's is not a container, and no error.
func (s *Scanner) shape(at place, depth int) {
	switch s.r.Kind() {
	case '{':
		s.shapeObject(at, depth)
	case '[':
		if depth >= maxDepth {
			s.r.Fail(ErrTooDeep)
			return
		}
		elements := nowhere
		switch at {
		case containerList:
			elements = container
		case volumeList:
			elements = volume
		}
		for range s.r.Array() {
			s.shape(elements, depth+1)
		}
	}
}

func (s *Scanner) shapeObject(at place, depth int) {
	if depth >= maxDepth {
		s.r.Fail(ErrTooDeep)
		return
	}
	for key := range s.r.Object() {
		switch {
		case at == container && string(key) == "image" && s.r.Kind() == '"',
			at == volumeImage && string(key) == "reference" && s.r.Kind() == '"':
			s.pullSpec(s.shaped)
		case at == volume && string(key) == "image":
			s.shape(volumeImage, depth+1)
		default:
			s.shape(placeOf(key), depth+1)
		}
	}
}
