package dump

import (
	"errors"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// WorkloadOf turns what package workload read into the fact that an
// inventory.Builder takes. A controller that follows a watch forgets the object
// and adds it again:
//
//	result, err := workload.FromMap(object, nil)
//	w := dump.WorkloadOf(result)
//	builder.ForgetWorkload(w.Group, w.Kind, w.Namespace, w.Name)
//	err = builder.AddWorkload(w)
//
// A Pod without a phase counts as running: somebody may have left out its
// status.
func WorkloadOf(result workload.Result) inventory.Workload {
	object := result.Object
	apiVersion := object.Group + "/" + object.Version
	if object.Group == "" {
		apiVersion = "v1"
	}
	return workloadOf(result, kindOf(apiVersion, object.Kind), nil)
}

// workloadOf uses the memory of uses.
func workloadOf(result workload.Result, kind inventory.Kind, uses []inventory.Reference) inventory.Workload {
	for _, r := range result.References {
		use := inventory.Reference{
			Field: r.Field, Source: string(r.Source), Value: r.Value,
			Namespace: r.Namespace, Stream: r.Stream, Tag: r.Tag, Digest: r.Digest,
		}
		if r.Err != nil {
			use.Err = reason(r.Err)
		}
		uses = append(uses, use)
	}
	object := result.Object
	return inventory.Workload{
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
