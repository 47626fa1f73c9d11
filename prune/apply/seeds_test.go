package apply_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds are those of random tests: REGISTRYKIT_SEEDS says how many instead of so
// many, REGISTRYKIT_FIRST_SEED from where on.
func seeds(t testing.TB, otherwise uint64) (first, end uint64) {
	number := func(variable string, otherwise uint64) uint64 {
		s := os.Getenv(variable)
		if s == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err, variable)
		return n
	}
	first = number("REGISTRYKIT_FIRST_SEED", 0)
	return first, first + number("REGISTRYKIT_SEEDS", otherwise)
}
