package prune_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A planCase is a cluster, a policy and all that a plan deletes of it, each in a
// few lines. The cluster has an object a line:
//
//	image NAME [LAYER…] [KEY=VALUE…]   keys: type (oci, docker, index, list, v1, none), config,
//	                                   children, subject, size, managed, age (2h; ? is absent)
//	stream NAMESPACE/NAME AGE          only where its age matters: tag makes streams, too
//	tag NAMESPACE/NAME:TAG ITEM…       newest first; IMAGE[~AGE][>PULLSPEC], "-" is a reference tag
//	pod NAMESPACE/NAME PHASE[~AGE] PULLSPEC…   "-" is no phase
//	KIND NAMESPACE/NAME PULLSPEC…      deployment, job…; init:PULLSPEC is an init container's
//	build NAMESPACE/NAME STRATEGY KIND NAME [NAMESPACE]
//	limits NAMESPACE/NAME BYTES…
//	json OBJECT
//
// The names of images and blobs stand for digests, also behind the @ of a pull
// spec. Items, pods and streams have no time unless one is given.
type planCase struct {
	name    string
	policy  string // words, see knobs
	cluster string
	want    string // lines as deletionLines writes them
}

const registryHost = "image-registry.openshift-image-registry.svc:5000"

// clusterTime is when the clusters are judged.
var clusterTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func digestOf(name string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(name))) }

// A cluster is the dump of a planCase.
type cluster struct {
	t       testing.TB
	objects []map[string]any
	streams map[string]map[string]any
	names   map[string]string // by digest
}

func parseCluster(t testing.TB, text string) *cluster {
	t.Helper()
	c := &cluster{t: t, streams: map[string]map[string]any{}, names: map[string]string{}}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			c.object(strings.TrimSpace(line), words[0], words[1:])
		}
	}
	return c
}

func (c *cluster) object(line, kind string, words []string) {
	switch kind {
	case "image":
		c.image(words)
	case "tag":
		c.tag(words)
	case "stream":
		c.metadata(c.stream(words[0]), "creationTimestamp", c.timeBefore(words[1]))
	case "limits":
		c.limits(words)
	case "build", "buildconfig":
		c.build(kind, words)
	case "json":
		var object map[string]any
		require.NoError(c.t, json.Unmarshal([]byte(c.digests(strings.TrimPrefix(line, "json"))), &object), line)
		c.objects = append(c.objects, object)
	default:
		c.workload(kind, words)
	}
}

// digest returns the digest that a name stands for.
func (c *cluster) digest(name string) string {
	d := digestOf(name)
	c.names[d] = name
	return d
}

// name is the opposite of digest.
func (c *cluster) name(digest string) string { return cmp.Or(c.names[digest], digest) }

var nameBehindAt = regexp.MustCompile(`@([\w.-]+)`)

// digests replaces the names behind an @, and ␣ by a space.
func (c *cluster) digests(text string) string {
	return nameBehindAt.ReplaceAllStringFunc(strings.ReplaceAll(text, "␣", " "), func(m string) string { return "@" + c.digest(m[1:]) })
}

// timeBefore returns the time so long before clusterTime; "?" is none.
func (c *cluster) timeBefore(age string) any {
	if age == "?" || age == "" {
		return nil
	}
	d, err := time.ParseDuration(age)
	require.NoError(c.t, err)
	return clusterTime.Add(-d).Format(time.RFC3339Nano)
}

func (c *cluster) add(apiVersion, kind, namespace, name string) map[string]any {
	o := map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "uid": "uid-" + c.name(name), "resourceVersion": "42"},
	}
	if namespace != "" {
		c.metadata(o, "namespace", namespace)
	}
	c.objects = append(c.objects, o)
	return o
}

func (c *cluster) metadata(o map[string]any, key string, value any) {
	o["metadata"].(map[string]any)[key] = value
}

var mediaTypes = map[string]string{
	"oci": manifest.MediaTypeOCIImage, "docker": manifest.MediaTypeDocker2,
	"index": manifest.MediaTypeOCIIndex, "list": manifest.MediaTypeDockerList,
	"v1": "application/vnd.docker.distribution.manifest.v1+prettyjws", "none": "",
}

func (c *cluster) image(words []string) {
	o := c.add("image.openshift.io/v1", "Image", "", c.digest(words[0]))
	metadata := map[string]any{}
	o["dockerImageMetadata"], o["dockerImageManifestMediaType"] = metadata, mediaTypes["oci"]
	c.metadata(o, "uid", "uid-"+words[0])
	c.metadata(o, "creationTimestamp", c.timeBefore("2h"))
	var layers, children []any
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		switch {
		case !ok:
			layers = append(layers, map[string]any{"name": c.digest(word), "size": 10})
		case key == "type":
			o["dockerImageManifestMediaType"] = mediaTypes[value]
		case key == "config":
			metadata["Id"] = c.digest(value)
		case key == "children":
			for _, child := range strings.Split(value, ",") {
				children = append(children, map[string]any{"digest": c.digest(child), "manifestSize": 5})
			}
		case key == "subject":
			o["dockerImageManifest"] = fmt.Sprintf(`{"subject":{"digest":%q}}`, c.digest(value))
		case key == "size":
			metadata["Size"] = json.Number(value)
		case key == "managed":
			c.metadata(o, "annotations", map[string]any{"openshift.io/image.managed": value})
		case key == "age":
			c.metadata(o, "creationTimestamp", c.timeBefore(value))
		default:
			c.t.Fatalf("image: %q", word)
		}
	}
	if len(layers)+len(children) == 0 && metadata["Id"] == nil {
		metadata["Id"] = c.digest("config of " + words[0]) // or nobody knew what it is made of
	}
	o["dockerImageLayers"], o["dockerImageManifests"] = layers, children
}

func (c *cluster) stream(repository string) map[string]any {
	if c.streams[repository] == nil {
		namespace, name, _ := strings.Cut(repository, "/")
		o := c.add("image.openshift.io/v1", "ImageStream", namespace, name)
		c.metadata(o, "uid", "uid-"+repository)
		o["status"] = map[string]any{"tags": []any{}}
		c.streams[repository] = o
	}
	return c.streams[repository]
}

func (c *cluster) tag(words []string) {
	at := strings.LastIndex(words[0], ":")
	repository, tag := words[0][:at], words[0][at+1:]
	var items []any
	for _, word := range words[1:] {
		word, spec, _ := strings.Cut(word, ">")
		image, age, _ := strings.Cut(word, "~")
		item := map[string]any{"created": c.timeBefore(age), "generation": 1}
		if image != "-" {
			item["image"] = c.digest(image)
			item["dockerImageReference"] = c.pullSpec(cmp.Or(spec, registryHost+"/"+repository), image)
		}
		items = append(items, item)
	}
	status := c.stream(repository)["status"].(map[string]any)
	status["tags"] = append(status["tags"].([]any), map[string]any{"tag": tag, "items": items})
}

// pullSpec completes a repository with the image's digest.
func (c *cluster) pullSpec(spec, image string) string {
	if strings.Contains(spec, "@") || strings.LastIndex(spec, ":") > strings.LastIndex(spec, "/") {
		return c.digests(spec)
	}
	return spec + "@" + c.digest(image)
}

func (c *cluster) limits(words []string) {
	namespace, name, _ := strings.Cut(words[0], "/")
	o := c.add("v1", "LimitRange", namespace, name)
	var limits []any
	for _, word := range words[1:] {
		limits = append(limits, map[string]any{"type": "openshift.io/Image", "max": map[string]any{"storage": word}})
	}
	o["spec"] = map[string]any{"limits": limits}
}

func (c *cluster) build(kind string, words []string) {
	namespace, name, _ := strings.Cut(words[0], "/")
	from := map[string]any{"kind": words[2], "name": c.digests(words[3])}
	if len(words) > 4 {
		from["namespace"] = words[4]
	}
	o := c.add("build.openshift.io/v1", kinds[kind].kind, namespace, name)
	o["spec"] = map[string]any{"strategy": map[string]any{words[1] + "Strategy": map[string]any{"from": from}}}
}

// kinds are the workloads, by the word for them.
var kinds = map[string]struct {
	apiVersion, kind string
	path             []string // of the pod spec
}{
	"pod":         {"v1", "Pod", []string{"spec"}},
	"rc":          {"v1", "ReplicationController", []string{"spec", "template", "spec"}},
	"dc":          {"apps.openshift.io/v1", "DeploymentConfig", []string{"spec", "template", "spec"}},
	"replicaset":  {"apps/v1", "ReplicaSet", []string{"spec", "template", "spec"}},
	"deployment":  {"apps/v1", "Deployment", []string{"spec", "template", "spec"}},
	"daemonset":   {"apps/v1", "DaemonSet", []string{"spec", "template", "spec"}},
	"statefulset": {"apps/v1", "StatefulSet", []string{"spec", "template", "spec"}},
	"job":         {"batch/v1", "Job", []string{"spec", "template", "spec"}},
	"cronjob":     {"batch/v1", "CronJob", []string{"spec", "jobTemplate", "spec", "template", "spec"}},
	"build":       {kind: "Build"},
	"buildconfig": {kind: "BuildConfig"},
}

func (c *cluster) workload(kind string, words []string) {
	k, ok := kinds[kind]
	require.True(c.t, ok, kind)
	namespace, name, _ := strings.Cut(words[0], "/")
	o := c.add(k.apiVersion, k.kind, namespace, name)
	specs := words[1:]
	if kind == "pod" {
		phase, age, _ := strings.Cut(words[1], "~")
		if phase != "-" {
			o["status"] = map[string]any{"phase": phase}
		}
		c.metadata(o, "creationTimestamp", c.timeBefore(age))
		specs = words[2:]
	}
	pod := map[string]any{}
	for _, spec := range specs {
		list := "containers"
		if init, ok := strings.CutPrefix(spec, "init:"); ok {
			list, spec = "initContainers", init
		}
		containers, _ := pod[list].([]any)
		image := c.digests(spec)
		pod[list] = append(containers, map[string]any{"name": "c" + strconv.Itoa(len(containers)), "image": image})
	}
	for i := len(k.path) - 1; i > 0; i-- {
		pod = map[string]any{k.path[i]: pod}
	}
	o[k.path[0]] = pod
}

// knobs are what the words of a planCase's policy set: of the policy, and of what
// the dump is evidence of. By default every kind was listed and in order.
type knobs struct {
	options              prune.OpenShiftOptions
	unlisted, incomplete []string
	imagesFirst          bool
}

func parseKnobs(t testing.TB, words string) *knobs {
	t.Helper()
	k := &knobs{options: prune.DefaultOpenShiftOptions()}
	o := &k.options
	for _, word := range strings.Fields(words) {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "peer": // only what the peer reads counts, and as the peer takes it
			o.PeerReferencesOnly, o.AcceptUnknownImages, o.AbsentTimesAreAncient = true, true, true
		case "revisions":
			*o.KeepTagRevisions, err = strconv.Atoi(value)
		case "age":
			var d time.Duration
			d, err = time.ParseDuration(value)
			*o.KeepYoungerThan = prune.Duration(d)
		case "over-size":
			o.PruneOverSizeLimit, o.KeepYoungerThan, o.KeepTagRevisions = true, nil, nil
		case "managed-only":
			o.AllImages = false
		case "api-only":
			o.PruneRegistry = false
		case "ignore-invalid":
			o.IgnoreInvalidRefs = true
		case "namespace":
			o.Namespace = value
		case "accept-unknown":
			o.AcceptUnknownImages = true
		case "ancient":
			o.AbsentTimesAreAncient = true
		case "ignore":
			o.IgnoreSources = strings.Split(value, ",")
		case "unlisted":
			k.unlisted = strings.Split(value, ",")
		case "incomplete":
			k.incomplete = strings.Split(value, ",")
		case "images-first":
			k.imagesFirst = true
		default:
			t.Fatalf("policy: %q", word)
		}
		require.NoError(t, err, word)
	}
	return k
}

// inventory reads the cluster as package dump does.
func (c *cluster) inventory(k *knobs) *inventory.Inventory {
	c.t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	objects := slices.Clone(c.objects)
	if k.imagesFirst {
		slices.SortStableFunc(objects, func(a, b map[string]any) int { return cmp.Compare(rank(a), rank(b)) })
	}
	for _, o := range objects {
		require.NoError(c.t, encoder.Encode(o))
	}
	if len(objects) == 0 {
		text.WriteString(`{"kind":"List","items":[]}`)
	}
	for _, kind := range k.incomplete {
		fmt.Fprintf(&text, `{"kind":"%sList","metadata":{"continue":"more"},"items":[]}`, kind)
	}
	listed := slices.DeleteFunc(inventory.Kinds(), func(kind inventory.Kind) bool {
		return slices.Contains(k.unlisted, string(kind))
	})
	inv, err := dump.Read(&text, &dump.Options{
		Listed: listed, ImagesAfterStreams: !k.imagesFirst, PhaselessPodsFinished: k.options.PeerReferencesOnly,
	})
	require.NoError(c.t, err)
	return inv
}

func rank(o map[string]any) int {
	if o["kind"] == "Image" {
		return 0
	}
	return 1
}

// plan plans; a plan that failed because of references is returned as well.
func (p *planCase) plan(t *testing.T) (*cluster, *prune.Plan) {
	t.Helper()
	c, k := parseCluster(t, p.cluster), parseKnobs(t, p.policy)
	policy, err := prune.OpenShift(k.options)
	require.NoError(t, err)
	plan, err := prune.New(c.inventory(k), policy, clusterTime)
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		return c, invalid.Plan
	}
	require.NoError(t, err)
	return c, plan
}

// deletionLines writes all that a plan deletes in a line for each repository and
// kind, with the names of a cluster.
func (c *cluster) deletionLines(plan *prune.Plan) string {
	lines := map[string][]string{}
	note := func(line, name string) { lines[line] = append(lines[line], name) }
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			note("1 items", fmt.Sprintf("%s:%s#%d=%s", a.Stream, a.Tag, a.Index, c.name(a.Image)))
		case prune.DeleteManifestLink:
			note("2 manifests "+a.Repository, c.name(a.Digest))
		case prune.DeleteLayerLink:
			note("3 layers "+a.Repository, c.name(a.Digest))
		case prune.DeleteImage:
			note("4 images", c.name(a.Image))
		case prune.DeleteBlob:
			note("5 blobs", c.name(a.Digest))
		}
	}
	var all []string
	for line, names := range lines {
		slices.Sort(names)
		all = append(all, line+" "+strings.Join(names, " "))
	}
	slices.Sort(all)
	for i := range all {
		all[i] = all[i][2:]
	}
	for _, r := range plan.InvalidReferences {
		all = append(all, fmt.Sprintf("invalid %s %s %q", r.Object, r.Field, r.Value))
	}
	for _, r := range plan.UnreadReferences {
		all = append(all, fmt.Sprintf("unread %s %s %q", r.Object, r.Field, r.Value))
	}
	return strings.Join(all, "\n")
}

// lines trims the white space about each line.
func lines(text string) string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			list = append(list, line)
		}
	}
	return strings.Join(list, "\n")
}

// runPlanCases runs cases, each with these words before those of its policy.
func runPlanCases(t *testing.T, words string, cases []planCase) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range cases {
		require.False(t, seen[p.name], "two cases are called %q", p.name)
		seen[p.name] = true
		p.policy = words + " " + p.policy
		t.Run(p.name, func(t *testing.T) {
			c, plan := p.plan(t)
			require.Equal(t, lines(p.want), c.deletionLines(plan))
		})
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
