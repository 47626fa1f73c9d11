package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program as it is built, on the dump that the README plans.
func TestBinary(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pruneplan.exe") // Windows asks for the ending
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	invalid := strings.Replace(shop, `"items":[`, `"items":[`+pod("q", "Running", "Not A Pull Spec")+",", 1)
	for _, b := range []struct {
		name, stdin    string
		args           []string
		status         int
		stdout, stderr string // what they begin with
	}{
		{"the README's dump", "", []string{"testdata/cluster.json"}, 0, "Plan of 20", ""},
		{"as JSON", "", []string{"testdata/cluster.json", "-o", "json"}, 0, `{"schema":"registrykit/plan/v1","now":"20`, ""},
		{"standard input", shop, []string{"--listed", "all"}, 0, "Plan of 2026-10-30T00:00:00Z", ""},
		{"an empty list", `{"kind":"List","items":[]}`, nil, 0, "Not listed: Pod,", ""},
		{"empty input", "", nil, 1, "", "pruneplan: standard input: byte 0: it is empty: it holds no JSON or YAML document"},
		{"white space", " \n", []string{"--listed", "all"}, 1, "", "pruneplan: standard input: byte 0: it is empty"},
		{"a YAML document of nothing", "---\n# oc failed\n", nil, 1, "", "pruneplan: standard input: "},
		{"an empty file beside a good one", "", []string{"testdata/cluster.json", "-"}, 1, "", "pruneplan: standard input: byte 0: it is empty"},
		{"help", "", []string{"-h"}, 0, "", "usage: pruneplan"},
		{"references that do not parse", invalid, []string{"-o", "json", "--listed", "all"}, 2, `{"schema":`, "pruneplan: 1 reference does not parse"},
		{"wrong usage", "", []string{"--nonsense"}, 1, "", "pruneplan: flag provided but not defined: -nonsense"},
		{"no such file", "", []string{"nosuch.json"}, 1, "", "pruneplan: open nosuch.json: "},
		{"broken input", `{"kind":`, nil, 1, "", "pruneplan: standard input: byte "},
	} {
		t.Run(b.name, func(t *testing.T) {
			command := exec.Command(program, b.args...)
			var stdout, stderr bytes.Buffer
			command.Stdin, command.Stdout, command.Stderr = strings.NewReader(b.stdin), &stdout, &stderr
			err := command.Run()
			var exit *exec.ExitError
			if b.status == 0 {
				require.NoError(t, err, stderr.String())
			} else {
				require.True(t, errors.As(err, &exit), "%v", err)
				require.Equal(t, b.status, exit.ExitCode(), stderr.String())
			}
			require.True(t, strings.HasPrefix(stdout.String(), b.stdout) && (b.stdout != "" || stdout.Len() == 0), stdout.String())
			require.True(t, strings.HasPrefix(stderr.String(), b.stderr) && (b.stderr != "" || stderr.Len() == 0), stderr.String())
		})
	}
}
