package auth

import (
	"net/http"
	"reflect"
)

// Denied reports whether an error of go-containerregistry says that the registry,
// or its token service, did not accept the credential: a *transport.Error in its
// tree with the status 401 or 403. It is the default of TryOptions.Denied.
//
// The type is recognised by its field StatusCode, so that this package need not
// link the transport; an error of another client with such a field counts alike.
func Denied(err error) bool {
	if err == nil {
		return false
	}
	if status, ok := statusCode(err); ok {
		return status == http.StatusUnauthorized || status == http.StatusForbidden
	}
	switch wrapper := err.(type) {
	case *opaqueError:
		return Denied(wrapper.cause())
	case interface{ Unwrap() error }:
		return Denied(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, cause := range wrapper.Unwrap() {
			if Denied(cause) {
				return true
			}
		}
	}
	return false
}

func statusCode(of error) (int, bool) {
	v := reflect.ValueOf(of)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	named, ok := v.Type().FieldByName("StatusCode")
	if !ok {
		return 0, false
	}
	field, err := v.FieldByIndexErr(named.Index)
	if err != nil || !field.CanInt() {
		return 0, false
	}
	return int(field.Int()), true
}
