package registrykit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// What is known, a policy and an instant give a plan, which can say why; and a plan is
// carried out on ends. Here all is in memory: a stream with a tag of five revisions, of
// which the policy keeps three.
func Example() {
	cluster := prunetest.NewCluster(prunetest.Options{})
	web := cluster.Stream("shop/web")
	for day := range 5 {
		web.Push("latest", cluster.Image(), time.Duration(30-day)*24*time.Hour)
	}
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range plan.ActionsOf(prune.DeleteTagItem) {
		fmt.Printf("%s:%s, revision %d, goes by %s\n", a.Stream, a.Tag, a.Index+1, a.Reason)
	}
	live := cluster.Live()
	report, err := apply.Run(context.Background(), plan, live.Ends(), apply.Options{Now: cluster.Now, Grace: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(report)
	fmt.Println(len(live.Items()), "items are left, and miss", len(live.Missing()), "things")
	// Output:
	// shop/web:latest, revision 4, goes by old-revision: age 29d >= 1h0m0s; revision 4 > 3
	// shop/web:latest, revision 5, goes by old-revision: age 30d >= 1h0m0s; revision 5 > 3
	// tag items: 2 done
	// manifest links: 2 done
	// layer links: 9 done
	// images: 2 done
	// blobs: 11 done
	// freed 185580318 bytes, and those of 4 blobs of unknown size
	// 3 items are left, and miss 0 things
}
