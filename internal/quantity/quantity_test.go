package quantity

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The expected values follow the grammar of Kubernetes' resource.Quantity, which
// allows a decimal suffix, a binary one or an exponent, and rounds up what is
// finer than a billionth.
func TestQuantities(t *testing.T) {
	const ki = 1024
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "+0": 0, "00": 0, "0Ki": 0, "0.0": 0, "0e5": 0, "-0Gi": 0,
		"1": 1, "+1": 1, "007": 7, "1500": 1500,
		"10Gi": 10 * ki * ki * ki, "1.5Ti": 1536 * ki * ki * ki, "1Ki": ki, "1Mi": ki * ki, "1Pi": ki * ki * ki * ki * ki, "1Ei": 1 << 60, ".5Ki": 512, "5.Ki": 5 * ki,
		"1k": 1e3, "1500M": 1.5e9, "2G": 2e9, "3T": 3e12, "4P": 4e15, "1E": 1e18, "0.5k": 500,
		"2e9": 2e9, "2E9": 2e9, "2e+9": 2e9, "1E3": 1000, "15e-1": 1, "1e0": 1, "1.5e3": 1500, "0.001e3": 1,
		"100m": 0, "1000m": 1, "1999m": 1, "1000000u": 1, "1000000000n": 1, "999999999n": 0,
		"1.9": 1, "0.999": 0, "0.0000000001": 0, "1.9999999999": 2, "1.999999999": 1, "0.9999999999999": 1, "1.0000000001": 1,
		"8Ei": math.MaxInt64, "9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64, "1e400": math.MaxInt64, "1000E": math.MaxInt64, "9e99": math.MaxInt64,
		"7Ei": 7 << 60, "9223372036854775806": math.MaxInt64 - 1, "9.223372036854775806E": math.MaxInt64 - 1,
		"1e-20": 0, "1e-99": 0,
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", " ", "1 ", " 1", "1 Gi", "Gi", "m", "e", "E", ".", "-", "+", "+-1", "--1", "1..5", "1.5.5", "1,5", "1/2", "1_000", "0x10", "0b1", "0o7", "0x1p4", "1p4",
		"1K", "1ki", "1KI", "1gi", "1g", "1GB", "1GiB", "1Gib", "1mi", "1ni", "1EE", "1e3k", "1e3Ki", "1E3E", "1e", "1e+", "1Ee3", "1e1.5", "1ee3", "1kk", "1Kii", "1i",
		"Inf", "inf", "+Inf", "NaN", "nan", "infinity", "1d", "1f", "١", "1\x00", "1e9999", "1e-9999", strings.Repeat("9", 100), strings.Repeat("9", 1<<20), "1\n", "0,5",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, "is not a quantity", "%.20q", text)
		require.Less(t, len(err.Error()), 300)
	}
	for _, text := range []string{"-1", "-1Gi", "-0.5", "-1m", "-1e3"} {
		_, err := Parse(text)
		require.ErrorContains(t, err, "is negative", text)
	}
}

// Whatever a quantity is, it is read as what its parts say.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{"10Gi", "1.5e3", "1E", "-1", "1/2", "0.0000000001", "+.5Ki"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, got, int64(0))
		require.Regexp(t, `^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)$`, text)
		number := strings.TrimRight(text, "numkKMGTPEi")
		if number == text {
			exact, ok := new(big.Rat).SetString(text)
			require.True(t, ok)
			if whole := new(big.Int).Quo(exact.Num(), exact.Denom()); whole.IsInt64() && exact.IsInt() {
				require.Equal(t, whole.Int64(), got)
			}
		}
	})
}
