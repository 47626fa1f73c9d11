package inventory

// The records are what a Builder keeps of the facts. A record does not change
// once it is stored; a fact that is replaced gets a new one. So an Inventory
// shares them.

type imageRecord struct {
	digest, config, subject Digest
	layers                  int32    // of edges; the rest are children
	edges                   []Digest // layers, then children
	created, pulled         Instant
	size                    int64 // ImageSize
	ident                   ident
	labels                  map[string]string
	origin                  int64
	class                   Class
	managed, partial        bool
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
