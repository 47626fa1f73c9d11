package fromregistry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
)

// failure says what a client's error means to an import.
func (r *Registry) failure(err error) error {
	var e *registryclient.Error
	if !errors.As(err, &e) {
		return err
	}
	told := &importer.Error{
		Class: class(e.Class), Scope: r.scope(e), Endpoint: e.Endpoint, Hint: e.Hint,
		Err: &cause{e},
	}
	if e.RateLimit != nil {
		told.RetryAfter = max(e.RateLimit.RetryAfter, 0)
		if told.RetryAfter == 0 && e.Class == registryclient.RateLimited {
			told.RetryAfter = max(e.RateLimit.Reset, 0)
		}
	}
	return told
}

// classes are by those of the client. Both have the same names, and a client's that is
// missing here is unknown.
var classes = map[registryclient.Class]importer.Class{
	registryclient.NotFound:     importer.NotFound,
	registryclient.Unauthorized: importer.Unauthorized,
	registryclient.Denied:       importer.Denied,
	registryclient.RateLimited:  importer.RateLimited,
	registryclient.TLS:          importer.TLS,
	registryclient.DNS:          importer.DNS,
	registryclient.Refused:      importer.Refused,
	registryclient.Timeout:      importer.Timeout,
	registryclient.NotRegistry:  importer.NotRegistry,
	registryclient.PlainHTTP:    importer.PlainHTTP,
	registryclient.Integrity:    importer.Integrity,
	registryclient.Unsupported:  importer.Unsupported,
	registryclient.Unavailable:  importer.Unavailable,
	registryclient.Invalid:      importer.Invalid,
	registryclient.Blocked:      importer.Blocked,
	registryclient.Canceled:     importer.Canceled,
}

func class(c registryclient.Class) importer.Class {
	if known, ok := classes[c]; ok {
		return known
	}
	return importer.Unknown
}

// scope says how far a failure reaches. With mirrors another image may be elsewhere, so
// none reaches further than its own.
func (r *Registry) scope(e *registryclient.Error) importer.Scope {
	if r.clients.o.Mirrors != nil {
		return importer.One
	}
	switch e.Class {
	case registryclient.RateLimited, registryclient.TLS, registryclient.DNS, registryclient.Refused,
		registryclient.Timeout, registryclient.NotRegistry, registryclient.PlainHTTP:
		return importer.WholeHost
	case registryclient.Unauthorized:
		return importer.WholeRepository
	}
	return importer.One
}

// A cause is a client's error in fewer words: what was asked for, the class and the hint
// are told by the importer's.
type cause struct{ e *registryclient.Error }

// Error returns what the registry said, or what happened instead.
func (c *cause) Error() string {
	var parts []string
	if c.e.StatusCode != 0 {
		parts = append(parts, fmt.Sprintf("%s answered %d", c.e.Endpoint, c.e.StatusCode))
	} else if c.e.Endpoint != "" {
		parts = append(parts, c.e.Endpoint)
	}
	if c.e.Code != "" {
		parts = append(parts, c.e.Code)
	}
	switch {
	case c.e.Message != "":
		parts = append(parts, c.e.Message)
	case c.e.Err != nil:
		parts = append(parts, c.e.Err.Error())
	}
	if c.e.RateLimit != nil {
		parts = append(parts, c.e.RateLimit.String())
	}
	for _, s := range c.e.Sources {
		parts = append(parts, fmt.Sprintf("source %s: %s", s.Endpoint, s.Class))
	}
	if len(parts) == 0 {
		return string(c.e.Class)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the client's error.
func (c *cause) Unwrap() error { return c.e }
