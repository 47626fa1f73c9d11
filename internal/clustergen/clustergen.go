// Package clustergen writes dumps of big made-up clusters, for benchmarks and
// for trying programs on.
//
// A cluster of n images has n/12 streams. Each has the tags latest and stable
// with five items each, and two images more that no stream lists any longer.
// An image has eight layers, five of them of one of n/50 bases, and about
// 5.6 kB of JSON. Three streams in ten are used by tag, and one item in twelve
// by digest, half of these by a Pod and half by a Deployment.
package clustergen

import (
	"io"
	"time"
)

// Now is the instant that all times in a dump are relative to, and at which a
// plan is to be made.
func Now() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// Options say what dump to write. The zero value is an empty cluster.
type Options struct {
	Images int
	// Seed makes another cluster of the same shape. The same options give the
	// same bytes.
	Seed uint64
	// Indent writes as `oc get -o json` does, in lines that are indented by
	// four spaces. Otherwise there is no white space.
	Indent bool
	// KindFirst writes an Image's kind and metadata ahead of its layers, and a
	// list's ahead of its items. Otherwise keys are sorted, as oc sorts them.
	KindFirst bool
	// PodBytes is the size that Pods are filled up to, with the volumes, events
	// and managed fields that real ones have; they have some 10,000 bytes. A
	// smaller number, such as 0, leaves them bare.
	PodBytes int
}

// Write writes the dump of a cluster, compact and with bare pods.
func Write(w io.Writer, images int, seed uint64) error {
	return Options{Images: images, Seed: seed}.Write(w)
}

// Write writes a v1 List in the order in which kinds are best listed: Pods,
// Deployments, ImageStreams, Images. It fails where w does.
func (o Options) Write(w io.Writer) error {
	c := cluster{Options: o, p: printer{w: w, indent: o.Indent}}
	p := &c.p
	p.object()
	p.field("apiVersion").text("v1")
	if o.KindFirst {
		c.listKind()
	}
	p.field("items").array()
	for s := range c.streams() {
		c.pods(c.stream(s))
	}
	for s := range c.streams() {
		c.deployments(c.stream(s))
	}
	for s := range c.streams() {
		c.imageStream(c.stream(s))
	}
	for s := range c.streams() {
		c.images(c.stream(s))
	}
	p.end(']')
	if !o.KindFirst {
		c.listKind()
	}
	p.end('}')
	return p.finish()
}

func (c *cluster) listKind() {
	c.p.field("kind").text("List")
	c.p.field("metadata").object()
	c.p.field("resourceVersion").text("")
	c.p.end('}')
}
