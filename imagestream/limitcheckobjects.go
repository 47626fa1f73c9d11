package imagestream

import (
	"encoding/json"
)

const (
	// ResourceStorage is the size of an image in bytes, in a limit of
	// [LimitTypeImage].
	ResourceStorage ResourceName = "storage"
	// ResourceImageStreamObjects is the number of image streams in a
	// namespace, by the name that quotas have for objects of any kind.
	ResourceImageStreamObjects ResourceName = "count/imagestreams." + GroupName
)

const (
	kindLimitRange           = "LimitRange"
	kindResourceQuota        = "ResourceQuota"
	kindClusterResourceQuota = "ClusterResourceQuota"
)

// Quantities are amounts of resources as Kubernetes writes them: 50, 10Gi, 1e9.
// They are read when they are needed, so what does not parse in a resource that
// is not about images does no harm.
type Quantities map[ResourceName]string

// LimitRange is what a LimitRange says of images and streams. [ReadLimitRange]
// reads one from JSON.
type LimitRange struct {
	// Namespace may be empty, and is then that of whatever is checked.
	Namespace, Name string
	Limits          []LimitRangeItem
}

// LimitRangeItem is one item of a LimitRange. Types other than [LimitTypeImage]
// and [LimitTypeImageStream] play no part.
type LimitRangeItem struct {
	Type LimitType
	// Max are the largest amounts that are allowed.
	Max Quantities
}

// ResourceQuota is a ResourceQuota, or a ClusterResourceQuota where Namespace is
// empty. [ReadResourceQuota] reads one from JSON.
type ResourceQuota struct {
	Namespace, Name string
	// Hard are the largest amounts that are allowed, and Used what there is,
	// as the quota's status has it.
	Hard, Used Quantities
}

// ReadLimitRange reads a LimitRange of the API, in JSON. The error is an [*Error]
// of class [ErrInvalidObject].
func ReadLimitRange(data []byte) (LimitRange, error) {
	var o struct {
		Kind     string     `json:"kind"`
		Metadata objectName `json:"metadata"`
		Spec     struct {
			Limits []struct {
				Type LimitType      `json:"type"`
				Max  jsonQuantities `json:"max"`
			} `json:"limits"`
		} `json:"spec"`
	}
	if err := readLimitObject(data, &o, &o.Kind, kindLimitRange); err != nil {
		return LimitRange{}, err
	}
	l := LimitRange{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
	for _, item := range o.Spec.Limits {
		l.Limits = append(l.Limits, LimitRangeItem{item.Type, Quantities(item.Max)})
	}
	return l, nil
}

// ReadResourceQuota reads a ResourceQuota or a ClusterResourceQuota of the API,
// in JSON. The error is an [*Error] of class [ErrInvalidObject].
func ReadResourceQuota(data []byte) (ResourceQuota, error) {
	type amounts struct {
		Hard jsonQuantities `json:"hard"`
		Used jsonQuantities `json:"used"`
	}
	var o struct {
		Kind     string     `json:"kind"`
		Metadata objectName `json:"metadata"`
		Spec     struct {
			amounts
			Quota amounts `json:"quota"` // of a ClusterResourceQuota
		} `json:"spec"`
		Status struct {
			amounts
			Total amounts `json:"total"` // of a ClusterResourceQuota
		} `json:"status"`
	}
	if err := readLimitObject(data, &o, &o.Kind, kindResourceQuota, kindClusterResourceQuota); err != nil {
		return ResourceQuota{}, err
	}
	q := ResourceQuota{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
	if o.Kind == kindClusterResourceQuota {
		q.Namespace = ""
		q.Hard, q.Used = Quantities(o.Spec.Quota.Hard), Quantities(o.Status.Total.Used)
	} else {
		q.Hard, q.Used = Quantities(o.Spec.Hard), Quantities(o.Status.Used)
	}
	return q, nil
}

type objectName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// readLimitObject reads an object of one of the kinds, or one that does not say.
func readLimitObject(data []byte, object any, kind *string, kinds ...string) error {
	wrong := func(field, reason string) error {
		return &Error{Op: "read", Object: kinds[0], Field: field, Reason: reason, Err: ErrInvalidObject}
	}
	if len(data) > maxLimitObject {
		return wrong("", "it is larger than 4 MiB")
	}
	if err := json.Unmarshal(data, object); err != nil {
		return wrong("", err.Error())
	}
	if *kind == "" {
		return nil
	}
	for _, k := range kinds {
		if *kind == k {
			return nil
		}
	}
	return wrong("kind", "it is "+quoteShort(*kind))
}

// maxLimitObject is more than an API server stores.
const maxLimitObject = 4 << 20

// jsonQuantities are quantities in JSON, where they may be numbers too.
type jsonQuantities Quantities

func (q *jsonQuantities) UnmarshalJSON(data []byte) error {
	var raw map[ResourceName]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil || raw == nil {
		*q = nil
		return err
	}
	*q = make(jsonQuantities, len(raw))
	for resource, value := range raw {
		text := string(value)
		if len(value) > 0 && value[0] == '"' {
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		}
		if text == "null" {
			continue
		}
		(*q)[resource] = text
	}
	return nil
}
