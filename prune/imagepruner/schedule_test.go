package imagepruner_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // zones, wherever the tests run

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func schedule(t testing.TB, text, in string) *imagepruner.Schedule {
	t.Helper()
	s, err := imagepruner.ParseSchedule(text, zone(t, in))
	require.NoError(t, err)
	return s
}

func written(times []time.Time) (texts []string) {
	for _, at := range times {
		texts = append(texts, at.Format(time.RFC3339))
	}
	return texts
}

func first(n int, s *imagepruner.Schedule, after time.Time) (runs []time.Time) {
	for run := range s.Runs(after) {
		if runs = append(runs, run); len(runs) == n {
			break
		}
	}
	return runs
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		schedule, zone, after string
		want                  []string
	}{
		{"0 0 * * *", "UTC", "2026-11-01T00:00:00Z", []string{"2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"}},
		{"@daily", "UTC", "2026-10-31T23:59:59Z", []string{"2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"}},
		{"@hourly", "UTC", "2026-12-31T23:30:00Z", []string{"2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z"}},
		{"0 3 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T03:00:00Z", "2032-02-29T03:00:00Z"}},
		{"0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", []string{"2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"}}, // either day
		// Summer begins: the day has no 02:30.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", []string{"2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"}},
		// Summer ends: 02:30 comes twice.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"}},
		// Half an hour, on Lord Howe Island.
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", []string{"2026-10-05T02:15:00+11:00"}},
		// Samoa has no 30 December 2011.
		{"0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", []string{"2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"}},
		{"0 0 * * *", "Pacific/Apia", "2011-12-29T10:00:00Z", []string{"2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"}},
		{"0 0 30 * *", "Pacific/Apia", "2011-11-01T00:00:00Z", []string{"2011-11-30T00:00:00-10:00", "2012-01-30T00:00:00+14:00"}},
		{"@monthly", "Pacific/Kwajalein", "1993-08-01T00:00:00Z", []string{"1993-08-01T00:00:00-12:00", "1993-09-01T00:00:00+12:00"}},
		{"@every 90m", "UTC", "2026-11-01T00:00:00.5Z", []string{"2026-11-01T01:30:00Z", "2026-11-01T03:00:00Z"}},
		{"0 0 31 2 *", "UTC", "2026-11-01T00:00:00Z", nil},
	} {
		s := schedule(t, c.schedule, c.zone)
		require.Equal(t, c.want, written(first(len(c.want), s, instant(t, c.after))), c)
		if c.want == nil {
			require.Zero(t, s.Next(instant(t, c.after)))
			require.Zero(t, s.Previous(instant(t, c.after)))
		}
	}
}

func TestSuspendedHasNoRuns(t *testing.T) {
	yes := true
	s, err := imagepruner.ImagePrunerSpec{Suspend: &yes}.ScheduleIn(nil)
	require.NoError(t, err)
	now := instant(t, "2026-11-01T00:00:00Z")
	require.Zero(t, s.Next(now))
	require.Zero(t, s.Previous(now))
	require.Zero(t, s.Due(now.AddDate(-1, 0, 0), now, 0))
	require.Empty(t, slices.Collect(s.Runs(now)))

	s, err = imagepruner.ImagePrunerSpec{}.ScheduleIn(zone(t, "Asia/Tokyo"))
	require.NoError(t, err)
	require.Equal(t, "2026-11-02T00:00:00+09:00", s.Next(now).Format(time.RFC3339))
	require.Equal(t, "2026-11-01T00:00:00+09:00", s.Previous(now).Format(time.RFC3339))
	require.Zero(t, new(imagepruner.Schedule).Next(now))
}

func TestEverySince(t *testing.T) {
	anchor := instant(t, "2026-11-01T00:10:00Z")
	s := schedule(t, "@every 6h", "UTC")
	require.Zero(t, s.Previous(anchor), "nobody knows")
	s = s.Since(anchor)
	for _, c := range []struct{ at, previous, next string }{
		{"2026-10-01T00:00:00Z", "", "2026-11-01T06:10:00Z"},
		{"2026-11-01T00:10:00Z", "", "2026-11-01T06:10:00Z"},
		{"2026-11-01T06:09:59.9Z", "", "2026-11-01T06:10:00Z"},
		{"2026-11-01T06:10:00Z", "2026-11-01T06:10:00Z", "2026-11-01T12:10:00Z"},
		{"2027-11-01T07:00:00Z", "2027-11-01T06:10:00Z", "2027-11-01T12:10:00Z"},
	} {
		require.Equal(t, c.next, s.Next(instant(t, c.at)).Format(time.RFC3339), c)
		if c.previous == "" {
			require.Zero(t, s.Previous(instant(t, c.at)), c)
		} else {
			require.Equal(t, c.previous, s.Previous(instant(t, c.at)).Format(time.RFC3339), c)
		}
	}
	day := schedule(t, "@daily", "UTC")
	require.Equal(t, day.Next(anchor), day.Since(anchor).Next(anchor))
}

// oddZones are those whose clocks have done what clocks seldom do.
var oddZones = []string{
	"UTC", "Europe/Berlin", "America/New_York",
	"Australia/Lord_Howe",  // half an hour
	"America/Sao_Paulo",    // at midnight
	"America/Havana",       // back to midnight
	"Asia/Beirut",          // at midnight
	"Africa/Casablanca",    // twice a year for Ramadan
	"Antarctica/Troll",     // two hours
	"Asia/Kathmandu",       // a quarter of an hour
	"America/St_Johns",     // at 00:01, until 2011
	"Asia/Tehran",          // given up in 2022
	"America/Scoresbysund", // changed its zone with the season
}

var manySchedules = []string{
	"0 0 * * *", "@daily", "@hourly", "@weekly", "@monthly", "@yearly", "30 2 * * *", "15 0 * * *", "59 23 * * *", "0 1 * * *",
	"*/7 1-3 * * *", "0 0 1 * *", "0 0 31 * *", "0 12 29 2 *", "30 0 * 3,10 0", "0 */5 13 * 5", "0 0 L * *",
}

// TestRunsAgreeWithCron walks through years of runs in each zone and holds them
// against the library's own, read with the zone in front, as a CronJob's controller
// does. Previous must find what Next led to.
func TestRunsAgreeWithCron(t *testing.T) {
	checked, lookedBack, passedOver := 0, 0, 0
	backwards := 0
	years := []int{1980, 2009, 2011, 2018, 2024}
	if testing.Short() {
		years = years[1:2]
	}
	for _, name := range oddZones {
		for _, text := range manySchedules {
			want, err := cron.ParseStandard("TZ=" + name + " " + text)
			s, err2 := imagepruner.ParseSchedule(text, zone(t, name))
			require.Equal(t, err == nil, err2 == nil, text)
			if err != nil {
				continue
			}
			for _, year := range years {
				last := time.Date(year, 1, 1, 0, 0, 0, 0, zone(t, name))
				n := 0
				for run := range s.Runs(last) {
					expected := want.Next(last)
					require.True(t, run.After(last))
					if !expected.After(last) {
						backwards++
						last = run
						continue
					}
					require.True(t, expected.Equal(run), "%s in %s after %s: %s, want %s", text, name, last, run, expected)
					checked++
					if n++; n < 3 || n%97 == 0 || run.Sub(last)%(24*time.Hour) != 0 && n%5 == 0 {
						lookedBack++
						passedOver += requirePrevious(t, s, run)
					}
					last = run
					if run.Year() > year+1 || n == 400 {
						break
					}
				}
			}
		}
	}
	require.Greater(t, checked, 20_000*len(years))
	require.Greater(t, lookedBack, 1_000*len(years))
	require.NotZero(t, backwards, "the library goes back in time on Newfoundland")
	require.Less(t, backwards, checked/1000)
	require.Less(t, passedOver, lookedBack/100)
}

// requirePrevious looks back for a run from itself, and from until just before the
// next one. It returns how often it found one that the library passes over on its way
// from the run before, as it does where clocks are set by less than an hour.
func requirePrevious(t *testing.T, s *imagepruner.Schedule, run time.Time) (passedOver int) {
	t.Helper()
	ats := []time.Time{run, run.Add(time.Second / 2)}
	if next := s.Next(run); !next.IsZero() {
		ats = append(ats, run.Add(next.Sub(run)/2), next.Add(-time.Nanosecond))
	}
	for _, at := range ats {
		previous := s.Previous(at)
		if previous.After(run) && !previous.After(at) && s.Next(previous.Add(-time.Second)).Equal(previous) {
			passedOver++
			continue
		}
		require.True(t, run.Equal(previous), "before %s: %s, want %s", at, previous, run)
	}
	return passedOver
}

func TestWhatFellDue(t *testing.T) {
	for _, c := range []struct {
		schedule, last, now string
		deadline            time.Duration
		want                string
	}{
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-01T23:59:59Z", time.Hour, "none 0"},
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", time.Hour, "2026-11-02T00:00:00Z 1"},
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-02T00:59:59Z", time.Hour, "2026-11-02T00:00:00Z 1"},
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-02T01:00:01Z", time.Hour, "none 0"}, // too late
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-02T01:00:01Z", 0, "2026-11-02T00:00:00Z 1"},
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-09T12:00:00Z", 0, "2026-11-09T00:00:00Z 8"},
		{"0 0 * * *", "2026-11-01T00:00:00Z", "2026-11-09T12:00:00Z", time.Hour, "none 0"},
		{"* * * * *", "2026-11-01T00:00:00Z", "2026-11-01T12:00:30Z", time.Hour, "2026-11-01T12:00:00Z 60"},
		{"* * * * *", "2026-11-01T00:00:00Z", "2026-11-01T12:00:30Z", 0, "2026-11-01T12:00:00Z 720 too many"},
		{"0-5 0 * * *", "2026-10-31T12:00:00Z", "2026-11-01T00:30:00Z", 0, "none 31"}, // as Kubernetes has it
		{"@every 1h", "2026-11-01T00:10:00Z", "2026-11-01T04:00:00Z", 0, "2026-11-01T03:10:00Z 3"},
		{"0 0 31 2 *", "2026-11-01T00:00:00Z", "2036-11-01T00:00:00Z", 0, "none 0"},
		{"* * * * *", "1972-11-01T00:00:00Z", "2026-11-01T12:00:30Z", 0, "none 0"},
		{"* * * * *", "1973-11-01T00:00:00Z", "2126-11-01T12:00:30Z", 0, "2126-11-01T12:00:00Z 80470800 too many"},
	} {
		due := schedule(t, c.schedule, "UTC").Due(instant(t, c.last), instant(t, c.now), c.deadline)
		got := "none"
		if !due.Run.IsZero() {
			got = due.Run.Format(time.RFC3339)
		}
		got = fmt.Sprintf("%s %d", got, due.Count)
		if due.TooMany() {
			got += " too many"
		}
		require.Equal(t, c.want, got, c)
	}
}

func TestTimesOutOfRangeHaveNoRuns(t *testing.T) {
	for _, text := range []string{"@daily", "@every 2540400h"} {
		s := schedule(t, text, "UTC").Since(instant(t, "2026-11-01T00:00:00Z"))
		for _, at := range []time.Time{{}, time.Unix(1<<61, 0), time.Unix(-1<<61, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
			require.Zero(t, s.Next(at))
			require.Zero(t, s.Previous(at))
			require.Zero(t, s.Due(at, at, time.Hour))
		}
	}
}
