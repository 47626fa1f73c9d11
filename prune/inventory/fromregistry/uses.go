package fromregistry

import (
	"strings"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// UsesSource is the source of the references that [Uses] adds.
const UsesSource = "registry"

// Uses returns a workload with references to the repositories of a registry, for each
// of its pull specs that names the registry by one of its hosts, with the port 443 or 80
// or without. The references that it has stay. Those name streams, which have a namespace
// and a single name; the repositories of a registry have names of any depth. w is not
// changed.
func Uses(w inventory.Workload, hosts ...string) inventory.Workload {
	references := w.References[:len(w.References):len(w.References)]
	for _, r := range w.References {
		ref, err := imagestream.ParsePullSpecStrict(r.Value)
		if err != nil || !isOne(hosts, ref.Registry) {
			continue
		}
		use := inventory.Reference{Field: r.Field, Source: UsesSource, Value: r.Value, Digest: ref.ID}
		use.Namespace, use.Stream = Split(ref.RepositoryName())
		if use.Digest == "" {
			use.Tag = ref.Tag
			if use.Tag == "" {
				use.Tag = imagestream.DefaultImageTag
			}
		}
		references = append(references, use)
	}
	w.References = references
	return w
}

func isOne(hosts []string, host string) bool {
	for _, h := range hosts {
		if strings.EqualFold(withoutPort(h), withoutPort(host)) {
			return true
		}
	}
	return false
}

// withoutPort takes the port off that HTTPS or HTTP has anyway.
func withoutPort(host string) string {
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}
