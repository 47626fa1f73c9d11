package workload

import (
	"fmt"
	"unicode/utf8"
)

// A Source says who reads a reference. The zero value is [Peer].
type Source string

const (
	// Peer marks what `oc adm prune images` reads itself. Only these references
	// can fail a plan.
	Peer Source = ""

	// EphemeralContainer is spec.ephemeralContainers[].image of a Pod.
	EphemeralContainer Source = "ephemeral-container"

	// ImageVolume is spec.volumes[].image.reference of a Pod or a pod template.
	ImageVolume Source = "image-volume"

	// ContainerStatus is the imageID of a container of any sort in a Pod's
	// status: what the node runs, whatever the tag says by now.
	ContainerStatus Source = "container-status"

	// SpecTag is spec.tags[].from of an ImageStream.
	SpecTag Source = "spec-tag"

	// Trigger is what an image change trigger watches or has fired for last, in
	// a BuildConfig, a DeploymentConfig or the annotation
	// image.openshift.io/triggers of any object.
	Trigger Source = "trigger"

	// BuildSource is spec.source.images[].from of a Build or BuildConfig, and
	// the `from` of a strategy that is set beside the one that counts.
	BuildSource Source = "build-source"

	// BuildOutput is where a Build or BuildConfig pushes to, and what a Build
	// has pushed.
	BuildOutput Source = "build-output"

	// ControllerRevision is what looks like a container in a ControllerRevision,
	// to which a StatefulSet or DaemonSet may be rolled back.
	ControllerRevision Source = "controller-revision"

	// PodTemplate is anything in a PodTemplate.
	PodTemplate Source = "pod-template"

	// CustomResource is what looks like a container or an image volume in an
	// object of a kind that this package does not know.
	CustomResource Source = "custom-resource"

	// Table is a field that a [TableEntry] names.
	Table Source = "table"
)

// Sources returns every source beyond the peer, in a fixed order.
func Sources() []Source {
	return []Source{
		EphemeralContainer, ImageVolume, ContainerStatus, SpecTag, Trigger, BuildSource,
		BuildOutput, ControllerRevision, PodTemplate, CustomResource, Table,
	}
}

// A Reference is one image that an object names.
//
// What it uses is in Namespace, Stream, Tag and Digest. All of them are empty
// where it names nothing that a plan could protect, as busybox does, and where
// Err is set.
type Reference struct {
	// Field is the path of the field, as in spec.containers[0].image or, for the
	// source of a build, spec.strategy.sourceStrategy.from.name.
	Field string

	Source Source

	// Value is the text as written, cut with an ellipsis after 4 KiB.
	Value string

	// Namespace and Stream name the image stream; both are "" where there is
	// none.
	Namespace, Stream string

	// Tag is the tag of that stream that is used, "" where the digest counts
	// instead of one.
	Tag string

	// Digest is used in that stream, and wherever else it is. It is a whole
	// digest, except that an ImageStreamImage may hold any text behind its @,
	// which is here as written: the API server takes it for a prefix.
	Digest string

	// Err says why Value does not parse, and is nil where it does.
	Err error
}

// Names reports whether the reference uses anything that a plan could protect.
func (r Reference) Names() bool { return r.Stream != "" || r.Digest != "" }

// mostText is how much of a text from outside goes into a result, and how long
// a reference may be that is parsed at all: names, tags and digests that a
// registry or the API server accepts stay far below.
const mostText = 4 << 10

// decoded puts U+FFFD for each byte that is not UTF-8, as encoding/json does.
func decoded(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// clip makes a text fit for a result: decoded, and not too long.
func clip(s string) string {
	s = decoded(s)
	if len(s) <= mostText {
		return s
	}
	end := mostText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func tooLong(n int) error {
	return fmt.Errorf("%d bytes are too long for a reference to an image, at most %d are read", n, mostText)
}
