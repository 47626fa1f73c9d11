package imagepruner_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func Example() {
	pruner, err := imagepruner.Read(strings.NewReader(`
apiVersion: imageregistry.operator.openshift.io/v1
kind: ImagePruner
metadata:
  name: cluster
spec:
  schedule: 30 2 * * *
  keepYoungerThanDuration: 10m
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, problem := range pruner.Check() {
		fmt.Println(problem.Severity, problem)
	}
	policy, err := pruner.Spec.OpenShiftOptions(imagepruner.Registry{ManagementState: imagepruner.Managed})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("keeps", *policy.KeepTagRevisions, "revisions and what is younger than", policy.KeepYoungerThan)
	schedule, err := pruner.Spec.ScheduleIn(time.UTC)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("prunes at", schedule.Next(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)))
	// Output:
	// warning spec.keepYoungerThanDuration: 10m0s is so short that builds which still run may lose their images; the default is 60m
	// keeps 3 revisions and what is younger than 10m0s
	// prunes at 2026-11-02 02:30:00 +0000 UTC
}

func ExampleImagePruner_NextStatus() {
	var pruner imagepruner.ImagePruner
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	pruner.Status = pruner.NextStatus(imagepruner.Observed{CronJob: new(imagepruner.CronJob)}, now)
	for _, c := range pruner.Status.Conditions {
		fmt.Println(c.Type, c.Status, c.Reason, c.Message)
	}
	// Output:
	// Available True Ready Periodic image pruner has been created.
	// Scheduled True Scheduled Image pruner job has been scheduled.
	// Failed Unknown NoRun No image pruning job has run yet.
	// Degraded False AsExpected
}
