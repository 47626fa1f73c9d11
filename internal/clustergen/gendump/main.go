// Gendump writes the dump of a big made-up cluster to standard output. All times
// in it are relative to 2026-11-01T00:00:00Z.
//
//	go run ./internal/clustergen/gendump 100000 > dump.json
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/registrykit/registrykit/internal/clustergen"
)

func main() {
	var o clustergen.Options
	flag.Uint64Var(&o.Seed, "seed", 1, "another `number` gives another cluster")
	flag.BoolVar(&o.Indent, "indent", false, "indent by four spaces, as oc does")
	flag.BoolVar(&o.KindFirst, "kind-first", false, "write kinds before what they are of")
	flag.IntVar(&o.PodBytes, "pod-bytes", 0, "fill Pods up to this `size`; real ones have 10000")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: gendump [flags] IMAGES > dump.json")
		flag.PrintDefaults()
	}
	flag.Parse()
	images, err := strconv.Atoi(flag.Arg(0))
	if err != nil || flag.NArg() != 1 || images < 0 {
		flag.Usage()
		os.Exit(1)
	}
	o.Images = images
	if err := o.Write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gendump:", err)
		os.Exit(1)
	}
}
