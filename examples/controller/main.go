// Controller prunes a cluster's images by its ImagePruner, without a CronJob: it
// follows what the cluster holds, plans when the schedule says so, and carries the plan
// out. Several replicas may run; one of them leads.
//
// It shows how the parts fit together, and is made to be copied. The integrated registry
// is where the cluster says, or where the flags do that `oc adm prune images` has; links
// and blobs go where its managementState allows it, blobs by the second plan that condemns
// them. The operator's own pruner works by the ImagePruner cluster, and writes its status:
// suspend that one, so that its CronJob does not prune too, and make another for this
// program, which its flag -name names. One that is suspended is not pruned by here either.
//
// The rights that it needs are imagepruner.RBAC with Controller.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
)

// settings are what the flags say.
type settings struct {
	namespace, name string
	metrics, health string // the addresses
	dryRun          bool
	registry        registryOptions
}

func main() {
	s, err := parse(flag.CommandLine, os.Args[1:])
	if err == nil {
		err = run(ctrl.SetupSignalHandler(), s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}

func parse(flags *flag.FlagSet, args []string) (s settings, err error) {
	flags.StringVar(&s.namespace, "namespace", imagepruner.DefaultNamespace, "where the lease of the leader and the list of condemned blobs are")
	flags.StringVar(&s.name, "name", imagepruner.Name, "of the ImagePruner")
	flags.StringVar(&s.metrics, "metrics-bind-address", ":8080", "where metrics are served; 0: nowhere")
	flags.StringVar(&s.health, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0: nowhere")
	flags.BoolVar(&s.dryRun, "dry-run", true, "delete nothing")
	flags.StringVar(&s.registry.url, "registry-url", "", "of the integrated registry, https:// by default; empty: as the cluster says")
	flags.StringVar(&s.registry.ca, "certificate-authority", "/var/run/configmaps/serviceca/service-ca.crt", "a `file` with the authority that signs the registry's certificate")
	flags.StringVar(&s.registry.token, "token-file", auth.ServiceAccountTokenPath, "a `file` with the token to show the registry")
	flags.Func("management-state", "of the registry: Managed, Unmanaged or Removed; empty: as the cluster says", func(text string) (err error) {
		if text != "" {
			s.registry.state, err = imagepruner.ParseManagementState(text)
		}
		return err
	})
	return s, flags.Parse(args)
}

// managerOptions elect a leader. The durations are those that OpenShift advises: an API
// server that restarts takes the lease from nobody, and a leader that is gone without a
// word is missed after some two minutes, which is soon enough to prune.
func managerOptions(s settings) ctrl.Options {
	lease, renew, retry := 137*time.Second, 107*time.Second, 26*time.Second
	return ctrl.Options{
		Scheme:                  runtime.NewScheme(), // everything is unstructured
		Metrics:                 metricsserver.Options{BindAddress: s.metrics},
		HealthProbeBindAddress:  s.health,
		Cache:                   cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
		LeaderElection:          true,
		LeaderElectionID:        "image-pruner." + imagepruner.GroupName,
		LeaderElectionNamespace: s.namespace,
		LeaseDuration:           &lease,
		RenewDeadline:           &renew,
		RetryPeriod:             &retry,
		// It leaves its lease on its way out, which ends the process.
		LeaderElectionReleaseOnCancel: true,
	}
}

func run(ctx context.Context, s settings) error {
	ctrl.SetLogger(zap.New())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	m, err := ctrl.NewManager(config, managerOptions(s))
	if err != nil {
		return err
	}
	r, err := newReconciler(m, s)
	if err != nil {
		return err
	}
	// Who waits for the lease is as well as who holds it.
	if err := errors.Join(m.AddHealthzCheck("ping", healthz.Ping), m.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return err
	}
	return r.start(ctx, m)
}

func newReconciler(m manager.Manager, s settings) (*reconciler, error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(m.GetConfig(), m.GetHTTPClient())
	if err != nil {
		return nil, err
	}
	reader, served := m.GetAPIReader(), servedBy(d)
	complain := func(err error) { m.GetLogger().Error(err, "an object that cannot be read keeps what it might use") }
	return &reconciler{
		client:   m.GetClient(),
		cluster:  cluster{reader: reader, writer: m.GetClient(), served: served},
		known:    &follower{cache: m.GetCache(), served: served, complain: complain, followed: map[inventory.Kind]bool{}},
		recorder: m.GetEventRecorder("image-pruner"),
		name:     s.name,
		registry: func(ctx context.Context) (imagepruner.Registry, apply.Ends, error) {
			return s.registry.look(ctx, reader)
		},
		condemned: &configMapCondemned{reader: reader, writer: m.GetClient(), key: types.NamespacedName{Namespace: s.namespace, Name: imagepruner.CondemnedConfigMap}},
		options:   apply.Options{DryRun: s.dryRun},
		zone:      time.UTC,
		now:       time.Now,
	}, nil
}

// start runs the reconciler until the context ends. Nothing is planned before all is
// known.
func (r *reconciler) start(ctx context.Context, m manager.Manager) error {
	err := m.Add(manager.RunnableFunc(func(ctx context.Context) error {
		if err := r.known.follow(ctx); err != nil {
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
