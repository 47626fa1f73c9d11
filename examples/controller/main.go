// Controller prunes a cluster's images by its ImagePruner, without a CronJob: it
// follows what the cluster holds, plans when the schedule says so, and carries the plan
// out. Several replicas may run; one of them leads.
//
// It shows how the parts fit together, and is made to be copied. As it stands it prunes
// API objects alone: give the reconciler a registry's ends, and links and blobs go as
// well. The operator's own pruner must be suspended in a cluster where this one runs
// under another resource, and its controller must not write the status of the same one.
//
// The rights that it needs are imagepruner.RBAC with Controller.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
)

func main() {
	namespace := flag.String("namespace", imagepruner.DefaultNamespace, "where the lease of the leader is")
	dryRun := flag.Bool("dry-run", true, "delete nothing")
	flag.Parse()
	if err := run(ctrl.SetupSignalHandler(), *namespace, *dryRun); err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, namespace string, dryRun bool) error {
	ctrl.SetLogger(zap.New())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	m, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  runtime.NewScheme(), // everything is unstructured
		LeaderElection:          true,
		LeaderElectionID:        "image-pruner." + imagepruner.GroupName,
		LeaderElectionNamespace: namespace,
		// It leaves its lease on its way out, which ends the process.
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	r := &reconciler{
		client:   m.GetClient(),
		cluster:  cluster{reader: m.GetAPIReader(), writer: m.GetClient()},
		known:    new(follower),
		recorder: m.GetEventRecorder("image-pruner"),
		options:  apply.Options{DryRun: dryRun},
		zone:     time.UTC,
		now:      time.Now,
	}
	return r.start(ctx, m)
}

// start runs the reconciler until the context ends. Nothing is planned before all is
// known.
func (r *reconciler) start(ctx context.Context, m manager.Manager) error {
	complain := func(err error) { m.GetLogger().Error(err, "an object that cannot be read keeps what it might use") }
	err := m.Add(manager.RunnableFunc(func(ctx context.Context) error {
		if err := r.known.follow(ctx, m.GetCache(), complain); err != nil {
			return err
		}
		return ctrl.NewControllerManagedBy(m).Named("imagepruner").
			For(newPruner(), builder.WithPredicates(predicate.GenerationChangedPredicate{})). // not what it writes itself
			Complete(r)
	}))
	if err != nil {
		return err
	}
	return m.Start(ctx)
}
