package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// full takes so many bytes.
type full struct{ room int }

var errFull = errors.New("no space left")

func (w *full) Write(b []byte) (int, error) {
	if len(b) > w.room {
		n := w.room
		w.room = 0
		return n, errFull
	}
	w.room -= len(b)
	return len(b), nil
}

func TestOutputThatFails(t *testing.T) {
	invalid := strings.Replace(shop, `"items":[`, `"items":[`+pod("q", "Running", "Not A Pull Spec")+",", 1)
	for _, dump := range []string{shop, invalid} {
		for _, args := range [][]string{nil, {"-o", "json"}, {"-o", "json", "--verdicts"}, {"--verdicts"}, {"--explain", "shop/web:latest"}, {"--explain", "9", "-o", "json"}} {
			for _, room := range []int{0, 100} {
				var stderr bytes.Buffer
				status := run(append(args, "--listed", "all"), strings.NewReader(dump), &full{room}, &stderr, clock)
				require.Equal(t, failed, status, args)
				require.Equal(t, "pruneplan: no space left\n", stderr.String())
			}
		}
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("the pipe broke") }

func TestInputThatFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, failed, run(nil, failingReader{}, &stdout, &stderr, clock))
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "the pipe broke\n")
	require.Equal(t, failed, run([]string{t.TempDir()}, failingReader{}, &stdout, &stderr, clock), "a folder")
}
