package trigger

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// A Patch is a JSON patch (RFC 6902): json.Marshal writes it as client-go's
// Patch takes it with types.JSONPatchType. The zero value changes nothing and is
// not to be sent.
type Patch []Operation

// Operation is one step of a patch.
type Operation struct {
	// Op is "test", "add", "replace" or "remove".
	Op string
	// Path is a JSON pointer (RFC 6901).
	Path string
	// Value is the value to test for, to add or to put there: what encoding/json
	// makes of JSON. It belongs to the patch; do not change it.
	Value any
}

// MarshalJSON writes the operation; remove has no value.
func (op Operation) MarshalJSON() ([]byte, error) {
	value, err := marshal(op.Value)
	if err != nil {
		return nil, err
	}
	var w objectWriter
	w.string("op", op.Op)
	w.string("path", op.Path)
	if op.Op != "remove" {
		w.raw("value", string(value))
	}
	return []byte(w.end()), nil
}

// MarshalJSON writes the list; a patch that changes nothing is an empty list.
func (p Patch) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("[]"), nil
	}
	return marshal([]Operation(p))
}

// Apply returns the object as the patch makes it, for programs that change
// files, and for tests. The object itself stays as it is. Nothing is applied
// where one operation fails; the error is an [*Error] of class [ErrPatch].
func (p Patch) Apply(o *Object) (*Object, error) {
	o = o.orEmpty()
	content := deepCopy(o.content)
	for i, op := range p {
		value := deepCopy(op.Value)
		changed, reason := content, op.check()
		if reason == "" {
			changed, reason = applyAt(content, splitPointer(op.Path), op.Op, value)
		}
		if reason != "" {
			e := about("patch", -1, op.Path, fmt.Sprintf("operation %d, %s: %s", i, op.Op, reason), ErrPatch)
			return nil, o.fail("patch", e)
		}
		content = changed
	}
	object, ok := content.(map[string]any)
	if !ok {
		return nil, o.fail("patch", about("patch", -1, "", "nothing is left of the object", ErrPatch))
	}
	return newObject(object)
}

// check says why an operation is none that Apply knows.
func (op Operation) check() (reason string) {
	switch op.Op {
	case "test", "add", "replace", "remove":
	default:
		return "the operation is none of test, add, replace and remove"
	}
	if op.Path != "" && !strings.HasPrefix(op.Path, "/") {
		return "a path starts with a slash"
	}
	return ""
}

// applyAt does one operation at a path below a value, and returns the value as
// it is then, which is another one where it is a list that grew or shrank.
func applyAt(target any, path []string, op string, value any) (changed any, reason string) {
	if len(path) == 0 {
		switch {
		case op == "test" && !sameJSON(target, value):
			return nil, "the value is another one"
		case op == "test":
			return target, ""
		case op == "remove":
			return nil, "the whole object cannot be removed"
		}
		return value, ""
	}
	switch target := target.(type) {
	case map[string]any:
		return applyToObject(target, path, op, value)
	case []any:
		return applyToList(target, path, op, value)
	}
	return nil, "there is nothing at the path"
}

func applyToObject(target map[string]any, path []string, op string, value any) (any, string) {
	key := path[0]
	child, exists := target[key]
	if !exists && (op != "add" || len(path) > 1) {
		return nil, "there is nothing at the path"
	}
	if len(path) == 1 {
		switch op {
		case "remove":
			delete(target, key)
			return target, ""
		case "add":
			target[key] = value
			return target, ""
		}
	}
	changed, reason := applyAt(child, path[1:], op, value)
	if reason == "" {
		target[key] = changed
	}
	return target, reason
}

func applyToList(target []any, path []string, op string, value any) (any, string) {
	if len(path) == 1 && op == "add" && path[0] == "-" {
		return append(target, value), ""
	}
	i, err := strconv.Atoi(path[0])
	if err != nil || strconv.Itoa(i) != path[0] || i < 0 || i > len(target) || i == len(target) && !(op == "add" && len(path) == 1) {
		return nil, "there is no such index"
	}
	if len(path) == 1 {
		switch op {
		case "remove":
			return slices.Delete(target, i, i+1), ""
		case "add":
			return slices.Insert(target, i, value), ""
		}
	}
	changed, reason := applyAt(target[i], path[1:], op, value)
	if reason == "" {
		target[i] = changed
	}
	return target, reason
}

// pointer makes a JSON pointer of keys and indexes.
func pointer(keys ...any) string {
	var b strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, key := range keys {
		b.WriteByte('/')
		b.WriteString(escape.Replace(fmt.Sprint(key)))
	}
	return b.String()
}

func splitPointer(pointer string) []string {
	if pointer == "" {
		return nil
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	keys := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, key := range keys {
		keys[i] = unescape.Replace(key)
	}
	return keys
}

// deepCopy copies what encoding/json makes of JSON.
func deepCopy(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for key, v := range value {
			copied[key] = deepCopy(v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = deepCopy(v)
		}
		return copied
	}
	return value
}

// sameJSON compares what encoding/json makes of JSON, numbers as they are
// written.
func sameJSON(a, b any) bool { return reflect.DeepEqual(a, b) }

// patcher collects the operations of a patch: tests first, each once.
type patcher struct {
	object  *Object
	tests   Patch
	changes Patch
}

// expect tests for what is there now.
func (p *patcher) expect(path string, now any) {
	if !slices.ContainsFunc(p.tests, func(op Operation) bool { return op.Path == path }) {
		p.tests = append(p.tests, Operation{Op: "test", Path: path, Value: deepCopy(now)})
	}
}

// expectUnchanged tests the version of the whole object, where it has one. It
// stands in for a test that something is absent, which there is none for.
func (p *patcher) expectUnchanged() {
	if version := text(p.object.content, "metadata", "resourceVersion"); version != "" {
		p.expect(pointer("metadata", "resourceVersion"), version)
	}
}

func (p *patcher) do(op, path string, value any) {
	p.changes = append(p.changes, Operation{Op: op, Path: path, Value: value})
}

// put gives a field of an object a value, with a test for the one it has. The
// object that has the field must be there.
func (p *patcher) put(path string, now, value any) {
	if now == nil {
		p.expectUnchanged()
		p.do("add", path, value)
		return
	}
	p.expect(path, now)
	p.do("replace", path, value)
}

// patch is what was collected; nil where nothing changes.
func (p *patcher) patch() Patch {
	if len(p.changes) == 0 {
		return nil
	}
	return append(p.tests, p.changes...)
}

// annotationPointer is where the annotation is in an object.
var annotationPointer = pointer("metadata", "annotations", imagestream.TriggersAnnotation)
