package main

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// A heap keeps memory small without collecting garbage all the time. Nearly
// everything that is read lives on, so that a collection frees little: up to
// calmBytes there is none, and beyond that one for each twentieth that is added.
// A nil heap leaves the process as it is.
type heap struct{ grown bool }

// memory is the heap of the program; nil in tests, which have other things in
// theirs.
var memory *heap

const (
	calmBytes    = 84 << 20
	growsPercent = 5
)

func newHeap() *heap {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(calmBytes)
	return &heap{}
}

// check ends the calm before the limit would have the collector run all the
// time.
func (h *heap) check() {
	if h == nil || h.grown {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 || live[0].Value.Uint64() > calmBytes*2/3 {
		h.grown = true
		debug.SetGCPercent(growsPercent)
		debug.SetMemoryLimit(math.MaxInt64)
	}
}
