package inventory

// The records are what a Builder keeps of the facts. A record does not change
// once it is stored; a fact that is replaced gets a new one. So an Inventory
// shares them.

// An imageRecord has no pointers: there may be millions.
type imageRecord struct {
	created                 Instant
	size                    int64 // ImageSize
	origin                  int64
	digest, config, subject Digest
	edges                   run   // of facts.edges: layers, then children
	layers                  int32 // of edges
	ident                   run   // of facts.idents: UID, then resourceVersion
	uid                     int32 // of ident
	rare                    int32 // in facts.rare, and 1; 0: none
	class                   Class
	managed, partial        bool
}

// A rareRecord is what few images have.
type rareRecord struct {
	pulled Instant
	labels map[string]string
}

var noRare = rareRecord{pulled: UnknownInstant}

func (r *imageRecord) rareIn(l *list[rareRecord]) *rareRecord {
	if r.rare == 0 {
		return &noRare
	}
	return l.at(int(r.rare) - 1)
}

type streamRecord struct {
	namespace, name text
	key             text // namespace/name
	ident           ident
	created         Instant
	tags            []tagRecord
	origin          int64
}

type tagRecord struct {
	name  text
	items []itemRecord
}

type itemRecord struct {
	created   Instant
	image     Digest
	reference text   // all of it, or what stands before "@" and the image
	digest    Digest // in the reference
	stream    text   // namespace/name that the reference names; 0: none
	atImage   bool   // reference is followed by "@" and the image
}

type workloadRecord struct {
	group, kind, namespace, name text
	created                      Instant
	finished                     bool
	references                   []referenceRecord
	origin                       int64
}

type referenceRecord struct {
	field, source, value, err text
	stream, tag               text // stream is namespace/name
	digest                    Digest
}

type limitRecord struct {
	namespace, name text
	max             int64
	origin          int64
}

type linkKey struct {
	repository text // namespace/name
	digest     Digest
	manifest   bool
}
