package imagestream

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// Why a codec of its own: encoding/json drops fields that a type does not know.
// A MarshalJSON that keeps them cannot be inherited, because a type that embeds
// ObjectMeta would inherit ObjectMeta's, and so every type has its own
// (methods.go), which all end here. The codec of a type is made once, from the
// same struct tags that encoding/json reads. See codec_read.go and
// codec_write.go for the two directions.

// A valueCodec reads and writes the values of one Go type.
type valueCodec struct {
	// read reads the value that comes next into v, which is addressable.
	read func(r *rawjson.Reader, v reflect.Value)
	// write appends v, which is addressable, as JSON.
	write func(b []byte, v reflect.Value) ([]byte, error)
	// empty says whether omitempty leaves v out; nil means never.
	empty func(v reflect.Value) bool
}

// rawCodec is what types implement that the codec does not look into: Time,
// RawExtension, FieldsV1.
type rawCodec interface {
	readJSON(r *rawjson.Reader)
	appendJSON(b []byte) ([]byte, error)
}

var codecs sync.Map // of *valueCodec, by reflect.Type

func codecOf(t reflect.Type) *valueCodec {
	if c, ok := codecs.Load(t); ok {
		return c.(*valueCodec)
	}
	c, _ := codecs.LoadOrStore(t, newCodec(t))
	return c.(*valueCodec)
}

// newCodec panics for a type that no object of this package holds; a test makes
// every codec there is.
func newCodec(t reflect.Type) *valueCodec {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[rawCodec]()) {
		return rawValueCodec()
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec()
	case reflect.Bool:
		return boolCodec()
	case reflect.Int32, reflect.Int64:
		return intCodec()
	case reflect.Struct:
		return structCodecOf(t)
	case reflect.Pointer:
		return pointerCodec(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCodec()
		}
		return sliceCodec(t)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			break
		}
		if t == reflect.TypeFor[map[string]string]() {
			return stringMapCodec()
		}
		return mapCodec(t)
	}
	panic(fmt.Sprintf("imagestream: no JSON codec for %v", t))
}

// A structCodec is what is known of a struct's fields, those of inlined structs
// among them.
type structCodec struct {
	fields []structField // in the order in which they are written
	byName map[string]int
	extra  bool // whether it keeps unknown fields
}

type structField struct {
	name      string
	key       string // the name with quotes and colon, as it is written
	index     []int
	codec     *valueCodec
	omitEmpty bool
	omitZero  bool
}

func newStructCodec(t reflect.Type) *structCodec {
	s := &structCodec{byName: map[string]int{}}
	s.addFields(t, nil)
	for i, f := range s.fields {
		s.byName[f.name] = i
	}
	_, s.extra = reflect.New(t).Interface().(interface{ unknownFields() *extra })
	return s
}

func (s *structCodec) addFields(t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[extra]():
		case f.Anonymous && name == "":
			s.addFields(f.Type, at)
		default:
			s.fields = append(s.fields, structField{
				name: name, key: string(appendString(nil, name)) + ":", index: at, codec: codecOf(f.Type),
				omitEmpty: hasOption(options, "omitempty"), omitZero: hasOption(options, "omitzero"),
			})
		}
	}
}

func hasOption(options, want string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option == want {
			return true
		}
	}
	return false
}

// field finds a field by its key: exactly, else whatever the case, as
// encoding/json does.
func (s *structCodec) field(key []byte) *structField {
	if i, ok := s.byName[string(key)]; ok {
		return &s.fields[i]
	}
	name := string(key)
	for i := range s.fields {
		if strings.EqualFold(s.fields[i].name, name) {
			return &s.fields[i]
		}
	}
	return nil
}

func unknownOf(v reflect.Value) *extra {
	return v.Addr().Interface().(interface{ unknownFields() *extra }).unknownFields()
}
