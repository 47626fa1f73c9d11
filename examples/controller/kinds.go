package main

import (
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
)

// kinds are those that a plan by an ImagePruner needs, in the order in which they must
// be listed. Limits count in over-size mode alone, which it does not have.
func kinds() []inventory.Kind {
	return slices.DeleteFunc(inventory.Kinds(), func(k inventory.Kind) bool { return k == inventory.KindLimitRange })
}

// groups are the API groups and versions of the kinds that a plan needs.
var groups = map[inventory.Kind]schema.GroupVersion{
	inventory.KindPod:                   {Version: "v1"},
	inventory.KindReplicationController: {Version: "v1"},
	inventory.KindReplicaSet:            {Group: "apps", Version: "v1"},
	inventory.KindDeployment:            {Group: "apps", Version: "v1"},
	inventory.KindDaemonSet:             {Group: "apps", Version: "v1"},
	inventory.KindStatefulSet:           {Group: "apps", Version: "v1"},
	inventory.KindJob:                   {Group: "batch", Version: "v1"},
	inventory.KindCronJob:               {Group: "batch", Version: "v1"},
	inventory.KindDeploymentConfig:      {Group: "apps.openshift.io", Version: "v1"},
	inventory.KindBuild:                 {Group: "build.openshift.io", Version: "v1"},
	inventory.KindBuildConfig:           {Group: "build.openshift.io", Version: "v1"},
	inventory.KindImageStream:           {Group: "image.openshift.io", Version: "v1"},
	inventory.KindImage:                 {Group: "image.openshift.io", Version: "v1"},
}

var prunerKind = schema.GroupVersionKind{Group: imagepruner.GroupName, Version: "v1", Kind: imagepruner.Kind}

// newObject returns an empty object of a kind, for a client to read into or to watch.
func newObject(kind inventory.Kind) *unstructured.Unstructured {
	u := new(unstructured.Unstructured)
	u.SetGroupVersionKind(groups[kind].WithKind(string(kind)))
	return u
}

func newPruner() *unstructured.Unstructured {
	u := new(unstructured.Unstructured)
	u.SetGroupVersionKind(prunerKind)
	return u
}

// into turns an object into a type of this library, and outOf back. The types keep
// what they do not know.
func into(u *unstructured.Unstructured, v any) error {
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func outOf(v any) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	u := new(unstructured.Unstructured)
	return u, u.UnmarshalJSON(text)
}
