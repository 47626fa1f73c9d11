package clustergen

import "strconv"

// pods writes the stream's Pods. One in three has finished.
func (c *cluster) pods(s *stream) {
	p := &c.p
	for k, u := range s.uses {
		if !u.pod {
			continue
		}
		start := p.written()
		p.object()
		p.field("apiVersion").text("v1")
		p.field("kind").text("Pod")
		c.workloadMeta(s, "pod-", k)
		phase := "Running"
		if (s.number+k)%3 == 0 {
			phase = "Succeeded"
		}
		p.field("spec").object()
		c.containers(s, u)
		if c.PodBytes > 0 {
			c.volumes(start + c.PodBytes - 1200)
		}
		p.end('}')
		p.field("status").object()
		if c.PodBytes > 0 {
			c.containerStatuses(s, u)
		}
		p.field("phase").text(phase)
		p.end('}')
		p.end('}')
	}
}

func (c *cluster) deployments(s *stream) {
	p := &c.p
	for k, u := range s.uses {
		if u.pod {
			continue
		}
		p.object()
		p.field("apiVersion").text("apps/v1")
		p.field("kind").text("Deployment")
		c.workloadMeta(s, "deployment-", k)
		p.field("spec").object()
		p.field("template").object()
		p.field("spec").object()
		c.containers(s, u)
		p.end('}')
		p.end('}')
		p.end('}')
		p.end('}')
	}
}

func (c *cluster) workloadMeta(s *stream, prefix string, number int) {
	p := &c.p
	p.field("metadata").object()
	p.field("creationTimestamp").time(ago(500))
	if c.PodBytes > 0 {
		c.managedFields()
	}
	p.field("name").text(prefix, s.name, "-", strconv.Itoa(number))
	p.field("namespace").text(s.namespace)
	p.field("uid").text(c.uid(podUID, s.number*perStream+number))
	p.end('}')
}

func (c *cluster) containers(s *stream, u use) {
	p := &c.p
	p.field("containers").array()
	p.object()
	if u.tag != "" {
		p.field("image").text(c.repository(s), ":", u.tag)
	} else {
		p.field("image").text(c.repository(s), "@", c.usedDigest(s, u))
	}
	p.field("name").text("app")
	p.end('}')
	p.end(']')
}

func (c *cluster) usedDigest(s *stream, u use) string {
	return c.digest(imageDigest, s.images[u.image].number, 0)
}

// managedFields writes the sort of tree that makes up a third of a real Pod.
func (c *cluster) managedFields() {
	p := &c.p
	p.field("managedFields").array()
	for _, manager := range []string{"kube-controller-manager", "kubelet", "multus-daemon"} {
		p.object()
		p.field("apiVersion").text("v1")
		p.field("fieldsType").text("FieldsV1")
		p.field("fieldsV1").object()
		for _, part := range []string{"f:metadata", "f:spec", "f:status"} {
			p.field(part).object()
			for k := range 8 {
				p.field("f:field" + strconv.Itoa(k)).object()
				p.field(`k:{\"type\":\"Ready\"}`).object()
				p.end('}')
				p.end('}')
			}
			p.end('}')
		}
		p.end('}')
		p.field("manager").text(manager)
		p.field("operation").text("Update")
		p.field("time").time(ago(499))
		p.end('}')
	}
	p.end(']')
}

// volumes writes volumes until the text has the length.
func (c *cluster) volumes(until int) {
	p := &c.p
	p.field("volumes").array()
	for k := 0; p.written() < until; k++ {
		p.object()
		p.field("name").text("config-", strconv.Itoa(k))
		p.field("projected").object()
		p.field("defaultMode").number(420)
		p.field("sources").array()
		p.object()
		p.field("configMap").object()
		p.field("items").array()
		p.object()
		p.field("key").text("ca-bundle-", strconv.Itoa(k), ".crt")
		p.field("path").text(padding)
		p.end('}')
		p.end(']')
		p.field("name").text("trusted-ca-", strconv.Itoa(k))
		p.end('}')
		p.end('}')
		p.end(']')
		p.end('}')
		p.end('}')
	}
	p.end(']')
}

func (c *cluster) containerStatuses(s *stream, u use) {
	p := &c.p
	p.field("conditions").array()
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		p.object()
		p.field("lastTransitionTime").time(ago(499))
		p.field("status").text("True")
		p.field("type").text(kind)
		p.end('}')
	}
	p.end(']')
	p.field("containerStatuses").array()
	p.object()
	p.field("image").text(c.repository(s), "@", c.usedDigest(s, u))
	p.field("imageID").text(c.repository(s), "@", c.usedDigest(s, u))
	p.field("name").text("app")
	p.field("ready").bool(true)
	p.field("restartCount").number(0)
	p.end('}')
	p.end(']')
}
