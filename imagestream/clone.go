package imagestream

import "reflect"

// Clone returns a copy that shares nothing that can be changed with the image;
// nil of nil.
func (i *Image) Clone() *Image { return clone(i) }

// Clone returns a copy that shares nothing that can be changed with the stream;
// nil of nil.
func (s *ImageStream) Clone() *ImageStream { return clone(s) }

// Clone returns a copy that shares nothing that can be changed with the tag;
// nil of nil.
func (t *ImageStreamTag) Clone() *ImageStreamTag { return clone(t) }

// Clone returns a copy that shares nothing that can be changed with the tag;
// nil of nil.
func (t *ImageTag) Clone() *ImageTag { return clone(t) }

// Clone returns a copy that shares nothing that can be changed with the image;
// nil of nil.
func (i *ImageStreamImage) Clone() *ImageStreamImage { return clone(i) }

// Clone returns a copy that shares nothing that can be changed with the
// mapping; nil of nil.
func (m *ImageStreamMapping) Clone() *ImageStreamMapping { return clone(m) }

// Clone returns a copy that shares nothing that can be changed with the import;
// nil of nil.
func (i *ImageStreamImport) Clone() *ImageStreamImport { return clone(i) }

// Clone returns a copy that shares nothing that can be changed with the layers;
// nil of nil.
func (l *ImageStreamLayers) Clone() *ImageStreamLayers { return clone(l) }

// Clone returns a copy that shares nothing that can be changed with the
// signature; nil of nil.
func (s *ImageSignature) Clone() *ImageSignature { return clone(s) }

// Clone returns a copy that shares nothing that can be changed with the tag;
// nil of nil.
func (t *TagReference) Clone() *TagReference { return clone(t) }

// Clone returns a copy that shares nothing that can be changed with the image;
// nil of nil.
func (d *DockerImage) Clone() *DockerImage { return clone(d) }

func clone[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	unshare(reflect.ValueOf(&c).Elem())
	return &c
}

// unshare replaces what v shares with the value that it was copied from. What
// is not exported stays shared: the unknown fields, which nobody changes, and
// the inside of an instant.
func unshare(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); field.CanSet() {
				unshare(field)
			}
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		unshare(c.Elem())
		v.Set(c)
	case reflect.Slice:
		unshareSlice(v)
	case reflect.Map:
		if v.IsNil() {
			return
		}
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			own := reflect.New(v.Type().Elem()).Elem()
			own.Set(value)
			unshare(own)
			c.SetMapIndex(key, own)
		}
		v.Set(c)
	}
}

func unshareSlice(v reflect.Value) {
	if v.IsNil() {
		return
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(c, v)
	if v.Type().Elem().Kind() != reflect.Uint8 && v.Type().Elem().Kind() != reflect.String {
		for i := range c.Len() {
			unshare(c.Index(i))
		}
	}
	v.Set(c)
}
