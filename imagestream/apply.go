package imagestream

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Operation changes an image stream; [Apply] carries it out. The operations
// are [SetTag], [CopyTag], [DeleteTag], [SetSpec], [RecordPush], [RecordImport],
// [RecordImportFailure], [RollBack], [RollForward], [ForgetHistory],
// [ForgetItems], [FollowAliases], and [Batch] for several at once.
type Operation interface {
	// verb is what errors call it.
	verb() string
	apply(e *edit) error
}

// Batch is several operations that succeed or fail together, in one write: the
// generation of the stream rises by one at most.
type Batch []Operation

// An Applier applies operations with knowledge of the world around the stream.
// Its zero value knows no other stream and keeps every history whole. It may be
// used concurrently where its functions may.
type Applier struct {
	// Lookup finds the streams that tags refer to.
	Lookup Lookup
	// History is what stays of the history of a tag when something is added
	// to it. The zero value keeps all of it, as OpenShift's API server does.
	History HistoryPolicy
	// MaxBytes is the most that the encoded stream may have; a change that
	// makes it larger than that, and larger than it was, fails with
	// [ErrTooLarge]. etcd refuses objects above 1.5 MiB by default. 0 is no
	// limit, and spares the measuring.
	MaxBytes int
}

// New returns a stream that nobody has stored yet. The first operation on it
// creates it: the change list starts with a [StreamCreated]. It fails with
// [ErrInvalidOperation] where no stream can be called so: a name is one component
// of a pull spec, and has 255 bytes at most together with its namespace.
func New(namespace, name string) *ImageStream {
	return &ImageStream{
		TypeMeta:   TypeMeta{Kind: "ImageStream", APIVersion: APIVersion},
		ObjectMeta: ObjectMeta{Name: name, Namespace: namespace},
	}
}

// Apply carries out an operation as OpenShift's API server would, at the given
// instant, and returns the new stream with what changed. It is
// Applier{}.Apply: it knows no other stream, and forgets nothing.
func Apply(stream *ImageStream, operation Operation, now time.Time) (*ImageStream, []Change, error) {
	return Applier{}.Apply(stream, operation, now)
}

// Apply carries out an operation and returns the new stream with what changed,
// in the order in which it changed. The argument is never modified; the result
// may share with it whatever is equal. Where nothing changes, the result is the
// argument and the list is empty: there is nothing to write. On an error
// nothing was done, and the stream returned is nil.
//
// The result is what the server would store: tags sorted by name, the stream's
// generation one higher where the spec changed, the generations of spec tags
// set. What only the server knows (resourceVersion, managedFields) stays as it
// is. Tags that follow a changed tag of the same stream follow at once, at any
// depth (see [FollowAliases]).
//
// The error is an [*Error] that names the operation, the stream, the tag and
// the field. Its class is [ErrInvalidOperation] for an operation that no stream
// allows, [ErrInvalidObject] for a stream that has a tag twice or a generation
// below 0 or at its end, and otherwise what the operation documents. An instant before the year 1 or after 9999, and
// the zero instant, are invalid.
func (a Applier) Apply(stream *ImageStream, operation Operation, now time.Time) (*ImageStream, []Change, error) {
	e, err := a.begin(stream, operation, now)
	if err != nil {
		return nil, nil, err
	}
	if e.isNew() {
		err = e.run(creation{})
	}
	if err == nil {
		err = e.run(operation)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(e.changes) == 0 {
		return stream, nil, nil
	}
	if err := e.checkSize(operation); err != nil {
		return nil, nil, err
	}
	return e.s, e.changes, nil
}

// An edit is an operation under way: the stream as it was, and as it becomes.
type edit struct {
	rules   Applier
	old, s  *ImageStream
	now     Time
	changes []Change

	// before are the histories as they were, sorted.
	before []NamedTagEventList

	bumped    bool // the stream's generation was raised
	ownSpec   bool // s.Spec.Tags is not shared with old
	ownStatus bool // the same of s.Status.Tags
	rolling   rolling
	// followerOf are the tags that follow a tag of this stream; nil: not known.
	followerOf map[string][]string
	// asked are the tags that settleAll is to bring to their sources, whatever
	// the clocks say.
	asked map[string]bool
	// sourceCreated is when the source of the item made last came to point to
	// it.
	sourceCreated Time
}

// rolling is the direction of a rollback, which must leave no other trace in a
// history than an item that can be taken back.
type rolling int

const (
	rollingNot rolling = iota
	rollingBack
	rollingForward
)

func (a Applier) begin(stream *ImageStream, operation Operation, now time.Time) (*edit, error) {
	verb := "apply"
	if !isNil(operation) {
		verb = operation.verb()
	}
	fail := func(field, reason string, class error) (*edit, error) {
		e := &Error{Op: verb, Object: "ImageStream", Field: field, Reason: reason, Err: class}
		if stream != nil {
			e.Object = stream.describe()
		}
		return nil, e
	}
	switch {
	case stream == nil:
		return fail("", "there is no stream; New makes one", ErrInvalidOperation)
	case isNil(operation):
		return fail("", "there is no operation", ErrInvalidOperation)
	case now.IsZero() || !writable(now.UTC()):
		return fail("", "the instant is zero, or out of the range of RFC 3339", ErrInvalidOperation)
	case stream.Generation < 0 || stream.Generation == math.MaxInt64:
		return fail("metadata.generation", "no server counts to "+strconv.FormatInt(stream.Generation, 10), ErrInvalidObject)
	}
	s := *stream
	e := &edit{rules: a, old: stream, s: &s, now: NewTime(now.UTC().Truncate(time.Second))}
	if at, twice := sortTags(&s.Spec.Tags, &e.ownSpec, specName); twice {
		return fail(specField(at, ""), "the tag is there twice", ErrInvalidObject)
	}
	if at, twice := sortTags(&s.Status.Tags, &e.ownStatus, statusName); twice {
		return fail(statusField(at, ""), "the tag is there twice", ErrInvalidObject)
	}
	e.before, e.ownStatus = s.Status.Tags, false
	return e, nil
}

func specName(t *TagReference) string        { return t.Name }
func statusName(t *NamedTagEventList) string { return t.Tag }

// sortTags brings tags into the server's order, in a copy where they are not in
// it. The edit finds tags by binary search from then on.
func sortTags[T any](tags *[]T, own *bool, name func(*T) string) (at string, twice bool) {
	sorted := true
	for i := 1; i < len(*tags) && sorted; i++ {
		sorted = name(&(*tags)[i-1]) < name(&(*tags)[i])
	}
	if sorted {
		return "", false
	}
	*tags = slices.Clone(*tags)
	*own = true
	slices.SortStableFunc(*tags, func(a, b T) int { return strings.Compare(name(&a), name(&b)) })
	for i := 1; i < len(*tags); i++ {
		if n := name(&(*tags)[i]); n == name(&(*tags)[i-1]) {
			return n, true
		}
	}
	return "", false
}

func (e *edit) run(operation Operation) error {
	err := operation.apply(e)
	if err == nil {
		return nil
	}
	out := &Error{Op: operation.verb(), Object: e.old.describe(), Reason: err.Error(), Err: err}
	var at *editError
	var inner *Error
	switch {
	case errors.As(err, &at):
		out.Field, out.Reason, out.Err = at.field, at.reason, at.class
	case errors.As(err, &inner):
		return err
	}
	return out
}

// isNil says whether there is an operation, which may also be a pointer to one.
func isNil(operation Operation) bool {
	if operation == nil {
		return true
	}
	v := reflect.ValueOf(operation)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func (b Batch) verb() string { return "apply batch" }

func (b Batch) apply(e *edit) error {
	for i, operation := range b {
		if isNil(operation) {
			return invalidf("", "operation %d of the batch is nil", i)
		}
		if err := e.run(operation); err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) checkSize(operation Operation) error {
	if e.rules.MaxBytes <= 0 {
		return nil
	}
	size, err := e.s.EncodedSize()
	if err != nil || size <= e.rules.MaxBytes {
		return err
	}
	if before, err := e.old.EncodedSize(); err == nil && size <= before {
		return nil // it shrinks, if not enough yet
	}
	return &Error{
		Op: operation.verb(), Object: e.old.describe(), Err: ErrTooLarge,
		Reason: fmt.Sprintf("it would have %d bytes, and may have %d", size, e.rules.MaxBytes),
	}
}

// editError is an error of an operation, before it is known of which.
type editError struct {
	field, reason string
	class         error
}

func (e *editError) Error() string { return e.reason }

func invalidf(field, format string, args ...any) error {
	return &editError{field: field, reason: fmt.Sprintf(format, args...), class: ErrInvalidOperation}
}

// invalidSpec: the operation has a pull spec that does not parse.
func invalidSpec(field string, err error) error {
	return &editError{field: field, reason: reasonOf(err), class: errors.Join(ErrInvalidOperation, err)}
}

func refuse(field string, class error, format string, args ...any) error {
	return &editError{field: field, reason: fmt.Sprintf(format, args...), class: class}
}

func (s *ImageStream) describe() string { return describe("ImageStream", s.Namespace, s.Name) }

func (s *ImageStream) tagless() string {
	if s.Namespace == "" {
		return s.Name
	}
	return s.Namespace + "/" + s.Name
}

func pointerTo[T any](v T) *T { return &v }
