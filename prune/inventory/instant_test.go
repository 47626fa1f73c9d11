package inventory_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

func TestInstants(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		return parsed
	}
	for _, c := range []struct{ from, want string }{
		{"2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z"},
		{"2026-05-01T12:00:00.000001Z", "2026-05-01T12:00:00.000001Z"},
		{"2026-05-01T12:00:00.0000001Z", "2026-05-01T12:00:00.000001Z"},
		{"2026-05-01T12:00:00.000000999Z", "2026-05-01T12:00:00.000001Z"},
		{"2026-05-01T12:00:00.999999001Z", "2026-05-01T12:00:01Z"},
		{"1969-12-31T23:59:59.9999999Z", "1970-01-01T00:00:00Z"},
		{"1969-12-31T23:59:58.0000001Z", "1969-12-31T23:59:58.000001Z"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"2026-05-01T12:00:00+14:00", "2026-04-30T22:00:00Z"},
		{"0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z"},
		{"0001-01-01T00:00:00.000000001Z", "0001-01-01T00:00:00.000001Z"},
		{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
		{"0001-01-01T00:00:00+01:00", "0000-12-31T23:00:00Z"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
		{"9999-12-31T23:59:59-12:00", "+10000-01-01T11:59:59Z"},
	} {
		i := inventory.InstantOf(at(c.from))
		require.True(t, i.Known(), c.from)
		if c.want[0] == '+' {
			require.Equal(t, 10000, i.Time().Year())
			continue
		}
		require.Equal(t, at(c.want).UTC(), i.Time(), c.from)
	}
}

func TestTheZeroTimeIsUnknown(t *testing.T) {
	for _, zero := range []time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 3, 0, 0, 0, time.FixedZone("", 3*3600))} {
		require.Equal(t, inventory.UnknownInstant, inventory.InstantOf(zero))
	}
	require.False(t, inventory.UnknownInstant.Known())
	require.True(t, inventory.UnknownInstant.Time().IsZero())
	require.True(t, inventory.Instant(0).Known())
}

// Times that no text can hold still come from programs. None may wrap round:
// what is far in the future is not ancient.
func TestTimesBeyondTheRangeOfAnInstant(t *testing.T) {
	for _, seconds := range []int64{math.MaxInt64/1_000_000 + 1, math.MaxInt64 / 1_000_000, 1 << 50, 1 << 60} {
		future, past := time.Unix(seconds, 999_999_999), time.Unix(-seconds, 0)
		require.Greater(t, inventory.InstantOf(future), inventory.InstantOf(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
		require.True(t, inventory.InstantOf(past).Known())
		require.Less(t, inventory.InstantOf(past), inventory.InstantOf(time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)))
	}
}
