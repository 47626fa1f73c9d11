package dump

import (
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// groups are those in which a kind is the one that evidence is about: Image is
// a kind of config.openshift.io as well. The core group held OpenShift's kinds
// before they had groups, extensions those of apps.
var groups = map[inventory.Kind][]string{
	inventory.KindPod:                   {""},
	inventory.KindReplicationController: {""},
	inventory.KindDeploymentConfig:      {"apps.openshift.io", ""},
	inventory.KindReplicaSet:            {"apps", "extensions"},
	inventory.KindDeployment:            {"apps", "extensions"},
	inventory.KindDaemonSet:             {"apps", "extensions"},
	inventory.KindStatefulSet:           {"apps"},
	inventory.KindJob:                   {"batch"},
	inventory.KindCronJob:               {"batch"},
	inventory.KindBuild:                 {"build.openshift.io", ""},
	inventory.KindBuildConfig:           {"build.openshift.io", ""},
	inventory.KindLimitRange:            {""},
	inventory.KindImageStream:           {"image.openshift.io", ""},
	inventory.KindImage:                 {"image.openshift.io", ""},
}

// kindOf returns the kind that evidence knows an object by: its own name, with
// the group where another kind has that name. An object without an apiVersion
// is taken for the kind that has the name. The result does not share the memory
// of the arguments.
func kindOf(apiVersion, kind string) inventory.Kind {
	known, ok := groups[inventory.Kind(kind)]
	kind = strings.Clone(kind)
	if !ok || apiVersion == "" {
		return inventory.Kind(kind)
	}
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	for _, g := range known {
		if g == group {
			return inventory.Kind(kind)
		}
	}
	return inventory.Kind(kind + "." + group)
}

// itemKind returns what a list of that kind holds: "" for the v1 List, which
// holds anything; ok is false for what is no list.
func itemKind(listKind string) (kind string, ok bool) {
	return strings.CutSuffix(listKind, "List")
}
