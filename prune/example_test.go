package prune_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// shop is an inventory of one stream whose tag has seen four images, the third
// of which a pod still runs.
func shop() *inventory.Inventory {
	var b inventory.Builder
	stream := inventory.Stream{Namespace: "shop", Name: "web", Created: noon.AddDate(0, -1, 0)}
	latest := inventory.Tag{Name: "latest"}
	for i, c := range []string{"a", "b", "c", "d"} {
		pushed := noon.Add(-time.Duration(i+1) * 24 * time.Hour)
		must(b.AddManifest(inventory.Manifest{
			Digest: digest(c), MediaType: "application/vnd.oci.image.manifest.v1+json",
			Config: digest("e" + c)[:71], Layers: []inventory.Blob{{Digest: digest("0"), Size: 30 << 20}, {Digest: digest("1" + c)[:71], Size: 1 << 20}},
			Created: pushed,
		}))
		latest.Items = append(latest.Items, inventory.TagItem{
			Image: digest(c), Created: pushed, DockerImageReference: "registry.example.com:5000/shop/web@" + digest(c),
		})
	}
	stream.Tags = []inventory.Tag{latest}
	must(b.AddStream(stream))
	must(b.AddWorkload(inventory.Workload{
		Kind: inventory.KindPod, Namespace: "shop", Name: "web-1", Created: noon.AddDate(0, 0, -3),
		References: []inventory.Reference{{
			Field: "spec.containers[0].image", Namespace: "shop", Stream: "web", Digest: digest("c"),
			Value: "registry.example.com:5000/shop/web@" + digest("c"),
		}},
	}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	return b.Build()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func Example() {
	options := prune.DefaultOpenShiftOptions()
	revisions := 1
	options.KeepTagRevisions = &revisions
	policy, err := prune.OpenShift(options)
	must(err)

	plan, err := prune.New(shop(), policy, noon)
	must(err)
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteTagItem {
			fmt.Printf("%s:%s#%d goes: %s\n", a.Stream, a.Tag, a.Index, a.Reason)
		}
	}
	fmt.Println(plan.Summary.Images, "images,", plan.Summary.FreedBytes>>20, "MiB in", plan.Summary.Blobs, "blobs,",
		plan.Summary.UnknownBlobs, "more of unknown size")
	// Output:
	// shop/web:latest#1 goes: old-revision: age 48h0m0s >= 1h0m0s; revision 2 > 1
	// shop/web:latest#3 goes: old-revision: age 4d >= 1h0m0s; revision 4 > 1
	// 2 images, 2 MiB in 6 blobs, 4 more of unknown size
}

func ExamplePlan_Explain() {
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	must(err)
	plan, err := prune.New(shop(), policy, noon)
	must(err)
	explanations, err := plan.Explain("shop/web:latest#2")
	must(err)
	for _, e := range explanations {
		fmt.Print(strings.ReplaceAll(e.String(), digest("c"), "sha256:cc…"))
	}
	// Output:
	// TagItem shop/web:latest#2 stays: digest-in-use
	//   Pod shop/web-1 spec.containers[0].image
	//     -> sha256:cc…
	//       -> shop/web:latest#2
	// it would go if all of these held:
	//   - no workload uses its image, or what that owns, by digest through shop/web
	//   - at least 3 items of its tag are newer
}

// A policy of one's own: keep what is tagged for release, and of everything
// else what is younger than 30 days.
func ExamplePolicy() {
	month := prune.Duration(30 * 24 * time.Hour)
	yes := true
	policy := prune.Policy{
		TagItems: []prune.Rule{
			{ID: "released", Outcome: prune.Keep, When: prune.Condition{Tags: []string{"v*", "release-*"}}},
			{ID: "used-tag", Outcome: prune.Keep, When: prune.Condition{TagInUse: &yes}},
			{ID: "used-digest", Outcome: prune.Keep, When: prune.Condition{DigestInUse: &yes}},
			{ID: "a-month-old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &month}},
		},
	}
	must(policy.Validate())
	plan, err := prune.New(shop(), policy, noon.AddDate(0, 0, 28))
	must(err)
	for a := range plan.Actions() {
		fmt.Printf("%s:%s#%d: %s\n", a.Stream, a.Tag, a.Index, a.Reason)
	}
	// Output:
	// shop/web:latest#1: a-month-old: age 30d >= 720h0m0s
	// shop/web:latest#3: a-month-old: age 32d >= 720h0m0s
}

// Policies are data. A key that is not known is an error, and one that is
// missing never deletes.
func ExamplePolicy_UnmarshalJSON() {
	var policy prune.Policy
	fmt.Println(json.Unmarshal([]byte(`{"allImages":true,"keepYoungerThan":"1h"}`), &policy))
	fmt.Println(json.Unmarshal([]byte(`{"keepYoungerThan":"1h","keepTagRevisions":3,"pruneRegistri":true}`), &policy))
	fmt.Println(json.Unmarshal([]byte(`{}`), &policy), len(policy.TagItems), len(policy.Images))
	// Output:
	// invalid policy: keepTagRevisions is missing
	// invalid policy: json: unknown field "pruneRegistri"
	// <nil> 0 0
}

func ExamplePlan_WriteText() {
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	must(err)
	plan, err := prune.New(shop(), policy, noon.AddDate(0, 0, -2))
	must(err)
	must(plan.WriteText(os.Stdout, 1))
	// Output:
	// Plan of 2026-10-30T12:00:00Z, good until 2026-10-30T13:00:00Z.
	// Known: 1 Pod, 1 ImageStream, 4 Image.
	// To delete: 1 tag items, 1 manifest links, 2 layer links, 1 images, 3 blobs.
	// To free: 1.0 MiB in 1 blobs; 2 more are of unknown size.
	//
	//   NAMESPACE  TAG ITEMS  LINKS  IMAGES  BLOBS    FREED
	//        shop          1      3       1      3  1.0 MiB
	//
	// DeleteTagItem:
	//   shop/web:latest#3  sha256:dddddddddddd  old-revision: age 48h0m0s >= 1h0m0s; revision 4 > 3
	//
	// DeleteManifestLink:
	//   shop/web  sha256:dddddddddddd  dropped-item: of shop/web:latest#3
	//
	// DeleteLayerLink:
	//   shop/web  sha256:1d1d1d1d1d1d  dropped-item: of shop/web:latest#3
	//   … and 1 more
	//
	// DeleteImage:
	//   sha256:dddddddddddd  nothing-needs-it: age 48h0m0s >= 1h0m0s
	//
	// DeleteBlob:
	//   sha256:1d1d1d1d1d1d  1.0 MiB  image-deleted: of image sha256:dddddddddddd
	//   … and 2 more
}
