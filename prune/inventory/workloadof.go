package inventory

import (
	"errors"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/workload"
)

// WorkloadOf turns what package workload read into the fact that a
// Builder takes. A controller that follows a watch puts it in the place of what
// it knew of the object, and says so where it could not read the object: it may
// use any image.
//
//	result, err := workload.FromMap(object, nil)
//	if err != nil {
//		builder.Unread(inventory.KindOf(apiVersion, kind), namespace, name)
//		return err
//	}
//	err = builder.ReplaceWorkload(inventory.WorkloadOf(result, nil))
//
// The References of the result are appended to uses, which may be nil.
//
// A Pod without a phase counts as running: somebody may have left out its
// status.
func WorkloadOf(result workload.Result, uses []Reference) Workload {
	object := result.Object
	apiVersion := object.Group + "/" + object.Version
	if object.Group == "" {
		apiVersion = "v1"
	}
	kind := KindOf(apiVersion, object.Kind)
	for _, r := range result.References {
		use := Reference{
			Field: r.Field, Source: string(r.Source), Value: r.Value,
			Namespace: r.Namespace, Stream: r.Stream, Tag: r.Tag, Digest: r.Digest,
		}
		if r.Err != nil {
			use.Err = reason(r.Err)
		}
		uses = append(uses, use)
	}
	return Workload{
		Group: object.Group, Kind: kind, Namespace: object.Namespace, Name: object.Name,
		Created: result.Created, Finished: result.Finished && result.Phase != "", References: uses,
	}
}

// reason says why a reference does not parse, without the value, which stands
// beside it.
func reason(err error) string {
	var e *imagestream.Error
	if errors.As(err, &e) && e.Reason != "" {
		return e.Reason
	}
	return err.Error()
}
