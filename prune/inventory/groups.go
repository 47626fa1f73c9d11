package inventory

import (
	"slices"
	"strings"
)

// groups are those in which a kind is the one that evidence is about: Image is
// a kind of config.openshift.io as well. The core group held OpenShift's kinds
// before they had groups, extensions those of apps.
var groups = map[Kind][]string{
	KindPod:                   {""},
	KindReplicationController: {""},
	KindDeploymentConfig:      {"apps.openshift.io", ""},
	KindReplicaSet:            {"apps", "extensions"},
	KindDeployment:            {"apps", "extensions"},
	KindDaemonSet:             {"apps", "extensions"},
	KindStatefulSet:           {"apps"},
	KindJob:                   {"batch"},
	KindCronJob:               {"batch"},
	KindBuild:                 {"build.openshift.io", ""},
	KindBuildConfig:           {"build.openshift.io", ""},
	KindLimitRange:            {""},
	KindImageStream:           {"image.openshift.io", ""},
	KindImage:                 {"image.openshift.io", ""},
}

// KindOf returns the kind that evidence knows an object by: its own name, with
// the group where another kind has that name. An object without an apiVersion
// is taken for the kind that has the name. The result does not share the memory
// of the arguments.
func KindOf(apiVersion, kind string) Kind {
	known, ok := groups[Kind(kind)]
	kind = strings.Clone(kind)
	if !ok || apiVersion == "" {
		return Kind(kind)
	}
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	if slices.Contains(known, group) {
		return Kind(kind)
	}
	return Kind(kind + "." + group)
}

// Evident reports whether evidence is about the kind: whether it is one of
// [Kinds].
func (k Kind) Evident() bool { return groups[k] != nil }
