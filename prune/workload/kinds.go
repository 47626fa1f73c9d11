package workload

import (
	"bytes"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/internal/apikind"
)

// A layout says where the objects of a kind name images.
type layout int

const (
	silent layout = iota // nowhere but in annotations
	pod
	podTemplateOwner // spec.template
	cronJob
	deploymentConfig
	build
	buildConfig
	imageStream
	controllerRevision
	podTemplate
	custom // anywhere: to be searched by shape
)

// A knownKind is a kind of the platform. Its name in another group is another
// kind.
type knownKind struct {
	name   string // so that no memory is needed for the name of each object
	groups []string
	layout layout
}

// known returns the kind of that name. The name is a constant, so that it needs no
// memory.
func known(kind []byte) (knownKind, bool) {
	name, layout := byName(kind)
	return knownKind{name, apikind.Groups(name), layout}, name != ""
}

func byName(kind []byte) (name string, l layout) {
	switch string(kind) {
	case "Pod":
		return "Pod", pod
	case "ReplicationController":
		return "ReplicationController", podTemplateOwner
	case "DeploymentConfig":
		return "DeploymentConfig", deploymentConfig
	case "ReplicaSet":
		return "ReplicaSet", podTemplateOwner
	case "Deployment":
		return "Deployment", podTemplateOwner
	case "DaemonSet":
		return "DaemonSet", podTemplateOwner
	case "StatefulSet":
		return "StatefulSet", podTemplateOwner
	case "Job":
		return "Job", podTemplateOwner
	case "CronJob":
		return "CronJob", cronJob
	case "Build":
		return "Build", build
	case "BuildConfig":
		return "BuildConfig", buildConfig
	}
	return byNameBeyondPeer(kind)
}

func byNameBeyondPeer(kind []byte) (name string, l layout) {
	switch string(kind) {
	case "ImageStream":
		return "ImageStream", imageStream
	case "ControllerRevision":
		return "ControllerRevision", controllerRevision
	case "PodTemplate":
		return "PodTemplate", podTemplate
	case "Template": // holds objects of any kind, mostly with parameters in them
		return "Template", custom
	case "Secret":
		return "Secret", silent
	case "ConfigMap":
		return "ConfigMap", silent
	}
	return "", silent
}

// peerReads says of which kinds the peer reads anything.
func (l layout) peerReads() bool {
	switch l {
	case pod, podTemplateOwner, cronJob, deploymentConfig, build, buildConfig:
		return true
	}
	return false
}

// layoutOf says how to read an object, and its group where it has no apiVersion.
func layoutOf(apiVersion string, group string, kind []byte) (layout, string) {
	k, ok := known(kind)
	switch {
	case ok && apiVersion == "":
		return k.layout, k.groups[0]
	case ok && slices.Contains(k.groups, group):
		return k.layout, group
	case !ok && (group == "" && silentCoreKind(kind) || silentGroup(group)):
		return silent, group
	}
	return custom, group
}

// silentCoreKind says which kinds of the core group hold no workloads, as those of
// [silentGroup] do not. A name that is none of the group's kinds is somebody's
// own, or misspelt, and is searched.
func silentCoreKind(kind []byte) bool {
	switch string(kind) {
	case "Event", "Node", "Namespace", "Service", "Endpoints", "ServiceAccount", "PersistentVolume",
		"PersistentVolumeClaim", "ResourceQuota", "LimitRange", "ComponentStatus", "Image":
		return true
	}
	return false
}

// silentGroup says which groups of the platform hold no workloads. Their objects
// are many and some are large, so that searching them would cost much.
func silentGroup(group string) bool {
	switch group {
	case "image.openshift.io", "apiextensions.k8s.io", "events.k8s.io", "rbac.authorization.k8s.io",
		"authorization.openshift.io", "coordination.k8s.io", "discovery.k8s.io":
		return true
	}
	return false
}

// isList tells a list of objects from an object. Custom kinds may well end in
// List, as an AllowList does, so the items of a typed list must be known.
func isList(apiVersion string, kind []byte) bool {
	item, ok := bytes.CutSuffix(kind, []byte("List"))
	if !ok {
		return false
	}
	if len(item) == 0 {
		return apiVersion == "" || apiVersion == "v1"
	}
	k, ok := known(item)
	group, _ := splitAPIVersion(apiVersion)
	return ok && (apiVersion == "" || slices.Contains(k.groups, group))
}

func splitAPIVersion(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}

// withDefaults applies the type of a typed list to an item that does not say its
// own. An item that says another kind has nothing from the list.
func withDefaults(apiVersion, kind, itemAPIVersion, itemKind string) (string, string) {
	if kind == "" {
		kind = itemKind
	}
	if apiVersion == "" && kind == itemKind {
		apiVersion = itemAPIVersion
	}
	return apiVersion, kind
}
