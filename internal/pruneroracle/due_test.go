package pruneroracle

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "unsafe" // for linkname

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/kubernetes/pkg/controller/cronjob"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// mostRecentScheduleTime is the CronJob controller's own. missed is 0 for none, 1 for a
// few, 2 for more than it likes.
//
//go:linkname mostRecentScheduleTime k8s.io/kubernetes/pkg/controller/cronjob.mostRecentScheduleTime
func mostRecentScheduleTime(cj *batchv1.CronJob, now time.Time, schedule cron.Schedule, includeStartingDeadlineSeconds bool) (time.Time, *time.Time, int, error)

// TestWhatFellDueIsWhatKubernetesSays draws schedules, last runs and instants.
func TestWhatFellDueIsWhatKubernetesSays(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	schedules := []string{"0 0 * * *", "@daily", "@hourly", "*/5 * * * *", "0-5 0 * * *", "30 6-16/4 * * 1-5", "0 0 29 2 *", "0 0 31 2 *", "@every 7h", "* * * * *", "@monthly"}
	seen := map[int]int{}
	for range 50_000 {
		text := schedules[random.IntN(len(schedules))]
		zone, err := time.LoadLocation([]string{"UTC", "Europe/Berlin", "America/Sao_Paulo"}[random.IntN(3)])
		require.NoError(t, err)
		last := time.Unix(1_600_000_000+random.Int64N(200_000_000), 0)
		now := last.Add(time.Duration(random.ExpFloat64() * float64(time.Hour) * []float64{1, 30, 1000}[random.IntN(3)])).Truncate(time.Second)
		deadline := []time.Duration{0, imagepruner.StartingDeadline}[random.IntN(2)]

		parsed, err := cron.ParseStandard("TZ=" + zone.String() + " " + text)
		require.NoError(t, err)
		cj := &batchv1.CronJob{Status: batchv1.CronJobStatus{LastScheduleTime: &metav1.Time{Time: last}}}
		if seconds := int64(deadline / time.Second); seconds > 0 {
			cj.Spec.StartingDeadlineSeconds = &seconds
		}
		_, want, missed, _ := mostRecentScheduleTime(cj, now, parsed, true)

		s, err := imagepruner.ParseSchedule(text, zone)
		require.NoError(t, err)
		due := s.Due(last, now, deadline)
		if want == nil {
			require.Zero(t, due.Run, "%s from %s to %s: %s", text, last, now, due.Run)
		} else {
			require.True(t, want.Equal(due.Run), "%s from %s to %s: %s, want %s", text, last, now, due.Run, want)
		}
		require.Equal(t, missed == 2, due.TooMany())
		require.Equal(t, missed == 0, due.Count <= 1)
		seen[missed]++
	}
	require.Len(t, seen, 3)
}
