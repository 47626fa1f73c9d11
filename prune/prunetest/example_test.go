package prunetest_test

import (
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

func Example() {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	base := app.Push("base", c.Image(), 90*24*time.Hour)
	old := app.Push("latest", c.ImageOn(base), 48*time.Hour)
	current := app.Push("latest", c.ImageOn(base), 2*time.Hour)
	c.Pod("dev/web", app.Tag("latest"))

	options := prune.DefaultOpenShiftOptions()
	one := 1
	options.KeepTagRevisions = &one
	policy, err := prune.OpenShift(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	for action := range plan.Actions() {
		switch action.Image {
		case old.Digest():
			fmt.Println(action.Kind, "of the old image")
		case current.Digest(), base.Digest():
			fmt.Println(action.Kind, "of one that is needed!")
		}
	}
	// Output:
	// DeleteTagItem of the old image
	// DeleteImage of the old image
}

// A policy of your own is checked on clusters of your own, or on any.
func ExampleCheck() {
	week := prune.Duration(7 * 24 * time.Hour)
	policy := prune.Policy{
		TagItems: []prune.Rule{
			{ID: "releases", Outcome: prune.Keep, When: prune.Condition{Tags: []string{"v*"}}},
			{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &week}},
		},
		Images: []prune.Rule{
			{ID: "unlisted", Outcome: prune.Delete, When: prune.Condition{OlderThan: &week}},
		},
		PruneRegistry: true,
	}
	for seed := range uint64(5) {
		c := prunetest.Random(seed)
		if err := prunetest.Check(c.Inventory(), policy, c.Now()); err != nil {
			fmt.Println("seed", seed, err)
		}
	}
	fmt.Println("checked")
	// Output: checked
}

// What was not listed keeps what it could protect.
func ExampleCluster_NotListed() {
	c := prunetest.NewCluster(prunetest.Options{})
	c.Image() // in no stream, and 30 days old
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	count := func() {
		plan, err := prune.New(c.Inventory(), policy, c.Now())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(plan.Summary.Images, "goes;", "missing:", plan.Missing())
	}
	count()
	c.NotListed(inventory.KindJob)
	count()
	// Output:
	// 1 goes; missing: []
	// 0 goes; missing: [Job]
}
