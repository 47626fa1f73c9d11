package workload

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultTable(t *testing.T) {
	for _, e := range DefaultTable() {
		require.NoError(t, checkPath(e.Path), "%v", e)
		require.NotEmpty(t, e.Group)
		require.NotEmpty(t, e.Kind)
	}
	run(t, nil, []scanCase{
		{"operator bundle", `{'apiVersion': 'operators.coreos.com/v1alpha1', 'kind': 'ClusterServiceVersion', 'spec': {
			'install': {'spec': {'deployments': [{'name': 'op', 'spec': {'template': {'spec': {'containers': [{'image': 'r.io/ops/op:1'}]}}}}]}},
			'relatedImages': [{'name': 'op', 'image': 'r.io/ops/op@<A>'}, {'name': 'none'}, {'image': ' '}, {'image': 7}]}}`,
			[]string{
				"custom-resource spec.install.spec.deployments[0].spec.template.spec.containers[0].image = ops/op:1",
				"table spec.relatedImages[0].image = ops/op@A",
			}},
		{"sorted by where it is", `{'apiVersion': 'monitoring.coreos.com/v1', 'kind': 'Prometheus', 'spec': {'image': 'r.io/mon/prom:3', 'containers': [{'image': 'r.io/mon/side:1'}]}}`,
			[]string{"table spec.image = mon/prom:3", "custom-resource spec.containers[0].image = mon/side:1"}},
		{"cluster version", `{'apiVersion': 'config.openshift.io/v1', 'kind': 'ClusterVersion', 'metadata': {'name': 'version'}, 'spec': {'desiredUpdate': null}, 'status': {'desired': {'image': 'r.io/rel/ocp@<A>'}, 'history': [{'image': 'r.io/rel/ocp@<A>'}, {'image': 'r.io/rel/ocp@<B>'}]}}`,
			[]string{"table status.desired.image = rel/ocp@A", "table status.history[0].image = rel/ocp@A", "table status.history[1].image = rel/ocp@B"}},
		{"other group", `{'apiVersion': 'example.com/v1', 'kind': 'Prometheus', 'spec': {'image': 'r.io/mon/prom:3'}}`, nil},
	})
}

func TestOwnTable(t *testing.T) {
	opts := &Options{Table: []TableEntry{
		{"example.com", "Shop", "spec.images.*"},
		{"example.com", "Shop", "spec.images.web"}, // found already
		{"example.com", "Shop", "spec.container.image"},
		{"example.com", "Shop", "spec.grid[][]"},
		{"example.com", "Shop", `metadata.annotations["example.com/image"]`},
		{"example.com", "Shop", `spec["a.b"].c`},
		{"example.com", "Shop", "spec.text.image"},
		{"", "ConfigMap", "data.image"},
		{"apps", "Deployment", "spec.template.spec.containers[].image"},
	}}
	run(t, opts, []scanCase{
		{"all forms", `{'apiVersion': 'example.com/v1', 'kind': 'Shop', 'metadata': {'annotations': {'example.com/image': 'r.io/a/note:1'}}, 'spec': {
			'images': {'web': 'r.io/a/web:1', 'db': 'r.io/a/db:1', 'no': {}},
			'container': {'image': 'r.io/a/c:1'}, 'grid': [['r.io/a/g:1', 'r.io/a/g:2'], 'r.io/a/g:3', [null]],
			'a.b': {'c': '{{c}}'}, 'text': 'r.io/a/t:1'}}`,
			[]string{
				`table metadata.annotations["example.com/image"] = a/note:1`,
				"table spec.images.web = a/web:1",
				"table spec.images.db = a/db:1",
				"custom-resource spec.container.image = a/c:1",
				"table spec.grid[0][0] = a/g:1",
				"table spec.grid[0][1] = a/g:2",
				`table spec["a.b"].c = unparsed`,
			}},
		{"a kind that names none otherwise", `{'apiVersion': 'v1', 'kind': 'ConfigMap', 'data': {'image': 'r.io/a/b:c'}}`, []string{"table data.image = a/b:c"}},
		{"a field of the peer stays one", `{'kind': 'Deployment', 'spec': {'template': {'spec': {'containers': [{'image': 'r.io/a/b:c'}]}}}}`, []string{"spec.template.spec.containers[0].image = a/b:c"}},
		{"the default table stays", `{'apiVersion': 'monitoring.coreos.com/v1', 'kind': 'Prometheus', 'spec': {'image': 'r.io/mon/prom:3'}}`, []string{"table spec.image = mon/prom:3"}},
	})
	peer := *opts
	peer.PeerOnly = true
	run(t, &peer, []scanCase{{"peer only", `{'apiVersion': 'v1', 'kind': 'ConfigMap', 'data': {'image': 'r.io/a/b:c'}}`, nil}})
}

func TestBadPaths(t *testing.T) {
	for _, path := range []string{"", ".", "a.", ".a", "a..b", "[]", "[].a", "a[", "a[0]", "a]", "a[]b", `a["b]`, `a["b"`, `a["b"]c`, "a.[]", `a['b']`} {
		_, err := NewScanner(Options{Table: []TableEntry{{"g.io", "K", path}}})
		require.Error(t, err, path)
		require.ErrorContains(t, err, "K.g.io")
		_, err = FromJSON([]byte(`{"kind":"Pod"}`), &Options{Table: []TableEntry{{"g.io", "K", path}}})
		require.Error(t, err, path)
	}
	for _, path := range []string{"a", "a.b", "a[].b", "a[][].b", "*", "a.*[].b", `a["b.c"].d`, `a["b"]["c"][]`, `a["\"]"]`} {
		require.NoError(t, checkPath(path), path)
	}
}
