// Package quantity reads the quantities of Kubernetes: the amounts in LimitRanges and
// ResourceQuotas.
package quantity

import (
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Parse reads a Kubernetes quantity, as "10Gi", "1500M", "2e9" or
// "1.5Ti", and returns its whole part, at most the largest int64: a size in
// bytes is above the quantity exactly where it is above that.
func Parse(s string) (int64, error) {
	digits := strings.TrimRight(s, "mkKMGTPEinu")
	suffix := s[len(digits):]
	factor, ok := factors[suffix]
	if !ok || digits == "" || len(digits) > 64 {
		return 0, fmt.Errorf("%.40q is not a quantity", s)
	}
	if i := strings.IndexAny(digits, "eE"); i >= 0 && (suffix != "" || len(digits)-i > 4) {
		return 0, fmt.Errorf("%.40q is not a quantity", s)
	}
	if strings.ContainsAny(digits, "_xXpPbBoO/") {
		return 0, fmt.Errorf("%.40q is not a quantity", s)
	}
	value, ok := new(big.Rat).SetString(digits)
	if !ok {
		return 0, fmt.Errorf("%.40q is not a quantity", s)
	}
	value.Mul(value, factor)
	if value.Sign() < 0 {
		return 0, fmt.Errorf("%.40q is negative", s)
	}
	whole := new(big.Int).Quo(nanos(value), big.NewInt(1e9))
	if !whole.IsInt64() {
		return math.MaxInt64, nil
	}
	return whole.Int64(), nil
}

// nanos returns a value in billionths, the finest that Kubernetes keeps: it
// rounds up what is finer.
func nanos(value *big.Rat) *big.Int {
	scaled := new(big.Rat).Mul(value, big.NewRat(1e9, 1))
	n, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	return n
}

// factors are the suffixes of the Kubernetes API conventions: decimal ones, and
// binary ones with an i.
var factors = func() map[string]*big.Rat {
	f := map[string]*big.Rat{
		"": big.NewRat(1, 1), "m": big.NewRat(1, 1e3), "u": big.NewRat(1, 1e6), "n": big.NewRat(1, 1e9),
	}
	for i, letter := range []string{"k", "M", "G", "T", "P", "E"} {
		n := int64(i) + 1
		f[letter] = new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(1000), big.NewInt(n), nil))
		f[strings.ToUpper(letter)+"i"] = new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(1024), big.NewInt(n), nil))
	}
	return f
}()
