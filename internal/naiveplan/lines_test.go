package naiveplan_test

import (
	"fmt"
	"slices"

	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune"
)

// lines lists what sets delete, one a line, sorted, so that they can be compared
// and a difference can be read.
func lines(s naiveplan.Sets) []string {
	list := []string{fmt.Sprint("references that do not parse: ", s.InvalidReferences, " invalid, ", s.IgnoredReferences, " ignored")}
	for _, i := range s.TagItems {
		list = append(list, fmt.Sprintf("tag item %s:%s#%d %s", i.Stream, i.Tag, i.Index, i.Image))
	}
	for _, l := range s.LayerLinks {
		list = append(list, "layer link "+l.Repository+" "+l.Digest)
	}
	for _, l := range s.ManifestLinks {
		list = append(list, "manifest link "+l.Repository+" "+l.Digest)
	}
	for _, b := range s.Blobs {
		list = append(list, "blob "+b)
	}
	for _, i := range s.Images {
		list = append(list, "image "+i)
	}
	slices.Sort(list)
	return list
}

// setsOf returns what a plan of the real planner deletes.
func setsOf(plan *prune.Plan) naiveplan.Sets {
	s := naiveplan.Sets{InvalidReferences: len(plan.InvalidReferences)}
	if plan.Policy.IgnoreInvalidReferences {
		s = naiveplan.Sets{IgnoredReferences: len(plan.InvalidReferences)}
	}
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			s.TagItems = append(s.TagItems, naiveplan.TagItem{Stream: a.Stream, Tag: a.Tag, Index: a.Index, Image: a.Image})
		case prune.DeleteLayerLink:
			s.LayerLinks = append(s.LayerLinks, naiveplan.Link{Repository: a.Repository, Digest: a.Digest})
		case prune.DeleteManifestLink:
			s.ManifestLinks = append(s.ManifestLinks, naiveplan.Link{Repository: a.Repository, Digest: a.Digest})
		case prune.DeleteBlob:
			s.Blobs = append(s.Blobs, a.Digest)
		case prune.DeleteImage:
			s.Images = append(s.Images, a.Image)
		}
	}
	return s
}
