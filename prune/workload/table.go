package workload

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A TableEntry names a field that holds a pull spec in every object of a kind,
// whatever its version.
//
// The path has the form of a [Reference]'s Field, with [] for each element of an
// array and * for each member of an object:
//
//	spec.relatedImages[].image
//	spec.images.*
//	metadata.annotations["example.com/image"]
//
// A field that is absent, blank or not a string names nothing. A field that is
// found without the table as well is reported once, and not as of the table.
type TableEntry struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Path  string `json:"path"`
}

// DefaultTable returns the entries that always apply: fields of well-known
// operators that hold an image and do not look like a container.
func DefaultTable() []TableEntry {
	return []TableEntry{
		{"argoproj.io", "ArgoCD", "spec.image"},
		{"config.openshift.io", "ClusterVersion", "spec.desiredUpdate.image"},
		{"config.openshift.io", "ClusterVersion", "status.desired.image"},
		{"config.openshift.io", "ClusterVersion", "status.history[].image"},
		{"hive.openshift.io", "ClusterImageSet", "spec.releaseImage"},
		{"hypershift.openshift.io", "HostedCluster", "spec.release.image"},
		{"hypershift.openshift.io", "NodePool", "spec.release.image"},
		{"kafka.strimzi.io", "Kafka", "spec.kafka.image"},
		{"kafka.strimzi.io", "KafkaConnect", "spec.image"},
		{"kmm.sigs.x-k8s.io", "Module", "spec.moduleLoader.container.kernelMappings[].containerImage"},
		{"machineconfiguration.openshift.io", "MachineConfig", "spec.osImageURL"},
		{"monitoring.coreos.com", "Alertmanager", "spec.image"},
		{"monitoring.coreos.com", "Prometheus", "spec.image"},
		{"monitoring.coreos.com", "PrometheusAgent", "spec.image"},
		{"monitoring.coreos.com", "ThanosRuler", "spec.image"},
		{"opentelemetry.io", "OpenTelemetryCollector", "spec.image"},
		{"operators.coreos.com", "CatalogSource", "spec.image"},
		{"operators.coreos.com", "ClusterServiceVersion", "spec.relatedImages[].image"},
		{"postgresql.cnpg.io", "Cluster", "spec.imageName"},
		{"postgresql.cnpg.io", "ClusterImageCatalog", "spec.images[].image"},
		{"postgresql.cnpg.io", "ImageCatalog", "spec.images[].image"},
		{"serving.knative.dev", "Revision", "status.containerStatuses[].imageDigest"},
		{"serving.knative.dev", "Revision", "status.initContainerStatuses[].imageDigest"},
		{"shipwright.io", "Build", "spec.output.image"},
		{"shipwright.io", "BuildRun", "spec.output.image"},
		{"sparkoperator.k8s.io", "SparkApplication", "spec.image"},
		{"sparkoperator.k8s.io", "SparkApplication", "spec.driver.image"},
		{"sparkoperator.k8s.io", "SparkApplication", "spec.executor.image"},
	}
}

// table has the paths of each kind.
type table map[groupKind][]string

type groupKind struct{ group, kind string }

var defaultTable = sync.OnceValue(func() table {
	t := make(table)
	for _, e := range DefaultTable() {
		t.add(e)
	}
	return t
})

func newTable(more []TableEntry) (table, error) {
	if len(more) == 0 {
		return defaultTable(), nil
	}
	t := make(table)
	for _, e := range append(DefaultTable(), more...) {
		if err := checkPath(e.Path); err != nil {
			return nil, fmt.Errorf("table entry for %s.%s, path %q: %w", e.Kind, e.Group, e.Path, err)
		}
		t.add(e)
	}
	return t, nil
}

func (t table) add(e TableEntry) {
	of := groupKind{e.Group, e.Kind}
	t[of] = append(t[of], e.Path)
}

// readTable reads the fields that the table names in this object, and puts them
// in their place.
func (s *Scanner) readTable() error {
	o := &s.result.Object
	paths := s.table[groupKind{o.Group, o.Kind}]
	if len(paths) == 0 {
		return nil
	}
	found := make(map[int]bool, len(s.at)) // by offset; annotations share one, which is not a pull spec
	for _, at := range s.at {
		found[at] = true
	}
	for _, path := range paths {
		s.r.Reset(s.raw)
		s.follow(path, found)
		if err := s.r.Err(); err != nil {
			return err
		}
	}
	sort.Stable((*byOffset)(s))
	return nil
}

// follow goes down a path, and reads what is at its end.
func (s *Scanner) follow(path string, found map[int]bool) {
	if path == "" {
		if at := s.r.Offset(); s.r.Kind() == '"' && !found[at] {
			found[at] = true
			s.pullSpec(Table)
		}
		return
	}
	step, rest, err := cutStep(path)
	if err != nil {
		s.r.Fail(err)
		return
	}
	switch {
	case step.each:
		if s.r.Kind() == '[' {
			s.each(func() { s.follow(rest, found) })
		}
	case s.r.Kind() == '{':
		for key := range s.r.Object() {
			if step.any || string(key) == step.key {
				s.follow(rest, found)
			}
		}
	}
}

type pathStep struct {
	key       string
	each, any bool // each element of an array, any member of an object
}

var errPath = errors.New(`want a path such as spec.images[].image or metadata.annotations["example.com/image"]`)

func checkPath(path string) error {
	if path == "" || path[0] == '[' {
		return errPath // an object is not an array, nor a pull spec
	}
	for path != "" {
		var err error
		if _, path, err = cutStep(path); err != nil {
			return err
		}
	}
	return nil
}

// cutStep takes the first step off a path.
func cutStep(path string) (step pathStep, rest string, err error) {
	switch {
	case strings.HasPrefix(path, "[]"):
		step.each, rest = true, path[2:]
	case strings.HasPrefix(path, `["`):
		quoted, err := strconv.QuotedPrefix(path[1:])
		if err != nil {
			return step, "", errPath
		}
		step.key, _ = strconv.Unquote(quoted)
		after, ok := strings.CutPrefix(path[1+len(quoted):], "]")
		if !ok {
			return step, "", errPath
		}
		rest = after
	default:
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		step.key, rest = path[:end], path[end:]
		if step.key == "" || strings.Contains(step.key, "]") {
			return step, "", errPath
		}
		step.any = step.key == "*"
	}
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if after == "" || after[0] == '[' || after[0] == '.' {
			return step, "", errPath
		}
		return step, after, nil
	}
	if rest != "" && rest[0] != '[' {
		return step, "", errPath
	}
	return step, rest, nil
}

// byOffset sorts references by where they are in the text.
type byOffset Scanner

func (s *byOffset) Len() int           { return len(s.refs) }
func (s *byOffset) Less(i, j int) bool { return s.at[i] < s.at[j] }
func (s *byOffset) Swap(i, j int) {
	s.refs[i], s.refs[j] = s.refs[j], s.refs[i]
	s.at[i], s.at[j] = s.at[j], s.at[i]
}
