package naiveplan_test

import (
	"math/rand/v2"
	"testing"
)

// FuzzPlan compares the planners on clusters that the fuzzer's bytes decide:
// they are the random numbers. Reading and planning are concurrent, so one input
// never covers quite the same code twice; -fuzzminimizetime 5x keeps the fuzzer
// from spending its time on that.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("a cluster of which all is known"))
	f.Fuzz(func(t *testing.T, b []byte) {
		comparePlanners(t, 0, rand.New(&bytesSource{bytes: b, rest: rand.NewPCG(uint64(len(b)), 0)}))
	})
}

// FuzzAnyPolicy does the same with policies that the bytes decide as well.
func FuzzAnyPolicy(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("the preset, of a cluster of which all is known"))
	f.Add([]byte("\x00\x01rules of whatever kind, with labels that nobody read"))
	f.Fuzz(func(t *testing.T, b []byte) {
		compareOnPolicy(t, 0, rand.New(&bytesSource{bytes: b, rest: rand.NewPCG(uint64(len(b)), 2)}))
	})
}

// A bytesSource gives two of its bytes as one random number, spread so that
// both the upper and the lower bits vary, and once they are used up the numbers
// of another source.
type bytesSource struct {
	bytes []byte
	rest  rand.Source
}

func (s *bytesSource) Uint64() uint64 {
	if len(s.bytes) < 2 {
		return s.rest.Uint64()
	}
	n := uint64(s.bytes[0])<<8 | uint64(s.bytes[1])
	s.bytes = s.bytes[2:]
	return n * 0x9e3779b97f4a7c15
}
