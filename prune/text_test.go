package prune_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// textOf is what a person is shown, with names for digests.
func textOf(t *testing.T, p planCase, rows int) string {
	t.Helper()
	c, plan := p.plan(t)
	var b strings.Builder
	require.NoError(t, plan.WriteText(&b, rows))
	text := c.named(b.String())
	for _, r := range append(plan.InvalidReferences, plan.UnreadReferences...) {
		text = strings.ReplaceAll(text, r.Error, "<error>") // its words are package workload's
	}
	return text
}

const textCluster = `
	image new base l1 config=c1
	image old base l2 config=c2
	image twin base l3 config=c3
	image loose base l4 config=c4
	tag shop/web:latest new old twin
	tag prod/web:v1 twin
	tag prod/web:v2 twin old
	pod shop/p Running reg.example/prod/web:v1
`

func TestWriteText(t *testing.T) {
	p := planCase{policy: "ancient revisions=0", cluster: textCluster + `
		json {"kind":"Widget","metadata":{"namespace":"shop","name":"w"},"spec":{"containers":[{"name":"a","image":"{{x}}"}]}}`}
	require.Equal(t, strings.TrimLeft(`
Plan of 2026-11-01T12:00:00Z, good until 2026-11-01T13:00:00Z.
Known: 1 Pod, 2 ImageStream, 4 Image, 1 Widget.
To delete: 5 tag items, 4 manifest links, 9 layer links, 3 images, 9 blobs.
To free: 30 B in 3 blobs; 6 more are of unknown size.

       NAMESPACE  TAG ITEMS  LINKS  IMAGES  BLOBS  FREED
  (in no stream)          0      0       1      3   10 B
            prod          2      3       1      3   10 B
            shop          3     10       1      3   10 B

DeleteTagItem:
  prod/web:v2#0  twin  old-revision: revision 1 > 0
  prod/web:v2#1  old  old-revision: revision 2 > 0
  shop/web:latest#0  new  old-revision: revision 1 > 0
  … and 2 more
`, "\n"), firstLines(textOf(t, p, 3), 15))

	all := textOf(t, p, 0)
	require.NotContains(t, all, "more\n")
	for _, heading := range []string{"DeleteTagItem:", "DeleteManifestLink:", "DeleteLayerLink:", "DeleteImage:", "DeleteBlob:"} {
		require.Equal(t, 1, strings.Count(all, "\n\n"+heading+"\n"))
	}
	for _, line := range []string{
		"  prod/web  old  dropped-item: of prod/web:v2#1\n",
		"  old  nothing-needs-it: age 2h0m0s >= 1h0m0s\n",
		"  l2  10 B  image-deleted: of image old\n",
		"  c2  size unknown  image-deleted: of image old\n",
	} {
		require.Contains(t, all, line)
	}
	require.True(t, strings.HasSuffix(all, `
Not read, and therefore protecting nothing:
  Widget shop/w spec.containers[0].image: "{{x}}": <error>
`), all)
	require.Equal(t, all, textOf(t, p, 100))
	one := textOf(t, p, 1)
	require.Contains(t, one, "and 2 more  ", "of the namespaces")
	require.Contains(t, one, "  … and 8 more\n", "of the layer links")
}

func firstLines(text string, n int) string {
	return strings.Join(strings.SplitAfter(text, "\n")[:n], "")
}

func TestWriteTextOfNothing(t *testing.T) {
	for _, n := range []struct{ policy, cluster, want string }{
		{
			"", "",
			"Nothing to delete: everything is young, in use, among the newest revisions, or otherwise kept by a rule.\n",
		},
		{
			"unlisted=Job incomplete=Image", textCluster,
			"Known: 1 Pod, 2 ImageStream, 4 Image.\nNothing to delete: Job, Image not listed completely, and what is not known may need everything.\n",
		},
		{
			"", "image a l1 \n pod shop/p Running quay.io/x@x \n pod shop/q Running quay.io/x@y",
			"Known: 2 Pod, 1 Image.\n\nNeeded and not known. Each may need any blob, so no image and no blob goes:\n" +
				"  x, needed by Pod shop/p spec.containers[0].image\n  y, needed by Pod shop/q spec.containers[0].image\n" +
				"Nothing to delete: no tag item is to be dropped, and images that are needed and not known may need every blob.\n",
		},
		{
			"revisions=0", textCluster + "deployment shop/d UPPER \n deployment shop/e reg.example/x/UPPER",
			"Known: 1 Pod, 2 Deployment, 2 ImageStream, 4 Image.\n\nThese references do not parse, so what they use is not known:\n" +
				"  Deployment shop/d spec.template.spec.containers[0].image: \"UPPER\": <error>\n" +
				"  Deployment shop/e spec.template.spec.containers[0].image: \"reg.example/x/UPPER\": <error>\n" +
				"Nothing to delete: references do not parse, and the policy does not ignore them.\n",
		},
	} {
		require.Equal(t, "Plan of 2026-11-01T12:00:00Z, good until 2026-11-01T13:00:00Z.\n"+n.want,
			textOf(t, planCase{policy: n.policy, cluster: n.cluster}, 0))
	}

	_, plan := rulePlan(t, textCluster, prune.Policy{})
	var b strings.Builder
	require.NoError(t, plan.WriteText(&b, 0))
	require.Contains(t, b.String(), "Nothing to delete: the policy deletes nothing.\n")
}

func TestWriteTextOfWhatIsUnknown(t *testing.T) {
	p := planCase{policy: "ancient revisions=1", cluster: textCluster + `
		json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa"}}
		json {"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{"namespace":"x","name":"part"},"status":{"tags":[{"tag":"t","items":[{"image":"sha256:aa"}]}]}}
		pod shop/q Running quay.io/x@x
		pod shop/r Running quay.io/x@y`}
	require.Contains(t, textOf(t, p, 0), "sha256:aa (known, but not what it is made of), needed by x/part:t#0\n")
	require.Contains(t, textOf(t, p, 1), "  … and 2 more\n")
}

// Sizes are told in the largest unit that fits.
func TestBytesInText(t *testing.T) {
	for size, want := range map[int64]string{
		1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB", 5 << 30: "5.0 GiB", 3 << 40: "3.0 TiB",
		1 << 50: "1.0 PiB", 1<<63 - 1: "8.0 EiB",
	} {
		var b inventory.Builder
		require.NoError(t, b.AddManifest(inventory.Manifest{
			Digest: "sha256:a", Created: clusterTime.AddDate(-1, 0, 0), Layers: []inventory.Blob{{Digest: "sha256:l", Size: size}},
		}))
		b.Listed(inventory.Kinds()...)
		plan, err := prune.New(b.Build(), prune.Policy{Images: []prune.Rule{always("d", prune.Delete)}, PruneRegistry: true}, clusterTime)
		require.NoError(t, err)
		var text strings.Builder
		require.NoError(t, plan.WriteText(&text, 0))
		require.Contains(t, text.String(), "To free: "+want+" in 1 blobs; 1 more are of unknown size.\n")
		require.Contains(t, text.String(), "  "+want+"  image-deleted")
	}
}

func TestInvalidReferencesError(t *testing.T) {
	p := planCase{cluster: "deployment shop/a A \n deployment shop/b B \n"}
	_, plan := p.plan(t)
	err := &prune.InvalidReferencesError{References: plan.InvalidReferences, Plan: plan}
	why := plan.InvalidReferences[0].Error
	require.EqualError(t, err, `2 references do not parse, so it is not known what they use:`+
		` Deployment shop/a spec.template.spec.containers[0].image "A" (`+why+`);`+
		` Deployment shop/b spec.template.spec.containers[0].image "B" (`+why+`)`)
	err.References = err.References[:1]
	require.EqualError(t, err, `1 reference does not parse, so it is not known what it uses:`+
		` Deployment shop/a spec.template.spec.containers[0].image "A" (`+why+`)`)

	p.cluster += "deployment shop/c C \n deployment shop/d D \n deployment shop/e E"
	_, plan = p.plan(t)
	err = &prune.InvalidReferencesError{References: plan.InvalidReferences, Plan: plan}
	require.True(t, strings.HasPrefix(err.Error(), "5 references do not parse"))
	require.True(t, strings.HasSuffix(err.Error(), "); and 2 more"), err.Error())
	require.NotContains(t, err.Error(), "\n")
}

// What a name in a dump may hold must not reach a terminal.
func TestControlCharactersInText(t *testing.T) {
	const bell = "\x1b]0;gotcha\x07"
	var b inventory.Builder
	must(b.AddManifest(inventory.Manifest{Digest: "sha256:" + bell, Config: "c" + bell, Created: clusterTime.AddDate(-1, 0, 0)}))
	must(b.AddStream(inventory.Stream{Namespace: "n" + bell, Name: "s" + bell, Tags: []inventory.Tag{
		{Name: "t" + bell, Items: []inventory.TagItem{{Image: "sha256:x" + bell}, {Image: "sha256:" + bell}}},
	}}))
	must(b.AddWorkload(inventory.Workload{Kind: inventory.Kind("K" + bell), Namespace: "n" + bell, Name: "w" + bell, References: []inventory.Reference{
		{Field: "a" + bell, Value: bell, Err: "wrong " + bell}, {Field: "b" + bell, Source: "table", Value: bell, Err: "wrong " + bell},
		{Field: "c" + bell, Digest: "sha256:x" + bell},
	}}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	o := prune.DefaultOpenShiftOptions()
	o.IgnoreInvalidRefs, o.AbsentTimesAreAncient, *o.KeepTagRevisions = true, true, 0
	for _, accept := range []bool{false, true} {
		o.AcceptUnknownImages = accept
		policy, err := prune.OpenShift(o)
		require.NoError(t, err)
		plan, err := prune.New(b.Build(), policy, clusterTime)
		require.NoError(t, err)
		var text strings.Builder
		require.NoError(t, plan.WriteText(&text, 0))
		for v := range plan.Verdicts() {
			explanations, err := plan.Explain(v.Object)
			if err != nil {
				continue // no name that one can type
			}
			for _, e := range explanations {
				text.WriteString(e.String())
			}
		}
		require.Contains(t, text.String(), "gotcha")
		require.NotContains(t, text.String(), "\x1b")
		require.NotContains(t, text.String(), "\x07")
	}
}
