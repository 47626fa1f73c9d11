package workload

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// shuffled writes a value with the keys of each object in random order, and
// spaces where they may be.
func shuffled(rng *rand.Rand, v any) string {
	space := func() string { return []string{"", " ", "\n\t"}[rng.IntN(3)] }
	var parts []string
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			name, _ := json.Marshal(key)
			parts = append(parts, space()+string(name)+space()+":"+space()+shuffled(rng, member))
		}
		slices.Sort(parts)
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return "{" + strings.Join(parts, ",") + space() + "}"
	case []any:
		for _, element := range v {
			parts = append(parts, space()+shuffled(rng, element)+space())
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func decode(t testing.TB, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// byField makes results comparable: errors as text, references in the order of
// their fields.
func byField(r Result) Result {
	r.References = slices.Clone(r.References)
	slices.SortStableFunc(r.References, func(a, b Reference) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Value, b.Value))
	})
	for i := range r.References {
		if err := r.References[i].Err; err != nil {
			r.References[i].Err = errorText(err.Error())
		}
	}
	return r
}

type errorText string

func (e errorText) Error() string { return string(e) }

// samples are objects of every layout, with much in them.
func samples() []string {
	pod := `{'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'web', 'namespace': 'dev', 'creationTimestamp': '2026-10-01T00:00:00Z', 'annotations': {'image.openshift.io/triggers': '[{\'from\':{\'kind\':\'ImageStreamTag\',\'name\':\'app:v1\'}},{\'from\':3}]'}},
		'spec': {'initContainers': [{'image': 'r.io/dev/init:v1'}], 'containers': [{'image': 'r.io/dev/app@<A>'}, {'image': 'a b'}], 'ephemeralContainers': [{'image': 'r.io/ci/tools'}], 'volumes': [{'image': {'reference': 'r.io/ml/model'}}]},
		'status': {'phase': 'Failed', 'containerStatuses': [{'imageID': '<B>'}, {'imageID': 'docker-pullable://x'}]}}`
	build := `{'apiVersion': 'build.openshift.io/v1', 'kind': 'Build', 'metadata': {'name': 'b', 'namespace': 'dev'}, 'spec': {'strategy': {'sourceStrategy': {'from': {'kind': 'ImageStreamTag', 'name': 'ruby:3'}}, 'dockerStrategy': {'from': {'kind': 'ImageStreamImage', 'name': 'x'}}}, 'source': {'images': [{'from': {'kind': 'ImageStreamImage', 'name': 'a@<A>', 'namespace': 'ci'}}]}, 'output': {'to': {'kind': 'ImageStreamTag', 'name': 'app:1'}}},
		'status': {'outputDockerImageReference': 'r.io/dev/app:1', 'output': {'to': {'imageDigest': '<B>'}}}}`
	var all []string
	for _, s := range []string{
		pod, build,
		`{'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'namespace': 'dev', 'name': 'web'}, 'spec': {'template': {'spec': ` + twoContainers + `}}}`,
		`{'kind': 'CronJob', 'spec': {'jobTemplate': {'spec': {'template': {'spec': ` + twoContainers + `}}}}}`,
		`{'kind': 'BuildConfig', 'metadata': {'namespace': 'dev', 'name': 'bc'}, 'spec': {'triggers': [{'imageChange': {'from': {'kind': 'ImageStreamTag', 'name': 'a:b'}, 'lastTriggeredImageID': 'r.io/a/b@<A>'}}]}, 'status': {'imageChangeTriggers': [{'from': {'name': 'a:b'}}]}}`,
		`{'kind': 'DeploymentConfig', 'metadata': {'namespace': 'dev', 'name': 'dc'}, 'spec': {'triggers': [{'imageChangeParams': {'from': {'kind': 'ImageStreamTag', 'name': 'a:b'}, 'lastTriggeredImage': 'r.io/a/b@<A>'}}]}}`,
		`{'kind': 'ImageStream', 'metadata': {'namespace': 'dev', 'name': 'app'}, 'spec': {'tags': [{'from': {'kind': 'ImageStreamTag', 'name': 'v1'}}, {'from': {'kind': 'ImageStreamImage', 'name': '<A>', 'namespace': 'x'}}]}}`,
		`{'kind': 'PodTemplate', 'template': {'spec': ` + twoContainers + `}}`,
		`{'kind': 'ControllerRevision', 'data': {'spec': ` + twoContainers + `}}`,
		`{'apiVersion': 'argoproj.io/v1alpha1', 'kind': 'Workflow', 'spec': {'templates': [{'container': {'image': 'r.io/a/b'}, 'steps': [[{'script': {'image': '{{x}}'}}]], 'volumes': [{'image': {'reference': 'r.io/c/d'}}]}]}}`,
		`{'apiVersion': 'monitoring.coreos.com/v1', 'kind': 'Prometheus', 'spec': {'image': 'r.io/mon/prom:3', 'containers': [{'image': 'r.io/mon/side:1'}]}}`,
		`{'kind': 'Secret', 'data': {'a': 'b'}}`,
	} {
		all = append(all, text(s))
	}
	return all
}

func TestOrderOfKeysDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, sample := range samples() {
		want, err := FromJSON([]byte(sample), nil)
		require.NoError(t, err)
		for range 50 {
			raw := shuffled(rng, decode(t, []byte(sample)))
			got, err := FromJSON([]byte(raw), nil)
			require.NoError(t, err)
			require.Equal(t, byField(want), byField(got), raw)
		}
	}
}

func TestReferencesComeInTheOrderOfTheText(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s, err := NewScanner(Options{})
	require.NoError(t, err)
	for _, sample := range samples() {
		for range 20 {
			_, err := s.Scan([]byte(shuffled(rng, decode(t, []byte(sample)))))
			require.NoError(t, err)
			require.True(t, slices.IsSorted(s.at), "%v", s.at)
		}
	}
}

func TestScannerGivesWhatFromJSONGives(t *testing.T) {
	s, err := NewScanner(Options{})
	require.NoError(t, err)
	for range 2 {
		for _, sample := range samples() {
			want, err := FromJSON([]byte(sample), nil)
			require.NoError(t, err)
			got, err := s.Scan([]byte(sample))
			require.NoError(t, err)
			require.Equal(t, byField(want), byField(got))
			_, err = s.Scan([]byte(`{"kind":"Pod","spec":7}`))
			require.Error(t, err)
		}
	}
}

// check compares what is found in a text by all the ways there are.
func check(t *testing.T, raw []byte, opts Options) {
	got, err := FromJSON(raw, &opts)

	unchecked := opts
	unchecked.Checked = true
	same, uncheckedErr := FromJSON(raw, &unchecked) // must not panic, whatever the text
	if !json.Valid(raw) {
		require.ErrorIs(t, err, ErrMalformed)
		return
	}
	require.Equal(t, err == nil, uncheckedErr == nil)
	require.Equal(t, byField(got), byField(same))
	for _, ref := range got.References {
		checkReference(t, ref)
	}

	if o, ok := decode(t, raw).(map[string]any); ok && !repeatsKey(raw) {
		of, mapErr := FromMap(o, &opts)
		require.Equal(t, err == nil, mapErr == nil, "%v, %v", err, mapErr)
		require.Equal(t, byField(got), byField(of))
	}
	if err != nil || opts.PeerOnly {
		return
	}
	opts.PeerOnly = true
	peer, err := FromJSON(raw, &opts)
	require.NoError(t, err)
	want := byField(got).References
	want = slices.DeleteFunc(want, func(r Reference) bool { return r.Source != Peer })
	require.Equal(t, shown(want), shown(byField(peer).References))
}

func checkReference(t *testing.T, ref Reference) {
	require.NotEmpty(t, ref.Field)
	require.LessOrEqual(t, len(ref.Field), mostText+len("…"))
	require.LessOrEqual(t, len(ref.Value), mostText+len("…"))
	if ref.Err != nil {
		require.False(t, ref.Names(), "%+v", ref)
	}
	if ref.Stream != "" && ref.Digest != "" {
		require.Empty(t, ref.Tag)
	}
	if ref.Stream == "" {
		require.Empty(t, ref.Tag)
	}
	require.True(t, ref.Source == Peer || slices.Contains(Sources(), ref.Source))
}

// repeatsKey says whether an object in the text has a key twice: a map then has
// one of its values, and this package reads both.
func repeatsKey(raw []byte) bool {
	found := false
	var value func(r *rawjson.Reader)
	value = func(r *rawjson.Reader) {
		switch r.Kind() {
		case '{':
			seen := map[string]bool{}
			for key := range r.Object() {
				k := string([]rune(string(key)))
				found = found || seen[k]
				seen[k] = true
				value(r)
			}
		case '[':
			for range r.Array() {
				value(r)
			}
		case '"': // triggers are JSON in a string
			if text := r.Bytes(); json.Valid(text) {
				value(rawjson.NewReader(text))
			}
		}
	}
	value(rawjson.NewReader(raw))
	return found
}

func TestAllWaysAgree(t *testing.T) {
	for _, sample := range samples() {
		check(t, []byte(sample), Options{})
	}
}

func FuzzFromJSON(f *testing.F) {
	for _, sample := range samples() {
		f.Add([]byte(sample), "", "")
		f.Add([]byte(strings.Replace(sample, `"kind"`, `"k"`, 1)), "v1", "Pod")
	}
	f.Add([]byte(`{"kind":"Pod","spec":{"containers":[{"image":"\ud800\\\""}]}}`), "apps/v1", "Deployment")
	f.Fuzz(func(t *testing.T, raw []byte, apiVersion, kind string) {
		check(t, raw, Options{APIVersion: apiVersion, Kind: kind, Table: []TableEntry{{"", "Pod", "spec.*[].image"}}})
	})
}

func FuzzPath(f *testing.F) {
	for _, path := range []string{"spec.images[].image", `metadata.annotations["a.b/c"]`, "a.*[][]", "a..b", `a["`} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		s, err := NewScanner(Options{Table: []TableEntry{{"", "Pod", path}}})
		if err == nil {
			_, err = s.Scan([]byte(`{"kind":"Pod","spec":{"images":[{"image":"r.io/a/b"}]}}`))
			require.NoError(t, err)
		}
	})
}
