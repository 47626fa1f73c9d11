package workload

import (
	"strings"
	"time"
)

// An Object identifies a Kubernetes object.
type Object struct {
	Group     string // "" is the core group
	Version   string // "" where the object does not say it
	Kind      string
	Namespace string // "" for an object of the whole cluster
	Name      string
}

// String returns the kind, the namespace and the name: "Pod dev/web", or
// "ClusterVersion version" for an object without a namespace.
func (o Object) String() string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + o.Name
	}
	kind := o.Kind
	if kind == "" {
		kind = "object"
	}
	return strings.TrimSuffix(kind+" "+name, " ")
}

// A Result is what one object says about images.
type Result struct {
	Object Object

	// Created is metadata.creationTimestamp in UTC; zero where it is absent.
	Created time.Time

	// Phase is the status.phase of a Pod, "" for everything else.
	Phase string

	// Finished says that this is a Pod whose phase is none of Running, Pending
	// and Unknown. Its references are here all the same, but a planner counts
	// those of the Peer only while the pod is young, and where it is not, it
	// does not mind when they do not parse.
	Finished bool

	// References come in the order of their fields in the text, one for a field.
	References []Reference
}
