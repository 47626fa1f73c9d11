package imagepruner_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/imagepruner"
)

var documentedTime = time.Date(2019, 10, 9, 3, 13, 45, 0, time.UTC)

func cronJob(t testing.TB, text string) *imagepruner.CronJob {
	t.Helper()
	var c imagepruner.CronJob
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	c.Metadata.Namespace, c.Metadata.Name, c.Metadata.UID = "openshift-image-registry", "image-pruner", "c1"
	return &c
}

// job is a Job of the CronJob, in the API's JSON: started at an hour, with a
// condition.
func job(t testing.TB, name string, hour int, condition string) imagepruner.Job {
	t.Helper()
	text := `{"metadata":{"namespace":"openshift-image-registry","name":"` + name + `","ownerReferences":[
		{"apiVersion":"batch/v1","kind":"CronJob","name":"image-pruner","uid":"c1","controller":true}]},
		"spec":{"template":{}},"status":{"startTime":"` + time.Date(2026, 11, 1, hour, 0, 0, 0, time.UTC).Format(time.RFC3339) + `","conditions":[` + condition + `]}}`
	var j imagepruner.Job
	require.NoError(t, json.Unmarshal([]byte(text), &j))
	return j
}

const (
	complete = `{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}`
	failed   = `{"type":"FailureTarget","status":"True","reason":"x"},{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit"}`
)

// TestTheDocumentedStatus: the status function says of a pruner that is well what
// the documentation's resource says, byte for byte.
func TestTheDocumentedStatus(t *testing.T) {
	observed := imagepruner.Observed{
		CronJob:    cronJob(t, `{"spec":{"suspend":false}}`),
		Jobs:       []imagepruner.Job{job(t, "image-pruner-1", 0, complete)},
		NoDegraded: true,
	}
	p := documented(t)
	p.Generation = 2
	p.Status = imagepruner.ImagePrunerStatus{}
	p.Status = p.NextStatus(observed, documentedTime)
	p.Generation = 0
	require.Equal(t, testdata(t, "cluster.json"), asJSON(t, p))
	require.Equal(t, testdata(t, "cluster.yaml"), asYAML(t, p))

	p.Generation = 2
	p.Status = p.NextStatus(observed, documentedTime.AddDate(1, 0, 0))
	p.Generation = 0
	require.Equal(t, testdata(t, "cluster.json"), asJSON(t, p), "and says it again a year later")
}

func TestConditions(t *testing.T) {
	const (
		ready     = "Available True Ready: Periodic image pruner has been created."
		absent    = "Available False Error: Periodic image pruner does not exist."
		scheduled = "Scheduled True Scheduled: Image pruner job has been scheduled."
		noRun     = "Failed Unknown NoRun: No image pruning job has run yet."
		succeeded = "Failed False Succeeded: Most recent image pruning job succeeded."
		fine      = "Degraded False AsExpected: "
		broken    = "Failed True BackoffLimitExceeded: Job has reached the specified backoff limit"
		degraded  = "Degraded True JobFailed: Job has reached the specified backoff limit"
	)
	for name, c := range map[string]struct {
		spec     string
		observed imagepruner.Observed
		want     []string
	}{
		"nothing there": {`{}`, imagepruner.Observed{}, []string{absent, "Scheduled False Error: Periodic image pruner does not exist.", noRun, fine}},
		"cannot be made": {`{}`, imagepruner.Observed{SyncError: errors.New("forbidden")}, []string{absent + " forbidden", "Scheduled False Error: Periodic image pruner does not exist.", noRun,
			"Degraded True SyncError: Error: forbidden"}},
		"just made": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`)}, []string{ready, scheduled, noRun, fine}},
		"suspended": {`{"suspend":true}`, imagepruner.Observed{CronJob: cronJob(t, `{"spec":{"suspend":true}}`)}, []string{ready, "Scheduled False Suspended: Image pruner job has been suspended.", noRun, fine}},
		"to be suspended": {`{"suspend":true}`, imagepruner.Observed{CronJob: cronJob(t, `{"spec":{"suspend":false}}`), SyncError: errors.New("conflict")},
			[]string{ready, scheduled + " It is to be suspended, and is not yet.", noRun, "Degraded True SyncError: Error: conflict"}},
		"still suspended": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{"spec":{"suspend":true}}`)}, []string{ready, "Scheduled False Suspended: Image pruner job has been suspended.", noRun, fine}},
		"no schedule": {`{"schedule":"TZ=0"}`, imagepruner.Observed{CronJob: cronJob(t, `{}`)}, []string{ready,
			"Scheduled False Error: spec.schedule: TZ= and CRON_TZ= are not allowed: CronJobs refuse them, and have a timeZone of their own", noRun,
			"Degraded True SyncError: Error: invalid ImagePruner: spec.schedule: TZ= and CRON_TZ= are not allowed: CronJobs refuse them, and have a timeZone of their own"}},
		"never":   {`{"schedule":"0 0 30 2 *"}`, imagepruner.Observed{CronJob: cronJob(t, `{}`)}, []string{ready, `Scheduled False Error: spec.schedule: "0 0 30 2 *" never comes`, noRun, fine}},
		"invalid": {`{"keepTagRevisions":-1}`, imagepruner.Observed{CronJob: cronJob(t, `{}`)}, []string{ready, scheduled, noRun, "Degraded True SyncError: Error: invalid ImagePruner: spec.keepTagRevisions: it is negative: -1"}},
		"runs for the first time": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{"status":{"active":[{"name":"a"}]}}`), Jobs: []imagepruner.Job{job(t, "a", 0, "")}},
			[]string{ready, scheduled, "Failed Unknown NoRun: The first image pruning job has not ended yet.", fine}},
		"about to end": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "a", 0, `{"type":"Failed","status":"False","reason":"x"},{"type":"SuccessCriteriaMet","status":"True"},{"type":"Suspended","status":"True"}`)}},
			[]string{ready, scheduled, "Failed Unknown NoRun: The first image pruning job has not ended yet.", fine}},
		"succeeded":   {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "a", 0, complete)}}, []string{ready, scheduled, succeeded, fine}},
		"failed":      {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "a", 0, failed)}}, []string{ready, scheduled, broken, degraded}},
		"runs again":  {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "b", 1, ""), job(t, "a", 0, failed)}}, []string{ready, scheduled, broken, degraded}},
		"failed once": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "c", 2, complete), job(t, "b", 1, failed)}}, []string{ready, scheduled, succeeded, fine}},
		"fails now":   {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "c", 2, complete), job(t, "d", 3, failed)}}, []string{ready, scheduled, broken, degraded}},
		"says nothing": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "c", 2, `{"type":"Failed","status":"True"}`)}},
			[]string{ready, scheduled, "Failed True Error: Most recent image pruning job failed.", "Degraded True JobFailed: Most recent image pruning job failed."}},
		"fails and cannot be changed": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{job(t, "c", 2, failed)}, SyncError: errors.New("x")},
			[]string{ready, scheduled, broken, "Degraded True SyncError: Error: x"}},
		"the last Job is gone, it succeeded": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{"status":{"lastScheduleTime":"2026-11-01T00:00:00Z","lastSuccessfulTime":"2026-11-01T00:05:00Z"}}`)}, []string{ready, scheduled, succeeded, fine}},
		"the last Job is gone, nobody knows": {`{}`, imagepruner.Observed{CronJob: cronJob(t, `{"status":{"lastScheduleTime":"2026-11-02T00:00:00Z","lastSuccessfulTime":"2026-11-01T00:05:00Z"}}`)},
			[]string{ready, scheduled, "Failed Unknown NoRun: No image pruning job that ended is left to tell how it went.", fine}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &imagepruner.ImagePruner{Spec: spec(t, c.spec)}
			p.Generation = 7
			next := p.NextStatus(c.observed, documentedTime)
			require.EqualValues(t, 7, next.ObservedGeneration)
			var got []string
			for _, c := range next.Conditions {
				got = append(got, string(c.Type)+" "+string(c.Status)+" "+c.Reason+": "+c.Message)
				require.Equal(t, documentedTime, c.LastTransitionTime.Time)
			}
			require.Equal(t, c.want, got)
			require.Empty(t, p.Status.Conditions, "the argument stays as it is")

			p.Status = next
			require.Equal(t, next, p.NextStatus(c.observed, documentedTime.Add(time.Hour)), "it is stable")
			slices.Reverse(c.observed.Jobs)
			require.Equal(t, next, p.NextStatus(c.observed, documentedTime.Add(time.Hour)), "whatever the order of the Jobs")
		})
	}
}

// TestJobsOfOthersDoNotCount: the operator takes any Job of its namespace for the
// pruner's.
func TestJobsOfOthersDoNotCount(t *testing.T) {
	for name, other := range map[string]func(j *imagepruner.Job){
		"another owner":     func(j *imagepruner.Job) { j.Metadata.OwnerReferences[0].Name = "azure-path-fix" },
		"another kind":      func(j *imagepruner.Job) { j.Metadata.OwnerReferences[0].Kind = "ImagePruner" },
		"another group":     func(j *imagepruner.Job) { j.Metadata.OwnerReferences[0].APIVersion = "batch.volcano.sh/v1" },
		"an older CronJob":  func(j *imagepruner.Job) { j.Metadata.OwnerReferences[0].UID = "c0" },
		"not controlled":    func(j *imagepruner.Job) { j.Metadata.OwnerReferences[0].Controller = nil },
		"no owner":          func(j *imagepruner.Job) { j.Metadata.OwnerReferences = nil },
		"another namespace": func(j *imagepruner.Job) { j.Metadata.Namespace = "default" },
		"labels alone": func(j *imagepruner.Job) {
			j.Metadata.OwnerReferences = nil
			j.Metadata.Labels = map[string]string{imagepruner.JobLabel: imagepruner.JobLabelValue}
		},
	} {
		t.Run(name, func(t *testing.T) {
			stranger := job(t, "azure-path-fix", 9, failed)
			other(&stranger)
			o := imagepruner.Observed{CronJob: cronJob(t, `{}`), Jobs: []imagepruner.Job{stranger}}
			p := new(imagepruner.ImagePruner)
			status := p.NextStatus(o, documentedTime)
			require.Equal(t, imagepruner.ReasonNoRun, status.Condition(imagepruner.Failed).Reason)
			o.Jobs = append(o.Jobs, job(t, "own", 1, complete))
			status = p.NextStatus(o, documentedTime)
			require.Equal(t, imagepruner.ReasonSucceeded, status.Condition(imagepruner.Failed).Reason)
			require.Equal(t, imagestream.ConditionFalse, status.Condition(imagepruner.Degraded).Status)
		})
	}
}

func TestTransitions(t *testing.T) {
	at := func(hour int) time.Time { return documentedTime.Add(time.Duration(hour) * time.Hour) }
	p := &imagepruner.ImagePruner{}
	require.NoError(t, json.Unmarshal([]byte(`{"conditions":[{"type":"Other","status":"True","lastTransitionTime":"2019-01-01T00:00:00Z"},
		{"type":"Failed","status":"False","lastTransitionTime":null,"reason":"Complete","message":"Pruner completed successfully","new":1}],"new":2}`), &p.Status))
	o := imagepruner.Observed{CronJob: cronJob(t, `{}`)}
	times := func() (times []string) {
		for _, c := range p.Status.Conditions {
			times = append(times, string(c.Type)+" "+string(c.Status)+" "+c.LastTransitionTime.Format(time.RFC3339))
		}
		return times
	}
	p.Status = p.NextStatus(o, at(1))
	require.Equal(t, []string{"Other True 2019-01-01T00:00:00Z", "Failed Unknown 2019-10-09T04:13:45Z", "Available True 2019-10-09T04:13:45Z",
		"Scheduled True 2019-10-09T04:13:45Z", "Degraded False 2019-10-09T04:13:45Z"}, times())

	o.Jobs = []imagepruner.Job{job(t, "a", 0, `{"type":"Failed","status":"True","reason":"A","message":"a"}`)}
	p.Status = p.NextStatus(o, at(2))
	o.Jobs = []imagepruner.Job{job(t, "a", 0, `{"type":"Failed","status":"True","reason":"B","message":"b"}`)}
	p.Status = p.NextStatus(o, at(3))
	require.Equal(t, []string{"Other True 2019-01-01T00:00:00Z", "Failed True 2019-10-09T05:13:45Z", "Available True 2019-10-09T04:13:45Z",
		"Scheduled True 2019-10-09T04:13:45Z", "Degraded True 2019-10-09T05:13:45Z"}, times(), "another reason is no transition")
	require.Equal(t, "B", p.Status.Condition(imagepruner.Failed).Reason)

	text, err := json.Marshal(p.Status)
	require.NoError(t, err)
	require.Contains(t, string(text), `"reason":"B","message":"b","new":1}`)
	require.True(t, strings.HasSuffix(string(text), `],"new":2}`))
}

func TestMessagesAreCut(t *testing.T) {
	p := new(imagepruner.ImagePruner)
	status := p.NextStatus(imagepruner.Observed{SyncError: errors.New("\xff" + strings.Repeat("é", 5000))}, documentedTime)
	message := status.Condition(imagepruner.Degraded).Message
	require.LessOrEqual(t, len(message), 4096)
	require.True(t, strings.HasPrefix(message, "Error: \ufffdéé"))
	require.True(t, strings.HasSuffix(message, "é…"))
}
