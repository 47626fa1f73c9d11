package apply_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// tooLong reports whether a plan has too many actions for a test that carries it
// out once for each of them. Where REGISTRYKIT_SEEDS is set, none has.
func tooLong(plan *prune.Plan) bool {
	return plan.Summary.Actions() > 60 && os.Getenv("REGISTRYKIT_SEEDS") == ""
}

// seeds are those of random tests: REGISTRYKIT_SEEDS says how many instead of so
// many, or with -short a third of them, REGISTRYKIT_FIRST_SEED from where on.
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
	if testing.Short() {
		otherwise = (otherwise + 2) / 3
	}
	first = number("REGISTRYKIT_FIRST_SEED", 0)
	return first, first + number("REGISTRYKIT_SEEDS", otherwise)
}
