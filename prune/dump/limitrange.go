package dump

import (
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/quantity"
	"github.com/registrykit/registrykit/internal/rawjson"
	"github.com/registrykit/registrykit/prune/inventory"
)

// limitRange reads the limits on the size of an image. The smallest counts.
func (o *objects) limitRange(text []byte, offset int64) error {
	l := inventory.Limit{MaxImageSize: -1, Origin: o.d.originOf(offset)}
	r := &o.r
	r.Reset(text)
	for key := range r.Object() {
		switch string(key) {
		case "metadata":
			for key := range r.Object() {
				switch string(key) {
				case "namespace":
					l.Namespace = r.String()
				case "name":
					l.Name = r.String()
				case "creationTimestamp":
					o.seen(timestamp(r))
				}
			}
		case "spec":
			for key := range r.Object() {
				if string(key) == "limits" {
					readLimits(r, &l)
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	return o.d.builder.AddLimit(l)
}

func readLimits(r *rawjson.Reader, l *inventory.Limit) {
	for range r.Array() {
		var kind string
		limit := int64(-1)
		for key := range r.Object() {
			switch string(key) {
			case "type":
				kind = r.String()
			case "max":
				for key := range r.Object() {
					if string(key) == "storage" {
						limit = readQuantity(r)
					}
				}
			}
		}
		if kind == string(imagestream.LimitTypeImage) && limit >= 0 && (l.MaxImageSize < 0 || limit < l.MaxImageSize) {
			l.MaxImageSize = limit
		}
	}
}

// readQuantity reads a quantity, which may be written as a number, too; -1 is none.
func readQuantity(r *rawjson.Reader) int64 {
	at := *r
	var s string
	switch k := r.Kind(); {
	case k == 'n':
		r.Skip()
		return -1
	case k == '-' || k >= '0' && k <= '9':
		s = string(r.Raw())
	default:
		s = r.String()
	}
	n, err := quantity.Parse(s)
	if err != nil && r.Err() == nil {
		*r = at
		r.Fail(err)
	}
	return n
}
