package inventory

import (
	"fmt"
	"strings"
)

// A Builder collects facts. The zero Builder is empty and ready. It must not
// be used by several goroutines at once. It keeps nothing of its arguments:
// their strings and slices may be used again.
type Builder struct {
	// Origins, where set, turns a fact's Origin into words, such as a file
	// and an offset, for the error of two facts that conflict.
	Origins func(origin int64) string

	*facts
}

// facts is what a Builder holds; it is made anew when too much of it was
// forgotten.
type facts struct {
	digests *digests
	texts   *texts
	edges   arena[Digest]
	idents  arena[byte]
	rare    list[rareRecord]

	images  list[imageRecord]
	imageAt list[int32] // by Digest: index into images, or -1; grows on demand

	streams     map[text]*streamRecord // by namespace/name
	workloads   map[workloadKey]*workloadRecord
	limits      map[[2]text]*limitRecord
	links       map[linkKey]struct{}
	linked      map[text]struct{} // repositories whose links were listed
	linksShared bool              // an Inventory reads the links
	stored      digestSet         // blobs whose bytes are there
	allStored   bool              // no others are
	everywhere  bool              // no other repositories have links

	others   map[string]int // objects of kinds that hold no facts
	listings map[Kind]listing
	ordered  bool // Images were listed after ImageStreams
	built    bool // once: what is added afterwards comes of a watch
	unread   map[unreadKey]struct{}
	labelled map[string]bool // names of labels that were read; nil: all
	live     int             // images
	dead     int             // what was forgotten, known or not; its texts and digests are still here
}

type workloadKey struct{ group, kind, namespace, name text }

// An unreadKey names an object that is there and is not known as it is.
type unreadKey struct {
	kind            Kind
	namespace, name string
}

type listing struct{ listed, incomplete bool }

func newFacts() *facts {
	return &facts{
		digests:   newDigests(),
		texts:     newTexts(),
		streams:   map[text]*streamRecord{},
		workloads: map[workloadKey]*workloadRecord{},
		limits:    map[[2]text]*limitRecord{},
		links:     map[linkKey]struct{}{},
		linked:    map[text]struct{}{},
		others:    map[string]int{},
		listings:  map[Kind]listing{},
		unread:    map[unreadKey]struct{}{},
	}
}

func (b *Builder) init() {
	if b.facts == nil {
		b.facts = newFacts()
	}
}

// conflict is nil where nothing differs.
func (b *Builder) conflict(object string, differences []string, first, again int64) error {
	if len(differences) == 0 {
		return nil
	}
	err := fmt.Errorf("%w: %s", ErrConflict, strings.Join(differences, ", "))
	if b.Origins != nil {
		err = fmt.Errorf("%w (first at %s, again at %s)", err, b.Origins(first), b.Origins(again))
	}
	return &Error{Object: object, Err: err}
}

// RepositoryName joins a stream's namespace and name as a registry names its
// repository.
func RepositoryName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func objectName(kind, namespace, name string) string {
	return strings.TrimSuffix(kind+" "+RepositoryName(namespace, name), " ")
}
