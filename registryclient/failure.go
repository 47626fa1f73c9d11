package registryclient

import (
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// responseError is what is known from a response alone. The class follows from it
// where none is given.
func responseError(resp *http.Response, class Class, cause error) *Error {
	return answerError(readAnswer(resp), resp, class, cause)
}

func answerError(said answer, resp *http.Response, class Class, cause error) *Error {
	if class == "" {
		class = said.class
	}
	e := &Error{Class: class, StatusCode: said.status, Code: said.code, Message: said.message, Err: cause}
	if resp.Request != nil {
		e.Endpoint = hostKey(resp.Request.URL)
	}
	return e
}

// lie is the error of an answer that cannot be true.
func lie(resp *http.Response, cause error) *Error {
	e := &Error{Class: Integrity, Err: cause}
	if resp != nil && resp.Request != nil {
		e.Endpoint = hostKey(resp.Request.URL)
	}
	return e
}

// failure completes the error of an operation: with what it was, every attempt, and
// what to do about it. It returns nil for nil, and an error that is complete as it
// is.
func failure(op, object string, tr *trail, err error) error {
	if err == nil {
		return nil
	}
	var e, found *Error
	switch {
	case errors.As(err, &found) && found.Op != "":
		return found
	case errors.As(err, &found):
		copied := *found
		e = &copied
	default:
		e = &Error{Class: classOf(err), Err: withoutURL(err)}
		fromRegistry(e, err)
	}
	var quota *quotaError
	attempts, endpoint, limit := tr.copy()
	e.Op, e.Object, e.Attempts = op, object, attempts
	if e.Endpoint == "" {
		e.Endpoint = endpoint
	}
	switch {
	case errors.As(err, &quota):
		e.RateLimit = &quota.limit
	case e.Class == RateLimited || limit != nil && limit.RetryAfter > 0:
		e.RateLimit = limit
	}
	e.Hint = hint(e)
	return e
}

// fromRegistry takes over what an error of go-containerregistry knows of the
// response.
func fromRegistry(e *Error, err error) {
	var refused *transport.Error
	if !errors.As(err, &refused) {
		return
	}
	said := answer{status: refused.StatusCode}
	if len(refused.Errors) > 0 {
		said.code, said.message = clean(string(refused.Errors[0].Code), 60), clean(refused.Errors[0].Message, 200)
	}
	e.StatusCode, e.Code, e.Message, e.Err = said.status, said.code, said.message, nil
	e.Class = statusClass(said)
	if refused.Request != nil {
		e.Endpoint = hostKey(refused.Request.URL)
	}
}

// asError is for what failure returned.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Class: classOf(err), Err: err}
}
