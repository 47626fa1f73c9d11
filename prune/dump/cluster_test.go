package dump_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// digest returns a digest that nothing else has.
func digest(of string) string {
	sum := sha256.Sum256([]byte(of))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A listing is what one `oc get` of a kind gives. Its items carry no type, as
// those of a typed list do not.
type listing struct {
	apiVersion, kind string
	items            []string
}

// cluster is a small cluster, in the order in which one lists. It holds an
// object of every way in which objects are read.
func cluster() []listing {
	return []listing{
		{"v1", "Pod", []string{
			`{"metadata":{"name":"web-1","namespace":"shop","creationTimestamp":"2026-05-09T08:00:00Z","labels":{"items":"none"}},
			"spec":{"containers":[{"name":"app","image":"registry:5000/shop/web:v2"},{"name":"side","image":"registry:5000/shop/web@` + digest("web1") + `"}],"initContainers":null},
			"status":{"phase":"Running","containerStatuses":[{"imageID":"registry:5000/shop/web@` + digest("web2") + `"}]}}`,
			`{"metadata":{"name":"done","namespace":"shop","creationTimestamp":"2026-05-08T08:00:00Z"},
			"spec":{"containers":[{"image":"registry:5000/shop/db:9"}]},"status":{"phase":"Succeeded"}}`,
		}},
		{"apps/v1", "Deployment", []string{
			`{"metadata":{"name":"web","namespace":"shop","creationTimestamp":"2026-05-02T08:00:00Z"},
			"spec":{"template":{"spec":{"containers":[{"image":"registry:5000/shop/web:latest"}]}}}}`,
		}},
		{"build.openshift.io/v1", "BuildConfig", []string{
			`{"metadata":{"name":"web","namespace":"shop"},"spec":{"strategy":{"type":"Source","sourceStrategy":{"from":{"kind":"ImageStreamTag","name":"builder:1","namespace":"openshift"}}}}}`,
		}},
		{"v1", "LimitRange", []string{
			`{"metadata":{"name":"sizes","namespace":"shop"},"spec":{"limits":[{"type":"openshift.io/Image","max":{"storage":"1Gi"}},{"type":"Container","max":{"cpu":"2"}}]}}`,
		}},
		{"v1", "ConfigMap", []string{
			`{"metadata":{"name":"settings","namespace":"shop"},"data":{"items":"[]","quoted \" \\ \u00e9":"\ud83d\ude00"}}`,
		}},
		{"argoproj.io/v1alpha1", "Rollout", []string{
			`{"metadata":{"name":"canary","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"image":"registry:5000/shop/web:canary"}]}}}}`,
		}},
		{"image.openshift.io/v1", "ImageStream", []string{
			`{"metadata":{"name":"web","namespace":"shop","uid":"s1","resourceVersion":"10","creationTimestamp":"2026-05-01T08:00:00Z"},
			"spec":{"tags":[{"name":"stable","from":{"kind":"ImageStreamTag","name":"v2"}}]},
			"status":{"tags":[{"tag":"v2","items":[
			{"created":"2026-05-07T08:00:00Z","dockerImageReference":"registry:5000/shop/web@` + digest("web2") + `","image":"` + digest("web2") + `","generation":2},
			{"created":"2026-05-06T08:00:00Z","dockerImageReference":"registry:5000/shop/web@` + digest("web1") + `","image":"` + digest("web1") + `","generation":1}]},
			{"tag":"latest","items":[{"created":"2026-05-06T08:00:00Z","dockerImageReference":"registry:5000/shop/web@` + digest("index") + `","image":"` + digest("index") + `","generation":1}]}]}}`,
			`{"metadata":{"name":"db","namespace":"shop"},"spec":{},"status":{"tags":[{"tag":"9","items":null}]}}`,
		}},
		{"image.openshift.io/v1", "Image", []string{
			`{"metadata":{"name":"` + digest("web1") + `","uid":"i1","resourceVersion":"21","creationTimestamp":"2026-05-06T07:00:00Z","annotations":{"openshift.io/image.managed":"true"}},
			"dockerImageMetadata":{"Id":"` + digest("config1") + `","Size":3000,"Config":{"Labels":{"team":"shop"}}},
			"dockerImageLayers":[{"name":"` + digest("base") + `","size":2000,"mediaType":"l"},{"name":"` + digest("layer1") + `","size":1000,"mediaType":"l"}],
			"dockerImageManifestMediaType":"application/vnd.docker.distribution.manifest.v2+json"}`,
			`{"metadata":{"name":"` + digest("web2") + `","uid":"i2","resourceVersion":"22","creationTimestamp":"2026-05-07T07:00:00Z"},
			"dockerImageMetadata":{"Id":"` + digest("config2") + `","Size":2500},
			"dockerImageLayers":[{"name":"` + digest("base") + `","size":2000,"mediaType":"l"},{"name":"` + digest("layer2") + `","size":500,"mediaType":"l"}],
			"dockerImageManifestMediaType":"application/vnd.docker.distribution.manifest.v2+json"}`,
			`{"metadata":{"name":"` + digest("index") + `"},"dockerImageMetadata":{},
			"dockerImageManifests":[{"digest":"` + digest("web1") + `","mediaType":"m","manifestSize":700,"architecture":"amd64","os":"linux"}],
			"dockerImageManifestMediaType":"application/vnd.oci.image.index.v1+json"}`,
		}},
	}
}

// typed writes each listing as a typed list. The order of its members is that
// of the letters: a for apiVersion, k for kind, m for metadata, i for items.
func typed(listings []listing, order string) []string {
	var lists []string
	for _, l := range listings {
		member := map[rune]string{
			'a': `"apiVersion":"` + l.apiVersion + `"`,
			'k': `"kind":"` + l.kind + `List"`,
			'm': `"metadata":{"resourceVersion":"99"}`,
			'i': `"items":[` + strings.Join(l.items, ",") + `]`,
		}
		var members []string
		for _, letter := range order {
			members = append(members, member[letter])
		}
		lists = append(lists, "{"+strings.Join(members, ",")+"}")
	}
	return lists
}

// whole are the objects by themselves, with their types first or last.
func whole(listings []listing, typeFirst bool) []string {
	var all []string
	for _, l := range listings {
		for _, item := range l.items {
			kind := `"kind":"` + l.kind + `","apiVersion":"` + l.apiVersion + `"`
			if typeFirst {
				all = append(all, "{"+kind+","+item[1:])
			} else {
				all = append(all, item[:len(item)-1]+","+kind+"}")
			}
		}
	}
	return all
}

func list(items ...string) string {
	return `{"apiVersion":"v1","items":[` + strings.Join(items, ",") + `],"kind":"List","metadata":{"resourceVersion":""}}`
}

// shuffled writes JSON with the members of all objects in another order.
func shuffled(t testing.TB, random *rand.Rand, text string) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v))
	var b bytes.Buffer
	writeShuffled(&b, random, v)
	return b.String()
}

func writeShuffled(b *bytes.Buffer, random *rand.Rand, v any) {
	scalar := func(v any) {
		text, _ := json.Marshal(v)
		b.Write(text)
	}
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, k := range keys {
			b.WriteString([]string{"{", ","}[min(i, 1)])
			scalar(k)
			b.WriteString(":")
			writeShuffled(b, random, v[k])
		}
		b.WriteString([]string{"{}", "}"}[min(len(keys), 1)])
	case []any:
		for i, e := range v {
			b.WriteString([]string{"[", ","}[min(i, 1)])
			writeShuffled(b, random, e)
		}
		b.WriteString([]string{"[]", "]"}[min(len(v), 1)])
	default:
		scalar(v)
	}
}

func indented(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, []byte(text), "", "    "))
	return b.String() + "\n"
}

// read reads inputs, one after the other.
func read(opts *dump.Options, inputs ...string) (*inventory.Inventory, error) {
	d, err := dump.NewReader(opts)
	if err != nil {
		return nil, err
	}
	for i, input := range inputs {
		if err := d.Read(string(rune('a'+i))+".json", strings.NewReader(input)); err != nil {
			return nil, err
		}
	}
	if first, _ := d.InPart(); len(first) > 0 {
		return nil, first[0]
	}
	return d.Inventory()
}

func mustRead(t testing.TB, inputs ...string) *inventory.Inventory {
	t.Helper()
	v, err := read(nil, inputs...)
	require.NoError(t, err)
	return v
}

func evidence(v *inventory.Inventory, kind inventory.Kind) inventory.Evidence {
	for _, e := range v.Evidence() {
		if e.Kind == kind {
			return e
		}
	}
	return inventory.Evidence{Kind: kind}
}
