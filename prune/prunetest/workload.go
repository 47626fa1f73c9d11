package prunetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A Workload is an object of a cluster that uses images. Its fields may be
// changed.
type Workload struct {
	Kind inventory.Kind
	// Created is when it came to be. Zero: a day before now.
	Created time.Time
	// Phase of a Pod, as in Running or Succeeded. Empty: Running.
	Phase string
	// Images are the pull specs of its containers; of a Build or BuildConfig,
	// the one that it starts from.
	Images []string

	namespace, name string
	uid             imagestream.UID
	version         string
}

// Pod adds a running Pod with a container for each pull spec.
func (c *Cluster) Pod(name string, images ...string) *Workload {
	return c.Workload(inventory.KindPod, name, images...)
}

// Deployment adds a Deployment with a container for each pull spec.
func (c *Cluster) Deployment(name string, images ...string) *Workload {
	return c.Workload(inventory.KindDeployment, name, images...)
}

// Workload adds an object of one of the kinds of [inventory.WorkloadKinds]. The
// name is as in "dev/web". A Build or BuildConfig takes one pull spec.
func (c *Cluster) Workload(kind inventory.Kind, name string, images ...string) *Workload {
	if !slices.Contains(inventory.WorkloadKinds(), kind) {
		panic(fmt.Sprintf("prunetest: %q is no kind that uses images", kind))
	}
	w := &Workload{Kind: kind, Images: images}
	w.namespace, w.name = splitName(name)
	for _, other := range c.workloads {
		if other.Kind == kind && other.namespace == w.namespace && other.name == w.name {
			panic(fmt.Sprintf("prunetest: a second %s %s", kind, name))
		}
	}
	w.uid, w.version = c.identity()
	c.workloads = append(c.workloads, w)
	return w
}

var apiVersions = map[inventory.Kind]string{
	inventory.KindPod:                   "v1",
	inventory.KindReplicationController: "v1",
	inventory.KindDeploymentConfig:      "apps.openshift.io/v1",
	inventory.KindReplicaSet:            "apps/v1",
	inventory.KindDeployment:            "apps/v1",
	inventory.KindDaemonSet:             "apps/v1",
	inventory.KindStatefulSet:           "apps/v1",
	inventory.KindJob:                   "batch/v1",
	inventory.KindCronJob:               "batch/v1",
	inventory.KindBuild:                 "build.openshift.io/v1",
	inventory.KindBuildConfig:           "build.openshift.io/v1",
	inventory.KindLimitRange:            "v1",
	inventory.KindImageStream:           imagestream.APIVersion,
	inventory.KindImage:                 imagestream.APIVersion,
}

// fields is a JSON object.
type fields map[string]any

// workloadObject returns a workload as its API object.
func (c *Cluster) workloadObject(w *Workload) fields {
	created := w.Created.UTC().Truncate(time.Second)
	if w.Created.IsZero() {
		created = c.ago(24 * time.Hour)
	}
	o := fields{
		"apiVersion": apiVersions[w.Kind], "kind": w.Kind,
		"metadata": fields{
			"name": w.name, "namespace": w.namespace, "uid": w.uid, "resourceVersion": w.version,
			"creationTimestamp": created.Format(time.RFC3339),
		},
	}
	switch w.Kind {
	case inventory.KindPod:
		phase := w.Phase
		if phase == "" {
			phase = "Running"
		}
		o["spec"], o["status"] = w.podSpec(), fields{"phase": phase}
	case inventory.KindCronJob:
		o["spec"] = fields{"jobTemplate": fields{"spec": fields{"template": fields{"spec": w.podSpec()}}}}
	case inventory.KindBuild, inventory.KindBuildConfig:
		if len(w.Images) != 1 {
			panic(fmt.Sprintf("prunetest: %s %s/%s starts from %d images", w.Kind, w.namespace, w.name, len(w.Images)))
		}
		from := fields{"kind": imagestream.KindDockerImage, "name": w.Images[0]}
		o["spec"] = fields{"strategy": fields{"type": "Source", "sourceStrategy": fields{"from": from}}}
	default:
		o["spec"] = fields{"template": fields{"spec": w.podSpec()}}
	}
	return o
}

func (w *Workload) podSpec() fields {
	containers := []fields{}
	for i, image := range w.Images {
		containers = append(containers, fields{"name": fmt.Sprintf("c%d", i), "image": image})
	}
	return fields{"containers": containers}
}

func (c *Cluster) limitObject(n int) fields {
	l := c.limits[n]
	return fields{
		"apiVersion": "v1", "kind": inventory.KindLimitRange,
		"metadata": fields{"name": limitName(n), "namespace": l.namespace},
		"spec": fields{"limits": []fields{{
			"type": imagestream.LimitTypeImage, "max": fields{"storage": fmt.Sprint(l.bytes)},
		}}},
	}
}

func limitName(n int) string { return fmt.Sprintf("images-%d", n+1) }
