package imagestream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesRead(t *testing.T) {
	for text, want := range map[string]time.Time{
		`null`:                             {},
		`"2026-03-01T12:30:45Z"`:           time.Date(2026, 3, 1, 12, 30, 45, 0, time.UTC),
		`"2026-03-01T12:30:45.000000001Z"`: time.Date(2026, 3, 1, 12, 30, 45, 1, time.UTC),
		`"2026-03-01T12:30:45.5+05:30"`:    time.Date(2026, 3, 1, 7, 0, 45, 500_000_000, time.UTC),
		`"2026-03-01T00:30:00+02:00"`:      time.Date(2026, 2, 28, 22, 30, 0, 0, time.UTC),
		`"2024-02-29T23:59:59-12:00"`:      time.Date(2024, 3, 1, 11, 59, 59, 0, time.UTC),
		`"0001-01-01T00:00:00Z"`:           {},
		`"1969-12-31T23:59:59Z"`:           time.Unix(-1, 0).UTC(),
		`"9999-12-31T23:59:59Z"`:           time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`"\u0032026-03-01T12:30:45Z"`:      time.Date(2026, 3, 1, 12, 30, 45, 0, time.UTC),
	} {
		var got Time
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, want, got.Time, text)
		require.Equal(t, time.UTC, got.Location())
	}
}

func TestTimesThatDoNotRead(t *testing.T) {
	kept := NewTime(time.Unix(1, 0))
	for _, text := range []string{
		`""`, `"null"`, `"now"`, `0`, `true`, `{}`, `[]`, `"2026-03-01"`, `"2026-03-01 12:30:45Z"`, `"2026-03-01T12:30:45"`,
		`"2026-02-30T00:00:00Z"`, `"2026-03-01T24:00:00Z"`, `"2026-03-01T12:30:60Z"`, `"+2026-03-01T12:30:45Z"`,
		`"12026-03-01T12:30:45Z"`, `"9999-12-31T23:59:59-01:00"`, `"2026-03-01T12:30:45Z "`,
	} {
		got := kept
		require.ErrorIs(t, json.Unmarshal([]byte(text), &got), ErrInvalidObject, text)
		require.Equal(t, kept, got, text)
	}
}

func TestTimesWrite(t *testing.T) {
	east := time.FixedZone("", 2*3600)
	for want, value := range map[string]time.Time{
		`null`:                   time.Time{}.In(east),
		`"2026-03-01T10:30:45Z"`: time.Date(2026, 3, 1, 12, 30, 45, 999_999_999, east),
		`"0000-01-01T00:00:00Z"`: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		got, err := json.Marshal(NewTime(value))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	for _, value := range []time.Time{time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := json.Marshal(NewTime(value))
		require.ErrorIs(t, err, ErrInvalidObject)
	}
	// A zero instant in any zone is no creation time.
	data, err := json.Marshal(ObjectMeta{CreationTimestamp: NewTime(time.Time{}.In(east))})
	require.NoError(t, err)
	require.Equal(t, `{}`, string(data))
}
