package auth

import (
	"fmt"
	"net/http"
	"reflect"
)

// Denied reports whether an error of go-containerregistry or containers/image says that
// the registry, or its token service, did not accept the credential. It is the default
// of TryOptions.Denied. It looks through the error's tree for
//
//   - one with a field StatusCode, as go-containerregistry's *transport.Error and two of
//     containers/image's have it: 401 and 403 are denials, and all else is none;
//   - one with a field Code that is UNAUTHORIZED or DENIED, as the errcode.Error of a
//     registry's answer;
//   - containers/image's docker.ErrUnauthorizedForCredentials.
//
// The types are recognised by their form, so that this package need not link theirs; an
// error of another client with such fields counts alike.
func Denied(err error) bool {
	if err == nil {
		return false
	}
	if status, ok := statusCode(err); ok {
		return status == http.StatusUnauthorized || status == http.StatusForbidden
	}
	if hasDenialCode(err) || isUnauthorizedForCredentials(err) {
		return true
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
	field, ok := numberField(of, "StatusCode")
	if !ok {
		return 0, false
	}
	return int(field.Int()), true
}

// hasDenialCode recognises an errcode.Error, whose Code is a number with a name.
func hasDenialCode(of error) bool {
	field, ok := numberField(of, "Code")
	if !ok || !field.CanInterface() {
		return false
	}
	code, ok := field.Interface().(fmt.Stringer)
	return ok && (code.String() == "UNAUTHORIZED" || code.String() == "DENIED")
}

// isUnauthorizedForCredentials recognises the error by its name alone: it has no status
// and does not unwrap.
func isUnauthorizedForCredentials(err error) bool {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name() == "ErrUnauthorizedForCredentials"
}

// numberField returns an integer field of an error that is a struct.
func numberField(of error, name string) (reflect.Value, bool) {
	v := reflect.Indirect(reflect.ValueOf(of))
	if v.Kind() != reflect.Struct {
		return v, false
	}
	named, ok := v.Type().FieldByName(name)
	if !ok {
		return v, false
	}
	field, err := v.FieldByIndexErr(named.Index)
	return field, err == nil && field.CanInt()
}
