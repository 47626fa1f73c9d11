package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgress(t *testing.T) {
	var b strings.Builder
	p := &progress{out: &b}
	p.end()
	require.Empty(t, b.String(), "what was not shown is not wiped")
	p.at(3<<20 + 5)
	p.at(4 << 20)
	p.end()
	require.Equal(t, "\rread 3 MiB\rread 4 MiB\r\x1b[K", b.String())

	b.Reset()
	p = newProgress(&b)
	p.at(1)
	p.end()
	require.Empty(t, b.String(), "no terminal")

	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	p = newProgress(file)
	p.at(1)
	p.end()
	require.NoError(t, file.Close())
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Empty(t, text, "a file is no terminal")
}
