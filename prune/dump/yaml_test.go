package dump_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/registrykit/registrykit/prune/dump"
)

// asYAML writes JSON as block YAML, the way oc get -o yaml does.
func asYAML(t testing.TB, text string) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	b, err := yaml.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func yamlCluster(t testing.TB) string { return asYAML(t, list(whole(cluster(), true)...)) }

func TestYAMLIsTheSameInventory(t *testing.T) {
	want := mustRead(t, list(whole(cluster(), true)...)).Fingerprint()
	var lists []string
	for _, text := range typed(cluster(), "kami") {
		lists = append(lists, asYAML(t, text))
	}
	text := yamlCluster(t)
	for name, inputs := range map[string][]string{
		"one document":              {text},
		"with a start":              {"---\n" + text},
		"with an end":               {text + "...\n"},
		"with a comment":            {"# made by hand\n\n" + text},
		"with a directive":          {"%YAML 1.1\n---\n" + text},
		"with a byte order mark":    {"\ufeff" + text},
		"lines as Windows has them": {strings.ReplaceAll(text, "\n", "\r\n")},
		"UTF-16 as PowerShell has":  {asUTF16(text)},
		"several documents":         {strings.Join(lists, "---\n")},
		"nothing between documents": {"---\n---\n# nothing\n---\n" + strings.Join(lists, "---\n---\n") + "---\n"},
		"an input each":             lists,
		"JSON and YAML":             append([]string{typed(cluster(), "kami")[0]}, lists[1:]...),
		"JSON with a comment":       {"# JSON is YAML\n" + typed(cluster(), "kami")[0], strings.Join(lists[1:], "---\n")},
	} {
		v, err := read(nil, inputs...)
		require.NoError(t, err, name)
		require.Equal(t, want, v.Fingerprint(), name)
	}
}

func asUTF16(text string) string {
	var b strings.Builder
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func TestYAMLScalars(t *testing.T) {
	want := mustRead(t, `{"kind":"Image","apiVersion":"v1","metadata":{"name":"1e3","uid":"0x1F","resourceVersion":"12","creationTimestamp":"2026-05-01T00:00:00Z",
		"annotations":{"openshift.io/image.managed":"true"}},"dockerImageMetadata":{"Id":"yes","Size":31},"dockerImageLayers":[{"name":"~","size":9007199254740993}]}`)
	v := mustRead(t, `
kind: Image
apiVersion: v1
metadata: {name: "1e3", uid: '0x1F', "resourceVersion": "12",
  creationTimestamp: 2026-05-01T00:00:00Z, annotations: {openshift.io/image.managed: "true"}}
dockerImageMetadata:
  Id: yes
  Size: 0x1F
dockerImageLayers:
- name: "~"
  size: 9007199254740993
dockerImageManifests: ~
dockerImageManifestMediaType:
unread: [.5, -.5, 1_000, 0o17, 1e3, -0, +7, !!str 5, !own {x: y}, 2026-05-01, on, {"\U0001F600": "\x01\u00e9"}]
text: |
  of several
  lines
`[1:])
	require.Equal(t, want.Fingerprint(), v.Fingerprint())
	for _, quoted := range []string{"12", "true", "1e3", "~", ""} {
		_, err := read(nil, "kind: Image\nmetadata:\n  name: a\n  uid: "+quoted)
		if quoted == "~" || quoted == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "line 4: Image a: metadata.uid: want a string", "as JSON has it")
	}
}

func TestYAMLAnchors(t *testing.T) {
	v := mustRead(t, `
kind: List
items:
- kind: Pod
  metadata: &meta {name: one, namespace: shop}
  spec: &spec
    containers: &containers
    - image: registry:5000/shop/web:v2
- kind: Pod
  metadata: {name: two, namespace: shop}
  spec: *spec
- kind: Pod
  metadata: {name: three, namespace: shop}
  spec: {containers: *containers}
`[1:])
	require.Equal(t, 3, v.Uses())
	for u := range v.Uses() {
		require.Equal(t, "registry:5000/shop/web:v2", v.Use(u).Value)
	}
}

func TestYAMLThatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not YAML", "a: b: c", "a.json: line 1: neither JSON nor YAML: "},
		{"a tab", "kind:\n\tx", "neither JSON nor YAML: "},
		{"a scalar", "hello", "a.json: line 1: want an object, got a string"},
		{"a number", "17", "want an object, got a number"},
		{"a sequence", "- kind: Pod", "want an object, got an array"},
		{"no kind", "metadata: {name: x}", "a.json: line 1: object x: it says no kind"},
		{"a wrong type", "kind: Image\nmetadata:\n  name: sha256:1\ndockerImageLayers:\n- name: l\n  size: big\n", "a.json: line 6: Image sha256:1: dockerImageLayers[0].size: want a number, got a string"},
		{"a wrong type in the second document", "kind: List\n---\nkind: List\nitems:\n- kind: Pod\n  metadata:\n    name: 7\n", "a.json: line 7: Pod: metadata.name: want a string, got a number"},
		{"a key twice", "kind: Pod\nmetadata: {name: a}\nkind: Job\n", "line 3: Job a: malformed JSON: duplicate object member name kind"},
		{"a merge", "kind: Pod\nmetadata:\n  <<: {name: a}\n", "line 3: a key that is no scalar, or a merge"},
		{"a key that is a list", "? [a]\n: b\n", "line 1: a key that is no scalar"},
		{"a cut document", "kind: List\nitems: [{kind: Pod, metadata: {name: a}},\n", "neither JSON nor YAML: "},
		{"an unknown anchor", "kind: *x\n", "neither JSON nor YAML: "},
		{"an anchor in itself", "kind: List\nitems: &a [*a]\n", "too deeply nested"},
		{"infinity", "kind: Image\nmetadata: {name: a}\ndockerImageMetadata: {Size: .inf}\n", "line 3: \".inf\""},
		{"not a number", "kind: .nan", "line 1: \".nan\""},
		{"two contents", "kind: LimitRange\nmetadata: {name: a}\n---\nkind: LimitRange\nmetadata: {name: a}\nspec: {limits: [{type: openshift.io/Image, max: {storage: 1Gi}}]}\n", "a.json: line 4: LimitRange a: the same object with different content: max.storage (first at a.json: line 1, again at a.json: line 4)"},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00", "neither JSON nor YAML: "},
	} {
		_, err := read(nil, c.text)
		var e *dump.Error
		require.ErrorAs(t, err, &e, c.name)
		require.Contains(t, err.Error(), c.want, c.name)
	}
}

// A small text that aliases blow up is refused before it is large.
func TestYAMLBombs(t *testing.T) {
	lol := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		before := string(c - 1)
		lol += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+before+",", 9) + "*" + before + "]\n"
	}
	text := "a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.Repeat("*a,", 50_000) + "]\n"
	for name, bomb := range map[string]string{"ten of ten of ten": lol, "a long text": text, "both": text + strings.ReplaceAll(lol, "[x,", "[*a,")} {
		_, err := dump.Read(strings.NewReader(bomb), &dump.Options{MaxObjectBytes: 1 << 20})
		require.ErrorContains(t, err, "too many, too large or too deeply nested", name)
	}
}
