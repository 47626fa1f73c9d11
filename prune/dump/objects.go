package dump

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/internal/rawjson"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// objects reads one object after the other into the builder. Their text was
// checked by the tokenizer.
type objects struct {
	d        *Reader
	scanner  *workload.Scanner
	r        rawjson.Reader
	labels   map[string]bool
	manifest inventory.Manifest // its slices are used again
	unread   []unreadField      // of the Image that was read last; nil: none
	uses     []inventory.Reference

	streamTags []inventory.Tag
	items      []inventory.TagItem

	pullSpec   string // of the Image that was read last
	images     bool   // the object before was an Image
	newest     time.Time
	namespaces namespaces

	// waiting are items without a kind, of a list that has not said its kind
	// yet.
	waiting      []waitingItem
	waitingBytes int64

	places []place // of the members of a document's text
	depth  int     // of lists in lists
}

type waitingItem struct {
	text   []byte
	offset int64
}

var (
	errNoKind = errors.New("it says no kind")
	errNoType = errors.New("it does not say of what type it is")
	errNoList = errors.New("it has items, but its kind is not that of a list")
)

func newObjects(d *Reader) (*objects, error) {
	scanner, err := workload.NewScanner(workload.Options{Table: d.opts.Table, Checked: true})
	if err != nil {
		return nil, err
	}
	o := &objects{d: d, scanner: scanner, labels: map[string]bool{}}
	for _, name := range d.opts.Labels {
		o.labels[name] = true
	}
	return o, nil
}

func (o *objects) batch(b *batch) error {
	start := 0
	for _, s := range b.steps {
		text := b.text[start:s.end]
		start = s.end
		var err error
		if o.places = s.places; s.ends {
			err = o.end(s.of, text, s.offset)
		} else {
			err = o.item(s.of, text, s.offset)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// item reads an item of a list, or puts it aside until its kind is known.
func (o *objects) item(of list, text []byte, offset int64) error {
	if o.images && of.kind == "" {
		if done, err := o.guessImage(text, offset); done || err != nil {
			return err
		}
	}
	apiVersion, kind, err := o.typeOf(text)
	if err != nil {
		return o.fail(text, of.kind, offset, err)
	}
	if of.mustWait(apiVersion, kind) {
		return o.wait(text, offset)
	}
	if kind == "" {
		kind = of.kind
	}
	if apiVersion == "" && kind == of.kind {
		apiVersion = of.apiVersion
	}
	if strings.HasSuffix(kind, "List") {
		if inner, ok := o.listIn(apiVersion, kind, text); ok {
			return o.nested(inner, text, offset)
		}
	}
	return o.object(apiVersion, kind, text, offset)
}

func (o *objects) wait(text []byte, offset int64) error {
	most := 4 * o.d.opts.maxObjectBytes()
	if o.waitingBytes += int64(len(text)); o.waitingBytes > most {
		return o.fail(text, "", offset, fmt.Errorf("%w: %w, nor does the list up to here, and more than %d bytes are put aside", ErrTooLarge, errNoType, most))
	}
	o.waiting = append(o.waiting, waitingItem{append([]byte(nil), text...), offset})
	return nil
}

// end closes a document: a list, or an object that stood by itself.
func (o *objects) end(of list, header []byte, offset int64) error {
	if !of.items {
		return o.alone(header, offset)
	}
	_, kind, err := o.typeOf(header)
	if err == nil && kind != "" && !of.known {
		err = errNoList
	}
	if err != nil {
		return o.fail(header, "", offset, err)
	}
	if !of.known {
		of.kind = "" // a list that never said its kind is one of anything
	}
	if err := o.readWaiting(of); err != nil {
		return err
	}
	goesOn, err := o.goesOn(header)
	if err != nil {
		return o.fail(header, "", offset, err)
	}
	o.d.listings.endList(of, goesOn)
	return nil
}

// readWaiting reads the items that were put aside, now that all is known that
// their list says.
func (o *objects) readWaiting(of list) error {
	places := o.places
	o.places = nil // are not those of an item
	of.ended = true
	for _, w := range o.waiting {
		if of.kind == "" {
			return o.fail(w.text, "", w.offset, errNoKind)
		}
		if err := o.item(of, w.text, w.offset); err != nil {
			return err
		}
	}
	o.waiting, o.waitingBytes, o.places = nil, 0, places
	return nil
}

// alone reads an object that stood in no list, or a list without items.
func (o *objects) alone(text []byte, offset int64) error {
	apiVersion, kind, err := o.typeOf(text)
	if err != nil {
		return o.fail(text, "", offset, err)
	}
	if kind == "" {
		return o.fail(text, "", offset, errNoKind)
	}
	if item, ok := itemKind(kind); ok && (item == "" || inventory.Kind(item).Evident()) {
		goesOn, err := o.goesOn(text)
		if err != nil {
			return o.fail(text, "", offset, err)
		}
		o.d.listings.endList(list{apiVersion: apiVersion, kind: item, known: true}, goesOn)
		return nil
	}
	err = o.object(apiVersion, kind, text, offset)
	o.d.listings.endObject()
	return err
}

// typeOf reads apiVersion and kind, wherever they stand.
func (o *objects) typeOf(text []byte) (apiVersion, kind string, err error) {
	o.r.Reset(text)
	if o.r.Kind() == 'n' {
		return "", "", errors.New("want an object, got null")
	}
	for key := range o.r.Object() {
		switch string(key) {
		case "apiVersion":
			apiVersion = o.r.String()
		case "kind":
			kind = o.r.String()
		}
		if apiVersion != "" && kind != "" {
			return apiVersion, kind, nil
		}
	}
	return apiVersion, kind, o.r.Err()
}

// goesOn reads from a list's metadata whether there is more of it elsewhere. It
// fails where its items are no array.
func (o *objects) goesOn(header []byte) (goesOn bool, err error) {
	o.r.Reset(header)
	for key := range o.r.Object() {
		switch string(key) {
		case "items":
			for range o.r.Array() {
				continue
			}
		case "metadata":
			for key := range o.r.Object() {
				switch string(key) {
				case "continue":
					goesOn = o.r.String() != "" || goesOn
				case "remainingItemCount":
					goesOn = o.r.Int64() > 0 || goesOn
				}
			}
		}
	}
	return goesOn, o.r.Err()
}

// object reads an object of a known type.
func (o *objects) object(apiVersion, kind string, text []byte, offset int64) error {
	known := inventory.KindOf(apiVersion, kind)
	o.images = known == inventory.KindImage
	var err error
	switch known {
	case inventory.KindImage:
		err = o.image(text, offset)
	case inventory.KindLimitRange:
		err = o.limitRange(text, offset)
	case inventory.KindImageStream:
		var names bool
		if names, err = o.stream(text, offset); err == nil && names {
			err = o.workload(known, apiVersion, kind, text, offset)
		}
	default:
		err = o.workload(known, apiVersion, kind, text, offset)
	}
	if err != nil {
		return o.fail(text, kind, offset, err)
	}
	o.d.listings.met(known)
	return nil
}

// fail names the object and the place of an error. Errors that name the object
// themselves are not told twice.
func (o *objects) fail(text []byte, kind string, offset int64, err error) error {
	var told *Error
	if errors.As(err, &told) {
		return err
	}
	object, in := describe(text, kind), 0
	var fact *inventory.Error
	var reference *workload.Error
	var field *rawjson.Error
	switch {
	case errors.As(err, &fact):
		object, err = fact.Object, fact.Err
	case errors.As(err, &reference):
		in, err = reference.Offset, reference.Unwrap()
		if reference.Field != "" {
			err = fmt.Errorf("%s: %w", reference.Field, err)
		}
	case errors.As(err, &field):
		in = field.Offset
	}
	return o.d.errorAt(o.place(offset, in), object, err)
}

// place returns where in the input a byte of the text stands that is being read.
func (o *objects) place(offset int64, in int) int64 {
	for _, p := range slices.Backward(o.places) {
		if p.text <= in {
			return p.offset + int64(in-p.text)
		}
	}
	return offset + int64(in)
}

// seen keeps the newest of all times.
func (o *objects) seen(t time.Time) {
	if t.After(o.newest) {
		o.newest = t
	}
}

// workload reads what an object names. Objects of the kinds that use images are
// known even when they name none; of others only those are that name one.
func (o *objects) workload(known inventory.Kind, apiVersion, kind string, text []byte, offset int64) error {
	result, err := o.scanner.ScanItem(text, apiVersion, kind)
	if err != nil {
		return err
	}
	o.seen(result.Created)
	o.namespaces.object(result.Object.Namespace)
	isStream := known == inventory.KindImageStream
	if !known.Evident() && len(result.References) == 0 {
		o.d.builder.AddOther(string(known))
		return nil
	}
	if isStream && len(result.References) == 0 {
		return nil
	}
	w := inventory.WorkloadOf(result, o.uses[:0])
	o.uses = w.References
	w.Finished = w.Finished || result.Finished && o.d.opts.PhaselessPodsFinished
	w.Origin = o.d.originOf(offset)
	return o.d.builder.AddWorkload(w)
}

// timestamp reads an RFC 3339 time, the zero time for null.
func timestamp(r *rawjson.Reader) time.Time {
	if r.Kind() == 'n' {
		r.Skip()
		return time.Time{}
	}
	// The error must stand at the value, so it is read once it is known to be
	// one.
	offset := *r
	s := r.Bytes()
	t, err := time.Parse(time.RFC3339, string(s))
	if err != nil && r.Err() == nil {
		*r = offset
		r.Fail(fmt.Errorf("%.64q is not an RFC 3339 time", s))
	}
	return t
}

// size reads a number of bytes. What is below nothing is not known.
func size(r *rawjson.Reader) int64 { return max(0, r.Int64()) }
