package imagepruner_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func TestChecksOfTheSpec(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{`{}`, ""},
		{`{"schedule":"*/5 0-6,22 1 jan-mar ?"}`, ""},
		{`{"schedule":"@every 90m"}`, ""},
		{`{"schedule":"@midnight"}`, ""},
		{`{"schedule":" "}`, "error spec.schedule: it is empty"},
		{`{"schedule":"0 0 * *"}`, "error spec.schedule: it is no schedule: expected exactly 5 fields, found 4"},
		{`{"schedule":"0 0 0 * * *"}`, "error spec.schedule: it is no schedule: expected exactly 5 fields, found 6"},
		{`{"schedule":"60 0 * * *"}`, "error spec.schedule: it is no schedule: end of range (60) above maximum (59)"},
		{`{"schedule":"@nightly"}`, "error spec.schedule: it is no schedule: unrecognized descriptor"},
		{`{"schedule":"TZ=UTC 0 0 * * *"}`, "error spec.schedule: TZ= and CRON_TZ= are not allowed"},
		{`{"schedule":"CRON_TZ=Europe/Rome 0 0 * * *"}`, "error spec.schedule: TZ= and CRON_TZ= are not allowed"},
		{`{"schedule":"TZ=0"}`, "error spec.schedule: TZ= and CRON_TZ= are not allowed"},
		{`{"schedule":"CRON_TZ="}`, "error spec.schedule: TZ= and CRON_TZ= are not allowed"},
		{`{"schedule":"@every -5m"}`, "error spec.schedule: want @every with a second or more"},
		{`{"schedule":"@every 30s"}`, "warning spec.schedule: every 30s: a CronJob starts no more than one Job a minute"},
		{`{"schedule":"0 0 31 2 *"}`, `warning spec.schedule: "0 0 31 2 *" never comes`},
		{`{"schedule":", * * * *"}`, `warning spec.schedule: ", * * * *" never comes`},
		{`{"schedule":"` + strings.Repeat("0,", 600) + `0 0 * * *"}`, "error spec.schedule: it has 1209 bytes"},
		{`{"keepTagRevisions":-1}`, "error spec.keepTagRevisions: it is negative: -1"},
		{`{"keepTagRevisions":0}`, ""},
		{`{"keepYoungerThan":-1}`, "error spec.keepYoungerThan: it is negative: -1 nanoseconds"},
		{`{"keepYoungerThan":3600000000000}`, "warning spec.keepYoungerThan: it is deprecated: say keepYoungerThanDuration: 1h0m0s"},
		{`{"keepYoungerThan":60}`, "warning spec.keepYoungerThan: it is deprecated: say keepYoungerThanDuration: 60ns\nwarning spec.keepYoungerThan: 60ns is so short"},
		{`{"keepYoungerThan":60,"keepYoungerThanDuration":"60m"}`, "warning spec.keepYoungerThan: it has no effect, since keepYoungerThanDuration is set"},
		{`{"keepYoungerThan":-60,"keepYoungerThanDuration":"-60m"}`, "error spec.keepYoungerThan: it is negative: -60 nanoseconds\nerror spec.keepYoungerThanDuration: it is negative: -1h0m0s"},
		{`{"keepYoungerThanDuration":"30m"}`, ""},
		{`{"keepYoungerThanDuration":"29m59s"}`, "warning spec.keepYoungerThanDuration: 29m59s is so short that builds which still run may lose their images"},
		{`{"resources":{"requests":{"cpu":"100m","memory":1000},"limits":{"cpu":"1"}}}`, ""},
		{`{"resources":[]}`, "error spec.resources: want an object, got []"},
		{`{"resources":{"limits":3,"requests":{"cpu":"many","memory":"1Gi"}}}`, `error spec.resources.requests["cpu"]: want a quantity such as 100m or 256Mi, got "many"` + "\nerror spec.resources.limits: want an object, got 3"},
		{`{"resources":{"limits":{"memory":"1Gi"},"requests":{"memory":"2Gi"}}}`, `error spec.resources.requests["memory"]: it is above the limit`},
		{`{"affinity":"none"}`, `error spec.affinity: want an object, got "none"`},
		{`{"nodeSelector":{"node-role.kubernetes.io/infra":"","zone":"b 1","-":""}}`, `error spec.nodeSelector["-"]: it is not the key of a label` + "\n" + `error spec.nodeSelector["zone"]: want the value of a label, got "b 1"`},
		{`{"tolerations":[{"key":"a"},null,"b"]}`, `error spec.tolerations[1]: want an object, got null` + "\n" + `error spec.tolerations[2]: want an object, got "b"`},
		{`{"successfulJobsHistoryLimit":0}`, "error spec.successfulJobsHistoryLimit: want 1 or more, got 0: without Jobs there are no metrics"},
		{`{"failedJobsHistoryLimit":-1}`, "error spec.failedJobsHistoryLimit: want 1 or more, got -1"},
		{`{"ignoreInvalidImageReferences":true}`, "warning spec.ignoreInvalidImageReferences: what references that do not parse use is not known"},
		{`{"logLevel":"Trace"}`, ""},
		{`{"logLevel":"debug"}`, `error spec.logLevel: want Normal, Debug, Trace or TraceAll, got "debug"`},
	} {
		t.Run(c.given[:min(len(c.given), 60)], func(t *testing.T) {
			problems := spec(t, c.given).Check()
			var want []string
			if c.want != "" {
				want = strings.Split(c.want, "\n")
			}
			require.Len(t, problems, len(want), "%v", problems)
			for i, p := range problems {
				require.True(t, strings.HasPrefix(string(p.Severity)+" "+p.String(), want[i]), "%s %s", p.Severity, p)
			}
			require.Len(t, append(problems.Errors(), problems.Warnings()...), len(problems))
		})
	}
}

// TestAllProblemsAtOnce: the errors of every field come together, in the order of
// the fields, and nothing is done with such a spec.
func TestAllProblemsAtOnce(t *testing.T) {
	p, err := imagepruner.Read(strings.NewReader(`{"kind":"Pruner","metadata":{"name":"mine","namespace":"x"},
		"spec":{"schedule":"daily","keepTagRevisions":-1,"keepYoungerThan":-1,"keepYoungerThanDuration":"-1s","resources":1,"affinity":1,"nodeSelector":{"":""},
		"tolerations":[1],"successfulJobsHistoryLimit":0,"failedJobsHistoryLimit":0,"ignoreInvalidImageReferences":true,"logLevel":"Loud"},
		"status":{"observedGeneration":-1,"conditions":[{"status":"true"}]}}`))
	require.NoError(t, err)
	var paths []string
	for _, problem := range p.Check() {
		paths = append(paths, string(problem.Severity)+" "+problem.Path)
	}
	require.Equal(t, []string{
		"error kind", "error apiVersion", "warning metadata.name", "error metadata.namespace", "error spec.schedule", "error spec.keepTagRevisions",
		"error spec.keepYoungerThan", "error spec.keepYoungerThanDuration", "error spec.resources", "error spec.affinity",
		`error spec.nodeSelector[""]`, "error spec.tolerations[0]", "error spec.successfulJobsHistoryLimit", "error spec.failedJobsHistoryLimit",
		"warning spec.ignoreInvalidImageReferences", "error spec.logLevel", "error status.observedGeneration",
		"error status.conditions[0].type", "error status.conditions[0].status",
	}, paths)

	var invalid *imagepruner.InvalidError
	require.ErrorAs(t, p.Check().Err(), &invalid)
	require.Len(t, invalid.Problems, len(paths)-2)
	_, err = p.Spec.Policy(imagepruner.Registry{})
	require.ErrorAs(t, err, &invalid)
	_, err = p.Spec.Flags(imagepruner.Registry{})
	require.ErrorAs(t, err, &invalid)
	_, err = p.Spec.CronJob(imagepruner.CronJobOptions{})
	require.ErrorAs(t, err, &invalid)
	_, err = p.Spec.ScheduleIn(nil)
	require.ErrorContains(t, err, "spec.schedule: it is no schedule")
}

func TestTheDocumentedResourceHasOneWarning(t *testing.T) {
	require.Equal(t, imagepruner.Problems{{
		Path: "spec.keepYoungerThan", Severity: imagepruner.Warning, Message: "it has no effect, since keepYoungerThanDuration is set",
	}}, documented(t).Check())
	require.NoError(t, documented(t).Check().Err())
}
