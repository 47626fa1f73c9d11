package dump_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// How the bytes come does not matter.
func TestReadersOfEverySort(t *testing.T) {
	yes := func(r io.Reader) io.Reader { return r }
	for _, text := range []string{list(whole(cluster(), false)...), strings.Join(typed(cluster(), "aikm"), "\n"), "\ufeff  " + indented(t, list(whole(cluster(), true)...)), yamlCluster(t)} {
		want := mustRead(t, text).Fingerprint()
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"plain": yes, "one byte": iotest.OneByteReader, "half": iotest.HalfReader, "the end with the data": iotest.DataErrReader,
			"nothing now and then": func(r io.Reader) io.Reader { return &hesitant{r: r} },
			"a bytes.Buffer":       func(r io.Reader) io.Reader { b, _ := io.ReadAll(r); return bytes.NewBuffer(b) },
		} {
			v, err := dump.Read(wrap(strings.NewReader(text)), nil)
			require.NoError(t, err, name)
			require.Equal(t, want, v.Fingerprint(), name)
		}
	}
}

// A hesitant reader reads nothing every other time, as readers may.
type hesitant struct {
	r    io.Reader
	odd  bool
	some [7]byte
}

func (h *hesitant) Read(b []byte) (int, error) {
	if h.odd = !h.odd; h.odd {
		return 0, nil
	}
	n, err := h.r.Read(h.some[:min(len(b), len(h.some))])
	return copy(b, h.some[:n]), err
}

// An input that fails is an error wherever it does so, with its cause.
func TestReadersThatFail(t *testing.T) {
	broken := errors.New("the cable is out")
	for _, text := range []string{list(whole(cluster(), true)...), typed(cluster(), "aikm")[7], yamlCluster(t), "\ufeff {}"} {
		for end := 0; end < len(text); end += 1 + len(text)/100 {
			d, err := dump.NewReader(nil)
			require.NoError(t, err)
			err = d.Read("pipe", io.MultiReader(strings.NewReader(text[:end]), iotest.ErrReader(broken)))
			require.ErrorIs(t, err, broken, "after %d bytes of %.20s", end, text)
			var e *dump.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "pipe", e.Input)
			_, err = d.Inventory()
			require.ErrorIs(t, err, broken)
		}
	}
}

// No goroutine is left behind, with an error or without: synctest fails
// otherwise.
func TestNoGoroutineIsLeftBehind(t *testing.T) {
	good := list(whole(cluster(), true)...)
	huge := list(`{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"` + strings.Repeat("x", 5<<20) + `"}}`)
	for _, text := range []string{
		good, "", huge, good[:len(good)/2], good + "]", huge + good[:1000], `{"kind":"List","items":[7]}` + huge,
		strings.Replace(good, `"Size":3000`, `"Size":"x"`, 1), strings.Repeat(huge, 4) + "{}" + strings.Repeat(huge, 4), yamlCluster(t), "a: [",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, _ = dump.Read(strings.NewReader(text), &dump.Options{MaxObjectBytes: 16 << 20})
			_, _ = dump.Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrClosedPipe)), nil)
			_, _ = dump.Read(strings.NewReader(text), &dump.Options{MaxObjectBytes: 100})
		})
	}
}

func TestSeveralInputs(t *testing.T) {
	d, err := dump.NewReader(nil)
	require.NoError(t, err)
	for i, text := range typed(cluster(), "kami") {
		require.NoError(t, d.Read("", strings.NewReader(text)), i)
		v, err := d.Inventory()
		require.NoError(t, err, "it can be asked in between")
		require.NotNil(t, v)
	}
	v, err := d.Inventory()
	require.NoError(t, err)
	require.Equal(t, mustRead(t, list(whole(cluster(), true)...)).Fingerprint(), v.Fingerprint())
	require.Equal(t, time.Date(2026, 5, 9, 8, 0, 0, 0, time.UTC), d.Newest())
}

func TestNewest(t *testing.T) {
	d, err := dump.NewReader(nil)
	require.NoError(t, err)
	require.True(t, d.Newest().IsZero())
	for _, c := range []struct{ text, newest string }{
		{`{"kind":"ConfigMap","metadata":{"name":"a","creationTimestamp":"2026-01-01T00:00:00Z"}}`, "2026-01-01T00:00:00Z"},
		{`{"kind":"LimitRange","metadata":{"name":"a","creationTimestamp":"2026-01-02T00:00:00Z"}}`, "2026-01-02T00:00:00Z"},
		{`{"kind":"Pod","metadata":{"name":"a","creationTimestamp":"2026-01-03T00:00:00+01:00"}}`, "2026-01-02T23:00:00Z"},
		{`{"kind":"ImageStream","metadata":{"name":"a","creationTimestamp":"2026-01-04T00:00:00Z"}}`, "2026-01-04T00:00:00Z"},
		{`{"kind":"ImageStream","metadata":{"name":"b"},"status":{"tags":[{"tag":"t","items":[{"created":"2026-01-05T00:00:00Z"}]}]}}`, "2026-01-05T00:00:00Z"},
		{`{"kind":"Image","metadata":{"name":"a","creationTimestamp":"2026-01-06T00:00:00Z"}}`, "2026-01-06T00:00:00Z"},
		{`{"kind":"Image","metadata":{"name":"b","creationTimestamp":"2025-01-06T00:00:00Z"}}`, "2026-01-06T00:00:00Z"},
	} {
		require.NoError(t, d.Read("", strings.NewReader(c.text)))
		require.Equal(t, c.newest, d.Newest().UTC().Format(time.RFC3339), c.text)
	}
}

func TestLabels(t *testing.T) {
	text := func(config string) string {
		return `{"kind":"Image","metadata":{"name":"sha256:1"},"dockerImageMetadata":{"Id":"c"` + config + `}}`
	}
	for _, c := range []struct {
		names  []string
		config string
		want   map[string]string // nil: unknown
	}{
		{nil, `,"Config":{"Labels":{"team":"shop"}}`, nil},
		{[]string{"team"}, `,"Config":{"Labels":{"team":"shop","other":"x"}}`, map[string]string{"team": "shop"}},
		{[]string{"team", "tier"}, `,"Config":{"Labels":{"te\u0061m":"sh\u006fp","tier":""}}`, map[string]string{"team": "shop", "tier": ""}},
		{[]string{"team"}, `,"Config":{"Labels":{"other":"x"}}`, map[string]string{}},
		{[]string{"team"}, `,"Config":{"Labels":null}`, map[string]string{}},
		{[]string{"team"}, `,"Config":{}`, map[string]string{}},
		{[]string{"team"}, `,"Config":null`, nil},
		{[]string{"team"}, ``, nil},
	} {
		v, err := read(&dump.Options{Labels: c.names}, text(c.config), text(c.config))
		require.NoError(t, err)
		require.Equal(t, c.want, v.Image(0).Labels, c.config)
	}
	_, err := read(nil, text(`,"Config":{"Labels":7}`))
	require.NoError(t, err, "nobody asked")
}

func TestTheTableFindsMoreReferences(t *testing.T) {
	text := `{"kind":"Engine","apiVersion":"acme.com/v1","metadata":{"name":"a","namespace":"shop"},"spec":{"firmware":"registry:5000/shop/web:v2"}}`
	v := mustRead(t, text)
	require.Zero(t, v.Uses())
	require.Equal(t, 1, evidence(v, "Engine").Count)
	v, err := read(&dump.Options{Table: []workload.TableEntry{{Group: "acme.com", Kind: "Engine", Path: "spec.firmware"}}}, text)
	require.NoError(t, err)
	require.Equal(t, 1, v.Uses())
	require.Equal(t, "spec.firmware", v.Use(0).Field)
	require.Equal(t, "shop/web", v.Use(0).Repository)
	require.Equal(t, "v2", v.Use(0).Tag)
	require.NotEmpty(t, v.Use(0).Source, "the peer does not read it")

	_, err = dump.NewReader(&dump.Options{Table: []workload.TableEntry{{Kind: "Engine", Path: "spec..x"}}})
	require.Error(t, err)
	_, err = dump.Read(strings.NewReader("{}"), &dump.Options{Table: []workload.TableEntry{{Kind: "Engine", Path: ""}}})
	require.Error(t, err)
}

func TestProgress(t *testing.T) {
	var told []int64
	d, err := dump.NewReader(&dump.Options{Progress: func(n int64) { told = append(told, n) }})
	require.NoError(t, err)
	object := `{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"` + strings.Repeat("x", 500_000) + `"}}`
	var total int64
	for range 3 {
		text := list(object, object, object, object, object, object)
		require.NoError(t, d.Read("", strings.NewReader(text)))
		total += int64(len(text))
	}
	require.Greater(t, len(told), 5)
	require.Less(t, len(told), 30)
	require.IsIncreasing(t, told)
	require.LessOrEqual(t, told[len(told)-1], total)
	require.Greater(t, told[len(told)-1], total-2<<20)
}

// Options may be used again, and are not changed.
func TestOptionsAreOnlyRead(t *testing.T) {
	opts := &dump.Options{Listed: []inventory.Kind{"Pod"}, Labels: []string{"a"}}
	for range 2 {
		_, err := dump.Read(strings.NewReader(list(whole(cluster(), true)...)), opts)
		require.NoError(t, err)
	}
	require.Equal(t, &dump.Options{Listed: []inventory.Kind{"Pod"}, Labels: []string{"a"}}, opts)
}

// A rule that asks for labels that nobody read keeps.
func TestRulesAboutLabelsThatWereNotReadKeep(t *testing.T) {
	policy := prune.Policy{Images: []prune.Rule{
		{ID: "prod", Outcome: prune.Keep, When: prune.Condition{Labels: map[string]string{"stage": "prod"}}},
		{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}},
	}}
	for _, c := range []struct {
		names []string
		value string
		goes  int
	}{
		{[]string{"stage"}, "prod", 0},
		{[]string{"stage"}, "test", 1},
		{[]string{"team"}, "prod", 0}, // not known to have it
		{[]string{"team"}, "test", 0},
		{nil, "prod", 0},
	} {
		v, err := read(&dump.Options{Labels: c.names, Listed: inventory.Kinds()},
			`{"kind":"Image","apiVersion":"image.openshift.io/v1","metadata":{"name":"`+digest("a")+`"},
			"dockerImageLayers":[{"name":"`+digest("l")+`","size":1}],"dockerImageMetadata":{"Config":{"Labels":{"stage":"`+c.value+`","team":"x"}}}}`)
		require.NoError(t, err)
		plan, err := prune.New(v, policy, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		require.Equal(t, c.goes, plan.Summary.Images, "%v %s", c.names, c.value)
	}
}
