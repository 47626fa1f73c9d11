package apply_test

import (
	"context"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A cluster with a tag that was pushed to three times, of which one revision is
// to stay.
func ExampleRun() {
	cluster := prunetest.NewCluster(prunetest.Options{})
	app := cluster.Stream("dev/app")
	base := cluster.Image()
	for _, age := range []time.Duration{30, 20, 10} {
		app.Push("latest", cluster.ImageOn(base), age*24*time.Hour)
	}

	one := 1
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &one
	policy, err := prune.OpenShift(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
	if err != nil {
		fmt.Println(err)
		return
	}

	live := cluster.Live() // in a program: the API server and the registry
	report, err := apply.Run(context.Background(), plan, live.Ends(), apply.Options{
		Now:    cluster.Now,
		Brakes: apply.Brakes{Images: 0.9},
		Grace:  -1, // no blob waits for a second plan
	})
	fmt.Print(report)
	fmt.Println(err)
	// Output:
	// tag items: 2 done
	// manifest links: 2 done
	// layer links: 5 done
	// images: 3 done
	// blobs: 9 done
	// freed 10660324 bytes, and those of 6 blobs of unknown size
	// <nil>
}

// Before the first real run one looks at what it would do.
func ExampleOptions_dryRun() {
	cluster := prunetest.NewCluster(prunetest.Options{})
	app := cluster.Stream("dev/app")
	app.Push("latest", cluster.Image(), 90*24*time.Hour)
	current := app.Push("latest", cluster.Image(), 80*24*time.Hour)
	cluster.Pod("dev/web", app.Digest(current))
	one := 1
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &one
	policy, _ := prune.OpenShift(options)
	plan, _ := prune.New(cluster.Inventory(), policy, cluster.Now())

	live := cluster.Live()
	report, err := apply.Run(context.Background(), plan, live.Ends(), apply.Options{Now: cluster.Now, DryRun: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(report)
	// Output:
	// dry run: tag items: 1 done
	// dry run: manifest links: 1 done
	// dry run: layer links: 4 done
	// dry run: images: 1 done
	// dry run: blobs: 5 condemned
	// dry run: freed 0 bytes
}
