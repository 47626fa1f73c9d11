package workload

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// show writes a reference as "field = use", with its source in front where it is
// not the peer's.
func show(r Reference) string {
	use := "nothing"
	stream := r.Namespace + "/" + r.Stream
	switch {
	case r.Err != nil:
		use = "unparsed"
		if r.Names() {
			use = "unparsed but names something"
		}
	case r.Stream != "" && r.Digest != "":
		use = stream + "@" + r.Digest
	case r.Stream != "":
		use = stream + ":" + r.Tag
	case r.Digest != "":
		use = "@" + r.Digest
	}
	s := r.Field + " = " + use
	if r.Source != Peer {
		s = string(r.Source) + " " + s
	}
	return strings.NewReplacer(digestA, "A", digestB, "B").Replace(s)
}

func shown(refs []Reference) []string {
	all := []string{}
	for _, r := range refs {
		all = append(all, show(r))
	}
	return all
}

// text completes the short form in which the tables are written: A and B in
// angle brackets are digests, single quotes are double.
func text(s string) string {
	return strings.NewReplacer("<A>", digestA, "<B>", digestB, "'", `"`).Replace(s)
}

type scanCase struct {
	name   string
	object string
	want   []string
}

func run(t *testing.T, opts *Options, cases []scanCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := FromJSON([]byte(text(c.object)), opts)
			require.NoError(t, err)
			if c.want == nil {
				c.want = []string{}
			}
			require.Equal(t, c.want, shown(got.References))
		})
	}
}

const twoContainers = `{'initContainers': [{'name': 'i', 'image': 'r.io/dev/init:v1'}], 'containers': [{'name': 'c', 'image': 'r.io/dev/app'}]}`

func TestPeerKinds(t *testing.T) {
	template := `{'metadata': {'labels': {'image': 'x'}}, 'spec': ` + twoContainers + `}`
	want := func(prefix string) []string {
		return []string{prefix + "initContainers[0].image = dev/init:v1", prefix + "containers[0].image = dev/app:latest"}
	}
	owned := want("spec.template.spec.")
	var cases []scanCase
	for _, of := range []string{
		"v1 ReplicationController", "apps.openshift.io/v1 DeploymentConfig", "v1 DeploymentConfig",
		"apps/v1 ReplicaSet", "apps/v1 Deployment", "apps/v1 DaemonSet", "apps/v1 StatefulSet",
		"extensions/v1beta1 Deployment", "extensions/v1beta1 DaemonSet", "extensions/v1beta1 ReplicaSet", "apps/v1beta2 StatefulSet",
		"batch/v1 Job", " Deployment", " ReplicationController", " DeploymentConfig", " Job",
	} {
		apiVersion, kind, _ := strings.Cut(of, " ")
		cases = append(cases, scanCase{of, fmt.Sprintf(`{'apiVersion': '%s', 'kind': '%s', 'spec': {'replicas': 0, 'template': %s}}`, apiVersion, kind, template), owned})
	}
	for _, apiVersion := range []string{"batch/v1", "batch/v1beta1", ""} {
		cases = append(cases, scanCase{"CronJob " + apiVersion,
			fmt.Sprintf(`{'apiVersion': '%s', 'kind': 'CronJob', 'spec': {'jobTemplate': {'spec': {'template': %s}}}}`, apiVersion, template),
			want("spec.jobTemplate.spec.template.spec.")})
	}
	cases = append(cases,
		scanCase{"Pod", `{'apiVersion': 'v1', 'kind': 'Pod', 'spec': ` + twoContainers + `}`, want("spec.")},
		scanCase{"Pod without apiVersion", `{'kind': 'Pod', 'spec': ` + twoContainers + `}`, want("spec.")},
		scanCase{"order is the text's", `{'kind': 'Pod', 'spec': {'containers': [{'image': 'r.io/a/b'}], 'initContainers': [{'image': 'r.io/a/c'}]}}`,
			[]string{"spec.containers[0].image = a/b:latest", "spec.initContainers[0].image = a/c:latest"}},
		scanCase{"one for each container", `{'kind': 'Pod', 'spec': {'containers': [{'image': 'r.io/a/b'}, {}, null, {'image': 'r.io/a/b'}, {'image': '?'}, {'image': '?'}]}}`,
			[]string{"spec.containers[0].image = a/b:latest", "spec.containers[3].image = a/b:latest", "spec.containers[4].image = unparsed", "spec.containers[5].image = unparsed"}},
		scanCase{"nulls", `{'kind': 'Pod', 'metadata': null, 'spec': {'containers': null, 'initContainers': [{'image': null}], 'volumes': null}, 'status': null}`, nil},
		scanCase{"null template", `{'kind': 'Deployment', 'spec': {'template': null}}`, nil},
		scanCase{"null spec", `{'kind': 'CronJob', 'spec': null}`, nil},
		scanCase{"kind and apiVersion last", `{'spec': {'template': {'spec': ` + twoContainers + `}}, 'kind': 'Deployment', 'apiVersion': 'apps/v1'}`, owned},
		scanCase{"escaped", `{'kind': 'Pod', 'spec': {'containers': [{'image': 'r.io\/a\/b\u003av1'}]}}`, []string{"spec.containers[0].image = a/b:v1"}},
	)
	run(t, nil, cases)
}

func TestPullSpecs(t *testing.T) {
	for spec, want := range map[string]string{
		"registry.example.com:5000/dev/app:v1":      "dev/app:v1",
		"quay.io/dev/app":                           "dev/app:latest",
		"localhost/dev/app:v1":                      "dev/app:v1",
		"10.0.0.9:5000/dev/app:v1@<A>":              "dev/app@A",
		"10.0.0.9:5000/dev/app@<A>":                 "dev/app@A",
		"dev/app@<A>":                               "@A",
		"app@<A>":                                   "@A",
		"quay.io/dev/team/app@<A>":                  "@A",
		"dev/app:v1":                                "nothing",
		"busybox":                                   "nothing",
		"quay.io/dev/team/app:v1":                   "nothing",
		"registry/dev/app:v1":                       "nothing",
		"UPPER/case:tag/x":                          "unparsed",
		"a/b:c:d":                                   "unparsed",
		" quay.io/dev/app":                          "unparsed",
		"quay.io/dev/app\n":                         "unparsed",
		"{{image}}":                                 "unparsed",
		"$(params.image)":                           "unparsed",
		"${IMAGE}":                                  "unparsed",
		"quay.io/dev/app@sha256:abc":                "unparsed",
		strings.Repeat("a", mostText) + ".io/b/c:d": "unparsed",
	} {
		got, err := FromMap(object{"kind": "Pod", "spec": object{"containers": []any{object{"image": text(spec)}}}}, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"spec.containers[0].image = " + want}, shown(got.References), spec)
		require.LessOrEqual(t, len(got.References[0].Value), mostText+len("…"))
		if len(spec) < mostText {
			require.Equal(t, text(spec), got.References[0].Value)
		}
	}
	for _, spec := range []string{"", " ", "\t\n", "\u00a0\u2003"} {
		got, err := FromMap(object{"kind": "Pod", "spec": object{"containers": []any{object{"image": spec}}}}, nil)
		require.NoError(t, err)
		require.Empty(t, got.References, "%q", spec)
	}
}

func TestBuildStrategies(t *testing.T) {
	of := func(strategy string) string {
		return `{'apiVersion': 'build.openshift.io/v1', 'kind': 'Build', 'metadata': {'namespace': 'dev', 'name': 'b-1'}, 'spec': {'strategy': ` + strategy + `}}`
	}
	const at = "spec.strategy.sourceStrategy.from.name = "
	from := func(from string) string { return of(`{'type': 'Source', 'sourceStrategy': {'from': ` + from + `}}`) }
	run(t, nil, []scanCase{
		{"pull spec", from(`{'kind': 'DockerImage', 'name': 'quay.io/ci/ruby:3'}`), []string{at + "ci/ruby:3"}},
		{"pull spec with digest, namespace without effect", from(`{'kind': 'DockerImage', 'namespace': 'x', 'name': 'quay.io/ci/ruby@<A>'}`), []string{at + "ci/ruby@A"}},
		{"blank pull spec", from(`{'kind': 'DockerImage', 'name': '  '}`), nil},
		{"no pull spec", from(`{'kind': 'DockerImage'}`), nil},
		{"bad pull spec", from(`{'kind': 'DockerImage', 'name': 'a b'}`), []string{at + "unparsed"}},
		{"tag", from(`{'kind': 'ImageStreamTag', 'name': 'ruby:3'}`), []string{at + "dev/ruby:3"}},
		{"tag elsewhere, name first", from(`{'name': 'ruby:3', 'namespace': 'openshift', 'kind': 'ImageStreamTag'}`), []string{at + "openshift/ruby:3"}},
		{"empty namespace", from(`{'kind': 'ImageStreamTag', 'name': 'ruby:3', 'namespace': ''}`), []string{at + "dev/ruby:3"}},
		{"tag without tag", from(`{'kind': 'ImageStreamTag', 'name': 'ruby'}`), []string{at + "unparsed"}},
		{"tag without name", from(`{'kind': 'ImageStreamTag'}`), []string{at + "unparsed"}},
		{"null name", from(`{'kind': 'ImageStreamTag', 'name': null}`), []string{at + "unparsed"}},
		{"empty tag", from(`{'kind': 'ImageStreamTag', 'name': 'ruby:'}`), []string{at + "unparsed"}},
		{"empty stream", from(`{'kind': 'ImageStreamTag', 'name': ':3'}`), []string{at + "unparsed"}},
		{"two colons", from(`{'kind': 'ImageStreamTag', 'name': 'ruby:3:4'}`), []string{at + "unparsed"}},
		{"tag with @", from(`{'kind': 'ImageStreamTag', 'name': 'ruby:3@x'}`), []string{at + "unparsed"}},
		{"tag with digest", from(`{'kind': 'ImageStreamTag', 'name': 'ruby@<A>'}`), []string{at + "unparsed"}},
		{"image", from(`{'kind': 'ImageStreamImage', 'name': 'ruby@<A>'}`), []string{at + "dev/ruby@A"}},
		{"image elsewhere", from(`{'kind': 'ImageStreamImage', 'name': 'ruby@<A>', 'namespace': 'openshift'}`), []string{at + "openshift/ruby@A"}},
		{"image by a prefix", from(`{'kind': 'ImageStreamImage', 'name': 'ruby@sha256:aa'}`), []string{at + "dev/ruby@sha256:aa"}},
		{"image with tag", from(`{'kind': 'ImageStreamImage', 'name': 'ruby:3'}`), []string{at + "unparsed"}},
		{"two @", from(`{'kind': 'ImageStreamImage', 'name': 'ruby@a@b'}`), []string{at + "unparsed"}},
		{"empty image", from(`{'kind': 'ImageStreamImage', 'name': 'ruby@'}`), []string{at + "unparsed"}},
		{"image of nothing", from(`{'kind': 'ImageStreamImage', 'name': '@<A>'}`), []string{at + "unparsed"}},
		{"other kind", from(`{'kind': 'ImageStream', 'name': 'ruby'}`), nil},
		{"no kind", from(`{'name': 'ruby:3'}`), nil},
		{"null", from(`null`), nil},
		{"empty", from(`{}`), nil},
		{"no from", of(`{'dockerStrategy': {}}`), nil},
		{"docker", of(`{'dockerStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'base:1'}}}`), []string{"spec.strategy.dockerStrategy.from.name = dev/base:1"}},
		{"custom", of(`{'customStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'builder:1'}}}`), []string{"spec.strategy.customStrategy.from.name = dev/builder:1"}},
		{"pipeline", of(`{'jenkinsPipelineStrategy': {'from': {'kind': 'DockerImage', 'name': '?'}}}`), nil},
		{"nulls beside it", of(`{'sourceStrategy': null, 'dockerStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'base:1'}}, 'customStrategy': null}`), []string{"spec.strategy.dockerStrategy.from.name = dev/base:1"}},
		{"the first of two counts", of(`{'customStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'bad'}}, 'dockerStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'base:1'}}}`), []string{
			"build-source spec.strategy.customStrategy.from.name = unparsed", "spec.strategy.dockerStrategy.from.name = dev/base:1"}},
		{"also where it is empty", of(`{'dockerStrategy': {'from': {'kind': 'DockerImage', 'name': '?'}}, 'sourceStrategy': {}}`), []string{
			"build-source spec.strategy.dockerStrategy.from.name = unparsed"}},
		{"metadata last", `{'kind': 'BuildConfig', 'spec': {'strategy': {'sourceStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'ruby:3'}}}}, 'metadata': {'namespace': 'late'}}`, []string{at + "late/ruby:3"}},
		{"legacy group", `{'apiVersion': 'v1', 'kind': 'BuildConfig', 'metadata': {'namespace': 'dev'}, 'spec': {'strategy': {'sourceStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'ruby:3'}}}}}`, []string{at + "dev/ruby:3"}},
	})
	run(t, &Options{PeerOnly: true}, []scanCase{
		{"peer only", of(`{'customStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'bad'}}, 'dockerStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'base:1'}}}`), []string{
			"spec.strategy.dockerStrategy.from.name = dev/base:1"}},
	})
}

func TestFinishedPods(t *testing.T) {
	for phase, finished := range map[string]bool{
		"Running": false, "Pending": false, "Unknown": false, "Succeeded": true, "Failed": true, "": true, "running": true, "Evicted": true,
	} {
		got, err := FromMap(object{"kind": "Pod", "status": object{"phase": phase}, "spec": object{"containers": []any{object{"image": "?"}}}}, nil)
		require.NoError(t, err)
		require.Equal(t, finished, got.Finished, phase)
		require.Equal(t, phase, got.Phase)
		require.Len(t, got.References, 1, "its references are read all the same")
	}
	got, err := FromMap(object{"kind": "Job", "status": object{"phase": "Failed"}}, nil)
	require.NoError(t, err)
	require.False(t, got.Finished)
	require.Empty(t, got.Phase)
}

func TestIdentityAndTime(t *testing.T) {
	got, err := FromJSON([]byte(text(`{'spec': {}, 'metadata': {'name': 'web', 'namespace': 'dev', 'creationTimestamp': '2026-10-01T10:00:00+02:00'}, 'kind': 'Deployment', 'apiVersion': 'apps/v1'}`)), nil)
	require.NoError(t, err)
	require.Equal(t, Object{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "dev", Name: "web"}, got.Object)
	require.Equal(t, "Deployment dev/web", got.Object.String())
	require.Equal(t, time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), got.Created)

	for _, absent := range []string{`{}`, `{'creationTimestamp': null}`, `null`} {
		got, err = FromJSON([]byte(text(`{'kind': 'Pod', 'metadata': `+absent+`}`)), nil)
		require.NoError(t, err)
		require.True(t, got.Created.IsZero())
	}

	got, err = FromJSON([]byte(text(`{'kind': 'Deployment'}`)), nil)
	require.NoError(t, err)
	require.Equal(t, Object{Group: "apps", Kind: "Deployment"}, got.Object, "a missing apiVersion counts as the known group")

	require.Equal(t, "ClusterVersion version", Object{Kind: "ClusterVersion", Name: "version"}.String())
	require.Equal(t, "Pod", Object{Kind: "Pod"}.String())
	require.Equal(t, "object", Object{}.String())
}

func TestItemsOfTypedLists(t *testing.T) {
	s, err := NewScanner(Options{})
	require.NoError(t, err)
	item := []byte(text(`{'metadata': {'name': 'web', 'namespace': 'dev'}, 'spec': {'template': {'spec': ` + twoContainers + `}}}`))
	got, err := s.ScanItem(item, "apps/v1", "Deployment")
	require.NoError(t, err)
	require.Equal(t, Object{"apps", "v1", "Deployment", "dev", "web"}, got.Object)
	require.Len(t, got.References, 2)

	got, err = s.ScanItem([]byte(text(`{'kind': 'Pod', 'metadata': {'name': 'web'}}`)), "apps/v1", "Deployment")
	require.NoError(t, err)
	require.Equal(t, Object{Kind: "Pod", Name: "web"}, got.Object, "an item of another kind has nothing from the list")

	got, err = FromJSON(item, &Options{APIVersion: "apps/v1", Kind: "ReplicaSet"})
	require.NoError(t, err)
	require.Equal(t, "ReplicaSet dev/web", got.Object.String())

	_, err = s.Scan(item)
	require.ErrorIs(t, err, ErrNoKind)
	require.EqualError(t, err, "object dev/web: the object has no kind")
}

func TestScannerForgets(t *testing.T) {
	s, err := NewScanner(Options{})
	require.NoError(t, err)
	for i := range 3 * mostSpecs {
		got, err := s.Scan(fmt.Appendf(nil, `{"apiVersion":"example.com/v%d","kind":"K%d","metadata":{"namespace":"n%d"},"spec":{"container":{"image":"r.io/n%d/a:%d"}}}`, i, i, i, i, i))
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprintf("custom-resource spec.container.image = n%d/a:%d", i, i)}, shown(got.References))
		require.LessOrEqual(t, len(s.specs.known), mostSpecs+1)
		require.LessOrEqual(t, len(s.texts.known), mostTexts+3)
	}
}
