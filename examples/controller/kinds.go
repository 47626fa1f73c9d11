package main

import (
	"encoding/json"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

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

// served reports whether the API server has a kind. It asks no cache.
type served func(kind inventory.Kind) (bool, error)

// absent returns nil for the error of a kind that the cluster does without, and any other
// error as it is. That a client finds no such kind is not enough: it also says so where
// the API server that has the kind, behind the one that is asked, does not answer.
func (s served) absent(kind inventory.Kind, err error) error {
	if !meta.IsNoMatchError(err) {
		return err
	}
	there, unknown := s(kind)
	if there || unknown != nil {
		return errors.Join(err, unknown)
	}
	return nil
}

// servedBy asks by discovery, group by group: one that is not served is not found, and
// one whose server is down fails.
func servedBy(d discovery.DiscoveryInterface) served {
	return func(kind inventory.Kind) (bool, error) {
		list, err := d.ServerResourcesForGroupVersion(groups[kind].String())
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == string(kind) }), nil
	}
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
