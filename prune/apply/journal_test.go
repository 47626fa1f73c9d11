package apply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

func writeFile(t testing.TB, name, text string) {
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

// TestJournalInAFile ends a run at every call, as the death of a process does,
// with the file cut off anywhere, and finishes it.
func TestJournalInAFile(t *testing.T) {
	f := newFixture(t)
	want, calls := carriedOut(t, f.cluster, f.plan)
	name := filepath.Join(t.TempDir(), "journal")
	for k := range calls {
		live := f.cluster.Live()
		live.Before = counting(k, func(n int) bool { return n >= k }, errInjected)
		open := func() *apply.FileJournal {
			journal, err := apply.OpenJournal(name)
			require.NoError(t, err)
			return journal
		}
		journal := open()
		report, err := f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		if k == calls-1 { // caches that are not told are no failure
			require.NoError(t, err)
			require.True(t, report.RestartRegistries)
		} else {
			require.ErrorIs(t, err, errInjected)
		}
		require.NoError(t, journal.Close())
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		writeFile(t, name, string(text[:len(text)-k%5]))

		live.Before = nil
		journal = open()
		report, err = f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		require.NoError(t, err)
		require.Equal(t, want, stateOf(live))
		if k > 10 {
			require.Positive(t, report.Resumed)
		}
		require.NoError(t, journal.Close())

		// Finished is finished.
		live.Before = func(c prunetest.Call) error {
			require.Fail(t, c.Verb)
			return nil
		}
		journal = open()
		report, err = f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		require.NoError(t, err)
		require.Equal(t, f.plan.Summary.Actions(), report.Resumed)
		require.NoError(t, journal.Close())
		require.NoError(t, os.Remove(name))
	}
}

// TestRunThatIsAbandoned ends a run at every call, and gives it up: its journal keeps a new
// plan from being carried out, until the file is taken away. The new plan does then what
// is left to do. What only the first could have known of is left, and nobody needs it.
func TestRunThatIsAbandoned(t *testing.T) {
	f := newFixture(t)
	want, calls := carriedOut(t, f.cluster, f.plan)
	name := filepath.Join(t.TempDir(), "journal")
	for k := range calls - 1 {
		live := f.cluster.Live()
		run := func(plan *prune.Plan) error {
			journal, err := apply.OpenJournal(name)
			require.NoError(t, err)
			o := atOnce(plan.Now)
			o.Journal = journal
			_, err = apply.Run(t.Context(), plan, live.Ends(), o)
			require.NoError(t, journal.Close())
			return err
		}
		live.Before = counting(k, func(n int) bool { return n >= k }, errInjected)
		require.ErrorIs(t, run(f.plan), errInjected)
		live.Before = nil

		next := planAgain(t, live, f.cluster.Now().Add(time.Minute))
		before := stateOf(live)
		err := run(next)
		require.ErrorIs(t, err, apply.ErrJournal)
		require.ErrorContains(t, err, f.plan.Digest())
		require.Equal(t, before, stateOf(live))

		require.NoError(t, os.Remove(name))
		require.NoError(t, run(next))
		require.Empty(t, live.Missing())
		left := stateOf(live)
		require.Equal(t, want.Items, left.Items)
		require.Equal(t, want.Images, left.Images)
		for digest := range want.Blobs {
			require.Contains(t, left.Blobs, digest)
		}
		require.NoError(t, os.Remove(name))
	}
}

func TestJournalThatCannotBeUsed(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(t.TempDir(), "journal")
	head := `{"plan":"` + f.plan.Digest() + `","number":0}` + "\n"
	for text, want := range map[string]string{
		`{"plan":"sha256:other","number":0}` + "\n":        "sha256:other",
		`{"number":3,"status":"done"}` + "\n":              "take the journal away",
		"hello\n":                                          "line 1",
		head + `{"number":3,"status":"done","x":1}` + "\n": "line 2",
		head + `{"number":9999,"status":"done"}` + "\n":    "9999",
		head + `{"number":-1,"status":"done"}` + "\n":      "-1",
		head + strings.Repeat("x", 1<<20) + "\n":           "",
	} {
		writeFile(t, name, text)
		live := f.cluster.Live()
		before := stateOf(live)
		journal, err := apply.OpenJournal(name)
		if err == nil {
			_, err = f.run(t, live, func(o *apply.Options) { o.Journal = journal })
			require.NoError(t, journal.Close())
		}
		require.ErrorIs(t, err, apply.ErrJournal)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, stateOf(live))
	}
	_, err := apply.OpenJournal(filepath.Join(name, "below"))
	require.ErrorIs(t, err, apply.ErrJournal)
}

// A journal that cannot be written any more stops the run.
func TestJournalThatFails(t *testing.T) {
	f := newFixture(t)
	for k := range 8 {
		live := f.cluster.Live()
		journal := &failingJournal{left: k}
		report, err := f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		require.ErrorIs(t, err, errInjected)
		require.Empty(t, live.Missing())
		// The item whose record failed is dropped, nothing after it is done.
		require.LessOrEqual(t, f.plan.Summary.Actions()-report.Count(prune.DeleteBlob, apply.NotRun), f.plan.Summary.Actions())
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.NotRun))
		journal.left = 1 << 20
		_, err = f.run(t, live, func(o *apply.Options) { o.Journal = journal })
		require.NoError(t, err)
		want, _ := carriedOut(t, f.cluster, f.plan)
		require.Equal(t, want, stateOf(live))
	}
}

type failingJournal struct {
	memoryJournal
	left int
}

func (j *failingJournal) Append(r apply.Record) error {
	if j.left--; j.left < 0 {
		return errInjected
	}
	return j.memoryJournal.Append(r)
}

func FuzzJournal(f *testing.F) {
	fix := newFixture(f)
	head := `{"plan":"` + fix.plan.Digest() + `","number":0}` + "\n"
	f.Add([]byte(head + `{"number":3,"status":"done"}` + "\n" + `{"number":0,"ended":true}` + "\n"))
	f.Add([]byte(head + `{"number":0,"status":"failed"}` + "\n{"))
	f.Add([]byte("\n\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(dir, "journal")
		require.NoError(t, os.WriteFile(name, text, 0o600))
		journal, err := apply.OpenJournal(name)
		if err != nil {
			require.ErrorIs(t, err, apply.ErrJournal)
			return
		}
		defer journal.Close()
		live := fix.cluster.Live()
		_, err = fix.run(t, live, func(o *apply.Options) { o.Journal = journal })
		if err != nil {
			require.ErrorIs(t, err, apply.ErrJournal)
		}
		require.Empty(t, live.Missing())
	})
}
