package naiveplan_test

import "fmt"

// pullSpec makes a pull spec that parses, mostly, and mostly one that names a
// stream of the cluster.
func (g *generator) pullSpec() string {
	if g.chance(1) {
		return g.pick(
			"foo bar", "UPPER/case:tag/x", "a/b:c:d", "[::1]:5000/a/b", "x@sha256:short", "a/b:", " a/b", "a//b",
			"registry.example.com/a/B", "registry.example.com/a/a@md5:d41d8cd98f00b204e9800998ecf8427e", "a_.b/c",
			"registry.example.com/a/a@"+g.manifest()+"0", "https://registry.example.com/a/a", "{{image}}", "$(params.image)",
		)
	}
	if g.chance(10) {
		return g.pick(
			"", "", " ", "\t", "busybox", "quay.io", "localhost-image:v1", "A/a", "localhost/a", "sha256:"+hex("a00", 64),
			"registry.example.com/deep/a/a:latest", "a.example.com/a", "foo.bar@"+g.manifest(), g.manifest(),
		)
	}
	hosts := []string{"registry.example.com/", "registry.example.com/", "quay.io/", "10.0.0.9:5000/", "localhost/", "dotless:80/", "", "dotless/"}
	spec := g.pick(hosts...) + g.namespace() + "/" + g.stream()
	if g.chance(5) {
		spec += "/deeper"
	}
	if g.chance(50) {
		spec += ":" + g.tag()
	}
	if g.chance(50) {
		spec += "@" + g.subject()
	}
	return spec
}

var apiVersions = map[string]string{
	"Pod": "v1", "ReplicationController": "v1", "DeploymentConfig": "apps.openshift.io/v1",
	"ReplicaSet": "apps/v1", "Deployment": "apps/v1", "DaemonSet": "apps/v1", "StatefulSet": "apps/v1",
	"Job": "batch/v1", "CronJob": "batch/v1", "Build": "build.openshift.io/v1", "BuildConfig": "build.openshift.io/v1",
}

func (g *generator) workload() obj {
	g.names++
	kind := g.pick("Pod", "Pod", "Pod", "Pod", "ReplicationController", "DeploymentConfig", "ReplicaSet", "Deployment",
		"DaemonSet", "StatefulSet", "Job", "CronJob", "Build", "BuildConfig", "Build", "BuildConfig")
	o := obj{"apiVersion": apiVersions[kind], "kind": kind, "metadata": g.metadata(g.namespace(), fmt.Sprint("w-", g.names))}
	if g.peerOnly && g.chance(3) {
		o["apiVersion"] = "example.com/v1" // a custom resource of the same name
	}
	switch kind {
	case "Build", "BuildConfig":
		spec := obj{"strategy": g.strategy()}
		if g.chance(30) {
			spec["source"] = obj{"images": []any{obj{"from": g.from()}, obj{"from": g.from()}}}
		}
		if g.chance(30) {
			spec["output"] = obj{"to": g.from()}
		}
		o["spec"] = spec
	case "CronJob":
		o["spec"] = obj{"suspend": true, "jobTemplate": obj{"spec": obj{"template": obj{"spec": g.podSpec()}}}}
	case "Pod":
		o["spec"] = g.podSpec()
		if g.chance(95) {
			o["status"] = obj{"phase": g.pick("Running", "Pending", "Unknown", "Succeeded", "Failed", "Failed", "", "running")}
			if g.chance(30) {
				o["status"].(obj)["containerStatuses"] = []any{obj{"name": "c", "imageID": g.imageID()}}
			}
		}
	default:
		o["spec"] = obj{"template": obj{"spec": g.podSpec()}, "replicas": 0}
	}
	return o
}

func (g *generator) podSpec() obj {
	spec := obj{}
	if g.chance(15) {
		spec["volumes"] = []any{obj{"name": "v", "image": obj{"reference": g.pullSpec()}}, obj{"name": "w", "emptyDir": obj{}}}
	}
	for _, field := range []string{"containers", "initContainers", "ephemeralContainers"} {
		if field == "ephemeralContainers" && !g.chance(30) {
			continue
		}
		containers := []any{}
		for range g.IntN(3) {
			containers = append(containers, obj{"name": "c", "image": g.pullSpec()})
		}
		if len(containers) > 0 {
			spec[field] = containers
		}
	}
	return spec
}

// imageID is what a container runtime says.
func (g *generator) imageID() string {
	if g.chance(10) {
		return g.pick("", "docker-pullable://registry.example.com/a/a@"+g.manifest(), "sha256:short")
	}
	if g.chance(50) {
		return g.manifest()
	}
	return "registry.example.com/" + g.namespace() + "/" + g.stream() + "@" + g.manifest()
}

func (g *generator) strategy() obj {
	strategy := obj{"type": "Source"}
	strategy[g.pick("sourceStrategy", "dockerStrategy", "customStrategy")] = obj{"from": g.from()}
	if g.chance(5) {
		strategy = obj{"type": "JenkinsPipeline", "jenkinsPipelineStrategy": obj{"jenkinsfile": "x"}}
	}
	return strategy
}

// from names an image, or a tag or image of a stream.
func (g *generator) from() obj {
	from := obj{}
	switch g.IntN(8) {
	case 0, 1:
		from["kind"], from["name"] = "DockerImage", g.pullSpec()
	case 2, 3, 4:
		from["kind"], from["name"] = "ImageStreamTag", g.stream()+":"+g.tag()
		if g.chance(5) {
			from["name"] = g.pick("a", "a:", ":v1", "a:v1:v2", "a@v:v1", "")
		}
	case 5, 6:
		from["kind"], from["name"] = "ImageStreamImage", g.stream()+"@"+g.manifest()
		if g.chance(15) { // the API server takes a prefix, with the algorithm or without
			digest := g.manifest()
			from["name"] = g.stream() + "@" + g.pick(digest[:20], digest[len("sha256:"):20])
		}
		if g.chance(5) {
			from["name"] = g.pick("a@", "@"+g.manifest(), "a", "a@x@y", "a@deadbeef", "", "a:v1@"+g.manifest(),
				"a@a0", "b@"+g.manifest()[:20], "a@sha512:"+hex("a01", 70))
		}
	default:
		from["kind"], from["name"] = g.pick("ImageStream", "", "Image", "imagestreamtag"), g.pick("a:v1", "a@x@y", "foo bar")
	}
	switch g.IntN(4) {
	case 0:
		from["namespace"] = g.namespace()
	case 1:
		from["namespace"] = ""
	}
	return from
}
