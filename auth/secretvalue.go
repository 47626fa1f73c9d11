package auth

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would be printed.
const redacted = "[redacted]"

// A SecretValue is a password or token that cannot be printed: every fmt verb,
// JSON, slog and the printers of test frameworks show "[redacted]", or nothing.
// [SecretValue.Reveal] is the only way to the text. The zero value is the empty
// secret, and prints as nothing.
//
// It holds a function and no string, because fmt and reflection-based printers
// do not call the methods of unexported fields and would show a string there.
// For the same reason == and reflect.DeepEqual cannot compare it:
// [SecretValue.Equal] does.
type SecretValue struct{ reveal func() string }

// NewSecretValue returns a SecretValue of text.
func NewSecretValue(text string) SecretValue {
	if text == "" {
		return SecretValue{}
	}
	return SecretValue{reveal: func() string { return text }}
}

// Reveal returns the secret. Whoever calls it answers for where it goes.
func (s SecretValue) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty.
func (s SecretValue) IsZero() bool { return s.reveal == nil }

// Equal compares two secrets in a time that tells nothing of their content.
func (s SecretValue) Equal(other SecretValue) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" for the empty secret.
func (s SecretValue) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString is String.
func (s SecretValue) GoString() string { return s.String() }

// Format prints String for every verb.
func (s SecretValue) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns String, for JSON, YAML and whatever else writes text.
func (s SecretValue) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String, for slog.
func (s SecretValue) LogValue() slog.Value { return slog.StringValue(s.String()) }
