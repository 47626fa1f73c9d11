package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/registrykit/registrykit/storage"
)

// classify gives an error of the client its class. A 404 that is not about an
// object or an upload has none.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w (%v)", cause, err)
	}
	if class := classOf(err); class != nil {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}

func classOf(err error) error {
	switch code(err) {
	case "NoSuchKey", "NotFound", "NoSuchUpload":
		return storage.ErrNotExist
	case "NoSuchBucket":
		return nil
	case "InvalidRange":
		return storage.ErrInvalidRange
	case "NotImplemented":
		return storage.ErrUnsupported
	case "ObjectParentIsFile", "ExistingObjectIsDirectory": // of versitygw
		return storage.ErrConflict
	case "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "ConditionalRequestConflict", "OperationAborted":
		return storage.ErrUnavailable
	}
	switch status := statusOf(err); {
	case status == http.StatusRequestedRangeNotSatisfiable:
		return storage.ErrInvalidRange
	case status == http.StatusTooManyRequests, status >= 500:
		return storage.ErrUnavailable
	case status == 0 && !isAPIError(err): // there was no answer
		return storage.ErrUnavailable
	}
	return nil
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func isAPIError(err error) bool {
	var e smithy.APIError
	return errors.As(err, &e)
}

func statusOf(err error) int {
	var e *smithyhttp.ResponseError
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

func isPrecondition(err error) bool {
	return err != nil && (code(err) == "PreconditionFailed" || statusOf(err) == http.StatusPreconditionFailed)
}
