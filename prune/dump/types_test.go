package dump_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A replaced is an object of which one value is another one.
type replaced struct {
	path  []any // keys and indexes
	text  string
	place int // of the value, in the text
}

func (r *replaced) field() string {
	var b strings.Builder
	for _, step := range r.path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			switch {
			case strings.ContainsAny(step, "./[]"):
				fmt.Fprintf(&b, "[%q]", step)
			case b.Len() > 0:
				b.WriteString("." + step)
			default:
				b.WriteString(step)
			}
		}
	}
	return b.String()
}

// lastKey returns the innermost key of the path.
func (r *replaced) lastKey() string {
	for _, step := range slices.Backward(r.path) {
		if key, ok := step.(string); ok {
			return key
		}
	}
	return ""
}

// replaceAll returns the object once for each value in it, at any depth, with
// that value replaced.
func replaceAll(t testing.TB, object, with string) []replaced {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(object), &v))
	var all []replaced
	const marker = "\x01here\x01"
	quoted, err := json.Marshal(marker)
	require.NoError(t, err)
	swap := func(path []any, set func(any), old any) {
		set(marker)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		set(old)
		place := strings.Index(string(text), string(quoted))
		all = append(all, replaced{slices.Clone(path), string(text[:place]) + with + string(text[place+len(quoted):]), place})
	}
	var visit func(v any, path []any)
	visit = func(v any, path []any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				inner, old := append(path, k), v[k]
				swap(inner, func(x any) { v[k] = x }, old)
				visit(old, inner)
			}
		case []any:
			for i, old := range v {
				inner := append(path, i)
				swap(inner, func(x any) { v[i] = x }, old)
				visit(old, inner)
			}
		}
	}
	visit(v, nil)
	return all
}

// A value of another type than its field has is an error that names the field,
// where the field is read; elsewhere it is nothing.
func TestValuesOfOtherTypes(t *testing.T) {
	for _, with := range []string{`true`, `7`, `-7`, `1.5`, `1e400`, `""`, `"x"`, `"\u0000"`, `[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `[7]`, `{"a":1}`, `{"":{}}`, `"sha256:x"`} {
		for _, object := range whole(cluster(), true) {
			for _, r := range replaceAll(t, object, with) {
				v, err := read(&dump.Options{Labels: []string{"team"}}, list(r.text))
				if err == nil {
					requireSound(t, v)
					continue
				}
				var e *dump.Error
				require.True(t, errors.As(err, &e), "%v", err)
				name := r.field() + " = " + with + ": " + err.Error()
				nameless := strings.Contains(err.Error(), "no name") || strings.Contains(err.Error(), "without a name")
				require.True(t, strings.Contains(err.Error(), r.field()) || strings.Contains(err.Error(), r.lastKey()) || nameless, name)
				if strings.Contains(err.Error(), "want a") && strings.Contains(err.Error(), r.field()+":") {
					require.EqualValues(t, len(`{"apiVersion":"v1","items":[`)+r.place, e.Offset, name)
				}
				if key := r.lastKey(); key != "kind" && key != "metadata" && key != "name" && key != "namespace" {
					require.NotEmpty(t, e.Object, name)
				}
			}
		}
	}
}

// Fields that are read must not be passed over where they have the wrong type.
func TestFieldsThatAreRead(t *testing.T) {
	for _, field := range []string{
		"Pod: metadata", "Pod: metadata.name", "Pod: metadata.namespace", "Pod: metadata.creationTimestamp", "Pod: spec", "Pod: spec.containers",
		"Pod: spec.containers[1].image", "Pod: status", "Pod: status.phase", "Deployment: spec.template.spec.containers[0].image",
		"BuildConfig: spec.strategy.sourceStrategy.from.name",
		"LimitRange: spec.limits[0].max.storage", "LimitRange: spec.limits[0].type",
		"ImageStream: metadata", "ImageStream: metadata.name", "ImageStream: metadata.namespace", "ImageStream: metadata.uid", "ImageStream: metadata.resourceVersion",
		"ImageStream: metadata.creationTimestamp", "ImageStream: spec", "ImageStream: spec.tags", "ImageStream: status", "ImageStream: status.tags", "ImageStream: status.tags[0]", "ImageStream: status.tags[0].tag",
		"ImageStream: status.tags[1].items", "ImageStream: status.tags[0].items[1]", "ImageStream: status.tags[0].items[1].created", "ImageStream: status.tags[0].items[0].image",
		"ImageStream: status.tags[0].items[0].dockerImageReference",
		"Image: metadata", "Image: metadata.name", "Image: metadata.uid", "Image: metadata.resourceVersion", "Image: metadata.creationTimestamp", "Image: metadata.annotations",
		`Image: metadata.annotations["openshift.io/image.managed"]`, "Image: dockerImageMetadata", "Image: dockerImageMetadata.Id", "Image: dockerImageMetadata.Size",
		"Image: dockerImageMetadata.Config", "Image: dockerImageMetadata.Config.Labels", "Image: dockerImageMetadata.Config.Labels.team",
		"Image: dockerImageLayers", "Image: dockerImageLayers[1]", "Image: dockerImageLayers[0].name", "Image: dockerImageLayers[0].size",
		"Image: dockerImageManifests", "Image: dockerImageManifests[0].digest", "Image: dockerImageManifests[0].manifestSize", "Image: dockerImageManifestMediaType",
	} {
		kind, path, _ := strings.Cut(field, ": ")
		tried := false
		for _, object := range whole(cluster(), true) {
			if !strings.HasPrefix(object, `{"kind":"`+kind+`"`) {
				continue
			}
			for _, r := range replaceAll(t, object, `true`) {
				if r.field() != path {
					continue
				}
				tried = true
				_, err := read(&dump.Options{Labels: []string{"team"}}, list(r.text))
				require.ErrorContains(t, err, path+": want a", field)
			}
		}
		require.True(t, tried, field)
	}
}

// null is how Go clients write what is not there. It is never an error, but for
// what every object has.
func TestNullInEveryField(t *testing.T) {
	for _, object := range whole(cluster(), true) {
		for _, r := range replaceAll(t, object, `null`) {
			v, err := read(&dump.Options{Labels: []string{"team"}}, list(r.text))
			switch r.field() {
			case "kind", "metadata", "metadata.name", "status.tags[0].tag", "status.tags[1].tag", "status.tags[0]", "status.tags[1]":
				if strings.Contains(object, `"ConfigMap"`) && r.field() != "kind" {
					require.NoError(t, err, "a counted object needs no name")
				} else {
					require.Error(t, err, r.field())
				}
			default:
				require.NoError(t, err, "%s of %s", r.field(), object)
				requireSound(t, v)
			}
		}
	}
}

// A time, digest or size that is missing never makes an image or item go that
// would have stayed.
func TestMissingFactsAreUnknown(t *testing.T) {
	image := whole(cluster(), true)[9]
	var missing []string
	for _, r := range replaceAll(t, image, `null`) {
		switch r.field() {
		case "dockerImageLayers[0]", "dockerImageLayers[0].name", "dockerImageLayers[1]", "dockerImageLayers[1].name":
			missing = append(missing, r.field())
			require.True(t, mustRead(t, r.text).Image(0).Partial, r.field())
		case "dockerImageLayers":
			require.False(t, mustRead(t, r.text).Image(0).Partial, "an image without layers has a config all the same")
		case "metadata.creationTimestamp":
			require.False(t, mustRead(t, r.text).Image(0).Created.Known())
		case "metadata.annotations", `metadata.annotations["openshift.io/image.managed"]`:
			require.False(t, mustRead(t, r.text).Image(0).Managed)
		case "dockerImageMetadata", "dockerImageMetadata.Size":
			require.Zero(t, mustRead(t, r.text).Image(0).Size)
		}
	}
	require.Len(t, missing, 4)
}

// requireSound reads the inventory from end to end, and plans on it.
func requireSound(t testing.TB, v *inventory.Inventory) {
	t.Helper()
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, v.Fingerprint())
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(t, err)
	plan, err := prune.New(v, policy, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		return
	}
	require.NoError(t, err)
	for range plan.Actions() {
		continue
	}
}

func TestNumbersOfEverySort(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "1": 1, "null": 0, "-1": 0, strconv.FormatInt(1<<63-1, 10): 1<<63 - 1, "-9223372036854775808": 0,
	} {
		v := mustRead(t, `{"kind":"Image","metadata":{"name":"sha256:1"},"dockerImageLayers":[{"name":"l","size":`+text+`}]}`)
		require.Equal(t, want, v.Size(v.Digest("l")), text)
	}
	for _, text := range []string{"1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1E400", "0.1"} {
		_, err := read(nil, `{"kind":"Image","metadata":{"name":"sha256:1"},"dockerImageLayers":[{"name":"l","size":`+text+`}]}`)
		require.ErrorContains(t, err, "Image sha256:1: dockerImageLayers[0].size: want a whole number of at most 64 bits, got "+text)
	}
}

// Wrong objects are wrong in the same way whatever they are printed in, and right
// ones the same inventory.
func TestShapesAgreeOnWrongObjects(t *testing.T) {
	for _, with := range []string{`null`, `true`, `"x"`, `[{}]`, `{"a":1}`} {
		for _, object := range whole(cluster(), true) {
			for _, r := range replaceAll(t, object, with) {
				want, wrong := read(nil, list(r.text))
				for shape, text := range map[string]string{
					"indented": indented(t, list(r.text)), "nested": list(list(r.text)), "behind another Image": list(`{"kind":"Image","metadata":{"name":"sha256:before"}}`, r.text),
					"YAML": asYAML(t, list(r.text)), "by itself": r.text,
				} {
					what := r.field() + " = " + with + ", " + shape
					v, err := read(nil, text)
					if wrong != nil {
						require.Error(t, err, what)
						if !strings.Contains(wrong.Error(), "kind") { // a List and an object alone say that differently
							require.Equal(t, meaning(wrong), meaning(err), what)
						}
						continue
					}
					require.NoError(t, err, what)
					if shape == "indented" || shape == "nested" || shape == "YAML" {
						require.Equal(t, want.Fingerprint(), v.Fingerprint(), what)
					}
				}
			}
		}
	}
}

// meaning is an error without its place.
func meaning(err error) string {
	var e *dump.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return e.Object + ": " + e.Err.Error()
}

// What an Image is made of may be anything: the Image is known all the same, the error
// names the field, and no plan deletes more for it.
func TestImagesReadInPart(t *testing.T) {
	objects := slices.DeleteFunc(whole(cluster(), true), func(object string) bool { return !strings.HasPrefix(object, `{"kind":"Image`) })
	all := &dump.Options{Listed: inventory.Kinds(), ImagesAfterStreams: true}
	parts := 0
	none, one := prune.DefaultOpenShiftOptions(), prune.DefaultOpenShiftOptions()
	none.KeepTagRevisions, one.KeepTagRevisions = new(int), new(1)
	peer, large := one, prune.DefaultOpenShiftOptions()
	peer.AcceptUnknownImages, peer.PeerReferencesOnly, peer.AbsentTimesAreAncient = true, true, true
	large.PruneOverSizeLimit, large.KeepTagRevisions, large.KeepYoungerThan = true, nil, nil
	for _, options := range []prune.OpenShiftOptions{none, one, peer, large} {
		v, err := read(all, list(objects...))
		require.NoError(t, err)
		want := planned(t, v, options)
		require.Equal(t, !options.PruneOverSizeLimit, len(want) > 0)
		for i, object := range objects {
			if !strings.HasPrefix(object, `{"kind":"Image"`) {
				continue
			}
			for _, with := range []string{`true`, `7`, `"x"`, `[]`, `[7]`, `{"a":1}`} {
				for _, r := range replaceAll(t, object, with) {
					if !strings.HasPrefix(r.field(), "dockerImage") {
						continue
					}
					d, err := dump.NewReader(all)
					require.NoError(t, err)
					changed := slices.Clone(objects)
					changed[i] = r.text
					require.NoError(t, d.Read("a.json", strings.NewReader(list(changed...))), r.text)
					first, n := d.InPart()
					if n == 0 {
						continue // not read, or as good
					}
					parts++
					require.ErrorContains(t, first[0], "Image sha256:")
					require.ErrorContains(t, first[0], r.field())
					require.ErrorContains(t, first[0], ": want a")
					v, err := d.Inventory()
					require.NoError(t, err)
					require.Subset(t, want, planned(t, v, options), "%s = %s", r.field(), with)
				}
			}
		}
	}
	require.Greater(t, parts, 100)
}

// planned returns what a plan deletes.
func planned(t testing.TB, v *inventory.Inventory, o prune.OpenShiftOptions) (actions []string) {
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	plan, err := prune.New(v, policy, time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	for a := range plan.Actions() {
		actions = append(actions, fmt.Sprint(a.Kind, a.Stream, a.Tag, a.Index, a.Repository, a.Image, a.Digest))
	}
	return actions
}

// The first hundred are told, and how many there are.
func TestManyImagesReadInPart(t *testing.T) {
	var images []string
	for i := range 250 {
		images = append(images, fmt.Sprintf(`{"kind":"Image","metadata":{"name":"sha256:%d"},"dockerImageMetadata":"x","dockerImageLayers":7,"dockerImageManifests":{}}`, i))
	}
	d, err := dump.NewReader(nil)
	require.NoError(t, err)
	require.NoError(t, d.Read("a.json", strings.NewReader(list(images...))))
	first, n := d.InPart()
	require.Len(t, first, 100)
	require.Equal(t, 750, n)
	v, err := d.Inventory()
	require.NoError(t, err)
	require.Equal(t, 250, v.Images())
	require.False(t, v.Complete(inventory.KindImage))
}
