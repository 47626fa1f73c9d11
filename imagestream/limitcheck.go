package imagestream

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/registrykit/registrykit/internal/quantity"
)

// Excess is a limit that is exceeded, and by how much. String says it to a user.
type Excess struct {
	// Object is what is too much, as in ImageStream dev/app.
	Object string
	// LimitedBy is the object that holds the limit, as in LimitRange dev/sizes.
	LimitedBy string
	// Type is the limit's type in a LimitRange; empty in a quota.
	Type     LimitType
	Resource ResourceName
	// Limit is what is allowed at most, and Usage what there is or would be: a
	// number, or bytes for [ResourceStorage].
	Limit, Usage int64
	// Unknown is true for a quota of which it is not known how much is used.
	// The API server creates nothing then; Usage is only what is to be created.
	Unknown bool
}

// Over is how much the usage is above the limit; 0 where it is Unknown.
func (e Excess) Over() int64 {
	if e.Unknown {
		return 0
	}
	return e.Usage - e.Limit
}

// CheckStreamLimits says which limits on the number of images and of tags keep
// the API server from storing a stream. old is the stream as it is stored, nil
// where there is none. limits are the LimitRanges of its namespace; those of
// other namespaces are passed over.
//
// Of several limits on the same, the smallest counts. A stream that is above one
// already may still be changed, as long as it has no image and no source that it
// did not have: an update with such a new one is refused even where the numbers
// shrink, if one is still above a limit. The result is in the order images, tags.
//
// The error is an [*Error] of class [ErrInvalidObject], for a quantity that is
// none; it names the LimitRange and the field.
func CheckStreamLimits(old, stream *ImageStream, limits []LimitRange) ([]Excess, error) {
	if stream == nil {
		return nil, nil
	}
	usage := stream.Usage()
	var found []Excess
	for _, resource := range []ResourceName{ResourceImageStreamImages, ResourceImageStreamTags} {
		limit, err := smallestLimit(limits, stream.Namespace, LimitTypeImageStream, resource)
		if err != nil {
			return nil, err
		}
		if limit != nil && usage.Count(resource) > limit.Limit {
			limit.Object, limit.Usage = describe("ImageStream", stream.Namespace, stream.Name), usage.Count(resource)
			found = append(found, *limit)
		}
	}
	if !grows(old.Usage(), usage) {
		return nil, nil
	}
	return found, nil
}

// grows says whether there is an image or a source that was not there. More of
// them there cannot be without.
func grows(old, now StreamUsage) bool {
	return hasNew(old.Images, now.Images) || hasNew(old.References, now.References)
}

func hasNew(old, now []string) bool {
	return slices.ContainsFunc(now, func(s string) bool {
		_, known := slices.BinarySearch(old, s)
		return !known
	})
}

// CheckImageLimits says which limit on the size of an image keeps the API server
// from taking it into a stream of a namespace by a push. (It does not look at
// images that are imported.) There is at most one: the smallest of the limits,
// which are passed over where they are of another namespace.
//
// An image of which not all is known is above a limit where what is known is;
// [Image.Usage] says which are. The error is an [*Error] of class
// [ErrInvalidObject], for a quantity or metadata that do not parse.
func CheckImageLimits(image *Image, namespace string, limits []LimitRange) ([]Excess, error) {
	limit, err := smallestLimit(limits, namespace, LimitTypeImage, ResourceStorage)
	if err != nil || limit == nil {
		return nil, err
	}
	usage, err := image.Usage() // which is nothing for nil
	if err != nil || usage.Bytes <= limit.Limit {
		return nil, err
	}
	limit.Object, limit.Usage = describe("Image", "", image.Name), usage.Bytes
	return []Excess{*limit}, nil
}

// smallestLimit returns the smallest maximum of a resource, as an Excess to fill
// in; nil where there is none. Of equal ones it is that of the first name.
func smallestLimit(limits []LimitRange, namespace string, kind LimitType, resource ResourceName) (*Excess, error) {
	var found *Excess
	for i := range limits {
		l := &limits[i]
		if l.Namespace != "" && l.Namespace != namespace {
			continue
		}
		for j, item := range l.Limits {
			text, ok := item.Max[resource]
			if item.Type != kind || !ok {
				continue
			}
			object := describe(kindLimitRange, l.Namespace, l.Name)
			limit, err := readQuantity(text, object, "spec.limits["+strconv.Itoa(j)+"].max["+string(resource)+"]")
			if err != nil {
				return nil, err
			}
			if found == nil || cmp.Or(cmp.Compare(limit, found.Limit), cmp.Compare(object, found.LimitedBy)) < 0 {
				found = &Excess{LimitedBy: object, Type: kind, Resource: resource, Limit: limit}
			}
		}
	}
	return found, nil
}

// CheckStreamQuota says which quotas keep the API server from creating so many
// image streams in a namespace: one for a new stream, or for a tag, an import or
// a push that creates its stream. quotas are those of the namespace; those of
// others are passed over, and those without a namespace are ClusterResourceQuotas
// that cover it.
//
// A quota limits streams by [ResourceImageStreams], or by
// count/imagestreams.image.openshift.io as it does every kind of object. The
// result is in the order of the quotas. The error is an [*Error] of class
// [ErrInvalidObject], for a quantity that is none.
func CheckStreamQuota(namespace string, creates int64, quotas []ResourceQuota) ([]Excess, error) {
	if creates <= 0 {
		return nil, nil
	}
	var found []Excess
	for i := range quotas {
		q := &quotas[i]
		if q.Namespace != "" && q.Namespace != namespace {
			continue
		}
		for _, resource := range []ResourceName{ResourceImageStreams, ResourceImageStreamObjects} {
			e, err := q.check(resource, creates)
			if err != nil {
				return nil, err
			}
			if e != nil {
				e.Object = "namespace " + namespace
				found = append(found, *e)
			}
		}
	}
	return found, nil
}

func (q *ResourceQuota) check(resource ResourceName, creates int64) (*Excess, error) {
	hardText, ok := q.Hard[resource]
	if !ok {
		return nil, nil
	}
	hard, err := readQuantity(hardText, q.describe(), "spec.hard["+string(resource)+"]")
	if err != nil {
		return nil, err
	}
	e := &Excess{LimitedBy: q.describe(), Resource: resource, Limit: hard, Usage: creates}
	usedText, ok := q.Used[resource]
	if !ok {
		e.Unknown = true
		return e, nil
	}
	used, err := readQuantity(usedText, q.describe(), "status.used["+string(resource)+"]")
	if err != nil {
		return nil, err
	}
	if creates <= hard-used {
		return nil, nil
	}
	// Neither is negative, so the difference has a place; the sum may not.
	e.Usage = max(used, creates, used+creates)
	return e, nil
}

func (q *ResourceQuota) describe() string {
	if q.Namespace == "" {
		return describe(kindClusterResourceQuota, "", q.Name)
	}
	return describe(kindResourceQuota, q.Namespace, q.Name)
}

func readQuantity(text, object, field string) (int64, error) {
	n, err := quantity.Parse(text)
	if err != nil {
		return 0, &Error{Op: "read", Object: object, Field: field, Reason: err.Error(), Err: ErrInvalidObject}
	}
	return n, nil
}
