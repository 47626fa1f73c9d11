package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/registrykit/registrykit/imagestream"
)

const (
	// maxObject is beyond what any API server stores.
	maxObject = 16 << 20
	// maxDepth is beyond what any kind of object has.
	maxDepth = 200

	// pausedBuildConfig, where "true", makes the API server refuse every build
	// request for a BuildConfig (openshift/api, build/v1).
	pausedBuildConfig = "openshift.io/build-config.paused"
)

// An Object is a Kubernetes object that was read. It does not change, shares
// nothing with what it was read from, and may be used by several goroutines. Nil
// and the zero value are objects without triggers and containers.
type Object struct {
	content   map[string]any
	kind      string
	namespace string
	name      string
	form      form
	podSpec   string // where the pod spec is; "" where there is none
}

// form is how an object says what triggers it.
type form int

const (
	annotated form = iota
	buildConfig
	deploymentConfig
)

// ReadObject reads one object from its JSON.
//
// It may lack kind and apiVersion, as typed objects do that come from a client
// or an informer: then what it looks like decides. The pod spec is always found
// by its place, so that custom resources with one have triggers, too. A list of
// objects is an error; so is everything else that is not one object. The error
// is an [*Error] of class [ErrMalformed] or [ErrTooLarge].
func ReadObject(text []byte) (*Object, error) {
	switch {
	case len(text) > maxObject:
		return nil, readError(-1, fmt.Sprintf("the object has %d bytes, at most %d are read", len(text), maxObject), ErrTooLarge)
	case !utf8.Valid(text):
		return nil, readError(-1, "the text is not UTF-8", ErrMalformed)
	case tooDeep(text):
		return nil, readError(-1, fmt.Sprintf("nested deeper than %d levels", maxDepth), ErrTooLarge)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // so that numbers are written as they were
	var content map[string]any
	if err := decoder.Decode(&content); err != nil {
		return nil, readError(offsetOf(err, len(text)), "want one JSON object: "+err.Error(), errors.Join(ErrMalformed, err))
	}
	if content == nil {
		return nil, readError(0, "want one JSON object, got null", ErrMalformed)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, readError(int(decoder.InputOffset()), "something follows the object", ErrMalformed)
	}
	return newObject(content)
}

// ObjectOf reads an object that the program has as a Go value: a typed object of
// Kubernetes or OpenShift, an Unstructured, or a map[string]any. It is what
// [ReadObject] makes of the value's JSON, and fails as it does; a value that has
// no JSON is of class [ErrMalformed].
func ObjectOf(value any) (*Object, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, readError(-1, "the value has no JSON: "+err.Error(), errors.Join(ErrMalformed, err))
	}
	return ReadObject(text)
}

func readError(offset int, reason string, class error) error {
	return &Error{Op: "read", Object: "object", Index: -1, Offset: offset, Reason: reason, Err: class}
}

// offsetOf says where the JSON is wrong.
func offsetOf(err error, length int) int {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && int(syntax.Offset) >= length && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return length
	case errors.As(err, &syntax):
		return max(int(syntax.Offset)-1, 0)
	case errors.As(err, &wrong):
		return max(int(wrong.Offset)-1, 0)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return length
	}
	return -1
}

// tooDeep counts brackets outside of strings.
func tooDeep(text []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}

func newObject(content map[string]any) (*Object, error) {
	o := &Object{
		content:   content,
		kind:      text(content, "kind"),
		namespace: text(content, "metadata", "namespace"),
		name:      text(content, "metadata", "name"),
	}
	if _, ok := content["items"].([]any); ok && (o.kind == "" || strings.HasSuffix(o.kind, "List")) {
		return nil, readError(-1, "want one object, got a list of them", ErrMalformed)
	}
	o.form = o.findForm()
	o.podSpec = o.findPodSpec()
	return o, nil
}

// findForm tells BuildConfigs and DeploymentConfigs from the rest. Both were in
// the core group before OpenShift had groups.
func (o *Object) findForm() form {
	group, _, hasGroup := strings.Cut(text(o.content, "apiVersion"), "/")
	if !hasGroup {
		group = ""
	}
	switch {
	case o.kind == "BuildConfig" && (group == "" || group == "build.openshift.io"):
		return buildConfig
	case o.kind == "DeploymentConfig" && (group == "" || group == "apps.openshift.io"):
		return deploymentConfig
	case o.kind != "":
		return annotated
	}
	for _, strategy := range buildStrategies {
		if at(o.content, "spec", "strategy", strategy) != nil {
			return buildConfig
		}
	}
	if _, ok := at(o.content, "spec", "triggers").([]any); ok && at(o.content, "spec", "template") != nil {
		return deploymentConfig
	}
	return annotated
}

// findPodSpec finds the pod spec by its place.
func (o *Object) findPodSpec() string {
	for _, path := range podSpecs {
		keys := strings.Split(path, ".")
		spec, ok := at(o.content, keys...).(map[string]any)
		if !ok {
			continue
		}
		if path != "spec" || o.kind == "Pod" || spec[string(Containers)] != nil {
			return path
		}
	}
	return ""
}

// String returns the kind, the namespace and the name, as in Deployment
// shop/web.
func (o *Object) String() string {
	o = o.orEmpty()
	name := o.name
	if o.namespace != "" {
		name = o.namespace + "/" + o.name
	}
	kind := o.kind
	if kind == "" {
		kind = map[form]string{annotated: "object", buildConfig: "BuildConfig", deploymentConfig: "DeploymentConfig"}[o.form]
	}
	return clip(strings.TrimSuffix(kind+" "+name, " "))
}

// MarshalJSON returns the JSON of the object, keys sorted; nothing is lost.
func (o *Object) MarshalJSON() ([]byte, error) { return marshal(o.orEmpty().content) }

// Annotation returns the text of the annotation with the triggers, and whether
// the object has it. [Parse] reads it.
func (o *Object) Annotation() (string, bool) {
	annotation, ok := at(o.orEmpty().content, "metadata", "annotations", imagestream.TriggersAnnotation).(string)
	return annotation, ok
}

// orEmpty returns the object, or for nil the one with nothing in it.
func (o *Object) orEmpty() *Object {
	if o == nil {
		return &Object{content: map[string]any{}}
	}
	return o
}

// fail makes an error about this object out of one about a trigger.
func (o *Object) fail(op string, err *Error) *Error {
	err.Op, err.Object = op, o.String()
	return err
}

// at returns the value at a path of keys, nil where there is none.
func at(value any, keys ...string) any {
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}

// text returns the string at a path of keys, "" where there is none.
func text(value any, keys ...string) string {
	s, _ := at(value, keys...).(string)
	return s
}

// marshal writes JSON without escapes that only HTML needs.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
