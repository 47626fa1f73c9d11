package registryclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// maxErrorBody is how much of the body of an error is read.
const maxErrorBody = 64 << 10

// classOf says what an error of the network or of this package is.
func classOf(err error) Class {
	var (
		own       *Error
		class     Class
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		record    tls.RecordHeaderError
		op        *net.OpError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &own):
		return own.Class
	case errors.As(err, &class):
		return class
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &dns):
		return DNS
	case errors.Is(err, http.ErrSchemeMismatch):
		return PlainHTTP
	case errors.As(err, &record):
		return TLS
	case errors.As(err, &verify), errors.As(err, &authority), errors.As(err, &hostname),
		errors.As(err, &invalid), errors.As(err, &alert):
		return TLS
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return TLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case strings.Contains(err.Error(), "tls: "):
		return TLS // a handshake's, in text only
	case errors.As(err, &op) && op.Op == "dial" && strings.Contains(op.Err.Error(), "refused"):
		return Refused // Windows has a number of its own
	}
	return Unavailable
}

// withoutURL takes the url.Error off, whose text has the whole URL with its query.
func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// An answer is what a response that is no success says.
type answer struct {
	class   Class
	status  int
	code    string
	message string
	// structured: it is one of the known shapes of JSON.
	structured bool
}

// readAnswer reads the body of a response, of any format, up to a limit. It does
// not close it.
func readAnswer(resp *http.Response) answer {
	a := answer{status: resp.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came is used
	a.code, a.message, a.structured = errorBody(body)
	a.class = statusClass(a)
	return a
}

// errorBody reads the errors of the distribution specification, the two other
// shapes that registries and what is before them send as JSON, or a text. Of HTML
// only the title counts.
func errorBody(body []byte) (code, message string, structured bool) {
	var shapes struct {
		Errors []struct {
			Code    any    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
		Error   any    `json:"error"`
		Code    any    `json:"code"`
		Message string `json:"message"`
		Details string `json:"details"` // of Docker's token service
	}
	if json.Unmarshal(body, &shapes) == nil {
		if len(shapes.Errors) > 0 {
			first := shapes.Errors[0]
			return codeText(first.Code), clean(first.Message, 200), true
		}
		code = codeText(shapes.Code)
		message = shapes.Message
		for _, text := range []string{shapes.Details, codeText(shapes.Error)} {
			if message == "" {
				message = text
			}
		}
		return code, clean(message, 200), code != "" || message != ""
	}
	text := string(body)
	if lower := strings.ToLower(text); strings.Contains(lower, "<html") || strings.Contains(lower, "<!doctype") {
		_, text, _ = strings.Cut(text, "<title>")
		text, _, _ = strings.Cut(text, "</title>")
	}
	return "", clean(text, 200), false
}

// codeText is an error code as text: some send numbers.
func codeText(code any) string {
	if text, ok := code.(string); ok {
		return clean(text, 60)
	}
	return ""
}

func statusClass(a answer) Class {
	code := strings.ToUpper(strings.ReplaceAll(a.code, "_", ""))
	switch {
	case a.status == http.StatusTooManyRequests, code == "TOOMANYREQUESTS":
		return RateLimited
	case a.status == http.StatusUnauthorized:
		return Unauthorized
	case a.status == http.StatusForbidden, a.status == http.StatusUnavailableForLegalReasons, a.status == http.StatusProxyAuthRequired:
		return Denied
	case code == "UNSUPPORTED", a.status == http.StatusMethodNotAllowed, a.status == http.StatusNotImplemented:
		return Unsupported
	case a.status == http.StatusNotFound:
		return NotFound
	case a.status == http.StatusRequestTimeout:
		return Timeout
	case a.status == http.StatusBadRequest && !a.structured && strings.Contains(a.message, "HTTP request to an HTTPS server"):
		return TLS
	case a.status >= 500, a.status == 499:
		return Unavailable
	case a.status < 400:
		return NotRegistry
	}
	return Invalid
}
