package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"org/app:v1 größe …": "org/app:v1 größe …",
		"a\x1b[2J\r\n\tb":    `a\u001b[2J\u000d\u000a\u0009b`,
		"\u202egpj\u2066":    `\u202egpj\u2066`,
		"\u009b\u200b\x7f":   `\u009b\u200b\u007f`,
		"\xffa\xc3":          `\xffa\xc3`,
		"\ufffd":             "\ufffd",
		"\U000e0001":         `\U000e0001`,
	} {
		require.Equal(t, want, escape(in))
	}
}
