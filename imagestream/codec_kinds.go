package imagestream

import "reflect"

// The codecs of the kinds of Go values that the objects are made of.

func rawValueCodec() *valueCodec {
	return &valueCodec{read: readRawValue, write: writeRawValue}
}

func stringCodec() *valueCodec {
	return &valueCodec{read: readString, write: writeString, empty: isEmpty}
}

func boolCodec() *valueCodec {
	return &valueCodec{read: readBool, write: writeBool, empty: reflect.Value.IsZero}
}

func intCodec() *valueCodec {
	return &valueCodec{read: readInt, write: writeInt, empty: reflect.Value.IsZero}
}

func bytesCodec() *valueCodec {
	return &valueCodec{read: readBytes, write: writeBytes, empty: isEmpty}
}

func structCodecOf(t reflect.Type) *valueCodec {
	s := newStructCodec(t)
	return &valueCodec{read: s.read, write: s.write}
}

func pointerCodec(t reflect.Type) *valueCodec {
	elem := codecOf(t.Elem())
	return &valueCodec{read: readPointer(elem), write: writePointer(elem), empty: reflect.Value.IsNil}
}

func sliceCodec(t reflect.Type) *valueCodec {
	elem := codecOf(t.Elem())
	return &valueCodec{read: readSlice(elem), write: writeSlice(elem), empty: isEmpty}
}

func stringMapCodec() *valueCodec {
	return &valueCodec{read: readStringMap, write: writeStringMap, empty: isEmpty}
}

func mapCodec(t reflect.Type) *valueCodec {
	elem := codecOf(t.Elem())
	return &valueCodec{read: readMap(elem), write: writeMap(elem), empty: isEmpty}
}

func isEmpty(v reflect.Value) bool { return v.Len() == 0 }
